// Deleted contacts, by the event log, which keeps 30 days. https://developer.close.com/resources/event-log
import type { Context, Query } from '#connector';
import { type PageRequest, pullsOf } from '#connector/listing';
import { requestPage } from '#connector/pages';
import { deletionReader } from '#connector/rows';
import type { Settings } from './settings.ts';

/** Close advises to read the last five minutes each time: events appear out of order, and change. */
const unsettledMs = 300_000;

const recordOf = deletionReader({
  id: 'object_id',
  changedAt: 'date_updated',
  isOne: ({ object_type, action }) => object_type === 'contact' && action === 'deleted',
});

export const { pull: pullDeletions } = pullsOf<Settings>({
  what: 'deletions of Close',
  pageSize: 50,
  settledMs: unsettledMs + 60_000,
  // An answer that was cut off would hide older deletions.
  oldestFirst: false,
  all: (context, request) => pageOf(context, request, {}),
  async changes(context, { from, until, ...request }) {
    const page = await pageOf(context, request, { date_updated__gte: new Date(from).toISOString() });
    return { ...page, records: page.records.filter(({ changedAt }) => changedAt <= until - unsettledMs) };
  },
});

function pageOf({ api }: Context<Settings>, { page, limit }: PageRequest, since: Query) {
  const query = { object_type: 'contact', action: 'deleted', ...since, _limit: limit, _cursor: page };
  const form = { at: 'data', noun: 'event', recordOf, next: 'cursor_next', limit };
  return requestPage(api, { path: '/event/', query }, form);
}
