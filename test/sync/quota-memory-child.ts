// Makes as many calls as its second argument says within one long window, each with an answer as a vendor gives it, and
// ends with 0. Its first argument says where the database is.
import { randomUUID } from 'node:crypto';
import { openDatabase } from '../../src/db/database.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { Budgets } from '../../src/engine/quota/budgets.ts';

const database = await openDatabase(JSON.parse(process.argv[2] ?? '{}'));
const calls = Number(process.argv[3]);
const budgets = new Budgets({ database, clock: systemClock, holder: randomUUID() });
const quotas = [
  { name: 'minute', requests: 10_000_000, seconds: 60 },
  { name: 'hour', requests: 100_000_000, seconds: 3_600 },
];
const budget = budgets.account('vendor', quotas);
const stop = new AbortController();

const caller = async (lane: 'schedule' | 'backfill') => {
  for (let number = 0; number < calls / 20; number += 1) {
    const answer = await budget.run({ lane, signal: stop.signal }, async () =>
      Array.from({ length: 100 }, (_, index) => ({ index, text: `${lane} ${number}` })),
    );
    if (answer.length !== 100) throw new Error('the answer is not the whole one');
  }
};
await Promise.all(
  Array.from({ length: 20 }, (_, number) => caller(number % 2 === 0 ? 'schedule' : 'backfill')),
);
await budgets.close();
await database.close();
process.exit();
