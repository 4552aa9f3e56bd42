// `tributary problems quarantine`: values that failed their type or rule, and what stands in their place.

import type { Command } from 'commander';
import { type Quarantine, quarantineShape } from '../contract/record.ts';
import { counted } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { reach } from './reach.ts';
import { print, wrapped } from './terminal.ts';

interface Options {
  source?: string;
  field?: string;
  after?: string;
  limit: string;
}

export function defineQuarantine(command: Command, cli: Cli): void {
  command
    .option('--source <name>', 'of this source')
    .option('--field <field>', 'of this field')
    .option('--after <place>', 'continue after a page: "next" in its JSON')
    .option('--limit <values>', 'the maximum number, up to 200', '50')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary problems quarantine
  $ tributary problems quarantine --source hubspot --field metadata.points

A value leaves quarantine when its record changes and the new value is valid.`,
    )
    .action(async (query: Options) => {
      const reached = await reach(cli, { work: false });
      try {
        const page = await reached.client.send(quarantineShape, '/api/quarantine', { query: { ...query } });
        if (cli.json)
          return answer(
            cli,
            `${counted(page.values.length, 'value')} in quarantine.${moreText(page)}`,
            quarantineShape.encode(page).values,
          );
        print(cli.terminal, text(page, cli.terminal.columns));
      } finally {
        await reached.close();
      }
    });
}

function moreText({ next }: Pick<Quarantine, 'next'>): string {
  return next === null ? '' : ` There are more: continue with --after ${next}`;
}

function text({ values, next }: Quarantine, columns: number): string {
  if (values.length === 0) return 'No value is in quarantine.';
  const lines = values.map(({ source, recordId, sourceId, field, reason, stands }) => {
    const whose = sourceId === null ? '' : ` of customer ${sourceId}`;
    const instead =
      stands === null ? 'Nothing stands instead.' : `${JSON.stringify(stands)} is used instead.`;
    return wrapped(`${field}${whose}, record ${recordId} of ${source}: ${reason} ${instead}`, columns);
  });
  return [...lines, ...(next === null ? [] : [moreText({ next }).trim()])].join('\n');
}
