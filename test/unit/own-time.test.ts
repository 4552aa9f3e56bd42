// How long this machine is busy with a customer, as its database shows.
import { expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { measureOwnTime } from '../../src/sync/plan/own-time.ts';
import { ManualClock } from '../support/manual-clock.ts';

async function measured(roundsMs: readonly number[]) {
  const clock = new ManualClock(0);
  let round = 0;
  const rows = async () => {
    await clock.advance(roundsMs[round++]!);
    return [];
  };
  return measureOwnTime({ rows } as unknown as Database, clock);
}

it('is that of the usual one of a few rounds, and twice as long where the database takes twice as long', async () => {
  const quick = await measured([10, 30, 40, 90, 20, 30]);
  const slow = await measured([500, 60, 60, 40, 200, 80]);
  expect(quick.compose + quick.submit + quick.settle).toBeCloseTo(0.18, 6);
  for (const what of ['compose', 'submit', 'settle'] as const)
    expect(slow[what]).toBeCloseTo(2 * quick[what], 6);
});
