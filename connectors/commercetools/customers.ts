// The stream of customers: all of them by ID, then modified ones, single customers by ID, and deletions by messages.
import { type Context, type Json, type SourceRecord, type Stream, TransientError } from '#connector';
import { readsById } from '#connector/by-id';
import { pullsOf } from '#connector/listing';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { isId, recordOf } from './customer.ts';
import { pageById, pageSince, pageSize, settleLagSeconds } from './lists.ts';
import type { Settings } from './settings.ts';

const listed = { pageSize, settledMs: settleLagSeconds * 1000, oldestFirst: true };
const customersList = { path: '/customers', recordOf };
const deletionsList = { path: '/messages', only: 'type = "CustomerDeleted"', recordOf: deletionOf };

export const customers: Stream<Settings> = {
  name: 'customers',
  // What is empty is absent, never null.
  exhaustive: ['', 'custom', 'custom.fields'],
  settleLagSeconds,
  ...pullsOf<Settings>({
    ...listed,
    what: 'customers of commercetools',
    all: (context, request) => pageById(context, { ...customersList, ...request }),
    changes: (context, request) =>
      pageSince(context, { ...customersList, ...request, field: 'lastModifiedAt' }),
  }),
  // Only single reads are strongly consistent.
  read: readsById({
    maxIds: 10,
    isId,
    one: readOne,
    proof: (context) => pageById(context, { ...customersList, page: undefined, limit: 1 }),
  }),
  sweeps: true,
  cost: () => ({ full: { records: pageSize, calls: 1 } }),
};

/** The same for a project that keeps messages. They are kept for 15 days unless the project says otherwise. */
export const customersWithDeletions: Stream<Settings> = {
  ...customers,
  tombstones: {
    everySeconds: 300,
    pull: pullsOf<Settings>({
      ...listed,
      what: 'messages of commercetools',
      all: (context, request) => pageById(context, { ...deletionsList, ...request }),
      changes: (context, request) => pageSince(context, { ...deletionsList, ...request, field: 'createdAt' }),
    }).pull,
  },
};

/** Null: commercetools says that there is no such customer. */
async function readOne({ api, settings }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  const isIt = (json: Json | undefined) => recordOf(json)?.recordId === id;
  const { status, json } = await api.request({
    path: `/${settings.projectKey}/customers/${id}`,
    answers: [404],
    isAnswer: isIt,
  });
  if (status === 200) return recordOf(json)!;
  const codes = listOf(objectOf(json)['errors']).map((error) => objectOf(error)['code']);
  if (codes.includes('ResourceNotFound')) return null;
  throw new TransientError('commercetools answered 404 without saying that the customer does not exist', {
    status,
    foreign: true,
  });
}

function deletionOf(row: Json): SourceRecord | undefined {
  const message = objectOf(row);
  const { typeId, id } = objectOf(message['resource']);
  const changedAt = momentOf(message['createdAt']);
  const recordId = typeId === 'customer' ? wordOf(id) : undefined;
  if (recordId === undefined || message['type'] !== 'CustomerDeleted' || changedAt === undefined)
    return undefined;
  return { recordId, changedAt, deleted: true, body: {} };
}
