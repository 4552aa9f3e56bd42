// Order cannot matter: random histories of records that change, move, repeat, come late, are deleted, restored and
// merged, taken in by two workers in any order and cut into any pages, give the customers that a fold of the final truth
// gives. Many small worlds share one database, so that thousands of histories are tried.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineConnector,
  type Fields,
  type Json,
  type JsonObject,
  type SourceRecord,
} from '../../src/connector.ts';
import type { Queryable } from '../../src/db/database.ts';
import { usualBodyRules } from '../../src/engine/webhook/body.ts';
import { ingest } from '../../src/sync/intake/ingest.ts';
import { Rules } from '../../src/sync/intake/rules.ts';
import type { SourceConfig } from '../../src/sync/intake/source.ts';
import { balances } from '../../src/tables/counts.ts';
import { refold } from '../../src/tables/customers.ts';
import { type StandingRecord, stands } from '../../src/tables/records.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { randomOf, seed, times } from '../support/random.ts';

const rounds = times(10);

const worldsPerRound = 80;

const connector = defineConnector({
  name: 'test',
  settings: z.object({}),
  source: { streams: [{ name: 's', exhaustive: ['known'] }], mapping: { email: 'email' }, sourceId: 'key' },
});

/** Its records always name everything: what is absent from one has been removed. */
const complete = defineConnector({
  name: 'complete',
  settings: z.object({}),
  source: { streams: [{ name: 's', exhaustive: [''] }], mapping: { email: 'email' }, sourceId: 'key' },
});

const source = (
  name: string,
  policy: 'sticky' | 'follow',
  mapping: SourceConfig['mapping'],
  filter: SourceConfig['filter'] = null,
): SourceConfig => ({
  name,
  connector: name === 'shop' ? complete : connector,
  settings: {},
  sourceId: { path: 'key', policy, lowerCase: true },
  mapping,
  filter,
  extraProperties: [],
  badValues: 'quarantine',
  schedule: null,
  timezone: 'UTC',
  webhook: { maxBodyBytes: null, requestsPerSecond: 1000, keepDays: 14, reading: usualBodyRules },
  privacyDeletions: 'delete',
});

const plain = {
  email: 'email',
  phone: { from: 'phone', onNull: 'ignore' as const },
  'address.city': 'city',
  'metadata.plan': 'plan',
  'metadata.street': { from: 'address.street', onNull: 'ignore' as const },
  'metadata.door': 'address.door',
  'metadata.taste': 'known.taste',
};

const filter = { plan: ['gold', 'basic', null] };

const merge = {
  default: 'newest' as const,
  fields: {
    phone: ['crm', 'shop', 'cep'],
    'metadata.*': 'first' as const,
    'address.city': { policy: 'precedence' as const, sources: ['cep'] },
  },
};

/** The mapping before it was changed, and the one that stands in the end. */
const before = new Rules({
  sources: [
    // What the new mapping leaves as it was must have been mapped all along.
    source('crm', 'follow', {
      email: 'email',
      phone: plain.phone,
      'metadata.street': plain['metadata.street'],
    }),
    source('shop', 'sticky', plain, filter),
    source('cep', 'follow', plain),
  ],
  merge: {},
  unknownMetadata: null,
});

const after = new Rules({
  sources: [
    source('crm', 'follow', plain),
    source('shop', 'sticky', plain, filter),
    source('cep', 'follow', { ...plain, name: ['email', 'city'] }),
  ],
  merge,
  unknownMetadata: null,
});

const worlds = { before, after };

/** One thing that a source says of one record. */
interface Saying {
  source: string;
  record: SourceRecord;
}

describe.each(behaviour)('on $name', ({ open }) => {
  let database: TestDatabase;
  let other: Queryable;
  beforeAll(async () => {
    database = await open();
    other = await database.again();
  });
  afterAll(() => database.close());

  it(`gives the same customers in any order: ${rounds * worldsPerRound} histories from seed ${seed}`, {
    timeout: 240_000,
  }, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const ofRound = seed + round;
      const random = randomOf(ofRound);
      const histories = Array.from({ length: worldsPerRound }, (_, index) =>
        history(random, `${ofRound}-${index}`),
      );
      const pages = inPages(
        random,
        shuffled(
          random,
          histories.flatMap((sayings) => withRepeats(random, sayings)),
        ),
      );
      // A part is taken in before the mapping and the merge change; the rest, and repeats of that part, after.
      await takeIn(pages.slice(0, pages.length / 3), worlds.before);
      await takeIn(pages, worlds.after, random);
      const ids = (await database.rows<{ id: string }>(sql`select source_id as id from customers`)).map(
        (row) => row.id,
      );
      await database.transaction((tx) =>
        refold(tx, ids, after.fold, { cause: { by: 'remap', source: 'all', runId: null }, now: 1 }),
      );
      await compare(histories, ofRound);
      await database.rows(sql`truncate records, customers, deliveries, revisions`);
    }
  });

  /** Two workers take the pages in, each its own share, side by side where the database has more than one connection. */
  async function takeIn(pages: readonly Saying[][], world: Rules, random = randomOf(1)): Promise<void> {
    const shares: Saying[][][] = [[], []];
    for (const page of pages) shares[random() < 0.5 ? 0 : 1]!.push(page);
    await Promise.all(
      shares.map(async (share, index) => {
        for (const page of share) {
          const db = index === 0 ? database : (other as TestDatabase);
          const intake = {
            source: world.source(page[0]!.source)!,
            stream: 's',
            lane: 'schedule' as const,
            runId: null,
            now: 1_000_000_000,
          };
          const counts = await db.transaction((tx) =>
            ingest(tx, world, intake, { records: page.map((saying) => saying.record) }),
          );
          expect(balances(counts)).toBe(true);
        }
      }),
    );
  }

  async function compare(histories: readonly Saying[][], seed: number): Promise<void> {
    const rows = await database.rows<{ sourceId: string; fields: Fields; orphaned: boolean }>(
      sql`select source_id as "sourceId", fields, orphaned from customers`,
    );
    const found = new Map(rows.filter((row) => !row.orphaned).map((row) => [row.sourceId, row.fields]));
    const expected = new Map(histories.flatMap((sayings) => [...finalTruth(sayings)]));
    for (const [sourceId, fields] of expected)
      expect(found.get(sourceId), `customer ${sourceId}, TRIBUTARY_TEST_SEED=${seed}`).toEqual(fields);
    expect([...found.keys()].sort(), `TRIBUTARY_TEST_SEED=${seed}`).toEqual([...expected.keys()].sort());
  }
});

// ── Histories ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** All that three sources say over time of a handful of records that speak of two or three customers. */
function history(random: () => number, world: string): Saying[] {
  const sayings: Saying[] = [];
  let clock = 1_000_000;
  const tick = () => (clock += 1 + Math.floor(random() * 1000));
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const keys = ['x', 'Y ', 'z'].map((key) => `${key.trim()}-${world}`);
  for (const name of ['crm', 'shop', 'cep']) {
    const records = Array.from(
      { length: 1 + Math.floor(random() * 2) },
      (_, index) => `${name}-${index}-${world}`,
    );
    let taken: string[] = [];
    for (const recordId of records) {
      let key: string | null = pick(keys);
      for (let version = 1 + Math.floor(random() * 4); version > 0; version -= 1) {
        const changedAt = tick();
        if (random() < 0.15) {
          sayings.push({ source: name, record: { recordId, changedAt, deleted: true, body: {} } });
          continue;
        }
        // A sticky source ID is the first that arrives, so only its records keep one key; the others may move or lose it.
        if (name !== 'shop' && random() < 0.25) key = random() < 0.2 ? null : pick(keys);
        const body: JsonObject = { key: random() < 0.3 && key ? key.toUpperCase() : key };
        if (random() < 0.8) body['email'] = pick([null, `a@${version}.org`, ' B@example.com ']);
        if (random() < 0.6) body['phone'] = pick([null, '', '123', '456']);
        if (random() < 0.6) body['city'] = pick([null, 'Łódź', 'Lyon']);
        if (random() < 0.6) body['plan'] = pick([null, 'gold', 'basic', 'hidden']);
        if (random() < 0.5)
          body['address'] = pick<Json>([
            null,
            {},
            { street: null },
            { street: 'Long' },
            { door: 7 },
            { street: 'Wide', door: 8 },
          ]);
        if (random() < 0.4)
          body['known'] = pick<JsonObject>([{}, { taste: 'sour' }, { tone: 'low' }, { taste: null }]);
        const merged = name === 'crm' && taken.length && random() < 0.5 ? taken : [];
        sayings.push({
          source: name,
          record: { recordId, changedAt, body, ...(merged.length && { merged }) },
        });
      }
      taken = [...taken, recordId];
    }
  }
  return sayings;
}

/** The customers that stand in the end, from all that was said of every record, in the order of its clocks. */
function finalTruth(sayings: readonly Saying[]): Map<string, Fields> {
  const mergedInto = new Map<string, string>();
  const newest = new Map<string, StandingRecord>();
  const deletedAt = new Map<string, number>();
  for (const { source: name, record } of sayings.toSorted(
    (a, b) => a.record.changedAt - b.record.changedAt,
  )) {
    const { recordId, changedAt } = record;
    for (const other of record.merged ?? []) mergedInto.set(other, recordId);
    if (record.deleted) {
      deletedAt.set(recordId, changedAt);
      continue;
    }
    const wasDeleted = (deletedAt.get(recordId) ?? -1) >= (newest.get(recordId)?.changedAt ?? 0);
    const before = wasDeleted ? undefined : newest.get(recordId);
    const body = before && name !== 'shop' ? overlaid(before.body, record.body) : record.body;
    const source = after.source(name)!;
    const key = body['key'];
    newest.set(recordId, {
      source: name,
      stream: 's',
      recordId,
      sourceId: typeof key === 'string' ? key.trim().toLowerCase() : '',
      changedAt,
      deleted: false,
      mergedInto: null,
      body,
      good: { ...before?.good, ...withoutNulls(before ? source.contribute(before.body).fields : {}) },
    });
  }
  const standing = [...newest.values()]
    .map((record) => ({
      ...record,
      deleted: (deletedAt.get(record.recordId) ?? -1) >= record.changedAt,
      mergedInto: mergedInto.get(record.recordId) ?? null,
    }))
    .filter(
      (record) =>
        stands(record) &&
        record.sourceId !== '' &&
        after.source(record.source)!.filtered('s', record.body) === null,
    );
  return new Map(
    [...Map.groupBy(standing, (record) => record.sourceId)].map(([sourceId, records]) => [
      sourceId,
      after.fold(records, {})!,
    ]),
  );
}

/** What is absent stays, in objects within too, but for `known`, which always names everything it holds. */
function overlaid(body: JsonObject, told: JsonObject): JsonObject {
  const all: JsonObject = { ...body };
  for (const [key, value] of Object.entries(told)) {
    const below = all[key];
    const isObject = (one: Json | undefined): one is JsonObject => typeof one === 'object' && one !== null;
    const goesDeeper = key !== 'known' && isObject(value) && Object.keys(value).length > 0;
    all[key] = goesDeeper ? overlaid(isObject(below) ? below : {}, value) : value;
  }
  return all;
}

function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function withRepeats(random: () => number, sayings: readonly Saying[]): Saying[] {
  return sayings.flatMap((saying) => (random() < 0.3 ? [saying, saying] : [saying]));
}

function shuffled<T>(random: () => number, items: readonly T[]): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}

/** Pages of one source each, of any size from one. */
function inPages(random: () => number, sayings: readonly Saying[]): Saying[][] {
  const pages: Saying[][] = [];
  for (const [, ofOne] of Map.groupBy(sayings, (saying) => saying.source)) {
    for (let from = 0; from < ofOne.length; ) {
      const size = 1 + Math.floor(random() * 60);
      pages.push(ofOne.slice(from, from + size));
      from += size;
    }
  }
  return shuffled(random, pages);
}
