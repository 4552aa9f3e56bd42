// Both vendors, simulated, in a process of their own, and a life to lead: records that change and are told of by webhook, and
// how long each change took until the destination had it. It does not know what else is going on.
import { createHmac } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Hono } from 'hono';
import { createHubSpotSimulator } from '../simulators/hubspot.ts';
import { QuotaWindows } from '../simulators/quota-windows.ts';
import { serve } from '../simulators/serve.ts';
import type { Asked, BulkAnswer } from './freshness-holder.ts';
import {
  type Customer,
  type CustomerList,
  FreshnessStore,
  merged,
  orderOf,
  type Sent,
} from './freshness-store.ts';
import { clientSecret, eventSecret, type Lags, publicUrl, quotas } from './freshness-terms.ts';

const latencyMs = 20;
/** So many records of each kind live; none changes again before it was delivered. */
const living = 600;

/** When each change was made, by its number, and how it is told of. */
const madeAt = new Map<string, { at: number; kind: keyof Lags }>();
let lags: Lags = { record: [], touch: [] };
let number = 0;

const hubspot = createHubSpotSimulator({
  quotas: false,
  push: { clientSecret, url: `${publicUrl}/webhooks/hubspot`, properties: ['seq'], signature: 'webhook' },
});
hubspot.seed(living, 7, Date.now() - 3_600_000);
hubspot.define({ name: 'seq', type: 'string' } as never);
const contacts = Array.from(hubspot.contacts(), ({ id }) => id);
/** A destination that costs little: the full simulator works off thousands in one go, and would measure itself. */
const calls = new QuotaWindows([{ name: 'calls', ...quotas.calls }]);
const bulkCalls = new QuotaWindows([{ name: 'bulk', ...quotas.bulk }]);
/** Those that live; the holder has the backfilled ones. */
const store = new FreshnessStore();
const holder = new Worker(new URL('freshness-holder.ts', import.meta.url));
/** Questions are answered in their order. */
const awaited: ((answer: unknown) => void)[] = [];
holder.on('message', (answer: unknown) => awaited.shift()!(answer));

const actions = new Map<string, { endsAt: number; records: number }>();

const voucherify = new Hono();
voucherify.use(async (c, next) => {
  const { admitted } = (c.req.path.includes('/bulk/') ? bulkCalls : calls).admit(performance.now());
  return admitted ? next() : c.json({ code: 429, message: 'Too many requests.' }, 429);
});
voucherify.post('/v1/customers', async (c) => {
  const sent = await c.req.json<Sent>();
  write(sent);
  return c.json(store.find(sent.source_id)!);
});
voucherify.post('/v1/customers/bulk/async', async (c) => {
  const text = await c.req.text();
  const { records, endsAt, living } = await asked<BulkAnswer>({ ask: 'bulk', text });
  const id = `aa_${actions.size + 1}`;
  actions.set(id, { endsAt, records });
  living.forEach(write);
  return c.json({ async_action_id: id }, 202);
});
voucherify.get('/v1/async-actions/:id', (c) => {
  const id = c.req.param('id');
  const { endsAt, records } = actions.get(id)!;
  const base = { id, object: 'async_action', type: 'CUSTOMERS.BULK_UPDATE' };
  if (Date.now() < endsAt) return c.json({ ...base, status: 'IN_PROGRESS' });
  const result = { done_count: records, failed_count: 0, errors: [] };
  return c.json({ ...base, status: 'DONE', operation_status: 'SUCCESS', result });
});
voucherify.get('/v1/customers', async (c) => {
  const { search, searchParams } = new URL(c.req.url);
  const backfilled = await asked<CustomerList>({ ask: 'list', query: search });
  return c.json(merged(orderOf(searchParams), [backfilled, store.list(searchParams, Date.now())]));
});
voucherify.get('/v1/customers/:id', async (c) => {
  const sourceId = c.req.param('id');
  const customer = store.find(sourceId) ?? (await asked<Customer | null>({ ask: 'find', sourceId }));
  if (!customer) return c.json({ code: 404, key: 'resource_not_found', message: 'Not found.' }, 404);
  return c.json(customer);
});

function asked<Answer>(question: Asked): Promise<Answer> {
  holder.postMessage(question);
  return new Promise((resolve) => awaited.push(resolve as (answer: unknown) => void));
}

function write(sent: Sent): void {
  store.write(sent, Date.now());
  written(sent.metadata?.['seq']);
}

function written(seq: unknown): void {
  const made = typeof seq === 'string' ? madeAt.get(seq) : undefined;
  if (!made) return;
  madeAt.delete(seq as string);
  lags[made.kind].push(performance.now() - made.at);
}

/** How long this process was held itself: what it measures is no better than that. */
const delays = monitorEventLoopDelay({ resolution: 5 });
delays.enable();

const control = new Hono();
/** Leads that life for a while; answers the lags of its changes, once all have arrived. */
control.post('/live', async (c) => {
  const door = c.req.query('door')!;
  const [seconds, perSecond] = [Number(c.req.query('seconds')), Number(c.req.query('perSecond'))];
  lags = { record: [], touch: [] };
  delays.reset();
  const begun = performance.now();
  const changes = Math.floor(seconds * perSecond);
  for (let made = 0; made < changes; made += 1) {
    const wait = begun + (made / perSecond) * 1000 - performance.now();
    if (wait > 0) await delay(wait);
    void (made % 2 === 0 ? changeRecord(door) : touchContact(door));
  }
  const deadline = performance.now() + 60_000;
  while (madeAt.size > 0 && performance.now() < deadline) await delay(50);
  const lost = madeAt.size;
  madeAt.clear();
  const heldMs = Math.round(delays.percentile(99) / 1e6);
  return c.json({ lags, lost, refused: calls.violations + bulkCalls.violations, heldMs });
});

function note(kind: keyof Lags): string {
  number += 1;
  const seq = `change-${number}`;
  madeAt.set(seq, { at: performance.now(), kind });
  return seq;
}

/** A webhook that carries the record. */
async function changeRecord(door: string): Promise<void> {
  const seq = note('record');
  const id = `person-${number % living}`;
  const body = JSON.stringify({
    id,
    event_id: seq,
    changed_at: new Date().toISOString(),
    name: `Person ${id}`,
    email: `${id}@example.org`,
    stage: 'customer',
    seq,
  });
  const signature = createHmac('sha256', eventSecret).update(body).digest('hex');
  await push(
    `${door}/webhooks/events`,
    { 'content-type': 'application/json', 'x-signature': signature },
    body,
  );
}

/** A webhook that says which record to read. */
async function touchContact(door: string): Promise<void> {
  const seq = note('touch');
  hubspot.update(contacts[number % contacts.length]!, { seq });
  for (const { headers, body } of hubspot.push!.take(Date.now()))
    await push(`${door}/webhooks/hubspot`, headers, Buffer.from(body));
}

async function push(url: string, headers: Record<string, string>, body: string | Buffer): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers, body: body as string });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`The door answered ${response.status}.`);
}

const [servedHubSpot, servedVoucherify, servedControl] = await Promise.all([
  serve(hubspot.app, { latencyMs }),
  serve(voucherify, { latencyMs }),
  serve(control),
]);
console.log(
  JSON.stringify({
    hubspot: servedHubSpot.url,
    voucherify: servedVoucherify.url,
    control: servedControl.url,
  }),
);
