// `tributary webhooks inbox`: the webhook requests that were kept, and any of them whole.

import { type Command, Option } from 'commander';
import {
  type InboxRequest,
  type ItemCounts,
  inboxStates,
  requestsShape,
  type WholeRequest,
  wholeRequestShape,
} from '../contract/inbox.ts';
import { counted, iso, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { UsageError } from './errors.ts';
import { addLimit, moreSentence, readUpTo } from './pages.ts';
import { reach } from './reach.ts';
import { print, table } from './terminal.ts';
import { timeOf } from './times.ts';

interface Options {
  state?: string;
  rejected?: true;
  faulty?: true;
  since?: string;
  until?: string;
  limit: number;
  show?: number;
}

export function defineInbox(command: Command, cli: Cli): void {
  addLimit(command, 50)
    .argument('[source]', 'of this source; "destination" for its own webhooks')
    .addOption(stateOption())
    .option('--rejected', 'dead, or opened with rejected items')
    .addOption(new Option('--faulty').hideHelp())
    .option('--since <time>', 'received at this time or later; UTC if it has no offset')
    .option('--until <time>', 'received before this time')
    .option('--show <id>', 'show this request in full; credentials are hidden', numberOf)
    .addHelpText(
      'after',
      `
Examples:
  $ tributary webhooks inbox
  $ tributary webhooks inbox hubspot --rejected --since 2026-03-01
  $ tributary webhooks inbox --show 1207`,
    )
    .action(async (source: string | undefined, { show, faulty, ...which }: Options) => {
      if (faulty) throw new UsageError('--faulty is now --rejected.');
      const reached = await reach(cli, { work: false });
      try {
        const { client } = reached;
        if (show !== undefined) {
          const request = await client.send(wholeRequestShape, 'get', '/api/inbox/{id}', {
            path: { id: show },
          });
          if (cli.json)
            answer(
              cli,
              `Request ${show} of ${request.source}: ${request.state}.`,
              wholeRequestShape.encode(request),
            );
          else print(cli.terminal, wholeText(request));
          return;
        }
        const { items, hasMore } = await requests(client, { source, ...which });
        const more = hasMore ? [moreSentence] : [];
        if (cli.json)
          answer(
            cli,
            [`${counted(items.length, 'request')}.`, ...more].join(' '),
            requestsShape.encode({ requests: items, nextCursor: null }).requests,
          );
        else print(cli.terminal, listText(items, more));
      } finally {
        await reached.close();
      }
    });
}

export function stateOption(): Option {
  return new Option('--state <state>', 'in this state').choices(inboxStates);
}

export function numberOf(given: string): number {
  if (!/^[1-9]\d{0,14}$/.test(given))
    throw new UsageError(`"${given}" is not a request ID: write a number of 1 or more.`);
  return Number(given);
}

async function requests(
  client: Client,
  which: Omit<Options, 'show'> & { source: string | undefined },
): Promise<{ items: InboxRequest[]; hasMore: boolean }> {
  const { source, state, rejected, since, until, limit } = which;
  const query = {
    source,
    state,
    rejected: rejected && 'true',
    since: since === undefined ? undefined : timeOf(since),
    until: until === undefined ? undefined : timeOf(until),
  };
  return readUpTo(limit, async ({ limit, cursor }) => {
    const page = { ...query, cursor, limit };
    const { requests, nextCursor } = await client.send(requestsShape, 'get', '/api/inbox', { query: page });
    return { items: requests, nextCursor };
  });
}

function listText(requests: readonly InboxRequest[], more: readonly string[]): string {
  if (requests.length === 0) return 'No request in the inbox matches.';
  const rows = requests.map((request) => [
    String(request.id),
    request.source,
    iso(request.receivedAt),
    request.state,
    whatCame(request),
  ]);
  return [table(['ID', 'SOURCE', 'RECEIVED', 'STATE', 'RESULT'], rows), ...more].join('\n');
}

function whatCame({ counts, error, attempts }: InboxRequest): string {
  const tried = attempts > 0 && counts === null ? `after ${counted(attempts, 'attempt')}: ` : '';
  return [...(counts ? [countsText(counts)] : []), ...(error === null ? [] : [`${tried}${error}`])].join(
    ': ',
  );
}

/** `3 items = 2 taken + 1 unreadable; 2 records = 2 changed`: what is none is left out. */
export function countsText(counts: ItemCounts): string {
  const sum = (names: readonly (keyof ItemCounts)[]) =>
    names.filter((name) => counts[name] > 0).map((name) => `${number(counts[name])} ${name}`);
  const items = sum(['taken', 'duplicates', 'ignored', 'unreadable']);
  const records = sum(['changed', 'unchanged', 'superseded', 'filtered', 'rejected']);
  return [
    `${counted(counts.items, 'item')}${items.length > 0 ? ` = ${items.join(' + ')}` : ''}`,
    ...(counts.received > 0 ? [`${counted(counts.received, 'record')} = ${records.join(' + ')}`] : []),
    ...(counts.touched > 0 ? [`${counted(counts.touched, 'record')} to be read`] : []),
  ].join('; ');
}

function wholeText(request: WholeRequest): string {
  const { id, source, method, query, headers, body, bytes, receivedAt, openedAt, state } = request;
  const { counts, error, faults } = request;
  const parameters = new URLSearchParams(query).toString();
  const encoded = body.encoding === 'base64' ? ', not UTF-8, shown as base64' : '';
  return [
    `Request ${id} of ${source}, received ${iso(receivedAt)}, ${state}${openedAt === null ? '' : ` ${iso(openedAt)}`}`,
    ...(counts ? [countsText(counts)] : []),
    ...(faults.length === 0 && error !== null ? [error] : []),
    ...faults.map(({ item, message }) => (item === null ? message : `item ${item}: ${message}`)),
    '',
    `${method} /webhooks/${source}${parameters && `?${parameters}`}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    bytes === 0 ? 'Its body is empty, or was erased.' : `${counted(bytes, 'byte')}${encoded}:`,
    body.content,
  ].join('\n');
}
