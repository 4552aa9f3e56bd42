// The yardstick: what a good engineer writes in an afternoon with both vendors' official SDKs, kept lean so that it is
// hard to beat. It knows nothing of Tributary, and like any such script keeps no more than a file of hashes.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { parseArgs } from 'node:util';
import { Client } from '@hubspot/api-client';
import { customerOf, properties } from './customer-of.ts';
import { voucherifyAt } from './sdk.ts';

const { values: options } = parseArgs({
  options: {
    hubspot: { type: 'string', default: 'https://api.hubapi.com' },
    voucherify: { type: 'string', default: 'https://api.voucherify.io' },
    /** Where the hashes of what was sent are kept. */
    hashes: { type: 'string', default: 'hashes.json' },
    /** Ask what became of each bulk call, and keep only the hashes of what was written. */
    poll: { type: 'boolean', default: false },
    /** Customers in a bulk call. */
    batch: { type: 'string', default: '100' },
  },
});

const callsAtOnce = 4;
const customersAtOnce = Number(options.batch);
const pollMs = 200;
/** Of a call that Voucherify refuses for its quota, or fails; a second, two and four apart. */
const retries = 3;

const hubspot = new Client({
  accessToken: process.env['HUBSPOT_TOKEN'] ?? '',
  basePath: options.hubspot,
  numberOfApiCallRetries: 3,
  // The SDK's own limiter allows nine calls a second; the account allows more.
  limiterOptions: { minTime: 0, maxConcurrent: 10 },
  httpAgent: new Agent({ keepAlive: true }),
});
const voucherify = voucherifyAt(options.voucherify);

type Customer = ReturnType<typeof customerOf>;
type Pending = { customer: Customer; hash: string };

const known: Record<string, string> = existsSync(options.hashes)
  ? JSON.parse(readFileSync(options.hashes, 'utf8'))
  : {};
const counts = { read: 0, sent: 0, bulkCalls: 0, refused: 0 };

async function send(batch: readonly Pending[]): Promise<void> {
  counts.bulkCalls += 1;
  counts.sent += batch.length;
  // The SDK's types do not admit null, which is how the API clears a value.
  const customers = batch.map(({ customer }) => customer) as unknown as Parameters<
    typeof voucherify.customers.updateInBulk
  >[0];
  const { async_action_id } = await retried(() => voucherify.customers.updateInBulk(customers));
  const refused = options.poll ? await refusedBy(async_action_id) : new Set<string>();
  counts.refused += refused.size;
  for (const { customer, hash } of batch)
    if (!refused.has(customer.source_id)) known[customer.source_id] = hash;
}

async function refusedBy(actionId: string): Promise<Set<string>> {
  for (;;) {
    const action = await retried(() => voucherify.asyncActions.get(actionId));
    if (action.status === 'DONE' || action.status === 'FAILED') {
      const { errors } = (action.result ?? {}) as { errors?: { source_id: string }[] };
      return new Set(errors?.map((error) => error.source_id));
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function retried<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const { code = 0 } = error as { code?: number };
      if (attempt === retries || !(code === 429 || code >= 500)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** attempt));
    }
  }
}

const sending = new Set<Promise<void>>();
let waiting: Pending[] = [];

/** Sends while the next page is read; waits only where four calls are under way. */
async function sendWaiting(): Promise<void> {
  if (waiting.length === 0) return;
  while (sending.size >= callsAtOnce) await Promise.race(sending);
  const call: Promise<void> = send(waiting.splice(0, customersAtOnce)).finally(() => sending.delete(call));
  sending.add(call);
}

let after: string | undefined;
do {
  const page = await hubspot.crm.contacts.basicApi.getPage(100, after, properties);
  for (const contact of page.results) {
    counts.read += 1;
    const customer = customerOf(contact.id, contact.properties);
    const hash = createHash('sha256').update(JSON.stringify(customer)).digest('base64');
    if (known[contact.id] !== hash) waiting.push({ customer, hash });
  }
  while (waiting.length >= customersAtOnce) await sendWaiting();
  after = page.paging?.next?.after;
} while (after !== undefined);
await sendWaiting();
await Promise.all(sending);
waiting = [];
writeFileSync(`${options.hashes}.new`, JSON.stringify(known));
renameSync(`${options.hashes}.new`, options.hashes);

const { user, system } = process.cpuUsage();
const cpuSeconds = (user + system) / 1e6;
console.log(JSON.stringify({ ...counts, peakRssKilobytes: process.resourceUsage().maxRSS, cpuSeconds }));
process.exit(0);
