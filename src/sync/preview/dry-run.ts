// A run that keeps nothing: every page goes through the real ingest in a transaction that is then undone, and what it
// would have made is reported. Checkpoints stay, nothing is sent. It knows no vendor; pages are asked for by who carries it.

import { isPulled } from '../../connector/source.ts';
import type { Fields, Json, Note, Page, SourceRecord, Stream } from '../../connector.ts';
import type { Differences as DifferenceReport } from '../../contract/preview.ts';
import type { Columns, Run } from '../../contract/run.ts';
import type { Database, Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import { customersBesideAcknowledged } from '../../tables/acknowledgements.ts';
import { checkpoint, type Reader } from '../../tables/checkpoints.ts';
import { type Counts, noCounts } from '../../tables/counts.ts';
import type { Revised } from '../../tables/customers.ts';
import { lettersOfRun } from '../../tables/dead-letters.ts';
import { bodyHash } from '../../tables/records.ts';
import { addNotes, countFromZero, countPage, keepReport } from '../../tables/runs.ts';
import type { Sending } from '../deliver/difference.ts';
import { CursorTrail } from '../intake/cursor-trail.ts';
import { ingest, intakeOfRun, type RecordCount } from '../intake/ingest.ts';
import { rejectedShareFault } from '../intake/rejected-share.ts';
import type { Rules } from '../intake/rules.ts';
import { RunColumns } from '../intake/run-columns.ts';
import type { Source } from '../intake/source.ts';
import { type Difference, Differences } from './report.ts';

/** So many records are remembered, so that one read twice is not told twice: by a trailing reader, or as pages move. */
const maxRemembered = 200_000;

/** So many rejected records are named. */
const maxRejected = 20;

export interface DryRunReport extends DifferenceReport {
  counts: Counts;
  /** Pages that were read, each at least one call to the vendor. */
  pages: number;
  /** Of a file. */
  columns: Columns | null;
  rejected: Rejected[];
}

type Rejected = { ref: string; message: string };

export interface DryRunning {
  deps: { database: Database; rules: Rules; clock: Clock; sending: Sending };
  source: Source;
  run: Run;
  lease: string;
  leaseMs: number;
  signal: AbortSignal;
  /** The source's, as they are for this run. */
  settings: unknown;
  /** The next page of a stream, from this cursor. */
  ask(stream: Stream<unknown>, reader: Reader, cursor: Json | null): Promise<Page>;
  /** These records by ID; those the vendor does not have as rejected rows. */
  read(stream: Stream<unknown>, recordIds: readonly string[]): Promise<Pick<Page, 'records' | 'rejected'>>;
}

/** Reads what the run would read, and leaves its report in the run's row. */
export async function dryRun(running: DryRunning): Promise<void> {
  const { deps, source, run, lease } = running;
  await countFromZero(deps.database, { id: run.id, lease });
  const found = new Found(deps, source);
  const streams =
    run.mode === 'records' || run.mode === 'import' ? source.streams : source.streams.filter(isPulled);
  for (const stream of streams) {
    if (run.mode === 'records') await tryRecords(running, found, stream);
    else
      for (const { reader, cursor } of await readersOf(running, stream))
        await tryPages(running, found, stream, { reader, cursor });
  }
  await keepReport(deps.database, { id: run.id, lease }, found.report(run));
}

/** The readers that the real run would use, each with where it would begin. */
export async function readersOf(
  {
    deps,
    source,
    run,
  }: { deps: { database: Queryable; clock: Clock }; source: Source; run: Pick<Run, 'mode'> },
  stream: Stream<unknown>,
): Promise<{ reader: Reader; cursor: Json | null }[]> {
  const kept = (reader: Reader) => checkpoint(deps.database, source.name, stream.name, reader);
  const isDue = async (reader: Reader, everySeconds: number) => {
    const restedAt = (await kept(reader))?.restedAt ?? null;
    return restedAt === null || deps.clock.now() - restedAt >= everySeconds * 1000;
  };
  if (run.mode === 'import') return [{ reader: 'full', cursor: null }];
  const lead = await kept('lead');
  const readers: { reader: Reader; cursor: Json | null }[] = [];
  if (run.mode === 'full' || lead === null) {
    const begun = lead === null ? await kept('full') : null;
    readers.push({ reader: 'full', cursor: begun?.cursor ?? null });
  } else {
    readers.push({ reader: 'lead', cursor: lead.cursor });
    const lag = stream.settleLagSeconds;
    if (lag !== undefined && (await isDue('trail', lag)))
      readers.push({ reader: 'trail', cursor: (await kept('trail'))?.cursor ?? null });
  }
  const { tombstones } = stream;
  if (tombstones && (run.mode === 'full' || (await isDue('tombstones', tombstones.everySeconds))))
    readers.push({ reader: 'tombstones', cursor: (await kept('tombstones'))?.cursor ?? null });
  return readers;
}

async function tryPages(
  running: DryRunning,
  found: Found,
  stream: Stream<unknown>,
  from: { reader: Reader; cursor: Json | null },
): Promise<void> {
  const trail = new CursorTrail(`the ${stream.name} of ${running.source.config.connector.name}`, from.cursor);
  for (let cursor = from.cursor; ; ) {
    running.signal.throwIfAborted();
    const page = await running.ask(stream, from.reader, cursor);
    trail.follow(page);
    const notes = [...(page.notes ?? []), ...found.columnsOf(page)];
    const wouldStop = await tryPage(running, found, stream, { ...page, notes });
    if (page.done || wouldStop) return;
    cursor = page.cursor;
  }
}

async function tryRecords(running: DryRunning, found: Found, stream: Stream<unknown>): Promise<void> {
  const recordIds = running.run.request.recordIds ?? [];
  const most = stream.read?.maxIds ?? 1;
  for (let from = 0; from < recordIds.length; from += most) {
    running.signal.throwIfAborted();
    await tryPage(running, found, stream, await running.read(stream, recordIds.slice(from, from + most)));
  }
}

/** Thrown to undo the transaction, with what it had made. */
class Undone {
  readonly counts: Counts;
  readonly differences: Difference[];
  readonly rejected: Rejected[];
  constructor(counts: Counts, differences: Difference[], rejected: Rejected[]) {
    this.counts = counts;
    this.differences = differences;
    this.rejected = rejected;
  }
}

/** True where the run itself would stop at this page and keep nothing of it. */
async function tryPage(
  { deps, source, run, lease, leaseMs, settings }: DryRunning,
  found: Found,
  stream: Stream<unknown>,
  page: Pick<Page, 'records' | 'rejected' | 'total' | 'notes'>,
): Promise<boolean> {
  const now = deps.clock.now();
  const records = page.records.filter((record) => !found.hasMet(stream.name, record));
  const again = page.records.length - records.length;
  const refused: SourceRecord[] = [];
  let undone: Undone | null = null;
  try {
    await deps.database.transaction(async (tx) => {
      const differences: Difference[] = [];
      const onRevised = async (revised: readonly Revised[]) => {
        differences.push(...(await differencesOf(tx, revised)));
      };
      // Run IDs count in the breaker: this run is none there, and what it counts is undone too.
      const intake = {
        ...intakeOfRun(run, { source, stream, clock: deps.clock }),
        now,
        readAt: now,
        onRevised,
        onCounted: (record: SourceRecord, as: RecordCount) => {
          if (as === 'rejected') refused.push(record);
        },
      };
      refused.length = 0;
      const counts = await ingest(tx, deps.rules, intake, { ...page, records });
      const named = counts.rejected > 0 ? found.rejectedLeft : 0;
      throw new Undone(counts, differences, named > 0 ? await lettersOfRun(tx, run.id, named) : []);
    });
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
    undone = error;
  }
  if (!undone) throw new Error('a dry run was about to be kept');
  for (const record of records) found.meet(stream.name, record);
  const { counts } = undone;
  const all = { ...counts, received: counts.received + again, unchanged: counts.unchanged + again };
  const fault = rejectedShareFault({ source, stream, settings }, found.counts, counts, page, refused);
  found.add(all, fault === null ? undone : { ...undone, differences: [] });
  const step = `trying ${stream.name}: nothing is kept`;
  const notes: Note[] =
    fault === null
      ? []
      : [{ code: 'too_many_rejected', message: `The run itself would fail: ${fault}`, count: 1 }];
  await addNotes(deps.database, run.id, [...notes, ...(page.notes ?? [])]);
  await countPage(
    deps.database,
    { id: run.id, lease },
    { counts: all, pages: 1, expected: page.total ?? null, step, now, leaseMs },
  );
  return fault !== null;
}

/** The revised customers as they stand in this transaction, against what they were before it. */
async function differencesOf(tx: Queryable, revised: readonly Revised[]): Promise<Difference[]> {
  const byId = await customersBesideAcknowledged(
    tx,
    revised.map(({ sourceId }) => sourceId),
  );
  return revised.map(({ sourceId, revision, changed, becameOrphaned, cameBack }) => {
    const { fields, dropped, orphaned, deletionRefused, acknowledged } = byId.get(sourceId)!;
    const wasOrphaned = cameBack || (orphaned && !becameOrphaned);
    const before = revision === 1 ? null : fieldsBefore(fields, changed);
    return {
      sourceId,
      before,
      after: { fields, dropped, revision },
      wasOrphaned,
      orphaned,
      deletionRefused,
      acknowledged,
    };
  });
}

function fieldsBefore(fields: Fields, changed: Revised['changed']): Fields {
  const before = { ...fields };
  for (const [field, { from }] of Object.entries(changed)) {
    if (from === undefined) delete before[field];
    else before[field] = from;
  }
  return before;
}

class Found {
  readonly #differences: Differences;
  readonly #columns: RunColumns;
  readonly #met = new Set<string>();
  readonly #counts = { ...noCounts };
  readonly #rejected: Rejected[] = [];
  #pages = 0;

  constructor({ sending, rules }: DryRunning['deps'], source: Source) {
    this.#differences = new Differences(sending, rules);
    this.#columns = new RunColumns(source);
  }

  /** Notes what became of the columns of a file, where this page is the first that names them. */
  columnsOf(page: Page): Note[] {
    return this.#columns.of(page)?.notes ?? [];
  }

  hasMet(stream: string, record: SourceRecord): boolean {
    return this.#met.has(keyOf(stream, record));
  }

  meet(stream: string, record: SourceRecord): void {
    if (this.#met.size < maxRemembered) this.#met.add(keyOf(stream, record));
  }

  get counts(): Counts {
    return this.#counts;
  }

  /** So many more rejected records are to be named. */
  get rejectedLeft(): number {
    return maxRejected - this.#rejected.length;
  }

  add(counts: Counts, { differences, rejected }: Pick<Undone, 'differences' | 'rejected'>): void {
    this.#pages += 1;
    this.#rejected.push(...rejected);
    for (const key of Object.keys(counts) as (keyof Counts)[]) this.#counts[key] += counts[key];
    for (const difference of differences) this.#differences.add(difference.sourceId, difference);
  }

  report(run: Run): DryRunReport {
    const report = this.#differences.report();
    const { differing, created } = report.customers;
    return {
      ...report,
      differs: differing + created.count + this.#counts.rejected > 0,
      columns: this.#columns.report,
      counts: this.#counts,
      pages: this.#pages,
      rejected: this.#rejected,
      notes: [
        'Each page is evaluated by itself: a customer with records on two pages is counted twice.',
        ...(run.mode === 'full' || run.request.settings?.['complete'] === true
          ? ['Deletions that a full run finds by what it does not meet are not shown.']
          : []),
      ],
    };
  }
}

function keyOf(stream: string, record: SourceRecord): string {
  return `${stream}\n${record.recordId}\n${record.changedAt}${record.deleted ? 'x' : bodyHash(record)}`;
}
