// Claims of deliveries, held for as long as they are being sent: budgets may keep them waiting for longer than a lease. A
// process that was stopped meanwhile no longer holds them, and must know it before it sends anything.
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import { skewMs } from '../../engine/quota/gate.ts';
import { extendLease } from '../../tables/deliveries.ts';

export const leaseMs = 120_000;

export class HeldClaims {
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  /** Until then nobody else takes them up. */
  #until: number;

  /** `claimedAt`: when the lease was taken, epoch milliseconds. */
  constructor(
    deps: {
      database: Database;
      clock: Clock;
      log: Log;
      /** Default: of deliveries. */
      extend?: (held: { lease: string; sourceIds: readonly string[]; until: number }) => Promise<boolean>;
    },
    lease: string,
    claimed: readonly { sourceId: string }[],
    claimedAt: number,
  ) {
    this.#clock = deps.clock;
    this.#until = claimedAt + leaseMs;
    void this.#hold(
      deps,
      lease,
      claimed.map((row) => row.sourceId),
    );
  }

  /** Asked in the same turn as a request is sent. Another worker's clock may be ahead of ours. */
  readonly areOurs = (): boolean => this.#clock.now() < this.#until - skewMs;

  stop(): void {
    this.#stopped.abort();
  }

  async #hold(
    {
      database,
      log,
      extend = (held) => extendLease(database, held),
    }: ConstructorParameters<typeof HeldClaims>[0],
    lease: string,
    sourceIds: readonly string[],
  ): Promise<void> {
    for (;;) {
      await this.#clock.sleep(leaseMs / 3, this.#stopped.signal);
      // What ran out is not taken back: others may have it.
      if (this.#stopped.signal.aborted || !this.areOurs()) return;
      const until = this.#clock.now() + leaseMs;
      try {
        const held = await extend({ lease, sourceIds, until });
        // Where the answer comes after they ran out, others may have taken some of them before it was carried out.
        if (held && this.areOurs()) this.#until = until;
      } catch (error) {
        log.warn({ err: error }, 'claims could not be held further');
      }
    }
  }
}
