// Writes that arrive after they were given up. Whoever was taken away while one was in doubt is taken away once more when none can
// be under way any more: else it would stand there again. What was written since is sent once more.
import { randomUUID } from 'node:crypto';
import type { Queryable } from '../../db/database.ts';
import { lateWriteMs } from '../../engine/work/failures.ts';
import { keepBatch, noAction } from '../../tables/batches.ts';

/** Of more, the first are taken away a second time later than they might be. */
const most = 10_000;

export class LateWrites {
  readonly #takenAwayAt = new Map<string, number>();

  /** A customer in doubt was taken away. When that is done once more, epoch milliseconds; null where this was that time. */
  again(sourceId: string, now: number): number | null {
    const at = this.#takenAwayAt.get(sourceId) ?? now;
    if (now >= at + lateWriteMs) {
      this.#takenAwayAt.delete(sourceId);
      return null;
    }
    this.#takenAwayAt.set(sourceId, at);
    const [oldest] = this.#takenAwayAt.keys();
    if (this.#takenAwayAt.size > most) this.#takenAwayAt.delete(oldest!);
    return at + lateWriteMs;
  }

  /** It is written again: what was in doubt before says nothing of its next end. */
  forget(sourceId: string): void {
    this.#takenAwayAt.delete(sourceId);
  }
}

/**
 * These single writes, each of one revision, were given up without an answer and may still arrive: customers of whom a newer revision is
 * acknowledged until they cannot any more are sent again then.
 */
export async function expectLate(
  db: Queryable,
  writes: readonly { sourceId: string; revision: number }[],
  now: number,
): Promise<void> {
  if (writes.length === 0) return;
  const items = writes.map(({ sourceId, revision }) => ({
    ...{ sourceId, revision },
    acknowledges: null,
    attempts: 0,
    uncertain: true,
  }));
  await keepBatch(
    db,
    { ...noAction, id: randomUUID(), kind: 'single', items, submittedAt: now },
    { dueAt: now + lateWriteMs },
  );
}
