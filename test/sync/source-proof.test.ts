// The source proof: what a vendor has is compared with what is stored, differences are named by kind, and mended by reading.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { FindingKind, ProvenStream } from '../../src/contract/source-proof.ts';
import { balances } from '../../src/contract/source-proof.ts';
import { texts } from '../../src/db/database.ts';
import { cancel } from '../../src/sync/verify/cancelling.ts';
import { listFindings } from '../../src/tables/checked-records.ts';
import { checkChain, type Verification, verificationById } from '../../src/tables/verifications.ts';
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

  const isList = (request: Request) =>
    request.method === 'GET' && new URL(request.url).pathname.endsWith('/contacts');

  it('calls nobody deleted by a list that is empty, cut off or refused, and says that nothing is proven', async () => {
    await start(230);
    world.hubspot.faults = (request) => (isList(request) ? Response.json({ results: [] }) : undefined);
    expect(streamOf(await verify())).toMatchObject({
      state: 'unproven',
      why: 'The list is empty, which more often means that access was withdrawn.',
      findings: [],
    });
    // The first page, as if it were the last.
    world.hubspot.faults = async (request, next) => {
      if (!isList(request)) return undefined;
      const { results } = (await (await next()).json()) as { results: unknown[] };
      return Response.json({ results });
    };
    const cut = streamOf(await verify());
    expect(cut).toMatchObject({ state: 'unproven', findings: [], listed: { count: 100 } });
    expect(cut.why).toBe(
      'The list left out 130 records that exist, so it may have left out others that are not stored.',
    );
    world.hubspot.faults = (request) =>
      isList(request)
        ? Response.json(
            { status: 'error', category: 'VALIDATION_ERROR', message: 'No list' },
            { status: 400 },
          )
        : undefined;
    const refused = streamOf(await verify());
    expect(refused).toMatchObject({ state: 'unproven', findings: [], listed: { count: 0 } });
    expect(refused.why).toMatch(/No list/);
    world.hubspot.faults = undefined;
    await database.rows(sql`delete from checkpoints`);
    expect(streamOf(await verify())).toMatchObject({
      state: 'unproven',
      why: 'Its first reading has not ended yet: sync it before it is verified.',
    });
  });

  it('leaves a stream unproven whose vendor is down, and still verifies the destination', async () => {
    await start(12);
    world.hubspot.faults = () => new Response('down', { status: 503 });
    const verification = await verify();
    expect(streamOf(verification)).toMatchObject({ state: 'unproven', findings: [], listed: { count: 0 } });
    expect(streamOf(verification).why).toMatch(/503|failed since/);
    expect(verification.report).toMatchObject({ compared: 1, matching: 1 });
    expect(verification.report.summary).toMatch(/^1 stream not proven; 1 customer: all match/);
  });

  it('says so where the vendor counts more records than it lists', async () => {
    await start(20);
    world.hubspot.faults = async (request, next) => {
      if (!request.url.endsWith('/search')) return undefined;
      const answer = (await (await next()).json()) as { total: number };
      return Response.json({ ...answer, total: answer.total + 3 });
    };
    expect(streamOf(await verify())).toMatchObject({
      state: 'unproven',
      counted: 23,
      hidden: 3,
      listed: { count: 20, matched: 20 },
      why: 'The vendor counts 3 more records than it lists, which nothing names.',
    });
  });

  it('proves nothing where the vendor has counted more records than it lists, and refuses to count again', async () => {
    await start(20);
    let counts = 0;
    world.hubspot.faults = async (request, next) => {
      if (!request.url.endsWith('/search')) return undefined;
      counts += 1;
      if (counts > 2)
        return Response.json(
          { status: 'error', message: 'No', correlationId: 'c', category: 'MISSING_SCOPES' },
          { status: 403 },
        );
      const answer = (await (await next()).json()) as { total: number };
      return Response.json({ ...answer, total: answer.total + 3 });
    };
    expect(streamOf(await verify())).toMatchObject({
      state: 'unproven',
      hidden: 3,
      listed: { count: 20, matched: 20 },
    });
  });

  it('postpones what is younger than the last reading, and what waits to be read', async () => {
    await start(20);
    const [recent, waiting, kept] = ids as [string, string, string];
    world.hubspot.update(recent, { city: 'Elsewhere' });
    world.hubspot.create({ firstname: 'Just now' });
    world.hubspot.update(waiting, { city: 'Elsewhere' }, anHourAgo());
    world.hubspot.update(kept, { city: 'Elsewhere' }, anHourAgo());
    await database.rows(sql`
      insert into touches (source, stream, record_id, changed_at, since, due_at)
      values ('hubspot', 'contacts', ${waiting}, now(), now(), now() + interval '9 years')`);
    const verification = await verify();
    expect(streamOf(verification)).toMatchObject({
      listed: { count: 21, matched: 17, postponed: 3, found: 1 },
      notListed: { count: 0 },
    });
    expect(await foundBy(verification)).toEqual(new Map([[kept, 'stale']]));
  });

  it('goes on with the page where a worker was stopped', async () => {
    await start(320);
    let pages = 0;
    let stopped: Promise<void> | undefined;
    world.hubspot.faults = async (request) => {
      if (!isList(request)) return undefined;
      pages += 1;
      // What came in so long a time is kept.
      await world.clock.sleep(6_000);
      if (pages === 4) stopped = world.tributary.drain();
      return undefined;
    };
    const request = { sample: 1, heal: false, by: 'person' as const, sources: ['hubspot'] };
    await world.tributary.verify(request);
    await until(() => stopped !== undefined);
    await stopped;
    await world.again(await database.again());
    await until(async () => (await verificationById(database, 1))?.state === 'finished');
    const ended = (await verificationById(database, 1))!;
    expect(streamOf(ended)).toMatchObject({ state: 'proven', listed: { count: 320, matched: 320 } });
    // Four pages, of which the last was asked for twice.
    expect(pages).toBeLessThanOrEqual(6);
  });

  it('is cancelled, and leaves nothing behind', async () => {
    await start(20);
    let hold = () => {};
    const held = new Promise<void>((resolve) => {
      hold = resolve;
    });
    let asked = false;
    world.hubspot.faults = async (request) => {
      if (!isList(request)) return undefined;
      asked = true;
      await held;
      return undefined;
    };
    await world.tributary.verify({ sample: 1, heal: false, by: 'person', sources: ['hubspot'] });
    await until(() => asked);
    expect(await cancel(database, 1, world.clock.now())).toBe(true);
    expect(await cancel(database, 1, world.clock.now())).toBe(false);
    hold();
    await until(async () => {
      const next = await world.tributary.verify({
        sample: 1,
        heal: false,
        by: 'person',
        sources: ['hubspot'],
      });
      return next !== null && 'verification' in next;
    });
    expect(await verificationById(database, 1)).toMatchObject({
      state: 'failed',
      error: 'It was cancelled.',
    });
    await until(async () => (await verificationById(database, 2))?.state === 'finished');
    expect(
      await database.rows(sql`select 1 from listed_records union all select 1 from checked_records`),
    ).toEqual([]);
  });

  it('tells who was erased and what was rejected from what is missing', async () => {
    await start(20, { secretKey: 'a secret key of a test, long enough' });
    const [erased, rejected] = [ids[0]!, ids[1]!];
    await world.tributary.erase({ sourceId: erased });
    await until(
      async () => (await database.rows(sql`select 1 from records where record_id = ${erased}`)).length === 0,
    );
    await database.rows(sql`delete from records where record_id = ${rejected}`);
    await database.rows(sql`
      insert into dead_letters (kind, source, stream, ref, code, message, detail, created_at, last_at)
      values ('record', 'hubspot', 'contacts', ${rejected}, 'bad_value', 'a value failed', '{}', now(), now())`);
    const verification = await verify();
    expect(streamOf(verification).listed).toMatchObject({
      count: 20,
      matched: 18,
      erased: 1,
      rejected: 1,
      found: 0,
    });
    expect(verification.report.summary).not.toMatch(/differ/);
  });

  it('forgets a person in its findings and its report, whose chain still holds', async () => {
    await start(20, { secretKey: 'a secret key of a test, long enough' });
    const [stale, lost] = [ids[0]!, ids[1]!];
    world.hubspot.update(stale, { city: 'Elsewhere' }, anHourAgo());
    world.hubspot.update(lost, { city: 'Elsewhere' }, anHourAgo());
    const { id } = await verify();
    await world.tributary.erase({ sourceId: stale });
    await until(
      async () => (await database.rows(sql`select 1 from records where record_id = ${stale}`)).length === 0,
    );
    const kept = (await verificationById(database, id))!;
    expect(JSON.stringify(kept.report)).not.toContain(`"${stale}"`);
    expect(JSON.stringify(kept.report)).toContain(`"${lost}"`);
    expect(await foundBy(kept)).toEqual(new Map([[lost, 'stale']]));
    expect(await checkChain(database)).toMatchObject({ holds: true });
  });
});
