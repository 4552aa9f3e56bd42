// What a file of the first load carries, and that it arrives unchanged: by an independent reader of CSV, and at the
// simulated vendor.
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import {
  type Context,
  type CustomerWrite,
  type Fields,
  type Json,
  type MetadataDefinition,
  type MetadataSchema,
  RejectedError,
} from '#connector';
import { voucherify } from '../../connectors/voucherify/index.ts';
import { createVoucherifySimulator, type VoucherifyOptions } from '../../simulators/voucherify.ts';
import { directApi } from '../support/direct-api.ts';
import { localFiles } from '../support/local-files.ts';
import { fc, times } from '../support/properties.ts';

const destination = voucherify.destination!;
const firstLoad = destination.firstLoad!;
const keys = { appId: 'app', appToken: 'token' };
const roomy = { maxBytes: 10_000_000 };

const define = (type: MetadataDefinition['type'], array = false): MetadataDefinition => ({
  type,
  array,
  required: false,
});
const schema: MetadataSchema = {
  definedOnly: false,
  definitions: {
    tier: define('string'),
    points: define('number'),
    vip: define('boolean'),
    since: define('date'),
    seen_at: define('datetime'),
    avatar: define('image_url'),
    home: define('geopoint'),
    tags: define('string', true),
    scores: define('number', true),
    flags: define('boolean', true),
    pet: { ...define('object'), properties: { name: define('string') } },
    Email: define('string'),
    city: define('string'),
    'two words': define('string'),
  },
};

const write = (sourceId: string, fields: Fields): CustomerWrite => ({
  sourceId,
  payload: destination.payload(sourceId, fields),
});
const carries = (fields: Fields, known: MetadataSchema | null = schema) =>
  firstLoad.file([write('1', fields)], roomy, known).sourceIds.length === 1;

describe('a file of the first load', () => {
  it('names columns as the vendor does', () => {
    const { content } = firstLoad.file(
      [
        write('c-1', {
          name: 'Anna',
          email: 'a@b.test',
          phone: '+48123',
          birthdate: '1990-02-03',
          description: 'x',
          'address.line_1': 'L1',
          'address.line_2': 'L2',
          'address.postal_code': '00-001',
          'address.city': 'Łódź',
          'address.state': 'S',
          'address.country': 'PL',
          'metadata.points': 1.5,
          'metadata.vip': false,
          'metadata.tags': ['a', 'b c'],
        }),
      ],
      roomy,
      schema,
    );
    expect(content).toBe(
      'Source_id,Name,Description,Email,Phone,Birthdate,Address_line_1,Address_line_2,Address_Postal_Code,' +
        'Address_City,Address_State,Address_Country,points,vip,tags\n' +
        'c-1,Anna,x,a@b.test,+48123,1990-02-03,L1,L2,00-001,Łódź,S,PL,1.5,false,"a,b c"\n',
    );
  });

  it.each<[string, Fields]>([
    ['nothing but the ID', {}],
    ['quotes, commas and line feeds', { name: 'a "b", c\nd' }],
    ['what a spreadsheet would take for a formula', { name: '=1+1', phone: '+1', description: '@x' }],
    ['a text', { 'metadata.tier': 'gold, silver' }],
    ['numbers', { 'metadata.points': -0.25 }],
    ['true', { 'metadata.vip': true }],
    ['a day and a time', { 'metadata.since': '2026-01-02', 'metadata.seen_at': '2026-01-02T03:04:05.678Z' }],
    ['an address of the web', { 'metadata.avatar': 'https://a.test/?b=c,d' }],
    ['lists', { 'metadata.tags': ['a b'], 'metadata.scores': [1, 2.5] }],
  ])('carries %s', (_what, fields) => {
    expect(carries(fields)).toBe(true);
  });

  it.each<[string, Fields]>([
    ['null', { name: null }],
    ['null in metadata', { 'metadata.tier': null }],
    ['an empty text', { email: '' }],
    ['blanks at an end', { name: ' Anna' }],
    ['a text that reads null', { name: 'Null' }],
    ['a carriage return', { name: 'a\r\nb' }],
    ['half a character', { name: 'a\ud800' }],
    ['a birthdate that is no day', { birthdate: '1990' }],
    ['a part of the address that has no column', { 'address.street': 'x' }],
    ['a key that the schema does not define', { 'metadata.other': 'x' }],
    ['a key that is the name of a column', { 'metadata.Email': 'x' }],
    ['a key that the dashboard takes for the address', { 'metadata.city': 'x' }],
    ['a key with a blank', { 'metadata.two words': 'x' }],
    ['a value of another type', { 'metadata.points': '5' }],
    ['a number with an exponent', { 'metadata.points': 1e21 }],
    ['an object', { 'metadata.pet': { name: 'x' } }],
    ['a place', { 'metadata.home': '1, 2' }],
    ['a comma in a list', { 'metadata.tags': ['a,b'] }],
    ['an empty list', { 'metadata.tags': [] }],
    ['a list with null', { 'metadata.tags': ['a', null] }],
    ['a list of true and false', { 'metadata.flags': [true] }],
    ['one value for a list', { 'metadata.tags': 'a' }],
    ['a list for one value', { 'metadata.tier': ['a'] }],
  ])('leaves customers with %s to bulk', (_what, fields) => {
    expect(carries(fields)).toBe(false);
    const other = { name: 'Anna', 'metadata.tier': 'gold' };
    expect(firstLoad.file([write('1', fields), write('2', other)], roomy, schema).sourceIds).toEqual(['2']);
  });

  it('carries no metadata where the project has no schema', () => {
    expect(carries({ 'metadata.tier': 'gold' }, null)).toBe(false);
    expect(carries({ name: 'Anna' }, null)).toBe(true);
  });

  it('leaves no cell of true and false empty, for such a row is dropped', () => {
    const writes = [
      write('1', { 'metadata.vip': true }),
      write('2', {}),
      write('3', { 'metadata.vip': false }),
    ];
    expect(firstLoad.file(writes, roomy, schema).sourceIds).toEqual(['1', '3']);
  });

  it('holds no more bytes than it may, and no half of a customer', () => {
    const writes = Array.from({ length: 50 }, (_, index) => write(`${index}`, { name: 'ą'.repeat(40) }));
    const { content, sourceIds } = firstLoad.file(writes, { maxBytes: 2_000 }, schema);
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(2_000);
    expect(Buffer.byteLength(content)).toBeGreaterThan(1_900);
    expect(content.split('\n')).toHaveLength(sourceIds.length + 2);
    expect(firstLoad.file(writes, { maxBytes: 10 }, schema).sourceIds).toEqual([]);
  });

  it('reads back as it was written, by another reader, whatever the texts', () => {
    const texts = fc.string({
      unit: fc.oneof(fc.constantFrom(',', '"', '\n', '=', ';', ' ', 'ż', '😀'), fc.string()),
    });
    fc.assert(
      fc.property(fc.array(fc.record({ name: texts, tier: texts }), { maxLength: 8 }), (people) => {
        const writes = people.map(({ name, tier }, index) =>
          write(`${index}`, { name, 'metadata.tier': tier }),
        );
        const { content, sourceIds } = firstLoad.file(writes, roomy, schema);
        const rows = parse(content, { columns: true }) as { [column: string]: string }[];
        expect(rows.map((row) => row['Source_id'])).toEqual(sourceIds);
        for (const row of rows) {
          const { name, tier } = people[Number(row['Source_id'])]!;
          expect([row['Name'], row['tier']]).toEqual([name, tier]);
        }
      }),
      { numRuns: times(500) },
    );
  });
});

describe('the import of a file', () => {
  function project(options: Partial<VoucherifyOptions> = {}) {
    const now = Date.parse('2026-03-01T00:00:00Z');
    const properties = Object.fromEntries(
      Object.entries(schema.definitions).flatMap(([key, { type, array }]) =>
        type === 'object' ? [] : [[key, { type, array }]],
      ),
    );
    const simulator = createVoucherifySimulator({
      now: () => now,
      ...keys,
      metadataSchema: { properties },
      ...options,
    });
    const settings = voucherify.settings.parse({ ...keys, firstLoad: 'csv' });
    const api = directApi(simulator.app, voucherify.api!(settings), () => now);
    const context: Context<unknown> = { settings, api, files: localFiles(), now };
    return { simulator, context };
  }

  it('is offered only where it is asked for, within the limits of bulk', () => {
    const offered = (given: object) =>
      destination.traits(voucherify.settings.parse({ ...keys, ...given })).firstLoad ?? null;
    expect(offered({})).toBeNull();
    expect(offered({ firstLoad: 'csv' })).toEqual({ maxRecords: 50_000, maxBytes: 10_000_000 });
    expect(offered({ firstLoad: 'csv', bulk: false })).toBeNull();
    expect(offered({ firstLoad: 'csv', bulk: { records: 10, bytes: 5000 } })).toMatchObject({
      maxBytes: 5000,
    });
  });

  it('creates customers with every value in its type, as in bulk', async () => {
    const { simulator, context } = project();
    const fields: Fields = {
      name: '=SUM("a", b)\nc',
      birthdate: '1990-02-03',
      'address.city': 'Łódź',
      'address.line_1': '1, Main "St"',
      'metadata.tier': '-5',
      'metadata.points': 0.1,
      'metadata.vip': false,
      'metadata.since': '2026-01-02',
      'metadata.tags': ['a', 'b c'],
      'metadata.scores': [1, -2],
    };
    const { content, sourceIds } = firstLoad.file(
      [write('ą 1', fields), write('2', { 'metadata.vip': true })],
      roomy,
      schema,
    );
    const { actionId } = await firstLoad.submit(context, content);
    expect(await destination.bulk!.poll(context, actionId, async () => sourceIds)).toEqual({
      outcomes: sourceIds.map((sourceId) => ({ sourceId, result: 'accepted' })),
      sample: true,
    });
    expect((await destination.read(context, 'ą 1'))?.fields).toEqual(fields);
    expect(simulator.bySourceId('2')?.metadata).toEqual({ vip: true });
  });

  it('leaves rows that were not taken, and whatever the counts do not prove, in doubt', async () => {
    const points = { type: 'number' as const, lte: 10 };
    const { context } = project({ metadataSchema: { properties: { points } } });
    const writes = [write('1', { 'metadata.points': 1 }), write('2', { 'metadata.points': 11 })];
    const { content } = firstLoad.file(writes, roomy, schema);
    const { actionId } = await firstLoad.submit(context, content);
    expect(await destination.bulk!.poll(context, actionId, async () => ['1', '2'])).toMatchObject({
      outcomes: [
        { sourceId: '1', result: 'accepted' },
        { sourceId: '2', result: 'unknown', message: expect.stringContaining('points') },
      ],
    });
    const lost = await destination.bulk!.poll(context, actionId, async () => ['1', '2', '3']);
    expect(lost.outcomes?.map(({ result }) => result)).toEqual(['unknown', 'unknown', 'unknown']);
  });

  it.each<[number, Json, string]>([
    [404, { code: 404, key: 'not_found', message: 'No' }, 'missing_feature'],
    [413, { statusCode: 413, error: 'Request Entity Too Large', message: 'Too large' }, 'payload_too_large'],
  ])('says why it is refused with %i', async (status, body, code) => {
    const { context } = project({ faults: () => Response.json(body, { status }) });
    const error = await firstLoad.submit(context, 'Source_id\n1\n').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RejectedError);
    expect([(error as RejectedError).status, (error as RejectedError).code]).toEqual([status, code]);
  });
});
