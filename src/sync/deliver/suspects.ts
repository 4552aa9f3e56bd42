// Which customer is to blame where the way to the destination refuses: one whose writes are refused again and again while
// those of others get through. Pure; each process learns for itself.

interface Suspect {
  firstAt: number;
  lastAt: number;
  times: number;
}

/** Refusals of one customer before it can be blamed. */
const timesBeforeBlame = 4;
/** Where nobody else was sent meanwhile, so many and for so long, milliseconds. */
const timesAlone = 8;
const aloneMs = 600_000;
/** More are not kept: then it is not one of them that is to blame. */
const most = 10_000;

export class Suspects {
  readonly #suspects = new Map<string, Suspect>();
  #acceptedAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;

  /** The destination took a write. `sourceIds`: those it was of, where that is known. */
  accepted(sourceIds: readonly string[], now: number): void {
    this.#acceptedAt = now;
    for (const sourceId of sourceIds) this.#suspects.delete(sourceId);
  }

  acceptedSince(moment: number): boolean {
    return this.#acceptedAt > moment;
  }

  /** It is settled in another way. */
  forget(sourceId: string): void {
    this.#suspects.delete(sourceId);
  }

  /** A write of this customer alone was refused or failed. True where a write of another got through since the last time. */
  refused(sourceId: string, now: number): boolean {
    const known = this.#suspects.get(sourceId);
    const others = known !== undefined && this.#acceptedAt > known.lastAt;
    if (known) Object.assign(known, { lastAt: now, times: known.times + 1 });
    else if (this.#suspects.size < most)
      this.#suspects.set(sourceId, { firstAt: now, lastAt: now, times: 1 });
    return others;
  }

  /** A write of many failed. True where a write got through since the last time. */
  failedTogether(now: number): boolean {
    const others = this.#acceptedAt > this.#failedAt;
    this.#failedAt = now;
    return others;
  }

  /** How often it was refused. */
  times(sourceId: string): number {
    return this.#suspects.get(sourceId)?.times ?? 0;
  }

  /**
   * Whether this customer is to blame, provided that a read is answered now: it was refused several times, others got
   * through since the first of them, and nobody was refused first after that. Or nobody else was sent at all, for long.
   */
  isToBlame(sourceId: string, now: number): boolean {
    const suspect = this.#suspects.get(sourceId);
    if (!suspect) return false;
    if (this.#acceptedAt <= suspect.firstAt)
      return this.#suspects.size === 1 && suspect.times >= timesAlone && now - suspect.firstAt >= aloneMs;
    const others = [...this.#suspects].filter(([other]) => other !== sourceId);
    return (
      suspect.times >= timesBeforeBlame && others.every(([, other]) => other.firstAt <= this.#acceptedAt)
    );
  }
}
