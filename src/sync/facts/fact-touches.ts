// Customers whose facts are to be read, as touches of the destination: what a webhook told of apart from what is read by
// schedule, so that neither waits for the other.
import type { Queryable } from '../../db/database.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import { destinationName } from '../../tables/pauses.ts';
import { touch } from '../../tables/touches.ts';

/** The streams of such touches and the lanes of their calls, the best first. */
export const factStreams = { facts: 'webhook', 'scheduled facts': 'schedule' } as const satisfies {
  [stream: string]: Lane;
};

/**
 * Has these customers read, by source ID or the destination's own ID. `changedAt`: the destination's clock of the change.
 * `traceparent`: the span that the reading goes on from; default: the active one.
 */
export async function touchFacts(
  db: Queryable,
  stream: keyof typeof factStreams,
  customers: readonly { customer: string; changedAt: number; traceparent?: string | undefined }[],
  now: number,
): Promise<void> {
  const touched = customers.map(({ customer, changedAt, traceparent }) => ({
    stream,
    recordId: customer,
    changedAt,
    gone: null,
    traceparent,
  }));
  await touch(db, destinationName, touched, now);
}
