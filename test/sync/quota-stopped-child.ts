// A worker that is stopped by the system in the middle of its calls. It is told by its first argument where it is to be
// then, and says by a message when it is there; the next message lets it go on.
import type { Quota } from '../../src/connector.ts';
import { openDatabase } from '../../src/db/database.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { Budgets, UnsentError } from '../../src/engine/quota/budgets.ts';
import { PrioritySemaphore } from '../../src/engine/quota/priority-semaphore.ts';

/** `waiting`: all slots cool, and callers wait for them. `holding`: it has slots, but no connection yet. `connecting`:
 * the calls have begun, but nothing of them is sent. */
export type Place = 'waiting' | 'holding' | 'connecting';

export interface Orders {
  url: string;
  holder: string;
  account: string;
  quota: Quota;
  leaseSeconds: number;
  /** Where calls go. */
  vendor: string;
  place: Place;
}

const { url, holder, account, quota, leaseSeconds, vendor, place } = JSON.parse(
  process.argv[2] ?? '{}',
) as Orders;
const database = await openDatabase({ url, directory: '' });
const onError = (error: unknown) => {
  throw error;
};
const budgets = new Budgets({ database, clock: systemClock, holder, leaseSeconds, onError });
const budget = budgets.account(account, [quota]);
const ordered = new Promise<void>((resolve) => process.once('message', () => resolve()));
const { requests } = quota;

const call = async () => {
  const response = await fetch(vendor);
  await response.arrayBuffer();
};
const lane = 'webhook';

if (place === 'waiting') {
  await Promise.all(Array.from({ length: requests }, () => budget.run({ lane }, call)));
  const waiting = Array.from({ length: requests }, () => budget.run({ lane }, call));
  process.send?.('there');
  await ordered;
  await Promise.all(waiting);
} else if (place === 'holding') {
  const line = new PrioritySemaphore(requests);
  await Promise.all(Array.from({ length: requests }, () => line.enter(lane)));
  const holding = Array.from({ length: requests }, () => budget.run({ lane, semaphore: line }, call));
  while (line.waiting < requests) await systemClock.sleep(10);
  process.send?.('there');
  await ordered;
  line.leave(requests);
  await Promise.all(holding);
} else {
  let begun = 0;
  const connect = async (isOurs: () => boolean) => {
    begun += 1;
    if (begun === requests) process.send?.('there');
    await ordered;
    if (!isOurs()) throw new UnsentError('the slot is gone');
    return call();
  };
  const again = () => budget.run({ lane }, connect).catch(() => budget.run({ lane }, connect));
  await Promise.all(Array.from({ length: requests }, again));
}
process.send?.('done');
await budgets.close();
await database.close();
process.exit();
