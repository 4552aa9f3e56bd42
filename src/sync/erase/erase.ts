// Erasure: here at once and in one transaction; then at the destination, as soon as nothing under way can write the
// customer anew, again and again until it has answered. The log never names the person, only the receipt.
import { randomUUID } from 'node:crypto';
import {
  type Context,
  type Destination,
  type Outcome,
  RejectedError,
  TransientError,
  type UnauthorizedError,
} from '../../connector.ts';
import { isOpen } from '../../contract/erasure.ts';
import type { ErasureStatement } from '../../contract/receipt.ts';
import type { Database, Queryable } from '../../db/database.ts';
import { moment } from '../../db/moments.ts';
import type { Clock } from '../../engine/clock.ts';
import { fileHolds, localFiles, removeImport } from '../../engine/files.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import type { Log } from '../../engine/log/log.ts';
import { failureOf, lateWriteMs } from '../../engine/work/failures.ts';
import { type Backoff, backoffMs } from '../../engine/work/retry.ts';
import type { Next } from '../../engine/work/worker.ts';
import {
  type Answer,
  type Answers,
  claimErasure,
  type Erasure,
  endErasure,
  erasureDueAt,
  giveUpHashes,
  keepAnswers,
  keepErasure,
  lockClaimed,
  lockOpenErasure,
  putOffErasure,
} from '../../tables/erasures.ts';
import { destinationName, listPauses } from '../../tables/pauses.ts';
import { importedFiles } from '../../tables/runs.ts';
import type { ReceiptSigner } from '../../tables/signed-receipts.ts';
import type { Suppressions } from '../../tables/suppressions.ts';
import { lostJobMs } from '../../tables/write-back-jobs.ts';
import { iso } from '../../words.ts';
import type { WriteBackRules } from '../facts/write-back-rules.ts';
import type { Rules } from '../intake/rules.ts';
import { type Forgotten, forget, maxAttemptMs } from './forget.ts';
import { clearAtVendor, vendorAnswers, vendorStore } from './vendors.ts';

/** Longer than any request. */
const leaseMs = 300_000;

const backoff: Backoff = { baseMs: 2_000, capMs: 900_000 };

/** What was rejected may be accepted when somebody has corrected the cause. */
const rejectedMs = 3_600_000;

/** How often what is under way is asked after. */
const lookMs = 1_000;

const laterMs = 5_000;

export interface EraseDeps {
  database: Database;
  rules: Rules;
  clock: Clock;
  log: Log;
  /** This machine: files given to it are searched by it alone. */
  host: string;
  destination: Destination<unknown>;
  settings: unknown;
  endpoint: Endpoint;
  /** What was written back is cleared at the vendors. */
  writeBack: WriteBackRules;
  /** Of the vendor of a source; null where it has none. */
  vendor(source: string): Endpoint | null;
  /** The account of the destination, as receipts name it. */
  account: string;
  receipts: ReceiptSigner;
  /** A lease of this worker, new for each claim. */
  newLease(): string;
  /** The destination refused the credentials. True where every call is refused, and the destination is paused. */
  confirmRefused(error: UnauthorizedError, signal: AbortSignal): Promise<boolean>;
}

export interface EraseRequest {
  sourceId: string;
  /** At the destination: for good, with all that hangs on the customer. */
  permanent: boolean;
  now: number;
}

/**
 * Forgets one customer in every table and keeps the receipt, by which the destination will be told; all or nothing, in
 * the caller's transaction. Known or not makes no difference. An erasure that is open is taken further, none is begun
 * anew. Throws SecretKeyError where erased customers could not be recognised again.
 */
export async function requestErasure(
  tx: Queryable,
  deps: { rules: Rules; suppressions: Suppressions },
  { sourceId, permanent, now }: EraseRequest,
): Promise<Erasure> {
  const { rules, suppressions } = deps;
  await suppressions.fence(tx);
  const subject = suppressions.hash({ sourceId });
  const open = await lockOpenErasure(tx, subject);
  const emails = open?.answers['suppression']?.emails ?? [];
  const forgotten = await forget(tx, rules, { sourceId, emails, now }, () => true);
  const known = open?.answers['suppression']?.hashes ?? [];
  const hashes = [
    ...new Set([...known, ...forgotten.traits.map((trait) => suppressions.hash(trait))]),
  ].sort();
  await suppressions.keep(tx, hashes, now);
  const answers = firstAnswers(forgotten, hashes, await hostsOf(tx, now), now);
  if (!open) {
    const receipt = { id: randomUUID(), subject, sourceId, permanent, answers, requestedAt: now };
    return keepErasure(tx, receipt, now);
  }
  // What was answered stays answered, unless there was something again.
  for (const [store, answer] of Object.entries(open.answers))
    if (answers[store]?.answer === 'nothing' || answers[store] === undefined) answers[store] = answer;
  return keepErasure(tx, { ...open, permanent: open.permanent || permanent, answers }, now);
}

/** Lets a person come back who was erased. How many hashes were lifted, or null while an erasure has not ended. */
export async function liftSuppression(
  tx: Queryable,
  suppressions: Suppressions,
  { sourceId, now }: { sourceId: string; now: number },
): Promise<number | null> {
  await suppressions.fence(tx);
  const hashes = await giveUpHashes(tx, suppressions.hash({ sourceId }), now);
  return hashes && suppressions.lift(tx, hashes);
}

async function hostsOf(db: Queryable, now: number): Promise<Set<string>> {
  return new Set((await importedFiles(db, now)).map(({ host }) => host));
}

function firstAnswers(
  forgotten: Forgotten,
  hashes: string[],
  hosts: ReadonlySet<string>,
  now: number,
): Answers {
  const answers: Answers = {
    suppression: { answer: 'kept', at: now, rows: hashes.length, hashes, emails: forgotten.emails },
  };
  for (const [store, rows] of Object.entries(forgotten.rows))
    answers[store] = { answer: rows > 0 ? 'erased' : 'nothing', at: now, rows };
  answers['delivery'] = deliveryAnswer(forgotten, answers['delivery']!, now);
  answers['bulkActions'] = { answer: 'nothing', at: now };
  if (forgotten.bulkActions > 0) answers['bulkActions'] = bulkAnswer(forgotten, now);
  if (forgotten.runsGoing > 0) answers['runs'] = runsAnswer(forgotten, answers['runs']!.rows ?? 0, now);
  if (hosts.size === 0) answers['imports'] = { answer: 'nothing', at: now, rows: 0 };
  for (const host of hosts)
    answers[importsOn(host)] = {
      answer: 'waiting',
      at: now,
      note: `Tributary on ${host || 'their machine'} searches imported files`,
    };
  answers['destination'] = { answer: 'waiting', at: now, note: 'not requested yet' };
  Object.assign(answers, vendorAnswers(forgotten.writeBacks, answers, now));
  return answers;
}

/** Without what names the person, or was for the next step only. The hashes stay: by them a suppression is lifted. */
function nameless(answers: Answers): Answers {
  return Object.fromEntries(
    Object.entries(answers).map(
      ([store, { carrier: _, inDoubt: __, emails: ___, clears: ____, ...answer }]) => [store, answer],
    ),
  );
}

/** What the receipt states once every store has answered. It names nobody, and no note is part of it. */
function statementOf(
  { id, subject, permanent, requestedAt, answers }: Erasure,
  destination: string,
  endedAt: number,
): ErasureStatement {
  return {
    type: 'tributary.erasure.1',
    id,
    destination,
    subject,
    permanent,
    requestedAt: iso(requestedAt),
    endedAt: iso(endedAt),
    stores: Object.entries(answers).map(([store, { answer, rows = null, at }]) => ({
      store,
      answer,
      rows,
      at: iso(at),
    })),
  };
}

const importsOn = (host: string) => `imports on ${host}`;

function deliveryAnswer({ carried, inDoubt, rows }: Forgotten, before: Answer, now: number): Answer {
  if (carried)
    return {
      answer: 'waiting',
      at: now,
      rows: 0,
      note: 'waiting for a delivery to end',
      carrier: carried.lease ?? before.carrier ?? '',
    };
  const count = Math.max(rows.delivery, before.rows ?? 0);
  const doubt = inDoubt || before.inDoubt === true;
  return {
    answer: count > 0 ? 'erased' : 'nothing',
    at: now,
    rows: count,
    ...(doubt && { inDoubt: true }),
  };
}

function bulkAnswer({ bulkActions }: Forgotten, now: number): Answer {
  if (bulkActions === 0) return { answer: 'erased', at: now };
  return {
    answer: 'waiting',
    at: now,
    rows: bulkActions,
    note: 'waiting for a batch at the destination to end',
  };
}

function runsAnswer({ runsGoing }: Forgotten, rows: number, now: number): Answer {
  if (runsGoing === 0) return { answer: rows > 0 ? 'erased' : 'nothing', at: now, rows };
  return { answer: 'waiting', at: now, rows, note: 'waiting for a run that reads the record to end' };
}

export class Eraser {
  readonly #deps: EraseDeps;

  constructor(deps: EraseDeps) {
    this.#deps = deps;
  }

  /** Takes one erasure further. */
  async step(signal: AbortSignal): Promise<Next> {
    const { database, clock, receipts, account } = this.#deps;
    const next = await moment(database, erasureDueAt);
    if (next === null || next > clock.now()) return { again: false, due: next };
    const lease = this.#deps.newLease();
    const claimed = await claimErasure(database, { lease, now: clock.now(), leaseMs });
    if (!claimed) return { again: false, afterMs: 100 };
    const held = { id: claimed.id, lease };
    const here = await this.#forgetHere(held);
    if (!here) return { again: true };
    await this.#searchImports(here);
    if (!(await keepAnswers(database, held, here.answers))) return { again: true };
    await this.#clearVendors(here, signal);
    const later = await this.#tellDestination(here, signal);
    if (Object.values(here.answers).every(({ answer }) => !isOpen(answer))) {
      const answers = nameless(here.answers);
      const now = clock.now();
      const signed = receipts.sign(statementOf({ ...here, answers }, account, now));
      await endErasure(database, held, { answers, now, signed });
      this.#deps.log.info({ erasure: here.id }, 'erased everywhere');
      return { again: true };
    }
    await putOffErasure(database, held, { answers: here.answers, ...later });
    return { again: true };
  }

  /** What has come since, or could not be forgotten before. Null where the erasure is not ours any more. */
  async #forgetHere(held: { id: string; lease: string }): Promise<(Erasure & { sourceId: string }) | null> {
    const { database, rules, clock } = this.#deps;
    return database.transaction(async (tx) => {
      const erasure = await lockClaimed(tx, held.id, held.lease);
      if (!erasure || erasure.sourceId === null) return null;
      const { sourceId, answers, requestedAt } = erasure;
      const now = clock.now();
      const emails = answers['suppression']?.emails ?? [];
      const { carrier } = answers['delivery'] ?? {};
      const forgotten = await forget(tx, rules, { sourceId, emails, now }, (carried) => {
        if (carried.batchId !== null) return true;
        return carried.lease === carrier && now - requestedAt < maxAttemptMs;
      });
      for (const [store, rows] of Object.entries(forgotten.rows)) {
        const before = answers[store];
        if (rows > 0 && before && store !== 'delivery')
          answers[store] = { ...before, answer: 'erased', rows: (before.rows ?? 0) + rows };
      }
      answers['delivery'] = deliveryAnswer(forgotten, answers['delivery']!, now);
      if (answers['bulkActions']?.answer === 'waiting' || forgotten.bulkActions > 0)
        answers['bulkActions'] = bulkAnswer(forgotten, now);
      if (answers['runs']?.answer === 'waiting' || forgotten.runsGoing > 0)
        answers['runs'] = runsAnswer(forgotten, answers['runs']?.rows ?? 0, now);
      Object.assign(answers, vendorAnswers(forgotten.writeBacks, answers, now));
      await keepAnswers(tx, held, answers);
      return { ...erasure, sourceId };
    });
  }

  /** Clears what was written back to vendors, one after the other: each answers for itself. */
  async #clearVendors(erasure: Erasure & { sourceId: string }, signal: AbortSignal): Promise<void> {
    const { database, clock, writeBack, vendor } = this.#deps;
    const paused = await listPauses(database);
    for (const [store, answer] of Object.entries(erasure.answers)) {
      const source = vendorStore.sourceOf(store);
      if (source === null || !answer.clears || !isOpen(answer.answer)) continue;
      const rule = writeBack.rule(source);
      const endpoint = vendor(source);
      const now = clock.now();
      // What is rejected is tried again every hour, and what is in doubt once more when nothing can be under way.
      if (answer.answer === 'rejected' && now - answer.at < rejectedMs) continue;
      if (answer.inDoubt === false && now - answer.at < (answer.inJob ? lostJobMs[1] : lateWriteMs)) continue;
      if (paused.has(source)) erasure.answers[store] = { ...answer, note: `${source} is paused` };
      else if (!rule || !endpoint)
        erasure.answers[store] = {
          ...answer,
          answer: 'rejected',
          at: now,
          note: `writeBack no longer names ${source}: name it again, so that its attributes can be cleared`,
        };
      else {
        const api = endpoint.api('manual', { signal, discreet: true });
        const context: Context<unknown> = { settings: rule.settings, api, files: localFiles, now };
        const person = { sourceId: erasure.sourceId, ...answer.clears };
        erasure.answers[store] = await clearAtVendor({ rule, context, person, answer, now });
      }
    }
  }

  /** Files that were given to this machine to be imported and hold the person are removed, once nobody reads them. */
  async #searchImports({ sourceId, answers, requestedAt }: Erasure & { sourceId: string }): Promise<void> {
    const { database, host, clock } = this.#deps;
    const store = importsOn(host);
    if (answers[store]?.answer !== 'waiting') return;
    const files = (await importedFiles(database, requestedAt)).filter((file) => file.host === host);
    if (files.some((file) => !file.ended)) {
      answers[store] = { ...answers[store], note: 'waiting for an import to end' };
      return;
    }
    const words = [sourceId, ...(answers['suppression']?.emails ?? [])];
    let removed = 0;
    for (const path of new Set(files.map((file) => file.path))) {
      if (!(await fileHolds(path, words))) continue;
      await removeImport(path);
      removed += 1;
    }
    answers[store] = { answer: removed > 0 ? 'erased' : 'nothing', at: clock.now(), rows: removed };
  }

  /** Tells the destination, where nothing under way can write the customer after that. When to come back otherwise. */
  async #tellDestination(
    erasure: Erasure & { sourceId: string },
    signal: AbortSignal,
  ): Promise<{ dueAt: number; counted: boolean }> {
    const { database, clock } = this.#deps;
    const { answers } = erasure;
    const soon = { dueAt: clock.now() + lookMs, counted: false };
    const later = { dueAt: clock.now() + laterMs, counted: false };
    if (answers['destination']?.answer === 'erased') return later;
    if (answers['delivery']?.answer === 'waiting' || answers['bulkActions']?.answer === 'waiting') {
      answers['destination'] = this.#waiting('requested after pending deliveries and batches have ended');
      return soon;
    }
    // Customers that are held back say nothing of erasures.
    if (((await listPauses(database)).get(destinationName)?.cause ?? 'refusals') !== 'refusals') {
      answers['destination'] = this.#waiting('the destination is paused');
      return later;
    }
    try {
      return this.#heard(erasure, await this.#remove(erasure, signal));
    } catch (error) {
      return this.#failed(erasure, error, signal);
    }
  }

  async #remove({ sourceId, permanent }: Erasure & { sourceId: string }, signal: AbortSignal) {
    const { destination, settings, endpoint, clock } = this.#deps;
    if (!destination.remove)
      throw new RejectedError('this destination cannot delete customers', {
        code: 'no_removal',
      });
    const api = endpoint.api('manual', { signal, discreet: true });
    const context: Context<unknown> = { settings, api, files: localFiles, now: clock.now() };
    return destination.remove(context, sourceId, { permanent });
  }

  #heard(erasure: Erasure, outcome: Outcome): { dueAt: number; counted: boolean } {
    const { clock } = this.#deps;
    const { answers, permanent, attempts } = erasure;
    const now = clock.now();
    if (outcome.result === 'rejected') return this.#rejected(erasure, outcome.code);
    if (outcome.result === 'unknown') {
      answers['destination'] = this.#waiting(
        'its answer does not confirm the erasure; the request is sent again',
      );
      return { dueAt: now + backoffMs(attempts + 1, backoff), counted: true };
    }
    const delivery = answers['delivery'];
    if (delivery?.inDoubt) {
      const { inDoubt: _, ...rest } = delivery;
      answers['delivery'] = rest;
      answers['destination'] = this.#waiting(
        'it has erased the customer; the request is sent once more, because the result of an earlier delivery is unknown',
      );
      return { dueAt: now + lateWriteMs, counted: false };
    }
    const note = permanent
      ? 'erased permanently, with everything that belonged to the customer'
      : 'deleted; its source ID can be used again';
    answers['destination'] = { answer: 'erased', at: now, note };
    return { dueAt: now + lookMs, counted: false };
  }

  #rejected({ id, answers }: Erasure, code: string): { dueAt: number; counted: boolean } {
    const { clock, log } = this.#deps;
    const now = clock.now();
    if (answers['destination']?.answer !== 'rejected')
      log.error({ erasure: id, code }, 'the destination rejected an erasure; it is retried every hour');
    answers['destination'] = {
      answer: 'rejected',
      at: now,
      note: `it rejected the request (${code}); the request is sent again every hour`,
    };
    return { dueAt: now + rejectedMs, counted: false };
  }

  async #failed(
    erasure: Erasure,
    error: unknown,
    signal: AbortSignal,
  ): Promise<{ dueAt: number; counted: boolean }> {
    const { clock, log } = this.#deps;
    const { id, answers, attempts } = erasure;
    const now = clock.now();
    if (signal.aborted) return { dueAt: now, counted: false };
    const failure = failureOf('erasure', error);
    if (failure.kind === 'rejected') return this.#rejected(erasure, failure.error.code);
    if (failure.kind === 'refused') {
      const isPaused = await this.#deps.confirmRefused(failure.error, signal);
      const refused = 'the destination refuses the credentials for an erasure; it is retried';
      // A key that may write and not delete is no reason to send nothing.
      if (!isPaused && answers['destination']?.note !== refused)
        log.error({ erasure: id, status: failure.error.status }, refused);
      answers['destination'] = isPaused
        ? this.#waiting('the destination is paused')
        : { answer: 'refused', at: now, note: refused };
      return { dueAt: now + laterMs, counted: false };
    }
    // Of an error only what cannot name the person.
    const what = error instanceof TransientError ? `HTTP ${error.status ?? 'failed'}` : (error as Error).name;
    log.warn(
      { erasure: id, what, attempts: attempts + 1 },
      'an erasure could not be sent to the destination yet',
    );
    answers['destination'] = this.#waiting(`the request failed (${what}); it is sent again`);
    return {
      dueAt: now + backoffMs(attempts + 1, { ...backoff, retryAfterMs: failure.retryAfterMs }),
      counted: failure.effect === 'count',
    };
  }

  #waiting(note: string): Answer {
    return { answer: 'waiting', at: this.#deps.clock.now(), note };
  }
}
