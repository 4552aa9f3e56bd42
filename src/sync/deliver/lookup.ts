// Bulk calls whose answer was lost: their action is looked for in the vendor's list, and believed as far as it is proven ours.
// It settles nothing.
import type { Context, Destination, ListedAction, ShownAction } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Ahead } from '../../engine/http/vendor-clock.ts';
import { acknowledgedFields } from '../../tables/acknowledgements.ts';
import type { BatchItem } from '../../tables/batch-items.ts';
import type { Batch, Loss } from '../../tables/batches.ts';
import { ownAmong } from '../../tables/bulk-actions.ts';
import { acceptedWithin, fits, looksAt, nextStep, type Sample } from './lost-action.ts';
import { isHeld, readOne } from './read-doubts.ts';

export interface LookupDeps {
  database: Database;
  clock: Clock;
  destination: Destination<unknown>;
  /** How far the vendor's clock is ahead. */
  endpoint: { readonly clockAhead: Ahead | null };
}

export type LostBatch = Batch & { lost: Loss };

/** `againAt`: it may be found later, epoch milliseconds. */
export type Look = { actionId: string; shown: ShownAction } | { againAt: number } | 'given up';

/** Pages of the list that are read at most: in one look, of what was begun in some minutes. */
const mostPages = 3;
/** The list's own answer may tell the vendor's clock otherwise than it was known: so much more is listed on either side. */
const moreMs = 600_000;
/** An action that goes on is waited for this long after the answer was lost, and is asked about less and less often. */
const waitsMs = { most: 600_000, least: 15_000, share: 1 / 4 };
/** Where looking itself fails. */
const failingMs = { most: 300_000, between: 15_000 };
/** The same after a 503: nothing is to be found there, most likely. */
const failingUnavailableMs = { most: 10_000, between: 3_000 };
/** Samples are chosen among so many of the last: these are written when the action ends. */
const lastItems = 50;

/** What looks at a batch have shown. Of this process: a look elsewhere costs some calls more. */
interface Seen {
  /** Actions that are another's for sure. */
  others: Set<string>;
  /** Customers that were not held as they were sent, though an action was there. */
  unheld: Set<string>;
}

export class Lookup {
  readonly #deps: LookupDeps;
  readonly #seen = new Map<string, Seen>();

  constructor(deps: LookupDeps) {
    this.#deps = deps;
  }

  /**
   * Three calls where nothing is out of the ordinary: the list, a customer that should have been written, and the action; or
   * the list as often as it is looked for. Throws what the calls throw.
   */
  async look(batch: LostBatch, context: () => Context<unknown>): Promise<Look> {
    const { submittedAt, lost } = batch;
    const now = this.#deps.clock.now();
    const looks = looksAt({ ...lost, sentAt: submittedAt, lostAt: lost.at });
    const next = looks.find((at) => at > now);
    const seen = this.#seenOf(batch);
    // A customer was not held: another one is read last of all, since the first may have been rejected.
    if (seen.unheld.size > 0 && next !== undefined) return { againAt: looks.at(-1)! };
    const found = await this.#find(batch, seen, context);
    const sinceMs = now - lost.at;
    if (found === 'wait' && sinceMs < waitsMs.most)
      return { againAt: now + Math.max(waitsMs.least, sinceMs * waitsMs.share) };
    if (found === 'none' && next !== undefined)
      return { againAt: seen.unheld.size > 0 ? looks.at(-1)! : next };
    this.#seen.delete(batch.id);
    return typeof found === 'string' ? 'given up' : found;
  }

  /** When it is looked for again where looking has failed; null where it is given up. */
  afterFailure(lost: Loss): number | null {
    const now = this.#deps.clock.now();
    const { most, between } = lost.unavailable ? failingUnavailableMs : failingMs;
    return now - lost.at < most ? now + between : null;
  }

  /** The action turned out to be another batch's. When it is looked for again, epoch milliseconds. */
  ruleOut(batch: LostBatch, actionId: string): number {
    this.#seenOf(batch).others.add(actionId);
    return this.#deps.clock.now();
  }

  /** `wait`: it is under way or has been carried out, and is not shown yet. */
  async #find(
    batch: LostBatch,
    seen: Seen,
    context: () => Context<unknown>,
  ): Promise<{ actionId: string; shown: ShownAction } | 'none' | 'wait'> {
    const sourceIds = batch.items.map(({ sourceId }) => sourceId);
    const shown = new Map<string, ShownAction | null>();
    const samples: Sample[] = [];
    let unread: { item: BatchItem; isNew: boolean }[] | null = null;
    const read = async () => {
      unread ??= await this.#samplesOf(batch, seen);
      const next = unread.shift();
      if (next) samples.push(await this.#sample(next.item, next.isNew, context()));
      return samples.some(({ isHeld }) => isHeld);
    };
    if (seen.unheld.size > 0 && !(await read())) return 'none';
    const listed = await this.#listed(batch, seen, context);
    if (listed.length > 0) unread ??= await this.#samplesOf(batch, seen);
    for (;;) {
      const step = nextStep(sourceIds, { listed, shown, samples, unread: unread?.length ?? 0 });
      if (step.step === 'believe') return { actionId: step.actionId, shown: shown.get(step.actionId)! };
      if (step.step === 'read') await read();
      else if (step.step === 'show') {
        const action = await this.#deps.destination.bulk!.lookup!.show(context(), step.actionId, sourceIds);
        shown.set(step.actionId, action);
        if (action && !fits(action, sourceIds)) seen.others.add(step.actionId);
      } else {
        for (const { sourceId, isHeld } of samples) if (!isHeld) seen.unheld.add(sourceId);
        return samples.some(({ isHeld }) => isHeld) ? 'wait' : step.step;
      }
    }
  }

  /** The actions that may be the batch's: of its kind and time, and no other's as far as that is known. */
  async #listed(
    { kind, submittedAt, lost }: LostBatch,
    { others }: Seen,
    context: () => Context<unknown>,
  ): Promise<ListedAction[]> {
    if (kind === 'single') return [];
    const { database, destination, endpoint } = this.#deps;
    const within = () => acceptedWithin({ sentAt: submittedAt, lostAt: lost.at }, endpoint.clockAhead);
    const from = within().from - moreMs;
    const byId = new Map<string, ListedAction>();
    let until: number | null = within().until + moreMs;
    for (let pages = 0; until !== null && pages < mostPages; pages += 1) {
      const page = await destination.bulk!.lookup!.list(context(), { kind, from, until });
      for (const action of page.actions) byId.set(action.actionId, action);
      until = page.next;
    }
    const time = within();
    const own = await ownAmong(database, [...byId.keys()]);
    return [...byId.values()].filter(
      ({ actionId, acceptedAt }) =>
        acceptedAt >= time.from && acceptedAt < time.until && !own.has(actionId) && !others.has(actionId),
    );
  }

  /**
   * Customers that may be read back, the most telling first: those whose values were new, and of these the last. One that
   * was erased meanwhile, or that was written by itself just before the batch, tells nothing.
   */
  async #samplesOf({ items }: LostBatch, { unheld }: Seen): Promise<{ item: BatchItem; isNew: boolean }[]> {
    const last = items
      .slice(-lastItems)
      .reverse()
      .filter(({ sourceId }) => !unheld.has(sourceId));
    const ids = last.map(({ sourceId }) => sourceId);
    const acknowledged = await acknowledgedFields(this.#deps.database, ids);
    const telling = last.flatMap((item) => {
      const before = acknowledged.get(item.sourceId);
      if (Object.keys(item.acknowledges ?? {}).length === 0 || item.leftOut !== undefined) return [];
      return [{ item, isNew: !item.uncertain && !(before && isHeld(item, before)) }];
    });
    return [...telling.filter(({ isNew }) => isNew), ...telling.filter(({ isNew }) => !isNew)];
  }

  async #sample(item: BatchItem, isNew: boolean, context: Context<unknown>): Promise<Sample> {
    const found = await readOne(this.#deps.destination, context, item.sourceId);
    const { writtenAt } = found ?? {};
    return {
      sourceId: item.sourceId,
      isHeld: isHeld(item, found?.fields ?? null),
      isNew,
      ...(writtenAt !== undefined && { writtenAt }),
    };
  }

  #seenOf({ id }: LostBatch): Seen {
    const seen = this.#seen.get(id) ?? { others: new Set(), unheld: new Set() };
    this.#seen.set(id, seen);
    return seen;
  }
}
