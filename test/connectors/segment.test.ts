// Segment's connector against the simulated workspace: who may speak, what each call says, and that traits told a few at a
// time never empty what they do not name.

import { describe, expect, test } from 'vitest';
import { segment } from '../../connectors/segment.ts';
import {
  type PushedRequest,
  type SegmentOptions,
  SegmentSimulator,
  type Traits,
} from '../../simulators/segment.ts';
import {
  type Change,
  type Context,
  type Fields,
  type Json,
  type JsonObject,
  RejectedError,
  type SourceRecord,
} from '../../src/connector.ts';
import { sourceIdOf } from '../../src/customer/identity.ts';
import { compileMapping } from '../../src/customer/mapping.ts';
import { decode } from '../../src/engine/webhook/decoding.ts';
import { asReceived } from '../../src/sync/intake/clocks.ts';
import { composeOne } from '../../src/sync/intake/partial-records.ts';
import { fc } from '../support/properties.ts';
import { type Heard, heard, requestOf, webhookOf } from '../support/webhook.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');

const day = 86_400_000;

const secret = 'a shared secret of ours';

const urlToken = 'a-token-of-ours';

const url = 'https://sync.example.com/webhooks/segment';

const signed = { webhookSecret: secret };

const simulate = (options: Partial<SegmentOptions> = {}) =>
  new SegmentSimulator({ now: () => start, url, sharedSecret: secret, ...options });

const hear = (request: PushedRequest, settings: object = signed, now = start): Heard =>
  heard(segment, settings, requestOf(request), now);

const isLetIn = (request: PushedRequest, settings: object = signed) =>
  hear(request, settings).verdict.authentic;

/** What one call says, as it comes: through JSON. */
const changesOf = (call: unknown, receivedAt = start) =>
  webhookOf(segment, signed).changes(JSON.parse(JSON.stringify(call)), {
    method: 'POST',
    headers: {},
    query: {},
    receivedAt,
  }) as Change[];

const recordIn = (changes: readonly Change[]): SourceRecord => {
  const [change] = changes;
  if (change?.kind !== 'record') throw new Error('no record was said');
  return change.record;
};

const identified = (traits: Traits, more: Traits = {}) => changesOf(simulate().identify('u1', traits, more));

describe('authentication', () => {
  const batchOf = (size: number, options: Partial<SegmentOptions> = {}) => {
    const workspace = simulate({ batchSize: 1000, ...options });
    for (let index = 0; index < size; index += 1)
      workspace.identify(`u${index}`, { email: `${index}@example.com` });
    const [request] = workspace.take();
    return request!;
  };
  const one = (options: Partial<SegmentOptions> = {}) => batchOf(1, { batchSize: 1, ...options });

  test('the vector of the reference is accepted', () => {
    const request = {
      method: 'POST',
      url,
      headers: { 'x-signature': '30440ecc1423536661d0a551364df4ff71587aeb' },
      body: Buffer.from('{"id":"42","email":"a@example.com","type":"track"}'),
    };
    const vector = { ...request, body: Buffer.from('{"id":"42","email":"a@example.com"}') };
    expect(isLetIn(request, { webhookSecret: 'test-secret-0123456789' })).toBe(false);
    // It is no call, so of what it says only the refusal is heard: it was let in.
    expect(() => hear(vector, { webhookSecret: 'test-secret-0123456789' })).toThrow(RejectedError);
  });

  test.each(['POST', 'PUT', 'PATCH'] as const)('a call alone is, by its signature, sent by %s', (method) => {
    expect(hear(one({ method }))).toMatchObject({
      verdict: { authentic: true },
      changes: [{ kind: 'record', stream: 'users' }],
    });
  });

  test('white space that their serializer does not write is no harm, a changed value is', () => {
    const request = one();
    const call = JSON.parse(new TextDecoder().decode(request.body));
    const written = (value: unknown) => ({ ...request, body: Buffer.from(JSON.stringify(value, null, 2)) });
    expect(isLetIn(written(call))).toBe(true);
    expect(isLetIn(written({ ...call, userId: 'u2' }))).toBe(false);
  });

  test('one flipped bit, another secret or no signature is refused', () => {
    const request = one();
    for (const at of [1, 30, request.body.length - 1]) {
      const body = Uint8Array.from(request.body);
      body[at]! ^= 1;
      expect(hear({ ...request, body })).toMatchObject({ verdict: { authentic: false }, changes: [] });
    }
    expect(isLetIn(request, { webhookSecret: `${secret} ` })).toBe(false);
    expect(isLetIn({ ...request, headers: {} })).toBe(false);
    expect(isLetIn({ ...request, headers: { 'x-signature': '' } })).toBe(false);
  });

  test('while one secret takes over from another, both are accepted', () => {
    const both = { webhookSecret: ['new', 'old'] };
    expect(['new', 'old', 'other'].map((sharedSecret) => isLetIn(one({ sharedSecret }), both))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('a batch of one is accepted by its signature', () => {
    expect(hear(batchOf(1))).toMatchObject({ verdict: { authentic: true }, items: [{ userId: 'u0' }] });
  });

  test('elements 1..n of a batch are never taken on the first element’s signature alone', () => {
    for (const size of [2, 3, 50])
      expect(hear(batchOf(size))).toMatchObject({ verdict: { authentic: false }, changes: [] });
    // As one would forge it: a signed call that was seen, and behind it what was never said.
    const seen = one();
    const call = new TextDecoder().decode(seen.body);
    const forged = `[${call},{"type":"delete","userId":"victim"}]`;
    for (const body of [
      forged,
      forged.replace('[', '[ '),
      `{"0":${call},"1":{"type":"delete","userId":"victim"}}`,
    ])
      expect(isLetIn({ ...seen, body: Buffer.from(body) }), body.slice(0, 3)).toBe(false);
    for (const settings of [
      { ...signed, urlToken },
      { ...signed, bearerToken: 't' },
      { ...signed, basicAuth: 'u:p' },
    ])
      expect(isLetIn({ ...seen, body: Buffer.from(forged) }, settings)).toBe(false);
  });

  test.each([
    [
      'a token at the end of the URL',
      { urlToken },
      { url: `${url}/${urlToken}` },
      { url: `${url}/${urlToken}x` },
    ],
    [
      'a bearer header',
      { bearerToken: 't1' },
      { headers: { Authorization: 'Bearer t1' } },
      { headers: { Authorization: 'Bearer t2' } },
    ],
    [
      'a basic header',
      { basicAuth: 'user:pass' },
      { headers: { Authorization: `Basic ${btoa('user:pass')}` } },
      { headers: { Authorization: `Basic ${btoa('user:pas')}` } },
    ],
  ])(
    'a batch of more is accepted by its first signature together with %s, and by neither alone',
    (_what, setting, right, wrong) => {
      const settings = { ...signed, ...setting };
      expect(hear(batchOf(3, right), settings)).toMatchObject({
        verdict: { authentic: true },
        changes: [{}, {}, {}],
      });
      expect(isLetIn(batchOf(3, wrong), settings)).toBe(false);
      expect(isLetIn(batchOf(3, { ...right, sharedSecret: 'another' }), settings)).toBe(false);
      const { 'x-signature': _signature, ...headers } = batchOf(3, right).headers;
      expect(isLetIn({ ...batchOf(3, right), headers }, settings)).toBe(false);
      // One alone is signed whole, and needs no more.
      expect(isLetIn(one(), settings)).toBe(true);
    },
  );

  test('a batch that is signed as a whole is accepted, in case Segment starts to sign that way', () => {
    expect(isLetIn(batchOf(3, { signs: 'whole' }))).toBe(true);
  });

  test('what signs nothing is let in by its token, but only where no secret is set', () => {
    const sent = batchOf(3, {
      destination: 'extensible',
      headers: { Authorization: 'Bearer t1' },
      url: `${url}/${urlToken}`,
    });
    const { 'x-signature': _signature, ...headers } = sent.headers;
    const request = { ...sent, headers };
    expect(isLetIn(request, { bearerToken: 't1' })).toBe(true);
    expect(isLetIn(request, { urlToken: ['older', urlToken] })).toBe(true);
    expect(isLetIn(request, { bearerToken: 't2', urlToken: 'other' })).toBe(false);
    expect(isLetIn(request, { ...signed, bearerToken: 't1', urlToken })).toBe(false);
  });

  test('with nothing set nobody is accepted, and an explanation says what to set', async () => {
    expect(webhookOf(segment, {})).toMatchObject({
      authentication: [],
      missing: expect.stringMatching(/^Set webhookSecret .*\.$/),
    });
    expect(isLetIn(one(), {})).toBe(false);
    expect(webhookOf(segment, { urlToken }).missing).toBeUndefined();
    const context = (settings: object) =>
      ({ settings: segment.settings.parse(settings) }) as Context<unknown>;
    expect(await segment.check!(context({}))).toMatchObject([
      { allowed: false, note: expect.stringContaining('webhookSecret') },
    ]);
    expect(await segment.check!(context(signed))).toMatchObject([{ allowed: null }]);
  });
});

describe('a call that identifies', () => {
  test('says the traits that it names of the user, and no others', () => {
    const changes = identified({
      email: 'ada@example.com',
      plan: 'gold',
      tags: ['a'],
      nested: { deep: null },
    });
    expect(changes).toEqual([
      {
        kind: 'record',
        stream: 'users',
        partial: true,
        record: {
          recordId: 'u1',
          changedAt: start,
          body: { email: 'ada@example.com', plan: 'gold', tags: ['a'], nested: { deep: null }, userId: 'u1' },
        },
      },
    ]);
    expect(JSON.stringify(changes)).not.toContain('anonymous');
  });

  test('is anonymous without a user ID, and ignored', () => {
    for (const userId of [null, '', ' '])
      expect(changesOf(simulate().identify(userId, { email: 'a@example.com' }))).toEqual([
        { kind: 'ignored', reason: expect.stringContaining('userId') },
      ]);
  });

  test('takes a number for a user ID, and its own for the one that a trait claims', () => {
    const call = { ...simulate().identify('x', { userId: 'other', id: 5 }), userId: 42 };
    expect(recordIn(changesOf(call))).toMatchObject({ recordId: '42', body: { userId: '42', id: 5 } });
  });

  test('may have no traits, or none that are an object', () => {
    for (const traits of [{}, undefined, null, 'none'])
      expect(recordIn(changesOf({ ...simulate().identify('u1', {}), traits })).body).toEqual({
        userId: 'u1',
      });
  });

  test('happened at its timestamp, else at what else it says, else when it came; a time far ahead is not trusted', () => {
    const at = (more: object) => recordIn(changesOf({ ...simulate().identify('u1', {}), ...more })).changedAt;
    const [timestamp, originalTimestamp, receivedAt] = [1, 2, 3].map((hours) =>
      new Date(start - hours * 3_600_000).toISOString(),
    );
    expect(at({ timestamp, originalTimestamp, receivedAt })).toBe(start - 3_600_000);
    expect(at({ timestamp: 'soon', originalTimestamp, receivedAt })).toBe(start - 2 * 3_600_000);
    expect(at({ timestamp: null, originalTimestamp: null, receivedAt })).toBe(start - 3 * 3_600_000);
    expect(at({ timestamp: null, originalTimestamp: '', receivedAt: {} })).toBe(start);
    expect(at({ timestamp: new Date(start + 3_600_000).toISOString() })).toBe(start + 3_600_000);
    const ahead = changesOf({ ...simulate().identify('u1', {}), timestamp: '2099-01-01T00:00:00Z' });
    expect(asReceived(recordIn(ahead), start).changedAt).toBe(start);
  });
});

describe('reserved traits', () => {
  test('are available in snake_case too, however they are written, and as they are written', () => {
    const camel = recordIn(
      identified({
        firstName: 'Ada',
        lastName: 'King',
        createdAt: '2020-01-01',
        address: { postalCode: '00-001' },
      }),
    );
    expect(camel.body).toEqual({
      firstName: 'Ada',
      lastName: 'King',
      createdAt: '2020-01-01',
      address: { postalCode: '00-001' },
      first_name: 'Ada',
      last_name: 'King',
      created_at: '2020-01-01',
      'address.postal_code': '00-001',
      name: 'Ada King',
      userId: 'u1',
    });
    const snake = recordIn(
      identified({
        first_name: 'Ada',
        last_name: 'King',
        created_at: '2020-01-01',
        address: { postal_code: '00-001' },
      }),
    );
    const { firstName: _f, lastName: _l, createdAt: _c, address: _a, ...same } = camel.body;
    expect(snake.body).toEqual({ ...same, address: { postal_code: '00-001' } });
  });

  test('given under both names, the snake_case one wins', () => {
    expect(recordIn(identified({ firstName: 'A', first_name: 'B' })).body).toMatchObject({
      firstName: 'A',
      first_name: 'B',
    });
  });

  test('an address that is emptied is emptied in every part; one that is no object says nothing of them', () => {
    expect(recordIn(identified({ address: null })).body).toEqual({
      address: null,
      'address.street': null,
      'address.city': null,
      'address.state': null,
      'address.postal_code': null,
      'address.country': null,
      userId: 'u1',
    });
    for (const address of ['Main St 1', ['Main St 1'], 5, {}])
      expect(recordIn(identified({ address })).body).toEqual({ address, userId: 'u1' });
  });

  test('a trait named as what every object has is a trait like others', () => {
    const traits = JSON.parse('{"__proto__":{"name":"x"},"constructor":"c","toString":null}') as Traits;
    const { body } = recordIn(changesOf({ ...simulate().identify('u1', {}), traits }));
    expect(Object.keys(body).sort()).toEqual(['__proto__', 'constructor', 'toString', 'userId']);
    expect([Object.getPrototypeOf(body), body['name']]).toEqual([Object.prototype, undefined]);
    expect(changesOf({ ...simulate().identify('u1', {}), type: 'constructor' })).toMatchObject([
      { kind: 'ignored' },
    ]);
  });
});

describe('other calls', () => {
  test('a group is a record of the user in the stream of groups, whole', () => {
    const traits = { name: 'Initech', employees: 329, createdAt: '1999-02-19' };
    expect(changesOf(simulate().group('u1', 'g1', traits))).toEqual([
      {
        kind: 'record',
        stream: 'groups',
        record: {
          recordId: 'u1',
          changedAt: start,
          body: { userId: 'u1', groupId: 'g1', group: { ...traits, created_at: '1999-02-19' } },
        },
      },
    ]);
    expect(changesOf(simulate().group(null, 'g1', {}))).toMatchObject([{ kind: 'ignored' }]);
  });

  test('a deletion takes the user out of both streams', () => {
    const record = { recordId: 'u1', changedAt: start, deleted: true, body: {} };
    expect(changesOf(simulate().delete('u1'))).toEqual([
      { kind: 'record', stream: 'users', record },
      { kind: 'record', stream: 'groups', record },
    ]);
    expect(changesOf({ type: 'delete' })).toMatchObject([{ kind: 'ignored' }]);
  });

  test.each([
    ['as the specification spells it', simulate().alias('u2', 'u1')],
    [
      'as the page on webhooks spells it',
      { type: 'alias', 'Previous ID': 'u1', 'User ID': 'u2', timestamp: new Date(start).toISOString() },
    ],
  ])('an alias lets the user speak for who it was before, %s', (_how, call) => {
    expect(changesOf(call)).toEqual([
      {
        kind: 'record',
        stream: 'users',
        partial: true,
        record: { recordId: 'u2', changedAt: start, body: {}, merged: ['u1'] },
      },
    ]);
  });

  test('an alias that joins nothing is ignored', () => {
    for (const call of [simulate().alias('u1', 'u1'), simulate().alias('u1', ''), simulate().alias('', 'u1')])
      expect(changesOf(call)).toEqual([{ kind: 'ignored', reason: expect.stringMatching(/\.$/) }]);
  });

  test('what a user did is counted and left out, with the traits in its context', () => {
    const workspace = simulate();
    for (const call of [
      workspace.track('u1', 'Order Completed', { context: { traits: { email: 'other@example.com' } } }),
      workspace.saw('page', 'u1', 'Home'),
      workspace.saw('screen', 'u1', 'Home'),
      { ...workspace.track('u1', 'x'), type: 'somethingNew' },
    ])
      expect(changesOf(call)).toEqual([
        { kind: 'ignored', reason: expect.not.stringMatching(/@|Home|Order|u1/) },
      ]);
    expect(recordIn(identified({}, { context: { traits: { email: 'other@example.com' } } })).body).toEqual({
      userId: 'u1',
    });
  });

  test.each([
    ['a text', 'ada@example.com'],
    ['null', null],
    ['a list', ['ada@example.com']],
    ['a call of no type', { userId: 'ada@example.com', traits: {} }],
    ['a call whose type is none', { type: { is: 'ada@example.com' } }],
    ['a group without an ID', { type: 'group', userId: 'u1', traits: { email: 'ada@example.com' } }],
  ])('%s is refused with an explanation without its content', (_what, item) => {
    const refused = (() => {
      try {
        return changesOf(item);
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(RejectedError);
    expect((refused as Error).message).toMatch(/^\w+ \w+ .*\.$/);
    expect(JSON.stringify([(refused as Error).message, refused])).not.toMatch(/ada@|u1/);
  });
});

describe('what names a call', () => {
  const { key, decoding } = webhookOf(segment, signed);

  test('is its message ID, in whatever batch it is repeated', () => {
    const workspace = simulate({ batchSize: 3, url: `${url}/${urlToken}` });
    const calls = ['a', 'b', 'c', 'd'].map((id) => workspace.identify(id, {}));
    const settings = { ...signed, urlToken };
    const keys = (requests: readonly PushedRequest[]) =>
      requests.flatMap((request) => hear(request, settings).keys);
    const [first, again] = [keys(workspace.take()), keys(workspace.requests([...calls].reverse()))];
    expect(first).toEqual(calls.map((call) => call['messageId']));
    expect(again).toEqual([...first].reverse());
    expect(new Set(first).size).toBe(4);
  });

  test('is the content of what has none, such as a deletion', () => {
    expect(key!(simulate().delete('u1') as JsonObject)).toBeNull();
    expect([5, null, [], 'x'].map((item) => key!(item as Json))).toEqual([null, null, null, null]);
  });

  test('a call alone and a list are read alike', () => {
    const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
    expect(decode(decoding, bytes({ a: 1 }))).toEqual([{ a: 1 }]);
    expect(decode(decoding, bytes([{ a: 1 }, { a: 2 }]))).toEqual([{ a: 1 }, { a: 2 }]);
  });
});

describe('the default mapping', () => {
  const mapping = compileMapping(segment.source!.mapping);
  /** The customer's fields after these calls, put together as the path does it. */
  function fieldsAfter(calls: readonly unknown[]): Fields {
    const records = calls
      .flatMap((call) => changesOf(call))
      .flatMap((change) => (change.kind === 'record' ? [change.record] : []));
    const composed = composeOne(
      null,
      records.map((record) => ({ record, partial: true })),
    );
    const { fields, faults } = mapping.contribute(composed!.record.body);
    expect(faults).toEqual([]);
    return fields;
  }
  /** Each later than the one before. */
  const told = (...all: Traits[]) =>
    fieldsAfter(
      all.map((traits, index) =>
        simulate().identify('u1', traits, { timestamp: new Date(start - day + index * 1000).toISOString() }),
      ),
    );
  const everything: Traits = {
    name: 'Ada King',
    email: 'Ada@Example.com ',
    phone: '+48 600 700 800',
    birthday: '1815-12-10T00:00:00.000Z',
    description: 'Countess',
    address: { street: 'St James 12', city: 'London', state: 'LDN', postalCode: 'SW1', country: 'GB' },
  };
  const full: Fields = {
    name: 'Ada King',
    email: 'ada@example.com',
    phone: '+48 600 700 800',
    birthdate: '1815-12-10',
    description: 'Countess',
    'address.line_1': 'St James 12',
    'address.city': 'London',
    'address.state': 'LDN',
    'address.postal_code': 'SW1',
    'address.country': 'GB',
  };

  test('fills every standard field that Segment has a trait for, in either letter case', () => {
    expect(told(everything)).toEqual(full);
    const { name: _name, address, ...rest } = everything;
    const { postalCode, ...parts } = address as Traits;
    expect(
      told({
        ...rest,
        first_name: 'Ada',
        last_name: 'King',
        address: { ...parts, postal_code: postalCode! },
      }),
    ).toEqual(full);
    expect(told({ ...rest, firstName: 'Ada', lastName: 'King', address: address! })).toEqual(full);
  });

  test('finds the source ID where a call had one', () => {
    expect(sourceIdOf(recordIn(identified({})).body, segment.source!.sourceId)).toEqual({ value: 'u1' });
    const group = recordIn(changesOf(simulate().group('u1', 'g1', everything)));
    expect(sourceIdOf(group.body, segment.source!.sourceId)).toEqual({ value: 'u1' });
    // What a group is called is nothing of the person.
    expect(mapping.contribute(group.body).fields).toEqual({});
  });

  test('clears nothing because a trait is absent, whatever is sent later', () => {
    const trait = fc.constantFrom(
      ...[
        'name',
        'firstName',
        'first_name',
        'lastName',
        'last_name',
        'email',
        'phone',
        'birthday',
        'description',
        'plan',
      ],
    );
    const value = (name: string) =>
      ({ email: 'b@example.com', phone: '+48600700801', birthday: '1990-01-01' })[name] ?? `new ${name}`;
    const part = fc.subarray(['street', 'city', 'state', 'postalCode', 'postal_code', 'country']);
    const call = fc.record({
      traits: fc.array(trait, { maxLength: 4 }),
      address: fc.option(part, { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 5 }), (calls) => {
        const all = calls.map(
          ({ traits, address }): Traits => ({
            ...Object.fromEntries(traits.map((name) => [name, value(name)])),
            ...(address && { address: Object.fromEntries(address.map((name) => [name, `new ${name}`])) }),
          }),
        );
        const fields = told(everything, ...all);
        expect(Object.keys(fields).sort()).toEqual(Object.keys(full).sort());
        expect(Object.values(fields)).not.toContain(null);
      }),
    );
  });

  test('an address that names its city alone leaves the street of before', () => {
    expect(told(everything, { address: { city: 'Marylebone' } })).toEqual({
      ...full,
      'address.city': 'Marylebone',
    });
  });

  test('the last value of a reserved trait counts, in either letter case', () => {
    expect(told({ first_name: 'A', last_name: 'B' }, { firstName: 'C', lastName: 'D' })['name']).toBe('C D');
    expect(told({ name: 'A B' }, { firstName: 'C', lastName: 'D' })['name']).toBe('C D');
    expect(told({ firstName: 'C', lastName: 'D' }, { name: 'A B' })['name']).toBe('A B');
    expect(told({ firstName: 'C' }, { last_name: 'D' })['name']).toBe('C D');
    expect(told({ firstName: 'C' })['name']).toBe('C');
  });

  test('null empties what it names, and nothing else', () => {
    expect(told(everything, { phone: null, address: { city: null } })).toEqual({
      ...full,
      phone: null,
      'address.city': null,
    });
    expect(told(everything, { address: null })).toMatchObject({
      'address.line_1': null,
      'address.country': null,
      email: 'ada@example.com',
    });
    expect(told({ firstName: 'C', lastName: 'D' }, { firstName: null, lastName: null })['name']).toBeNull();
    expect(told(everything, { firstName: null })['name']).toBe('Ada King');
    expect(told({ firstName: 'C', lastName: 'D' }, { name: null })['name']).toBe('C D');
    expect(told({ name: 'A B' }, { name: null })['name']).toBeNull();
    expect(told({ plan: 'gold' })).toEqual({});
  });

  test('holds what the workspace holds, however the calls are ordered, repeated and batched', () => {
    const names = ['email', 'first_name', 'last_name', 'description', 'birthday'];
    const values: { [name: string]: string[] } = {
      email: ['a@example.com', 'b@example.com'],
      birthday: ['1990-01-01', '1991-02-03'],
    };
    const trait = fc.record({ name: fc.constantFrom(...names), which: fc.integer({ min: 0, max: 2 }) });
    fc.assert(
      fc.property(
        fc.array(fc.array(trait, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
        fc.integer(),
        (all, seed) => {
          const clock = { now: start - day };
          const workspace = simulate({ now: () => clock.now, batchSize: 3, url: `${url}/${urlToken}` });
          const calls = all.map((traits) => {
            clock.now += 1000;
            return workspace.identify(
              'u1',
              Object.fromEntries(
                traits.map(({ name, which }) => [
                  name,
                  which === 2 ? null : (values[name]?.[which] ?? `${name} ${which}`),
                ]),
              ),
            );
          });
          const shuffled = [...calls, ...calls]
            .map((call, index) => ({ call, place: Math.imul(seed + index, 0x9e37_79b1) | 0 }))
            .sort((a, b) => a.place - b.place)
            .map(({ call }) => call);
          const records = workspace
            .requests(shuffled)
            .flatMap((request) => hear(request, { ...signed, urlToken }).changes)
            .map((change) => recordIn([change]));
          const { fields } = mapping.contribute(
            composeOne(
              null,
              records.map((record) => ({ record, partial: true })),
            ).record.body,
          );
          const truth = workspace.users.get('u1')!;
          for (const name of ['email', 'description']) expect(fields[name]).toEqual(truth[name]);
          expect(fields['birthdate']).toEqual(truth['birthday']);
        },
      ),
    );
  });
});

describe('notes for a person', () => {
  test('what batches need, that tokens alone are for what signs nothing, and how long Segment repeats', () => {
    const { notes, retryHorizonSeconds, maxBodyBytes } = webhookOf(segment, signed);
    const text = notes!.join('\n');
    expect(text).toContain('signs only the first call of a batch');
    expect(text).toContain('Extensible Webhook without a shared secret does not sign');
    for (const note of notes!) expect(note).toMatch(/\.$/);
    expect(retryHorizonSeconds).toBeGreaterThan(4 * 3600);
    expect(maxBodyBytes).toBeGreaterThan(400 * 32_768);
  });

  test('the sample changes nobody', () => {
    expect(changesOf(JSON.parse(webhookOf(segment, signed).sample!))).toMatchObject([{ kind: 'ignored' }]);
  });

  test.each([
    [{ webhookSecret: '' }, /webhookSecret/],
    [{ webhookSecret: [] }, /webhookSecret/],
    [{ basicAuth: 'nobody' }, /basicAuth: must be "user:password"/],
    [{ secret: 'x' }, /secret/],
  ])('invalid settings are refused with an explanation: %j', (settings, says) => {
    const { success, error } = segment.settings.safeParse(settings);
    expect(success).toBe(false);
    expect(error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n')).toMatch(
      says,
    );
  });

  test('every setting has a description', () => {
    const shape = (segment.settings as unknown as { shape: Record<string, { description?: string }> }).shape;
    for (const [name, setting] of Object.entries(shape))
      expect(setting.description, name).toMatch(/\w+ \w+.*\.$/);
  });
});
