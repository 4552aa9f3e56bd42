// The Voucherify connector against the simulated vendor, in every behaviour its documents leave open.
import { existsSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Api,
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type Context,
  type CustomerWrite,
  type Fields,
  type Json,
  type JsonObject,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { voucherify } from '../../connectors/voucherify/index.ts';
import { flatten } from '../../connectors/voucherify/payload.ts';
import { betweenAnswers } from '../../simulators/voucherify/between.ts';
import { createVoucherifySimulator, type VoucherifyOptions } from '../../simulators/voucherify.ts';
import { directApi } from '../support/direct-api.ts';
import { localFiles } from '../support/local-files.ts';
import { fc } from '../support/properties.ts';

const destination = voucherify.destination!;
const bulk = destination.bulk!;
const keys = { appId: 'app', appToken: 'token' };
const startMs = Date.parse('2026-03-01T00:00:00Z');

/** Every body that a test sent to a write endpoint, judged by the official contract at the end. */
const sent: { route: string; body: Json }[] = [];

function describedBy(settings: object): ApiDescription {
  return voucherify.api!(voucherify.settings.parse({ ...keys, ...settings }));
}

function project(options: Partial<VoucherifyOptions> = {}, given: object = {}) {
  const clock = { ms: startMs };
  const simulator = createVoucherifySimulator({
    now: () => clock.ms,
    ...keys,
    ...options,
    faults: async (request, route) => {
      if (request.method === 'POST') sent.push({ route, body: (await request.clone().json()) as Json });
      return options.faults?.(request, route);
    },
  });
  const settings = voucherify.settings.parse({ ...keys, ...given });
  const context: Context<unknown> = {
    settings,
    api: directApi(simulator.app, voucherify.api!(settings), () => clock.ms),
    files: localFiles(),
    get now() {
      return clock.ms;
    },
  };
  const write = (sourceId: string, fields: Fields): CustomerWrite => ({
    sourceId,
    payload: destination.payload(sourceId, fields, settings),
  });
  const upsert = (sourceId: string, fields: Fields) => destination.upsert(context, write(sourceId, fields));
  const read = (sourceId: string) => destination.read(context, sourceId);
  return { clock, simulator, context, write, upsert, read };
}

function answerOf(status: number, headers: { [name: string]: string } = {}, json?: Json): ApiResponse {
  return { status, headers, json };
}

const single: ApiRequest = { method: 'POST', path: '/v1/customers' };
const inBulk: ApiRequest = { method: 'POST', path: '/v1/customers/bulk/async', bucket: 'bulk' };

describe('settings', () => {
  it('ask for the key only, and are careful by default', () => {
    const { traits } = destination;
    const settings = voucherify.settings.parse(keys);
    expect(traits(settings)).toEqual({
      partialWrites: 'replace',
      bulk: { maxRecords: 25_000, maxBytes: 10_000_000, bucket: 'bulk' },
      singlesAtOnce: 8,
    });
    expect(describedBy({}).quotas).toEqual([
      { name: 'minute', requests: 100, seconds: 60, reserve: 0.2 },
      { name: 'bulk-hour', requests: 10, seconds: 3600, bucket: 'bulk' },
    ]);
  });

  it('take a list of windows, a billing cycle, limits of bulk, and singles only', () => {
    const quota = [
      { requests: 1000, seconds: 3600 },
      { requests: 100, seconds: 60 },
    ];
    const cycleQuota = { requests: 100_000, seconds: 2_592_000 };
    expect(describedBy({ quota, cycleQuota, bulk: false }).quotas).toEqual([
      { name: 'minute', requests: 100, seconds: 60 },
      { name: 'hour', requests: 1000, seconds: 3600 },
      { name: 'cycle', ...cycleQuota },
    ]);
    const traitsOf = (given: object) => destination.traits(voucherify.settings.parse({ ...keys, ...given }));
    expect(traitsOf({ bulk: false }).bulk).toBeNull();
    expect(traitsOf({ bulk: { records: 7, bytes: 900 } }).bulk).toMatchObject({
      maxRecords: 7,
      maxBytes: 900,
    });
    expect(traitsOf({ metadataWrites: 'merge' }).partialWrites).toBe('merge');
  });

  it.each([
    ['no key', { appId: '' }],
    ['a name it does not have', { apiKey: 'x' }],
    ['an address that is none', { baseUrl: 'api.voucherify.io' }],
    ['more bytes than Voucherify takes', { bulk: { records: 1, bytes: 10_485_761 } }],
    ['two windows of one length', { quota: [1, 2].map((requests) => ({ requests, seconds: 60 })) }],
    ['another way to clear', { clearWith: 'none' }],
  ])('refuse %s', (_, wrong) => {
    expect(voucherify.settings.safeParse({ ...keys, ...wrong }).success).toBe(false);
  });

  it('name the account by host and application, and keep the token in the headers', () => {
    const { baseUrl, account, headers } = describedBy({ baseUrl: 'https://us1.api.voucherify.io/' });
    expect(baseUrl).toBe('https://us1.api.voucherify.io');
    expect(account).toBe('voucherify:us1.api.voucherify.io:app');
    expect(headers).toEqual({
      'X-App-Id': 'app',
      'X-App-Token': 'token',
      'X-Voucherify-API-Version': 'v2018-08-01',
      'X-Voucherify-Channel': 'Tributary',
    });
  });
});

describe('payload', () => {
  it('nests the fields, keeps the dots of a metadata key, and sends nothing else', () => {
    const fields = {
      email: 'a@b.c',
      'address.city': 'Łódź',
      'metadata.plan.tier': 'gold',
      'metadata.tags': ['x'],
    };
    expect(destination.payload('7', fields)).toEqual({
      source_id: '7',
      email: 'a@b.c',
      address: { city: 'Łódź' },
      metadata: { 'plan.tier': 'gold', tags: ['x'] },
    });
    expect(destination.payload('7', {})).toEqual({ source_id: '7' });
  });

  it('clears attributes with the value of the settings, but birthdate and metadata with null', () => {
    const nulls = { name: null, birthdate: null, 'address.city': null, 'metadata.plan': null };
    const settings = voucherify.settings.parse({ ...keys, clearWith: '' });
    expect(destination.payload('7', nulls, settings)).toEqual({
      source_id: '7',
      name: '',
      birthdate: null,
      address: { city: '' },
      metadata: { plan: null },
    });
    expect(flatten(destination.payload('7', nulls))).toEqual(nulls);
  });

  it('refuses a field that a customer does not have', () => {
    expect(() => destination.payload('7', { birthday: '2000-01-01' })).toThrow('"birthday"');
  });

  const anyFields = fc
    .record(
      {
        attributes: fc.dictionary(
          fc.constantFrom('name', 'description', 'email', 'phone', 'birthdate'),
          fc.option(fc.string()),
        ),
        address: fc.dictionary(
          fc.constantFrom('line_1', 'line_2', 'city', 'state', 'postal_code', 'country'),
          fc.option(fc.string()),
        ),
        metadata: fc.dictionary(
          fc.oneof(
            fc.string({ minLength: 1 }),
            fc.constantFrom('a.b', 'metadata.', '__proto__', 'constructor'),
          ),
          fc.jsonValue() as fc.Arbitrary<Json>,
        ),
      },
      { noNullPrototype: true },
    )
    .map(({ attributes, address, metadata }): Fields => {
      const prefixed = (prefix: string, group: Fields) =>
        Object.entries(group).map(([key, value]) => [`${prefix}.${key}`, value]);
      return Object.fromEntries([
        ...Object.entries(attributes),
        ...prefixed('address', address),
        ...prefixed('metadata', metadata),
      ]);
    });

  it('is undone by flattening, whatever the fields', () => {
    fc.assert(
      fc.property(fc.string(), anyFields, (sourceId, fields) => {
        const body = JSON.parse(JSON.stringify(destination.payload(sourceId, fields))) as JsonObject;
        expect(body['source_id']).toBe(sourceId);
        expect(flatten(body)).toEqual(JSON.parse(JSON.stringify(fields)));
      }),
    );
  });

  it('completed by what the customer holds still writes its own fields, and no object it did not name', () => {
    fc.assert(
      fc.property(anyFields, anyFields, (ours, held) => {
        const payload = destination.payload('7', ours);
        const completed = destination.preserve!(payload, { sourceId: '7', id: 'cust_1', fields: held });
        const written = flatten(completed);
        expect(written).toEqual({ ...written, ...ours });
        for (const field of Object.keys(written)) {
          const group = field.startsWith('metadata.')
            ? 'metadata'
            : field.startsWith('address.') && 'address';
          if (!Object.hasOwn(ours, field)) expect(group && payload[group]).toBeTruthy();
        }
        for (const [field, value] of Object.entries(held)) {
          const group = field.startsWith('metadata.')
            ? 'metadata'
            : field.startsWith('address.') && 'address';
          if (group && payload[group] && !Object.hasOwn(ours, field)) expect(written[field]).toEqual(value);
        }
      }),
    );
  });
});

describe.each(['merge', 'replace'] as const)(
  'in a project that answers partial writes with %s',
  (metadataWrites) => {
    it('an upsert creates a customer, and updates it the next time', async () => {
      const { simulator, upsert, read } = project({ metadataWrites });
      const fields = {
        name: 'Ann',
        email: 'ann@example.com',
        'address.city': 'Oslo',
        'metadata.plan': 'gold',
      };
      expect(await read('7')).toBeNull();
      const shown = expect.objectContaining({ sourceId: '7', fields: expect.any(Object) });
      expect(await upsert('7', fields)).toEqual({ sourceId: '7', result: 'accepted', customer: shown });
      const first = await read('7');
      expect(first).toMatchObject({ sourceId: '7', fields });
      expect(await upsert('7', { name: 'Anna' })).toEqual({
        sourceId: '7',
        result: 'accepted',
        customer: shown,
      });
      expect(await read('7')).toEqual({ ...first, fields: { ...fields, name: 'Anna' } });
      expect(simulator.count).toBe(1);
    });

    it("others' metadata and address parts survive a preserved write", async () => {
      const { simulator, context, write, read } = project({ metadataWrites });
      simulator.upsert({
        source_id: '7',
        name: 'Ann',
        address: { city: 'Oslo', line_1: 'Gata 1', state: null },
        metadata: { plan: 'gold', 'shop.points': 12, note: null },
      });
      const current = (await read('7'))!;
      const { payload } = write('7', { 'address.city': 'Bergen', 'metadata.plan': null });
      const completed = destination.preserve!(payload, current);
      await destination.upsert(context, { sourceId: '7', payload: completed });
      expect((await read('7'))!.fields).toEqual({
        name: 'Ann',
        'address.city': 'Bergen',
        'address.line_1': 'Gata 1',
        'address.state': null,
        'metadata.plan': null,
        'metadata.shop.points': 12,
        'metadata.note': null,
      });
    });

    it('the same write without preserving keeps them only where the project merges', async () => {
      const { simulator, upsert, read } = project({ metadataWrites });
      simulator.upsert({ source_id: '7', metadata: { plan: 'gold', points: 12 } });
      await upsert('7', { 'metadata.plan': 'silver' });
      const kept = metadataWrites === 'merge' ? { 'metadata.points': 12 } : {};
      expect((await read('7'))!.fields).toEqual({ 'metadata.plan': 'silver', ...kept });
    });
  },
);

describe('a single upsert', () => {
  it.each([
    ['clear', null, undefined],
    ['keep-null', null, null],
    ['clear', '', ''],
    ['reject', '', ''],
  ] as const)(
    'clears a name where nulls are taken as %s and %j is sent',
    async (nullWrites, clearWith, after) => {
      const { upsert, read } = project({ nullWrites }, { clearWith });
      await upsert('7', { name: 'Ann', email: 'ann@example.com' });
      expect(await upsert('7', { name: null })).toMatchObject({ result: 'accepted' });
      const { fields } = (await read('7'))!;
      expect(fields['name']).toBe(after);
      expect(Object.hasOwn(fields, 'name')).toBe(after !== undefined);
    },
  );

  it("is rejected with Voucherify's key and details where the project refuses null", async () => {
    const { upsert } = project({ nullWrites: 'reject' });
    const outcome = await upsert('7', { name: null });
    expect(outcome).toMatchObject({ sourceId: '7', result: 'rejected', code: 'invalid_payload' });
    expect(outcome).toHaveProperty('details.details', 'Property .name should be string');
    expect(outcome).toHaveProperty('details.request_id', expect.stringMatching(/^v-/));
  });

  it('keeps the values of a customer out of the message of a rejection', async () => {
    const metadataSchema = { properties: { age: { type: 'number' as const } } };
    const outcome = await project({ metadataSchema }).upsert('7', { 'metadata.age': 'old enough' });
    expect(outcome).toMatchObject({ result: 'rejected', code: 'metadata_validation_failed' });
    expect(outcome).toHaveProperty('message', expect.not.stringContaining('old enough'));
    expect(outcome).toHaveProperty('details.details', expect.stringContaining('old enough'));
  });

  it.each([
    ['no JSON', new Response('<html>', { status: 200 })],
    ['somebody else', Response.json({ id: 'cust_1', source_id: '8', object: 'customer' })],
    ['another object', Response.json({ id: 'aa_1', source_id: '7', object: 'async_action' })],
    ['a customer without an ID', Response.json({ source_id: '7', object: 'customer' })],
    ['nothing', new Response(null, { status: 204 })],
    ['an empty object', Response.json({})],
  ])('proves nothing where the answer is %s', async (_, fault) => {
    const { upsert } = project({ faults: () => fault });
    const error = await upsert('7', { name: 'Ann' }).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'TransientError', foreign: true, uncertain: true });
  });

  it('throws what passes by itself, and says that it may have arrived', async () => {
    const { simulator, upsert } = project({ faults: () => 'apply-then-drop' });
    const error = await upsert('7', { name: 'Ann' }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ status: 502, uncertain: true });
    expect(simulator.bySourceId('7')).toMatchObject({ name: 'Ann' });
  });
});

describe('reading back', () => {
  const odd = [
    'a/b',
    'ü ?#%',
    'ann+x@example.com',
    '%2F',
    'a b',
    '../up',
    'cust',
    '...',
    '日本',
    "o'neil;&=",
    'a\\b',
  ];
  it.each(odd)('finds the customer of the source ID %j, written singly and in bulk', async (sourceId) => {
    const { context, simulator, upsert, read, write } = project();
    expect(await read(sourceId)).toBeNull();
    expect(await upsert(sourceId, { name: 'Ann' })).toEqual({
      sourceId,
      result: 'accepted',
      customer: expect.objectContaining({ sourceId, fields: { name: 'Ann' } }),
    });
    expect(await read(sourceId)).toMatchObject({ sourceId, fields: { name: 'Ann' } });
    const { actionId } = await bulk.submit(context, [write(sourceId, { name: 'Eve' })]);
    expect(await bulk.poll(context, actionId, async () => [sourceId])).toEqual({
      outcomes: [{ sourceId, result: 'accepted' }],
    });
    expect(await read(sourceId)).toMatchObject({ sourceId, fields: { name: 'Eve' } });
    expect(simulator.count).toBe(1);
  });

  it.each(['', '.', '..'])('refuses the source ID %j, which no path can name', async (sourceId) => {
    await expect(project().read(sourceId)).rejects.toMatchObject({ code: 'unreadable_source_id' });
  });

  it('does not take the customer whose own ID is asked for as the one of that source ID', async () => {
    const { simulator, read } = project();
    const { id } = simulator.upsert({ source_id: '7' });
    await expect(read(id)).rejects.toMatchObject({ name: 'RejectedError', code: 'other_customer' });
  });

  it("takes only Voucherify's own 404 as proof that there is no such customer", async () => {
    const { read } = project({ faults: () => new Response('<h1>Not found</h1>', { status: 404 }) });
    await expect(read('7')).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });

  it.each([
    ['an empty object', {}],
    ['another customer', { id: 'cust_1', source_id: '8', object: 'customer' }],
  ])('takes %s as the answer of something in between', async (_, json) => {
    const { read } = project({ faults: () => Response.json(json) });
    await expect(read('7')).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });

  it('does not take an empty page for the last one where more are said to follow', async () => {
    const { context } = project({
      faults: () => Response.json({ object: 'list', customers: [], total: 5, has_more: true }),
    });
    await expect(destination.readBack!.list.page(context, null)).rejects.toMatchObject({ foreign: true });
  });

  it('keeps absent and null apart', async () => {
    const { simulator, read } = project({ nullWrites: 'keep-null' });
    simulator.upsert({ source_id: '7', name: null, address: { city: null }, metadata: { plan: null } });
    expect((await read('7'))!.fields).toEqual({ name: null, 'address.city': null, 'metadata.plan': null });
  });
});

describe('bulk', () => {
  const three = ['1', '2', '3'];
  const ofThree = async () => three;
  const submitThree = ({ context, write }: ReturnType<typeof project>) =>
    bulk.submit(
      context,
      three.map((sourceId) => write(sourceId, { name: `Ann ${sourceId}` })),
    );

  it('is followed from the queue to its end, and accepts the customers that it counts', async () => {
    const world = project({ bulkProcessing: { waitMs: 1000, recordMs: 1000 } });
    const { actionId } = await submitThree(world);
    const poll = () => bulk.poll(world.context, actionId, ofThree);
    expect(await poll()).toEqual({ outcomes: null, progress: 0 });
    world.clock.ms += 1500;
    expect(await poll()).toEqual({ outcomes: null, progress: 16 });
    world.clock.ms += 2500;
    expect(await poll()).toEqual({ outcomes: three.map((sourceId) => ({ sourceId, result: 'accepted' })) });
    expect(world.simulator.bySourceId('2')).toMatchObject({ name: 'Ann 2' });
  });

  it('rejects the records that fail, with their reason, and accepts the rest', async () => {
    const metadataSchema = { properties: { age: { type: 'number' as const } } };
    const { context, write } = project({ metadataSchema });
    const writes = three.map((sourceId) => write(sourceId, { 'metadata.age': sourceId === '2' ? 'two' : 1 }));
    const { actionId } = await bulk.submit(context, writes);
    expect(await bulk.poll(context, actionId, ofThree)).toEqual({
      outcomes: [
        { sourceId: '1', result: 'accepted' },
        {
          sourceId: '2',
          result: 'rejected',
          code: 'metadata_validation_failed',
          message: 'Metadata validation failed',
          details: { details: expect.stringContaining('age: must be a number') },
        },
        { sourceId: '3', result: 'accepted' },
      ],
    });
  });

  it.each(['accepted-but-empty', 'fail'] as const)(
    'does not trust an action that ends as %s',
    async (fault) => {
      const world = project({ bulkChaos: () => fault });
      const { actionId } = await submitThree(world);
      const ended = await bulk.poll(world.context, actionId, ofThree);
      expect(ended.outcomes!.map(({ sourceId, result }) => [sourceId, result])).toEqual(
        three.map((sourceId) => [sourceId, 'unknown']),
      );
      expect(world.simulator.count).toBe(0);
    },
  );

  it('waits for an action that never ends', async () => {
    const world = project({ bulkChaos: () => 'never-ends' });
    const { actionId } = await submitThree(world);
    world.clock.ms += 86_400_000;
    const unread = () => expect.unreachable('an action that goes on needs no source IDs');
    expect(await bulk.poll(world.context, actionId, unread)).toMatchObject({ outcomes: null });
  });

  it('knows nothing about the customers of an action that is gone', async () => {
    const { context } = project();
    const ended = await bulk.poll(context, 'aa_gone', ofThree);
    expect(ended.outcomes!.map(({ result }) => result)).toEqual(['unknown', 'unknown', 'unknown']);
  });

  const named = { source_id: '2', key: 'k', message: 'm' };
  const unknowns = ['unknown', 'unknown', 'unknown'];
  it.each<[string, JsonObject, string[] | null]>([
    ['DONE without a result', { status: 'DONE' }, unknowns],
    ['DONE with a null result', { status: 'DONE', result: null }, unknowns],
    ['counts that fall short', { status: 'DONE', result: { done_count: 2, failed_count: 0 } }, unknowns],
    ['counts that are texts', { status: 'DONE', result: { done_count: '3' } }, unknowns],
    [
      'no errors and no failed_count',
      { status: 'DONE', result: { done_count: 3 } },
      ['accepted', 'accepted', 'accepted'],
    ],
    [
      'more failed than named',
      { status: 'DONE', result: { done_count: 1, failed_count: 2, errors: [named] } },
      ['unknown', 'rejected', 'unknown'],
    ],
    [
      'two errors of one customer',
      { status: 'DONE', result: { done_count: 1, failed_count: 2, errors: [named, named] } },
      ['unknown', 'rejected', 'unknown'],
    ],
    [
      'an error that names nobody',
      { status: 'DONE', result: { done_count: 3, errors: [{ key: 'k', message: 'm' }] } },
      unknowns,
    ],
    [
      'an error of somebody who was not sent',
      { status: 'DONE', result: { done_count: 3, failed_count: 1, errors: [{ source_id: '9' }] } },
      unknowns,
    ],
    [
      'FAILED with one named',
      { status: 'FAILED', result: { done_count: 2, failed_count: 1, errors: [named] } },
      ['unknown', 'rejected', 'unknown'],
    ],
    ...(['FAILED', 'UNKNOWN'] as const).map((operation_status): [string, JsonObject, string[]] => [
      `the operation status ${operation_status}`,
      { status: 'DONE', operation_status, result: { done_count: 3, failed_count: 0, errors: [] } },
      unknowns,
    ]),
    ['no status, and a result', { result: { done_count: 3 } }, ['accepted', 'accepted', 'accepted']],
    ['a status that is new', { status: 'PAUSED' }, null],
  ])('an action with %s is judged by what it proves', async (_, action, expected) => {
    const { context } = project({ faults: () => Response.json(action) });
    const ended = await bulk.poll(context, 'aa_1', ofThree);
    expect(ended.outcomes?.map(({ result }) => result) ?? null).toEqual(expected);
  });

  it.each<[string, JsonObject]>([
    ['nothing at all', {}],
    ['another action', { id: 'aa_2', status: 'DONE', result: { done_count: 3 } }],
  ])('is asked about again where the answer is %s', async (_, action) => {
    const { context } = project({ faults: () => Response.json(action) });
    await expect(bulk.poll(context, 'aa_1', ofThree)).rejects.toMatchObject({ foreign: true });
  });

  it.each([
    ['100 customers', { bulkRecordCap: 2 }, 'payload_too_large', 400],
    ['its bytes', { bodyLimitBytes: 60 }, 'payload_too_large', 413],
  ] as const)(
    'refuses the whole request above the limit of %s, for the caller to send less at once',
    async (_, options, code, status) => {
      const world = project(options);
      const error = await submitThree(world).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(RejectedError);
      expect(error).toMatchObject({ code, status, ...(status === 400 && { details: { maxRecords: 2 } }) });
      expect(world.simulator.count).toBe(0);
    },
  );

  it.each([402, 403, 404, 405])(
    'is no feature of the account where it is refused with %s',
    async (status) => {
      const refusal = { code: status, key: 'not_here', message: 'No' };
      const world = project({ faults: () => Response.json(refusal, { status }) });
      await expect(submitThree(world)).rejects.toMatchObject({
        name: 'RejectedError',
        code: 'missing_feature',
        status,
      });
    },
  );

  it('may have arrived when it is answered without an action', async () => {
    const world = project({ faults: () => Response.json({}, { status: 202 }) });
    await expect(submitThree(world)).rejects.toMatchObject({ name: 'TransientError', uncertain: true });
  });

  it('draws on the bulk quota, and following it on the ordinary one', async () => {
    const world = project({
      quotas: { bulkCalls: { requests: 1, seconds: 3600 }, apiCalls: { requests: 1, seconds: 60 } },
    });
    const buckets: unknown[] = [];
    const { api } = world.context;
    world.context.api = {
      request(request) {
        buckets.push([request.path.split('/').at(-1), request.bucket]);
        return api.request(request);
      },
    };
    const { actionId } = await submitThree(world);
    await expect(submitThree(world)).rejects.toMatchObject({ quota: 'bulk-hour', retryAfterMs: 3_600_000 });
    const poll = () => bulk.poll(world.context, actionId, ofThree);
    await poll();
    await expect(poll()).rejects.toMatchObject({ quota: 'minute', retryAfterMs: 60_000 });
    expect(buckets).toEqual([
      ['async', 'bulk'],
      ['async', 'bulk'],
      [actionId, undefined],
      [actionId, undefined],
    ]);
  });
});

describe('an action whose answer was lost', () => {
  const { list, show } = bulk.lookup!;
  const minute = 60_000;
  const around = { kind: 'bulk', from: startMs - minute, until: startMs + minute } as const;

  it('is listed by its kind and time among those of others, and tells of its records', async () => {
    const metadataSchema = { properties: { age: { type: 'number' as const } } };
    const world = project({ metadataSchema, bulkProcessing: { waitMs: 1000, recordMs: 1000 } });
    const writes = ['1', '2'].map((id) => world.write(id, { 'metadata.age': id === '2' ? 'two' : 1 }));
    const { actionId } = await bulk.submit(world.context, writes);
    world.simulator.beginAction('CUSTOMERS.IMPORT_CSV', [{ source_id: '9' }]);
    world.simulator.beginAction('CUSTOMERS.METADATA_UPDATE', [{ source_id: '9', metadata: {} }]);
    expect(await list(world.context, around)).toEqual({
      actions: [{ actionId, acceptedAt: startMs, isOver: false }],
      next: null,
    });
    expect(await show(world.context, actionId, ['1', '2'])).toBeNull();
    world.clock.ms += 3_000;
    expect((await list(world.context, around)).actions).toEqual([
      { actionId, acceptedAt: startMs, isOver: true, endedAt: startMs + 3_000 },
    ]);
    expect(await show(world.context, actionId, ['1', '2'])).toMatchObject({
      records: 2,
      named: ['2'],
      outcomes: [
        { sourceId: '1', result: 'accepted' },
        { sourceId: '2', result: 'rejected', code: 'metadata_validation_failed' },
      ],
    });
    expect(await show(world.context, actionId, ['1', '3'])).toMatchObject({ named: ['2'] });
    expect(await show(world.context, 'aa_gone', ['1'])).toEqual({ records: 0, named: [], outcomes: [] });
    expect((await list(world.context, { ...around, kind: 'file' })).actions).toHaveLength(1);
  });

  it('is listed from the first millisecond of the time to before its end', async () => {
    const world = project();
    await bulk.submit(world.context, [world.write('1', {})]);
    const listed = async (from: number, until: number) =>
      (await list(world.context, { kind: 'bulk', from, until })).actions.length;
    expect(await listed(startMs, startMs + 1)).toBe(1);
    expect(await listed(startMs - minute, startMs)).toBe(0);
    expect(await listed(startMs + 1, startMs + minute)).toBe(0);
  });

  it('is found behind more actions of others than a page holds', async () => {
    const world = project();
    const { actionId } = await bulk.submit(world.context, [world.write('1', {})]);
    for (let index = 0; index < 250; index += 1) {
      world.clock.ms += index % 3;
      world.simulator.beginAction('CUSTOMERS.METADATA_UPDATE', []);
    }
    const found: string[] = [];
    let until: number | null = around.until;
    for (let pages = 0; until !== null && pages < 5; pages += 1) {
      const page: Awaited<ReturnType<typeof list>> = await list(world.context, { ...around, until });
      found.push(...page.actions.map((action) => action.actionId));
      until = page.next;
    }
    expect([found, until]).toEqual([[actionId], null]);
  });

  it('reports when a customer was last written, for reading it back', async () => {
    const { upsert, read, clock } = project();
    await upsert('7', { name: 'Ann' });
    expect(await read('7')).toMatchObject({ writtenAt: startMs });
    clock.ms += 5_000;
    await upsert('7', { name: 'Anna' });
    expect(await read('7')).toMatchObject({ writtenAt: startMs + 5_000 });
  });

  it('is not missed in silence where the list is answered by something in between', async () => {
    const { context } = project({ faults: () => Response.json({ hello: 'world' }) });
    await expect(list(context, around)).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });
});

describe('the quotas', () => {
  const quota = [
    { requests: 100, seconds: 60 },
    { requests: 1000, seconds: 3600 },
  ];
  const cycleQuota = { requests: 5000, seconds: 86_400 };
  const headers = (type: string | null, limit: number, remaining: number, retryInSeconds = 0) => ({
    'x-rate-limit-limit': String(limit),
    'x-rate-limit-remaining': String(remaining),
    'x-rate-limit-retry': String(startMs / 1000 + retryInSeconds),
    ...(type !== null && { 'x-rate-limit-type': type }),
  });
  const readings = (given: object, response: ApiResponse, request = single) =>
    describedBy(given).readQuotas!(response, request, startMs);

  it.each([
    ['the window of its limit', 'api_calls', 1000, 'hour'],
    ['the shortest window where no limit fits', 'api_calls', 777, 'minute'],
    ['what the call draws on where no type is sent', null, 100, 'minute'],
    ['bulk', 'bulk_api_calls', 10, 'bulk-hour'],
    ['the billing cycle', 'api_calls_cycle', 5000, 'cycle'],
  ])('take the headers as those of %s', (_, type, limit, name) => {
    const response = answerOf(200, headers(type, limit, 42));
    expect(readings({ quota, cycleQuota }, response)).toEqual([{ quota: name, limit, remaining: 42 }]);
  });

  it('are exhausted until the named second when nothing remains', () => {
    const response = answerOf(200, headers('api_calls', 100, 0, 30));
    expect(readings({ quota }, response)).toEqual([
      { quota: 'minute', limit: 100, remaining: 0, exhaustedUntil: startMs + 30_000 },
    ]);
  });

  it('take Retry-After before the second, for it needs no common clock', () => {
    const response = answerOf(429, { ...headers('api_calls', 100, 0, 999), 'retry-after': '7' });
    expect(readings({ quota }, response)[0]).toMatchObject({ exhaustedUntil: startMs + 7000 });
  });

  it('park all calls on a used-up billing cycle, whether the settings name it or not', () => {
    const response = answerOf(429, headers('api_calls_cycle', 5000, 0, 86_400));
    const exhaustedUntil = startMs + 86_400_000;
    expect(readings({ cycleQuota }, response)).toEqual([
      { quota: 'cycle', limit: 5000, remaining: 0, exhaustedUntil },
    ]);
    expect(readings({}, response)).toEqual([{ quota: 'minute', remaining: 0, exhaustedUntil }]);
    expect(readings({ cycleQuota }, response, inBulk).map((reading) => reading.quota)).toEqual([
      'cycle',
      'bulk-hour',
    ]);
  });

  it.each<[string, { [name: string]: string }, number | undefined]>([
    ['seconds', { 'retry-after': '7' }, 7_000],
    ['seconds with decimals', { 'retry-after': '1.5' }, 1_500],
    ['an HTTP date', { 'retry-after': 'Sun, 01 Mar 2026 00:00:40 GMT' }, 40_000],
    ['epoch seconds', { 'retry-after': String(startMs / 1000 + 2) }, 2_000],
    ['epoch milliseconds', { 'retry-after': String(startMs + 2_500) }, 2_500],
    ['more than an hour', { 'retry-after': '999999999' }, 3_600_000],
    ['nothing', { 'retry-after': '0' }, 1_000],
    ['a date that has passed', { 'retry-after': 'Sun, 01 Mar 2020 00:00:40 GMT' }, 1_000],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
    ['a moment in X-Rate-Limit-Retry', { 'x-rate-limit-retry': String(startMs / 1000 + 9) }, 9_000],
    ['its milliseconds', { 'x-rate-limit-retry': String(startMs + 9_000) }, 9_000],
    ['a moment there that has passed', { 'x-rate-limit-retry': String(startMs / 1000 - 9) }, undefined],
  ])('read a wait that is given as %s', (_, headers, waitMs) => {
    const body = { code: 429, message: 'Too many requests hit the API too quickly.' };
    expect(describedBy({}).errorFor!(answerOf(429, headers, body), single, startMs)).toMatchObject({
      retryAfterMs: waitMs,
    });
  });

  it('of bulk trust no figures without a type, but always a refusal', () => {
    expect(readings({}, answerOf(202, headers(null, 2000, 1999)), inBulk)).toEqual([]);
    expect(readings({}, answerOf(429, headers(null, 10, 0, 60)), inBulk)).toEqual([
      { quota: 'bulk-hour', remaining: 0, exhaustedUntil: startMs + 60_000 },
    ]);
  });

  it('ignore the headers of inbound integrations, missing headers, and nonsense', () => {
    expect(readings({}, answerOf(200, headers('webhook_calls', 9, 0, 60)))).toEqual([]);
    expect(readings({}, answerOf(200))).toEqual([]);
    expect(readings({}, answerOf(200, { 'x-rate-limit-remaining': 'many' }))).toEqual([]);
    expect(readings({}, answerOf(429))).toEqual([{ quota: 'minute', remaining: 0 }]);
  });

  it('are read alike from the vendor: the figures fall with each call until one is refused', async () => {
    const { simulator, context } = project({ quotas: { apiCalls: { requests: 2, seconds: 60 } } });
    const seen: unknown[] = [];
    const description = describedBy({});
    const look = (response: ApiResponse, request: ApiRequest) =>
      seen.push(...description.readQuotas!(response, request, startMs));
    const listening: ApiDescription = {
      ...description,
      errorFor(response, request, now) {
        look(response, request);
        return description.errorFor!(response, request, now);
      },
    };
    const direct = directApi(simulator.app, listening, () => startMs);
    const api: Api = {
      async request(request) {
        const response = await direct.request(request);
        look(response, request);
        return response;
      },
    };
    const read = () => destination.read({ ...context, api, now: startMs }, '7');
    await read();
    await read();
    await expect(read()).rejects.toMatchObject({
      status: 429,
      quota: 'minute',
      retryAfterMs: 60_000,
      uncertain: false,
    });
    const exhausted = { quota: 'minute', limit: 2, remaining: 0, exhaustedUntil: startMs + 60_000 };
    expect(seen).toEqual([{ quota: 'minute', limit: 2, remaining: 1 }, exhausted, exhausted]);
  });
});

describe('a refusal', () => {
  const refusal = (status: number, json?: Json, headers = {}, request = single) =>
    describedBy({}).errorFor!(answerOf(status, headers, json), request, startMs);
  const isOwn = (status: number, json?: Json, headers = {}) =>
    describedBy({}).isOwn!(answerOf(status, headers, json), single);

  it.each([
    [401, 'unauthorized', 'appToken'],
    [402, 'missing_required_feature', 'plan'],
    [403, 'missing_required_permission', 'whitelist'],
  ])('of status %i names the words of Voucherify and what to do', (status, key, remedy) => {
    const error = refusal(status, { code: status, key, message: 'Not for you' })!;
    expect(error).toBeInstanceOf(UnauthorizedError);
    for (const words of [key, 'Not for you', remedy]) expect(error.message).toContain(words);
  });

  const page = { 'content-type': 'text/html; charset=utf-8' };
  it.each<[string, number, Json | undefined, { [name: string]: string }]>([
    ['a proxy with a page', 400, undefined, page],
    ['a firewall with a page', 403, undefined, page],
    ['an empty body', 401, undefined, { 'content-length': '0' }],
    ['AWS', 403, { message: 'Forbidden' }, {}],
    ['AWS, naming a missing token', 403, { message: 'Missing Authentication Token' }, {}],
    ['Kong', 401, { message: 'Unauthorized', request_id: 'f1' }, {}],
    ['Azure', 404, { statusCode: 404, message: 'Resource not found' }, {}],
    ['Cloudflare', 403, { title: 'Error 1020: Access denied', status: 403, error_code: 1020 }, {}],
    ['Google', 400, { error: { code: 400, message: 'Bad', status: 'INVALID_ARGUMENT' } }, {}],
    ['a gateway of Google', 400, { code: 400, message: 'INVALID_ARGUMENT: not this body' }, {}],
    ['a gateway of Google, with its details', 403, { code: 403, message: 'No key', details: [] }, {}],
    ['a gateway that counts', 401, { code: 401, message: 'Jwt is expired' }, {}],
    ['WSO2', 401, { code: 900901, message: 'Invalid Credentials', description: 'x' }, {}],
    ['WSO2 with a text', 404, { code: '404', message: 'No matching resource found', type: 'x' }, {}],
    ['a name of the status alone', 400, { code: 400, message: 'Bad Request' }, {}],
    ['a name of the status in lower case', 404, { code: 404, message: 'not found' }, {}],
    ['a name of the status with its number', 403, { code: 403, message: '403 Forbidden.' }, {}],
    ['a router', 404, { code: 404, message: '404 page not found' }, {}],
    ['Kubernetes', 404, { kind: 'Status', code: 404, message: 'not here', reason: 'NotFound' }, {}],
    ['a problem document', 409, { type: 'about:blank', title: 'Conflict', status: 409 }, {}],
    ['a list', 405, [], {}],
    ['a text', 451, 'blocked', {}],
    ['Fastify', 413, { statusCode: 413, error: 'Payload Too Large', message: 'too large' }, {}],
    ['nginx', 413, undefined, page],
    ['a length that is missing', 411, undefined, page],
    ['a wrong type', 415, undefined, page],
    ['headers that are too long', 431, undefined, page],
    ['a temporary redirect', 302, undefined, { location: 'https://status.example.test/' }],
    ['a redirect to a login', 303, undefined, { location: '/login' }],
    ['a redirect that keeps the method', 307, undefined, {}],
  ])("in the words of %s is not Voucherify's", (_, status, body, headers) => {
    expect(isOwn(status, body, headers)).toBe(false);
    expect(refusal(status, body, headers)).toBeUndefined();
  });

  it.each(betweenAnswers)(
    "as the simulator returns it (%s) is distinguished from what is not Voucherify's",
    async (name) => {
      const { context, simulator } = project({ between: () => name });
      const error = await destination
        .upsert(context, { sourceId: '7', payload: { source_id: '7' } })
        .then(({ result }) => ({ result }))
        .catch((thrown) => thrown);
      if (name === 'invalid') expect(error).toEqual({ result: 'rejected' });
      else if (['unauthorized', 'forbidden', 'redirect-301', 'redirect-308'].includes(name))
        expect(error).toBeInstanceOf(UnauthorizedError);
      else expect(error).toMatchObject({ name: 'TransientError', foreign: name !== 'conflict' });
      expect(simulator.count).toBe(0);
    },
  );

  it.each([301, 308])('of status %i is permanent, and asks for the base URL', (status) => {
    const error = refusal(status, undefined, { location: 'https://eu.example.test/v1/customers' })!;
    expect(error).toMatchObject({ name: 'UnauthorizedError', status });
    expect(error.message).toContain(
      'a redirect to eu.example.test, which is not followed: is the base URL right?',
    );
  });

  it('for a conflict that may pass is tried again, and is rejected with its code in the end', () => {
    const error = refusal(409, { code: 409, key: 'resource_conflict', message: 'Try again' });
    expect(error).toMatchObject({ name: 'TransientError', status: 409, rejectedAs: 'resource_conflict' });
    expect(error).toMatchObject({ foreign: false, uncertain: false });
  });

  it.each([
    [400, { code: 404, key: 'not_found', message: 'm' }, { code: 'not_found', status: 400 }],
    [
      400,
      { code: 400, key: 'metadata_validation_failed', message: 'm', details: 'd' },
      { details: { details: 'd' } },
    ],
    [
      400,
      { code: 400, message: 'No name', request_id: 'v-1' },
      { code: 'http_400', details: { request_id: 'v-1' } },
    ],
    [404, { code: 404, key: 'resource_not_found', message: 'm' }, { code: 'not_found' }],
    [409, { code: 409, key: 'duplicate_found', message: 'm' }, { code: 'duplicate_found' }],
    [
      413,
      { statusCode: 413, error: 'Request Entity Too Large', message: 'Too large' },
      { code: 'payload_too_large', details: { error: 'Request Entity Too Large' } },
    ],
  ])('of status %i is of this request only', (status, body, expected) => {
    const error = refusal(status, body);
    expect(error).toBeInstanceOf(RejectedError);
    expect(error).toMatchObject(expected);
  });

  it.each([
    [423, false],
    [500, true],
    [503, true],
  ])('of status %i passes by itself', (status, uncertain) => {
    const body = { code: status, key: 'locked', message: 'm' };
    expect(isOwn(status, body)).toBe(true);
    const error = refusal(status, body, { 'retry-after': '3' });
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ status, uncertain, retryAfterMs: 3000 });
  });

  it('for quota is surely not done, and names the quota', () => {
    const error = refusal(
      429,
      { code: 429, message: 'Too many requests hit the API too quickly.' },
      {},
      inBulk,
    );
    expect(error).toMatchObject({ name: 'TransientError', quota: 'bulk-hour', uncertain: false });
    expect(error).toMatchObject({ retryAfterMs: undefined });
  });
});

describe('the metadata schema', () => {
  it('is null where the project has none', async () => {
    expect(await destination.metadataSchema!(project().context)).toBeNull();
  });

  it("is converted to the door's types, including nested objects, without removed definitions", async () => {
    const { context } = project({
      metadataSchema: {
        allow_defined_only: true,
        properties: {
          age: { type: 'number', gte: 0, lt: 150, ne: [13] },
          plan: { type: 'string', optional: false, eq: ['gold', 'silver'], maxLength: 9 },
          codes: { type: 'string', array: true, ne: ['a', 'b'], exactLength: 1 },
          car: { type: 'object', objectType: 'Car' },
          bag: { type: 'object', objectType: 'Bag' },
          old: { type: 'string', deleted: true },
        },
        objects: { Car: { properties: { doors: { type: 'number', lte: 5, gt: 0 } } } },
      },
    });
    const plain = { array: false, required: false };
    expect(await destination.metadataSchema!(context)).toEqual({
      definedOnly: true,
      definitions: {
        age: { type: 'number', ...plain, atLeast: 0, lessThan: 150, notEqual: 13 },
        plan: { type: 'string', array: false, required: true, oneOf: ['gold', 'silver'], maxLength: 9 },
        codes: { type: 'string', array: true, required: false, noneOf: ['a', 'b'], exactLength: 1 },
        car: {
          type: 'object',
          ...plain,
          properties: { doors: { type: 'number', ...plain, atMost: 5, moreThan: 0 } },
        },
        bag: { type: 'object', ...plain },
      },
    });
  });

  it('leaves out a definition of a type that is newer than the connector', async () => {
    const properties = { colour: { type: 'colour', array: false, optional: true } };
    const schemas = [{ related_object: 'customer', allow_defined_only: null, properties }];
    const { context } = project({ faults: () => Response.json({ schemas }) });
    expect(await destination.metadataSchema!(context)).toEqual({ definedOnly: false, definitions: {} });
  });
});

describe('the check', () => {
  const allowed = async (world: ReturnType<typeof project>) => {
    const permissions = await voucherify.check!(world.context);
    return Object.fromEntries(permissions.map(({ what, allowed: is, note }) => [what, `${is}: ${note}`]));
  };

  it('tries what reads, says what it did not try, and writes nothing', async () => {
    const world = project();
    world.simulator.upsert({ source_id: '7' });
    expect(await allowed(world)).toEqual({
      'read customers': 'true: HTTP 200, 1 in all',
      'read the metadata schema': expect.stringMatching(/^true: HTTP 200/),
      'write customers': expect.stringMatching(/^null: It writes/),
      'list segments': 'true: HTTP 200, 0 in all',
      'follow bulk writes': 'true: HTTP 200',
      'write customers in bulk': expect.stringMatching(/^null: It writes/),
    });
    expect([...world.simulator.requests.keys()].every((route) => route.startsWith('GET '))).toBe(true);
    expect(await allowed(project({}, { bulk: false }))).not.toHaveProperty('follow bulk writes');
  });

  it('names the region as a reason where the key is refused', async () => {
    const notes = await allowed(project({}, { appToken: 'wrong' }));
    expect(notes['read customers']).toMatch(
      /^false: HTTP 401, unauthorized.*appToken.*us1\.api\.voucherify\.io/,
    );
  });

  it('tells one missing right from the others', async () => {
    const refused = { code: 403, key: 'missing_required_permission', message: 'Missing permission' };
    const world = project({
      faults: (_, route) =>
        route.includes('metadata-schemas') ? Response.json(refused, { status: 403 }) : undefined,
    });
    const notes = await allowed(world);
    expect(notes['read customers']).toMatch(/^true/);
    expect(notes['read the metadata schema']).toMatch(/^false: HTTP 403, missing_required_permission/);
  });

  it('fails for no right that nothing needs', async () => {
    const refused = { code: 403, key: 'missing_required_permission', message: 'Missing permission' };
    const world = project({
      faults: (_, route) =>
        route.includes('segments') ? Response.json(refused, { status: 403 }) : undefined,
    });
    expect((await allowed(world))['list segments']).toMatch(/^null: HTTP 403.*Without it/);
  });

  it('says that there is no API where something in between answers', async () => {
    const world = project({ faults: () => new Response('<h1>Hello</h1>', { status: 404 }) });
    expect((await allowed(world))['read customers']).toMatch(/^false: .*answered 404.*us1\.api/);
  });

  it('leaves a vendor that cannot be reached to the caller', async () => {
    const world = project({ faults: () => new Response('', { status: 503 }) });
    await expect(voucherify.check!(world.context)).rejects.toBeInstanceOf(TransientError);
  });
});

const contractPath = new URL('../../../shared/reference/openapi/voucherify.json', import.meta.url);

describe.skipIf(!existsSync(contractPath))('by the official contract', () => {
  const bodies = new Map<string, ValidateFunction>();
  afterAll(() => bodies.clear());

  /** The contract types attributes as texts and address parts too; nulls are sent on purpose (reference, 3.3). */
  function withoutNulls(body: Json): Json {
    if (Array.isArray(body)) return body.map(withoutNulls);
    if (typeof body !== 'object' || body === null) return body;
    const kept = Object.entries(body).filter(([, value]) => value !== null);
    return Object.fromEntries(kept.map(([key, value]) => [key, withoutNulls(value)]));
  }

  function validatorOf(route: string): ValidateFunction {
    const known = bodies.get(route);
    if (known) return known;
    const contract = JSON.parse(readFileSync(contractPath, 'utf8'));
    const ajv = new Ajv({ strict: false, formats: { date: /^\d{4}-\d\d-\d\d$/, 'date-time': true } });
    ajv.addSchema(contract, 'contract');
    const pointer = `/paths/${route.split(' ')[1]!.replaceAll('/', '~1')}/post/requestBody/content/application~1json/schema`;
    const validate = ajv.compile({ $ref: `contract#${pointer}` });
    bodies.set(route, validate);
    return validate;
  }

  it('every body sent by the tests above is valid, nulls aside', async () => {
    const { context, write, upsert } = project();
    const all = {
      name: 'Ann',
      description: 'd',
      email: 'ann@example.com',
      phone: '+48600100200',
      birthdate: '1990-02-03',
      ...Object.fromEntries(
        ['line_1', 'line_2', 'city', 'state', 'postal_code', 'country'].map((part) => [
          `address.${part}`,
          part,
        ]),
      ),
      'metadata.list': ['a'],
    };
    await upsert('all', all);
    await bulk.submit(context, [write('all', all)]);
    expect(sent.length).toBeGreaterThan(20);
    for (const { route, body } of sent) {
      const validate = validatorOf(route);
      expect([validate(withoutNulls(body)), route, validate.errors]).toEqual([true, route, null]);
    }
    const validate = validatorOf('POST /v1/customers');
    expect(validate({ source_id: 7 }), 'the contract refuses what is wrong').toBe(false);
    expect(validate({ address: { city: 7 } })).toBe(false);
  });
});
