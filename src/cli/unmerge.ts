// `tributary unmerge`: a vendor's merge of two records undone.

import type { Command } from 'commander';
import { type Unmerged, unmergedShape } from '../contract/record.ts';
import type { Cli } from './cli.ts';
import { runAndWait } from './errand.ts';
import { print } from './terminal.ts';

export function addUnmerge(program: Command, cli: Cli): void {
  program
    .command('unmerge')
    .description('Part a record again from the one that took it over when the vendor merged them.')
    .argument('<source>', 'the name of a source')
    .argument('<record>', 'the ID of the record that was taken over')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary unmerge hubspot 951

It stays parted, though the vendor says again that it is merged. "tributary explain" shows merges.`,
    )
    .action((source: string, record: string, { json }: { json?: true }) =>
      runAndWait(cli, { json: json === true, wait: false }, async (client) => {
        const path = `/api/sources/${encodeURIComponent(source)}/records/${encodeURIComponent(record)}/unmerge`;
        const { unmerged } = await client.send(unmergedShape, path, { method: 'POST' });
        if (!json) for (const one of unmerged) print(cli.terminal, sentence(source, one));
        return { runs: [], more: { unmerged } };
      }),
    );
}

function sentence(source: string, one: Unmerged): string {
  const speaks = (record: string, of: string | null) =>
    of === null ? `Record ${record} speaks of no customer.` : `Record ${record} speaks of customer ${of}.`;
  const changed = one.revised.map(({ sourceId }) => sourceId);
  const owed =
    changed.length === 0 ? 'Nothing changes by it.' : `Owed to the destination now: ${changed.join(', ')}.`;
  return [
    `Record ${one.recordId} of ${source} (${one.stream}) is parted from ${one.from}.`,
    speaks(one.recordId, one.sourceId),
    speaks(one.from, one.fromSourceId),
    owed,
  ].join(' ');
}
