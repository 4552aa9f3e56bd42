// `tributary drifts list`: customers that the destination holds otherwise than it acknowledged.
import type { Command } from 'commander';
import { type Drift, driftsShape } from '../contract/drift.ts';
import { counted, iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { withClient } from './reach.ts';
import { print, table } from './terminal.ts';

export function defineDriftsList(command: Command, cli: Cli): void {
  command
    .option('--after <sourceId>', 'continue after this customer')
    .option('--limit <n>', 'the maximum number, up to 200', '50')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary drifts list
  $ tributary drifts list --json

"tributary verify --heal" sends what differs again.`,
    )
    .action((query: { after?: string; limit: string }) =>
      withClient(cli, async (client) => {
        const found = await client.send(driftsShape, '/api/drifts', { query });
        const more = found.next === null ? '' : ` There are more: continue with --after ${found.next}`;
        const said = `${counted(found.drifts.length, 'customer')}.${more}`;
        if (cli.json) return answer(cli, said, driftsShape.encode(found).drifts);
        if (found.drifts.length === 0) return print(cli.terminal, 'No drift is known.');
        print(
          cli.terminal,
          `${table(['CUSTOMER', 'DRIFT', 'FOUND', 'BY', 'FIELDS'], found.drifts.map(rowOf))}${more && `\n${more.trim()}`}`,
        );
      }),
    );
}

function rowOf({ sourceId, kind, foundAt, by, fields }: Drift): string[] {
  const said = Object.entries(fields).map(
    ([field, { expected, found }]) =>
      `${field}: ${JSON.stringify(expected)} expected, ${JSON.stringify(found)} found`,
  );
  return [sourceId, kind, iso(foundAt), by, said.join('; ')];
}
