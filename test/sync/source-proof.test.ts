// The source proof: what a vendor has is compared with what is stored, differences are named by kind, and mended by reading.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { FindingKind, ProvenStream } from '../../src/contract/source-proof.ts';
import { balances } from '../../src/contract/source-proof.ts';
import { texts } from '../../src/db/database.ts';
import { listFindings } from '../../src/tables/checked-records.ts';
import { type Verification, verificationById } from '../../src/tables/verifications.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import {
  differences,
  openSyncWorld,
  type SyncWorld,
  type SyncWorldOptions,
  until,
} from '../support/sync-world.ts';

const hourMs = 3_600_000;
const [{ open }] = behaviour;

describe('a source proof', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let ids: string[];

  async function start(people: number, options: SyncWorldOptions = {}): Promise<void> {
    database = await open();
    world = await openSyncWorld(database, {
      ...options,
      hubspot: { survivorId: 'primary', ...options.hubspot },
    });
    world.hubspot.seed(people, 7, world.clock.now() - 24 * hourMs);
    await world.tributary.start();
    await world.sync('full');
    ids = [...world.hubspot.contacts()].map(({ id }) => id);
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  /** Long ago enough to be expected here. */
  const anHourAgo = () => world.clock.now() - hourMs;

  async function verify(more: { heal?: boolean; contents?: 'sample' | 'all' } = {}): Promise<Verification> {
    const { heal = false, contents = 'sample' } = more;
    const request = { sample: 1, heal, by: 'person' as const, sources: ['hubspot'], contents };
    const requested = await world.tributary.verify(request);
    if (!requested || 'going' in requested) throw new Error('one is going');
    const { id } = requested.verification;
    await until(async () => (await verificationById(database, id))?.state !== 'requested');
    const ended = (await verificationById(database, id))!;
    expect(ended).toMatchObject({ state: 'finished', error: null });
    for (const stream of ended.report.streams!) expect(balances(stream)).toBe(true);
    return ended;
  }

  const streamOf = ({ report }: Verification): ProvenStream => report.streams![0]!;
  const countsOf = (verification: Verification) =>
    Object.fromEntries(streamOf(verification).findings.map(({ kind, count }) => [kind, count]));
  const foundBy = async ({ id }: Verification): Promise<Map<string, FindingKind>> => {
    const findings = await listFindings(database, id, { limit: 5_000 });
    return new Map(findings.map(({ recordId, kind }) => [recordId, kind]));
  };

  it('finds nothing where all is well, by a list of IDs and clocks', async () => {
    await start(250);
    world.hubspot.requests.reset();
    const verification = await verify();
    expect(streamOf(verification)).toMatchObject({
      source: 'hubspot',
      stream: 'contacts',
      state: 'proven',
      why: null,
      by: 'inventory',
      counted: 250,
      hidden: 0,
      listed: { count: 250, matched: 250, found: 0 },
      notListed: { count: 0 },
      sampled: 200,
      findings: [],
    });
    // Three pages, two counts, and two hundred contents.
    expect(world.hubspot.requests.calls()).toBe(7);
    expect(streamOf(verification)).toMatchObject({ calls: 7, expectedCalls: 7 });
  });

  /** Ten kinds of faults, `each` of every kind, at contacts of their own: what should be found, by record ID. */
  async function injure(each: number, { unseen }: { unseen: boolean }): Promise<Map<string, FindingKind>> {
    const expected = new Map<string, FindingKind>();
    let next = 0;
    const take = (kind: FindingKind | null): string[] => {
      const some = ids.slice(next, next + each);
      next += each;
      if (kind !== null) for (const id of some) expected.set(id, kind);
      return some;
    };
    const change = (some: readonly string[], set: ReturnType<typeof sql>) =>
      database.rows(sql`update records set ${set} where record_id = any(${texts(some)})`);
    const at = anHourAgo();
    // Lost in a page, and never announced.
    await database.rows(sql`delete from records where record_id = any(${texts(take('missing'))})`);
    for (let index = 0; index < each; index += 1)
      expected.set(world.hubspot.create({ firstname: `New ${index}` }, at), 'missing');
    await change(
      take('filtered'),
      sql`filtered = 'left out by a filter that there is no more', source_id = null`,
    );
    for (const id of take('stale')) world.hubspot.update(id, { city: 'Elsewhere' }, at);
    if (unseen)
      for (const id of take('content')) {
        const { updatedAt } = world.hubspot.get(id)!;
        world.hubspot.update(id, { city: 'Elsewhere' }, Date.parse(updatedAt));
      }
    await change(
      take('ahead'),
      sql`changed_at = changed_at + interval '3 years', hash = 'other', body = body || '{"city": "Nowhere"}'`,
    );
    for (const id of take('deletedThere')) world.hubspot.archive(id, at);
    await change(take('deletedHere'), sql`deleted_at = changed_at + interval '1 second'`);
    const [merged, primaries] = [take('mergedThere'), take('stale')];
    for (const [index, id] of merged.entries()) world.hubspot.merge(primaries[index]!, id, at);
    await change(take('mergedHere'), sql`merged_into = ${ids.at(-1)!}`);
    await change(take('otherCustomer'), sql`source_id = ${ids.at(-2)!}`);
    await database.rows(sql`delete from deliveries where source_id = any(${texts(take('undelivered'))})`);
    return expected;
  }

  it('finds a thousand faults, names each by its kind, and finds nothing else', async () => {
    await start(1_400);
    const expected = await injure(84, { unseen: true });
    expect(expected.size).toBeGreaterThan(1_000);
    const verification = await verify({ contents: 'all' });
    expect(await foundBy(verification)).toEqual(expected);
    expect(streamOf(verification)).toMatchObject({ state: 'proven', by: 'pages', hidden: 0 });
  });

  it('mends by reading, until source, records and destination agree', async () => {
    const none = { share: 1, count: 1_000_000 };
    await start(120, { config: { onOrphaned: 'delete', breaker: { deleted: none, blanked: none } } });
    const expected = await injure(6, { unseen: false });
    const verification = await verify({ heal: true });
    expect(await foundBy(verification)).toEqual(expected);
    expect(streamOf(verification)).toMatchObject({ by: 'inventory', touched: expected.size - 6 });
    await world.rest();
    const again = await verify();
    expect(countsOf(again)).toEqual({});
    expect(differences(world)).toEqual([]);
  });
});
