// A thread of the freshness bench's vendor: it reads bulk calls and holds their customers, so that thousands keep no single call
// waiting, which no vendor does.
import { parentPort } from 'node:worker_threads';
import { type Customer, type CustomerList, FreshnessStore, type Sent } from './freshness-store.ts';

/** `beginsAt`: when the first record of a bulk call is written, milliseconds since the epoch; one a millisecond is. */
export type Asked =
  | { ask: 'bulk'; text: string; beginsAt: number }
  | { ask: 'find'; sourceId: string }
  | { ask: 'list'; query: string };

/** Of a bulk call: how many records it has, and those that live, which are not held here. */
export interface BulkAnswer {
  records: number;
  living: Sent[];
}

const store = new FreshnessStore();

parentPort!.on('message', (asked: Asked) => parentPort!.postMessage(answerTo(asked)));

function answerTo(asked: Asked): BulkAnswer | Customer | CustomerList | null {
  if (asked.ask === 'find') return store.find(asked.sourceId);
  if (asked.ask === 'list') return store.list(new URLSearchParams(asked.query), Date.now());
  const sent = JSON.parse(asked.text) as Sent[];
  const living: Sent[] = [];
  for (const [index, one] of sent.entries())
    if (one.metadata?.['seq'] === undefined) store.write(one, asked.beginsAt + index);
    else living.push(one);
  return { records: sent.length, living };
}
