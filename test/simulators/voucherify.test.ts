import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VoucherifyServerSide } from '@voucherify/sdk';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it } from 'vitest';
import { serve } from '../../simulators/serve.ts';
import {
  createVoucherifySimulator,
  signWebhook,
  type VoucherifyOptions,
  type VoucherifySimulator,
  type WebhookEnvelope,
} from '../../simulators/voucherify.ts';

const START_MS = Date.parse('2026-03-01T12:00:00.000Z');
const KEYS = { 'X-App-Id': 'app', 'X-App-Token': 'token' };

/** A simulator, its clock, and calls to it without a network. */
function setUp(options: Partial<VoucherifyOptions> = {}) {
  const clock = { ms: START_MS };
  const simulator = createVoucherifySimulator({
    now: () => clock.ms,
    appId: 'app',
    appToken: 'token',
    ...options,
  });
  const call = callerOf(simulator.app);
  const bulk = async (records: unknown) => {
    const { body } = await call('POST', '/v1/customers/bulk/async', records);
    return (await call('GET', `/v1/async-actions/${body.async_action_id}`)).body;
  };
  return { clock, simulator, call, bulk };
}

// biome-ignore lint/suspicious/noExplicitAny: what a response holds is what each test asserts
type Body = any;

function callerOf(app: Pick<VoucherifySimulator['app'], 'fetch'>) {
  return async (method: string, path: string, body?: unknown, headers: Record<string, string> = KEYS) => {
    const raw = body instanceof FormData || typeof body === 'string';
    const response = await app.fetch(
      new Request(`http://voucherify.test${path}`, {
        method,
        headers: { ...headers, ...(body && !raw ? { 'Content-Type': 'application/json' } : {}) },
        ...(body !== undefined && { body: raw ? body : JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as Body,
    };
  };
}

const idsOf = (list: Body): string[] => list.customers.map((customer: Body) => customer.source_id);

describe('one customer', () => {
  it('is created by POST, updated by the next POST with its source_id, and told apart only by updated_at', async () => {
    const { simulator, call, clock } = setUp();
    const created = await call('POST', '/v1/customers', {
      source_id: 'crm-1',
      name: 'Ann',
      email: 'ann@x.test',
    });
    clock.ms += 1000;
    const updated = await call('POST', '/v1/customers', { source_id: 'crm-1', name: 'Anne' });

    expect([created.status, updated.status]).toEqual([200, 200]);
    expect(created.body).toMatchObject({ object: 'customer', source_id: 'crm-1', address: null });
    expect(created.body).not.toHaveProperty('updated_at');
    expect(created.body).not.toHaveProperty('metadata');
    expect(created.body).not.toHaveProperty('phone');
    expect(updated.body).toMatchObject({
      id: created.body.id,
      name: 'Anne',
      email: 'ann@x.test',
      created_at: '2026-03-01T12:00:00.000Z',
      updated_at: '2026-03-01T12:00:01.000Z',
    });
    expect(simulator.count).toBe(1);
    expect(simulator.writesOf('crm-1')).toBe(2);
  });

  it('without ids is a new one each time', async () => {
    const { simulator, call } = setUp();
    const first = await call('POST', '/v1/customers', {});
    const second = await call('POST', '/v1/customers', {});
    expect(first.body.id).not.toBe(second.body.id);
    expect(simulator.count).toBe(2);
    expect(simulator.duplicates()).toEqual([]);
  });

  it('is found by id before source_id, and an id nobody has is refused or made', async () => {
    const { simulator, call } = setUp();
    const ann = (await call('POST', '/v1/customers', { source_id: 'a' })).body;
    await call('POST', '/v1/customers', { source_id: 'b' });
    const both = await call('POST', '/v1/customers', { id: ann.id, source_id: 'b', name: 'Ann' });
    expect(both.body).toMatchObject({ id: ann.id, source_id: 'a', name: 'Ann' });
    expect(simulator.bySourceId('b')).not.toHaveProperty('name');
    expect((await call('POST', '/v1/customers', { id: 'cust_nobody' })).status).toBe(404);
    const lenient = setUp({ unknownId: 'create' });
    expect((await lenient.call('POST', '/v1/customers', { id: 'cust_nobody', source_id: 'c' })).status).toBe(
      200,
    );
    expect(lenient.simulator.bySourceId('c')).toBeDefined();
  });

  it('keeps its source_id whatever PUT says, and gets one late only where that is chosen', async () => {
    const { simulator, call } = setUp();
    await call('POST', '/v1/customers', { source_id: 'a' });
    const put = await call('PUT', '/v1/customers/a', { source_id: 'other', name: 'Ann' });
    expect(put.body).toMatchObject({ source_id: 'a', name: 'Ann' });
    expect(simulator.bySourceId('other')).toBeUndefined();

    for (const lateSourceId of ['ignored', 'adopted'] as const) {
      const late = setUp({ lateSourceId });
      const { id } = (await late.call('POST', '/v1/customers', { name: 'Bob' })).body;
      const answer = await late.call('PUT', `/v1/customers/${id}`, { source_id: 'b' });
      expect(answer.body.source_id).toBe(lateSourceId === 'adopted' ? 'b' : undefined);
      await late.call('POST', '/v1/customers', { source_id: 'b' });
      expect(late.simulator.count).toBe(lateSourceId === 'adopted' ? 1 : 2);
      const third = (await late.call('POST', '/v1/customers', {})).body;
      const clash = await late.call('PUT', `/v1/customers/${third.id}`, { source_id: 'b' });
      expect(clash.status).toBe(lateSourceId === 'adopted' ? 409 : 200);
    }
  });

  it('is not made by PUT: 404 with the documented body', async () => {
    const { call } = setUp();
    const { status, body } = await call('PUT', '/v1/customers/nobody', { name: 'x' });
    expect(status).toBe(404);
    expect(body).toEqual({
      code: 404,
      key: 'not_found',
      message: 'Resource not found',
      details: 'Cannot find customer with id nobody',
      request_id: expect.stringMatching(/^v-[0-9a-f]{18}$/),
      resource_id: 'nobody',
      resource_type: 'customer',
    });
  });

  it('is named in the path by any source_id, decoded once', async () => {
    const { call } = setUp();
    const names = [
      'a b',
      'a/b',
      'a?b#c',
      '100%',
      '%41',
      'a%2Fb',
      'zażółć',
      'bulk',
      'importCSV',
      'x+y@z.test',
      '😀',
    ];
    for (const source_id of names) {
      await call('POST', '/v1/customers', { source_id });
      const got = await call('GET', `/v1/customers/${encodeURIComponent(source_id)}`);
      expect([source_id, got.status, got.body.source_id]).toEqual([source_id, 200, source_id]);
      const put = await call('PUT', `/v1/customers/${encodeURIComponent(source_id)}`, { name: 'n' });
      expect(put.body.source_id).toBe(source_id);
    }
    expect((await call('GET', '/v1/customers/A')).status).toBe(404);
  });

  it('is refused when a known field has the wrong type, and unknown fields are ignored', async () => {
    const { simulator, call } = setUp();
    for (const body of [
      { name: 5 },
      { source_id: 7 },
      { email: ['x'] },
      { address: 'Street' },
      { address: { city: 3 } },
      { metadata: 'x' },
      { birthdate: '01.02.2000' },
      [],
    ]) {
      const answer = await call('POST', '/v1/customers', body);
      expect([body, answer.status, answer.body.key]).toEqual([body, 400, 'invalid_payload']);
    }
    expect((await call('POST', '/v1/customers', '{"name":')).body.key).toBe('invalid_payload');
    expect(simulator.count).toBe(0);
    const kept = await call('POST', '/v1/customers', {
      source_id: 'a',
      shoe: 42,
      created_at: '1999-01-01T00:00:00Z',
      address: { city: 'Rome', planet: 'Earth' },
      birthdate: '2000-02-01T10:00:00Z',
    });
    expect(kept.body).not.toHaveProperty('shoe');
    expect(kept.body).toMatchObject({ address: { city: 'Rome' }, birthdate: '2000-02-01' });
    expect(kept.body.address).not.toHaveProperty('planet');
    expect(kept.body.created_at).toBe('2026-03-01T12:00:00.000Z');
  });

  it('gets the dialing prefix of the project before a phone number without one', async () => {
    const { call } = setUp({ dialingPrefix: '+48' });
    expect((await call('POST', '/v1/customers', { phone: '600100200' })).body.phone).toBe('+48600100200');
    expect((await call('POST', '/v1/customers', { phone: '+1 555' })).body.phone).toBe('+1 555');
  });
});

describe('what a write does to what is held', () => {
  const first = {
    source_id: 'a',
    name: 'Ann',
    metadata: { a: 1, b: 2 },
    address: { city: 'Rome', state: 'RM' },
  };
  const second = { metadata: { b: 3, c: 4 }, address: { city: 'Oslo' } };

  it.each([
    ['merge', { a: 1, b: 3, c: 4 }, { city: 'Oslo', state: 'RM' }],
    ['replace', { b: 3, c: 4 }, { city: 'Oslo' }],
  ] as const)(
    '%s: metadata and address, alike by PUT, POST and bulk',
    async (metadataWrites, metadata, address) => {
      for (const way of ['PUT', 'POST', 'bulk']) {
        const { simulator, call, bulk } = setUp({ metadataWrites });
        await call('POST', '/v1/customers', first);
        if (way === 'PUT') await call('PUT', '/v1/customers/a', second);
        if (way === 'POST') await call('POST', '/v1/customers', { source_id: 'a', ...second });
        if (way === 'bulk') await bulk([{ source_id: 'a', ...second }]);
        expect(simulator.bySourceId('a')).toMatchObject({ name: 'Ann' });
        expect(simulator.bySourceId('a')?.metadata).toEqual(metadata);
        expect(simulator.bySourceId('a')?.address).toEqual(address);
      }
    },
  );

  it('merges or replaces metadata and address apart, and in bulk apart from single writes', async () => {
    const found: unknown[] = [];
    for (const rules of [
      { metadataWrites: 'merge', addressWrites: 'replace' },
      { metadataWrites: 'merge', bulkWrites: { metadata: 'replace' } },
      { metadataWrites: 'replace', bulkWrites: { address: 'merge' } },
    ] as const) {
      const { simulator, call, bulk } = setUp(rules);
      for (const id of ['a', 'b']) await call('POST', '/v1/customers', { ...first, source_id: id });
      await call('POST', '/v1/customers', { source_id: 'a', ...second });
      await bulk([{ source_id: 'b', ...second }]);
      const kept = (id: string) => {
        const { metadata, address } = simulator.bySourceId(id)!;
        return [Object.hasOwn(metadata!, 'a'), Object.hasOwn(address!, 'state')];
      };
      found.push([...kept('a'), ...kept('b')]);
    }
    expect(found).toEqual([
      [true, false, true, false],
      [true, true, false, true],
      [false, false, false, true],
    ]);
  });

  it('null clears an attribute, stays, is ignored or is refused, as chosen', async () => {
    const results: unknown[] = [];
    for (const nullWrites of ['clear', 'keep-null', 'ignore', 'reject'] as const) {
      const { call, simulator } = setUp({ nullWrites });
      await call('POST', '/v1/customers', { source_id: 'a', name: 'Ann', address: { city: 'Rome' } });
      const { status } = await call('PUT', '/v1/customers/a', { name: null });
      await call('PUT', '/v1/customers/a', { address: null });
      const { name, address } = simulator.bySourceId('a')!;
      results.push([nullWrites, status, name, address]);
    }
    expect(results).toEqual([
      ['clear', 200, undefined, null],
      ['keep-null', 200, null, null],
      ['ignore', 200, 'Ann', { city: 'Rome' }],
      ['reject', 400, 'Ann', null],
    ]);
  });

  it('null in metadata and address stays as a null key, or clears it where that is chosen', async () => {
    for (const nestedNulls of ['keep-null', 'clear'] as const) {
      const { call, simulator, bulk } = setUp({ nestedNulls });
      await call('POST', '/v1/customers', first);
      await call('POST', '/v1/customers/metadata/async', { source_ids: ['a'], metadata: { b: null } });
      await bulk([{ source_id: 'a', address: { city: null } }]);
      const { metadata, address } = simulator.bySourceId('a')!;
      expect(metadata).toEqual(nestedNulls === 'clear' ? { a: 1 } : { a: 1, b: null });
      expect(address).toEqual(nestedNulls === 'clear' ? { state: 'RM' } : { city: null, state: 'RM' });
    }
  });
});

describe('the metadata schema', () => {
  const metadataSchema: VoucherifyOptions['metadataSchema'] = {
    properties: {
      channel: { type: 'string', optional: false, eq: ['A', 'B'] },
      age: { type: 'number', gte: 0, lt: 150 },
      tags: { type: 'string', array: true, maxLength: 3 },
      born: { type: 'date' },
      seen: { type: 'datetime' },
      photo: { type: 'image_url' },
      place: { type: 'geopoint' },
      home: { type: 'object', objectType: 'Home' },
      vip: { type: 'boolean' },
      old: { type: 'number', deleted: true },
    },
    objects: { Home: { properties: { rooms: { type: 'number', optional: false } } } },
  };
  const good = {
    channel: 'A',
    age: 0,
    tags: ['abc'],
    born: '2000-02-29',
    seen: '2026-01-01T10:00:00Z',
    photo: 'https://x.test/p.png',
    place: '52.2, 21.0',
    home: { rooms: 2 },
    vip: false,
    old: 'no longer checked',
    free: { any: 'thing' },
  };

  it('accepts what it defines, and undefined keys unless allow_defined_only', async () => {
    const open = setUp({ metadataSchema });
    const closed = setUp({ metadataSchema: { ...metadataSchema, allow_defined_only: true } });
    const body = { source_id: 'a', metadata: good };
    expect((await open.call('POST', '/v1/customers', body)).body.metadata).toEqual(good);
    const refused = await closed.call('POST', '/v1/customers', body);
    expect(refused.body).toMatchObject({ code: 400, key: 'metadata_validation_failed' });
    expect(refused.body.details).toContain('free: ');
    expect(refused.body.details).toContain('old: ');
    expect(refused.body.details).not.toContain('age: ');
  });

  it.each([
    ['age', '7'],
    ['age', -1],
    ['age', 150],
    ['tags', 'abc'],
    ['tags', ['abcd']],
    ['born', '2026-02-30'],
    ['born', '2026-02-03T10:00:00Z'],
    ['seen', '2026-02-03'],
    ['photo', 'p.png'],
    ['place', '91, 0'],
    ['home', {}],
    ['home', 'x'],
    ['vip', 'true'],
    ['channel', 'C'],
    ['channel', null],
  ])('refuses %s = %j and writes nothing', async (key, value) => {
    const { call, simulator } = setUp({ metadataSchema });
    const { status, body } = await call('POST', '/v1/customers', {
      source_id: 'a',
      metadata: { ...good, [key]: value },
    });
    expect([status, body.key]).toEqual([400, 'metadata_validation_failed']);
    expect(body.details.startsWith(key)).toBe(true);
    expect(simulator.count).toBe(0);
  });

  it('describes a failure as the official examples do', async () => {
    const { call } = setUp({
      metadataSchema: {
        properties: {
          acquisition_channel: { type: 'string', optional: false, eq: ['Facebook', 'Twitter', 'Website'] },
        },
      },
    });
    const { body } = await call('POST', '/v1/customers', { metadata: { acquisition_channel: 'snap' } });
    expect(body.details).toBe(
      "acquisition_channel: must be a string, property is required, must be equal to one of Facebook,Twitter,Website (actual value is 'snap')",
    );
  });

  it('asks for required keys on creation, and on updates as chosen', async () => {
    for (const [requiredMetadata, metadataWrites, partial] of [
      ['result', 'merge', 200],
      ['result', 'replace', 400],
      ['payload', 'merge', 400],
      ['creation-only', 'replace', 200],
    ] as const) {
      const { call } = setUp({ metadataSchema, requiredMetadata, metadataWrites });
      expect((await call('POST', '/v1/customers', { source_id: 'a', name: 'Ann' })).status).toBe(400);
      await call('POST', '/v1/customers', { source_id: 'a', metadata: good });
      expect((await call('PUT', '/v1/customers/a', { name: 'Ann' })).status).toBe(200);
      expect((await call('PUT', '/v1/customers/a', { metadata: { age: 3 } })).status).toBe(partial);
    }
  });

  it('can change under way', async () => {
    const { call, simulator } = setUp();
    expect((await call('GET', '/v1/metadata-schemas/customer')).status).toBe(404);
    simulator.setMetadataSchema({ properties: { age: { type: 'number' } } });
    expect((await call('GET', '/v1/metadata-schemas/customer')).body.properties.age).toEqual({
      type: 'number',
      array: false,
      optional: true,
      objectType: null,
    });
    expect((await call('POST', '/v1/customers', { metadata: { age: 'x' } })).status).toBe(400);
  });
});

describe('removal', () => {
  it('renames the source_id of a softly deleted customer and frees it', async () => {
    const events: WebhookEnvelope[] = [];
    const { call, simulator } = setUp({ webhooks: (envelope) => events.push(envelope) });
    const { id } = (await call('POST', '/v1/customers', { source_id: 'a' })).body;
    const gone = await call('DELETE', '/v1/customers/a');
    expect([gone.status, gone.body]).toEqual([204, '']);
    expect((await call('GET', '/v1/customers/a')).status).toBe(404);
    expect((await call('GET', `/v1/customers/${id}`)).status).toBe(404);
    expect((await call('DELETE', '/v1/customers/a')).status).toBe(404);
    expect(simulator.deleted()).toMatchObject([{ id, source_id: 'a_deleted2026-03-01T12:00:00.000Z' }]);
    expect(events.at(-1)).toMatchObject({
      type: 'customer.deleted',
      data: { customer: { id, source_id: 'a_deleted2026-03-01T12:00:00.000Z' } },
    });

    const again = await call('POST', '/v1/customers', { source_id: 'a' });
    expect(again.body.id).not.toBe(id);
    expect((await call('GET', '/v1/customers')).body).toMatchObject({
      total: 1,
      customers: [{ id: again.body.id }],
    });
  });

  it('for good answers at once and leaves nothing', async () => {
    const { call, simulator } = setUp();
    const { id } = (await call('POST', '/v1/customers', { source_id: 'a' })).body;
    const { status, body } = await call('POST', '/v1/customers/a/permanent-deletion');
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'DONE', object: 'pernament_deletion', related_object_id: id });
    expect(body.id).toMatch(/^del_/);
    expect([simulator.count, simulator.deleted()]).toEqual([0, []]);
    expect((await call('POST', '/v1/customers/a/permanent-deletion')).status).toBe(404);
  });
});

describe('the list', () => {
  async function six(options: Partial<VoucherifyOptions> = {}) {
    const world = setUp({ writesPerMillisecond: 2, ...options });
    // Stamped +0, +0, +1, +1, +2, +2 ms; then b and a are updated at +1000.
    for (const source_id of ['f', 'e', 'd', 'c', 'b', 'a'])
      await world.call('POST', '/v1/customers', { source_id, email: `${source_id}@x.test` });
    world.clock.ms += 1000;
    for (const source_id of ['b', 'a'])
      await world.call('PUT', `/v1/customers/${source_id}`, { name: source_id, address: { city: 'Rome' } });
    const list = async (query: string) => (await world.call('GET', `/v1/customers?${query}`)).body;
    return { ...world, list };
  }
  const at = (ms: number) => encodeURIComponent(new Date(START_MS + ms).toISOString());

  it('pages from new to old, ten at a time by default', async () => {
    const { list, simulator } = await six();
    expect(idsOf(await list(''))).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(await list('limit=4')).toMatchObject({
      object: 'list',
      data_ref: 'customers',
      total: 6,
      has_more: true,
    });
    expect(idsOf(await list('limit=4&page=2'))).toEqual(['e', 'f']);
    expect((await list('limit=4&page=2')).has_more).toBe(false);
    for (let i = 0; i < 20; i += 1) simulator.upsert({ source_id: `more-${i}` });
    expect((await list('')).customers).toHaveLength(10);
  });

  it('goes no further than page 99 of 100', async () => {
    const { call } = setUp();
    for (const query of [
      'limit=101',
      'limit=0',
      'page=100',
      'order=name',
      'starting_after=yesterday',
      'created_at[after]=x',
    ]) {
      const { status, body } = await call('GET', `/v1/customers?${query}`);
      expect([query, status, body.key]).toEqual([query, 400, 'invalid_query_params']);
    }
    expect((await call('GET', '/v1/customers?limit=100&page=99')).status).toBe(200);
  });

  it('sorts every documented way, never updated customers last', async () => {
    const { list } = await six();
    const orders = ['created_at', '-created_at', 'updated_at', '-updated_at', 'source_id', '-source_id'];
    const listed = await Promise.all(
      orders.map(async (order) => idsOf(await list(`order=${order}`)).join('')),
    );
    expect(listed).toEqual(['fedcba', 'abcdef', 'bafedc', 'abcdef', 'abcdef', 'fedcba']);
  });

  it('filters by e-mail, name, city and both times', async () => {
    const { list } = await six();
    const found = async (query: string) => idsOf(await list(query)).join('');
    expect(await found('email=C@X.test')).toBe('c');
    expect(await found('name=a')).toBe('a');
    expect(await found('city=Rome')).toBe('ab');
    expect(await found(`created_at[after]=${at(0)}`)).toBe('abcd');
    expect(await found(`created_at[before]=${at(2)}`)).toBe('cdef');
    expect(await found(`updated_at[after]=${at(0)}`)).toBe('ab');
    expect(await found(`updated_at[before]=${at(1000)}`)).toBe('');
    expect(await found('segment_id=seg_1')).toBe('');
    expect(await list(`city=Rome&limit=1`)).toMatchObject({ total: 2, has_more: true });
  });

  it('walks by starting_after: down alone, up with created_at or updated_at, losing ties when exclusive', async () => {
    const { list } = await six();
    expect(idsOf(await list(`starting_after=${at(2)}`))).toEqual(['c', 'd', 'e', 'f']);
    expect(idsOf(await list(`order=created_at&starting_after=${at(0)}`))).toEqual(['d', 'c', 'b', 'a']);
    expect(idsOf(await list(`order=updated_at&starting_after=${at(0)}`))).toEqual(['b', 'a']);
    expect(idsOf(await list(`order=-updated_at&starting_after=${at(1001)}`))).toEqual(['a', 'b']);
    // Three per page splits the pair at +1: the walk from the last one's time never sees its twin.
    const page = await list('limit=3&order=created_at');
    const rest = await list(
      `order=created_at&starting_after=${encodeURIComponent(page.customers[2].created_at)}`,
    );
    expect([...idsOf(page), ...idsOf(rest)]).toEqual(['f', 'e', 'd', 'b', 'a']);
  });

  it('repeats the boundary when the cursor is inclusive, and can treat the never updated as updated when created', async () => {
    const { list } = await six({ cursor: 'inclusive', neverUpdated: 'as-created' });
    expect(idsOf(await list(`starting_after=${at(1)}`))).toEqual(['c', 'd', 'e', 'f']);
    expect(idsOf(await list(`order=updated_at&starting_after=${at(1)}`))).toEqual(['d', 'c', 'b', 'a']);
    expect(idsOf(await list(`updated_at[before]=${at(5)}`))).toEqual(['c', 'd', 'e', 'f']);
  });

  it('stays right through many updates and deletions', async () => {
    const { simulator, call, clock } = setUp();
    for (let i = 0; i < 50; i += 1) simulator.upsert({ source_id: `s${i}` });
    for (let round = 0; round < 100; round += 1) {
      clock.ms += 10;
      for (let i = 0; i < 50; i += 1) if (i % 7 !== round % 7) simulator.upsert({ source_id: `s${i}` });
    }
    for (let i = 0; i < 50; i += 2) simulator.remove(`s${i}`);
    const walked = (await call('GET', '/v1/customers?order=updated_at&limit=100')).body.customers as Body[];
    const expected = [...simulator.customers()].map(({ id }) => id).sort();
    expect(walked).toHaveLength(25);
    expect(walked.map(({ id }) => id).sort()).toEqual(expected);
    const times = walked.map(({ updated_at }) => updated_at);
    expect(times).toEqual(times.toSorted());
  });
});

describe('bulk', () => {
  it('upserts by source_id, fails single records inside a DONE action, and applies the rest in order', async () => {
    const { simulator, bulk } = setUp({ metadataSchema: { properties: { age: { type: 'number' } } } });
    const action = await bulk([
      { source_id: 'a', name: 'Ann' },
      { source_id: 'b', metadata: { age: 'old' } },
      { name: 'nobody' },
      null,
      { source_id: 'a', email: 'ann@x.test' },
    ]);
    expect(action).toMatchObject({
      type: 'CUSTOMERS.BULK_UPDATE',
      status: 'DONE',
      operation_status: 'SUCCESS',
      progress: 100,
      result: { done_count: 2, failed_count: 3 },
    });
    expect(action.result.errors).toEqual([
      {
        source_id: 'b',
        key: 'metadata_validation_failed',
        message: expect.any(String),
        details: "age: must be a number (actual value is 'old')",
      },
      expect.objectContaining({ source_id: '', key: 'invalid_payload' }),
      expect.objectContaining({ source_id: '', key: 'invalid_payload' }),
    ]);
    expect(simulator.count).toBe(1);
    expect(simulator.bySourceId('a')).toMatchObject({ name: 'Ann', email: 'ann@x.test' });
  });

  it('refuses the whole request for one bad record where that is chosen', async () => {
    const { simulator, call } = setUp({ badBulkRecord: 'fails-all' });
    const answer = await call('POST', '/v1/customers/bulk/async', [{ source_id: 'a' }, { name: 'nobody' }]);
    expect([answer.status, answer.body.key, simulator.count]).toEqual([400, 'invalid_payload', 0]);
  });

  it('sets the same metadata on many, making who is missing', async () => {
    const { simulator, call } = setUp();
    await call('POST', '/v1/customers', { source_id: 'a', name: 'Ann', metadata: { x: 1 } });
    const { status, body } = await call('POST', '/v1/customers/metadata/async', {
      source_ids: ['a', 'b'],
      metadata: { y: 2 },
    });
    expect(status).toBe(202);
    const action = (await call('GET', `/v1/async-actions/${body.async_action_id}`)).body;
    expect(action).toMatchObject({
      type: 'CUSTOMERS.METADATA_UPDATE',
      result: { done_count: 2, errors: [] },
    });
    expect(simulator.bySourceId('a')).toMatchObject({ name: 'Ann', metadata: { x: 1, y: 2 } });
    expect(simulator.bySourceId('b')?.metadata).toEqual({ y: 2 });
    const empty = await call('POST', '/v1/customers/metadata/async', { source_ids: [], metadata: {} });
    expect(empty.body.key).toBe('not_enough_source_ids');
    const none = await call('POST', '/v1/customers/metadata/async', { source_ids: ['a'] });
    expect(none.body.key).toBe('invalid_payload');
  });

  it('takes its time on the clock, one action after the other, and counts only when done', async () => {
    const { simulator, call, clock } = setUp({ bulkProcessing: { waitMs: 500, recordMs: 100 } });
    const send = async (records: unknown[]) =>
      (await call('POST', '/v1/customers/bulk/async', records)).body.async_action_id as string;
    const first = await send(Array.from({ length: 10 }, (_, i) => ({ source_id: `s${i}`, name: 'first' })));
    const second = await send([{ source_id: 's0', name: 'second' }]);
    const look = async (atMs: number) => {
      clock.ms = START_MS + atMs;
      const [one, two] = [
        await call('GET', `/v1/async-actions/${first}`),
        await call('GET', `/v1/async-actions/${second}`),
      ];
      return [
        one.body.status,
        one.body.progress,
        one.body.result?.done_count,
        two.body.status,
        simulator.count,
      ];
    };
    expect(await look(499)).toEqual(['ENQUEUED', 0, undefined, 'ENQUEUED', 0]);
    expect(await look(1000)).toEqual(['IN_PROGRESS', 50, undefined, 'ENQUEUED', 0]);
    expect(await look(1499)).toEqual(['IN_PROGRESS', 99, undefined, 'ENQUEUED', 0]);
    expect(await look(1500)).toEqual(['DONE', 100, 10, 'ENQUEUED', 10]);
    expect(simulator.bySourceId('s0')?.name).toBe('first');
    // A single call made meanwhile is overwritten by the older bulk action that ends after it.
    await call('PUT', '/v1/customers/s0', { name: 'third' });
    expect(await look(2100)).toEqual(['DONE', 100, 10, 'DONE', 10]);
    expect(simulator.bySourceId('s0')?.name).toBe('second');
    expect((await call('GET', `/v1/async-actions/${first}`)).body.processing_time).toBe(1500);
  });

  it('lists actions newest first without results', async () => {
    const { call, bulk, clock } = setUp();
    await bulk([{ source_id: 'a' }]);
    clock.ms += 1000;
    const { id } = await bulk([{ source_id: 'b' }]);
    const { body } = await call('GET', '/v1/async-actions?limit=1');
    expect(body).toMatchObject({ data_ref: 'async_actions', has_more: true, async_actions: [{ id }] });
    expect(body.async_actions[0]).not.toHaveProperty('result');
    const older = await call('GET', `/v1/async-actions?end_date=${new Date(clock.ms).toISOString()}`);
    expect(older.body.async_actions).toHaveLength(1);
    const bad = await call('GET', '/v1/async-actions?end_date=tomorrow');
    expect(bad.body).toMatchObject({
      key: 'invalid_query_params',
      details: 'Property .end_date cannot be recognized as a ISO-8601 compliant date',
    });
    const missing = await call('GET', '/v1/async-actions/aa_0');
    expect(missing.body).toMatchObject({ code: 404, resource_type: 'async_action' });
  });

  it('lists an action only after a while, where that is chosen, and shows it at its own address at once', async () => {
    const { call, clock } = setUp({ actionListLagMs: () => 5_000 });
    const { body } = await call('POST', '/v1/customers/bulk/async', [{ source_id: 'a' }]);
    const listed = async () => (await call('GET', '/v1/async-actions')).body.async_actions;
    expect(await listed()).toEqual([]);
    expect((await call('GET', `/v1/async-actions/${body.async_action_id}`)).body.status).toBe('DONE');
    clock.ms += 5_000;
    expect(await listed()).toMatchObject([{ id: body.async_action_id }]);
  });

  it("lists the actions of others between ours, twins in the same millisecond too, by the vendor's clock", async () => {
    const { simulator, call, clock } = setUp();
    const { body } = await call('POST', '/v1/customers/bulk/async', [{ source_id: 'a' }]);
    const twin = simulator.beginAction('CUSTOMERS.BULK_UPDATE', [{ source_id: 'b' }]);
    const other = simulator.beginAction('CUSTOMERS.IMPORT_CSV', [{ source_id: 'c' }]);
    const { body: list, headers } = await call('GET', '/v1/async-actions');
    expect(list.async_actions.map(({ id }: Body) => id)).toEqual([other, twin, body.async_action_id]);
    const [, second, third] = list.async_actions;
    expect(second).toMatchObject({ type: third.type, created_at: third.created_at, status: third.status });
    expect(headers.get('date')).toBe(new Date(clock.ms).toUTCString());
    expect(simulator.count).toBe(3);
  });

  it.each(['apply-then-cut', 'apply-then-hang'] as const)(
    'loses the answer to what it did: %s',
    async (fault) => {
      const { simulator } = setUp({ faults: () => fault });
      const served = await serve(simulator.app);
      // What is cut is cut long before.
      const signal = AbortSignal.timeout(fault === 'apply-then-hang' ? 200 : 20_000);
      const body = JSON.stringify({ source_id: 'a' });
      const answer = fetch(`${served.url}/v1/customers`, { method: 'POST', headers: KEYS, body, signal });
      await expect(answer).rejects.toThrow();
      await served.close();
      expect(simulator.count).toBe(1);
      expect(signal.aborted).toBe(fault === 'apply-then-hang');
    },
  );

  it('answers 413 in its odd shape over the limit, and the old cap where that is chosen', async () => {
    const { simulator, call } = setUp({ bodyLimitBytes: 1000, bulkRecordCap: 2 });
    const { status, body } = await call('POST', '/v1/customers/bulk/async', [{ source_id: 'é'.repeat(600) }]);
    expect(status).toBe(413);
    expect(body).toEqual({
      statusCode: 413,
      error: 'Request Entity Too Large',
      message: 'Payload content length greater than maximum allowed: 1000',
    });
    const capped = await call(
      'POST',
      '/v1/customers/bulk/async',
      [1, 2, 3].map((n) => ({ source_id: `${n}` })),
    );
    expect([capped.status, capped.body.key]).toEqual([400, 'too_many_customers']);
    expect(simulator.count).toBe(0);
    const roomy = setUp();
    const fits = JSON.stringify([{ source_id: 'a', name: '' }]);
    const filled = (bytes: number) =>
      JSON.stringify([{ source_id: 'a', name: 'x'.repeat(bytes - fits.length) }]);
    expect((await roomy.call('POST', '/v1/customers/bulk/async', filled(10_485_760))).status).toBe(202);
    const over = await roomy.call('POST', '/v1/customers/bulk/async', filled(10_485_761));
    expect([over.status, over.body.message]).toEqual([
      413,
      'Payload content length greater than maximum allowed: 10485760',
    ]);
  });

  it('can be accepted and have no effect, fail, or never end, without delaying the next', async () => {
    const faults = ['accepted-but-empty', 'fail', 'never-ends', undefined] as const;
    let asked = 0;
    const { simulator, bulk, clock, call } = setUp({
      bulkChaos: (customers) => {
        expect(customers).toEqual([{ source_id: 'a' }]);
        return faults[asked++];
      },
    });
    const answers = [];
    for (let i = 0; i < 3; i += 1) answers.push(await bulk([{ source_id: 'a' }]));
    expect(simulator.count).toBe(0);
    expect(answers[0]).toMatchObject({
      status: 'DONE',
      result: { done_count: 0, failed_count: 0, errors: [] },
    });
    expect(answers[1]).toMatchObject({ status: 'FAILED', operation_status: 'FAILED' });
    clock.ms += 86_400_000;
    const { body } = await call('GET', `/v1/async-actions/${answers[2].id}`);
    expect(body).toMatchObject({ status: 'IN_PROGRESS', progress: 99 });
    expect((await bulk([{ source_id: 'a' }])).status).toBe('DONE');
    expect(simulator.count).toBe(1);
  });

  it('imports CSV: typed by the schema, failed rows named, unnamed fields overwritten or not', async () => {
    const csv = [
      'Source_id,Name,Address_City,age,vip,tags,note',
      'a,Ann,Rome,7,true,"x,y",',
      'b,Bob,,old,true,,hello',
      'c,Cid,,8,,,',
    ].join('\n');
    for (const csvWrites of ['overwrite', 'update'] as const) {
      const { simulator, call } = setUp({
        csvWrites,
        metadataSchema: {
          properties: {
            age: { type: 'number' },
            vip: { type: 'boolean' },
            tags: { type: 'string', array: true },
          },
        },
      });
      simulator.upsert({ source_id: 'a', email: 'ann@x.test', metadata: { note: 'kept?' } });
      const form = new FormData();
      form.append('file', new File([csv], 'customers.csv'));
      const { status, body } = await call('POST', '/v1/customers/importCSV', form);
      expect(status).toBe(202);
      const action = (await call('GET', `/v1/async-actions/${body.async_action_id}`)).body;
      expect(action).toMatchObject({
        type: 'CUSTOMERS.IMPORT_CSV',
        status: 'DONE',
        result: { message: '1 customer(s) imported successfully, 2 failed.', done_count: 1, failed_count: 2 },
      });
      expect(action.result.failed).toEqual([
        { source_id: 'b', row: 2, reason: "age: must be a number (actual value is 'old')" },
        { source_id: 'c', row: 3, reason: "vip: must be a boolean (actual value is '')" },
      ]);
      const ann = simulator.bySourceId('a');
      expect(ann).toMatchObject({ name: 'Ann', address: { city: 'Rome' } });
      expect(ann?.email).toBe(csvWrites === 'update' ? 'ann@x.test' : undefined);
      const typed = { age: 7, vip: true, tags: ['x', 'y'] };
      expect(ann?.metadata).toEqual(csvWrites === 'update' ? { note: 'kept?', ...typed } : typed);
    }
  });
});

describe('exports', () => {
  async function exported(options: Partial<VoucherifyOptions>, parameters: Record<string, unknown>) {
    const world = setUp({
      metadataSchema: { properties: { age: { type: 'number' }, city: { type: 'string' } } },
      ...options,
    });
    const { simulator, call } = world;
    simulator.upsert({
      source_id: 'a',
      name: 'Ann "A", Sr',
      email: 'ann@x.test',
      metadata: { age: 7, free: 1 },
    });
    simulator.upsert({ source_id: 'b', name: 'Bob', address: { city: 'Rome' }, metadata: { age: 30 } });
    world.clock.ms += 1000;
    simulator.upsert({ source_id: 'c', name: 'Cid', phone: '+48600' });
    const made = await call('POST', '/v1/exports', { exported_object: 'customer', parameters });
    if (made.status !== 200) throw new Error(`no export: ${made.body.details}`);
    const { body } = await call('GET', `/v1/exports/${made.body.id}`);
    const { pathname, search } = new URL(body.result.url);
    const csv = (await call('GET', pathname + search, undefined, {})).body as string;
    return { ...world, made, csv, path: pathname };
  }
  const rows = (csv: string) => csv.trimEnd().split('\n');

  it('return name and source_id by default, newest first', async () => {
    const { made, csv } = await exported({}, {});
    expect(made.body).toMatchObject({ status: 'SCHEDULED', result: null, exported_object: 'customer' });
    expect(rows(csv)).toEqual(['Name,Source ID', 'Cid,c', 'Bob,b', '"Ann ""A"", Sr",a']);
  });

  it('give the fields asked for, and of metadata only the keys the schema defines', async () => {
    const parameters = {
      order: 'source_id',
      fields: ['source_id', 'created_at', 'address_city', 'phone', 'loyalty_points', 'metadata'],
    };
    expect(rows((await exported({}, parameters)).csv)).toEqual([
      'Source ID,Created At,Address City,Phone,Loyalty Points,age,city',
      'a,2026-03-01T12:00:00.000Z,,,0,7,',
      'b,2026-03-01T12:00:00.000Z,Rome,,0,30,',
      'c,2026-03-01T12:00:01.000Z,,+48600,0,,',
    ]);
    const fields = ['source_id', 'metadata'];
    const prefixed = await exported({ exportMetadata: 'prefixed-columns' }, { fields, order: 'source_id' });
    expect(rows(prefixed.csv).slice(0, 2)).toEqual(['Source ID,metadata.age,metadata.city', 'a,7,']);
    const json = await exported({ exportMetadata: 'json' }, { fields, order: 'source_id' });
    expect(rows(json.csv).slice(0, 2)).toEqual(['Source ID,metadata', 'a,"{""age"":7}"']);
  });

  it.each([
    ['by list', { source_id: { conditions: { $in: ['a', 'c'] } } }, 'ac'],
    ['by metadata', { 'metadata.age': { conditions: { $more_than: [7] } } }, 'b'],
    ['by presence', { phone: { conditions: { $is_unknown: [] } } }, 'ab'],
    ['by time', { created_at: { conditions: { $after: ['2026-03-01T12:00:00.500Z'] } } }, 'c'],
    ['by city', { city: { conditions: { $is: ['Rome'] } } }, 'b'],
    ['by all', { name: { conditions: { $contains: ['o'] } }, phone: { conditions: { $has_value: [] } } }, ''],
    [
      'by any',
      {
        junction: 'or',
        name: { conditions: { $contains: ['o'] } },
        phone: { conditions: { $starts_with: ['+48'] } },
      },
      'bc',
    ],
  ])('filter %s', async (_, filters, expected) => {
    const { csv } = await exported({}, { fields: ['source_id'], order: 'source_id', filters });
    expect(rows(csv).slice(1).join('')).toBe(expected);
  });

  it('show what was held when they were made, are refused without their token, and can be deleted', async () => {
    const { simulator, call, path, csv } = await exported({}, { fields: ['source_id'] });
    simulator.upsert({ source_id: 'later' });
    const id = path.split('/').at(-1)!;
    expect(csv).not.toContain('later');
    const wrong = await call('GET', `${path}?token=wrong`, undefined, {});
    expect([wrong.status, wrong.body.key]).toEqual([401, 'unauthorized']);
    expect((await call('GET', '/v1/exports')).body).toMatchObject({
      total: 1,
      exports: [{ id, status: 'DONE' }],
    });
    expect((await call('DELETE', `/v1/exports/${id}`)).status).toBe(204);
    expect((await call('GET', `/v1/exports/${id}`)).body).toMatchObject({
      code: 404,
      resource_type: 'export',
    });
  });

  it('take their time', async () => {
    const { call, clock } = setUp({ exportMs: 1000 });
    const { id } = (await call('POST', '/v1/exports', { exported_object: 'customer' })).body;
    clock.ms += 999;
    expect((await call('GET', `/v1/exports/${id}`)).body).toMatchObject({
      status: 'IN_PROGRESS',
      result: null,
    });
    clock.ms += 1;
    expect((await call('GET', `/v1/exports/${id}`)).body.status).toBe('DONE');
  });

  it('refuse what they cannot give', async () => {
    const key = async (body: unknown) => (await setUp().call('POST', '/v1/exports', body)).body.key;
    expect(await key({ exported_object: 'sock' })).toBe('invalid_payload');
    const asked = (parameters: unknown) => key({ exported_object: 'customer', parameters });
    expect(await asked({ fields: ['shoe'] })).toBe('invalid_export_fields');
    expect(await asked({ order: 'shoe' })).toBe('invalid_payload');
    expect(await asked({ filters: { shoe: { conditions: {} } } })).toBe('invalid_export_params');
    expect(await asked({ filters: { name: { conditions: { $like: ['x'] } } } })).toBe(
      'invalid_export_params',
    );
  });
});

describe('quotas', () => {
  const limits = (headers: Headers) =>
    ['limit', 'remaining', 'retry', 'type'].map((name) => headers.get(`x-rate-limit-${name}`));
  const epoch = START_MS / 1000;

  it('slide, tell what is left on every response, and refuse with 429 and Retry-After', async () => {
    const { call, clock, simulator } = setUp({ quotas: { apiCalls: { requests: 2, seconds: 60 } } });
    const first = await call('GET', '/v1/customers');
    clock.ms += 30_000;
    const second = await call('GET', '/v1/customers/nobody');
    const third = await call('POST', '/v1/customers', { source_id: 'a' });
    expect(limits(first.headers)).toEqual(['2', '1', `${epoch}`, 'api_calls']);
    expect(second.status).toBe(404);
    expect(limits(second.headers)).toEqual(['2', '0', `${epoch + 60}`, 'api_calls']);
    expect(third.status).toBe(429);
    expect(third.body).toEqual({ code: 429, message: 'Too many requests hit the API too quickly.' });
    expect(third.headers.get('retry-after')).toBe('30');
    expect(limits(third.headers)).toEqual(['2', '0', `${epoch + 60}`, 'api_calls']);
    expect([simulator.count, simulator.violations]).toEqual([0, 1]);

    clock.ms = START_MS + 59_999;
    expect((await call('GET', '/v1/customers')).headers.get('retry-after')).toBe('1');
    clock.ms = START_MS + 60_000; // the first has left the window; the second, made at +30 s, has not
    expect((await call('GET', '/v1/customers')).status).toBe(200);
    expect((await call('GET', '/v1/customers')).status).toBe(429);
    expect(simulator.violations).toBe(3);
    expect(Object.fromEntries(simulator.requests)).toMatchObject({
      'GET /v1/customers 200': 2,
      'GET /v1/customers 429': 2,
      'GET /v1/customers/:customerId 404': 1,
      'POST /v1/customers 429': 1,
    });
  });

  it('count bulk calls by themselves, or in both where that is chosen', async () => {
    const quotas = { apiCalls: { requests: 3, seconds: 60 }, bulkCalls: { requests: 1, seconds: 3600 } };
    const { call, simulator } = setUp({ quotas });
    const bulk = () => call('POST', '/v1/customers/bulk/async', [{ source_id: 'a' }]);
    expect(limits((await bulk()).headers)).toEqual(['1', '0', `${epoch + 3600}`, 'bulk_api_calls']);
    const refused = await call('POST', '/v1/customers/metadata/async', { source_ids: ['a'], metadata: {} });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3600']);
    expect((await call('GET', '/v1/customers')).headers.get('x-rate-limit-remaining')).toBe('2');
    expect(simulator.violations).toBe(1);

    const both = setUp({ quotas: { ...quotas, bulkCountsAsApiCall: true } });
    await both.call('POST', '/v1/customers/bulk/async', []);
    await both.call('POST', '/v1/customers/bulk/async', []); // refused: costs the other bucket nothing
    expect((await both.call('GET', '/v1/customers')).headers.get('x-rate-limit-remaining')).toBe('1');
  });

  it('name the cycle when it is used up', async () => {
    const { call } = setUp({
      quotas: { apiCalls: { requests: 10, seconds: 60 }, cycle: { requests: 1, seconds: 30 * 86_400 } },
    });
    await call('GET', '/v1/customers');
    const { status, headers } = await call('GET', '/v1/customers');
    expect([status, headers.get('retry-after')]).toEqual([429, String(30 * 86_400)]);
    expect(limits(headers)).toEqual(['1', '0', `${epoch + 30 * 86_400}`, 'api_calls_cycle']);
  });

  it('are not spent by who has no key, and say nothing when off', async () => {
    const { call } = setUp({ quotas: { apiCalls: { requests: 1, seconds: 60 }, bulkCalls: false } });
    const stranger = await call('GET', '/v1/customers', undefined, { ...KEYS, 'X-App-Token': 'guess' });
    expect(stranger.status).toBe(401);
    expect(stranger.body).toMatchObject({ code: 401, key: 'unauthorized', request_id: expect.any(String) });
    expect(limits(stranger.headers)).toEqual(['1', '1', `${epoch}`, 'api_calls']);
    expect((await call('GET', '/v1/customers')).status).toBe(200);
    const bulk = await call('POST', '/v1/customers/bulk/async', []);
    expect([bulk.status, ...limits(bulk.headers)]).toEqual([202, null, null, null, null]);
  });
});

describe('faults', () => {
  it('come before the route: an answer of their own, a cut connection, or a 502 after the deed', async () => {
    const faults = [
      Response.json({ code: 500 }, { status: 500 }),
      'drop',
      'apply-then-drop',
      undefined,
    ] as const;
    const routes: string[] = [];
    const simulator = createVoucherifySimulator({
      now: () => START_MS,
      appId: 'app',
      appToken: 'token',
      faults: async (_request, route) => faults[routes.push(route) - 1],
    });
    const served = await serve(simulator.app);
    const post = (source_id: string) =>
      fetch(`${served.url}/v1/customers`, {
        method: 'POST',
        headers: KEYS,
        body: JSON.stringify({ source_id }),
      });
    expect((await post('a')).status).toBe(500);
    await expect(post('b')).rejects.toThrow('fetch failed');
    expect((await post('c')).status).toBe(502);
    expect((await post('d')).status).toBe(200);
    await served.close();
    expect(routes).toEqual(Array(4).fill('POST /v1/customers'));
    expect(Array.from(simulator.customers(), ({ source_id }) => source_id)).toEqual(['c', 'd']);
    expect(Object.fromEntries(simulator.requests)).toEqual({
      'POST /v1/customers 500': 1,
      'POST /v1/customers 0': 1,
      'POST /v1/customers 502': 1,
      'POST /v1/customers 200': 1,
    });
  });
});

describe('webhooks', () => {
  it('tell of single calls, with the key that made them, and of the dashboard, but not of bulk', async () => {
    const events: WebhookEnvelope[] = [];
    const { call, bulk, simulator } = setUp({ webhooks: (envelope) => events.push(envelope) });
    await bulk([{ source_id: 'a' }, { source_id: 'bulk' }]);
    expect(events).toEqual([]);
    await call('POST', '/v1/customers', { source_id: 'b' });
    await call('PUT', '/v1/customers/a', { name: 'Ann' });
    simulator.upsert({ source_id: 'a', name: 'Portal' });
    await call('PUT', '/v1/customers/nobody', {});
    expect(events.map(({ type, data }) => [type, data.customer.source_id])).toEqual([
      ['customer.created', 'b'],
      ['customer.updated', 'a'],
      ['customer.updated', 'a'],
    ]);
    expect(events[1]).toMatchObject({
      created_at: '2026-03-01T12:00:00.000Z',
      data: { customer: { object: 'customer', name: 'Ann' } },
      source: { object: 'webhook' },
      event: { type: 'customer.updated', event_source: { channel: 'API', api_key: { app_id: 'app' } } },
    });
    expect(events[2]?.event.event_source).toMatchObject({ channel: 'USER_PORTAL' });
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
  });

  it('are signed over their JSON without the whitespace outside strings', () => {
    const compact = '{"a":"x y","b":[1,2]}';
    const signature = signWebhook(compact, 'secret');
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(signWebhook('{\n  "a": "x y",\n  "b": [1, 2]\n}', 'secret')).toBe(signature);
    expect(signWebhook(compact, 'other')).not.toBe(signature);
    // RFC 4231, test case 2, its data being wrapped so that it is JSON, computed with OpenSSL.
    expect(signWebhook('"what do ya want for nothing?"', 'Jefe')).toBe(SIGNED_BY_OPENSSL);
  });
});

describe('the truth', () => {
  it('goes through JSON and back, with bulk still under way', async () => {
    const options = { bulkProcessing: { waitMs: 1000, recordMs: 0 } } as const;
    const one = setUp({ ...options, metadataSchema: { properties: {} } });
    one.simulator.upsert({ source_id: 'a', name: 'Ann', metadata: { x: [1] } });
    one.simulator.upsert({ source_id: 'gone' });
    one.simulator.remove('gone');
    one.clock.ms += 5;
    one.simulator.upsert({ source_id: 'a', email: 'ann@x.test' });
    const { id } = await one.bulk([{ source_id: 'b' }]);
    await one.call('POST', '/v1/exports', { exported_object: 'customer' });

    const two = setUp(options);
    two.clock.ms = one.clock.ms;
    two.simulator.restoreSnapshot(JSON.parse(JSON.stringify(one.simulator.snapshot())));
    const path = '/v1/customers?order=updated_at';
    expect((await two.call('GET', path)).body).toEqual((await one.call('GET', path)).body);
    expect(two.simulator.deleted()).toEqual(one.simulator.deleted());
    expect((await two.call('GET', '/v1/metadata-schemas/customer')).status).toBe(200);
    expect((await two.call('GET', '/v1/exports')).body.exports).toMatchObject([{ status: 'DONE' }]);
    two.clock.ms += 2000;
    expect((await two.call('GET', `/v1/async-actions/${id}`)).body).toMatchObject({ status: 'DONE' });
    expect([...two.simulator.customers()].map(({ source_id }) => source_id)).toEqual(['a', 'b']);
    const ids = [...two.simulator.customers()].map((customer) => customer.id);
    expect(new Set([...ids, ...two.simulator.deleted().map((customer) => customer.id)]).size).toBe(3);
    expect(one.simulator.bySourceId('b')).toBeUndefined();
  });

  it('tells of every write in order', async () => {
    const journal: unknown[] = [];
    const { simulator, bulk } = setUp({ onWrite: ({ source_id }, kind) => journal.push([kind, source_id]) });
    await bulk([{ source_id: 'a' }, { source_id: 'a' }]);
    simulator.remove('a');
    expect(journal).toEqual([
      ['created', 'a'],
      ['updated', 'a'],
      ['deleted', 'a_deleted2026-03-01T12:00:00.000Z'],
    ]);
  });

  it('takes a full 10 MB bulk body in three times what parsing and copying it takes', async () => {
    const records: unknown[] = [];
    for (let bytes = 0; bytes < 10_000_000; ) {
      const n = records.length;
      const record = {
        source_id: `crm-${n}`,
        name: `Customer ${n}`,
        email: `customer.${n}@example.test`,
        address: { city: 'Warsaw', country: 'PL' },
        metadata: { lifecycle: 'lead', score: n, tags: ['a', 'b'] },
      };
      bytes += JSON.stringify(record).length + 1;
      records.push(record);
    }
    const body = JSON.stringify(records);
    const take = async () => {
      const { simulator, call } = setUp();
      expect((await call('POST', '/v1/customers/bulk/async', body)).status).toBe(202);
      expect(simulator.count).toBe(records.length);
    };
    // What a machine is worth is measured beside it, and the least of three is what nothing disturbed.
    const yardstick: number[] = [];
    const taken: number[] = [];
    for (let i = 0; i < 3; i++) {
      yardstick.push(await cpuMs(() => structuredClone(JSON.parse(body))));
      taken.push(await cpuMs(take));
    }
    expect(Math.min(...taken) / Math.min(...yardstick)).toBeLessThan(3);
  });
});

/** What work takes of the processor, in milliseconds: the clock on the wall is slowed by other processes. */
async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('the official client', () => {
  async function withClient(
    options: Partial<VoucherifyOptions>,
    use: (client: ReturnType<typeof VoucherifyServerSide>, world: ReturnType<typeof setUp>) => Promise<void>,
  ) {
    const world = setUp(options);
    const contract = openContract();
    const served = await serve({
      fetch: async (request: Request, env) => {
        const response = await world.simulator.app.fetch(request, env);
        await contract?.check(request, response);
        return response;
      },
    });
    const client = VoucherifyServerSide({ applicationId: 'app', secretKey: 'token', apiUrl: served.url });
    try {
      await use(client, world);
    } finally {
      await served.close();
    }
    if (contract)
      expect({ violations: contract.violations, checked: contract.checked > 0 }).toEqual({
        violations: [],
        checked: true,
      });
  }

  it('creates, reads, updates, lists and deletes', () =>
    withClient({ quotas: { apiCalls: { requests: 100, seconds: 60 } } }, async (client, { simulator }) => {
      const ann: Body = await client.customers.create({
        source_id: 'a b/c%',
        name: 'Ann',
        metadata: { x: 1 },
      });
      expect(await client.customers.get('a b/c%')).toMatchObject({
        id: ann.id,
        name: 'Ann',
        metadata: { x: 1 },
      });
      await client.customers.update({ source_id: 'a b/c%', email: 'ann@x.test', address: { city: 'Rome' } });
      await client.customers.update({ id: ann.id, phone: '+1' });
      expect(simulator.bySourceId('a b/c%')).toMatchObject({ name: 'Ann', email: 'ann@x.test', phone: '+1' });
      expect(await client.customers.list({ limit: 5, email: 'ann@x.test' })).toMatchObject({ total: 1 });
      expect(client.apiLimitsHandler.getRateLimitRemaining()).toBe(95);
      await client.customers.delete('a b/c%');
      await expect(client.customers.get('a b/c%')).rejects.toMatchObject({
        code: 404,
        key: 'not_found',
        resource_type: 'customer',
      });
      const bob: Body = await client.customers.create({ source_id: 'b' });
      expect(await client.customers.deletePermanently(bob.id)).toMatchObject({ status: 'DONE' });
      expect(simulator.count).toBe(0);
    }));

  it('scrolls through all, both ways', () =>
    withClient({ writesPerMillisecond: 1 }, async (client, { simulator }) => {
      for (let i = 0; i < 250; i += 1) simulator.upsert({ source_id: `s${i}` });
      for (const order of [undefined, 'created_at'] as const) {
        const seen: unknown[] = [];
        // The client's generator is typed to be sent customers, which a loop does not do.
        const scrolled = client.customers.scroll(order ? { order } : {}) as AsyncIterable<Body>;
        for await (const customer of scrolled) seen.push(customer.source_id);
        const all = Array.from({ length: 250 }, (_, i) => `s${i}`);
        expect(seen).toEqual(order ? all : all.reverse());
      }
    }));

  it('writes in bulk and follows the action', () =>
    withClient(
      { metadataSchema: { properties: { age: { type: 'number' } } } },
      async (client, { simulator }) => {
        const bulk = await client.customers.updateInBulk([
          { source_id: 'a', name: 'Ann', address: { city: 'Rome', country: 'IT' } },
          { source_id: 'b', metadata: { age: 'old' } },
        ]);
        expect(await client.asyncActions.get(bulk.async_action_id)).toMatchObject({
          status: 'DONE',
          result: { done_count: 1, failed_count: 1, errors: [{ source_id: 'b' }] },
        });
        const metadata = await client.customers.updateMetadataInBulk({
          source_ids: ['a', 'c'],
          metadata: { age: 3 },
        });
        expect(await client.asyncActions.get(metadata.async_action_id)).toMatchObject({ status: 'DONE' });
        expect((await client.asyncActions.list({ limit: 10 })).async_actions).toHaveLength(2);
        expect(simulator.bySourceId('a')).toMatchObject({ address: { city: 'Rome' }, metadata: { age: 3 } });
        expect(simulator.bySourceId('c')).toBeDefined();
        expect(await client.metadataSchemas.list()).toMatchObject({ total: 1 });
        expect(await client.metadataSchemas.get('customer')).toMatchObject({ related_object: 'customer' });
      },
    ));

  it('imports a CSV file', () =>
    withClient({}, async (client, { simulator }) => {
      const folder = mkdtempSync(join(tmpdir(), 'voucherify-simulator-'));
      try {
        const path = join(folder, 'customers.csv');
        writeFileSync(path, 'Source_id,Name,Address_line_1,shoe\na,Ann,"1, Main St",42\n');
        const { async_action_id } = await client.customers.importCSV(path);
        expect(await client.asyncActions.get(async_action_id)).toMatchObject({
          result: { done_count: 1, failed: [] },
        });
        expect(simulator.bySourceId('a')).toMatchObject({
          name: 'Ann',
          address: { line_1: '1, Main St' },
          metadata: { shoe: '42' },
        });
      } finally {
        rmSync(folder, { recursive: true });
      }
    }));

  it('exports through the distributions client', () =>
    withClient({}, async (client, { simulator, call }) => {
      simulator.upsert({ source_id: 'a', name: 'Ann' });
      const { exports } = client.distributions;
      const made = await exports.create({
        exported_object: 'customer',
        parameters: { fields: ['source_id', 'name'] },
      });
      expect(made).toMatchObject({ status: 'SCHEDULED' });
      const { result } = (await exports.get(made.id)) as Body;
      const { pathname, search } = new URL(result.url);
      expect((await call('GET', pathname + search)).body).toBe('Source ID,Name\na,Ann\n');
      expect(await exports.list()).toMatchObject({ total: 1 });
      await exports.delete(made.id);
      await expect(exports.get(made.id)).rejects.toMatchObject({ code: 404, resource_type: 'export' });
    }));

  it('is told what went wrong', () =>
    withClient(
      { quotas: { apiCalls: { requests: 1, seconds: 60 } }, bodyLimitBytes: 200 },
      async (client) => {
        const large = [{ source_id: 'a', name: 'x'.repeat(300) }];
        await expect(client.customers.updateInBulk(large)).rejects.toThrow();
        await expect(client.customers.create({ name: 5 as unknown as string })).rejects.toMatchObject({
          code: 400,
          key: 'invalid_payload',
        });
        await expect(client.customers.create({})).rejects.toMatchObject({
          code: 429,
          message: 'Too many requests hit the API too quickly.',
        });
      },
    ));
});

const SIGNED_BY_OPENSSL = '6e5c2a18febccaca669ac5f4415342714850e76ba86824a3371270e6dd69956f';

/** The official contract, when the shared reference is at hand; else nothing is checked. */
function openContract() {
  const file = new URL('../../../shared/reference/openapi/voucherify.json', import.meta.url);
  if (!existsSync(file)) return undefined;
  const api = JSON.parse(readFileSync(file, 'utf8'));
  // The contract asks for `data`, its own examples and the client have `schemas`.
  api.components.schemas.MetadataSchemasListResponseBody.required = [
    'object',
    'data_ref',
    'schemas',
    'total',
  ];
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  ajv.addFormat('date', /^\d{4}-\d{2}-\d{2}$/);
  ajv.addFormat('date-time', /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/);
  ajv.addSchema({ $id: 'api', components: asJsonSchema(api.components) });
  const compiled = new Map<string, ValidateFunction>();
  const contract = {
    violations: [] as string[],
    checked: 0,
    async check(request: Request, response: Response) {
      const { pathname } = new URL(request.url);
      const template = Object.keys(api.paths)
        .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
        .find((path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname));
      const method = request.method.toLowerCase();
      const name = `${method} ${template} ${response.status}`;
      const declared = template && api.paths[template][method]?.responses[response.status];
      // Errors that the contract leaves out are held to its general error.
      const schema = declared
        ? declared.content?.['application/json']?.schema
        : { $ref: '#/components/schemas/Error' };
      if (!template || !schema) return;
      if (!compiled.has(name)) compiled.set(name, ajv.compile(inlined(schema)));
      const validate = compiled.get(name)!;
      contract.checked += 1;
      if (response.status === 429 && template.endsWith('async')) return; // `code` is typed string, with a number for default
      if (!validate(await response.clone().json()))
        contract.violations.push(`${name}: ${ajv.errorsText(validate.errors)}`);
    },
  };
  return contract;
}

/** OpenAPI 3.0 as JSON Schema: `nullable` spelled out, `oneOf` loosened since the official branches overlap. */
function asJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asJsonSchema);
  if (typeof node !== 'object' || node === null) return node;
  const {
    nullable,
    oneOf,
    example: _,
    examples: __,
    discriminator: ___,
    ...rest
  } = node as Record<string, unknown>;
  const plain = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, asJsonSchema(value)]));
  if (oneOf) plain['anyOf'] = asJsonSchema(oneOf);
  return nullable === true ? { anyOf: [plain, { type: 'null' }] } : plain;
}

/** A response's own schema, its references pointing into the one that holds all components. */
function inlined(schema: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(asJsonSchema(schema)).replaceAll('"#/components/', '"api#/components/'));
}
