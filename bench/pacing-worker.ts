// One process that calls as often as it may for a while: through Tributary's budgets on a database, or, without one,
// through p-queue's own rate limit. It does not know what the vendor admits.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import PQueue from 'p-queue';
import { Pool } from 'undici';
import { openDatabase } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { Endpoint } from '../src/engine/http/endpoint.ts';
import { createLog } from '../src/engine/log/log.ts';
import { Budgets } from '../src/engine/quota/budgets.ts';

const { values: options } = parseArgs({
  options: {
    vendor: { type: 'string', default: '' },
    leg: { type: 'string', default: '' },
    account: { type: 'string', default: '' },
    requests: { type: 'string', default: '' },
    seconds: { type: 'string', default: '' },
    /** How long to go on. */
    span: { type: 'string', default: '' },
    /** A PostgreSQL database. */
    database: { type: 'string' },
    /** A folder for PGlite. */
    directory: { type: 'string' },
  },
});
const [requests, seconds, spanMs] = [options.requests, options.seconds, options.span].map(Number) as [
  number,
  number,
  number,
];
const path = `/draw/${options.account}?requests=${requests}&seconds=${seconds}`;
const budgeted = options.database !== undefined || options.directory !== undefined;
const { call, end } = budgeted ? await byBudget() : byQueue();

console.log('"ready"');
await fetch(`${options.vendor}/begun/${options.leg}`);
const until = performance.now() + spanMs;
const over = new AbortController();
setTimeout(() => over.abort(), spanMs);
await Promise.all(
  Array.from({ length: requests * 2 }, async () => {
    while (performance.now() < until) await call(over.signal).catch(comeBack);
  }),
);
await end();
process.exit();

/** Who is told to come back comes back then, as what calls in the product does. */
async function comeBack(error: { retryAfterMs?: number; status?: number }): Promise<void> {
  if (error.status === undefined)
    await delay(error.retryAfterMs ?? 100, undefined, { signal: over.signal }).catch(() => {});
}

/** As the product calls: an endpoint of the engine, its connections, its lanes. */
async function byBudget() {
  const database = await openDatabase({ url: options.database, directory: options.directory ?? '' });
  const log = createLog({ level: 'warn', write: (line) => void process.stderr.write(line) });
  const onError = (error: unknown) => log.warn({ err: error }, 'the database failed');
  const budgets = new Budgets({ database, clock: systemClock, holder: randomUUID(), onError });
  const quotas = [{ name: 'rate', requests, seconds }];
  const endpoint = new Endpoint({
    name: 'vendor',
    description: { baseUrl: options.vendor, headers: {}, account: options.account, quotas },
    budget: budgets.account(options.account, quotas),
    clock: systemClock,
    log,
  });
  return {
    call: (signal: AbortSignal) => endpoint.api('schedule', { signal }).request({ path }),
    end: async () => {
      await budgets.close();
      await endpoint.close();
      await database.close();
    },
  };
}

/** As many connections as an endpoint has, kept. */
function byQueue() {
  const queue = new PQueue({ intervalCap: requests, interval: seconds * 1000, strict: true });
  const pool = new Pool(options.vendor, { connections: 16 });
  const send = async () => {
    const { body } = await pool.request({ path, method: 'GET' });
    await body.dump();
  };
  return {
    call: (signal: AbortSignal) => queue.add(send, { signal }),
    end: () => pool.close(),
  };
}
