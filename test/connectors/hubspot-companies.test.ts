// Properties of the companies of HubSpot's contacts: by every way a contact is read, and what becomes of them when a company
// changes, is merged, is deleted or may not be seen.
import { describe, expect, test } from 'vitest';
import { type Context, type Json, type SourceRecord, TransientError, UnauthorizedError } from '#connector';
import { hubspot } from '../../connectors/hubspot.ts';
import { connectors } from '../../connectors/index.ts';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { checkConfig } from '../../src/config.ts';
import { localFiles } from '../../src/engine/files.ts';
import { directApi } from '../support/direct-api.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const accessToken = 'pat-eu1-secret-0a1b2c3d';
const stream = hubspot.source!.streams[0]!;
const properties = ['email', 'company:name', 'company:domain', 'company:nonexistent'];

function open(given: object = {}) {
  const simulator = createHubSpotSimulator({ now: () => start, accessToken, quotas: false });
  const settings = hubspot.settings.parse({ accessToken, ...given });
  const api = directApi(simulator.app, hubspot.api!(settings), () => start);
  const context: Context<unknown> = { settings, api, files: localFiles, now: start };
  const pull = async (cursor: Json | null = null, names = properties) =>
    stream.pull!(context, { cursor, until: start, properties: names });
  const read = (...recordIds: string[]) => stream.read!.records(context, { recordIds, properties });
  return { simulator, companies: simulator.companies, context, pull, read };
}

/** The properties of companies alone. */
function ofCompany({ body }: SourceRecord): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name.startsWith('company:')));
}

describe('properties of the company', () => {
  test.each([{}, { apiVersion: '2026-03' }])(
    'come with the list, the search and a read by ID: %j',
    async (given) => {
      const { simulator, companies, pull, read } = open(given);
      const acme = companies.create({ name: 'Acme', domain: 'acme.example' });
      const nameless = companies.create({ domain: 'nameless.example' });
      const ids = [acme, acme, nameless, null, ''].map((associatedcompanyid) =>
        simulator.create({ associatedcompanyid }, start - 1000),
      );
      const expected = [
        { 'company:name': 'Acme', 'company:domain': 'acme.example' },
        { 'company:name': 'Acme', 'company:domain': 'acme.example' },
        { 'company:name': null, 'company:domain': 'nameless.example' },
        // Without a company there is nothing of it, whatever is asked for.
        { 'company:name': null, 'company:domain': null, 'company:nonexistent': null },
        { 'company:name': null, 'company:domain': null, 'company:nonexistent': null },
      ];
      const listed = await pull();
      expect(listed.records.map(ofCompany)).toEqual(expected);
      const found = await pull(listed.cursor);
      expect(found.records.map(ofCompany)).toEqual(expected);
      const { records } = await read(...ids);
      expect(records.toSorted((a, b) => Number(a.recordId) - Number(b.recordId)).map(ofCompany)).toEqual(
        expected,
      );
      // One call for each page, and none of a property that is a company's reaches the contacts.
      expect(simulator.requests.calls('companyBatchRead')).toBe(3);
      expect(listed.records[0]!.body).toHaveProperty('associatedcompanyid', acme);
    },
  );

  test('cost no call where none is mapped, and none where no contact of the page has a company', async () => {
    const { simulator, companies, pull } = open();
    companies.create({ name: 'Acme' });
    simulator.create({ email: 'a@example.com' });
    await pull();
    simulator.create({ associatedcompanyid: companies.create({ name: 'B' }) });
    const { records } = await pull(null, ['email']);
    expect(records.map(ofCompany)).toEqual([{}, {}]);
    expect(records[0]!.body).not.toHaveProperty('associatedcompanyid');
    expect(simulator.requests.calls('companyBatchRead')).toBe(0);
  });

  test('fit one call for each page though a search could give two hundred contacts', async () => {
    const { simulator, companies, pull } = open();
    const { cursor } = await pull();
    for (let index = 0; index < 150; index += 1) {
      const associatedcompanyid = companies.create({ name: `Company ${index}` });
      simulator.create({ associatedcompanyid }, start - 1000);
    }
    const first = await pull(cursor);
    const second = await pull(first.cursor);
    expect([first.records.length, second.records.length]).toEqual([100, 50]);
    expect(second.records.at(-1)!.body).toMatchObject({ 'company:name': 'Company 149' });
    expect(stream.cost!(hubspot.settings.parse({ accessToken }), properties)).toMatchObject({
      full: { records: 100, calls: 2 },
      changes: { records: 100, calls: 2 },
    });
  });

  test.each(['survivor', 'notFound'] as const)(
    'of a merged company are those of the other, or none: %s',
    async (readMerged) => {
      const { simulator, companies, pull } = open();
      companies.readMerged = readMerged;
      const [stays, goes] = [companies.create({ name: 'Stays' }), companies.create({ name: 'Goes' })];
      simulator.create({ associatedcompanyid: goes });
      companies.merge(stays, goes);
      const { records } = await pull();
      expect(records[0]!.body).toMatchObject({ 'company:name': readMerged === 'survivor' ? 'Stays' : null });
    },
  );

  test('of a deleted company are null, and what failed for another reason is read again', async () => {
    const { simulator, companies, pull } = open();
    const acme = companies.create({ name: 'Acme' });
    simulator.create({ associatedcompanyid: acme });
    const answered = (body: Json, status = 207) => {
      simulator.faults = ({ url }) =>
        url.includes('/companies/') ? Response.json(body, { status }) : undefined;
      return pull();
    };
    const some = { status: 'COMPLETE', results: [] };
    await expect(
      answered({ ...some, errors: [{ category: 'INTERNAL_ERROR', context: { ids: [acme] } }] }),
    ).rejects.toThrow(TransientError);
    await expect(answered(some, 200)).rejects.toThrow(TransientError);
    await expect(answered({ status: 'ok' }, 200)).rejects.toThrow(TransientError);
    simulator.faults = undefined;
    companies.archive(acme);
    expect(ofCompany((await pull()).records[0]!)).toMatchObject({ 'company:name': null });
  });

  test('without the scope for companies nothing is read as empty, and the scope is named', async () => {
    const { simulator, companies, pull, context } = open();
    simulator.create({ associatedcompanyid: companies.create({ name: 'Acme' }) });
    simulator.faults = ({ url }) =>
      url.includes('/companies') ? Response.json({ category: 'MISSING_SCOPES' }, { status: 403 }) : undefined;
    await expect(pull()).rejects.toThrow(UnauthorizedError);
    await expect(pull()).rejects.toThrow(/crm\.objects\.companies\.read/);
    // Names of contacts can still be checked without it.
    expect((await stream.properties!(context)).map(({ name }) => name)).toContain('email');
    await expect(stream.properties!(context, properties)).rejects.toThrow(UnauthorizedError);
    simulator.faults = undefined;
    expect((await stream.properties!(context, properties)).map(({ name }) => name)).toContain(
      'company:domain',
    );
  });

  test('take scopes at sign-in that only those ask for who set them', () => {
    const oauth = { clientId: 'c', clientSecret: 's' };
    const scopesOf = (given: object) => {
      const { auth } = hubspot.api!(hubspot.settings.parse({ oauth, ...given }));
      return auth?.kind === 'oauth' && auth.grant.kind === 'refresh_token' ? auth.grant.signIn?.scopes : [];
    };
    expect(scopesOf({})).not.toContain('crm.objects.companies.read');
    expect(scopesOf({ extraScopes: ['crm.objects.companies.read'] })).toEqual([
      ...scopesOf({})!,
      'crm.objects.companies.read',
    ]);
  });
});

describe('an association in the mapping', () => {
  const check = (connector: object, entry: unknown) =>
    checkConfig(
      'test',
      {
        destination: { connector: 'voucherify', appId: 'a', appToken: 'b' },
        sources: { vendor: { ...connector, mapping: { 'metadata.company': entry } } },
      },
      {},
      connectors,
    );
  const source = { connector: 'hubspot', accessToken };

  test('is one property of the record, or several joined', () => {
    const { sources } = check(source, { association: 'company', property: ['name', 'domain'], as: 'text' });
    expect(sources[0]!.mapping).toEqual({
      'metadata.company': { from: ['company:name', 'company:domain'], as: 'text' },
    });
  });

  test('is refused where the connector does not read it, and says which it reads', () => {
    expect(() => check(source, { association: 'deal', property: 'amount' })).toThrow(/company/);
    const pipedrive = { connector: 'pipedrive', apiToken: 'a-token-of-pipedrive-000000000000000000000' };
    expect(() => check(pipedrive, { association: 'company', property: 'name' })).toThrow(/reads none/);
    expect(() => check(source, { association: 'company' })).toThrow();
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('a company follows its contact; what only the company knows of is found by a full reading', async () => {
    const clock = new FastClock();
    const simulator = createHubSpotSimulator({ now: () => clock.now(), accessToken, quotas: false });
    const { companies } = simulator;
    const [acme, other] = [companies.create({ name: 'Acme' }), companies.create({ name: 'Other' })];
    const ann = simulator.create({ firstname: 'Ann', associatedcompanyid: acme });
    const world = await openVendor(clock, simulator.app, {
      connector: 'hubspot',
      accessToken,
      mapping: { name: 'firstname', 'metadata.company': { association: 'company', property: 'name' } },
    });
    const company = () => world!.customers()[ann]!.metadata?.['company'] ?? null;
    await world.sync();
    expect(company()).toBe('Acme');

    clock.skip(600_000);
    await world.sync('incremental');
    clock.skip(600_000);
    companies.update(acme, { name: 'Acme Europe' });
    await world.sync('incremental');
    expect(company()).toBe('Acme');
    await world.sync('full');
    expect(company()).toBe('Acme Europe');

    clock.skip(600_000);
    simulator.update(ann, { associatedcompanyid: other });
    clock.skip(600_000);
    await world.sync('incremental');
    expect(company()).toBe('Other');

    clock.skip(600_000);
    simulator.update(ann, { associatedcompanyid: '' });
    clock.skip(600_000);
    await world.sync('incremental');
    expect(company()).toBeNull();
    expect(await world.standing()).toEqual([ann]);
    expect(await world.deadLetters()).toBe(0);
  });
});
