// Writes that arrive after they were given up. Whoever was taken away while one was in doubt is taken away once more when none can
// be under way any more: else it would stand there again. It sends nothing, and each process remembers for itself.
import { lateWriteMs } from '../../engine/work/failures.ts';

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
