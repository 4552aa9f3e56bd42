// Deleted contacts, by the event log, which keeps 30 days. https://developer.close.com/resources/event-log
import { type Context, type Json, type SourceRecord, TransientError } from '#connector';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { momentOf, objectOf, requestList, wordOf } from '#connector/reading';
import { toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

const pageSize = 50;
/** Close advises to read the last five minutes each time: events appear out of order, and change. */
const unsettledMs = 300_000;

export const deletions = {
  everySeconds: 300,
  pull: pullsOf<Settings>({
    what: 'deletions of Close',
    pageSize,
    settledMs: unsettledMs + 60_000,
    oldestFirst: false,
    all: (context, request) => pageOf(context, request, {}),
    async changes(context, { from, until, ...request }) {
      const page = await pageOf(context, request, { date_updated__gte: new Date(from).toISOString() });
      return { ...page, records: page.records.filter(({ changedAt }) => changedAt <= until - unsettledMs) };
    },
  }).pull,
};

async function pageOf(
  { api }: Context<Settings>,
  { page, limit }: PageRequest,
  since: { [name: string]: string },
): Promise<ListedPage> {
  const query = { object_type: 'contact', action: 'deleted', ...since, _limit: limit, _cursor: page };
  const { list, body } = await requestList(api, { path: '/event/', query }, 'data');
  const next = wordOf(body['cursor_next']);
  // Events come newest first: an answer that was cut off would hide older deletions.
  const isCut = next === undefined && body['cursor_next'] !== null && list.length >= limit;
  if (isCut || (next !== undefined && next === page))
    throw new TransientError('Close answered a page of events after which reading cannot continue', {
      foreign: true,
    });
  return { ...toRecords(list, deletionOf, { noun: 'event' }), next };
}

function deletionOf(row: Json): SourceRecord | undefined {
  const { object_type, object_id, action, date_updated } = objectOf(row);
  const [recordId, changedAt] = [wordOf(object_id), momentOf(date_updated)];
  if (object_type !== 'contact' || action !== 'deleted' || recordId === undefined || changedAt === undefined)
    return undefined;
  return { recordId, changedAt, deleted: true, body: {} };
}
