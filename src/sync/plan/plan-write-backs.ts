// What it takes to bring what the destination knows to vendors: the facts that are still to be read there, and what waits to be
// written at each vendor, against the quotas as they stand. It counts by cheap calls, and changes nothing.
import type { ApiDescription, Context, FactReading } from '../../connector.ts';
import type { WriteBackForecast } from '../../contract/forecast.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import type { Log } from '../../engine/log/log.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import { countFacts } from '../../tables/facts.ts';
import { destinationName, factsName, listPauses, type Pause, writeBackName } from '../../tables/pauses.ts';
import { countStreamTouches } from '../../tables/touches.ts';
import { type Walk, walkOf } from '../../tables/walks.ts';
import { countUnwritten, countWriteBacks, writeBacksAfter } from '../../tables/write-backs.ts';
import type { WriteBackRule, WriteBackRules } from '../facts/write-back-rules.ts';
import { loadWalk, usedLoad } from '../write-back/fact-load.ts';
import { type FactLoadPlan, planFactLoad, singleCalls } from '../write-back/fact-load-plan.ts';
import { readAtOnce } from '../write-back/fact-reader.ts';
import { readWalk } from '../write-back/fact-walk.ts';
import { writeBackView } from '../write-back/views.ts';
import { type CallStep, forecastCalls } from './calls-forecast.ts';
import { quotasNow } from './plan-quotas.ts';

/** How long a call is taken to last. */
const callMs = 300;
/** How often a job of many people is asked about. */
const pollsPerJob = 4;
/** So many of those that wait show how large a body is. */
const sampled = 20;
const bytesDefault = 300;

/** An account whose quotas are drawn on. */
interface Account {
  description: ApiDescription;
  endpoint: Endpoint;
}

export interface WriteBackPlanning {
  database: Database;
  clock: Clock;
  log: Log;
  rules: WriteBackRules;
  /** Of the destination. */
  connector: string;
  /** What the destination's customers are listed with. */
  destinationContext: Context<unknown>;
  destination: Account;
  /** Null: the source has no API. */
  vendor(source: string): Account | null;
}

/** `only`: to this vendor. Null where nothing flows back. */
export async function planWriteBacks(
  planning: WriteBackPlanning,
  only?: string,
): Promise<WriteBackForecast | null> {
  const { database, clock, rules } = planning;
  const wanted = rules.rules.filter(({ source }) => only === undefined || source === only);
  if (wanted.length === 0) return null;
  const at = clock.now();
  const paused = await listPauses(database);
  const reading = await plannedReading(planning, paused, at);
  const vendors = [];
  for (const rule of wanted)
    vendors.push(await plannedVendor(planning, rule, { paused, at, isFirst: reading.first }));
  return { at, reading, vendors };
}

async function plannedReading(
  planning: WriteBackPlanning,
  paused: ReadonlyMap<string, Pause>,
  at: number,
): Promise<WriteBackForecast['reading']> {
  const { database, rules, destination } = planning;
  const { facts, groups } = rules;
  const walk = await walkOf(database, readWalk);
  const isGoing = !walk || walk.endedAt === null;
  const first = isGoing && (walk?.rounds ?? 0) === 0;
  const listed = isGoing ? await listedThere(planning) : null;
  const total = listed?.total ?? null;
  const kept = await countFacts(database);
  const unread = isGoing ? Math.max((total ?? 0) - (first ? kept : 0), 0) : 0;
  const waiting = await countStreamTouches(database, destinationName, 'scheduled facts');
  const lane: Lane = first ? 'backfill' : 'schedule';
  const load = first ? await plannedLoad(planning, walk, listed) : null;
  const each = singleCalls(facts, groups, []);
  const calls = Math.ceil(unread * (load?.callsEach ?? each)) + waiting * each;
  const steps: CallStep[] = [
    { what: 'exports', calls: load?.calls ?? 0, atOnce: 1 },
    { what: 'lists of customers', calls: Math.ceil(unread / facts.list.pageSize), atOnce: 1 },
    { what: 'single customers', calls, atOnce: readAtOnce.schedule },
  ];
  const quotas = await quotasNow(database, { ...destination, lane, at });
  const simulated = await forecastCalls({ at, lane, quotas, callMs, steps }, () => planning.clock.sleep(0));
  return {
    ...simulated,
    connector: planning.connector,
    first,
    customers: Math.max(unread, waiting),
    isKnown: !isGoing || total !== null,
    paused: (paused.get(destinationName) ?? paused.get(factsName))?.reason ?? null,
  };
}

interface Listed {
  total: number | null;
  /** The first ones. */
  some: readonly FactReading[];
}

/** Null where the destination does not list its customers now. */
async function listedThere({ rules, destinationContext, log }: WriteBackPlanning): Promise<Listed | null> {
  try {
    const { total, readings } = await rules.facts.list.page(destinationContext, null);
    return { total: total ?? null, some: readings };
  } catch (error) {
    log.info({ reason: (error as Error).message }, 'the customers of the destination could not be counted');
    return null;
  }
}

/** Calls of exports, and for each customer besides: the first reading takes them if it has not begun. Null where it does not. */
async function plannedLoad(
  { database, rules }: WriteBackPlanning,
  walk: Walk | null,
  listed: Listed | null,
): Promise<Pick<FactLoadPlan, 'calls' | 'callsEach'> | null> {
  const known = await walkOf(database, loadWalk);
  const used = usedLoad(known);
  if (used) return { ...used.plan, calls: used.isDone ? 0 : used.plan.calls };
  const isDecided = (known?.cursor ?? null) !== null || (walk?.cursor ?? null) !== null;
  if (isDecided || listed?.total == null) return null;
  return planFactLoad(rules.facts, rules.groups, { customers: listed.total, some: listed.some });
}

async function plannedVendor(
  planning: WriteBackPlanning,
  rule: WriteBackRule,
  { paused, at, isFirst }: { paused: ReadonlyMap<string, Pause>; at: number; isFirst: boolean },
): Promise<WriteBackForecast['vendors'][number]> {
  const { database } = planning;
  const { source } = rule;
  const counts = (await countWriteBacks(database)).find(
    (one) => one.source === source && one.state === 'waiting',
  );
  const pending = (counts?.count ?? 0) - (counts?.inJobs ?? 0);
  // Who has no row when everybody has been read has no facts.
  const expected = isFirst ? await countUnwritten(database, rule) : 0;
  const account = planning.vendor(source);
  const lane: Lane = isFirst ? 'backfill' : 'schedule';
  const quotas = account ? await quotasNow(database, { ...account, lane, at }) : [];
  const steps = await stepsOf(planning, rule, pending + expected);
  const simulated = await forecastCalls({ at, lane, quotas, callMs, steps }, () => planning.clock.sleep(0));
  return {
    ...simulated,
    source,
    connector: rule.connector,
    pending,
    expected,
    dryRun: rule.dryRun,
    paused: (paused.get(writeBackName(source)) ?? paused.get(source))?.reason ?? null,
  };
}

async function stepsOf(
  planning: WriteBackPlanning,
  rule: WriteBackRule,
  people: number,
): Promise<CallStep[]> {
  const { writer, settings, create } = rule;
  const { bulk, singlesAtOnce, answers, calls } = writer.traits(settings, { create });
  const reads = (requests: number): CallStep[] =>
    answers === 'none'
      ? [{ what: 'reading back', calls: requests * (writer.read.calls ?? 1), atOnce: 1 }]
      : [];
  if (!bulk) return [{ what: 'single people', calls: people, atOnce: singlesAtOnce }, ...reads(people)];
  const fitting = Math.floor(bulk.maxBytes / (await bytesEach(planning.database, rule)));
  const requests = Math.ceil(people / Math.max(Math.min(bulk.maxRecords, fitting), 1));
  const { bucket } = bulk;
  const besides = people * (calls?.perPerson ?? 0) + requests * (calls?.perRequest ?? 0);
  return [
    ...(besides > 0 ? [{ what: 'looking up', calls: besides, atOnce: 1 }] : []),
    { what: bulk.isJob ? 'jobs' : 'many people', bucket, calls: requests, atOnce: 1 },
    ...(bulk.isJob
      ? [{ what: 'questions about jobs', bucket, calls: requests * pollsPerJob, atOnce: 1 }]
      : []),
    ...reads(requests),
  ];
}

async function bytesEach(database: Database, rule: WriteBackRule): Promise<number> {
  const rows = await writeBacksAfter(database, rule.source, {
    after: undefined,
    limit: sampled,
    state: 'waiting',
  });
  const bodies = rows.flatMap((row) => writeBackView(row, rule).payload ?? []);
  if (bodies.length === 0) return bytesDefault;
  return (
    bodies.reduce<number>((sum, body) => sum + Buffer.byteLength(JSON.stringify(body)), 0) / bodies.length
  );
}
