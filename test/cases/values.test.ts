// Cases of values: units of time, whole numbers beyond 2^53, e-mail addresses, telephone numbers and locales, end to end: a
// file, a pull or a push, and what Voucherify then holds. See README.md beside this file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createIntercomSimulator } from '../../simulators/intercom.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.ts';

const apiToken = 'a-token-for-the-tests';
let world: SyncWorld | undefined;
let database: TestDatabase | undefined;
let folder: string;
const served: Served[] = [];

afterEach(async () => {
  await world?.close();
  await database?.close();
  for (const server of served.splice(0)) await server.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
  world = undefined;
  database = undefined;
});

type Settings = { [name: string]: unknown };

const schema = {
  properties: {
    loyalty_points: { type: 'number' as const },
    vip: { type: 'boolean' as const },
    since: { type: 'date' as const },
    last_seen: { type: 'datetime' as const },
    ids: { type: 'number' as const, array: true },
  },
};

/** Tributary with these sources, each with its file where it has one, and a Voucherify with a schema. */
async function open(sources: { [name: string]: Settings & { file?: string } }, clock = new FastClock()) {
  folder = mkdtempSync(join(tmpdir(), 'tributary-values-'));
  const configured = Object.entries(sources).map(([name, { file, ...settings }]) => {
    if (file === undefined) return [name, settings];
    const path = join(folder, `${name}.csv`);
    writeFileSync(path, file);
    return [name, { connector: 'csv', badValues: 'quarantine', ...settings, path }];
  });
  database = await behaviour[0].open();
  const opened = await openSyncWorld(database, {
    clock,
    voucherify: { metadataSchema: schema },
    sources: Object.fromEntries(configured),
  });
  world = opened;
  await opened.tributary.start();
  for (const { name, canPull } of opened.tributary.rules.sources)
    if (canPull && name !== 'hubspot') await opened.sync('full', name);
  const app = createApp(opened.tributary, { apiToken, version: '0.0.0', dataDir: folder });
  const call = async (method: string, path: string, body?: string) => {
    const answer = await app.request(path, {
      method,
      headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body }),
    });
    return { status: answer.status, body: JSON.parse(await answer.text()) as { [key: string]: never } };
  };
  return {
    ...opened,
    held: (sourceId: string) => opened.voucherify.bySourceId(sourceId),
    call,
    /** The reasons of what is in quarantine, by record and field. */
    async quarantined(): Promise<{ [place: string]: string }> {
      const { body } = await call('GET', '/api/quarantine?limit=100');
      const values = body['values'] as unknown as { recordId: string; field: string; reason: string }[];
      return Object.fromEntries(
        values.map(({ recordId, field, reason }) => [`${recordId} ${field}`, reason]),
      );
    },
    async push(source: string, body: string): Promise<void> {
      const { status } = await app.request(`/webhooks/${source}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(status).toBe(200);
      await opened.rest();
    },
  };
}

describe('units of time', () => {
  it('08-epoch-seconds: a file counts seconds, its untyped metadata too, and another unit can be declared', async () => {
    const mapping = {
      name: 'Name',
      birthdate: 'Born',
      'metadata.last_seen': { from: 'Seen', as: 'datetime' },
      'metadata.since': 'Born',
    };
    const { held, quarantined } = await open({
      seconds: {
        mapping,
        file: 'Source_id,Name,Born,Seen\ns1,Iva,636508800,1580428800\ns2,Old,-315619200,0.5\n',
      },
      milliseconds: {
        mapping,
        locale: { unit: 'milliseconds' },
        file: 'Source_id,Name,Born,Seen\nm1,Ola,94694400000,94694400001\nm2,Pre,-86400000,-1\n',
      },
      mixed: {
        mapping: { ...mapping, 'metadata.last_seen': { from: 'Seen', as: 'datetime', unit: 'microseconds' } },
        file: 'Source_id,Name,Born,Seen\nx1,Mix,0,1580428800000001\nx2,Iso,1990-03-04,2020-01-31T00:00:00+01:00\n',
      },
      wrong: { mapping, file: 'Source_id,Name,Born,Seen\nw1,Far,636508800000,1580428800000\n' },
    });
    expect(held('s1')).toMatchObject({
      birthdate: '1990-03-04',
      metadata: { last_seen: '2020-01-31T00:00:00.000Z', since: '1990-03-04' },
    });
    expect(held('s2')).toMatchObject({
      birthdate: '1960-01-01',
      metadata: { last_seen: '1970-01-01T00:00:00.500Z' },
    });
    expect(held('m1')).toMatchObject({
      birthdate: '1973-01-01',
      metadata: { last_seen: '1973-01-01T00:00:00.001Z' },
    });
    expect(held('m2')).toMatchObject({
      birthdate: '1969-12-31',
      metadata: { last_seen: '1969-12-31T23:59:59.999Z' },
    });
    expect(held('x1')).toMatchObject({ metadata: { last_seen: '2020-01-31T00:00:00.000Z' } });
    expect(held('x2')).toMatchObject({
      birthdate: '1990-03-04',
      metadata: { last_seen: '2020-01-30T23:00:00.000Z' },
    });
    for (const id of ['x1', 'w1']) expect(held(id)).not.toHaveProperty('birthdate');
    const refused = await quarantined();
    expect(Object.keys(refused).sort()).toEqual([
      'w1 birthdate',
      'w1 metadata.last_seen',
      'w1 metadata.since',
      // 0 may be a second, and the day of a spreadsheet that has none.
      'x1 birthdate',
      'x1 metadata.since',
    ]);
    expect(refused['w1 metadata.since']).toBe(
      'Found "636508800000", which is not a time between 1900 and 2199 when read in seconds since 1970. If it is in milliseconds, set "unit": "milliseconds" in the mapping of the field or in the "locale" of the source.',
    );
  });

  it('intercom-seconds-become-1970: its numbers are seconds, also where the schema alone does the reading', async () => {
    const clock = new FastClock();
    const vendor = createIntercomSimulator({ now: () => clock.now() });
    const server = await serve(vendor.app);
    served.push(server);
    vendor.create({
      external_id: 'shop-7',
      email: 'ida@example.test',
      name: 'Ida Berg',
      signed_up_at: 1767225600,
      custom_attributes: { renewal: 1798761600, birthday_at: 636508800 },
    });
    const { held, quarantined } = await open(
      {
        intercom: {
          connector: 'intercom',
          accessToken: 'dG9rOnNlY3JldDBhMWIyYzNk',
          baseUrl: server.url,
          mapping: {
            name: 'name',
            birthdate: 'custom_attributes.birthday_at',
            'metadata.last_seen': 'signed_up_at',
            'metadata.since': 'custom_attributes.renewal',
            'metadata.renewal': { from: 'custom_attributes.renewal', as: 'date' },
          },
        },
      },
      clock,
    );
    expect(held('shop-7')).toMatchObject({
      birthdate: '1990-03-04',
      metadata: { last_seen: '2026-01-01T00:00:00.000Z', since: '2027-01-01', renewal: '2027-01-01' },
    });
    expect(await quarantined()).toEqual({});
  });
});

describe('whole numbers beyond 2^53', () => {
  it('13-integers-beyond-two-to-the-53 and webhook-numbers-beyond-2-53: texts and IDs keep every digit, numbers are refused by name', async () => {
    const { held, push, quarantined, call } = await open({
      crm: {
        connector: 'webhook',
        authentication: 'open',
        mapping: {
          name: 'name',
          'metadata.ref': 'ref',
          'metadata.loyalty_points': 'points',
          'metadata.ids': 'ids',
          'metadata.note': { from: 'note', as: 'text' },
          'metadata.score': { from: 'score', as: 'number' },
          'metadata.raw': 'raw',
        },
      },
    });
    await push('crm', '{"id":"n2","ref":9007199254740993,"raw":{"a":[-9007199254740993]}}');
    await push('crm', '{"id":"n3","name":12345678901234567890,"note":706405506930370085}');
    await push('crm', '{"id":9007199254740993,"name":"Big"}');
    await push(
      'crm',
      '{"id":"n4","points":9007199254740993,"score":12345678901234567890,"ids":[1,9007199254740993]}',
    );
    await push(
      'crm',
      '{"id":"n5","points":9007199254740991,"ids":"[9007199254740993]","raw":"9007199254740993"}',
    );
    expect(held('n2')?.metadata).toEqual({ ref: '9007199254740993', raw: { a: ['-9007199254740993'] } });
    expect(held('n3')).toMatchObject({
      name: '12345678901234567890',
      metadata: { note: '706405506930370085' },
    });
    expect(held('9007199254740993')).toMatchObject({ name: 'Big' });
    expect(held('n5')?.metadata).toEqual({ loyalty_points: 9007199254740991, raw: '9007199254740993' });
    const refused = await quarantined();
    expect(Object.keys(refused).sort()).toEqual([
      'n4 metadata.ids',
      'n4 metadata.loyalty_points',
      'n4 metadata.score',
      'n5 metadata.ids',
    ]);
    for (const reason of Object.values(refused))
      expect(reason).toContain('a number of at most 9007199254740991');

    // What a person sends us is kept as well, and what is read back is the same.
    const pinned = await call('PUT', '/api/customers/n2/pins/metadata.ref', '{"value":9007199254740995}');
    expect(pinned).toMatchObject({ status: 200, body: { value: '9007199254740995' } });
    const refusedPin = await call(
      'PUT',
      '/api/customers/n2/pins/metadata.loyalty_points',
      '{"value":9007199254740995}',
    );
    expect(refusedPin.status).toBe(400);
    expect(JSON.stringify(refusedPin.body)).toContain('9007199254740995');
    await world!.rest();
    expect(held('n2')?.metadata).toMatchObject({ ref: '9007199254740995' });
  });
});

describe('e-mail addresses', () => {
  it('17-email-leftovers: what surrounds an address is taken off, and what is none is refused', async () => {
    const { held, quarantined } = await open({
      files: {
        mapping: { email: 'Email' },
        file: [
          'Source_id,Email',
          'e1,iva@example.test;',
          'e2,<ola@example.test>',
          'e3,"jan@example,test"',
          'e4,mailto:Pia@Example.test?subject=Hi',
          'e5,m\u200bia@example.test\ufeff',
          'e6,kim@example..test',
          'e7,"""Eva Lind"" <eva+shop@example.test>, "',
          'e8,a@example.test; b@example.test',
          "e9,o'neil@example.test.",
          'e10,åsa@bücher.example',
        ].join('\n'),
      },
    });
    const emails = ['e1', 'e2', 'e4', 'e5', 'e7', 'e9', 'e10'].map((id) => held(id)?.email);
    expect(emails).toEqual([
      'iva@example.test',
      'ola@example.test',
      'pia@example.test',
      'mia@example.test',
      'eva+shop@example.test',
      "o'neil@example.test",
      'åsa@bücher.example',
    ]);
    expect(await quarantined()).toEqual({
      'e3 email': 'Found "jan@example,test", where an e-mail address is allowed.',
      'e6 email': 'Found "kim@example..test", where an e-mail address is allowed.',
      'e8 email':
        'Found "a@example.test; b@example.test", which contains several e-mail addresses; only one is allowed.',
    });
  });
});

describe('telephone numbers', () => {
  it('18-phone-with-decimals: a spreadsheet’s decimals are no digits of it, and what is only possible is refused', async () => {
    const { held, quarantined } = await open({
      files: {
        mapping: { phone: { from: 'Phone', as: 'phone', region: 'PL' } },
        file: [
          'Source_id,Phone',
          'p1,600100300.0',
          'p2,+48600100301.0',
          'p3,4.86E+10',
          'p4,600 100 302 (home)',
          'p5,600100303; 600100304',
          'p6,+48 111 111 111',
        ].join('\n'),
      },
      lenient: {
        mapping: { phone: { from: 'Phone', as: 'phone', region: 'PL' } },
        phones: 'possible',
        file: 'Source_id,Phone\np7,+48 111 111 111\np8,600100305.0\n',
      },
    });
    const phones = ['p1', 'p2', 'p4', 'p7', 'p8'].map((id) => held(id)?.phone);
    expect(phones).toEqual(['+48600100300', '+48600100301', '+48600100302', '+48111111111', '+48600100305']);
    const refused = await quarantined();
    expect(Object.keys(refused).sort()).toEqual(['p3 phone', 'p5 phone', 'p6 phone']);
    expect(refused['p6 phone']).toContain('"phones": "possible"');
  });
});

describe('locales', () => {
  const file = [
    'Source_id;Name;Geboren;Punkte;Seit;Kunde;Zuletzt',
    'd1;Iva;31.12.1979;1.200;01.02.2020;ja;31.12.2025 23:30',
    'd2;Ola;01.02.1980;1.200,50;2020-02-03;NEIN;01.07.2026 00:30',
    'd3;Jan;13.02.1980;12,5;04.02.2020;true;2026-07-01T00:30:00Z',
    'd4;Pia;31.02.1980;1.20,5;;;',
  ].join('\n');
  const mapping = {
    name: 'Name',
    birthdate: 'Geboren',
    'metadata.loyalty_points': { from: 'Punkte', as: 'number' },
    'metadata.since': { from: 'Seit', as: 'text' },
    'metadata.vip': { from: 'Kunde', as: 'text' },
    'metadata.last_seen': 'Zuletzt',
  };

  it('21-locale-numbers-and-dates: declared for a source or for a field, and refused whole where it is not', async () => {
    const german = {
      decimal: ',',
      dates: 'DD.MM.YYYY',
      timezone: 'Europe/Berlin',
      true: ['ja'],
      false: ['nein'],
    };
    const { held, quarantined, call } = await open({
      files: { mapping, locale: german, file },
      fields: {
        mapping: {
          birthdate: { from: 'Born', dates: ['M/D/YYYY', 'DD.MM.YYYY'] },
          'metadata.loyalty_points': { from: 'Points', decimal: '.' },
        },
        file: 'Source_id,Born,Points\nf1,2/1/1980,"1,200.50"\nf2,31.12.1979,1200.5\n',
      },
      undeclared: {
        mapping: { birthdate: 'Geboren', 'metadata.loyalty_points': { from: 'Punkte', as: 'number' } },
        file: 'Source_id;Geboren;Punkte\nu1;31.12.1979;1.200,50\nu2;01/02/1980;12,5\nu3;1979-12-31;1.5\nu4;;1.200\n',
      },
    });
    expect(['d1', 'd2', 'd3'].map((id) => held(id)?.birthdate)).toEqual([
      '1979-12-31',
      '1980-02-01',
      '1980-02-13',
    ]);
    expect(['d1', 'd2', 'd3'].map((id) => held(id)?.metadata)).toEqual([
      { loyalty_points: 1200, since: '2020-02-01', vip: true, last_seen: '2025-12-31T22:30:00.000Z' },
      { loyalty_points: 1200.5, since: '2020-02-03', vip: false, last_seen: '2026-06-30T22:30:00.000Z' },
      { loyalty_points: 12.5, since: '2020-02-04', vip: true, last_seen: '2026-07-01T00:30:00.000Z' },
    ]);
    expect(held('f1')).toMatchObject({ birthdate: '1980-02-01', metadata: { loyalty_points: 1200.5 } });
    expect(held('f2')).toMatchObject({ birthdate: '1979-12-31', metadata: { loyalty_points: 1200.5 } });
    expect(held('u3')).toMatchObject({ birthdate: '1979-12-31', metadata: { loyalty_points: 1.5 } });
    const refused = await quarantined();
    expect(Object.keys(refused).sort()).toEqual([
      'd4 birthdate',
      'd4 metadata.loyalty_points',
      'u1 birthdate',
      'u1 metadata.loyalty_points',
      'u2 birthdate',
      'u2 metadata.loyalty_points',
      'u4 metadata.loyalty_points',
    ]);
    expect(refused['u4 metadata.loyalty_points']).toContain('may mark thousands or decimals');
    // By hand, as in the first source that maps the field.
    const pinned = await call('PUT', '/api/customers/d2/pins/metadata.vip', '{"value":"Ja"}');
    expect(pinned).toMatchObject({ status: 200, body: { value: true } });
    expect(refused['u1 metadata.loyalty_points']).toContain('"decimal"');
    expect(refused['u2 birthdate']).toContain('"dates"');
  });
});
