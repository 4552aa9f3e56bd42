// `tributary problems quarantine`: values that failed their type or rule, what stands in their place, and a person's word that
// some may stay left out.

import type { Command } from 'commander';
import type { z } from 'zod';
import { type QuarantinedValue, quarantineChanged, quarantineShape } from '../contract/record.ts';
import { counted, iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { exitCodes, UsageError } from './errors.ts';
import { addLimit, moreSentence, readUpTo } from './pages.ts';
import { withClient } from './reach.ts';
import { print, wrapped } from './terminal.ts';

interface Options {
  source?: string;
  field?: string;
  acknowledged?: true;
  limit: number;
}

export function defineQuarantine(command: Command, cli: Cli): void {
  addLimit(command, 50)
    .option('--source <name>', 'of this source')
    .option('--field <field>', 'of this field')
    .option('--acknowledged', 'those that a person has acknowledged')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary problems quarantine
  $ tributary problems quarantine --source hubspot --field metadata.points
  $ tributary problems quarantine --acknowledged

A value leaves quarantine when its record changes and the new value is valid. "tributary problems acknowledge" lets values
be that may stay left out.`,
    )
    .action(({ limit, acknowledged, ...filter }: Options) =>
      withClient(cli, async (client) => {
        const { items: values, hasMore } = await readUpTo(limit, async ({ limit, cursor }) => {
          const query = { ...filter, state: acknowledged ? 'acknowledged' : 'open', limit, cursor };
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
        if (values.length === 0)
          return print(
            cli.terminal,
            acknowledged ? 'No value is acknowledged.' : 'No value is in quarantine.',
          );
        const { columns } = cli.terminal;
        print(
          cli.terminal,
          [...values.map((value) => wrapped(sentenceOf(value), columns)), ...more].join('\n'),
        );
      }),
    );
}

function sentenceOf(value: QuarantinedValue): string {
  const { source, recordId, sourceId, field, reason, stands, acknowledged } = value;
  const whose = sourceId === null ? '' : ` of customer ${sourceId}`;
  const instead = stands === null ? 'Nothing stands instead.' : `${JSON.stringify(stands)} is used instead.`;
  const known =
    acknowledged === null
      ? ''
      : ` Acknowledged by ${acknowledged.by} at ${iso(acknowledged.at)}: ${acknowledged.reason}`;
  return `${field}${whose}, record ${recordId} of ${source}: ${reason} ${instead}${known}`;
}

interface Choice {
  source?: string;
  stream?: string;
  field?: string;
  all?: true;
  reason?: string;
}

export function defineAcknowledge(command: Command, cli: Cli): void {
  addChoice(command)
    .option('--reason <text>', 'the reason; it is kept with each value')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary problems acknowledge --source hubspot --field metadata.points --reason 'test contacts'
  $ tributary problems acknowledge 101 102 --source hubspot --field phone --reason 'they have no telephone'

What is acknowledged is listed by "tributary problems quarantine --acknowledged". It stays left out, and is open again
when the value or the reason why it is left out changes.`,
    )
    .action((records: string[], { reason, ...choice }: Choice) => {
      if (reason === undefined || reason.trim() === '')
        throw new UsageError("A reason is required, such as --reason 'test contacts'.");
      const body = { ...chosen(records, choice), reason };
      return change(cli, 'Acknowledged', records, (client) =>
        client.send(quarantineChanged, 'post', '/api/quarantine/acknowledge', { body }),
      );
    });
}

export function defineReopen(command: Command, cli: Cli): void {
  addChoice(command)
    .addHelpText(
      'after',
      `
Examples:
  $ tributary problems reopen 101 --source hubspot
  $ tributary problems reopen --all`,
    )
    .action((records: string[], choice: Choice) => {
      const body = chosen(records, choice);
      return change(cli, 'Reopened', records, (client) =>
        client.send(quarantineChanged, 'post', '/api/quarantine/reopen', { body }),
      );
    });
}

function addChoice(command: Command): Command {
  return command
    .argument('[records...]', 'record IDs of the source')
    .option('--source <name>', 'values of this source')
    .option('--stream <name>', 'values of this stream of the source')
    .option('--field <field>', 'values of this field')
    .option('--all', 'every value');
}

function chosen(records: string[], { source, stream, field, all }: Choice) {
  const isSome = source !== undefined || field !== undefined;
  if (isSome === (all === true)) throw new UsageError('Use --source, --field or both, or --all.');
  if (source === undefined && (records.length > 0 || stream !== undefined))
    throw new UsageError('Name the source of the records with --source.');
  return {
    ...(records.length > 0 && { recordIds: records }),
    ...(source && { source }),
    ...(stream && { stream }),
    ...(field && { field }),
    ...(all && { all }),
  };
}

function change(
  cli: Cli,
  word: 'Acknowledged' | 'Reopened',
  named: readonly string[],
  ask: (client: Client) => Promise<z.output<typeof quarantineChanged>>,
): Promise<void> {
  return withClient(cli, async (client) => {
    const changed = await ask(client);
    const said = changed.values === 0 ? 'No value matches.' : `${word}: ${counted(changed.values, 'value')}.`;
    if (changed.values === 0 && named.length > 0) cli.exitCode = exitCodes.notFound;
    if (cli.json) answer(cli, said, changed);
    else print(cli.terminal, said);
  });
}
