// The proof: what was delivered is read back and compared.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { destinationName, listPauses } from '../../src/tables/pauses.ts';
import { checkChain, type Verification, verificationById } from '../../src/tables/verifications.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions, until } from '../support/sync-world.ts';

const metadataSchema = {
  properties: { lifecycle_stage: { type: 'string' }, loyalty_points: { type: 'number' } },
} as const;

const people = 30;

describe.each(behaviour)('a verification on $name', ({ open }) => {
  let database: TestDatabase;
  let world: SyncWorld;

  async function start(options: SyncWorldOptions = {}): Promise<void> {
    database = await open();
    world = await openSyncWorld(database, {
      ...options,
      voucherify: { metadataSchema: metadataSchema as never, ...options.voucherify },
    });
    world.hubspot.seed(people, 7, world.clock.now() - 3_600_000);
    await world.tributary.start();
    await world.sync('full');
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const ended = async (id: number): Promise<Verification> => {
    await until(async () => (await verificationById(database, id))?.state !== 'requested');
    return (await verificationById(database, id))!;
  };
  const ask = async (more: { sample?: number; heal?: boolean } = {}): Promise<number> => {
    const { sample = null, heal = false } = more;
    const requested = await world.tributary.verify({ sample, heal, by: 'person' });
    if (!requested || 'going' in requested) throw new Error('one is going');
    return requested.verification.id;
  };
  const verify = async (more: { sample?: number; heal?: boolean } = {}) => {
    const verification = await ended(await ask(more));
    expect(verification).toMatchObject({ state: 'finished', error: null });
    return verification.report;
  };
  const drifts = () =>
    database.rows<{ sourceId: string; kind: string; by: string }>(
      sql`select source_id as "sourceId", kind, "by" from drifts order by source_id`,
    );
  const ids = () => [...world.voucherify.customers()].map((customer) => customer.source_id!);
  /** Somebody carries this customer for a long time. */
  const keepInFlight = async (sourceId: string) => {
    const later = sql`to_timestamp(${(world.clock.now() + 86_400_000) / 1000}::float8)`;
    await database.rows(sql`
      update deliveries set state = 'waiting', waiting_since = ${later}, due_at = ${later},
        lease = gen_random_uuid() where source_id = ${sourceId}`);
  };
  /** Somebody else's changes: one in name and metadata, one deleted, one added. */
  const meddle = () => {
    // Not all have points, and in which order they were created is left to chance.
    const all = [...world.voucherify.customers()].sort((one, other) =>
      one.source_id! < other.source_id! ? -1 : 1,
    );
    const changed = all.find(({ metadata }) => metadata?.['loyalty_points'] != null)!.source_id!;
    const deleted = all.at(-1)!.source_id!;
    world.voucherify.upsert({ source_id: changed, name: 'Somebody Else', metadata: { loyalty_points: -5 } });
    world.voucherify.remove(deleted);
    world.voucherify.upsert({ source_id: 'walk-in', name: 'From the shop' });
    world.voucherify.upsert({ name: 'Without a key' });
    return { changed, deleted };
  };

  it('finds with an export of a few calls that all customers match', async () => {
    await start();
    const report = await verify();
    expect(report).toMatchObject({
      mode: 'full',
      source: 'export',
      fallback: null,
      acknowledged: people,
      compared: people,
      matching: people,
      differing: { count: 0, examples: [] },
      missing: { count: 0 },
      unknownToUs: { count: 0 },
      notCompared: [],
      confidence: null,
      summary: `${people} customers: all match`,
    });
    expect(report.calls).toBeLessThan(10);
    expect(await drifts()).toEqual([]);
    expect(await database.rows(sql`select 1 from verified_customers`)).toEqual([]);
    // The file is taken away.
    expect(world.voucherify.requests.get('DELETE /v1/exports/:id 204')).toBe(1);
  });

  it.each(['columns', 'prefixed-columns', 'json'] as const)(
    'names what was changed, deleted and added there, with metadata as %s',
    async (exportMetadata) => {
      await start({ voucherify: { exportMetadata } });
      const { changed, deleted } = meddle();
      const report = await verify();
      expect(report).toMatchObject({
        source: 'export',
        compared: people - 1,
        matching: people - 2,
        differing: {
          count: 1,
          fields: { name: 1, 'metadata.loyalty_points': 1 },
          examples: [
            {
              sourceId: changed,
              fields: {
                name: { found: 'Somebody Else' },
                'metadata.loyalty_points': { found: -5 },
              },
            },
          ],
        },
        missing: { count: 1, examples: [{ sourceId: deleted }] },
        deletedThere: 0,
        unknownToUs: { count: 1, examples: [{ sourceId: 'walk-in' }] },
        withoutSourceId: 1,
        notCompared: [],
        healed: 0,
      });
      expect(await drifts()).toEqual(
        [
          { sourceId: changed, kind: 'differs', by: 'verification 1' },
          { sourceId: deleted, kind: 'deleted', by: 'verification 1' },
        ].sort((a, b) => (a.sourceId < b.sourceId ? -1 : 1)),
      );
      // Nothing is written by looking.
      expect(world.voucherify.bySourceId('walk-in')).toBeDefined();
      expect(world.voucherify.bySourceId(deleted)).toBeUndefined();
    },
  );

  it('heals what differs and what is missing, and nothing else, until nothing is left', async () => {
    await start();
    const { changed, deleted } = meddle();
    const written = world.voucherify.writesOf('walk-in');
    expect(await verify({ heal: true })).toMatchObject({ healed: 2 });
    await world.rest();
    expect(await drifts()).toEqual([]);
    expect(world.voucherify.bySourceId(deleted)).toBeDefined();
    expect(world.voucherify.bySourceId(changed)?.name).not.toBe('Somebody Else');
    expect(world.voucherify.writesOf('walk-in')).toBe(written);
    expect(await verify()).toMatchObject({
      matching: people,
      differing: { count: 0 },
      missing: { count: 0 },
      unknownToUs: { count: 1 },
    });
  });

  it('names the metadata that an export does not show, and reports none of it as different', async () => {
    await start({
      voucherify: { metadataSchema: { properties: { lifecycle_stage: { type: 'string' } } } as never },
    });
    world.voucherify.upsert({ source_id: ids()[0]!, metadata: { loyalty_points: -5 } });
    const [given] = await database.rows<{ count: number }>(sql`
      select count(*)::int as count from acknowledgements where jsonb_exists(fields, 'metadata.loyalty_points')`);
    const report = await verify();
    expect(report).toMatchObject({ matching: people, differing: { count: 0 } });
    expect(report.notCompared).toEqual([
      {
        field: 'metadata.loyalty_points',
        customers: given!.count,
        why: 'an export shows only the metadata keys that the metadata schema defines',
      },
    ]);
  });

  it('keeps a difference that the customer itself has shown and an export cannot show', async () => {
    await start({
      voucherify: { metadataSchema: { properties: { lifecycle_stage: { type: 'string' } } } as never },
    });
    const changed = [...world.voucherify.customers()].find(
      ({ metadata }) => metadata?.['loyalty_points'] != null,
    )!.source_id!;
    world.voucherify.upsert({ source_id: changed, metadata: { loyalty_points: -5 } });
    await verify({ sample: people });
    const found = [{ sourceId: changed, kind: 'differs', by: 'verification 1' }];
    expect(await drifts()).toEqual(found);
    expect(await verify()).toMatchObject({ source: 'export', differing: { count: 0 } });
    expect(await drifts()).toEqual(found);
  });

  it('sets aside forms that the destination gives a value itself', async () => {
    await start({
      voucherify: { dialingPrefix: '+48' },
      source: {
        mapping: {
          name: 'firstname',
          phone: { from: 'mobilephone', as: 'text' },
          birthdate: 'date_of_birth',
        },
      },
    });
    for (const { id } of [...world.hubspot.contacts()].slice(0, 5))
      world.hubspot.update(id, { mobilephone: '600 100 200', date_of_birth: '1990-02-03T00:00:00Z' });
    await world.sync();
    const report = await verify();
    expect(report).toMatchObject({ matching: people, differing: { count: 0 } });
    expect(report.forms).toContainEqual({ field: 'phone', form: 'phone', customers: 5 });
  });

  it.each([403, 404, 405])(
    'reads page by page where exports are refused with %i, and says so',
    async (status) => {
      const faults = (_: Request, route: string) =>
        route.includes('/v1/exports')
          ? Response.json({ code: status, key: 'not_available', message: 'No exports here' }, { status })
          : undefined;
      await start({ voucherify: { faults } });
      meddle();
      const report = await verify();
      expect(report).toMatchObject({
        source: 'list',
        compared: people - 1,
        differing: { count: 1 },
        missing: { count: 1 },
        unknownToUs: { count: 1 },
        withoutSourceId: 1,
      });
      expect(report.fallback).toContain('No exports here');
    },
  );

  it.each(['exclusive', 'inclusive'] as const)(
    'loses no customer of a list whose pages end within a millisecond, with an %s cursor',
    async (cursor) => {
      await start({
        voucherify: {
          cursor,
          writesPerMillisecond: 1_000,
          faults: (_, route) =>
            route === 'POST /v1/exports'
              ? Response.json({ code: 403, key: 'forbidden', message: 'No' }, { status: 403 })
              : undefined,
        },
      });
      // As when many are imported at once.
      const { truth } = world.voucherify.snapshot();
      for (let index = 0; index < 450; index += 1)
        world.voucherify.upsert({ source_id: `import-${index}`, name: 'Imported' });
      const snapshot = world.voucherify.snapshot();
      const at = truth.customers.at(-1)!.created_at_ms + 5;
      for (const [index, customer] of snapshot.truth.customers.entries())
        if (customer.source_id?.startsWith('import-'))
          customer.created_at_ms = at + (index % 250 === 0 ? 1 : 0);
      snapshot.truth.customers.sort((a, b) => a.created_at_ms - b.created_at_ms);
      world.voucherify.restoreSnapshot(snapshot);
      expect(await verify()).toMatchObject({
        source: 'list',
        compared: people,
        matching: people,
        missing: { count: 0 },
        unknownToUs: { count: 450 },
      });
    },
  );

  it('says of a sample how sure it is', async () => {
    await start();
    const report = await verify({ sample: 10 });
    expect(report).toMatchObject({ mode: 'sample', source: 'reads', compared: 10, matching: 10, calls: 10 });
    expect(report.confidence?.sentence).toBe(
      '10 of 30 customers were read, chosen at random, and 0 differ: with 95 % confidence at most 26 % of all do.',
    );
    meddle();
    const all = await verify({ sample: 1_000 });
    expect(all).toMatchObject({ compared: people - 1, differing: { count: 1 }, missing: { count: 1 } });
    expect(all.confidence?.sentence).toBe('All 30 customers were read: the share that differs is 6.7 %.');
  });

  it('reads one by one the customers that were delivered after the export began', async () => {
    await start({ voucherify: { exportMs: 20_000 } });
    const id = await ask();
    await until(() => (world.voucherify.requests.get('POST /v1/exports 200') ?? 0) === 1);
    world.hubspot.update(ids()[0]!, { firstname: 'Later' });
    await world.sync();
    const { report } = await ended(id);
    expect(report).toMatchObject({
      inFlight: 0,
      compared: people,
      differing: { count: 0 },
      missing: { count: 0 },
    });
  });

  it('waits for pending deliveries, and sets aside customers that are still waiting after a minute', async () => {
    await start();
    await keepInFlight(ids()[0]!);
    const begun = world.clock.now();
    const report = await verify();
    expect(world.clock.now() - begun).toBeGreaterThanOrEqual(60_000);
    expect(report).toMatchObject({ inFlight: 1, compared: people - 1, differing: { count: 0 } });
  });

  it('does not report a customer as missing whose delivery is still pending', async () => {
    await start();
    const [first] = ids();
    await keepInFlight(first!);
    world.voucherify.remove(first!);
    const report = await verify();
    expect(report).toMatchObject({ inFlight: 1, compared: people - 1, missing: { count: 0 } });
    expect(await drifts()).toEqual([]);
  });

  it('continues where another worker had to leave it', async () => {
    let asked = 0;
    await start({
      voucherify: {
        faults: async (request, route) => {
          if (route !== 'GET /v1/customers') return route === 'POST /v1/exports' ? denied() : undefined;
          // Not the read that confirms the refusal.
          if (!request.url.includes('order=')) return undefined;
          asked += 1;
          if (asked === 2) await new Promise((resolve) => setTimeout(resolve, 100));
          return undefined;
        },
      },
    });
    for (let index = 0; index < 350; index += 1)
      world.voucherify.upsert({ source_id: `import-${index}`, name: 'Imported' });
    const id = await ask();
    await until(() => asked === 2);
    await world.tributary.drain();
    const between = (await verificationById(database, id))!;
    expect(between).toMatchObject({ state: 'requested', working: false, report: { source: 'list' } });
    expect(between.report.compared + between.report.unknownToUs.count).toBe(100);
    await world.again(await database.again());
    const { report } = await ended(id);
    expect(report).toMatchObject({ compared: people, matching: people, unknownToUs: { count: 350 } });
  });

  it('outlives credentials that are refused for a while, and pauses the destination meanwhile', async () => {
    let isRefusing = false;
    await start({
      voucherify: {
        faults: () =>
          isRefusing
            ? Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 })
            : undefined,
      },
    });
    isRefusing = true;
    const id = await ask();
    await until(async () => (await listPauses(database)).has(destinationName));
    isRefusing = false;
    const { report } = await ended(id);
    expect(report).toMatchObject({ compared: people, matching: people });
  });

  it('outlives a list that was refused once, while other reads are answered', async () => {
    let refused = 0;
    const unauthorized = () =>
      Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 });
    await start({
      voucherify: {
        faults: (request, route) => {
          if (route.includes('/v1/exports')) return unauthorized();
          if (route !== 'GET /v1/customers' || !request.url.includes('order=')) return undefined;
          refused += 1;
          return refused === 1 ? unauthorized() : undefined;
        },
      },
    });
    expect(await verify()).toMatchObject({ source: 'list', compared: people, matching: people });
    expect(await listPauses(database)).toEqual(new Map());
  });

  it.each([
    ['the order of the export', 'POST /v1/exports', 401],
    ['the question whether it is made', 'GET /v1/exports/:id', 401],
    ['the question whether it is made', 'GET /v1/exports/:id', 404],
    ['the metadata schema', 'GET /v1/metadata-schemas', 401],
  ])('reads by export all the same where %s (%s) was refused once with %i', async (_what, route, status) => {
    let isReady = false;
    let refused = 0;
    await start({
      voucherify: {
        faults: (_request, asked) => {
          if (!isReady || asked !== route) return undefined;
          refused += 1;
          const key = status === 401 ? 'unauthorized' : 'not_found';
          return refused === 1 ? Response.json({ code: status, key, message: 'No' }, { status }) : undefined;
        },
      },
    });
    isReady = true;
    expect(await verify()).toMatchObject({ source: 'export', compared: people, matching: people });
    expect(refused).toBeGreaterThan(1);
    expect(await listPauses(database)).toEqual(new Map());
  });

  it('downloads a file again that was cut off, and counts nobody twice', async () => {
    let downloads = 0;
    await start({
      voucherify: {
        faults: (request) => {
          if (!request.url.includes('token=')) return undefined;
          downloads += 1;
          return downloads === 1 ? new Response('Bad Gateway', { status: 502 }) : undefined;
        },
      },
    });
    expect(await verify()).toMatchObject({ source: 'export', compared: people, matching: people });
    expect(downloads).toBe(2);
  });

  it('continues after the rows it has ingested, where a file is cut off in the middle', async () => {
    let downloads = 0;
    const rowsTaken = async () =>
      (
        await database.rows<{ rows: number }>(sql`select (cursor ->> 'rows')::int as rows from verifications`)
      )[0]?.rows;
    await start({
      voucherify: {
        faults: async (request) => {
          if (!request.url.includes('token=')) return undefined;
          downloads += 1;
          if (downloads > 1) return undefined;
          const known = [...world.voucherify.customers()].map(({ source_id }) => source_id);
          let sent = false;
          return new Response(
            new ReadableStream({
              async pull(controller) {
                if (!sent) controller.enqueue(Buffer.from(`source_id\n${known.slice(0, 700).join('\n')}\n`));
                else {
                  await until(async () => (await rowsTaken()) === 500);
                  controller.error(new Error('cut'));
                }
                sent = true;
              },
            }),
          );
        },
      },
    });
    for (let index = 0; index < 1_200; index += 1)
      world.voucherify.upsert({ source_id: `import-${index}`, name: 'Imported' });
    const report = await verify();
    expect(report).toMatchObject({
      source: 'export',
      compared: people,
      missing: { count: 0 },
      unknownToUs: { count: 1_200 },
    });
    expect(downloads).toBe(2);
    // What was taken in before the cut is not taken in again: the second file would have shown every field.
    expect(report.notCompared).toContainEqual({
      field: 'name',
      customers: people,
      why: 'an export shows only the metadata keys that the metadata schema defines',
    });
  });

  it('brings back what was deleted there where a person asks for it, and not by the calendar', async () => {
    await start();
    const [gone] = ids();
    world.voucherify.remove(gone!);
    await database.rows(sql`
      insert into drifts (source_id, kind, fields, "by", found_at) values (${gone!}, 'deleted', '{}', 'webhook', now())`);
    const scheduled = await world.tributary.verify({ sample: null, heal: true, by: 'schedule', slot: 1 });
    if (!scheduled || 'going' in scheduled) throw new Error('one is going');
    const { report } = await ended(scheduled.verification.id);
    expect(report).toMatchObject({ missing: { count: 1 }, deletedThere: 1, healed: 0 });
    expect(await drifts()).toMatchObject([{ by: 'webhook' }]);
    expect(await verify({ heal: true })).toMatchObject({ deletedThere: 1, healed: 1 });
    await world.rest();
    expect(world.voucherify.bySourceId(gone!)).toBeDefined();
  });

  it('reports no difference that only the export shows', async () => {
    await start({
      voucherify: {
        faults: async (request) => {
          if (!request.url.includes('token=')) return undefined;
          const rows = [...world.voucherify.customers()].map(
            ({ source_id, email }) => `${source_id},"Mr ""X""\nY",${email ?? ''}`,
          );
          return new Response(`source_id,name,email\n${rows.join('\n')}\n`);
        },
      },
    });
    const report = await verify();
    expect(report).toMatchObject({ source: 'export', compared: people, differing: { count: 0 } });
    expect(report.notCompared).toContainEqual({
      field: 'name',
      customers: people - 3,
      why: 'what was read shows it in another form than the customer itself does',
    });
  });

  it('reads customers that an export left out before it reports them as missing', async () => {
    await start({
      voucherify: {
        faults: (request) => (request.url.includes('token=') ? new Response('source_id,name\n') : undefined),
      },
    });
    expect(await verify()).toMatchObject({ source: 'export', compared: people, missing: { count: 0 } });
  });

  it('is one at a time', async () => {
    await start({ voucherify: { exportMs: 5_000 } });
    const id = await ask();
    const other = await world.tributary.verify({ sample: null, heal: false, by: 'person' });
    expect(other).toMatchObject({ going: { id } });
    await ended(id);
  });

  it('is asked for once by a moment of the schedule, however many workers hold it', async () => {
    await start();
    const request = { sample: 5, heal: false, by: 'schedule' as const, slot: 1_700_000_000_000 };
    const all = await Promise.all([world.tributary.verify(request), world.tributary.verify(request)]);
    expect(all.filter((one) => one && 'verification' in one)).toHaveLength(1);
    await ended(1);
    expect(await world.tributary.verify(request)).toBeNull();
  });

  it('chains its reports, and shows which was changed afterwards', async () => {
    await start();
    meddle();
    for (const sample of [5, 6, 7]) await verify({ sample });
    const whole = await checkChain(database);
    expect(whole).toMatchObject({ holds: true, length: 3, broken: null });
    expect(whole.head).toBe((await verificationById(database, 3))!.hash);
    await database.rows(
      sql`update verifications set report = jsonb_set(report, '{matching}', '5000') where id = 2`,
    );
    expect(await checkChain(database)).toMatchObject({
      holds: false,
      broken: { id: 2, why: 'its hash is not that of its report' },
    });
    await database.rows(sql`delete from verifications where id = 2`);
    expect(await checkChain(database)).toMatchObject({ holds: false, broken: { id: 3 } });
  });

  it('lets a person who is erased leave its reports, and the chain still holds', async () => {
    await start({ secretKey: 'a-secret-key-of-thirty-two-characters' });
    const { changed } = meddle();
    await verify();
    await world.tributary.erase({ sourceId: changed });
    const text = JSON.stringify((await verificationById(database, 1))!.report);
    expect(text).not.toContain('Somebody Else');
    expect(text).not.toContain(`"${changed}"`);
    expect(await checkChain(database)).toMatchObject({ holds: true, length: 1 });
  });
});

const denied = () => Response.json({ code: 403, key: 'forbidden', message: 'No' }, { status: 403 });
