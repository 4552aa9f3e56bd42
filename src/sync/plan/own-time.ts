// How long this machine itself is busy with a customer, beside the vendors: by rows that pass its database, so that a slow machine is
// forecast as one.
import type { Database } from '../../db/database.ts';
import { measureRowMs } from '../../db/row-time.ts';
import type { Clock } from '../../engine/clock.ts';

/** Of one customer that is sent in bulk, milliseconds. */
export interface OwnTime {
  /** From the claim until it is known what to write. */
  compose: number;
  /** Until the request with it leaves. */
  submit: number;
  /** From the last answer until it is acknowledged. */
  settle: number;
}

/** As many times as long as one row takes that passes the database, as it was seen on both databases. */
const timesOfRow: OwnTime = { compose: 2.5, submit: 1.5, settle: 2 };

export async function measureOwnTime(database: Database, clock: Clock): Promise<OwnTime> {
  const rowMs = await measureRowMs(database, () => clock.now());
  const { compose, submit, settle } = timesOfRow;
  return {
    compose: compose * rowMs,
    submit: submit * rowMs,
    settle: settle * rowMs,
  };
}
