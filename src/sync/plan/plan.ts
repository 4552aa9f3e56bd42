// A forecast of one source's next run: what it would read and write, from the vendor's own count or what is known of
// earlier runs, simulated through against the quotas as they stand. It counts by cheap calls, and changes nothing.
import { isPulled } from '../../connector/source.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import { checkpoint } from '../../tables/checkpoints.ts';
import { keptSegments } from '../../tables/destination-segments.ts';
import type { Forecast } from '../../tables/forecasts.ts';
import { segmentAges } from '../intake/destination-segments.ts';
import { type ForecastInput, forecastInTurns, type ReadStep } from './forecast.ts';
import { measureOwnTime, type OwnTime } from './own-time.ts';
import { plannedCensus } from './plan-census.ts';
import { quotasNow } from './plan-quotas.ts';
import { type PlannedRecords, plannedRecords } from './plan-records.ts';
import { type PlannedWrites, plannedWrites } from './plan-writes.ts';
import type { Planning, PlanRequest } from './planning.ts';

/** How long a call is taken to last where no run has shown it. */
const callMsDefault = 300;

/** Our own time for fewer customers is no matter. */
const manyCustomers = 1_000;

/** What a page costs us at least. */
const leastPageMs = 50;

export async function plan(planning: Planning, request: PlanRequest): Promise<Forecast> {
  const { database, clock, source, sending, descriptions } = planning;
  const { mode } = request;
  const first = await isFirst(planning);
  const lane: Lane = request.lane ?? (mode === 'full' || first ? 'backfill' : 'manual');
  const records = await plannedRecords(planning, { ...request, first });
  const writes = await plannedWrites(planning, { records, exact: request.exact?.report });
  const at = clock.now();
  const [readQuotas, writeQuotas] = [
    planning.endpoints.source && descriptions.source
      ? await quotasNow(database, {
          description: descriptions.source,
          endpoint: planning.endpoints.source,
          lane,
          at,
        })
      : [],
    await quotasNow(database, {
      description: descriptions.destination,
      endpoint: planning.endpoints.destination,
      lane,
      at,
    }),
  ];
  const isLarge = writes.customers + writes.waiting >= manyCustomers;
  const own = isLarge ? await measureOwnTime(database, clock) : null;
  const { pageMs, callMs, why } = timesOf(records);
  const input: ForecastInput = {
    at,
    lane,
    reading: {
      quotas: readQuotas,
      callMs,
      pageMs,
      steps: readStepsOf(planning, records.steps, writes.customers),
    },
    delivery: {
      quotas: writeQuotas,
      callMs: callMsDefault,
      traits: sending.destination.traits(sending.settings),
      segmentCalls: await segmentCalls(planning),
      readFirst: writes.readFirst,
      census: await plannedCensus(planning, writes.customers),
      bytesEach: writes.bytesEach,
      waiting: writes.waiting,
      pollsPerBulk: writes.pollsPerBulk,
      ...(own && { own }),
    },
  };
  const simulated = await forecastInTurns(input, () => clock.sleep(0));
  return {
    ...simulated,
    source: source.name,
    mode,
    first,
    at,
    lane,
    accounts: { source: descriptions.source?.account ?? null, destination: descriptions.destination.account },
    vendors: planning.vendors,
    records: { count: records.count, basis: records.basis },
    customers: writes.customers,
    bytes: {
      read: Math.round(records.count * records.bytesEach),
      written: Math.round(writes.customers * writes.bytesEach),
    },
    quotas: simulated.quotas.map((line) => {
      const description = line.side === 'source' ? descriptions.source : descriptions.destination;
      const quota = description?.quotas.find(({ name }) => name === line.quota);
      return { ...line, bucket: quota?.bucket ?? null, all: quota?.all === true };
    }),
    fits: simulated.quotas.every(({ fits }) => fits),
    assumptions: assumptionsOf({ records, writes, lane, pageMs, why, own }),
  };
}

/** The calls of `DestinationSegments`: none if it has read the segments recently. Each active segment takes one more, which is not known beforehand. */
async function segmentCalls({ database, clock, sending, descriptions }: Planning): Promise<number> {
  if (sending.destination.segments === undefined) return 0;
  const kept = await keptSegments(database, descriptions.destination.account);
  return kept !== null && Math.abs(clock.now() - kept.askedAt) < segmentAges.run ? 0 : 1;
}

/** A source whose streams have never been read to their end. */
export async function isFirst({ database, source }: Pick<Planning, 'database' | 'source'>): Promise<boolean> {
  for (const stream of source.streams.filter(isPulled))
    if ((await checkpoint(database, source.name, stream.name, 'lead')) !== null) return false;
  return true;
}

/** A source of files makes no calls. */
function readStepsOf({ endpoints }: Planning, steps: PlannedRecords['steps'], customers: number): ReadStep[] {
  const records = steps.reduce((sum, step) => sum + (step.brings ? step.records : 0), 0);
  let [read, brought] = [0, 0];
  return steps.map(({ brings, ...step }): ReadStep => {
    if (brings) read += step.records;
    const until = records === 0 ? 0 : Math.round((customers * read) / records);
    const own = until - brought;
    brought = until;
    return { ...step, callsPerPage: endpoints.source ? step.callsPerPage : 0, customers: own };
  });
}

/** A page of the quickest recent run; else as long as the count took, with our own time for it. */
function timesOf({ pageMs, countMs }: PlannedRecords): { pageMs: number; callMs: number; why: string } {
  if (pageMs !== null)
    return {
      pageMs,
      callMs: Math.min(pageMs, countMs ?? callMsDefault, callMsDefault),
      why: 'took, in the quickest recent run,',
    };
  // The first call opens the connection too: it shows how quick the vendor is at least.
  const callMs = Math.min(countMs ?? callMsDefault, callMsDefault);
  const why =
    callMs === callMsDefault ? 'is assumed to take' : 'is assumed, from the time of the count, to take';
  return { pageMs: Math.max(callMs, leastPageMs), callMs, why };
}

function assumptionsOf({
  records,
  writes,
  lane,
  pageMs,
  why,
  own,
}: {
  records: PlannedRecords;
  writes: PlannedWrites;
  lane: Lane;
  pageMs: number;
  why: string;
  own: OwnTime | null;
}): string[] {
  return [
    records.sentence,
    writes.sentence,
    ...writes.notes,
    ...records.exported.map(
      (stream) =>
        `An export of ${stream} is ordered from the vendor; how long the vendor takes to make it is not known and not counted.`,
    ),
    `A page ${why} ${(pageMs / 1000).toFixed(1)} s; a call to the destination is assumed to take ${(callMsDefault / 1000).toFixed(1)} s.`,
    ...(own
      ? [
          `Customers who are sent in bulk are assumed to keep this machine busy for ${(own.compose + own.submit + own.settle).toFixed(2)} ms each, as its database was just measured.`,
        ]
      : []),
    ...(lane === 'backfill'
      ? ['It has the lowest priority: a twentieth of each quota is left for more urgent work.']
      : []),
  ];
}
