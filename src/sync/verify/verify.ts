// The proof: the destination is read back and compared with what it acknowledged, one verification at a time, under a
// lease, from a cursor, so that any worker can go on with it. It knows no vendor; reading is in verify-reading.
import type { Context, Json } from '../../connector.ts';
import { moment } from '../../db/moments.ts';
import { localFiles } from '../../engine/files.ts';
import type { EngineApi } from '../../engine/http/endpoint.ts';
import { failureOf } from '../../engine/work/failures.ts';
import { attemptsMax, backoffMs } from '../../engine/work/retry.ts';
import type { Next } from '../../engine/work/worker.ts';
import {
  type ClaimedVerification,
  claimVerification,
  failVerification,
  finishVerification,
  holdVerification,
  keepProgress,
  LostVerificationError,
  lockProgress,
  putOffVerification,
  verificationDueAt,
} from '../../tables/verifications.ts';
import { forgetMet } from '../../tables/verified-customers.ts';
import { removeExportsLeft } from './export-removal.ts';
import type { InHand, VerifyDeps } from './in-hand.ts';
import { forgetProving } from './proof.ts';
import { readOn } from './reading.ts';
import { concluded, statementOf } from './report.ts';

const leaseMs = 60_000;

/** How often exports are looked for that are still to be deleted, and how long after one could not be. */
const lookAgainMs = 60_000;

const tryAgainMs = 15 * 60_000;

export class Verifier {
  readonly #deps: VerifyDeps;
  /** When exports that are left are looked for again, epoch milliseconds. */
  #removalDueAt = 0;

  constructor(deps: VerifyDeps) {
    this.#deps = deps;
  }

  /** Takes the verification that is due as far as it goes. */
  async step(signal: AbortSignal): Promise<Next> {
    const { database, clock, newLease } = this.#deps;
    const next = await moment(database, verificationDueAt);
    if (next === null || next > clock.now()) {
      await this.#removeExports(signal);
      return { again: false, due: Math.min(next ?? Number.POSITIVE_INFINITY, this.#removalDueAt) };
    }
    const lease = newLease();
    const verification = await claimVerification(database, { lease, now: clock.now(), leaseMs });
    if (!verification) return { again: false, afterMs: 50 };
    const held = { id: verification.id, lease };
    const holding = this.#holdWhileReading(held);
    try {
      await this.#carry(verification, lease, signal);
    } catch (error) {
      if (!(error instanceof LostVerificationError)) await this.#failed(verification, held, error, signal);
    } finally {
      holding.stop();
    }
    return { again: true };
  }

  /** What earlier verifications could not delete. */
  async #removeExports(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    if (clock.now() < this.#removalDueAt) return;
    const context = () => this.#context(signal, () => {});
    const isClean = await removeExportsLeft({ ...this.#deps, context }, signal).catch((error: unknown) => {
      if (!signal.aborted) log.warn({ err: error }, 'the search for leftover exports failed');
      return false;
    });
    this.#removalDueAt = clock.now() + (isClean ? lookAgainMs : tryAgainMs);
  }

  async #carry(verification: ClaimedVerification, lease: string, signal: AbortSignal): Promise<void> {
    const { database, clock, log, onHealed, onDiffering, receipts, account } = this.#deps;
    const held = { id: verification.id, lease };
    let calls = 0;
    const advance: InHand['advance'] = async (cursor, count) => {
      signal.throwIfAborted();
      const made = calls;
      let healed = false;
      let differs = false;
      await database.transaction(async (tx) => {
        const report = await lockProgress(tx, held);
        const before = { healed: report.healed, differing: report.differing.count };
        await count(tx, report);
        report.calls += made;
        healed = report.healed > before.healed;
        differs = report.differing.count > before.differing;
        await keepProgress(tx, held, {
          cursor: cursor as unknown as Json,
          report,
          now: clock.now(),
          leaseMs,
        });
      });
      calls -= made;
      if (healed) onHealed();
      if (differs) await onDiffering(`verification ${verification.id}`);
    };
    const inHand: InHand = {
      deps: this.#deps,
      verification,
      signal,
      context: () => this.#context(signal, () => (calls += 1)),
      advance,
    };
    const end = await readOn(inHand);
    if (end.again)
      return putOffVerification(database, held, { dueAt: end.dueAt, counted: false, error: null });
    const report = await database.transaction(async (tx) => {
      const counted = await lockProgress(tx, held);
      counted.calls += calls;
      const now = clock.now();
      const whole = concluded(counted, Math.max(now - verification.startedAt!, 0) / 1000);
      await finishVerification(tx, held, {
        report: whole,
        now,
        sign: (chained) =>
          receipts.sign(statementOf(verification, whole, { destination: account, endedAt: now, ...chained })),
      });
      await forgetMet(tx, verification.id);
      await forgetProving(tx, verification.id);
      return whole;
    });
    log.info({ verification: verification.id, summary: report.summary }, 'verified');
  }

  #context(signal: AbortSignal, count: () => void): Context<unknown> & { api: EngineApi } {
    const { settings, endpoint, clock } = this.#deps;
    const api = endpoint.api('backfill', { signal });
    const counted: EngineApi = {
      request: (request) => {
        count();
        return api.request(request);
      },
      download: (request) => {
        count();
        return api.download(request);
      },
    };
    return { settings, api: counted, files: localFiles, now: clock.now() };
  }

  async #failed(
    verification: ClaimedVerification,
    held: { id: number; lease: string },
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const { database, clock, log } = this.#deps;
    const now = clock.now();
    if (signal.aborted)
      return putOffVerification(database, held, { dueAt: now, counted: false, error: null });
    const failure = failureOf('verification', error);
    const { kind, effect, message, retryAfterMs } = failure;
    if (kind === 'refused') await this.#deps.confirmRefused(failure.error, signal);
    const counted = effect !== 'postpone';
    if (effect === 'give up' || (counted && verification.attempts + 1 >= attemptsMax.run)) {
      this.#removalDueAt = 0;
      log.error({ verification: held.id, reason: message }, 'the verification failed');
      await database.transaction(async (tx) => {
        await failVerification(tx, held, message, now);
        await forgetMet(tx, held.id);
        await forgetProving(tx, held.id);
      });
      return;
    }
    if (kind !== 'content' && kind !== 'unexpected')
      log.warn({ verification: held.id, reason: message }, 'the verification waits and is tried again');
    else log.error({ err: error }, 'unexpected error while verifying; tried again');
    const waitMs = backoffMs(verification.attempts + 1, { retryAfterMs });
    await putOffVerification(database, held, { dueAt: now + waitMs, counted, error: message });
  }

  /** Budgets may keep a call waiting, and a statement take its time: it is held meanwhile. */
  #holdWhileReading(held: { id: number; lease: string }): { stop(): void } {
    const { database, clock, log } = this.#deps;
    const stopped = new AbortController();
    void (async () => {
      for (;;) {
        await clock.sleep(leaseMs / 3, stopped.signal);
        if (stopped.signal.aborted) return;
        await holdVerification(database, held, clock.now() + leaseMs).catch((error: unknown) =>
          log.warn({ err: error }, 'a verification could not be held further'),
        );
      }
    })();
    return { stop: () => stopped.abort() };
  }
}
