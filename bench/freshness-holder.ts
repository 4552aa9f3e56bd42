// A thread of the freshness bench's vendor: it reads bulk calls and holds their customers, so that thousands keep no single call
// waiting, which no vendor does.
import { parentPort } from 'node:worker_threads';
import { type Customer, type CustomerList, FreshnessStore, type Sent } from './freshness-store.ts';

export type Asked =
  | { ask: 'bulk'; text: string }
  | { ask: 'find'; sourceId: string }
  | { ask: 'list'; query: string };

/**
 * Of a bulk call: how many records it has, when the last of them is written, milliseconds since the epoch, and those that live,
 * which are not held here.
 */
export interface BulkAnswer {
  records: number;
  endsAt: number;
  living: Sent[];
}

const store = new FreshnessStore();
/** When all bulk calls so far are worked off: one after the other, a record a millisecond. */
let freeAt = 0;

parentPort!.on('message', (asked: Asked) => parentPort!.postMessage(answerTo(asked)));

function answerTo(asked: Asked): BulkAnswer | Customer | CustomerList | null {
  if (asked.ask === 'find') return store.find(asked.sourceId);
  if (asked.ask === 'list') return store.list(new URLSearchParams(asked.query), Date.now());
  const sent = JSON.parse(asked.text) as Sent[];
  const living: Sent[] = [];
  const beginsAt = Math.max(freeAt, Date.now() + 100);
  for (const [index, one] of sent.entries())
    if (one.metadata?.['seq'] === undefined) store.write(one, beginsAt + index);
    else living.push(one);
  freeAt = beginsAt + sent.length;
  return { records: sent.length, endsAt: freeAt, living };
}
