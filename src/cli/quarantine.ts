// `tributary problems quarantine`: values that failed their type or rule, and what stands in their place.

import type { Command } from 'commander';
import { type Quarantine, quarantineShape } from '../contract/record.ts';
import { counted } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { addLimit, moreSentence, readUpTo } from './pages.ts';
import { withClient } from './reach.ts';
import { print, wrapped } from './terminal.ts';

interface Options {
  source?: string;
  field?: string;
  limit: number;
}

export function defineQuarantine(command: Command, cli: Cli): void {
  addLimit(command, 50)
    .option('--source <name>', 'of this source')
    .option('--field <field>', 'of this field')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary problems quarantine
  $ tributary problems quarantine --source hubspot --field metadata.points

A value leaves quarantine when its record changes and the new value is valid.`,
    )
    .action(({ limit, ...filter }: Options) =>
      withClient(cli, async (client) => {
        const { items: values, hasMore } = await readUpTo(limit, async ({ limit, cursor }) => {
          const query = { ...filter, limit, cursor };
          const { values, nextCursor } = await client.send(quarantineShape, 'get', '/api/quarantine', {
            query,
          });
          return { items: values, nextCursor };
        });
        const more = hasMore ? [moreSentence] : [];
        if (cli.json) {
          const said = [`${counted(values.length, 'value')} in quarantine.`, ...more].join(' ');
          return answer(cli, said, quarantineShape.encode({ values, nextCursor: null }).values);
        }
        if (values.length === 0) return print(cli.terminal, 'No value is in quarantine.');
        const { columns } = cli.terminal;
        print(
          cli.terminal,
          [...values.map((value) => wrapped(sentenceOf(value), columns)), ...more].join('\n'),
        );
      }),
    );
}

function sentenceOf(value: Quarantine['values'][number]): string {
  const { source, recordId, sourceId, field, reason, stands } = value;
  const whose = sourceId === null ? '' : ` of customer ${sourceId}`;
  const instead = stands === null ? 'Nothing stands instead.' : `${JSON.stringify(stands)} is used instead.`;
  return `${field}${whose}, record ${recordId} of ${source}: ${reason} ${instead}`;
}
