// HubSpot's webhook journal all the way: from a contact that is deleted, merged or erased to Voucherify, with no webhook, and what
// becomes of a gap.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { HubSpotOptions } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import type { Run } from '../../src/contract/run.ts';
import { listPauses } from '../../src/tables/pauses.ts';
import { listRuns, runById } from '../../src/tables/runs.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { differences, openSyncWorld, type SyncWorld, until } from '../support/sync-world.ts';

const app = { clientId: 'the-app', clientSecret: 'the-secret-of-the-app' };
const portalId = 62_515;
const day = 86_400_000;

describe.each(behaviour)('the webhook journal of HubSpot on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  let files: Served;
  let logged: string[];

  async function begin(
    people: number,
    {
      journal = {},
      source = {},
      hubspot = {},
    }: { journal?: object; source?: object; hubspot?: HubSpotOptions } = {},
  ): Promise<void> {
    database = await open();
    logged = [];
    world = await openSyncWorld(database, {
      hubspot: { journal: { ...app, ...journal }, ...hubspot },
      source: { portalId, journal: app, ...source },
      config: { onOrphaned: 'delete' },
      secretKey: 'a-secret-key-of-this-installation',
      log: (line) => void logged.push(line),
    });
    const { journal: simulated } = world.hubspot;
    files = await serve(simulated!.files);
    simulated!.filesUrl = files.url;
    world.hubspot.seed(people, 7);
    await world.tributary.start();
  }

  async function start(people: number, options: Parameters<typeof begin>[1] = {}): Promise<void> {
    await begin(people, options);
    await world.sync();
  }

  afterEach(async () => {
    await world?.close();
    await files?.close();
    await database?.close();
    expect(logged.join('')).not.toContain(app.clientSecret);
    expect(logged.join('')).not.toMatch(/access-\d+-of-the-simulator/);
  });

  const ids = () => [...world.hubspot.contacts()].filter(({ archived }) => !archived).map(({ id }) => id);
  const journal = () => world.hubspot.journal!;
  const at = async () =>
    (
      await database.rows<{ cursor: { offset: string } }>(
        sql`select cursor from checkpoints where stream = 'journal' and reader = 'lead'`,
      )
    )[0]?.cursor;

  it('brings changes, deletions, merges and restores that no search and no list of archived contacts shows yet', async () => {
    await start(60, { hubspot: { indexLagMs: 3_600_000 } });
    const [changed, deleted, primary, other, restored] = ids() as [string, string, string, string, string];
    world.hubspot.update(changed, { city: 'Kraków' });
    world.hubspot.archive(deleted);
    world.hubspot.archive(restored);
    world.hubspot.restore(restored);
    world.hubspot.merge(primary, other);
    world.hubspot.create({ firstname: 'Zofia', email: 'zofia@example.org', lifecyclestage: 'lead' });
    await world.sync();
    const held = (id: string) => world.voucherify.bySourceId(id);
    expect(held(changed)?.address?.city).toBe('Kraków');
    expect(held(deleted)).toBeUndefined();
    // The customer of the contact that was merged is the survivor's by now.
    expect(held(primary)).toBeDefined();
    expect(held(restored)).toBeDefined();
    expect([...world.voucherify.customers()].map(({ email }) => email)).toContain('zofia@example.org');
    const [standing] = await database.rows<{ count: number }>(
      sql`select count(*)::int as count from records where coalesce(deleted_at < changed_at, true) and merged_into is null`,
    );
    expect(standing!.count).toBe(ids().length);
  });

  it('erases who was deleted for privacy, where the configuration says so, also when a full reading deleted them first', async () => {
    await start(5, { source: { privacyDeletions: 'erase' } });
    const [gone, alsoGone] = ids();
    world.hubspot.gdprDelete(gone!);
    await world.sync();
    const file = journal().faults;
    // The journal is late: its file comes after the full reading has found that the contact is gone.
    journal().faults = (request) =>
      request.url.includes('signature=') ? new Response('', { status: 403 }) : undefined;
    world.hubspot.gdprDelete(alsoGone!);
    await world.sync('full');
    journal().faults = file;
    await world.sync();
    const erasures = await database.rows<{ count: number }>(sql`select count(*)::int as count from erasures`);
    expect(erasures).toEqual([{ count: 2 }]);
    expect(differences(world)).toEqual([]);
  });

  it('deletes who was deleted for privacy by default, and erases nobody', async () => {
    await start(5);
    const [gone] = ids();
    world.hubspot.gdprDelete(gone!);
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(await database.rows(sql`select 1 from erasures`)).toEqual([]);
  });

  it('goes on at the file where the reading was interrupted, and takes each in once', async () => {
    await start(30, { journal: { maxEvents: 4 } });
    for (const id of ids()) world.hubspot.update(id, { city: 'Oslo' });
    let asked = 0;
    // Every third request is lost, be it for an entry or for its file.
    journal().faults = () => {
      asked += 1;
      return asked % 3 === 0 ? new Response('', { status: 503 }) : undefined;
    };
    await world.sync();
    journal().faults = undefined;
    await world.sync();
    expect(differences(world)).toEqual([]);
    const [waiting] = await database.rows<{ count: number }>(sql`select count(*)::int as count from touches`);
    expect(waiting).toEqual({ count: 0 });
  });

  it('requests one full reading after a gap, which shows what was lost', async () => {
    await start(12);
    const [lost, kept] = ids();
    world.clock.skip(day);
    world.hubspot.gdprDelete(lost!);
    journal().publish();
    world.clock.skip(4 * day);
    world.hubspot.update(kept!, { city: 'Bergen' });
    const run = await world.sync();
    expect(run.notes).toMatchObject([
      { code: 'journal_gap', message: expect.stringContaining('full reading') },
    ]);
    const full = await fullRuns();
    expect(full).toMatchObject([{ trigger: 'gap', state: 'finished' }]);
    expect(differences(world)).toEqual([]);
    await world.sync();
    expect(await fullRuns()).toHaveLength(1);
  });

  it('requests no more than one full reading a day, however often the journal says that it knows no offset', async () => {
    await start(5);
    for (let turn = 0; turn < 4; turn += 1) {
      journal().reset();
      world.hubspot.create({ firstname: `P${turn}`, email: `p${turn}@example.org` });
      await world.sync();
      world.clock.skip(600_000);
    }
    expect((await fullRuns()).length).toBeLessThanOrEqual(2);
    expect(differences(world)).toEqual([]);
  });

  it('is not begun anew by a full reading', async () => {
    await start(5);
    world.hubspot.update(ids()[0]!, { city: 'Gdynia' });
    await world.sync();
    const before = await at();
    const asked = journal().requests['earliest'];
    expect(before?.offset).toEqual(expect.any(String));
    await world.sync('full');
    expect((await at())?.offset).toBe(before?.offset);
    expect(journal().requests['earliest']).toBe(asked);
  });

  it('gets a new token of the app when one ends, and keeps the token of the account apart', async () => {
    await start(5, { journal: { tokenSeconds: 600 } });
    for (let turn = 0; turn < 3; turn += 1) {
      world.clock.skip(700_000);
      world.hubspot.update(ids()[turn]!, { city: 'Gdynia' });
      await world.sync();
    }
    expect(differences(world)).toEqual([]);
    expect(journal().tokens.state.issued).toBeGreaterThanOrEqual(4);
    journal().tokens.expireAll();
    expect(await world.sync()).toMatchObject({ state: 'finished' });
  });

  it('pauses the source where the app is refused, and says whose credentials are', async () => {
    await begin(5, { source: { journal: { clientId: 'another-app', clientSecret: app.clientSecret } } });
    await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    await until(async () => (await listPauses(database)).has('hubspot'));
    const paused = (await listPauses(database)).get('hubspot');
    expect(paused).toMatchObject({ cause: 'unauthorized', reason: expect.stringContaining('app') });
  });

  it('leaves an account alone whose events it does not hold', async () => {
    await start(5, { journal: { leaks: true } });
    const [id] = ids();
    for (const action of ['DELETE', 'GDPR_DELETE'])
      journal().add({
        type: 'crmObject',
        portalId: 4711,
        occurredAt: new Date(world.clock.now()).toISOString(),
        action,
        objectTypeId: '0-1',
        objectId: Number(id),
      });
    const reads = world.hubspot.requests.calls('batchRead');
    await world.sync();
    expect(world.hubspot.requests.calls('batchRead')).toBe(reads);
    expect(differences(world)).toEqual([]);
  });

  it('does not make polls count as what webhooks left out, where none are configured', async () => {
    await start(15);
    for (const id of ids()) world.hubspot.update(id, { city: 'Oslo' });
    await world.sync();
    expect(await database.rows(sql`select 1 from coverage where channel = 'poll'`)).toEqual([]);
  });

  it('stays where it is in a dry run', async () => {
    await start(5);
    world.hubspot.update(ids()[0]!, { city: 'Gdynia' });
    const before = await at();
    const asked = await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'manual',
      request: { dryRun: true },
    });
    await world.rest();
    expect(await runById(database, asked!.id)).toMatchObject({ state: 'finished' });
    expect(await at()).toEqual(before);
  });

  async function fullRuns(): Promise<Run[]> {
    const runs = await listRuns(database, { source: 'hubspot', limit: 50 });
    return runs.filter(({ mode }) => mode === 'full');
  }
});
