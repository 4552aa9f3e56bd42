// What one side goes through in a fresh world: a first sync, a full one in which nothing has changed, then changes. After
// each the two vendors are compared. It makes no figures of it.
import type { Contestant, Measured } from './contestants.ts';
import { type Requests, Vendors } from './vendors.ts';

export interface Leg extends Measured {
  requests: Requests;
}

export interface Series {
  first: Leg;
  unchanged: Leg;
  changes: Leg;
  /** How many contacts had changed before the last leg. */
  changed: number;
}

/** How many contacts change before the last leg: 1% of 20,000, and enough to go in bulk. */
export const contactsChanged = 200;

export async function runSeries(contestant: Contestant, contacts: number): Promise<Series> {
  const vendors = await Vendors.start(contacts);
  try {
    const first = await runLeg(contestant, vendors, 'incremental');
    const unchanged = await runLeg(contestant, vendors, 'full');
    const changed = await vendors.change(Math.floor(contacts / contactsChanged));
    return { first, unchanged, changed, changes: await runLeg(contestant, vendors, 'incremental') };
  } finally {
    await vendors.end();
  }
}

export async function runFirstSync(contestant: Contestant, contacts: number): Promise<Leg> {
  const vendors = await Vendors.start(contacts);
  try {
    return await runLeg(contestant, vendors, 'incremental');
  } finally {
    await vendors.end();
  }
}

/** One run, after which both vendors hold the same, or it throws. */
export async function runLeg(
  contestant: Contestant,
  vendors: Vendors,
  mode: 'incremental' | 'full' | 'verify',
): Promise<Leg> {
  const before = await vendors.requests();
  const measured = await contestant.run(vendors.address, mode);
  const requests = await vendors.requestsSince(before);
  await vendors.verify(contestant.name, contestant.doneMeans === 'written' ? 'now' : 'settled');
  return { ...measured, requests };
}

/** The comparison must see that nothing was sent, or it would prove nothing. Throws where it does not. */
export async function checkComparison(): Promise<void> {
  const vendors = await Vendors.start(10);
  try {
    const sees = await vendors.verify('nobody', 'now').catch((error: Error) => error.message);
    if (!sees?.includes('10 differ'))
      throw new Error(`The comparison of the vendors proves nothing: ${sees ?? 'it saw no difference'}`);
  } finally {
    await vendors.end();
  }
}
