// How many records a run would read, in how many pages: by the vendor's own count, else by what is known of earlier runs.
// It knows no quota and no destination.
import { isPulled } from '../../connector/source.ts';
import { type Json, type PageCost, type Stream, TransientError } from '../../connector.ts';
import type { Run } from '../../contract/run.ts';
import type { Reader } from '../../tables/checkpoints.ts';
import type { Basis } from '../../tables/forecasts.ts';
import { sizesOfRecords } from '../../tables/records.ts';
import { listRuns } from '../../tables/runs.ts';
import { pageCursor } from '../intake/export-state.ts';
import { readersOf } from '../preview/dry-run.ts';
import type { ReadStep } from './forecast.ts';
import type { Planning, PlanRequest } from './planning.ts';

export interface PlannedRecords {
  count: number;
  basis: Basis;
  sentence: string;
  /** `brings`: its records may change customers; the others are read again, or read to be taken away. */
  steps: (Omit<ReadStep, 'customers'> & { brings: boolean })[];
  /** Of a record's body, on average. */
  bytesEach: number;
  /** From one page to the next in the quickest run of late; null where none shows it. */
  pageMs: number | null;
  /** How long the vendor took to count; null where it was not asked. */
  countMs: number | null;
  /** Nothing of the source was read to its end before. */
  first: boolean;
  /** Streams that are read by an export, which takes the vendor its own time. */
  exported: string[];
  /** Finished runs of the source, the newest first; those that brought everything for the first time are left out. */
  recent: Run[];
}

/** Thrown where nobody can say how much there is. */
export class UnknownSizeError extends Error {
  override name = 'UnknownSizeError';
  /** The vendor could tell, and did not answer. */
  readonly hasFailed: boolean;

  constructor(message: string, hasFailed: boolean) {
    super(message);
    this.hasFailed = hasFailed;
  }
}

const pageSizeDefault = 100;

/** Of a body whose size nobody knows, and of each property asked for. */
const bytesDefault = { body: 60, property: 30 };

/** So many records change a day, of those stored, where no run has shown it. */
const changedDaily = 0.01;

const dayMs = 86_400_000;

const mostRecent = 50;

/** Calls of an export besides its files: its order, about as many polls as it takes, and its removal. */
const callsOfExport = 15;

/** A run of fewer pages does not show how long one lasts. */
const tellingPages = 5;

const words: { [reader in Reader]?: ReadStep['what'] } = {
  full: 'everything',
  lead: 'changes',
  trail: 'settled changes',
  tombstones: 'deletions',
};

export async function plannedRecords(
  planning: Planning,
  request: PlanRequest & { first: boolean },
): Promise<PlannedRecords> {
  const { database, source } = planning;
  const runs = (
    await listRuns(database, { source: source.name, state: 'finished', limit: mostRecent })
  ).filter(({ mode, request }) => !request.dryRun && (mode === 'full' || mode === 'incremental'));
  const stored = await sizesOfRecords(database, source.name);
  const known = { runs, stored, recent: runs.slice(0, runs.length < mostRecent ? -1 : undefined) };
  const steps: PlannedRecords['steps'] = [];
  const exported: string[] = [];
  const bases: Basis[] = [];
  const callTimes: number[] = [];
  for (const stream of source.streams) {
    if (!isPulled(stream)) continue;
    const deps = { database, clock: planning.clock };
    for (const { reader, cursor } of await readersOf({ deps, source, run: request }, stream)) {
      const reading = { stream, reader, cursor };
      const { records, basis, callMs } = await counted(planning, request, known, reading);
      if (callMs !== undefined) callTimes.push(callMs);
      steps.push(stepOf(planning, stream, reader, records, pageSizeOf(runs)));
      if (isExported(stream, reader, records, source.config.settings)) exported.push(stream.name);
      if (reader === 'full' || reader === 'lead') bases.push(basis);
      if (reader === 'full' && request.mode === 'full' && stream.sweeps && stream.read)
        steps.push(sweepOf(planning, stream, Math.max((stored.get(stream.name)?.count ?? 0) - records, 0)));
    }
  }
  const basis = request.exact ? 'dry run' : (bases[0] ?? 'stored records');
  const count = steps.reduce((sum, { records }) => sum + records, 0);
  return {
    count,
    basis,
    sentence: sentenceOf(basis, planning, request),
    steps,
    bytesEach: bytesOf(stored) ?? bytesDefault.body + bytesDefault.property * source.properties.length,
    pageMs: pageMsOf(runs),
    countMs: callTimes.length > 0 ? Math.min(...callTimes) : null,
    first: request.first,
    recent: known.recent,
    exported,
  };
}

interface RunHistory {
  runs: readonly Run[];
  recent: readonly Run[];
  stored: Map<string, { count: number; bytesEach: number | null }>;
}

interface Reading {
  stream: Stream<unknown>;
  reader: Reader;
  cursor: Json | null;
}

async function counted(
  planning: Planning,
  request: PlanRequest,
  known: RunHistory,
  reading: Reading,
): Promise<{ records: number; basis: Basis; callMs?: number }> {
  const { stream, reader } = reading;
  // What is gone is told by pages that hold it all, however little of it is new: one at least.
  if (reader === 'tombstones') return { records: 0, basis: 'vendor' };
  const isOnly = planning.source.streams.filter(isPulled).length === 1;
  if (request.records !== undefined && reader !== 'trail')
    return { records: request.records, basis: 'given' };
  const said = await vendorCount(planning, reading);
  if (said && 'records' in said) return { ...said, basis: 'vendor' };
  if (request.exact && isOnly && reader !== 'trail')
    return { records: request.exact.report.counts.received, basis: 'dry run' };
  const stored = known.stored.get(stream.name)?.count ?? 0;
  if (reader !== 'full') return changesOf(planning, known, { stored, isOnly });
  const lastFull = known.runs.find(({ mode, lane }) => mode === 'full' || lane === 'backfill');
  const lastCount = lastFull ? Math.max(lastFull.expected ?? 0, lastFull.received) : 0;
  if (isOnly && lastCount > 0) return { records: lastCount, basis: 'last full run' };
  if (stored > 0) return { records: stored, basis: 'stored records' };
  const { name } = planning.source;
  const why = said
    ? `${name} could not be asked how many records it has (${said.failed})`
    : `${planning.vendors.source} does not say how many records ${name} has`;
  throw new UnknownSizeError(
    `${why}, and none was read yet: give a number of records, or ask for an exact forecast, which reads them all without keeping them.`,
    said !== null,
  );
}

type Said = { records: number; callMs: number } | { failed: string };

/** Null where the connector cannot say. */
async function vendorCount(planning: Planning, { stream, reader, cursor }: Reading): Promise<Said | null> {
  if (!stream.count) return null;
  const { context, source, clock } = planning;
  const lagMs = reader === 'trail' ? (stream.settleLagSeconds ?? 0) * 1000 : 0;
  const request = { cursor: pageCursor(cursor), until: context.now - lagMs, properties: source.properties };
  const askedAt = clock.now();
  try {
    return { records: await stream.count(context, request), callMs: clock.now() - askedAt };
  } catch (error) {
    if (error instanceof TransientError) return { failed: error.message };
    throw error;
  }
}

/** As many in the time since the last run as in that of the runs before it. */
function changesOf(
  { clock }: Planning,
  { recent, runs }: RunHistory,
  { stored, isOnly }: { stored: number; isOnly: boolean },
): { records: number; basis: Basis } {
  const since = Math.max(clock.now() - (runs[0]?.startedAt ?? clock.now()), 0);
  const increments = recent.filter(({ mode }) => mode === 'incremental');
  const from = runs.at(-1)?.startedAt ?? null;
  const until = increments[0]?.startedAt ?? null;
  if (isOnly && from !== null && until !== null && until > from) {
    const received = increments.reduce((sum, run) => sum + run.received, 0);
    return { records: Math.ceil((received / (until - from)) * since), basis: 'recent runs' };
  }
  const share = Math.min((changedDaily * since) / dayMs, 1);
  return { records: Math.ceil(stored * share), basis: 'stored records' };
}

function stepOf(
  { source }: Planning,
  stream: Stream<unknown>,
  reader: Reader,
  records: number,
  pageSize: number,
): PlannedRecords['steps'][number] {
  const { settings } = source.config;
  const what = words[reader] ?? 'changes';
  const brings = reader === 'full' || reader === 'lead';
  if (isExported(stream, reader, records, settings)) {
    const { rowsPerFile, bucket } = stream.bulkExport!.cost;
    const pages = callsOfExport + Math.ceil(records / rowsPerFile);
    return { what, pages, callsPerPage: 1, bucket, records, brings };
  }
  const cost = stream.cost?.(settings, source.properties);
  const page: PageCost | undefined =
    reader === 'full'
      ? cost?.full
      : reader === 'tombstones'
        ? cost?.tombstones
        : (cost?.changes ?? cost?.full);
  return {
    what,
    pages: Math.max(Math.ceil(records / (page?.records ?? pageSize)), 1),
    callsPerPage: page?.calls ?? 1,
    bucket: page?.bucket,
    records,
    brings,
  };
}

/** Whether so many records are read by an export of the vendor. */
function isExported(
  { bulkExport, pull }: Stream<unknown>,
  reader: Reader,
  records: number,
  settings: unknown,
): boolean {
  if (!bulkExport) return false;
  if (!pull) return reader === 'full' || bulkExport.changes !== undefined;
  const min = bulkExport.minRecords(settings);
  return reader === 'full' && min !== null && records >= min;
}

function sweepOf(
  { source }: Planning,
  stream: Stream<unknown>,
  candidates: number,
): PlannedRecords['steps'][number] {
  const bucket = stream.cost?.(source.config.settings, source.properties).readBucket;
  const pages = Math.ceil(candidates / stream.read!.maxIds);
  return { what: 'sweep', pages, callsPerPage: 1, bucket, records: candidates, brings: false };
}

/** Of the run that read most. */
function pageSizeOf(runs: readonly Run[]): number {
  const most = runs.toSorted((a, b) => b.received - a.received)[0];
  return most && most.received > 0 ? Math.max(most.received / most.pages, 1) : pageSizeDefault;
}

function pageMsOf(runs: readonly Run[]): number | null {
  const times = runs.flatMap(({ startedAt, endedAt, pages }) =>
    pages >= tellingPages && startedAt !== null && endedAt !== null ? [(endedAt - startedAt) / pages] : [],
  );
  return times.length > 0 ? Math.min(...times) : null;
}

function bytesOf(stored: RunHistory['stored']): number | null {
  const sizes = [...stored.values()].flatMap(({ bytesEach }) => (bytesEach === null ? [] : [bytesEach]));
  return sizes.length > 0 ? sizes.reduce((sum, size) => sum + size, 0) / sizes.length : null;
}

function sentenceOf(basis: Basis, { vendors, source }: Planning, { exact }: PlanRequest): string {
  const from: { [basis in Basis]: string } = {
    vendor: `The number of records is the vendor's own count (${vendors.source}).`,
    'dry run': `The number of records is that of dry run ${exact?.runId}.`,
    given: 'The number of records was given.',
    'last full run': `The number of records is that of the last full reading of ${source.name}.`,
    'recent runs': `Records are assumed to change as fast as in the recent runs of ${source.name}.`,
    'stored records': `The number of records is taken from those stored of ${source.name}.`,
  };
  return from[basis];
}
