// Which workers have stopped renewing their leases, as one of the others finds. Only the observer's own clock counts, and only
// the time in which it looked: neither another machine's clock, nor the server's, nor a server that was gone for a while,
// nor an observer that was stopped itself can make a live worker look dead.

/** How often a lease was renewed. */
export interface Renewals {
  id: string;
  renewals: number;
}

export class PeerWatch {
  readonly #leaseMs: number;
  readonly #maxGapMs: number;
  #peers = new Map<string, { renewals: number; silentMs: number }>();
  #lookedAt: number | null = null;

  /** `renewMs`: how often each renews its lease, and each looks at the others. */
  constructor({ leaseMs, renewMs }: { leaseMs: number; renewMs: number }) {
    this.#leaseMs = leaseMs;
    this.#maxGapMs = 2 * renewMs;
  }

  /** `now`: when the answer was there, so that no renewal is believed to be older than it is. */
  look(peers: readonly Renewals[], now: number): void {
    const gapMs = Math.max(0, Math.min(now - (this.#lookedAt ?? now), this.#maxGapMs));
    this.#lookedAt = now;
    const looked = peers.map(({ id, renewals }) => {
      const seen = this.#peers.get(id);
      const silentMs = seen?.renewals === renewals ? seen.silentMs + gapMs : 0;
      return [id, { renewals, silentMs }] as const;
    });
    this.#peers = new Map(looked);
  }

  /** Those who are known to be gone without having been watched. */
  presumeDead(peers: readonly Renewals[]): void {
    for (const { id, renewals } of peers) this.#peers.set(id, { renewals, silentMs: this.#leaseMs });
  }

  /** Those who have not renewed their lease for as long as it lasts, with the number of renewals that was seen last. */
  get dead(): Renewals[] {
    return [...this.#peers]
      .filter(([, { silentMs }]) => silentMs >= this.#leaseMs)
      .map(([id, { renewals }]) => ({ id, renewals }));
  }
}
