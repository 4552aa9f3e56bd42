// How a destination is read back, from wherever an earlier attempt stood: by its own export, else page by page, else the
// chosen ones one by one; then whoever was not met. What is found is compared elsewhere.
import {
  type MetadataSchema,
  RejectedError,
  type ShownCustomer,
  TransientError,
  UnauthorizedError,
} from '../../connector.ts';
import type { Queryable } from '../../db/database.ts';
import { isRefusal } from '../../engine/work/failures.ts';
import { noteExport, type Report } from '../../tables/verifications.ts';
import {
  choose,
  chosen,
  countAcknowledged,
  type KnownCustomer,
  knownOf,
  notMet,
  someAreUnderWay,
} from '../../tables/verified-customers.ts';
import { CursorTrail } from '../intake/cursor-trail.ts';
import {
  type Comparing,
  driftIn,
  type Seen,
  takeBatch,
  takeMissing,
  takeNameless,
  withSourceId,
} from './comparing.ts';
import { removeExportsLeft } from './export-removal.ts';
import type { Cursor, InHand, SourceCursor, Trust } from './in-hand.ts';
import { countUnread } from './report.ts';
import { beginSources, proveOn } from './source-proof.ts';

type End = { again: true; dueAt: number } | { again: false };

/** Where reading the destination goes on. */
type Reading = Exclude<Cursor, { phase: 'source' | 'destination' }>;

const batchCustomers = 500;

const readsAtOnce = 8;

/** So many customers are read to see whether a field differs in truth, or only in the export. */
const readsPerField = 3;

/** So many to whom something was on its way are read one by one at the end; the others are set aside. */
const readsOfInFlight = 500;

/** So long a verification waits at first for what is on its way. */
const waitForInFlightMs = 60_000;

const lookAgainMs = 500;

/** So many that were not met are read before it is believed that all of them are gone. */
const readsOfMissing = 20;

const maxExportMs = 2 * 3_600_000;

const longestPollMs = 30_000;

/** How far the vendor's clock may be behind ours. */
const clocksDifferMs = 60_000;

/** Reads until there is nothing more to read (`again: false`), or something has to be waited for. */
export async function readOn(inHand: InHand): Promise<End> {
  const known = await pastSources(inHand, inHand.verification.cursor as Cursor | null);
  if (known !== null && 'again' in known) return known;
  if ((known === null || known.phase === 'destination') && (await isToWait(inHand, known)))
    return { again: true, dueAt: inHand.deps.clock.now() + lookAgainMs };
  let cursor = known === null || known.phase === 'destination' ? await begin(inHand) : known;
  const trail = new CursorTrail(
    'the customers of the destination',
    cursor.phase === 'list' ? cursor.page : null,
  );
  for (;;) {
    inHand.signal.throwIfAborted();
    const next = await readPhase(inHand, cursor, trail);
    if ('again' in next) return next;
    cursor = next;
  }
}

/** The sources come first, where any are verified. */
async function pastSources(
  inHand: InHand,
  known: Cursor | null,
): Promise<Exclude<Cursor, SourceCursor> | End | null> {
  const { sources = null } = inHand.verification.request;
  let cursor = known ?? (sources === null ? null : await beginSources(inHand, sources));
  while (cursor !== null && cursor.phase === 'source') {
    inHand.signal.throwIfAborted();
    const next: Cursor | End = await proveOn(inHand, cursor);
    if ('again' in next) return next;
    cursor = next;
  }
  return cursor;
}

/** Something is being delivered, and may have ended soon. */
async function isToWait(
  { deps, verification }: InHand,
  cursor: Extract<Cursor, { phase: 'destination' }> | null,
): Promise<boolean> {
  const now = deps.clock.now();
  if (now - (cursor?.since ?? verification.requestedAt) >= waitForInFlightMs) return false;
  return someAreUnderWay(deps.database, { now, soonMs: waitForInFlightMs });
}

async function readPhase(inHand: InHand, cursor: Reading, trail: CursorTrail): Promise<Reading | End> {
  if (cursor.phase === 'sample') return readSample(inHand, cursor);
  if (cursor.phase === 'list') return readList(inHand, cursor, trail);
  if (cursor.phase === 'missing') return readMissing(inHand, cursor);
  if (cursor.phase === 'ordering') return orderExport(inHand, cursor, { again: true });
  try {
    return await (cursor.phase === 'exporting' ? awaitExport(inHand, cursor) : readExport(inHand, cursor));
  } catch (error) {
    return fallBack(inHand, (await believed(inHand, error)).message);
  }
}

/**
 * What another way is taken for. One refusal may be a gateway's, or that of a vendor that restarts: it is thrown, so that the same is
 * tried once more, and so is one that holds for every call. What a file itself shows is believed at once.
 */
async function believed({ deps, verification, signal }: InHand, error: unknown): Promise<Error> {
  if (!isRefusal(error)) throw error;
  const { message, status } = error;
  if (error instanceof UnauthorizedError) {
    if (verification.attempts === 0 || (await deps.confirmRefused(error, signal))) throw error;
  } else if (status !== undefined && verification.attempts === 0)
    throw new TransientError(message, { status, cause: error });
  return error;
}

// ── Beginning ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function begin(inHand: InHand): Promise<Reading> {
  const { deps, verification, advance } = inHand;
  const { sample } = verification.request;
  const beganAt = deps.clock.now();
  const acknowledged = await countAcknowledged(deps.database);
  if (sample !== null) {
    const cursor: Reading = { phase: 'sample', after: '', beganAt };
    await advance(cursor, async (tx, report) => {
      await choose(tx, verification.id, sample);
      Object.assign(report, { acknowledged, source: 'reads' });
    });
    return cursor;
  }
  const { readBack } = deps.destination;
  if (!readBack)
    throw new RejectedError('This destination cannot be read back as a whole: verify a sample of it.', {
      code: 'no_read_back',
    });
  const list: Reading = { phase: 'list', page: null, beganAt };
  if (!readBack.export) {
    await advance(list, async (_tx, report) => void Object.assign(report, { acknowledged, source: 'list' }));
    return list;
  }
  const ordering: Reading = { phase: 'ordering', beganAt };
  await advance(
    ordering,
    async (_tx, report) => void Object.assign(report, { acknowledged, source: 'export' }),
  );
  return orderExport(inHand, ordering, { again: false });
}

/**
 * That an export is ordered is noted before it is. `again`: an earlier attempt may have ordered one without learning its
 * ID, by a lost answer or a crash; that one is deleted first.
 */
async function orderExport(
  inHand: InHand,
  { beganAt }: Extract<Cursor, { phase: 'ordering' }>,
  { again }: { again: boolean },
): Promise<Reading> {
  try {
    if (again) await removeOrdered(inHand, beganAt);
    const { exportId } = await exportOf(inHand).begin(inHand.context());
    const cursor: Reading = { phase: 'exporting', exportId, polls: 0, beganAt };
    await inHand.advance(cursor, (tx) => noteExport(tx, inHand.verification.id, exportId));
    return cursor;
  } catch (error) {
    return fallBack(inHand, (await believed(inHand, error)).message);
  }
}

async function removeOrdered(inHand: InHand, since: number): Promise<void> {
  const { remove, orderedSince } = exportOf(inHand);
  if (!remove || !orderedSince) return;
  for (const exportId of await orderedSince(inHand.context(), since - clocksDifferMs))
    await remove(inHand.context(), exportId);
}

/** Whoever the export has shown already is not compared again. */
async function fallBack(inHand: InHand, why: string): Promise<Reading> {
  const cursor: Reading = { phase: 'list', page: null, beganAt: inHand.deps.clock.now() };
  inHand.deps.log.info({ reason: why }, 'no export could be had, so customers are read page by page');
  await inHand.advance(
    cursor,
    async (_tx, report) => void Object.assign(report, { source: 'list', fallback: why }),
  );
  await removeExport(inHand);
  return cursor;
}

// ── By export ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function awaitExport(
  inHand: InHand,
  cursor: Extract<Cursor, { phase: 'exporting' }>,
): Promise<Reading | End> {
  const { deps, advance } = inHand;
  const { exportId, polls, beganAt } = cursor;
  const made = await exportOf(inHand).poll(inHand.context(), exportId);
  const now = deps.clock.now();
  if (made) {
    const next: Reading = {
      phase: 'export',
      exportId,
      rows: 0,
      beganAt,
      trust: { believed: [], doubted: [] },
    };
    await advance(next, async () => {});
    return next;
  }
  if (now - beganAt > maxExportMs)
    throw new RejectedError(`the export was not made within ${maxExportMs / 3_600_000} hours`, {
      code: 'export_slow',
    });
  await advance({ ...cursor, polls: polls + 1 }, async () => {});
  return { again: true, dueAt: now + Math.min(1_000 * 2 ** polls, longestPollMs) };
}

/** The file from its first row; rows that were taken in before are passed over. */
async function readExport(inHand: InHand, cursor: Extract<Cursor, { phase: 'export' }>): Promise<Reading> {
  const way = exportOf(inHand);
  const made = await way.poll(inHand.context(), cursor.exportId);
  if (!made) throw new TransientError('an export that was made is being made again');
  const schema = await schemaOf(inHand);
  const { bytes } = await inHand.context().api.download({ url: made.url });
  let at = cursor;
  let batch: ShownCustomer[] = [];
  let row = 0;
  for await (const customer of way.parse(bytes, schema)) {
    row += 1;
    if (row <= cursor.rows) continue;
    batch.push(customer);
    if (batch.length < batchCustomers) continue;
    at = await takeExported(inHand, { ...at, rows: row }, batch);
    batch = [];
  }
  if (batch.length > 0) at = await takeExported(inHand, { ...at, rows: row }, batch);
  const { beganAt, exportId } = at;
  const next: Reading = { phase: 'missing', after: '', beganAt, looked: 0, found: 0 };
  await inHand.advance(next, (tx) => noteExport(tx, inHand.verification.id, exportId));
  await removeExport(inHand);
  return next;
}

async function takeExported(
  inHand: InHand,
  cursor: Extract<Cursor, { phase: 'export' }>,
  batch: readonly ShownCustomer[],
): Promise<Extract<Cursor, { phase: 'export' }>> {
  const seen = withSourceId(batch, exportOf(inHand).omits);
  const known = await knownOf(
    inHand.deps.database,
    seen.map(({ sourceId }) => sourceId),
    cursor.beganAt,
  );
  const { trust, read } = await bearOut(inHand, seen, known, cursor.trust);
  const next = { ...cursor, trust };
  await inHand.advance(next, async (tx, report) => {
    await takeNameless(tx, report, comparingOf(inHand), batch);
    await takeBatch(tx, report, comparingOf(inHand), {
      seen: seen.map((one) => read.get(one.sourceId) ?? one),
      known,
      since: cursor.beganAt,
      doubted: new Set(trust.doubted),
      note: true,
      leavesInFlight: true,
    });
  });
  return next;
}

/**
 * Nobody has written down how an export shows a value. So before a field is believed to differ, a few of those who do are
 * read one by one: where the customer itself is as it should be, the field is set aside and not called different.
 */
async function bearOut(
  inHand: InHand,
  seen: readonly Seen[],
  known: ReadonlyMap<string, KnownCustomer>,
  { believed, doubted }: Trust,
): Promise<{ trust: Trust; read: Map<string, Seen> }> {
  const trust = { believed: [...believed], doubted: [...doubted] };
  const judged = new Set([...believed, ...doubted]);
  const suspects = new Map<string, Seen[]>();
  for (const one of seen) {
    const ours = known.get(one.sourceId);
    if (!ours?.acknowledged || ours.inFlight) continue;
    for (const field of Object.keys(driftIn(ours, one, judged).fields)) {
      const some = suspects.get(field) ?? [];
      suspects.set(field, some);
      if (some.length < readsPerField) some.push(one);
    }
  }
  const read = new Map<string, Seen>();
  if (suspects.size === 0) return { trust, read };
  const wanted = [...new Set([...suspects.values()].flat().map(({ sourceId }) => sourceId))];
  for (const [sourceId, found] of await readEach(inHand, wanted))
    if (found !== null && 'fields' in found) read.set(sourceId, { ...found, omits: null });
  for (const [field, some] of suspects) {
    const looked = some.flatMap(({ sourceId }) => read.get(sourceId) ?? []);
    const isBorneOut = looked.some(
      (one) => field in driftIn(known.get(one.sourceId)!, one, new Set()).fields,
    );
    if (isBorneOut) trust.believed.push(field);
    else if (looked.length >= readsPerField) trust.doubted.push(field);
  }
  return { trust, read };
}

function exportOf({ deps }: InHand) {
  const way = deps.destination.readBack?.export;
  if (way) return way;
  throw new RejectedError('this destination offers no export any more', { code: 'no_export' });
}

/** Null where there is none, or it may not be read. */
async function schemaOf(inHand: InHand): Promise<MetadataSchema | null> {
  try {
    return (await inHand.deps.destination.metadataSchema?.(inHand.context())) ?? null;
  } catch (error) {
    await believed(inHand, error);
    return null;
  }
}

// ── Page by page ────────────────────────────────────────────────────────────────────────────────────────────────────

async function readList(
  inHand: InHand,
  cursor: Extract<Cursor, { phase: 'list' }>,
  trail: CursorTrail,
): Promise<Reading> {
  const { deps, advance } = inHand;
  const since = deps.clock.now();
  const page = await deps.destination.readBack!.list.page(inHand.context(), cursor.page);
  trail.follow({ ...page, records: page.customers.map(({ id }) => ({ recordId: id })) });
  const seen = withSourceId(page.customers, null);
  const ids = seen.map(({ sourceId }) => sourceId);
  const known = await knownOf(deps.database, ids, since);
  const next: Reading = page.done
    ? { phase: 'missing', after: '', beganAt: cursor.beganAt, looked: 0, found: 0 }
    : { ...cursor, page: page.cursor };
  await advance(next, async (tx, report) => {
    const batch = { seen, known, since, doubted: new Set<string>(), note: true, leavesInFlight: true };
    await takeNameless(tx, report, comparingOf(inHand), page.customers);
    await takeBatch(tx, report, comparingOf(inHand), batch);
  });
  return next;
}

// ── One by one ──────────────────────────────────────────────────────────────────────────────────────────────────────

async function readSample(
  inHand: InHand,
  cursor: Extract<Cursor, { phase: 'sample' }>,
): Promise<Reading | End> {
  const { deps, verification } = inHand;
  const page = { after: cursor.after, limit: readsAtOnce * 4 };
  const ids = await chosen(deps.database, verification.id, page);
  if (ids.length === 0) return { again: false };
  return takeRead(inHand, ids, { note: false }, () => ({ ...cursor, after: ids.at(-1)! }));
}

/**
 * Reads these customers and takes them in: as they are, or as missing. `next`: where to go on, given those of them that were
 * there.
 */
async function takeRead(
  inHand: InHand,
  ids: readonly string[],
  { note, inFlight = 0 }: { note: boolean; inFlight?: number },
  next: (there: ReadonlySet<string>) => Reading,
): Promise<Reading> {
  const found = await readAndSee(inHand, ids);
  const cursor = next(new Set(found.seen.map(({ sourceId }) => sourceId)));
  await inHand.advance(cursor, async (tx, report) => {
    report.inFlight += inFlight;
    await takeSeen(tx, report, inHand, { ...found, ids, note });
  });
  return cursor;
}

interface Found {
  read: Read;
  seen: Seen[];
  known: Map<string, KnownCustomer>;
  since: number;
}

async function readAndSee(inHand: InHand, ids: readonly string[]): Promise<Found> {
  const since = inHand.deps.clock.now();
  const read = await readEach(inHand, ids);
  const seen = [...read.values()].flatMap((one) => (one && 'fields' in one ? [{ ...one, omits: null }] : []));
  const known = await knownOf(
    inHand.deps.database,
    seen.map(({ sourceId }) => sourceId),
    since,
  );
  return { read, seen, known, since };
}

async function takeSeen(
  tx: Queryable,
  report: Report,
  inHand: InHand,
  { read, seen, known, since, ids, note }: Found & { ids: readonly string[]; note: boolean },
): Promise<void> {
  const batch = { seen, known, since, doubted: new Set<string>(), note };
  await takeBatch(tx, report, comparingOf(inHand), batch);
  const sourceIds = ids.filter((id) => read.get(id) === null);
  await takeMissing(tx, report, comparingOf(inHand), { sourceIds, since });
  for (const one of read.values()) if (one && 'why' in one) countUnread(report, one.why);
}

type Read = Map<string, { sourceId: string; fields: Seen['fields'] } | { why: string } | null>;

/** Null: it is not there. `why`: it cannot be read. */
async function readEach(inHand: InHand, ids: readonly string[]): Promise<Read> {
  const read: Read = new Map();
  const waiting = [...ids];
  const reader = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        const customer = await inHand.deps.destination.read(inHand.context(), id);
        read.set(id, customer && { sourceId: id, fields: customer.fields });
      } catch (error) {
        if (!(error instanceof RejectedError)) {
          waiting.length = 0; // the others begin no further one
          throw error;
        }
        read.set(id, { why: error.code });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(readsAtOnce, ids.length) }, reader));
  return read;
}

// ── Whoever was not met ─────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The first who were not met are read one by one. Where all of those are gone, so are the others; where one is there after
 * all, what was read was not whole, and everybody is read. Those to whom something was on its way meanwhile are read one by
 * one too, up to a bound: only who is still waiting then is set aside.
 */
async function readMissing(
  inHand: InHand,
  cursor: Extract<Cursor, { phase: 'missing' }>,
): Promise<Reading | End> {
  const { deps, verification, advance } = inHand;
  const { after, beganAt: since, looked, found, aside = 0 } = cursor;
  const reads = looked < readsOfMissing || found > 0;
  const limit = reads ? readsOfMissing : batchCustomers;
  const candidates = await notMet(deps.database, verification.id, { after, since, limit });
  if (candidates.length === 0) return { again: false };
  const settled = candidates.filter((one) => !one.inFlight).map(({ sourceId }) => sourceId);
  const flying = candidates.filter((one) => one.inFlight).map(({ sourceId }) => sourceId);
  const again = flying.slice(0, Math.max(readsOfInFlight - aside, 0));
  const inFlight = flying.length - again.length;
  const next = (there: ReadonlySet<string>): Reading => ({
    ...cursor,
    after: candidates.at(-1)!.sourceId,
    looked: looked + settled.length,
    found: found + settled.filter((id) => there.has(id)).length,
    aside: aside + again.length,
  });
  if (reads) return takeRead(inHand, [...settled, ...again], { note: true, inFlight }, next);
  const read = again.length > 0 ? await readAndSee(inHand, again) : null;
  const goingOn = next(new Set());
  await advance(goingOn, async (tx, report) => {
    report.inFlight += inFlight;
    await takeMissing(tx, report, comparingOf(inHand), { sourceIds: settled, since });
    if (read) await takeSeen(tx, report, inHand, { ...read, ids: again, note: true });
  });
  return goingOn;
}

/** The file is full of people and read by now. One that cannot be deleted yet is tried again: see export-removal. */
async function removeExport(inHand: InHand): Promise<void> {
  const { deps, signal } = inHand;
  await removeExportsLeft({ ...deps, context: inHand.context }, signal);
}

function comparingOf({ deps, verification }: InHand): Comparing {
  const { heal, by } = verification.request;
  return { deps, verificationId: verification.id, heal, scheduled: by === 'schedule', now: deps.clock.now() };
}
