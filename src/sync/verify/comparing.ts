// Customers as they were read, against what the destination acknowledged and what their stored records give: what differs
// becomes drift, what is as it should be is drift no more, and what is to be healed is put on its way. It does not know how they were read.
import type { Fields, ShownCustomer } from '../../connector.ts';
import { type Drift, driftOf } from '../../customer/drift.ts';
import type { Queryable } from '../../db/database.ts';
import { dropAcknowledged } from '../../tables/acknowledgements.ts';
import { redeliver } from '../../tables/deliveries.ts';
import { forgetParts } from '../../tables/destination-customers.ts';
import { type DriftRow, endDrifts, keepDrifts } from '../../tables/drifts.ts';
import type { Report } from '../../tables/verifications.ts';
import { type KnownCustomer, knownOf, noteMet } from '../../tables/verified-customers.ts';
import { comparable, countCompared, countMissing, countNotCompared, countUnknown } from './report.ts';
import { healStale, type StaleDeps, staleAmong } from './stale.ts';

/** A customer as it was read, and what of it cannot be seen. */
export interface Seen {
  sourceId: string;
  fields: Fields;
  /** Why a field that is not in `fields` may be there all the same, or null: what is not in it is not there. */
  omits: string | null;
}

export interface Comparing {
  deps: StaleDeps;
  verificationId: number;
  heal: boolean;
  /** Asked for by the calendar: what was deleted there on purpose is not brought back. */
  scheduled: boolean;
  now: number;
}

/** Fields of a way of reading that show values otherwise than the customer has them. */
export type Doubted = ReadonlySet<string>;

const doubt = 'what was read shows it in another form than the customer itself does';

/** What differs, of the fields that can be compared. */
export function driftIn(
  known: KnownCustomer,
  seen: Seen,
  doubted: Doubted,
): Drift & { hidden: string[]; unsure: string[] } {
  const acknowledged = known.acknowledged ?? {};
  const { fields, hidden } = comparable(
    acknowledged,
    (field) => seen.omits === null || Object.hasOwn(seen.fields, field),
  );
  const drift = driftOf(fields, seen.fields);
  const unsure = Object.keys(drift.fields).filter((field) => doubted.has(field));
  const certain = Object.entries(drift.fields).filter(([field]) => !doubted.has(field));
  return { fields: Object.fromEntries(certain), forms: drift.forms, hidden, unsure };
}

/**
 * Takes in a batch that was read, with what the stored records give of it: counts it into the report, once for each customer however often it is read. `known` was
 * looked up after the reading; whoever differs is looked up once more here, since something may have been sent to them
 * meanwhile. `since`: when the reading was begun, epoch milliseconds.
 */
export async function takeBatch(
  tx: Queryable,
  report: Report,
  comparing: Comparing,
  batch: {
    seen: readonly Seen[];
    known: ReadonlyMap<string, KnownCustomer>;
    since: number;
    doubted: Doubted;
    /** They are counted the first time only; a sample has noted them before. */
    note: boolean;
    /** Those in flight are not noted and not counted: they are read one by one at the end (see verify-reading). */
    leavesInFlight?: boolean;
  },
): Promise<void> {
  const { known, since, doubted } = batch;
  const isLeft = (one: KnownCustomer | undefined) => one?.inFlight === true && one.acknowledged !== null;
  const seen = batch.seen.filter(({ sourceId }) => !(batch.leavesInFlight && isLeft(known.get(sourceId))));
  const ids = seen.map(({ sourceId }) => sourceId);
  const fresh = batch.note ? await noteMet(tx, comparing.verificationId, ids) : new Set(ids);
  const compared = seen
    .filter(({ sourceId }) => fresh.delete(sourceId))
    .map((one) => ({ ...one, known: known.get(one.sourceId) }))
    .map((one) => ({ ...one, drift: one.known && driftIn(one.known, one, doubted) }));
  const differing = compared.filter(({ drift }) => drift && Object.keys(drift.fields).length > 0);
  const again = await knownOf(
    tx,
    differing.map(({ sourceId }) => sourceId),
    since,
  );
  const stale = await staleAmong(
    tx,
    comparing.deps,
    compared.map(({ sourceId }) => sourceId),
  );
  const drifted: DriftRow[] = [];
  const well: string[] = [];
  for (const { sourceId, omits, known, drift } of compared) {
    const inFlight = known?.inFlight || again.get(sourceId)?.inFlight;
    if (inFlight) report.inFlight += 1;
    else if (!known?.acknowledged || !drift) countUnknown(report, sourceId);
    else {
      countCompared(report, sourceId, drift, stale.get(sourceId));
      countNotCompared(report, drift.hidden, omits ?? '');
      countNotCompared(report, drift.unsure, doubt);
      if (Object.keys(drift.fields).length > 0)
        drifted.push({ sourceId, kind: 'differs', fields: drift.fields, by: by(comparing) });
      // What could not be seen may differ still.
      else if (known.drift !== null && drift.hidden.length + drift.unsure.length === 0) well.push(sourceId);
    }
  }
  await keepDrifts(tx, drifted, comparing.now);
  await endDrifts(tx, well);
  if (!comparing.heal) return;
  const onlyDrifted = drifted.filter(({ sourceId }) => !stale.has(sourceId));
  report.healed += await sendAgain(tx, onlyDrifted, comparing.now);
  report.healed += await healStale(tx, comparing.deps.rules, [...stale.keys()], comparing);
}

/** Takes in customers that are not there. */
export async function takeMissing(
  tx: Queryable,
  report: Report,
  comparing: Comparing,
  batch: { sourceIds: readonly string[]; since: number },
): Promise<void> {
  const known = await knownOf(tx, batch.sourceIds, batch.since);
  const missing: KnownCustomer[] = [];
  for (const sourceId of batch.sourceIds) {
    const one = known.get(sourceId);
    if (!one?.acknowledged) continue; // erased, or taken away, meanwhile
    if (one.inFlight) report.inFlight += 1;
    else {
      countMissing(report, sourceId, one);
      missing.push(one);
    }
  }
  await forgetParts(
    tx,
    missing.map(({ sourceId }) => sourceId),
  );
  // What a webhook has told of keeps the time at which it did.
  const drifted = missing
    .filter(({ deletedThere }) => !deletedThere)
    .map(({ sourceId }): DriftRow => ({ sourceId, kind: 'deleted', fields: {}, by: by(comparing) }));
  await keepDrifts(tx, drifted, comparing.now);
  if (!comparing.heal) return;
  const wanted = comparing.scheduled ? missing.filter(({ deletedThere }) => !deletedThere) : missing;
  await dropAcknowledged(
    tx,
    wanted.map(({ sourceId }) => sourceId),
  );
  report.healed += await sendAgain(tx, wanted, comparing.now);
}

function sendAgain(tx: Queryable, who: readonly { sourceId: string }[], now: number): Promise<number> {
  return redeliver(
    tx,
    who.map(({ sourceId }) => sourceId),
    { lane: 'backfill', now },
  );
}

const by = ({ verificationId }: Comparing) => `verification ${verificationId}`;

/** Counts those without a source ID, each once: they are noted by the vendor's own, in a form that no source ID has. */
export async function takeNameless(
  tx: Queryable,
  report: Report,
  { verificationId }: Comparing,
  shown: readonly ShownCustomer[],
): Promise<void> {
  const nameless = shown.filter(({ sourceId }) => sourceId === null).map(({ id }) => `\n${id}`);
  report.withoutSourceId += (await noteMet(tx, verificationId, nameless)).size;
}

/** Those with a source ID. */
export function withSourceId(shown: readonly ShownCustomer[], omits: string | null): Seen[] {
  return shown.flatMap(({ sourceId, fields }) => (sourceId === null ? [] : [{ sourceId, fields, omits }]));
}
