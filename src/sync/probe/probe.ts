// A probe carried out: a connector's steps on throwaway customers, one after the other, and those customers taken away
// again whatever happens. It knows no vendor and what no answer means.
import { randomBytes } from 'node:crypto';
import type { Probe, ProbeAnswers, ProbeResult, ProbeStep } from '../../connector/probe.ts';
import {
  type Api,
  type Context,
  type CustomerWrite,
  type Destination,
  type Outcome,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '../../connector.ts';
import type { Clock } from '../../engine/clock.ts';
import { localFiles } from '../../engine/files.ts';
import type { Log } from '../../engine/log/log.ts';
import { backoffMs } from '../../engine/work/retry.ts';

/** Whoever finds one that was left behind knows what it is. */
export const throwawayPrefix = 'tributary-probe-';

/** One call, with the wait for its budget, may take so long. */
const callMs = 120_000;

const maxAttempts = 4;

/** A gateway, or a vendor that restarts, refuses everybody for a moment. */
const confirmAfterMs = 3_000;

/** A vendor that asks for a longer wait than this gets no answer out of us. */
const longestWaitMs = 30_000;

const bulkEndsMs = 120_000;

const longestPollMs = 5_000;

export interface ProbeDeps {
  clock: Clock;
  log: Log;
  destination: Destination<unknown>;
  settings: unknown;
  /** The destination's API, whose calls end when the signal is aborted. */
  api(signal: AbortSignal): Api;
}

export interface Probed {
  answers: ProbeAnswers;
  /** Requests that were made, removals included. */
  calls: number;
  /** Source IDs of throwaway customers that could not be taken away. */
  notDeleted: string[];
}

/** The customer that everything is tried on could not be made. Nothing was found out. */
export class ProbeError extends Error {
  override name = 'ProbeError';
  /** Source IDs of throwaway customers that could not be taken away. */
  readonly notDeleted: readonly string[];
  constructor(message: string, notDeleted: readonly string[]) {
    super(message);
    this.notDeleted = notDeleted;
  }
}

/** Carries out the probe of a destination that has one. Throws ProbeError. */
export async function carryProbe(deps: ProbeDeps, probe: Probe<unknown>): Promise<Probed> {
  return new Prober(deps, probe).carry();
}

class Prober {
  readonly #deps: ProbeDeps;
  readonly #probe: Probe<unknown>;
  readonly #sourceIds: string[];
  #calls = 0;

  constructor(deps: ProbeDeps, probe: Probe<unknown>) {
    this.#deps = deps;
    this.#probe = probe;
    const random = randomBytes(6).toString('hex');
    this.#sourceIds = Array.from(
      { length: probe.customers },
      (_, index) => `${throwawayPrefix}${random}-${index + 1}`,
    );
  }

  async carry(): Promise<Probed> {
    const { destination, settings } = this.#deps;
    const schema = (await this.#schema(destination)) ?? null;
    const about = { settings, schema };
    const begun: ProbeStep[] = [];
    const heard: { [step: string]: ProbeResult } = {};
    let refusal: string | null = null;
    let notDeleted: string[] = [];
    try {
      for (const step of this.#probe.steps(this.#sourceIds, about)) {
        if (step.when && !step.when(heard)) continue;
        begun.push(step);
        const result = await this.#hear(step);
        heard[step.name] = result;
        if (begun.length === 1 && result.is !== 'accepted') {
          refusal = 'message' in result ? result.message : 'its answer proves nothing';
          break;
        }
      }
    } finally {
      notDeleted = await this.#clean(begun);
    }
    if (refusal !== null)
      throw new ProbeError(`The throwaway customer could not be written: ${refusal}`, notDeleted);
    return { answers: this.#probe.answers(heard, about), calls: this.#calls, notDeleted };
  }

  /** Without it metadata may be refused: then the first step says so. */
  async #schema(destination: Destination<unknown>) {
    if (!destination.metadataSchema) return null;
    const { metadataSchema } = destination;
    try {
      return await this.#insist((context) => metadataSchema(context));
    } catch (error) {
      this.#deps.log.warn(
        { reason: (error as Error).message },
        'probe: the metadata schema could not be read',
      );
      return null;
    }
  }

  async #hear(step: ProbeStep): Promise<ProbeResult> {
    const { destination } = this.#deps;
    try {
      if ('write' in step)
        return resultOf(await this.#insist((context) => destination.upsert(context, step.write)));
      if ('read' in step)
        return {
          is: 'read',
          customer: await this.#insist((context) => destination.read(context, step.read)),
        };
      if ('bulk' in step) return await this.#bulk(destination.bulk, step.bulk);
      const response = await this.#insist(({ api }) => api.request(step.request));
      return { is: 'answered', response };
    } catch (error) {
      if (error instanceof RejectedError) return { is: 'refused', code: error.code, message: error.message };
      if (error instanceof UnauthorizedError)
        return { is: 'refused', code: 'unauthorized', message: error.message };
      if (error instanceof TransientError) return { is: 'unclear', message: error.message };
      throw error;
    }
  }

  async #bulk(bulk: Destination<unknown>['bulk'], writes: readonly CustomerWrite[]): Promise<ProbeResult> {
    const { clock } = this.#deps;
    if (!bulk) return { is: 'refused', code: 'no_bulk', message: 'It takes no customers in bulk.' };
    const { actionId } = await this.#insist((context) => bulk.submit(context, writes));
    const sourceIds = async () => [...new Set(writes.map(({ sourceId }) => sourceId))];
    const until = clock.now() + bulkEndsMs;
    for (let polls = 0; clock.now() < until; polls += 1) {
      await clock.sleep(Math.min(200 * 1.6 ** polls, longestPollMs));
      const ended = await this.#insist((context) => bulk.poll(context, actionId, sourceIds));
      if (ended.outcomes) return { is: 'ended', outcomes: ended.outcomes };
    }
    return { is: 'unclear', message: `The bulk action did not end within ${bulkEndsMs / 1000} seconds.` };
  }

  /** Takes away every customer that a begun step has named. Returns those that could not be. */
  async #clean(begun: readonly ProbeStep[]): Promise<string[]> {
    const text = JSON.stringify(begun);
    const notDeleted: string[] = [];
    for (const sourceId of this.#sourceIds.filter((id) => text.includes(id)))
      if (!(await this.#remove(sourceId))) notDeleted.push(sourceId);
    if (notDeleted.length > 0)
      this.#deps.log.error(
        { notDeleted },
        'probe: throwaway customers could not be taken away: do it by hand',
      );
    return notDeleted;
  }

  /** For good, so that nothing of it stays; where that is not allowed, softly. */
  async #remove(sourceId: string): Promise<boolean> {
    const { destination } = this.#deps;
    for (const permanent of [true, false]) {
      try {
        const outcome = await this.#insist((context) =>
          destination.remove!(context, sourceId, { permanent }),
        );
        if (outcome.result === 'accepted') return true;
      } catch (error) {
        this.#deps.log.warn({ reason: (error as Error).message }, 'probe: a throwaway customer stayed');
      }
    }
    return false;
  }

  /** A call, tried again where it may go well then. Refused credentials are believed when they are refused twice. */
  async #insist<Answer>(call: (context: Context<unknown>) => Promise<Answer>): Promise<Answer> {
    const { clock } = this.#deps;
    let refusals = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#timed(call);
      } catch (error) {
        const isRefused = error instanceof UnauthorizedError;
        if (isRefused) refusals += 1;
        const mayPass = error instanceof TransientError || (isRefused && refusals === 1);
        if (!mayPass || attempt === maxAttempts) throw error;
        const waitMs = isRefused
          ? confirmAfterMs
          : backoffMs(attempt, { baseMs: 500, retryAfterMs: error.retryAfterMs });
        if (waitMs > longestWaitMs) throw error;
        await clock.sleep(waitMs);
      }
    }
  }

  async #timed<Answer>(call: (context: Context<unknown>) => Promise<Answer>): Promise<Answer> {
    const { clock, settings, api } = this.#deps;
    const tooLate = new AbortController();
    const over = new AbortController();
    void clock.sleep(callMs, over.signal).then(() => tooLate.abort());
    const counted: Api = {
      request: (request) => {
        this.#calls += 1;
        return api(tooLate.signal).request(request);
      },
    };
    try {
      return await call({ settings, api: counted, files: localFiles, now: clock.now() });
    } finally {
      over.abort();
    }
  }
}

function resultOf(outcome: Outcome): ProbeResult {
  if (outcome.result === 'accepted') return { is: 'accepted' };
  if (outcome.result === 'unknown') return { is: 'unclear', message: outcome.message };
  return { is: 'refused', code: outcome.code, message: outcome.message };
}
