// Deleted contacts, by the event log, which keeps 30 days. https://developer.close.com/resources/event-log
import type { Context, Query } from '#connector';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { requestList, wordOf } from '#connector/reading';
import { deletionReader, toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

/** Close advises to read the last five minutes each time: events appear out of order, and change. */
const unsettledMs = 300_000;

const deletionOf = deletionReader({
  id: 'object_id',
  changedAt: 'date_updated',
  isOne: ({ object_type, action }) => object_type === 'contact' && action === 'deleted',
});

export const deletions = {
  everySeconds: 300,
  pull: pullsOf<Settings>({
    what: 'deletions of Close',
    pageSize: 50,
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
  since: Query,
): Promise<ListedPage> {
  const query = { object_type: 'contact', action: 'deleted', ...since, _limit: limit, _cursor: page };
  const { list, body } = await requestList(api, { path: '/event/', query }, 'data');
  const next = wordOf(body['cursor_next']);
  // Events come newest first: an answer that was cut off would hide older deletions.
  const isCut = next === undefined && body['cursor_next'] !== null && list.length >= limit;
  return { ...toRecords(list, deletionOf, { noun: 'event' }), next: isCut ? null : next };
}
