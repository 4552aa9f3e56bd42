// Jobs on their way at a vendor: asked about until they end, and settled person by person. Where the vendor tells nothing of
// single people, some are read back instead. A job that may have been carried out unheard is made up for.
import type { Context, PersonWrite, WriteOutcome } from '../../connector.ts';
import { localFiles } from '../../engine/files.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import type { Tracer } from '../../engine/trace/trace.ts';
import { failureOf } from '../../engine/work/failures.ts';
import { type Backoff, backoffMs } from '../../engine/work/retry.ts';
import type { Next } from '../../engine/work/worker.ts';
import { listPauses } from '../../tables/pauses.ts';
import {
  claimJob,
  endJob,
  holdJob,
  lostJobMs,
  nextJobDue,
  putOffJob,
  type SentPerson,
  type WriteBackJob,
} from '../../tables/write-back-jobs.ts';
import { acknowledgedLater, newerUnderWay, writeAgain } from '../../tables/write-backs.ts';
import { judgeReadBack, sampleOf } from './read-back.ts';
import type { WriteBackDeps, WriteBackSettler } from './settling.ts';

const leaseMs = 120_000;
const backoff: Backoff = { baseMs: 2_000, capMs: 60_000 };
/** A job that has not ended by then is given up: of its people nothing is known. */
const deadlineMs = 2 * 3_600_000;

/** When it is looked again whether what is under way has ended, milliseconds. */
const underWayMs = 2_000;

/** Stands for the vendor's ID of a job where there is none, and people are read back. */
export const readBackJob = 'read back';

/** When a job is asked about next: each question costs a call, and large ones take longer. */
export function jobDelayMs(people: number, polls: number): number {
  return Math.min((500 + people / 10) * 1.6 ** polls, 30_000);
}

export interface JobDeps extends WriteBackDeps {
  endpoint: Endpoint;
  settler: WriteBackSettler;
  tracer: Tracer;
  newLease(): string;
}

export class WriteBackJobs {
  readonly #deps: JobDeps;

  constructor(deps: JobDeps) {
    this.#deps = deps;
  }

  /** Asks about one job that is due, and settles it when it has ended. */
  async step(signal: AbortSignal): Promise<Next> {
    const { database, clock, rule, health } = this.#deps;
    const { source } = rule;
    const due = await nextJobDue(database, source);
    if (due === null || due > clock.now()) return { again: false, due };
    if (health.waitMs > 0 || (await listPauses(database)).has(source))
      return { again: false, afterMs: 5_000 };
    const lease = this.#deps.newLease();
    const job = await claimJob(database, source, { lease, now: clock.now(), leaseMs });
    if (!job) return { again: false, afterMs: 250 };
    const counts = { 'tributary.customers': job.items.length, 'tributary.polls': job.polls };
    const attributes = { 'tributary.source': source, ...counts };
    const causes = [job.traceparent];
    await this.#deps.tracer.begin('poll', { kind: 'consumer', attributes, causes }, () =>
      this.#carryOn(job, lease, signal),
    );
    return { again: true };
  }

  async #carryOn(job: WriteBackJob, lease: string, signal: AbortSignal): Promise<void> {
    if (job.lost || job.vendorId === null) return this.#makeUp(job, lease);
    try {
      await this.#ask(job, job.vendorId, lease, signal);
    } catch (error) {
      await this.#failed(job, lease, error, signal);
    }
  }

  async #ask(job: WriteBackJob, vendorId: string, lease: string, signal: AbortSignal): Promise<void> {
    const { database, clock, rule } = this.#deps;
    const { writer } = rule;
    const writes = job.items.map(writeOf);
    const outcomes =
      vendorId === readBackJob
        ? await this.#readBack(job.items, signal)
        : ((await writer.poll?.(this.#context(signal), vendorId, writes)) ?? null);
    if (outcomes) return this.#settle(job, lease, outcomes);
    if (this.#isOverdue(job)) return this.#settle(job, lease, []);
    const dueAt = clock.now() + jobDelayMs(job.items.length, job.polls);
    await putOffJob(database, job.id, { lease, dueAt });
  }

  async #readBack(items: readonly SentPerson[], signal: AbortSignal): Promise<WriteOutcome[]> {
    const { writer } = this.#deps.rule;
    const { request } = sampleOf(items, writer);
    return judgeReadBack(items, await writer.read.people(this.#context(signal), request), writer);
  }

  #context(signal: AbortSignal): Context<unknown> {
    const { endpoint, health, rule, clock } = this.#deps;
    const api = health.guard(endpoint.api('schedule', { signal, discreet: true }), signal);
    return { settings: rule.settings, api, files: localFiles, now: clock.now() };
  }

  async #settle(job: WriteBackJob, lease: string, outcomes: readonly WriteOutcome[]): Promise<void> {
    const { database, settler } = this.#deps;
    const isOurs = (tx: Parameters<typeof holdJob>[0]) => holdJob(tx, job.id, lease);
    await settler.settle({ jobId: job.id }, job.items, outcomes, isOurs);
    // Whoever the job did not carry any more (it was freed, or erased) may have newer values written before it.
    await database.transaction(async (tx) => {
      if (!(await isOurs(tx))) return;
      if (await this.#again(tx, job, lease)) await endJob(tx, job.id);
    });
  }

  /** A job that may be carried out at any time: people of whom something newer was acknowledged are written again. */
  async #makeUp(job: WriteBackJob, lease: string): Promise<void> {
    const { database, clock } = this.#deps;
    await database.transaction(async (tx) => {
      if (!(await holdJob(tx, job.id, lease))) return;
      if (!(await this.#again(tx, job, lease))) return;
      const sureAt = job.submittedAt + lostJobMs[1];
      if (clock.now() >= sureAt) await endJob(tx, job.id);
      else await putOffJob(tx, job.id, { lease, dueAt: sureAt });
    });
  }

  /** False where something newer is on its way to one of them: whether it came before the job is asked when it has ended. */
  async #again(tx: Parameters<typeof holdJob>[0], job: WriteBackJob, lease: string): Promise<boolean> {
    const { rule, clock } = this.#deps;
    const { id, items } = job;
    if (await newerUnderWay(tx, rule.source, job)) {
      await putOffJob(tx, id, { lease, dueAt: clock.now() + underWayMs });
      return false;
    }
    const later = await acknowledgedLater(tx, rule.source, items);
    await writeAgain(tx, rule.source, later, { lane: 'schedule', now: clock.now() });
    return true;
  }

  async #failed(job: WriteBackJob, lease: string, error: unknown, signal: AbortSignal): Promise<void> {
    const { database, clock, health, log, rule } = this.#deps;
    const now = clock.now();
    if (signal.aborted) return putOffJob(database, job.id, { lease, dueAt: now });
    const failure = failureOf('batch', error);
    const { kind, effect, message, retryAfterMs } = failure;
    if (kind === 'unexpected')
      log.error({ err: error, source: rule.source }, 'a job of a write-back could not be asked about');
    if (effect === 'give up' || this.#isOverdue(job)) {
      const outcomes = job.items.map(({ sourceId }): WriteOutcome => {
        const said = `of the job nothing is known: ${message}`;
        return { sourceId, result: 'unknown', message: said };
      });
      return this.#settle(job, lease, outcomes);
    }
    const waitMs = kind === 'refused' ? await health.refused(failure.error) : 0;
    const delayMs = Math.max(waitMs, backoffMs(job.polls, { ...backoff, retryAfterMs }));
    await putOffJob(database, job.id, { lease, dueAt: now + delayMs });
  }

  #isOverdue({ submittedAt }: WriteBackJob): boolean {
    return this.#deps.clock.now() - submittedAt > deadlineMs;
  }
}

function writeOf({ sourceId, recordId, attributes }: SentPerson): PersonWrite {
  return { sourceId, recordId, attributes };
}
