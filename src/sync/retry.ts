// Dead letters put back on the path: deliveries fall due again, records are taken in again from the body that was kept.
// It knows no vendor; what cannot be put back is counted with the reason.
import type { JsonObject } from '../connector.ts';
import type { Database, Queryable } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Lane } from '../engine/lanes.ts';
import {
  type DeadLetterFilter,
  deadLettersAfter,
  type KeptLetter,
  settleDeadLetters,
} from './dead-letters.ts';
import { revive } from './deliveries.ts';
import { type Counts, ingest, noCounts } from './ingest.ts';
import type { World } from './world.ts';

const pageLetters = 500;
/** So few are a person's wish and go before everything but webhooks. */
const mostManual = 20;

export interface Retried {
  /** Deliveries that are due again, and those of these letters that waited already. */
  deliveries: { due: number; waiting: number };
  /** What became of the records that were taken in again. */
  records: Counts;
  /** Letters that cannot be put back, by reason, with the first of their IDs. */
  cannot: { reason: string; letters: number; ids: number[] }[];
}

/** Tries the chosen letters again, the oldest first, 500 a transaction. */
export async function retryDeadLetters(
  room: { database: Database; world: World; clock: Clock },
  which: DeadLetterFilter,
): Promise<Retried> {
  const { database, world, clock } = room;
  const few =
    (await deadLettersAfter(database, which, { after: 0, limit: mostManual + 1 })).length <= mostManual;
  const retrying = { world, lane: few ? ('manual' as const) : ('backfill' as const) };
  const retried: Retried = { deliveries: { due: 0, waiting: 0 }, records: { ...noCounts }, cannot: [] };
  for (let after = 0; ; ) {
    const page = await database.transaction(async (tx) => {
      const letters = await deadLettersAfter(tx, which, { after, limit: pageLetters });
      return { letters, result: await retryPage(tx, { ...retrying, now: clock.now() }, letters) };
    });
    add(retried, page.result);
    if (page.letters.length < pageLetters) return retried;
    after = page.letters.at(-1)!.id;
  }
}

interface Retrying {
  world: World;
  lane: Lane;
  now: number;
}

async function retryPage(
  tx: Queryable,
  retrying: Retrying,
  letters: readonly KeptLetter[],
): Promise<Retried> {
  const hindered = new Map(letters.map((letter) => [letter, hindrance(letter, retrying.world)]));
  const free = letters.filter((letter) => hindered.get(letter) === null);
  const deliveries = free.filter((letter) => letter.kind === 'delivery').map((letter) => letter.ref);
  const due = deliveries.length ? await revive(tx, deliveries, retrying.lane, retrying.now) : 0;
  const records = { ...noCounts };
  const byStream = Map.groupBy(
    free.filter((letter) => letter.kind === 'record'),
    (letter) => JSON.stringify([letter.source, letter.stream]),
  );
  for (const group of byStream.values()) addCounts(records, await ingestAgain(tx, retrying, group));
  const cannot = Map.groupBy(
    letters.filter((letter) => hindered.get(letter) !== null),
    (letter) => hindered.get(letter)!,
  );
  return {
    deliveries: { due, waiting: deliveries.length - due },
    records,
    cannot: [...cannot].map(([reason, group]) => ({
      reason,
      letters: group.length,
      ids: group.map(({ id }) => id),
    })),
  };
}

/** Why a letter cannot be put back, or null. */
function hindrance(letter: KeptLetter, world: World): string | null {
  if (letter.kind === 'delivery') return null;
  if (letter.kind === 'inbox') return 'what lies in the inbox is replayed there';
  const source = world.source(letter.source);
  if (!source) return `no source is called ${letter.source} in the configuration any more`;
  if (!source.streams.some((stream) => stream.name === letter.stream))
    return `${letter.source} has no stream ${letter.stream} any more`;
  if (keptRecord(letter) !== null) return null;
  return source.description === null
    ? 'this row never became a record: correct it in the file and import that again'
    : 'no record was kept: ask for a full sync, or for these records by ID';
}

/** The body that the letter kept, with its clock. Null where what was given up was no record yet. */
function keptRecord({ detail }: KeptLetter): { changedAt: number; body: JsonObject } | null {
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return null;
  const { changedAt, body } = detail;
  if (typeof changedAt !== 'number' || typeof body !== 'object' || body === null || Array.isArray(body))
    return null;
  return { changedAt, body };
}

/** Letters of one stream. What is rejected again stays a letter, counted up; every other one is settled. */
async function ingestAgain(
  tx: Queryable,
  { world, lane, now }: Retrying,
  letters: readonly KeptLetter[],
): Promise<Counts> {
  const { source: name, stream } = letters[0]!;
  const records = letters.map((letter) => ({ recordId: letter.ref, ...keptRecord(letter)! }));
  const counts = await ingest(
    tx,
    world,
    { source: world.source(name)!, stream, lane, runId: null, now },
    { records },
  );
  const before = new Map(letters.map((letter) => [letter.id, letter.times]));
  const open = await deadLettersAfter(tx, { ids: [...before.keys()] }, { after: 0, limit: letters.length });
  // Still open and not counted up: a newer state of the record was taken in meanwhile.
  const overtaken = open.filter((letter) => letter.times === before.get(letter.id));
  await settleDeadLetters(
    tx,
    { kind: 'record', source: name, stream, refs: overtaken.map((letter) => letter.ref) },
    now,
  );
  return counts;
}

const mostIds = 20;

function add(total: Retried, page: Retried): void {
  total.deliveries.due += page.deliveries.due;
  total.deliveries.waiting += page.deliveries.waiting;
  addCounts(total.records, page.records);
  for (const { reason, letters, ids } of page.cannot) {
    const known = total.cannot.find((group) => group.reason === reason);
    if (known) {
      known.letters += letters;
      known.ids = [...known.ids, ...ids].slice(0, mostIds);
    } else total.cannot.push({ reason, letters, ids: ids.slice(0, mostIds) });
  }
}

function addCounts(total: Counts, counts: Counts): void {
  for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += counts[key];
}
