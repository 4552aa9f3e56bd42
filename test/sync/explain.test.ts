// Why a customer is as it is: explained, pinned by hand, its bad values in quarantine, its clashes and merges told. End to
// end, through the API.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions } from '../support/sync-world.ts';
import { type Call, caller, expectProblem } from '../web/calls.ts';
import { apiToken, type World } from '../web/world.ts';

describe.each(behaviour)('a customer explained on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  let folder: string;
  let call: Call;

  async function start(options: SyncWorldOptions = {}, people = 3): Promise<void> {
    database = await open();
    folder = mkdtempSync(join(tmpdir(), 'tributary-explain-'));
    world = await openSyncWorld(database, options);
    world.hubspot.seed(people, 7);
    const app = createApp(world.tributary, { apiToken, version: '1.2.3', dataDir: folder });
    call = await caller({ app } as World);
    await world.tributary.start();
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = async (path: string) => {
    const answer = await call('GET', path);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  };
  const someId = (index = 0) => [...world.hubspot.contacts()][index]!.id;
  const fieldOf = async (sourceId: string, field: string) => {
    const { fields } = await get(`/api/customers/${sourceId}/explain?field=${field}`);
    return { ...fields[0], text: fields[0].sentences.join(' ') };
  };
  const told = async (sourceId: string): Promise<string> =>
    (await get(`/api/customers/${sourceId}/explain`)).sentences.join(' ');
  const has = (sourceId: string) => world.voucherify.bySourceId(sourceId);

  const withShop = (email: string, merge: object) => ({
    sources: {
      shop: {
        connector: 'csv',
        path: join(tmpdir(), `tributary-shop-${email}.csv`),
        changedAt: 'Changed',
        mapping: { email: 'Email', name: 'Name' },
      },
    },
    config: { merge },
  });

  it('tells the record, its version, the rule, the mapping, the run, the time, the losers and what was acknowledged', async () => {
    const options = withShop('losers', { fields: { email: ['hubspot', 'shop'], name: 'newest' } });
    const path = options.sources.shop.path;
    await start(options);
    const id = someId();
    world.hubspot.update(id, { email: 'Anna@Example.com', firstname: 'Anna', lastname: 'Nowak' });
    writeFileSync(path, `Source_id,Changed,Email,Name\n${id},2020-01-01T00:00:00Z,a@x.org,Anna Nowak\n`);
    await world.sync();
    await world.sync('incremental', 'shop');
    rmSync(path);

    const { text, ...email } = await fieldOf(id, 'email');
    const run = await database.rows<{ id: number }>(
      sql`select id::int as id from runs where source = 'hubspot' order by id limit 1`,
    );
    const fingerprint = world.tributary.rules.source('hubspot')!.fingerprint;
    expect(email).toMatchObject({
      value: 'anna@example.com',
      rule: 'precedence hubspot > shop',
      winner: {
        source: 'hubspot',
        stream: 'contacts',
        recordId: id,
        mapping: fingerprint,
        run: { id: run[0]!.id, mode: 'incremental', trigger: 'manual' },
      },
      losers: [
        { source: 'shop', recordId: id, value: 'a@x.org', reason: 'Source shop comes after hubspot.' },
      ],
      acknowledged: { value: 'anna@example.com', isSame: true, isCertain: true },
      next: null,
    });
    const [row] = await database.rows<{ hash: string }>(
      sql`select hash from records where source = 'hubspot' and record_id = ${id}`,
    );
    expect(email.winner.version).toBe(row!.hash);
    expect(text).toMatch(
      /^email is anna@example\.com\. It comes from hubspot contact \d+, changed \d{4}-\d\d-\d\d \d\d:\d\d UTC, by the rule precedence \(hubspot before shop\)\./,
    );
    expect(text).toContain(`Run ${run[0]!.id} (incremental, triggered by a person) read it, `);
    expect(text).toContain(`the mapping's fingerprint ${fingerprint}.`);
    expect(text).toContain(
      `shop row ${id} (changed 2020-01-01 00:00 UTC) says a@x.org, but source shop comes after hubspot.`,
    );
    expect(text).toMatch(/Voucherify has acknowledged this value, as of .* UTC \(revision \d\)\.$/);
    expect((await fieldOf(id, 'name')).text).toContain('says the same, but it changed earlier.');
    expect(await told(id)).toMatch(/Voucherify has acknowledged revision \d+, on /);
  });

  it('is found by source ID, else by record ID, else by e-mail; several are listed', async () => {
    const options = withShop('several', {});
    await start({ ...options, source: { sourceId: 'company' } });
    const [first, second] = [someId(0), someId(1)];
    world.hubspot.update(first, { company: 'c-1', email: 'same@example.com' });
    world.hubspot.update(second, { company: 'c-2' });
    world.hubspot.update(someId(2), { company: first, email: 'third@example.com' });
    const { path } = options.sources.shop;
    writeFileSync(path, 'Source_id,Changed,Email,Name\nc-9,2020-01-01T00:00:00Z,SAME@example.com,Ann\n');
    await world.sync();
    await world.sync('incremental', 'shop');
    rmSync(path);
    const meant = async (id: string) =>
      (await get(`/api/customers/${encodeURIComponent(id)}/explain`)).sourceId;
    expect(await meant('c-2')).toBe('c-2');
    expect(await meant(second)).toBe('c-2');
    expect(await meant(' Third@example.com')).toBe(first);
    // The ID of a record that is the source ID of another: the source ID comes first.
    expect(await meant(first)).toBe(first);
    const several = await call('GET', '/api/customers/same@example.com/explain');
    expectProblem(several, 400, { faults: [{ path: 'sourceId', allowed: 'one of c-1, c-9' }] });
    expect(several.body.detail).toContain('c-1 (e-mail), c-9 (e-mail)');
    expectProblem(await call('GET', '/api/customers/nobody/explain'), 404);
    const unknown = await call('GET', '/api/customers/c-2/explain?field=emial');
    expectProblem(unknown, 404);
    expect(unknown.body.detail).toContain('email');
  });

  it('is folded with a pinned value, which wins until it is released, at the destination too', async () => {
    await start();
    const id = someId();
    world.hubspot.update(id, { email: 'from@hubspot.example', loyalty_points: 5 });
    await world.sync();
    const path = `/api/customers/${id}/pins/email`;
    const pinned = await call('PUT', path, { json: { value: ' By@Hand.example', note: 'she rang us' } });
    expect(pinned).toMatchObject({ status: 200, body: { value: 'by@hand.example', note: 'she rang us' } });
    const points = await call('PUT', `/api/customers/${id}/pins/metadata.loyalty_points`, {
      json: { value: '250' },
    });
    expect(points.body).toMatchObject({ value: 250 });
    await world.rest();
    expect(has(id)).toMatchObject({ email: 'by@hand.example', metadata: { loyalty_points: 250 } });

    world.hubspot.update(id, { email: 'newer@hubspot.example' });
    await world.sync();
    expect(has(id)).toMatchObject({ email: 'by@hand.example' });
    const { text, ...email } = await fieldOf(id, 'email');
    expect(email).toMatchObject({ rule: 'pin', winner: null, pin: { note: 'she rang us' } });
    expect(text).toMatch(/^email is by@hand\.example\. A person pinned it .* UTC: she rang us\./);
    expect(text).toMatch(/says newer@hubspot\.example, but a person pinned this field\./);
    expect(text).toMatch(
      /It has had this value since revision 2, .*, by a person, who pinned email: she rang us\./,
    );
    // The delivery had the lane of a person's wish.
    const [delivery] = await database.rows<{ lane: number }>(
      sql`select lane from deliveries where source_id = ${id}`,
    );
    expect(delivery).toBeDefined();

    expect((await call('DELETE', path)).status).toBe(200);
    await world.rest();
    expect(has(id)).toMatchObject({ email: 'newer@hubspot.example', metadata: { loyalty_points: 250 } });
    expectProblem(await call('DELETE', path), 404);
  });

  it('is owed in the lane of a person when it is pinned', async () => {
    await start();
    await world.sync();
    await call('POST', '/api/destination/pause', { json: {} });
    const id = someId();
    const { body } = await call('PUT', `/api/customers/${id}/pins/name`, { json: { value: 'By hand' } });
    const rows = await database.rows(
      sql`select state, lane, revision from deliveries where source_id = ${id}`,
    );
    expect(rows).toEqual([{ state: 'waiting', lane: 1, revision: body.revision }]);
    expect(await told(id)).toMatch(
      /Revision 2 waits in the lane manual since .*; Voucherify has revision 1\./,
    );
    expect((await fieldOf(id, 'name')).text).toMatch(/Voucherify has acknowledged .*revision 1\)\.$/);
    await call('POST', '/api/destination/resume');
    await world.rest();
    expect(has(id)).toMatchObject({ name: 'By hand' });
  });

  it('refuses to pin a field, a value or a customer that is none, each with an explanation', async () => {
    await start();
    const id = someId();
    world.hubspot.update(id, { email: 'known@example.com' });
    await world.sync();
    const pin = (sourceId: string, field: string, value: unknown) =>
      call('PUT', `/api/customers/${encodeURIComponent(sourceId)}/pins/${field}`, { json: { value } });
    const field = await pin(id, 'emial', 'x');
    expectProblem(field, 400, { faults: [{ path: 'field', found: '"emial"' }] });
    expect(field.body.detail).toContain('did you mean "email"?');
    const value = await pin(id, 'metadata.loyalty_points', 'many');
    expectProblem(value, 400, { faults: [{ path: 'value', found: '"many"' }] });
    expect(value.body.detail).toBe('Found "many", where a number is allowed.');
    expectProblem(await pin(id, 'email', 'nobody'), 400);
    const other = await pin('known@example.com', 'name', 'x');
    expectProblem(other, 404);
    expect(other.body.detail).toContain(`it may be ${id}`);
    expect(await database.rows(sql`select * from pins`)).toEqual([]);
  });

  it('loses a bad value alone: the last good one stands, and it is listed until its record changes', async () => {
    const points = { type: 'number', array: false, required: false, atMost: 1_000_000 };
    await start({ config: { metadataSchema: { definitions: { loyalty_points: points } } } });
    const [id, other] = [someId(0), someId(1)];
    world.hubspot.update(id, { loyalty_points: 17, city: 'Gdynia' });
    await world.sync();
    expect((await get('/api/status')).quarantined).toBe(0);
    world.hubspot.update(id, { loyalty_points: 5_000_000, city: 'Sopot' });
    world.hubspot.update(other, { loyalty_points: 7_000_000 });
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'finished', rejected: 0 });
    expect(has(id)).toMatchObject({ address: { city: 'Sopot' }, metadata: { loyalty_points: 17 } });

    const { values } = await get('/api/quarantine');
    expect(values).toHaveLength(2);
    const mine = values.find((entry: { recordId: string }) => entry.recordId === id);
    expect(mine).toMatchObject({
      source: 'hubspot',
      stream: 'contacts',
      sourceId: id,
      field: 'metadata.loyalty_points',
      reason: expect.stringMatching(/^Found 5000000, where a number of at most 1000000 is allowed\.$/),
      value: '5000000',
      lastGood: 17,
      stands: 17,
    });
    const { text } = await fieldOf(id, 'metadata.loyalty_points');
    expect(text).toContain(
      `hubspot contact ${id} now says "5000000", which is rejected: Found 5000000, where a number of at most 1000000 is allowed. Its last valid value is kept.`,
    );

    const page = await get('/api/quarantine?limit=1&source=hubspot&field=metadata.loyalty_points');
    const rest = await get(`/api/quarantine?limit=1&cursor=${page.nextCursor}`);
    expect([...page.values, ...rest.values]).toEqual(values);
    expect(rest.nextCursor).toBeNull();
    expectProblem(await call('GET', '/api/quarantine?source=other'), 400);
    expect((await get('/api/quarantine?field=name')).values).toEqual([]);
    expectProblem(await call('GET', '/api/quarantine?cursor=xyz!'), 400);

    world.hubspot.update(id, { loyalty_points: 21 });
    world.hubspot.update(other, { loyalty_points: 22 });
    await world.sync();
    expect((await get('/api/quarantine')).values).toEqual([]);
    expect(has(id)).toMatchObject({ metadata: { loyalty_points: 21 } });
    world.clock.skip(60_000);
    expect((await get('/api/status')).quarantined).toBe(0);
  });

  it('tells a clash: which records claim it and which is newer', async () => {
    await start({ source: { sourceId: 'company' } });
    const [older, newer] = [someId(0), someId(1)];
    world.hubspot.update(someId(2), { company: 'alone' });
    world.hubspot.update(older, { company: 'shared', firstname: 'Old', lastname: '' });
    world.clock.skip(5_000);
    world.hubspot.update(newer, { company: 'shared', firstname: 'New', lastname: '' });
    await world.sync();
    expect((await get('/api/clashes')).clashes).toEqual([
      {
        sourceId: 'shared',
        claims: [{ source: 'hubspot', stream: 'contacts', recordIds: [newer, older] }],
      },
    ]);
    expect((await get('/api/status')).clashes).toBe(1);
    expect(await told('shared')).toContain(
      `Records ${older} and ${newer} of hubspot (contacts) both claim this source ID; ${newer} is newer.`,
    );
    expect(await told('alone')).not.toContain('claim');
    expect(has('shared')).toMatchObject({ name: 'New' });

    world.hubspot.archive(older);
    await world.sync('full');
    world.clock.skip(60_000);
    expect((await get('/api/clashes')).clashes).toEqual([]);
    expect(await told('shared')).toContain(
      `hubspot contact ${older} is ignored, because it is deleted at its source.`,
    );
  });

  it.each(['primary', 'new'] as const)(
    'tells a merge at the vendor, and is parted again by a person (survivor: %s)',
    async (survivorId) => {
      await start({ hubspot: { survivorId } });
      const [kept, taken] = [someId(0), someId(1)];
      world.hubspot.update(kept, { firstname: 'Kept', lastname: 'One', email: 'kept@example.com' });
      world.hubspot.update(taken, { firstname: 'Taken', lastname: 'Two', email: 'taken@example.com' });
      await world.sync();
      world.clock.skip(1_000);
      const survivor = world.hubspot.merge(kept, taken);
      await world.sync();
      expect(await told(taken)).toContain(
        `hubspot contact ${survivor} of customer ${kept} took over record ${taken} when hubspot merged them: record ${taken} no longer counts.`,
      );
      expect(await told(taken)).toContain('No record contributes to it any more.');
      expect(await told(kept)).toContain(
        `hubspot contact ${survivor} took over record ${taken} of customer ${taken} when hubspot merged them`,
      );

      const path = `/api/sources/hubspot/records/${taken}/unmerge`;
      const parted = await call('POST', path);
      expect(parted.body).toMatchObject({
        unmerged: [
          { stream: 'contacts', recordId: taken, sourceId: taken, from: survivor, fromSourceId: kept },
        ],
      });
      await world.rest();
      expect(await told(taken)).not.toContain('No record contributes to it');
      expect(await told(taken)).toContain(
        `hubspot contact ${survivor} of customer ${kept} once took over record ${taken}, and a person undid it.`,
      );
      const history = await get(`/api/customers/${taken}/history`);
      expect(history.revisions[0].by).toBe(`by a person, who parted record ${taken} of hubspot (contacts)`);
      // The vendor's word, said again, parts nobody from nobody.
      world.hubspot.update(survivor, { city: 'Hel' });
      await world.sync();
      expect(await told(taken)).not.toContain('No record contributes to it');
      expectProblem(await call('POST', path), 404);
    },
  );

  it('gives a record that was made by the merge a customer of its own when it is separated from the one it goes on for', async () => {
    await start({ hubspot: { survivorId: 'new' } });
    const [first, second] = [someId(0), someId(1)];
    await world.sync();
    world.clock.skip(1_000);
    const survivor = world.hubspot.merge(first, second);
    world.hubspot.update(survivor, { firstname: 'Merged' });
    await world.sync();
    const part = (id: string) => call('POST', `/api/sources/hubspot/records/${id}/unmerge`);
    const heirOf = await get(`/api/customers/${first}/explain`);
    expect(heirOf.takeOvers).toHaveLength(2);

    const [parted] = (await part(first)).body.unmerged;
    expect(parted).toMatchObject({ sourceId: first, fromSourceId: second });
    const revised: string[] = parted.revised.map(({ sourceId }: { sourceId: string }) => sourceId);
    expect(revised.toSorted()).toEqual([first, second].toSorted());
    await world.rest();
    expect((await get('/api/clashes')).clashes).toEqual([]);
    expect((await fieldOf(second, 'email')).winner).toMatchObject({ recordId: survivor });
    expect((await fieldOf(first, 'email')).winner).toMatchObject({ recordId: first });

    expect((await part(second)).body.unmerged).toMatchObject([{ sourceId: second, fromSourceId: survivor }]);
    await world.rest();
    expect((await get('/api/clashes')).clashes).toEqual([]);
    expect((await fieldOf(survivor, 'email')).winner).toMatchObject({ recordId: survivor });
    expect(has(survivor)).toBeDefined();
  });
});
