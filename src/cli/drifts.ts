// `tributary drifts`: customers that the destination holds otherwise than it acknowledged, and a person's word that this is known.
import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { type Drift, type DriftKind, driftKind, driftsChanged, driftsShape } from '../contract/drift.ts';
import { counted, iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { exitCodes, UsageError } from './errors.ts';
import { addLimit, moreSentence, readUpTo } from './pages.ts';
import { withClient } from './reach.ts';
import { print, table } from './terminal.ts';

export function defineDriftsList(command: Command, cli: Cli): void {
  addLimit(command, 50)
    .option('--acknowledged', 'those that a person has acknowledged')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary drifts list
  $ tributary drifts list --acknowledged

"tributary verify --heal" sends what differs again.`,
    )
    .action(({ limit, acknowledged }: { limit: number; acknowledged?: true }) =>
      withClient(cli, async (client) => {
        const { items: drifts, hasMore } = await readUpTo(limit, async ({ limit, cursor }) => {
          const query = { limit, cursor, state: acknowledged ? 'acknowledged' : 'open' };
          const { drifts, nextCursor } = await client.send(driftsShape, 'get', '/api/drifts', { query });
          return { items: drifts, nextCursor };
        });
        const more = hasMore ? [moreSentence] : [];
        if (cli.json) {
          const said = [`${counted(drifts.length, 'customer')}.`, ...more].join(' ');
          return answer(cli, said, driftsShape.encode({ drifts, nextCursor: null }).drifts);
        }
        if (drifts.length === 0)
          return print(cli.terminal, acknowledged ? 'No drift is acknowledged.' : 'No drift is known.');
        const columns = ['CUSTOMER', 'DRIFT', 'FOUND', 'BY', 'FIELDS'];
        const text = table(acknowledged ? [...columns, 'ACKNOWLEDGED'] : columns, drifts.map(rowOf));
        print(cli.terminal, [text, ...more].join('\n'));
      }),
    );
}

function rowOf({ sourceId, kind, foundAt, by, fields, acknowledged }: Drift): string[] {
  const said = Object.entries(fields).map(
    ([field, { expected, found }]) =>
      `${field}: ${JSON.stringify(expected)} expected, ${JSON.stringify(found)} found`,
  );
  const word = acknowledged && `by ${acknowledged.by} at ${iso(acknowledged.at)}: ${acknowledged.reason}`;
  return [sourceId, kind, iso(foundAt), by, said.join('; '), ...(word ? [word] : [])];
}

interface Choice {
  kind?: DriftKind;
  all?: true;
  reason?: string;
}

export function defineDriftsAcknowledge(command: Command, cli: Cli): void {
  addChoice(command)
    .option('--reason <text>', 'the reason; it is kept with each difference')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary drifts acknowledge 42 43 --reason 'corrected by support in Voucherify'
  $ tributary drifts acknowledge --kind unknown --reason 'created by the shop'

What is acknowledged is listed by "tributary drifts list --acknowledged" and raises no alarm. It is open again when the
difference changes. "tributary verify --heal" sends acknowledged customers too.`,
    )
    .action((customers: string[], { reason, ...choice }: Choice) => {
      if (reason === undefined || reason.trim() === '')
        throw new UsageError("A reason is required, such as --reason 'corrected by support'.");
      const body = { ...chosen(customers, choice), reason };
      return change(cli, 'Acknowledged', customers, (client) =>
        client.send(driftsChanged, 'post', '/api/drifts/acknowledge', { body }),
      );
    });
}

export function defineDriftsReopen(command: Command, cli: Cli): void {
  addChoice(command)
    .addHelpText('after', '\nExamples:\n  $ tributary drifts reopen 42\n  $ tributary drifts reopen --all')
    .action((customers: string[], choice: Choice) => {
      const body = chosen(customers, choice);
      return change(cli, 'Reopened', customers, (client) =>
        client.send(driftsChanged, 'post', '/api/drifts/reopen', { body }),
      );
    });
}

function addChoice(command: Command): Command {
  return command
    .argument('[customers...]', 'source IDs')
    .addOption(new Option('--kind <kind>', 'all of this kind').choices(driftKind.options))
    .option('--all', 'every difference');
}

function chosen(customers: string[], { kind, all }: Choice) {
  const isSome = customers.length > 0 || kind !== undefined;
  if (isSome === (all === true)) throw new UsageError('Name customers, or use --kind or --all.');
  return {
    ...(customers.length > 0 && { sourceIds: customers }),
    ...(kind && { kind }),
    ...(all && { all }),
  };
}

function change(
  cli: Cli,
  word: 'Acknowledged' | 'Reopened',
  named: readonly string[],
  ask: (client: Client) => Promise<z.output<typeof driftsChanged>>,
): Promise<void> {
  return withClient(cli, async (client) => {
    const changed = await ask(client);
    const said =
      changed.customers === 0 ? 'No drift matches.' : `${word}: ${counted(changed.customers, 'customer')}.`;
    if (changed.customers === 0 && named.length > 0) cli.exitCode = exitCodes.notFound;
    if (cli.json) answer(cli, said, changed);
    else print(cli.terminal, said);
  });
}
