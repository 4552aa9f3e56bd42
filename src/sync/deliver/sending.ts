// Customers on their way: one by one, in bulk or as a file, completed with what others own, in smaller parts where a batch
// is too large or refused as a whole. It knows neither when nor why they are sent.
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import {
  type ActionKind,
  type Context,
  type Destination,
  type JsonObject,
  type Outcome,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Circuit } from '../../engine/http/circuit.ts';
import { inTraceOf, type Tracer } from '../../engine/trace/trace.ts';
import { areOfSeveralTraces } from '../../engine/trace/traceparent.ts';
import { classify, isOwnQuotaWait, isRefusal, isUndone } from '../../engine/work/failures.ts';
import type { RightOfWay } from '../../engine/work/right-of-way.ts';
import { Together } from '../../engine/work/together.ts';
import type { BatchItem } from '../../tables/batch-items.ts';
import {
  type Batch,
  endBatch,
  keepBatch,
  type Loss,
  loseBatch,
  nameBatch,
  noAction,
} from '../../tables/batches.ts';
import { assignToBatch } from '../../tables/deliveries.ts';
import { forgetParts } from '../../tables/destination-customers.ts';
import type { ReadCustomers } from '../census/census.ts';
import type { BatchSize } from './batch-size.ts';
import { bisect, smallestWithoutCalls } from './bisect.ts';
import { bytesOf, type Writing } from './difference.ts';
import { type FirstFile, type FirstLoad, fileConfirmMs } from './first-load.ts';
import type { Health, Verdict } from './health.ts';
import { expectLate, type LateWrites } from './late-writes.ts';
import { type Learning, readsLagMs, type Split } from './learning.ts';
import { looksAt } from './lost-action.ts';
import { lostActionMs, pollDelayMs } from './polling.ts';
import { longWaitMs, type Traits } from './route.ts';
import type { Settler } from './settling.ts';

/** Refused parts that are halved at once. */
const bisectedAtOnce = 3;

/** So many payloads are completed in one turn of the event loop: others have the next one. */
const completedAtOnce = 250;

export interface SendDeps {
  database: Database;
  clock: Clock;
  destination: Destination<unknown>;
  traits: Traits;
  settler: Settler;
  circuit: Circuit;
  size: BatchSize;
  firstLoad: FirstLoad;
  /** What the destination holds of those claimed, where it is known without reading each. */
  known: ReadCustomers;
  tracer: Tracer;
  /** The spans that asked for those claimed, by source ID. */
  traces: ReadonlyMap<string, string | null>;
  learning: Learning;
  lateWrites: LateWrites;
  /** How long until the quotas allow a bulk call, milliseconds. */
  bulkWaitMs(): number;
  /** The destination has no bulk for this account, though its traits say so. */
  onNoBulk(reason: string): void;
  /** The destination was paused for its credentials. */
  onPaused(): void;
  health: Health;
  rightOfWay: RightOfWay;
}

/** What became of a part that was to be sent in bulk. `spent`: no quota was left for it. `over`: it failed, and is settled. */
type PartEnd = 'taken' | 'refused' | 'too large' | 'too large on the way' | 'no bulk' | 'spent' | 'over';

const removedOnce =
  'it was deleted; once more when an earlier write whose result is unknown cannot arrive any more';

/** Sends what was claimed under one lease. */
export class Sender {
  readonly #deps: SendDeps;
  readonly #lease: string;
  readonly #signal: AbortSignal;
  readonly #context: (about?: string) => Context<unknown>;
  readonly #areOurs: () => boolean;
  /** Payloads completed with what others own, so that a part sent again in smaller ones is not read again. */
  readonly #completed = new Map<string, JsonObject>();
  /** Those that the destination is known not to have. */
  readonly #absent = new Set<string>();
  /** What is left out of a customer in bulk, to see whether it stays. */
  readonly #leftOut = new Map<
    string,
    { payload: JsonObject; fields: readonly string[]; writtenAt: number | undefined }
  >();
  /** Those who were sent one by one are settled with others whose answers came meanwhile. */
  readonly #ended = new Together<{ writing: Writing; outcome: Outcome }>(async (some) => {
    const outcomes = new Map(some.map(({ writing, outcome }) => [writing.sourceId, outcome]));
    const sent = some.map(({ writing }) => writing);
    await this.#deps.settler.settle({ lease: this.#lease }, sent, outcomes);
  });
  readonly #areTracedApart: boolean;
  #paused = false;
  /** No call is allowed before: those that are left wait for it together. */
  #quotaWait: { message: string; dueAt: number } | null = null;

  /** `areOurs`: whether nobody else can have taken up what was claimed. */
  constructor(
    deps: SendDeps,
    lease: string,
    signal: AbortSignal,
    context: (about?: string) => Context<unknown>,
    areOurs: () => boolean,
  ) {
    this.#deps = deps;
    this.#lease = lease;
    this.#signal = signal;
    this.#context = context;
    this.#areOurs = areOurs;
    this.#areTracedApart = areOfSeveralTraces(deps.traces.values());
  }

  /** One by one, several at a time. What better not be sent now is put back. */
  async singles(toWrite: readonly Writing[]): Promise<void> {
    const waiting = [...toWrite];
    const sender = async () => {
      for (let writing = waiting.shift(); writing; writing = waiting.shift()) {
        const hindrance = this.#hindrance();
        if (hindrance !== null) return this.#putBack([writing, ...waiting.splice(0)], hindrance);
        if (this.#quotaWait !== null) {
          const { message, dueAt } = this.#quotaWait;
          return this.#putBack([writing, ...waiting.splice(0)], message, { dueAt });
        }
        await this.#inOwnTrace(writing, () => this.#one(writing));
      }
    };
    await Promise.all(
      Array.from({ length: Math.min(this.#deps.traits.singlesAtOnce, toWrite.length) }, sender),
    );
  }

  /** Where others asked for those who were claimed together, each goes on in the trace that asked for it. */
  #inOwnTrace(writing: Writing, send: () => Promise<void>): Promise<void> {
    const { tracer, traces } = this.#deps;
    if (!this.#areTracedApart) return send();
    return inTraceOf(traces.get(writing.sourceId) ?? null, { tracer, name: 'deliver customer' }, send);
  }

  /** Why nothing more of this claim should be sent now, or null. */
  #hindrance(): string | null {
    const { circuit, clock } = this.#deps;
    if (this.#signal.aborted) return 'stopped';
    if (!this.#areOurs()) return 'this worker was stopped for longer than it may hold them';
    if (this.#paused || this.#deps.health.isHoldingBack) return 'the destination is paused';
    return circuit.isOpen(clock.now()) ? 'the destination fails again and again' : null;
  }

  async #putBack(
    unsent: readonly Writing[],
    message: string,
    { alone, dueAt }: { alone?: true; dueAt?: number } = {},
  ): Promise<void> {
    if (unsent.length > 0)
      await this.#deps.settler.putBack(this.#lease, unsent, { message, dueAt, ...(alone && { alone }) });
  }

  async #one(writing: Writing): Promise<void> {
    try {
      const context = this.#context(writing.sourceId);
      if (writing.action === 'write') this.#deps.lateWrites.forget(writing.sourceId);
      const outcome =
        writing.action === 'remove'
          ? await this.#remove(context, writing.sourceId)
          : await this.#upsert(context, writing);
      if (writing.action === 'remove' && outcome.result === 'accepted') {
        await forgetParts(this.#deps.database, [writing.sourceId]);
        const dueAt = this.#removedAgainAt(writing);
        if (dueAt !== null) return await this.#putBack([writing], removedOnce, { dueAt });
      }
      await this.#ended.add({ writing, outcome });
    } catch (error) {
      if (writing.action === 'write' && !isUndone(error)) {
        const { database, clock } = this.#deps;
        await database.transaction((tx) => expectLate(tx, [writing], clock.now()));
      }
      await this.#settleFailure([writing], error);
    }
  }

  /** `unheard`: the batch that may have been taken all the same. */
  async #settleFailure(
    sent: readonly Writing[],
    error: unknown,
    unheard: Batch | null = null,
  ): Promise<void> {
    const { health, settler, clock, onPaused } = this.#deps;
    const ids = sent.map(({ sourceId }) => sourceId);
    const verdict = await health.judge(ids, error, this.#signal);
    if (verdict.paused) {
      this.#paused = true;
      onPaused();
    }
    if (isOwnQuotaWait(error))
      this.#quotaWait = { message: error.message, dueAt: clock.now() + (error.retryAfterMs ?? 1_000) };
    const isLost = unheard !== null && !verdict.blamed && (await this.#lose(unheard, error, verdict));
    if (!isLost) await settler.settleFailure({ lease: this.#lease }, sent, error, verdict);
  }

  /** Leaves its customers to the action that they may have begun, until it is found or given up. False where it cannot be. */
  async #lose(batch: Batch, error: unknown, { counted }: Verdict): Promise<boolean> {
    const { database, clock, destination } = this.#deps;
    if (!destination.bulk?.lookup) return false;
    const now = clock.now();
    const answered = error instanceof TransientError && error.status !== undefined;
    const unavailable = answered && error.status === 503;
    const loss: Loss = { at: now, answered, unavailable, counted, message: (error as Error).message };
    const [dueAt = now] = looksAt({ ...loss, sentAt: batch.submittedAt, lostAt: now });
    return database.transaction(async (tx) => {
      if (!(await loseBatch(tx, batch.id, loss, dueAt))) return false;
      const ids = batch.items.map(({ sourceId }) => sourceId);
      await assignToBatch(tx, { lease: this.#lease, batchId: batch.id, sourceIds: ids });
      return true;
    });
  }

  async #upsert(context: Context<unknown>, writing: Writing): Promise<Outcome> {
    const payload = await this.#preserved(context, writing);
    const { destination, learning } = this.#deps;
    const write = { sourceId: writing.sourceId, payload };
    const outcome = await destination.upsert(context, write);
    if (outcome.result !== 'accepted' || !this.#isNew(writing)) return outcome;
    const splits = learning.splitsOf(writing, 'single');
    if (splits.length === 0) return outcome;
    const { isWhole } = await learning.oneAtATime(() => this.#learnSingly(context, writing, splits));
    return isWhole ? outcome : destination.upsert(context, write);
  }

  /** Nobody owns anything in it yet. */
  #isNew({ sourceId, sent }: Writing): boolean {
    return !sent && (this.#absent.has(sourceId) || this.#deps.known.get(sourceId) === null);
  }

  /** The first new ones, so many. */
  #newOnes(writings: readonly Writing[], most: number): Writing[] {
    const found: Writing[] = [];
    for (const writing of writings) {
      if (found.length === most) break;
      if (this.#isNew(writing)) found.push(writing);
    }
    return found;
  }

  /** Writes a part of a customer that is there as a whole. `isWhole`: false where it has lost the other part. */
  async #learnSingly(
    context: Context<unknown>,
    writing: Writing,
    splits: readonly Split[],
  ): Promise<{ isWhole: boolean; writtenAt?: number | undefined }> {
    const { destination, learning, clock } = this.#deps;
    const { sourceId } = writing;
    const payload = learning.firstParts(writing, splits);
    const part = await destination.upsert(context, { sourceId, payload });
    if (part.result === 'rejected') return { isWhole: true };
    const customer = part.result === 'accepted' ? part.customer : undefined;
    // Read at once, it might be shown as it was before.
    if (!customer) await clock.sleep(readsLagMs, this.#signal);
    const found = customer ?? (await destination.read(context, sourceId));
    if (!found) return { isWhole: false };
    const others = splits.flatMap((split) => split.others);
    return {
      isWhole: await learning.judge('single', others, found.fields),
      writtenAt: found.writtenAt,
    };
  }

  /**
   * One new customer of those that are to go in bulk is written by itself first, and then once more in bulk, without a part
   * that is looked for afterwards. Returns those that go in bulk.
   */
  async #learnInBulk(toWrite: readonly Writing[]): Promise<readonly Writing[]> {
    const { destination, learning, settler } = this.#deps;
    const candidates = this.#newOnes(toWrite, maxCandidates);
    const [writing] = candidates.toSorted((a, b) => splitsIn(learning, b) - splitsIn(learning, a));
    if (!writing || splitsIn(learning, writing) === 0) return toWrite;
    const others = toWrite.filter((one) => one !== writing);
    const { sourceId } = writing;
    const splits = learning.splitsOf(writing, 'bulk');
    const ofSingle = learning.splitsOf(writing, 'single');
    let writtenAt: number | undefined;
    try {
      const context = this.#context(sourceId);
      const outcome = await destination.upsert(context, { sourceId, payload: writing.payload ?? {} });
      if (outcome.result !== 'accepted') {
        await settler.settle({ lease: this.#lease }, [writing], new Map([[sourceId, outcome]]));
        return others;
      }
      writtenAt = outcome.customer?.writtenAt;
      await learning.oneAtATime(async () => {
        if (ofSingle.length === 0) return;
        writtenAt = (await this.#learnSingly(context, writing, ofSingle)).writtenAt ?? writtenAt;
      });
    } catch (error) {
      await this.#settleFailure([writing], error);
      return others;
    }
    const fields = splits.map(({ first }) => first);
    this.#leftOut.set(sourceId, { payload: learning.withoutFirst(writing, splits), fields, writtenAt });
    return [writing, ...others];
  }

  /** When a customer is taken away once more, since a write of which nothing was heard may still arrive; null: not again. */
  #removedAgainAt({ sourceId, uncertain }: Writing): number | null {
    const { lateWrites, clock } = this.#deps;
    return uncertain ? lateWrites.again(sourceId, clock.now()) : null;
  }

  /** Never for good: the customer may come back. */
  async #remove(context: Context<unknown>, sourceId: string): Promise<Outcome> {
    const { destination } = this.#deps;
    if (destination.remove) return destination.remove(context, sourceId, { permanent: false });
    const message = 'The destination offers no way to delete a customer: set "onOrphaned" to another policy.';
    return { sourceId, result: 'rejected', code: 'no_remove', message };
  }

  /** Others may keep something in the objects that we write in part, the vendor replaces these, and it is not in the payload yet. */
  #isToBeCompleted({ sourceId, partial }: Writing): boolean {
    const { destination, known, traits } = this.#deps;
    if (traits.partialWrites === 'merge' || !partial || !destination.preserve) return false;
    return known.get(sourceId) !== null && !this.#absent.has(sourceId) && !this.#completed.has(sourceId);
  }

  /** The payload, completed with what others keep in the objects that we write in part, where the vendor replaces them. */
  async #preserved(context: Context<unknown>, writing: Writing): Promise<JsonObject> {
    const { destination, known } = this.#deps;
    const { sourceId } = writing;
    const payload = this.#completed.get(sourceId) ?? writing.payload ?? {};
    if (!this.#isToBeCompleted(writing)) return payload;
    const current = known.get(sourceId) ?? (await destination.read(context, sourceId));
    if (current === null) {
      this.#absent.add(sourceId);
      return payload;
    }
    const completed = destination.preserve!(payload, current);
    this.#completed.set(sourceId, completed);
    return completed;
  }

  /** In as few bulk actions as their bytes and the size that is taken now allow. */
  async bulk(toWrite: readonly Writing[]): Promise<void> {
    const { size } = this.#deps;
    let rest: readonly Writing[] = this.#hindrance() === null ? await this.#learnInBulk(toWrite) : toWrite;
    let most = Number.POSITIVE_INFINITY;
    /** Refused for its size by something in between: that is believed once a smaller part is taken. */
    let unproven = Number.POSITIVE_INFINITY;
    while (rest.length > 0) {
      const hindrance = this.#hindrance();
      if (hindrance !== null) return this.#putBack(rest, hindrance);
      const next = this.#firstPart(rest, Math.min(size.records, most));
      const completed = await this.#completeAll(next);
      // What others own in them counts too, and is known only now.
      const part = completed === next ? next : this.#firstPart(completed, completed.length);
      rest = [...completed.slice(part.length), ...rest.slice(next.length)];
      const hindered = completed === next ? null : this.#hindrance();
      if (hindered !== null) return this.#putBack([...part, ...rest], hindered);
      if (part.length === 0) continue;
      const end = await this.#submit(part);
      if (end === 'taken' && part.length < unproven && unproven < Number.POSITIVE_INFINITY)
        size.tooLarge(unproven);
      if (end === 'taken') unproven = Number.POSITIVE_INFINITY;
      if (end === 'too large' || end === 'too large on the way') {
        most = Math.max(1, Math.floor(part.length / 2));
        rest = [...part, ...rest];
      }
      if (end === 'too large on the way') unproven = Math.min(unproven, part.length);
      if (end === 'refused') await this.#bisect(part);
      if (end === 'no bulk') return this.#withoutBulk([...part, ...rest]);
      // Nobody waits for bulk calls to be allowed again: they go one by one, as the next plan will have it.
      if (end === 'spent') return this.#putBack([...part, ...rest], 'no bulk call is left for now');
    }
  }

  /**
   * As one file those that it can carry, with nothing to complete: the destination is empty. Returns those that are to
   * go in bulk, which are all of them where no file may be sent or it was refused.
   */
  async file(toWrite: readonly Writing[]): Promise<readonly Writing[]> {
    const { destination, firstLoad, traits } = this.#deps;
    const limits = traits.firstLoad;
    if (!limits || this.#hindrance() !== null) return toWrite;
    let file: FirstFile | null;
    try {
      file = await firstLoad.file(this.#context, toWrite, limits);
    } catch (error) {
      if (!(error instanceof TransientError)) {
        const said = `it could not be asked what the file may hold: ${(error as Error).message}`;
        if (isRefusal(error)) return this.#afterRefusedFile(toWrite, error, said);
        firstLoad.end(said);
        return toWrite;
      }
      await this.#settleFailure(toWrite, error);
      return [];
    }
    if (file === null) return toWrite;
    const { content, part, rest } = file;
    const { error, unheard } = await this.#carried(part, 'file', () =>
      destination.firstLoad!.submit(this.#context(), content),
    );
    if (error !== null) {
      if (error instanceof RejectedError) {
        firstLoad.end(`the destination refused one: ${error.message}`);
        return toWrite;
      }
      if (error instanceof UnauthorizedError)
        return this.#afterRefusedFile(toWrite, error, `the destination refused one: ${error.message}`);
      if (endOf(error) === 'spent' && !this.#signal.aborted) {
        await this.#putBack(toWrite, 'no bulk call is left for now');
        return [];
      }
      if (isForeign(error) && unheard === null) {
        firstLoad.end(`something in between refused one: ${error.message}`);
        return toWrite;
      }
      await this.#settleFailure(part, error, unheard);
    }
    return rest;
  }

  /** They wait until the refusal is confirmed: of everybody by a read, which pauses; of files when the next one is refused too. */
  async #afterRefusedFile(
    toWrite: readonly Writing[],
    error: RejectedError | UnauthorizedError,
    said: string,
  ): Promise<readonly Writing[]> {
    const { firstLoad, health, clock, onPaused } = this.#deps;
    if (error instanceof UnauthorizedError && (await health.confirmRefused(error, this.#signal))) {
      this.#paused = true;
      onPaused();
    } else if (firstLoad.refused(said)) return toWrite;
    await this.#putBack(toWrite, error.message, { dueAt: clock.now() + fileConfirmMs });
    return [];
  }

  /** The first of them, so many that the body stays under its limit; the array's own commas and brackets are counted. */
  #firstPart(toWrite: readonly Writing[], maxRecords: number): readonly Writing[] {
    const { maxBytes } = this.#deps.traits.bulk!;
    let bytes = 2;
    let records = 0;
    for (const writing of toWrite) {
      const completed = this.#completed.get(writing.sourceId);
      bytes += (completed ? bytesOf(completed) : writing.bytes) + 1;
      if (records > 0 && (bytes > maxBytes || records === maxRecords)) break;
      records += 1;
    }
    return toWrite.slice(0, records);
  }

  /**
   * Completes their payloads, so many in a turn of the event loop. One that cannot be read is settled by itself, and those
   * that something hinders are put back: both are left out. Returns `part` itself where nothing was to be completed.
   */
  async #completeAll(part: readonly Writing[]): Promise<readonly Writing[]> {
    const open = part.filter((writing) => this.#isToBeCompleted(writing));
    if (open.length === 0) return part;
    const failed = new Set<Writing>();
    const hindered = new Map<Writing, string>();
    const complete = async (writing: Writing) => {
      const hindrance = this.#hindrance();
      if (hindrance !== null) return void hindered.set(writing, hindrance);
      try {
        await this.#preserved(this.#context(writing.sourceId), writing);
      } catch (error) {
        failed.add(writing);
        await this.#settleFailure([writing], error);
      }
    };
    for (let at = 0; at < open.length; at += completedAtOnce) {
      await atMost(this.#deps.traits.singlesAtOnce, open.slice(at, at + completedAtOnce), complete);
      await setImmediate();
    }
    const [hindrance = ''] = hindered.values();
    await this.#putBack([...hindered.keys()], hindrance);
    return part.filter((writing) => !failed.has(writing) && !hindered.has(writing));
  }

  async #withoutBulk(unsent: readonly Writing[]): Promise<void> {
    const few = this.#deps.traits.singlesAtOnce * 4;
    await this.#putBack(unsent.slice(few), 'the destination takes no bulk');
    await this.singles(unsent.slice(0, few));
  }

  async #submit(part: readonly Writing[]): Promise<PartEnd> {
    const { destination, size, onNoBulk, health } = this.#deps;
    const writes = part.map(({ sourceId, payload }) => ({
      sourceId,
      payload: this.#leftOut.get(sourceId)?.payload ?? this.#completed.get(sourceId) ?? payload ?? {},
    }));
    const { error, unheard } = await this.#carried(part, 'bulk', () =>
      destination.bulk!.submit(this.#context(), writes),
    );
    if (error !== null) {
      const end = this.#signal.aborted ? 'over' : this.#endOf(part, error);
      if (end === 'no bulk') onNoBulk((error as Error).message);
      if (end === 'too large') {
        const named = maxRecordsIn(error);
        if (named === null || named >= part.length) size.tooLarge(part.length);
        else size.limitedTo(named);
      }
      if (end === 'no bulk' || end === 'spent' || end === 'too large on the way') return end;
      if (end === 'too large' || end === 'refused') {
        if (part.length > 1) return end;
        await this.singles(part);
        return 'over';
      }
      if (end === 'timed out') size.timedOut(part.length);
      if (isForeign(error)) health.trip(error);
      await this.#settleFailure(part, error, unheard);
      return 'over';
    }
    health.noteAccepted();
    size.taken(part.length);
    return 'taken';
  }

  /**
   * What a failed bulk call says of the next one. A refusal by something in between is taken for one customer's fault, or for
   * one of bulk alone, only where writes got through since it refused a bulk call before, and for one of size only down to a
   * few customers.
   */
  #endOf(part: readonly Writing[], error: unknown): ReturnType<typeof endOf> | 'too large on the way' {
    if (!isForeign(error)) return endOf(error);
    if (error.status === 413) return part.length > smallestRefused ? 'too large on the way' : 'over';
    if (!this.#deps.health.bulkGotThroughSince()) return 'over';
    if (isNoSuchPath(error)) return 'no bulk';
    return mayBeAboutOne(error) ? 'refused' : 'over';
  }

  /**
   * Hands these over to an action: once it is named, any worker may ask about it. It is kept before it is sent, so that
   * others know of it where the answer is lost, or this worker. `error`: what `submit` threw, or null; `unheard`: the batch
   * where it may be carried out all the same.
   */
  async #carried(
    part: readonly Writing[],
    kind: ActionKind,
    submit: () => Promise<{ actionId: string }>,
  ): Promise<{ error: unknown; unheard: Batch | null }> {
    const { database, clock, rightOfWay } = this.#deps;
    const id = randomUUID();
    const items: BatchItem[] = part.map(({ sourceId, revision, acknowledges, attempts, uncertain }) => ({
      sourceId,
      revision,
      acknowledges,
      attempts,
      uncertain,
      ...this.#lookedFor(sourceId),
    }));
    const batch: Batch = { ...noAction, id, kind, items, submittedAt: clock.now() };
    const dueAt = batch.submittedAt + lostActionMs;
    const yieldToUrgent = rightOfWay.yieldWithLocks();
    await database.transaction((tx) => keepBatch(tx, batch, { dueAt, lease: this.#lease, yieldToUrgent }));
    try {
      const { actionId } = await submit();
      const now = clock.now();
      await database.transaction(async (tx) => {
        await nameBatch(
          tx,
          { ...batch, actionId },
          { now, dueAt: now + pollDelayMs({ customers: items.length, polls: 0 }) },
        );
        const ids = items.map((item) => item.sourceId);
        await assignToBatch(tx, { lease: this.#lease, batchId: id, sourceIds: ids, yieldToUrgent });
      });
      return { error: null, unheard: null };
    } catch (error) {
      if (!isUndone(error)) return { error, unheard: batch };
      await endBatch(database, id);
      return { error, unheard: null };
    }
  }

  #lookedFor(sourceId: string): Pick<BatchItem, 'leftOut' | 'writtenAt'> {
    const { fields, writtenAt } = this.#leftOut.get(sourceId) ?? {};
    return { ...(fields && { leftOut: fields }), ...(writtenAt !== undefined && { writtenAt }) };
  }

  /** A batch refused as a whole is halved until the customers that cause it stand alone, as far as the quota allows. */
  async #bisect(refused: readonly Writing[]): Promise<void> {
    const { bulkWaitMs } = this.#deps;
    const leave = (part: readonly Writing[]) =>
      this.#putBack(part, 'its batch was refused as a whole', { alone: true });
    await bisect(refused, {
      ask: async (part) => {
        const end = await this.#submit(part);
        if (end === 'taken' || end === 'refused' || end === 'over') return end;
        if (part.length <= smallestWithoutCalls) await this.singles(part);
        else await leave(part);
        return 'over';
      },
      alone: (part) => this.singles(part),
      leave,
      mayAsk: () => this.#hindrance() === null && bulkWaitMs() <= longWaitMs,
      atOnce: bisectedAtOnce,
    });
  }
}

/** So many new customers are looked through for one that can show most. */
const maxCandidates = 200;

function splitsIn(learning: Learning, writing: Writing): number {
  return learning.splitsOf(writing, 'bulk').length;
}

/** A part as small as this is not refused for its size: then it is everybody. */
const smallestRefused = 10;

/** The answer of something in between, and not a failure of it. */
function isForeign(error: unknown): error is TransientError {
  return (
    error instanceof TransientError && error.foreign && (error.status ?? 500) < 500 && error.status !== 429
  );
}

/** Something in between lets only some paths through. */
function isNoSuchPath({ status = 0 }: TransientError): boolean {
  return status === 404 || status === 405;
}

/** What a firewall says of a body. Redirects and missing paths are of no body. */
function mayBeAboutOne({ status = 0 }: TransientError): boolean {
  return (status >= 200 && status < 300) || [400, 403, 406, 418, 422, 451].includes(status);
}

/** How many customers the refusal says that a call may hold. */
function maxRecordsIn(error: unknown): number | null {
  const details = error instanceof RejectedError ? error.details : undefined;
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return null;
  const { maxRecords } = details;
  return typeof maxRecords === 'number' && maxRecords >= 1 ? Math.floor(maxRecords) : null;
}

/** What a failed bulk call says of the next one. */
function endOf(error: unknown): 'refused' | 'too large' | 'no bulk' | 'spent' | 'timed out' | 'over' {
  const failure = classify(error);
  if (failure.kind === 'rejected') {
    const { code, status } = failure.error;
    if (code === 'missing_feature') return 'no bulk';
    return status === 413 || code === 'payload_too_large' ? 'too large' : 'refused';
  }
  if (failure.kind === 'quota') return 'spent';
  if (failure.kind !== 'transient' || !failure.error.uncertain) return 'over';
  const { status } = failure.error;
  return status === undefined || status === 408 || status === 504 ? 'timed out' : 'over';
}

/** Works through them with at most `most` under way. */
async function atMost<Item>(
  most: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
}
