// Facts on their way to one vendor: claim · difference · single or many · settle. What is urgent goes one by one beside a request
// or job with many. It knows no vendor.
import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import {
  type Context,
  type PersonWrite,
  RejectedError,
  unknownAttribute,
  type WriteOutcome,
} from '../../connector.ts';
import { localFiles } from '../../engine/files.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import { apportion, type Lane, lanes } from '../../engine/quota/lanes.ts';
import { inTraceOf, type Tracer } from '../../engine/trace/trace.ts';
import { areOfSeveralTraces } from '../../engine/trace/traceparent.ts';
import { isUndone } from '../../engine/work/failures.ts';
import { Together } from '../../engine/work/together.ts';
import type { Next } from '../../engine/work/worker.ts';
import { listPauses, takeTrial, writeBackName } from '../../tables/pauses.ts';
import {
  endJob,
  keepJob,
  loseJob,
  lostJobMs,
  nameJob,
  type SentPerson,
} from '../../tables/write-back-jobs.ts';
import {
  assignToJob,
  type ClaimedWriteBack,
  claimWriteBacks,
  dueWriteBacks,
  extendWriteBacks,
  nextWriteBackDue,
  pullWriteBacksForward,
} from '../../tables/write-backs.ts';
import { bisect } from '../deliver/bisect.ts';
import { HeldClaims, leaseMs } from '../deliver/held-claims.ts';
import { attributesToWrite } from './difference.ts';
import { jobDelayMs, readBackJob } from './jobs.ts';
import { type WriteBackDeps, WriteBackSettler } from './settling.ts';
import { urgentLanes } from './urgent-lanes.ts';

/**
 * So many for each request under way are claimed at once where they go one by one: who is claimed waits for those before, also where a
 * webhook tells of something new meanwhile.
 */
const claimedPerRequest = 4;
/** For so long after something urgent fewer are claimed. */
const urgentLatelyMs = 2_000;
/** More urgent ones than this go together with the rest. */
const maxUrgentSingles = 200;

export interface SendWriteBacksDeps extends WriteBackDeps {
  endpoint: Endpoint;
  tracer: Tracer;
  newLease(): string;
}

/** How often it is looked whether what is urgent is over, milliseconds. */
const yieldMs = 20;

/** What carries a claim. `yields`: others are to go first now. */
interface Going {
  lease: string;
  held: HeldClaims;
  signal: AbortSignal;
  /** Requests for one person each that may be under way. */
  atOnce: number;
  yields(): boolean;
}

/** A person on their way. */
type Sending = SentPerson & { alone: boolean; lane: Lane; traceparent: string | null };

export class WriteBackSender {
  readonly #deps: SendWriteBacksDeps;
  readonly settler: WriteBackSettler;
  /** Steps of what is urgent that are on their way: the rest goes one at a time meanwhile. */
  #urgentGoing = 0;
  /** When such a step last began, epoch milliseconds. */
  #urgentAt = Number.NEGATIVE_INFINITY;

  constructor(deps: SendWriteBacksDeps) {
    this.#deps = deps;
    this.settler = new WriteBackSettler(deps);
  }

  /** Sends some of what is due, but for a few that are urgent: those are `stepUrgent`'s. */
  async step(signal: AbortSignal): Promise<Next> {
    const { bulk, singlesAtOnce } = this.#traits;
    const due = await this.#due(lanes);
    const few = this.#isUrgentAlone(due) ? due.filter(({ lane }) => !urgentLanes.includes(lane)) : due;
    const isUrgentLately = this.#deps.clock.now() - this.#urgentAt < urgentLatelyMs;
    const singles = isUrgentLately ? Math.ceil(singlesAtOnce / 4) : singlesAtOnce * claimedPerRequest;
    const most = bulk?.maxRecords ?? singles;
    return this.#go(few, { most, among: lanes, by: 'many', signal });
  }

  /** Sends what a webhook or a person waits for. */
  async stepUrgent(signal: AbortSignal): Promise<Next> {
    const due = await this.#due(urgentLanes);
    const { bulk, singlesAtOnce } = this.#traits;
    const goes = this.#isUrgentAlone(due) ? due : [];
    const isSingle = this.#deps.rule.writer.single !== undefined || bulk === null;
    const most = isSingle
      ? Math.ceil(singlesAtOnce / this.urgentSteps) * claimedPerRequest
      : bulk!.maxRecords;
    if (goes.length > 0) {
      this.#urgentGoing += 1;
      this.#urgentAt = this.#deps.clock.now();
    }
    try {
      return await this.#go(goes, { most, among: urgentLanes, by: isSingle ? 'single' : 'many', signal });
    } finally {
      if (goes.length > 0) this.#urgentGoing -= 1;
    }
  }

  /**
   * How many steps of what is urgent may go at once. Where people go one by one there are two, which share the requests that may be under
   * way: one sends while the other claims or settles.
   */
  get urgentSteps(): number {
    const { bulk, singlesAtOnce } = this.#traits;
    const isSingle = this.#deps.rule.writer.single !== undefined || bulk === null;
    return isSingle && singlesAtOnce > 1 ? 2 : 1;
  }

  get #traits() {
    const { writer, settings, create } = this.#deps.rule;
    return writer.traits(settings, { create });
  }

  #due(among: readonly Lane[]) {
    const { database, clock, rule } = this.#deps;
    return dueWriteBacks(database, rule.source, { now: clock.now(), most: 1_000, among });
  }

  #isUrgentAlone(due: readonly { lane: Lane; due: number }[]): boolean {
    if (this.#traits.bulk === null) return true;
    return (
      due.reduce((sum, one) => sum + (urgentLanes.includes(one.lane) ? one.due : 0), 0) <= maxUrgentSingles
    );
  }

  async #go(
    due: readonly { lane: Lane; due: number }[],
    plan: { most: number; among: readonly Lane[]; by: 'single' | 'many'; signal: AbortSignal },
  ): Promise<Next> {
    const { database, clock, rule, newLease } = this.#deps;
    if (due.length === 0) {
      const next = await nextWriteBackDue(database, rule.source, plan.among);
      // What is due now is the other loop's.
      return next !== null && next <= clock.now()
        ? { again: false, afterMs: 1_000 }
        : { again: false, due: next };
    }
    const mostNow = await this.#mostNow();
    if (mostNow === 0) return { again: false, afterMs: 1_000 };
    const lease = newLease();
    const at = clock.now();
    const counts = lanes.map((lane) => due.find((one) => one.lane === lane)?.due ?? 0);
    const most = apportion(Math.min(plan.most, mostNow), counts).map((most, number) => ({
      lane: lanes[number]!,
      most,
    }));
    const claimed = await claimWriteBacks(database, rule, { lease, now: at, leaseMs, most });
    if (claimed.length === 0) return { again: false, afterMs: 250 };
    const extend: ConstructorParameters<typeof HeldClaims>[0]['extend'] = (held) =>
      extendWriteBacks(database, rule.source, held);
    const held = new HeldClaims({ ...this.#deps, extend }, lease, claimed, at);
    try {
      const by = mostNow === 1 ? 'single' : plan.by;
      const attributes = { 'tributary.source': rule.source, 'tributary.customers': claimed.length };
      const causes = claimed.map(({ traceparent }) => traceparent);
      await this.#deps.tracer.begin('write back', { kind: 'consumer', attributes, causes }, () =>
        this.#send(claimed, { lease, held, by, signal: plan.signal }),
      );
    } finally {
      held.stop();
    }
    return { again: true };
  }

  /** How many may be written now: one where it is tried whether the vendor accepts it again. */
  async #mostNow(): Promise<number> {
    const { database, clock, rule, health } = this.#deps;
    if (rule.dryRun) return 0;
    const paused = await listPauses(database);
    if (paused.has(rule.source)) return 0;
    const own = paused.get(writeBackName(rule.source));
    if (own) {
      if (!(await takeTrial(database, writeBackName(rule.source), clock.now()))) return 0;
      if (own.cause === 'unauthorized') health.beginTrial();
      return 1;
    }
    if (health.waitMs > 0) return 0;
    return health.isUp ? Number.POSITIVE_INFINITY : 1;
  }

  /** A person asks for it: what waits for a later moment goes now. */
  async hurry(): Promise<void> {
    const { database, clock, rule, health } = this.#deps;
    health.tryNow();
    await pullWriteBacksForward(database, rule.source, clock.now());
  }

  async #send(
    claimed: readonly ClaimedWriteBack[],
    going: { lease: string; held: HeldClaims; by: 'single' | 'many'; signal: AbortSignal },
  ): Promise<void> {
    const { rule } = this.#deps;
    const sending: Sending[] = [];
    const idle: { sourceId: string; revision: number; recordId: string | null; isUnlinked: boolean }[] = [];
    for (const { wanted, acknowledged, lane, inDoubt, writtenTo, ...row } of claimed) {
      // Of another record than was written nothing is known.
      const isOther = row.recordId !== null && writtenTo !== null && row.recordId !== writtenTo;
      const doubt = row.uncertain || isOther ? inDoubt : null;
      const attributes = attributesToWrite(wanted, acknowledged, doubt);
      const isUnlinked = row.recordId === null && !rule.create;
      if (isUnlinked || Object.keys(attributes).length === 0) idle.push({ ...row, isUnlinked });
      else sending.push({ ...row, attributes, lane: lanes[lane]! });
    }
    const isUrgent = sending.some(({ lane }) => urgentLanes.includes(lane));
    const yields = () => !isUrgent && this.#urgentGoing > 0;
    const atOnce = Math.ceil(this.#traits.singlesAtOnce / (isUrgent ? this.urgentSteps : 1));
    const flow = new Flow(this.#deps, this.settler, { ...going, yields, atOnce });
    await this.settler.settleIdle({ lease: going.lease }, idle);
    const [alone, together] = [sending.filter((one) => one.alone), sending.filter((one) => !one.alone)];
    if (this.#traits.bulk === null || going.by === 'single') return flow.singles(sending);
    await flow.many(together);
    await flow.singles(alone);
  }
}

/** What one claim sends. */
class Flow {
  readonly #deps: SendWriteBacksDeps;
  readonly #settler: WriteBackSettler;
  readonly #going: Going;
  #settlements: Promise<void>[] = [];
  /**
   * Those who were written one by one are settled with others whose answers came meanwhile: in the span of the claim, in whatever
   * trace one of them was written.
   */
  readonly #together = new Together<{ person: Sending; outcome: WriteOutcome }>(
    AsyncResource.bind((some) =>
      this.#settle(
        some.map(({ person }) => person),
        some.map(({ outcome }) => outcome),
      ),
    ),
  );

  constructor(deps: SendWriteBacksDeps, settler: WriteBackSettler, going: Going) {
    this.#deps = deps;
    this.#settler = settler;
    this.#going = going;
  }

  get #traits() {
    const { writer, settings, create } = this.#deps.rule;
    return writer.traits(settings, { create });
  }

  #context(people: readonly Sending[]): Context<unknown> {
    const { endpoint, health, rule, clock } = this.#deps;
    const { signal, held } = this.#going;
    const lane = lanes.find((lane) => people.some((one) => one.lane === lane)) ?? 'backfill';
    const api = endpoint.api(lane, { signal, discreet: true, isOurs: held.areOurs });
    return { settings: rule.settings, api: health.guard(api, signal), files: localFiles, now: clock.now() };
  }

  /** Why nothing more is sent now, or null. */
  #hindrance(): string | null {
    const { health } = this.#deps;
    if (this.#going.signal.aborted) return 'stopped';
    return health.waitMs > 0 ? 'the vendor does not answer' : null;
  }

  async singles(people: readonly Sending[]): Promise<void> {
    let next = 0;
    const { tracer, rule } = this.#deps;
    // Where others asked for those who were claimed together, each goes on in the trace that asked for it.
    const areTracedApart = areOfSeveralTraces(people.map(({ traceparent }) => traceparent));
    const attributes = { 'tributary.source': rule.source };
    const asCustomer = { tracer, name: 'write back customer', attributes };
    const work = async (_: unknown, place: number) => {
      while (next < people.length) {
        // The first goes on, so that the rest is not kept waiting for good.
        if (place > 0 && this.#going.yields() && this.#hindrance() === null)
          await this.#deps.clock.sleep(yieldMs, this.#going.signal);
        else {
          const person = people[next++]!;
          const write = () => this.#single(person);
          await (areTracedApart ? inTraceOf(person.traceparent, asCustomer, write) : write());
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#going.atOnce, people.length) }, work));
    await Promise.all(this.#settlements.splice(0));
  }

  async #single(person: Sending): Promise<void> {
    const { writer } = this.#deps.rule;
    const hindrance = this.#hindrance();
    if (hindrance !== null) return this.#putBack([person], hindrance);
    if (!writer.single) return void (await this.#submit([person]));
    const sent = { ...person, sentAt: this.#deps.clock.now() };
    try {
      const outcome = await writer.single.write(this.#context([person]), writeOf(person));
      // The next one need not wait until this one is settled.
      const settled = this.#together
        .add({ person: sent, outcome })
        .catch((error: unknown) => this.#fail([sent], error));
      // It is awaited when all are sent: until then a failure of it is nobody's.
      settled.catch(() => {});
      this.#settlements.push(settled);
    } catch (error) {
      await this.#fail([sent], error);
    }
  }

  /** In as few requests as their size allows. */
  async many(people: readonly Sending[]): Promise<void> {
    let rest = people;
    while (rest.length > 0) {
      const hindrance = this.#hindrance();
      if (hindrance !== null) return this.#putBack(rest, hindrance);
      const part = this.#firstPart(rest);
      rest = rest.slice(part.length);
      if ((await this.#submit(part)) === 'refused') await this.#bisect(part);
    }
  }

  #firstPart(people: readonly Sending[]): readonly Sending[] {
    const { writer, settings } = this.#deps.rule;
    const { maxRecords, maxBytes } = this.#traits.bulk!;
    let bytes = 0;
    let count = 0;
    for (const person of people) {
      bytes += Buffer.byteLength(JSON.stringify(writer.payload([writeOf(person)], settings)));
      if (count > 0 && (count === maxRecords || bytes > maxBytes)) break;
      count += 1;
    }
    return people.slice(0, count);
  }

  /** One request. `refused`: as a whole, and more than one person was in it. */
  async #submit(people: readonly Sending[]): Promise<'taken' | 'refused' | 'over'> {
    const { writer, create } = this.#deps.rule;
    const { bulk } = this.#traits;
    const sentAt = this.#deps.clock.now();
    const part = people.map((person) => ({ ...person, sentAt }));
    const job = bulk?.isJob ? await this.#keepJob(part, lostJobMs[0]) : null;
    try {
      const answer = await writer.write(this.#context(part), part.map(writeOf), { create });
      if ('jobId' in answer) await this.#carry(part, job, answer.jobId, jobDelayMs(part.length, 0));
      else {
        if (job !== null) await endJob(this.#deps.database, job);
        await this.#settle(part, answer);
      }
      return 'taken';
    } catch (error) {
      if (job !== null && isUndone(error)) await endJob(this.#deps.database, job);
      else if (job !== null) await loseJob(this.#deps.database, job, this.#deps.clock.now() + lostJobMs[0]);
      const isRefusal = error instanceof RejectedError && error.code !== unknownAttribute;
      if (isRefusal && part.length > 1) return 'refused';
      await this.#fail(part, error);
      return 'over';
    }
  }

  async #bisect(refused: readonly Sending[]): Promise<void> {
    await bisect(refused, {
      ask: (part) => this.#submit(part),
      alone: (part) => this.singles(part),
      leave: (part) => this.#putBack(part, 'its request was refused as a whole', { alone: true }),
      mayAsk: () => this.#hindrance() === null,
      atOnce: 2,
    });
  }

  /** Where the answer tells nothing of single people, some are read back before they count as written. */
  async #settle(
    part: readonly Sending[],
    outcomes: Parameters<WriteBackSettler['settle']>[2],
  ): Promise<void> {
    const { writer } = this.#deps.rule;
    const accepted = new Set(outcomes.flatMap((one) => (one.result === 'accepted' ? [one.sourceId] : [])));
    const carrier = { lease: this.#going.lease };
    if (this.#traits.answers === 'each') return this.#settler.settle(carrier, part, outcomes);
    const unproven = part.filter(({ sourceId, recordId }) => accepted.has(sourceId) && recordId !== null);
    const others = part.filter((person) => !unproven.includes(person));
    if (others.length > 0) await this.#settler.settle(carrier, others, outcomes);
    if (unproven.length === 0) return;
    const lagMs = (writer.read.lagSeconds ?? 0) * 1000;
    const job = await this.#keepJob(unproven, lagMs);
    await this.#carry(unproven, job, readBackJob, lagMs);
  }

  /** Kept before it is sent, so that others know of it where the answer is lost, or this worker. */
  async #keepJob(part: readonly Sending[], dueInMs: number): Promise<string> {
    const { database, clock, rule } = this.#deps;
    const id = randomUUID();
    const items = part.map(({ alone: _, lane: __, traceparent: ___, ...person }) => person);
    const now = clock.now();
    const { lease } = this.#going;
    await keepJob(database, { id, source: rule.source, items, now, dueAt: now + dueInMs, lease });
    return id;
  }

  /** Hands these over to a job: any worker may ask about it. */
  async #carry(
    part: readonly Sending[],
    kept: string | null,
    vendorId: string,
    dueInMs: number,
  ): Promise<void> {
    const { database, clock, rule } = this.#deps;
    const jobId = kept ?? (await this.#keepJob(part, dueInMs));
    const dueAt = clock.now() + dueInMs;
    const { lease } = this.#going;
    const sourceIds = part.map(({ sourceId }) => sourceId);
    await database.transaction(async (tx) => {
      await nameJob(tx, jobId, { vendorId, dueAt });
      await assignToJob(tx, rule.source, { lease, jobId, sourceIds });
    });
  }

  #fail(part: readonly Sending[], error: unknown): Promise<void> {
    const stopped = this.#going.signal.aborted;
    return this.#settler.settleFailure({ lease: this.#going.lease }, part, error, { stopped });
  }

  #putBack(part: readonly Sending[], message: string, options: { alone?: boolean } = {}): Promise<void> {
    return this.#settler.putBack({ lease: this.#going.lease }, part, message, options);
  }
}

function writeOf({ sourceId, recordId, attributes }: SentPerson): PersonWrite {
  return { sourceId, recordId, attributes };
}
