// Cases of what a newer state does not say, of clocks that cannot be believed, and of states that come back: end to end
// where they are. See README.md beside this file.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { customerio } from '../../connectors/customerio.ts';
import { intercom } from '../../connectors/intercom.ts';
import { defineConnector, type Fields, type JsonObject, type SourceRecord } from '../../src/connector.ts';
import { ingest } from '../../src/sync/intake/ingest.ts';
import { Rules } from '../../src/sync/intake/rules.ts';
import type { SourceConfig } from '../../src/sync/intake/source.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { TemporaryFiles } from '../support/local-files.ts';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.ts';

const apiToken = 'a-token-for-the-tests';

const files = new TemporaryFiles();

let world: SyncWorld | undefined;

let database: TestDatabase | undefined;

afterEach(async () => {
  await world?.close();
  await database?.close();
  await files.remove();
  world = undefined;
  database = undefined;
});

/** Tributary with a source `files` or `crm`, in front of a simulated Voucherify. */
async function open(
  sources: object,
  { databaseAheadMs, ...options }: { databaseAheadMs?: number; [option: string]: unknown } = {},
) {
  const clock = new FastClock();
  database = await behaviour[0].open();
  if (databaseAheadMs !== undefined)
    database = { ...database, time: async () => clock.now() + databaseAheadMs };
  world = await openSyncWorld(database, { clock, sources, ...options });
  await world.tributary.start();
  const app = createApp(world.tributary, { apiToken, version: '0.0.0', dataDir: '/nowhere' });
  const { voucherify, tributary } = world;
  const ask = async (path: string) =>
    (await app.request(path, { headers: { authorization: `Bearer ${apiToken}` } })).json();
  return {
    world,
    ask,
    held: (sourceId: string) => [...voucherify.customers()].find((one) => one.source_id === sourceId),
    /** Imports rows as a file that was changed so many seconds ago. */
    async take(content: string, secondsAgo = 60) {
      const path = await files.write(`${secondsAgo}.csv`, content, Date.now() - secondsAgo * 1000);
      const request = { source: 'files', mode: 'import' as const, trigger: 'manual' as const };
      const run = await tributary.request({ ...request, lane: 'manual', request: { path } });
      await world!.rest();
      return (await ask(`/api/runs/${run!.id}`)) as {
        state: string;
        error: string | null;
        notes: { message: string }[];
      };
    },
    async push(body: unknown) {
      const response = await app.request('/webhooks/crm', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      await world!.rest();
    },
  };
}

describe('What a newer state does not say', () => {
  it('01-onnull-ignore: an empty cell keeps the last value, here and in Voucherify, and explain says so', async () => {
    const keep = (from: string) => ({ from, onNull: 'ignore' });
    const mapping = { name: keep('Name'), email: keep('Email'), 'metadata.tier': keep('Tier') };
    const { take, held, ask } = await open({ files: { connector: 'csv', mapping } });
    await take('Source_id,Name,Email,Tier\nk1,Ida Keep,ida@example.test,gold\n', 120);
    await take('Source_id,Name,Email,Tier\nk1,,,silver\n');
    expect(held('k1')).toMatchObject({
      name: 'Ida Keep',
      email: 'ida@example.test',
      metadata: { tier: 'silver' },
    });
    const explained = JSON.stringify(await ask('/api/customers/k1/explain'));
    expect(explained).toContain('has no value for it (onNull: ignore)');
    await take('Source_id,Name,Email,Tier\nk1,Ida New,,silver\n', 30);
    expect(held('k1')).toMatchObject({ name: 'Ida New', email: 'ida@example.test' });
  });

  it('01-onnull-ignore: properties that HubSpot gives empty keep their last value', async () => {
    const mapping = {
      name: { from: ['firstname', 'lastname'], onNull: 'ignore' },
      email: { from: 'email', onNull: 'ignore' },
      phone: { from: 'phone', as: 'phone', onNull: 'ignore' },
      'address.city': 'city',
    };
    const { world, held } = await open({}, { source: { mapping } });
    const id = world.hubspot.create({
      firstname: 'Ada',
      lastname: 'L',
      email: 'ada@example.test',
      phone: '+48600100501',
      city: 'Lyon',
    });
    await world.sync('full');
    world.hubspot.update(id, { firstname: '', lastname: '', email: '', phone: '', city: '' });
    world.clock.skip(60_000);
    await world.sync();
    expect(held(id)).toMatchObject({ name: 'Ada L', email: 'ada@example.test', phone: '+48600100501' });
    expect(held(id)?.address?.city ?? null).toBeNull();
  });

  it('02-fewer-columns: a file of some columns touches those only', async () => {
    const { take, held } = await open({ files: { connector: 'csv' } });
    await take('Source_id,Name,Email,Phone,Tier\nf1,Fay Part,fay@example.test,+48600100301,gold\n', 120);
    await take('Source_id,loyalty_points\nf1,50\n');
    expect(held('f1')).toMatchObject({
      name: 'Fay Part',
      email: 'fay@example.test',
      phone: '+48600100301',
      metadata: { Tier: 'gold', loyalty_points: '50' },
    });
    // A cell that is there and empty is another thing than a column that is not.
    await take('Source_id,Email\nf1,\n', 30);
    expect(held('f1')?.email ?? null).toBeNull();
    expect(held('f1')).toMatchObject({ name: 'Fay Part' });
  });

  it('03-column-renamed: nothing is emptied, and the run says which column was probably meant', async () => {
    const mapping = { name: ['First Name', 'Last Name'], email: 'Email' };
    const { take, held } = await open({ files: { connector: 'csv', mapping } });
    await take('Source_id,First Name,Last Name,Email\nr1,Ira,Then,ira@example.test\n', 120);
    const run = await take('Source_id,First Name,Last Name,E-Mail\nr1,Ira,Now,ira@example.test\n');
    expect(held('r1')).toMatchObject({ name: 'Ira Now', email: 'ira@example.test' });
    expect(run.notes.map(({ message }) => message).join()).toMatch(/"Email" \(did you mean "E-Mail"\?\)/);
  });
});

describe('A mapping that names what is not there', () => {
  it('03-column-renamed: a property that HubSpot has no more keeps its values, and the run says what was meant', async () => {
    const mapping = { email: 'email', name: ['firstname', 'lastname'], 'metadata.points': 'loyalty_point' };
    const { world, ask } = await open({}, { source: { mapping } });
    world.hubspot.create({ firstname: 'Ada', email: 'ada@example.test', loyalty_points: 7 });
    const run = await world.sync('full');
    const { notes } = (await ask(`/api/runs/${run.id}`)) as { notes: { code: string; message: string }[] };
    expect(notes).toMatchObject([
      {
        code: 'missing_property',
        message: expect.stringMatching(/"loyalty_point",.*did you mean "loyalty_points"/),
      },
    ]);
  });
});

describe('Source IDs that are e-mail addresses', () => {
  const source_id = { connector: 'webhook', authentication: 'open', mapping: { name: 'name' } };

  it('06-email-as-record-id: two letter cases are one customer where the ID is an e-mail address', async () => {
    const { push, held } = await open({ crm: { ...source_id, sourceId: 'email', record: { id: 'email' } } });
    await push({ email: 'Una@Example.test', name: 'Una' });
    await push({ email: 'una@example.test', name: 'Una Two' });
    expect(held('una@example.test')).toMatchObject({ name: 'Una Two' });
    expect(held('Una@Example.test')).toBeUndefined();
  });

  it('06-email-as-record-id: letter case is reported where it is kept', async () => {
    const lines: string[] = [];
    const log = { log: (line: string) => void lines.push(line) };
    const { push } = await open({ crm: { ...source_id, sourceId: 'key' } }, log);
    for (const key of ['ann@example.test', 'Ann@Example.test', 'S-1', 's-1', 'bo@example.test'])
      await push({ id: key, key, name: 'One' });
    expect(lines.filter((line) => line.includes('only in letter case'))).toHaveLength(1);
  });
});

describe('States that come back', () => {
  const crm = {
    connector: 'webhook',
    authentication: 'open',
    mapping: { name: 'name', 'metadata.plan': 'plan' },
  };

  it('14-back-to-what-it-was: A, B, A ends with A, and what was created again is there', async () => {
    const { push, held } = await open(
      { crm: { ...crm, record: { deleted: { path: 'deleted', equals: true } } } },
      { config: { onOrphaned: 'delete', breaker: { deleted: { share: 1, count: 100 } } } },
    );
    for (const name of ['A', 'B', 'A']) await push({ id: 'back', name });
    expect(held('back')).toMatchObject({ name: 'A' });
    await push({ id: 'p', name: 'Ann' });
    await push({ id: 'p', deleted: true });
    expect(held('p')).toBeUndefined();
    await push({ id: 'p', name: 'Ann' });
    expect(held('p')).toMatchObject({ name: 'Ann' });
  });

  it('14-back-to-what-it-was: a repeat of the present state is not a change, also for the merge', async () => {
    const { push, ask } = await open({ crm });
    await push({ id: 'same', name: 'A' });
    const before = (await ask('/api/customers/same/explain')) as JsonObject;
    await push({ id: 'same', name: 'A' });
    const inbox = (await ask('/api/inbox')) as { requests?: JsonObject[]; items?: JsonObject[] };
    expect(JSON.stringify(inbox)).toMatch(/"unchanged":1/);
    expect(((await ask('/api/customers/same/explain')) as JsonObject)['revision']).toBe(before['revision']);
  });

  it('faults 10 and 15-a-clock-in-2099: a clock far ahead counts as the time of receipt, and a later change wins', async () => {
    const lines: string[] = [];
    const { push, held, world } = await open(
      { crm: { ...crm, record: { changedAt: 'changed_at' } } },
      { log: (line: string) => void lines.push(line) },
    );
    await push({ id: 'fut', name: 'Old', changed_at: '2099-01-01T00:00:00Z' });
    await push({ id: 'fut2', name: 'Old', changed_at: '2099-01-01T00:00:00Z' });
    await push({ id: 'fut', name: 'New', changed_at: new Date(world.clock.now()).toISOString() });
    expect(held('fut')).toMatchObject({ name: 'New' });
    // One at once; the second is counted and follows a minute later, if at all.
    expect(lines.filter((line) => line.includes('in the future')).length).toBeLessThanOrEqual(2);
    expect(lines.join('')).toContain('in the future');
  });

  it('a clock of this machine that is an hour behind the one of the database hides no change, and the status says so', async () => {
    const lines: string[] = [];
    const { push, held, ask, world } = await open(
      { crm: { ...crm, record: { changedAt: 'changed_at' } } },
      { log: (line: string) => void lines.push(line), databaseAheadMs: 3_600_000 },
    );
    const begun = world.clock.now();
    const minutesLater = (minutes: number) => new Date(begun + minutes * 60_000).toISOString();
    await push({ id: 'ada', name: 'New', changed_at: minutesLater(59) });
    await push({ id: 'ada', name: 'Old', changed_at: minutesLater(40) });
    expect(held('ada')).toMatchObject({ name: 'New' });
    const note = 'The clock of this machine is 60 minutes behind the clock of the database.';
    expect((await ask('/api/status')) as JsonObject).toMatchObject({
      differingClocks: expect.stringContaining(note),
    });
    expect(lines.filter((line) => line.includes(note))).toHaveLength(1);
    expect(lines.join('')).not.toContain('in the future');
  });
});

// ── What vendors' clocks tell ───────────────────────────────────────────────────────────────────────────────────────

const configOf = (
  connector: SourceConfig['connector'],
  settings: unknown,
  mapping: SourceConfig['mapping'],
) =>
  ({
    name: 'vendor',
    connector,
    settings,
    sourceId: { path: null, policy: 'sticky' },
    mapping,
    filter: null,
    extraProperties: [],
    badValues: 'quarantine',
    schedule: null,
    timezone: 'UTC',
    locale: null,
    phones: 'valid',
    webhook: { maxBodyBytes: null, requestsPerSecond: 1000, keepDays: 14 },
    privacyDeletions: 'delete',
  }) as unknown as SourceConfig;

async function openIngest(source: SourceConfig, stream: string) {
  database = await behaviour[0].open();
  const rules = new Rules({ sources: [source], merge: {}, unknownMetadata: null });
  const db = database;
  return {
    take: (record: SourceRecord, now: number, readAt?: number, runId: number | null = null) =>
      db.transaction((tx) =>
        ingest(
          tx,
          rules,
          { source: rules.source('vendor')!, stream, lane: 'schedule', runId, now, readAt },
          { records: [record] },
        ),
      ),
    async fields(sourceId: string): Promise<Fields | undefined> {
      const rows = await db.rows<{ fields: Fields }>(
        sql`select fields from customers where source_id = ${sourceId} and not orphaned`,
      );
      return rows[0]?.fields;
    },
  };
}

describe('An unreliable clock', () => {
  it('customerio-removed-attribute: what was read later counts, although its newest time is older', async () => {
    const source = configOf(customerio, customerio.settings.parse({ appKey: 'k' }), null);
    const { take, fields } = await openIngest(source, 'people');
    const read = (changedAt: number, attributes: JsonObject): SourceRecord => ({
      recordId: 'b1',
      changedAt,
      body: { id: 'shop-7', cio_id: 'b1', first_name: 'Moa', ...attributes },
    });
    const now = 2_000_000_000_000;
    await take(read(now - 60_000, { email: 'moa@example.test' }), now, now);
    expect(await take(read(now - 120_000, {}), now + 5000, now + 5000)).toMatchObject({ changed: 1 });
    expect((await fields('shop-7'))?.['email'] ?? null).toBeNull();
    // A reading that was under way before does not bring it back.
    const late = read(now - 60_000, { email: 'moa@example.test' });
    expect(await take(late, now + 6000, now + 1000)).toMatchObject({ superseded: 1 });
    expect((await fields('shop-7'))?.['email'] ?? null).toBeNull();
  });

  it('intercom-seconds-become-1970: within one second the state that was read later counts, and no earlier push', async () => {
    const source = configOf(intercom, intercom.settings.parse({ accessToken: 'k' }), null);
    const { take, fields } = await openIngest(source, 'contacts');
    const second = 1_900_000_000_000;
    const contact = (changedAt: number, name: string): SourceRecord => ({
      recordId: 'c1',
      changedAt,
      body: { id: 'c1', external_id: 'shop-8', role: 'user', name, custom_attributes: {} },
    });
    await take(contact(second + 300, 'Pushed'), second + 400);
    await take(contact(second, 'Read later'), second + 5000, second + 4000, 1);
    expect(await fields('shop-8')).toMatchObject({ name: 'Read later' });
    expect(await take(contact(second + 200, 'Pushed late'), second + 6000)).toMatchObject({ superseded: 1 });
    // A page that was asked for before the push came shows the state before it.
    await take(contact(second + 10_400, 'Pushed again'), second + 10_600);
    expect(
      await take(contact(second + 10_000, 'Stale page'), second + 11_000, second + 10_500, 2),
    ).toMatchObject({
      superseded: 1,
    });
    expect(await fields('shop-8')).toMatchObject({ name: 'Pushed again' });
  });

  it('intercom-lead-is-no-customer: a source ID that the vendor made up serves until there is another', async () => {
    const vendor = defineConnector({
      name: 'vendor',
      settings: z.object({}),
      source: {
        streams: [{ name: 'people', isProvisional: (_settings, body) => body['kind'] === 'guest' }],
        mapping: { name: 'name' },
        sourceId: 'key',
      },
    });
    const { take, fields } = await openIngest(configOf(vendor, {}, null), 'people');
    const person = (changedAt: number, body: JsonObject) => ({ recordId: 'g1', changedAt, body });
    await take(person(1, { kind: 'guest', key: 'made-up', name: 'Gil' }), 1000);
    expect(await fields('made-up')).toMatchObject({ name: 'Gil' });
    await take(person(2, { kind: 'member', key: 'shop-9', name: 'Gil' }), 1000);
    expect([await fields('made-up'), await fields('shop-9')]).toEqual([undefined, { name: 'Gil' }]);
    await take(person(3, { kind: 'member', key: 'shop-10', name: 'Gil' }), 1000);
    expect(await fields('shop-10')).toBeUndefined();
  });
});
