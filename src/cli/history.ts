// `tributary customers history`: what changed of a customer and by what, or what it was at a time.

import type { Command } from 'commander';
import { type History, historyShape } from '../contract/explanation.ts';
import { counted, iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { UsageError } from './errors.ts';
import { reach } from './reach.ts';
import { print, wrapped } from './terminal.ts';
import { timeOf } from './times.ts';

interface Options {
  at?: string;
  before?: string;
  limit: string;
}

export function defineHistory(command: Command, cli: Cli): void {
  command
    .argument('<id>', 'a source ID, else the ID of a record, else an e-mail address')
    .option('--at <time>', 'print the customer as of this time instead')
    .option('--before <revision>', 'only revisions before this one')
    .option('--limit <revisions>', 'the maximum number, up to 200', '20')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary customers history 951
  $ tributary customers history anna@example.com --at 2026-03-01T12:00:00Z`,
    )
    .action(async (id: string, { at, before, limit }: Options) => {
      if (at !== undefined && before !== undefined)
        throw new UsageError('--at and --before cannot be combined.');
      const query = { at: at === undefined ? undefined : timeOf(at), cursor: before, limit };
      const reached = await reach(cli, { work: false });
      try {
        const found = await reached.client.send(historyShape, 'get', '/api/customers/{sourceId}/history', {
          path: { sourceId: id },
          query,
        });
        if (cli.json)
          return answer(
            cli,
            `${counted(found.revisions.length, 'revision')} of customer ${found.sourceId}.`,
            historyShape.encode(found),
          );
        print(cli.terminal, found.state ? stateText(found) : historyText(found, cli.terminal.columns));
      } finally {
        await reached.close();
      }
    });
}

function stateText({ sourceId, state }: History): string {
  const { at, revision, fields } = state!;
  if (fields === null) return `Customer ${sourceId} did not exist yet at ${iso(at)}.`;
  const lines = Object.entries(fields).map(([field, value]) => `  ${field} = ${JSON.stringify(value)}`);
  return [`Customer ${sourceId} at ${iso(at)} was at revision ${revision}:`, ...lines].join('\n');
}

function historyText(history: History, columns: number): string {
  const { sourceId, revisions, writeBacks, moreWriteBacks, nextCursor } = history;
  const blocks = revisions.map(({ revision, at, by, changed }) => {
    const lines = Object.entries(changed).map(([field, sides]) => `  ${field}: ${sidesText(sides)}`);
    const head = wrapped(`Revision ${revision}, ${iso(at)}, ${by}:`, columns);
    const said = lines.length ? lines : ['  no field changed; a record joined, left or clashed'];
    return { at, text: [head, ...said].join('\n') };
  });
  const timeline = [
    ...writeBacks.map((event) => ({ at: event.at, text: writeBackText(event, columns) })),
    ...blocks,
  ].sort((a, b) => b.at - a.at);
  const more = [
    ...(moreWriteBacks ? ['There were more write-backs in this time: raise --limit (at most 200).'] : []),
    ...(nextCursor === null
      ? []
      : [`Older revisions: "tributary customers history ${sourceId} --before ${nextCursor}".`]),
  ];
  return [...timeline.map(({ text }) => text), ...more].join('\n');
}

function writeBackText(
  { source, at, event, revision, sentAt, attributes, message }: History['writeBacks'][number],
  columns: number,
): string {
  const sent = sentAt === null ? '' : `, sent ${iso(sentAt)}`;
  const why = message === null ? '' : `: ${message}`;
  const lines = Object.entries(attributes ?? {}).map(([name, held]) => `  ${name} = ${JSON.stringify(held)}`);
  return [
    wrapped(`Write-back ${revision} to ${source}, ${iso(at)}, ${event}${sent}${why}`, columns),
    ...lines,
  ].join('\n');
}

function sidesText({ from, to }: { from?: unknown; to?: unknown }): string {
  if (from === undefined) return JSON.stringify(to);
  return `${JSON.stringify(from)} → ${to === undefined ? 'in no record any more' : JSON.stringify(to)}`;
}
