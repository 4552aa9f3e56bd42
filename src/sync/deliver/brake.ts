// When so many customers in a row are rejected for one reason that the cause lies with us or the destination, and not with
// them: then those that follow are held back. Pure; each process counts for itself.

/** Rejections with one code, with hardly anybody accepted in between. */
export const rejectionsMost = 20;
/** Fewer accepted than this share of a batch prove nothing. */
const acceptedShare = 0.02;
/** Rejections that we make ourselves: of the customer's own key, or of what the destination cannot do. */
const ownCodes: readonly string[] = ['no_remove', 'unreadable_source_id', 'unsafe_path', 'other_customer'];

export class Brake {
  readonly #counts = new Map<string, number>();
  #trippedAt: number | null = null;

  /** Since when customers are held back, epoch milliseconds. */
  get trippedAt(): number | null {
    return this.#trippedAt;
  }

  release(): void {
    this.#counts.clear();
    this.#trippedAt = null;
  }

  /**
   * What was sent together has ended: so many accepted, and rejections by code. Returns how many of each code may become
   * dead letters, and the code that trips the brake now, if one does.
   */
  note(
    ended: { accepted: number; rejected: ReadonlyMap<string, number> },
    now: number,
  ): { most: Map<string, number>; tripped: string | null } {
    const all = ended.accepted + [...ended.rejected.values()].reduce((sum, count) => sum + count, 0);
    if (ended.accepted > all * acceptedShare) this.release();
    const most = new Map<string, number>();
    let tripped: string | null = null;
    for (const [code, count] of ended.rejected) {
      if (ownCodes.includes(code) || ended.accepted > all * acceptedShare) {
        most.set(code, count);
        continue;
      }
      const before = this.#counts.get(code) ?? 0;
      most.set(code, Math.min(count, Math.max(rejectionsMost - before, 0)));
      this.#counts.set(code, before + count);
      if (before + count < rejectionsMost || this.#trippedAt !== null) continue;
      this.#trippedAt = now;
      tripped = code;
    }
    return { most, tripped };
  }
}
