// `tributary drifts list`: customers that the destination holds otherwise than it acknowledged.
import type { Command } from 'commander';
import { type Drift, driftsShape } from '../contract/drift.ts';
import { counted, iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { addLimit, moreSentence, readUpTo } from './pages.ts';
import { withClient } from './reach.ts';
import { print, table } from './terminal.ts';

export function defineDriftsList(command: Command, cli: Cli): void {
  addLimit(command, 50)
    .addHelpText(
      'after',
      `
Examples:
  $ tributary drifts list
  $ tributary drifts list --json

"tributary verify --heal" sends what differs again.`,
    )
    .action(({ limit }: { limit: number }) =>
      withClient(cli, async (client) => {
        const { items: drifts, hasMore } = await readUpTo(limit, async ({ limit, cursor }) => {
          const query = { limit, cursor };
          const { drifts, nextCursor } = await client.send(driftsShape, '/api/drifts', { query });
          return { items: drifts, nextCursor };
        });
        const more = hasMore ? [moreSentence] : [];
        if (cli.json) {
          const said = [`${counted(drifts.length, 'customer')}.`, ...more].join(' ');
          return answer(cli, said, driftsShape.encode({ drifts, nextCursor: null }).drifts);
        }
        if (drifts.length === 0) return print(cli.terminal, 'No drift is known.');
        const text = table(['CUSTOMER', 'DRIFT', 'FOUND', 'BY', 'FIELDS'], drifts.map(rowOf));
        print(cli.terminal, [text, ...more].join('\n'));
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
