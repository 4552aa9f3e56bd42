// `tributary customers unmerge`: a vendor's merge of two records undone.

import type { Command } from 'commander';
import { type Unmerged, unmergedShape } from '../contract/record.ts';
import type { Cli } from './cli.ts';
import { runAndWait } from './errand.ts';
import { print } from './terminal.ts';

export function defineUnmerge(command: Command, cli: Cli): void {
  command
    .argument('<source>', 'the name of a source')
    .argument('<record>', 'the ID of the merged record')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary customers unmerge hubspot 951

It stays separate even if the vendor reports the merge again. "tributary customers explain" shows merges.`,
    )
    .action((source: string, record: string) =>
      runAndWait(cli, { wait: false }, async (client) => {
        const { unmerged } = await client.send(
          unmergedShape,
          'post',
          '/api/sources/{source}/records/{recordId}/unmerge',
          { path: { source, recordId: record } },
        );
        const sentences = unmerged.map((one) => sentence(source, one));
        if (!cli.json) for (const text of sentences) print(cli.terminal, text);
        return { runs: [], summary: sentences.join(' '), more: { unmerged } };
      }),
    );
}

function sentence(source: string, one: Unmerged): string {
  const speaks = (record: string, of: string | null) =>
    of === null ? `Record ${record} belongs to no customer.` : `Record ${record} belongs to customer ${of}.`;
  const changed = one.revised.map(({ sourceId }) => sourceId);
  const owed = changed.length === 0 ? 'Nothing changes.' : `Queued for delivery: ${changed.join(', ')}.`;
  return [
    `Record ${one.recordId} of ${source} (${one.stream}) is separated from ${one.from}.`,
    speaks(one.recordId, one.sourceId),
    speaks(one.from, one.fromSourceId),
    owed,
  ].join(' ');
}
