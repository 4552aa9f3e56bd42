// One run from its checkpoint to done: pages are pulled, ingested and committed with their cursor, the next page on its
// way while the last is taken in. It knows no vendor; what a page holds is the connector's word.
import { isPulled } from '../../connector/source.ts';
import {
  type Api,
  type Context,
  type Note,
  type Page,
  type PullRequest,
  RejectedError,
  type Relation,
  type SourceRecord,
  type Stream,
} from '../../connector.ts';
import type { Run } from '../../contract/run.ts';
import { pathProperty } from '../../customer/path.ts';
import type { Database, Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import { localFiles } from '../../engine/files.ts';
import { type Endpoint, tooLargeCode } from '../../engine/http/endpoint.ts';
import { untilAborted } from '../../engine/http/until-aborted.ts';
import type { Log } from '../../engine/log/log.ts';
import { type Tracer, within } from '../../engine/trace/trace.ts';
import { checkpoint, dropCheckpoint, moveCheckpoint, type Reader } from '../../tables/checkpoints.ts';
import { noteCoverage } from '../../tables/coverage.ts';
import { isKnownProperty, revived } from '../../tables/records.ts';
import {
  addNotes,
  countPage,
  endRun,
  holdRun,
  keepReport,
  LostLeaseError,
  runById,
} from '../../tables/runs.ts';
import { forgetMet, forgetMetBy, hasBegun, noteMet } from '../../tables/swept-records.ts';
import { touch } from '../../tables/touches.ts';
import type { Sending } from '../deliver/difference.ts';
import { CursorTrail } from '../intake/cursor-trail.ts';
import { isAtBeginning, isOfRun, pageCursor } from '../intake/export-state.ts';
import { ingest, intakeOfRun, type RecordCount } from '../intake/ingest.ts';
import { readApart } from '../intake/reading-apart.ts';
import { rejectedShareFault } from '../intake/rejected-share.ts';
import type { Rules } from '../intake/rules.ts';
import { RunColumns } from '../intake/run-columns.ts';
import type { Source } from '../intake/source.ts';
import { isDoubtful, type SourceHealth } from '../intake/source-health.ts';
import { type Part, takeApart } from '../intake/taking-apart.ts';
import { type DryRunning, dryRun } from '../preview/dry-run.ts';
import { undoRun } from '../undo/undo.ts';
import type { ExportPages } from './export-pages.ts';
import { exportOf } from './exporting.ts';
import { settleFailure, watchRun } from './failing.ts';
import { readJournal } from './journal.ts';
import { ReadAhead } from './read-ahead.ts';
import { remap } from './remap.ts';
import { type Sweep, sweep, sweeps } from './sweep.ts';
import { UnseenProperties } from './unseen.ts';

const leaseMs = 30_000;

/** A page that is more than this process can hold is asked for again with so many records, then with half as many. */
const fewerRecords = 50;

/** Of the IDs that are read together so many may be refused; where more are, it is not for their sake. */
const maxRefused = 10;

export interface PullDeps {
  database: Database;
  rules: Rules;
  clock: Clock;
  log: Log;
  tracer: Tracer;
  /** The API behind a source; null where it has none. */
  endpoint(source: string): Endpoint | null;
  /** The table or view behind a source; null where it is none. */
  relation(source: string): Relation | null;
  /** Whether that vendor answers, as this process knows it. */
  health(source: string): SourceHealth;
  /** Where customers go: what a dry run would send is told by it. */
  sending: Sending;
  /** Called when customers may have become due. */
  onIngested(): void;
}

/** Carries one claimed run to its end, or puts it off. What happened is in the run's row. */
export async function carryRun(deps: PullDeps, run: Run, lease: string, signal: AbortSignal): Promise<void> {
  const { database, clock } = deps;
  const held = { id: run.id, lease };
  const log = deps.log.child({ source: run.source, run: run.id });
  const lost = new AbortController();
  const watch = watchRun(deps, held, { leaseMs, lost, signal });
  const health = deps.health(run.source);
  // A run that was not put off is asked for just now.
  if (run.error === null && run.mode !== 'undo') health.tryNow();
  try {
    const attributes = {
      ...{ 'tributary.source': run.source, 'tributary.run': run.id },
      ...{ 'tributary.mode': run.mode, 'tributary.lane': run.lane },
    };
    await deps.tracer.begin('run', { attributes }, () =>
      readAsAsked(deps, run, lease, { stop: AbortSignal.any([signal, lost.signal]), log }),
    );
    const ended = await database.transaction((tx) =>
      endRun(tx, held, { state: 'finished', error: null, now: clock.now() }),
    );
    if (ended) {
      if (ended.state === 'finished') log.info(figuresOf(ended), 'run finished');
      else log.error({ ...figuresOf(ended), reason: ended.error }, 'run failed');
    }
  } catch (error) {
    const why = lost.signal.aborted ? lost.signal.reason : error;
    await settleFailure({ database, clock, log, run, held, health, signal }, why);
  } finally {
    watch.stop();
    if (run.mode !== 'records' && run.mode !== 'remap' && run.mode !== 'undo')
      await forgetMet(database).catch((error: unknown) => log.warn({ err: error }, 'kept till the next run'));
    deps.onIngested();
  }
}

async function readAsAsked(
  deps: PullDeps,
  run: Run,
  lease: string,
  { stop, log }: { stop: AbortSignal; log: Log },
): Promise<void> {
  const source = deps.rules.source(run.source);
  if (run.mode === 'remap') await remap({ deps, run, lease, leaseMs, signal: stop, log });
  else if (run.mode === 'undo') await undoRun({ deps, run, lease, leaseMs, signal: stop });
  else if (!source)
    throw new RejectedError(`the configuration has no source ${run.source}`, { code: 'no_source' });
  else if (run.request.dryRun) await dryRun(dryRunning(deps, source, run, lease, stop));
  else await readAll(deps, source, run, lease, stop);
}

/** What a dry run asks of the vendor, as the real one would. */
function dryRunning(
  deps: PullDeps,
  source: Source,
  run: Run,
  lease: string,
  signal: AbortSignal,
): DryRunning {
  const readings = new Map(
    source.streams.map((stream): [string, Reading] => [
      stream.name,
      { deps, source, stream, run, lease, signal },
    ]),
  );
  const reading = (stream: Stream<unknown>): Reading => readings.get(stream.name)!;
  return {
    deps,
    source,
    run,
    lease,
    leaseMs,
    signal,
    settings: contextOf({ deps, source, run, signal }).settings,
    ask: (stream, reader, cursor) => askDry(reading(stream), reader, cursor),
    read: (stream, recordIds) => askRecords(reading(stream), recordIds),
  };
}

/** Every stream of the source that can be pulled, by the readers that this run's mode asks for, then its journal. */
async function readAll(
  deps: PullDeps,
  source: Source,
  run: Run,
  lease: string,
  signal: AbortSignal,
): Promise<void> {
  const streams =
    run.mode === 'records'
      ? [source.streams.find((stream) => stream.read) ?? source.streams[0]!]
      : source.streams.filter(isPulled);
  for (const stream of streams) {
    const reading = { deps, source, stream, run, lease, signal };
    if (run.mode === 'records') await readRecords(reading);
    else if (run.mode === 'import') await readPages(reading, 'full', `import:${run.id}`);
    else await readStream(reading);
  }
  if (run.mode === 'incremental' || run.mode === 'full')
    await readJournal({
      deps,
      source,
      run,
      lease,
      leaseMs,
      signal,
      context: () => contextOf({ deps, source, run, signal }),
      onPage: () => deps.health(source.name).forget(`run ${run.id}`),
    });
}

interface Reading {
  deps: PullDeps;
  source: Source;
  stream: Stream<unknown>;
  run: Run;
  lease: string;
  signal: AbortSignal;
  /** Most records on a page, once a page was more than this process can hold. */
  maxRecords?: number;
  /** The export that a dry run reads. */
  exported?: ExportPages | null;
}

async function readStream(reading: Reading): Promise<void> {
  const { deps, source, stream, run, lease } = reading;
  const { database } = deps;
  const lead = await checkpoint(database, source.name, stream.name, 'lead');
  if (run.mode === 'full' || lead === null) {
    // A full reading asked for anew begins anew; a backfill that was never finished goes on.
    const full = (await checkpoint(database, source.name, stream.name, 'full'))?.cursor ?? null;
    const isAnew = run.pages === 0 && run.attempts === 0 && !isOfRun(full, run.id);
    if (run.mode === 'full' && lead !== null && isAnew) {
      await database.transaction(async (tx) => {
        if (!(await holdRun(tx, { id: run.id, lease }, deps.clock.now() + leaseMs)))
          throw new LostLeaseError(run.id);
        await dropCheckpoint(tx, source.name, stream.name, 'full');
      });
      await exportFor(reading, 'full')?.abandon(full);
    }
    if (sweeps(run, stream)) return readAndSweep(reading);
    await readPages(reading, 'full', stream.name);
    await promote(reading);
  } else {
    await readPages(reading, 'lead', stream.name);
    if (stream.settleLagSeconds !== undefined && (await isDue(reading, 'trail', stream.settleLagSeconds))) {
      await readPages(reading, 'trail', stream.name);
    }
  }
  if (
    stream.tombstones &&
    (run.mode === 'full' || (await isDue(reading, 'tombstones', stream.tombstones.everySeconds)))
  ) {
    await readPages(reading, 'tombstones', stream.name);
  }
}

/**
 * Everything, then what the source says is gone, then what neither has shown. The reading is promoted last: until then
 * its checkpoint says that it has come to rest, and a run taken up again goes on behind it.
 */
async function readAndSweep(reading: Reading): Promise<void> {
  const { deps, source, stream, run } = reading;
  const { database } = deps;
  const known = await checkpoint(database, source.name, stream.name, 'full');
  const isRead = known?.restedAt != null && (await hasBegun(database, run.id, stream.name));
  const total = isRead
    ? source.streams.length === 1
      ? ((await runById(database, run.id))?.expected ?? null)
      : null
    : await readPages(reading, 'full', stream.name);
  if (stream.tombstones) await readPages(reading, 'tombstones', stream.name);
  await sweep(sweepOf(reading), { total });
  await promote(reading);
}

/** After a full reading, increments and what trails behind them go on from where it came to rest. */
async function promote({ deps, source, stream, run, lease }: Reading): Promise<void> {
  const now = deps.clock.now();
  await deps.database.transaction(async (tx) => {
    if (!(await holdRun(tx, { id: run.id, lease }, now + leaseMs))) throw new LostLeaseError(run.id);
    const full = await checkpoint(tx, source.name, stream.name, 'full');
    if (!full) return;
    for (const reader of ['lead', 'trail'] as const) {
      await moveCheckpoint(
        tx,
        { source: source.name, stream: stream.name, reader },
        { cursor: full.cursor, done: true, now },
      );
    }
    await dropCheckpoint(tx, source.name, stream.name, 'full');
  });
}

async function isDue(
  { deps, source, stream }: Reading,
  reader: Reader,
  everySeconds: number,
): Promise<boolean> {
  const known = await checkpoint(deps.database, source.name, stream.name, reader);
  return known?.restedAt == null || deps.clock.now() - known.restedAt >= everySeconds * 1000;
}

/**
 * Pulls from the reader's checkpoint to rest. Pages are read while others are ingested: a vendor's latency and our writing
 * overlap. Returns how many records the vendor said there are, where its last page said so.
 */
async function readPages(reading: Reading, reader: Reader, checkpointStream: string): Promise<number | null> {
  const { deps, source, stream, run, signal } = reading;
  const key = { source: source.name, stream: checkpointStream, reader };
  const begun = (await checkpoint(deps.database, key.source, key.stream, reader))?.cursor ?? null;
  const columns = new RunColumns(source);
  const unseen = new UnseenProperties(source);
  const trail = new CursorTrail(`the ${stream.name} of ${source.config.connector.name}`, begun);
  let resumes = true;
  const exported = exportFor(reading, reader);
  const attributes = { 'tributary.source': source.name, 'tributary.stream': stream.name };
  const ask = (cursor: Page['cursor'] | null) => within('pull', { attributes }, () => pulled(cursor));
  const pulled = async (cursor: Page['cursor'] | null) => {
    const readAt = deps.clock.now();
    const read = exported
      ? await exported.page(cursor)
      : { page: await askPage(reading, reader, cursor, resumes), readAt };
    resumes = false;
    trail.follow(read.page);
    return read;
  };
  let first = isAtBeginning(begun);
  let total: number | null = null;
  let whole: Page['whole'];
  const seen = { received: run.received, rejected: run.rejected };
  const ahead = new ReadAhead({
    clock: deps.clock,
    signal,
    begun,
    ask,
    joins: source.clock(stream.name) === 'millisecond',
    isHeavy: () => reading.maxRecords !== undefined,
  });
  try {
    for (let read = await ahead.next(); read !== null; read = await ahead.next()) {
      const { page } = read;
      // The columns of a file are looked at before its rows.
      if (!page.columns) unseen.look(page.records);
      const { whole: wholeOfPage, records, done } = page;
      // Before its cursor is stored: a run that is interrupted here goes on at this page.
      const endsWhole = wholeOfPage?.begins === false && done && records.length === 0;
      if (endsWhole) await deleteUnmet(reading, wholeOfPage);
      await takePage(reading, key, { ...read, first, found: columns.of(page), seen });
      deps.health(source.name).forget(`run ${run.id}`);
      deps.onIngested();
      first = false;
      total = page.total ?? null;
      whole = endsWhole ? undefined : wholeOfPage;
    }
    await exported?.finish();
  } finally {
    ahead.stop();
    exported?.stop();
  }
  if (whole) await deleteUnmet(reading, whole);
  if (reader === 'full' || reader === 'lead') await noteUnseen(reading, reader, unseen);
  return total;
}

/**
 * Notes what the mapping names and no record of the reading had. Of changes alone only what stored records do have: it is
 * there no more.
 */
async function noteUnseen(reading: Reading, reader: Reader, unseen: UnseenProperties): Promise<void> {
  const { deps, source, stream, run } = reading;
  const { database, log } = deps;
  const isGone = (path: string) => isKnownProperty(database, source.name, stream.name, pathProperty(path));
  const paths: string[] = [];
  for (const path of unseen.paths) if (reader === 'full' || (await isGone(path))) paths.push(path);
  if (paths.length === 0) return;
  // Records hold what they were asked for: only the vendor knows what else there is. Without its answer there is no hint.
  const all = await (async () => stream.properties?.(contextOf(reading), source.properties))().catch(
    () => undefined,
  );
  const notes = paths.map((path) =>
    unseen.note(
      path,
      all?.map(({ name }) => name),
    ),
  );
  log.warn(
    { source: source.name, run: run.id, paths: paths.slice(0, 20).join(', ') },
    'the mapping names what no record of the reading has',
  );
  await database.transaction((tx) => addNotes(tx, run.id, notes));
}

/** The part's records; of a whole reading those that had been gone are back with its clock. */
async function recordsOf(
  tx: Queryable,
  { source, stream }: Reading,
  { whole }: Page,
  { records }: Part,
): Promise<SourceRecord[]> {
  if (whole?.asOf === undefined) return records;
  return revived(tx, { source: source.name, stream: stream.name, asOf: whole.asOf }, records);
}

/** A reading of everything, by this run from its first page on, shows what is gone. */
async function deleteUnmet(reading: Reading, { asOf }: NonNullable<Page['whole']>): Promise<void> {
  const { database } = reading.deps;
  if (!(await hasBegun(database, reading.run.id, reading.stream.name))) return;
  await sweep(sweepOf(reading), asOf === undefined ? {} : { asOf });
}

function sweepOf(reading: Reading): Sweep {
  const { deps, source, stream, run, lease, signal } = reading;
  const { database, rules, clock, onIngested } = deps;
  const log = deps.log.child({ source: source.name, run: run.id });
  const context = () => contextOf(reading);
  return { database, rules, clock, log, source, stream, run, lease, leaseMs, signal, context, onIngested };
}

/** A page counts only with its cursor, in one transaction, while the lease is ours. What cannot be kept costs itself only. */
async function takePage(
  reading: Reading,
  key: { source: string; stream: string; reader: Reader },
  taken: {
    page: Page;
    readAt: number;
    pages: number;
    first: boolean;
    found: ReturnType<RunColumns['of']>;
    /** What this run has read before; this page is added. */
    seen: { received: number; rejected: number };
  },
): Promise<void> {
  const { deps, source, stream, run, lease } = reading;
  const { reader } = key;
  const { page, first, found, seen } = taken;
  const { settings } = contextOf(reading);
  let isFirstPart = true;
  const readAt = reader === 'tombstones' ? undefined : taken.readAt;
  const sweeping = reader === 'full' && sweeps(run, stream);
  const expected = page.total ?? null;
  const step = stepOf(reader, stream);
  await takeApart(page, async (part, isLast) => {
    const now = deps.clock.now();
    const changed: number[] = [];
    const refused: SourceRecord[] = [];
    const noted: Note[] = [];
    const onNote = (note: Note) => void noted.push(note);
    const intake = { ...intakeOfRun(run, { source, stream, clock: deps.clock }), now, readAt, onNote };
    const onCounted = (record: SourceRecord, as: RecordCount) => {
      if (as === 'changed') changed.push(record.changedAt);
      if (as === 'rejected') refused.push(record);
    };
    const counts = await deps.database.transaction(async (tx) => {
      changed.length = 0;
      refused.length = 0;
      noted.length = 0;
      const records = await recordsOf(tx, reading, page, part);
      const counts = await ingest(tx, deps.rules, { ...intake, onCounted }, { ...part, records });
      const fault = rejectedShareFault({ source, stream, settings }, seen, counts, part, refused);
      if (fault !== null) throw new RejectedError(fault, { code: 'too_many_rejected' });
      // A change that an increment finds is one that no webhook told of, not yet or not at all.
      if (source.hearsWebhooks && (reader === 'lead' || reader === 'trail'))
        await noteCoverage(tx, { source: source.name, channel: 'poll', now }, changed);
      if (page.whole?.begins && isFirstPart) await forgetMetBy(tx, run.id, stream.name);
      const isFirst = page.whole ? page.whole.begins : first;
      const notes = isLast ? [...noted, ...(page.notes ?? []), ...(found?.notes ?? [])] : noted;
      const counted = { counts, pages: isLast ? taken.pages : 0, expected, step, now, leaseMs };
      // Sent at once, and done one after the other: the session is held for fewer trips of the network.
      await Promise.all([
        (sweeping || page.whole) &&
          noteMet(tx, { runId: run.id, stream: stream.name, first: isFirst }, idsOf(part)),
        addNotes(tx, run.id, notes),
        isLast && found && keepReport(tx, { id: run.id, lease }, { columns: found.report }),
        isLast && moveCheckpoint(tx, key, { cursor: page.cursor, done: page.done, now }),
        countPage(tx, { id: run.id, lease }, counted),
      ]);
      return counts;
    });
    isFirstPart = false;
    seen.received += counts.received;
    seen.rejected += counts.rejected;
  });
}

/** The way by the vendor's exports; null where this reader has none. */
function exportFor(reading: Reading, reader: Reader): ExportPages | null {
  const { deps, source, stream, run, lease, signal } = reading;
  const { database, clock, log } = deps;
  const context = () => contextOf(reading);
  const pull = (cursor: Page['cursor'] | null) => askPage(reading, reader, cursor);
  const [endpoint, health] = [deps.endpoint(source.name), deps.health(source.name)];
  const shared = { database, clock, log, endpoint, health, context, pull };
  return exportOf({ ...shared, source, stream, run, lease, leaseMs, signal }, reader);
}

/** A page that is not kept. */
async function askDry(reading: Reading, reader: Reader, cursor: Page['cursor'] | null): Promise<Page> {
  reading.exported ??= exportFor(reading, reader);
  if (!reading.exported) return askPage(reading, reader, pageCursor(cursor));
  const { page } = await reading.exported.page(cursor);
  if (page.done) await reading.exported.finish();
  return page;
}

/** The page from this cursor, with fewer records where it was more than this process can hold. */
async function askPage(
  reading: Reading,
  reader: Reader,
  cursor: Page['cursor'] | null,
  resumes = false,
): Promise<Page> {
  const { deps, stream, source, signal, run } = reading;
  const from = reader === 'tombstones' && stream.tombstones ? stream.tombstones : stream;
  const lagMs = reader === 'trail' ? (stream.settleLagSeconds ?? 0) * 1000 : 0;
  const context = contextOf(reading);
  if (!from.pull)
    throw new RejectedError(`${source.name} cannot be pulled: its ${stream.name} are only pushed`, {
      code: 'no_pull',
    });
  const sourceId = source.config.sourceId.path;
  for (;;) {
    const { maxRecords } = reading;
    const request: PullRequest = {
      cursor,
      until: context.now - lagMs,
      properties: source.properties,
      mapped: source.config.mapping !== null,
      resumes,
      ...(sourceId !== null && { sourceId }),
      ...(maxRecords !== undefined && { maxRecords }),
    };
    try {
      return await untilAborted(from.pull(context, request), signal);
    } catch (error) {
      if (!(error instanceof RejectedError && error.code === tooLargeCode) || maxRecords === 1) throw error;
      reading.maxRecords = maxRecords === undefined ? fewerRecords : Math.floor(maxRecords / 2);
      deps.log.warn(
        { source: source.name, run: run.id, reason: error.message, records: reading.maxRecords },
        'fewer records are asked for at a time',
      );
    }
  }
}

function idsOf({ records }: Pick<Page, 'records'>): string[] {
  return records.map((record) => record.recordId);
}

/** Reads the run's record IDs, as many at a time as the vendor takes. */
async function readRecords(reading: Reading): Promise<void> {
  const { deps, source, stream, run, lease, signal } = reading;
  const read = requireRead(reading);
  const recordIds = (run.request.recordIds ?? []).map((written) => read.idOf?.(written) ?? written);
  for (let from = run.pages * read.maxIds; from < recordIds.length; from += read.maxIds) {
    signal.throwIfAborted();
    const asked = recordIds.slice(from, from + read.maxIds);
    const readAt = deps.clock.now();
    const { later, ...answer } = await askRecords(reading, asked);
    await takeApart(answer, async (part, isLast) => {
      const now = deps.clock.now();
      await deps.database.transaction(async (tx) => {
        const noted: Note[] = [];
        const onNote = (note: Note) => void noted.push(note);
        const intake = { ...intakeOfRun(run, { source, stream, clock: deps.clock }), now, readAt, onNote };
        const counts = await ingest(tx, deps.rules, intake, part);
        if (isLast && later.length > 0) {
          const touched = later.map((recordId) => ({
            stream: stream.name,
            recordId,
            changedAt: readAt,
            gone: null,
          }));
          await touch(tx, source.name, touched, now);
          noted.push({ code: 'read_later', message: readLater, count: later.length });
        }
        await addNotes(tx, run.id, noted);
        const step = 'reading records by ID';
        const counted = { counts, pages: isLast ? 1 : 0, expected: recordIds.length, step, now, leaseMs };
        await countPage(tx, { id: run.id, lease }, counted);
      });
    });
    deps.health(source.name).forget(`run ${run.id}`);
    deps.onIngested();
  }
}

function requireRead({ source, stream }: Reading): NonNullable<Stream<unknown>['read']> {
  if (stream.read) return stream.read;
  throw new RejectedError(
    `${source.name} cannot read single records: ${source.config.connector.name} offers no way`,
    { code: 'no_read' },
  );
}

const readLater =
  'Records could not be read, for a reason that may pass. They are read again, and are dead letters if they cannot be read then either.';

/**
 * These records; those the vendor does not have, and those it does not give, as rejected rows. `later`: those that may be given
 * another time, for the answer may have been a gateway's.
 */
async function askRecords(
  reading: Reading,
  recordIds: readonly string[],
): Promise<Part & { later: string[] }> {
  const { source, stream, signal } = reading;
  const { properties } = source;
  const { name } = source.config.connector;
  const read = requireRead(reading);
  const { records, missing, unreadable } = await readApart(
    (some) => untilAborted(read.records(contextOf(reading), { recordIds: some, properties }), signal),
    recordIds,
    maxRefused,
  );
  const row = (recordId: string, reason: string) => ({ position: recordId, reason, raw: recordId });
  const later = unreadable.flatMap(({ recordId, error }) => (isDoubtful(error) ? [recordId] : []));
  const refused = unreadable.filter(({ error }) => !isDoubtful(error));
  return {
    records,
    later,
    rejected: [
      ...missing.map((recordId) => row(recordId, `${name} has no ${stream.name} record ${recordId}`)),
      ...refused.map(({ recordId, error }) => row(recordId, `${name} does not give it: ${error.message}`)),
    ],
  };
}

function contextOf({
  deps,
  source,
  run,
  signal,
}: Pick<Reading, 'deps' | 'source' | 'run' | 'signal'>): Context<unknown> {
  const endpoint = deps.endpoint(source.name);
  const relation = deps.relation(source.name);
  const health = deps.health(source.name);
  const settings =
    run.request.path === undefined
      ? source.config.settings
      : {
          ...(source.config.settings as object),
          ...source.config.connector.source?.importDefaults,
          ...run.request.settings,
          path: run.request.path,
        };
  return {
    settings,
    locale: source.config.locale ?? {},
    api: endpoint ? health.guard(endpoint.api(run.lane, { signal }), signal) : noApi,
    ...(relation && { relation: health.guardRelation(relation, signal) }),
    files: localFiles,
    now: deps.clock.now(),
  };
}

const noApi: Api = {
  request: () => Promise.reject(new RejectedError('this connector describes no API', { code: 'no_api' })),
};

function stepOf(reader: Reader, stream: Stream<unknown>): string {
  return {
    full: `reading all ${stream.name}`,
    lead: `reading changed ${stream.name}`,
    trail: `reading settled ${stream.name} again`,
    tombstones: `reading deleted ${stream.name}`,
    remap: 'mapping stored records again',
    undo: 'undoing a run',
  }[reader];
}

function figuresOf(run: Run): object {
  const { mode, received, changed, unchanged, superseded, filtered, rejected, customers } = run;
  return { mode, received, changed, unchanged, superseded, filtered, rejected, customers };
}
