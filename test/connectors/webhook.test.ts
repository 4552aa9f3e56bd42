// The connector that is all configuration: who gets in, what a body says, and which configuration is refused.
import { describe, expect, test } from 'vitest';
import { RejectedError, type SourceRecord } from '#connector';
import { bothForms } from '../../connectors/webhook/salesforce.ts';
import { webhook } from '../../connectors/webhook.ts';
import {
  address,
  basic,
  bloomreach,
  clevertap,
  github,
  outboundMessage,
  type Pushed,
  post,
  shopify,
  standard,
  stripe,
} from '../../simulators/webhook.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';

const secret = 'test-secret-0123456789';
const standardSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const now = 1_700_000_000_000;
const person = { id: '42', email: 'a@example.com' };
const openWith = (rest: object) => ({ authentication: 'open', ...rest });

function hear(settings: unknown, pushed: Pushed, at = now) {
  return heard(webhook, settings, requestOf(pushed), at);
}

function recordsOf(settings: unknown, body: unknown, at = now): SourceRecord[] {
  return hear(settings, post(body), at).changes.flatMap((change) =>
    change.kind === 'record' ? [change.record] : [],
  );
}

function refused(settings: unknown): string {
  const { success, error } = webhook.settings.safeParse(settings);
  expect(success, JSON.stringify(settings)).toBe(false);
  return error!.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
}

/** Whoever sends, with one bit of the body turned. */
function flipped(pushed: Pushed): Pushed {
  const body = Uint8Array.from(pushed.body);
  body[10]! ^= 1;
  return { ...pushed, body };
}

describe('authentication', () => {
  const standardOf = (at: number, prefix?: string) =>
    standard(person, { secret: standardSecret, id: 'msg_1', at, ...(prefix !== undefined && { prefix }) });
  const signed: [string, unknown, (wrong: boolean) => Pushed][] = [
    [
      'Standard Webhooks',
      { type: 'standard-webhooks', secret: standardSecret },
      (wrong) =>
        wrong
          ? standard(person, { secret: `whsec_${'A'.repeat(32)}`, id: 'msg_1', at: now })
          : standardOf(now),
    ],
    [
      'Stripe',
      { type: 'stripe', secret },
      (wrong) => stripe(person, { secrets: [wrong ? 'another' : secret], at: now }),
    ],
    ['GitHub', { type: 'github', secret }, (wrong) => github(person, wrong ? 'another' : secret)],
    ['Shopify', { type: 'shopify', secret }, (wrong) => shopify(person, wrong ? 'another' : secret)],
    [
      'a signature that is described',
      {
        type: 'signature',
        algorithm: 'hmac-sha256',
        secret,
        message: ['timestamp', { literal: '.' }, 'body'],
        header: 'Stripe-Signature',
        form: { pairs: 'v1' },
        encoding: 'hex',
        timestamp: { from: { pair: 't' } },
      },
      (wrong) => stripe(person, { secrets: [wrong ? 'another' : secret], at: now }),
    ],
  ];

  test.each(signed)(
    '%s: the right secret, and neither another nor a body with a bit turned',
    (_, way, push) => {
      const settings = { authentication: way };
      expect(hear(settings, push(false)).verdict).toEqual({ authentic: true });
      for (const pushed of [push(true), flipped(push(false)), post(person)]) {
        const { verdict, changes } = hear(settings, pushed);
        expect(verdict.authentic).toBe(false);
        expect(changes).toEqual([]);
        expect(JSON.stringify(verdict)).not.toContain(secret);
      }
    },
  );

  test('Standard Webhooks under the older names of its headers too, for five minutes either way', () => {
    const settings = { authentication: { type: 'standard-webhooks', secret: standardSecret } };
    expect(hear(settings, standardOf(now, 'svix')).verdict.authentic).toBe(true);
    expect(hear(settings, standardOf(now - 299_000)).verdict.authentic).toBe(true);
    expect(hear(settings, standardOf(now - 302_000)).verdict.authentic).toBe(false);
    expect(hear(settings, standardOf(now + 302_000)).verdict.authentic).toBe(false);
  });

  test('each of two secrets while one takes over from the other', () => {
    const settings = { authentication: { type: 'stripe', secret: ['old', 'new'] } };
    for (const secrets of [['old'], ['new'], ['other', 'new']]) {
      expect(hear(settings, stripe(person, { secrets, at: now })).verdict.authentic).toBe(true);
    }
    expect(hear(settings, stripe(person, { secrets: ['other'], at: now })).verdict.authentic).toBe(false);
  });

  const credentials: [string, unknown, Pushed, Pushed][] = [
    [
      'a bearer token',
      { type: 'bearer', token: secret },
      post(person, { authorization: `Bearer ${secret}` }),
      post(person, { authorization: secret }),
    ],
    [
      'a user and a password',
      { type: 'basic', user: 'tributary', password: secret },
      post(person, basic('tributary', secret)),
      post(person, basic('other', secret)),
    ],
    [
      'a header',
      { type: 'header', name: 'X-Token', value: secret },
      post(person, { 'x-token': secret }),
      post(person, { 'x-token': `${secret}!` }),
    ],
    [
      'a query parameter',
      { type: 'query', name: 'key', value: secret },
      post(person, {}, `${address}?key=${secret}`),
      post(person, {}, `${address}?key=`),
    ],
    [
      'a token in the path',
      { type: 'path', token: secret },
      post(person, {}, `${address}/${secret}`),
      post(person, {}, `${address}/other`),
    ],
    [
      'a field of the body',
      { type: 'field', path: 'auth.token', value: secret },
      post({ ...person, auth: { token: secret } }),
      post({ ...person, token: secret }),
    ],
  ];

  test.each(credentials)('%s that fits, and nothing else', (_, way, right, wrong) => {
    expect(hear({ authentication: way }, right).verdict).toEqual({ authentic: true });
    expect(hear({ authentication: way }, wrong).verdict.authentic).toBe(false);
    expect(hear({ authentication: way }, post(person)).verdict.authentic).toBe(false);
  });

  test('any way of a list, and of "all" only all together', () => {
    const bearer = { type: 'bearer', token: 'a-token' };
    const svix = { type: 'standard-webhooks', secret: standardSecret };
    const authorised = { authorization: 'Bearer a-token' };
    const both = (prefix: string): Pushed => {
      const pushed = standardOf(now, prefix);
      return { ...pushed, headers: { ...pushed.headers, ...authorised } };
    };
    const any = { authentication: [bearer, svix] };
    const all = { authentication: { type: 'all', of: [bearer, svix] } };
    for (const pushed of [standardOf(now), post(person, authorised)]) {
      expect(hear(any, pushed).verdict.authentic).toBe(true);
      expect(hear(all, pushed).verdict.authentic).toBe(false);
    }
    expect(hear(all, both('webhook')).verdict.authentic).toBe(true);
    expect(hear(all, both('svix')).verdict.authentic).toBe(true);
  });

  test('nobody where nothing is said, with an explanation of what to set; anybody where a person wrote "open"', () => {
    expect(hear({}, post(person)).verdict).toMatchObject({
      authentic: false,
      reason: expect.stringContaining('Set "authentication"'),
    });
    expect(hear({ authentication: 'open' }, post(person)).verdict.authentic).toBe(true);
    expect(webhookOf(webhook, { authentication: 'open' }).notes?.join(' ')).toContain(
      'Authentication is "open"',
    );
  });

  test('only where the checks hold too', () => {
    const settings = openWith({
      checks: [
        { header: 'x-account', equalsField: 'account' },
        { field: 'account', oneOf: ['7', '8'] },
      ],
    });
    const from = (account: string, header = account) => post({ ...person, account }, { 'x-account': header });
    expect(hear(settings, from('7')).verdict.authentic).toBe(true);
    expect(hear(settings, from('9')).verdict.authentic).toBe(false);
    expect(hear(settings, from('7', '8')).verdict.authentic).toBe(false);
    expect(hear(settings, post(person)).verdict.authentic).toBe(false);
  });

  test('a handshake is declared as it was written', () => {
    const handshake = {
      reachabilityCheck: true,
      challenge: { query: 'hub.challenge', token: { query: 'hub.verify_token', value: secret } },
      ping: { field: 'type', equals: 'ping', echo: 'nonce' },
    };
    expect(webhookOf(webhook, openWith({ handshake })).handshake).toEqual({
      reachabilityCheck: true,
      challenge: { query: 'hub.challenge', token: { query: 'hub.verify_token', values: [secret] } },
      ping: { field: 'type', equals: 'ping', echo: 'nonce' },
    });
  });
});

describe('what a body says', () => {
  test('a whole body is one record, a list is many; the time of receipt replaces a missing time', () => {
    expect(recordsOf(openWith({}), person)).toEqual([{ recordId: '42', changedAt: now, body: person }]);
    const list = [person, { id: 43, changed_at: '2023-11-14T10:00:00Z' }];
    expect(recordsOf(openWith({}), list).map(({ recordId, changedAt }) => [recordId, changedAt])).toEqual([
      ['42', now],
      ['43', Date.parse('2023-11-14T10:00:00Z')],
    ]);
  });

  test('items, the ID, the clock and the fields are where the paths say', () => {
    const settings = openWith({
      items: ['nothing.here', 'data.people'],
      stringified: ['payload'],
      eventId: ['meta.batch', 'payload.n'],
      record: { id: 'payload.key', body: 'payload.fields', changedAt: ['meta.at', 'meta.sent'] },
    });
    const item = { meta: { batch: 'b', sent: 1_600_000_000 } };
    const payload = JSON.stringify({ key: 'k1', n: 3, fields: { name: 'Ada' } });
    const { keys, changes } = hear(settings, post({ data: { people: [{ ...item, payload }] } }));
    expect(keys).toEqual(['b 3']);
    expect(changes).toEqual([
      {
        kind: 'record',
        stream: 'records',
        // The ID is not among the fields: it is put there, so that it can be the source ID.
        record: { recordId: 'k1', changedAt: 1_600_000_000_000, body: { name: 'Ada', id: 'k1' } },
      },
    ]);
  });

  test('where a part of the event ID is missing, the content names the sending', () => {
    const settings = openWith({ eventId: ['a', 'b'] });
    expect(hear(settings, post({ ...person, a: '1' })).keys).toEqual([null]);
    expect(hear(settings, post({ ...person, a: '1', b: 2 })).keys).toEqual(['1 2']);
  });

  test('a time that is a number counts seconds, or the unit that is declared; its size tells nothing', () => {
    const at = (record: object, changed_at: unknown) =>
      recordsOf(openWith({ record }), { ...person, changed_at })[0]!.changedAt;
    expect(at({}, 1_600_000_000)).toBe(1_600_000_000_000);
    expect(() => at({}, '1600000000000')).toThrow(
      'The value at changed_at is not a time: use ISO 8601, or a number of seconds since 1970. For another unit, set record.unit of the source and replay the request.',
    );
    expect(at({ unit: 'milliseconds' }, '1600000000000')).toBe(1_600_000_000_000);
    expect(at({ unit: 'microseconds' }, 1_600_000_000_000_000)).toBe(1_600_000_000_000);
    expect(at({ unit: 'milliseconds' }, 1_600_000_000)).toBe(1_600_000_000);
    expect(at({}, '')).toBe(now);
  });

  test('a form is read with its brackets, and its texts fit values that are none', () => {
    const settings = openWith({
      body: 'form',
      items: 'person',
      record: { deleted: { path: 'gone', equals: [1, true] } },
    });
    const pushed = post('person[id]=42&person[name]=Ada&person[gone]=0');
    expect(hear(settings, pushed).changes).toMatchObject([
      { record: { recordId: '42', body: { name: 'Ada' } } },
    ]);
    expect(hear(settings, post('person[id]=42&person[gone]=1')).changes).toEqual([
      {
        kind: 'record',
        stream: 'records',
        record: { recordId: '42', changedAt: now, deleted: true, body: {} },
      },
    ]);
  });

  test('what is partial says so, except where the record is gone', () => {
    const settings = openWith({ record: { partial: true, deleted: { path: 'event', equals: 'removed' } } });
    expect(hear(settings, post(person)).changes).toMatchObject([{ partial: true }]);
    const [gone] = hear(settings, post({ ...person, event: 'removed' })).changes;
    expect(gone).toMatchObject({ record: { deleted: true } });
    expect(gone).not.toHaveProperty('partial');
  });

  test('items that "only" leaves out are ignored, with a reason without values', () => {
    const settings = openWith({ only: { type: ['person.created', 'person.updated'], 'meta.live': true } });
    const item = (type: string, live: boolean) => ({ ...person, type, meta: { live } });
    const { changes } = hear(
      settings,
      post([item('person.updated', true), item('order.made', true), item('person.created', false)]),
    );
    expect(changes.map(({ kind }) => kind)).toEqual(['record', 'ignored', 'ignored']);
    expect(changes[1]).toEqual({
      kind: 'ignored',
      reason: 'The value at type is not among the values in "only".',
    });
  });

  test('anything else is rejected with an explanation without its content', () => {
    const cases: [object, unknown, RegExp][] = [
      [{}, { email: 'secret@example.com' }, /no ID at id/],
      [{}, { id: { secret: 1 } }, /no ID at id/],
      [{}, 'secret', /no ID at id/],
      [{}, { ...person, changed_at: 'secret' }, /not a time/],
      [{ record: { body: 'fields' } }, { ...person, fields: 'secret' }, /fields is not an object/],
    ];
    for (const [settings, body, says] of cases) {
      const attempt = () => hear(openWith(settings), post(JSON.stringify(body)));
      expect(attempt).toThrow(RejectedError);
      expect(attempt).toThrow(says);
      expect(attempt).not.toThrow(/secret/);
    }
    expect(hear(openWith({ record: { withoutId: 'ignore' } }), post({ a: 1 })).changes).toMatchObject([
      { kind: 'ignored' },
    ]);
  });

  test('the sample is accepted and says nothing of anybody', () => {
    const all = [{}, { items: ['data.items', ''], record: { id: 'person.key' } }, { template: 'clevertap' }];
    for (const settings of all.map(openWith)) {
      const { verdict, items } = hear(settings, post(webhookOf(webhook, settings).sample));
      expect(verdict).toEqual({ authentic: true });
      expect(items).toEqual([]);
    }
    expect(webhookOf(webhook, { template: 'salesforce' }).sample).toBeUndefined();
  });
});

describe('Salesforce outbound messages', () => {
  const organizationId = '00D5g000004XyZ1';
  const settings = {
    template: 'salesforce',
    organizationId,
    authentication: { type: 'path', token: secret },
    record: { absentIsEmpty: ['Email', 'Phone'] },
  };
  const ada = { Id: '0035g00000AAAAAAA1', Email: 'ada@example.com', LastName: 'Lovelace & Co' };
  const grace = { Id: '0035g00000BBBBBBB2', Email: null, LastName: 'Hopper' };
  const notifications = [
    { id: '04l5g00000000001', fields: { ...ada, SystemModstamp: '2026-11-02T08:00:00.000Z' } },
    { id: '04l5g00000000002', fields: { ...grace, LastModifiedDate: '2026-11-02T08:00:01.000Z' } },
  ];
  const sent = (of = notifications, from = `${organizationId}EAK`) =>
    outboundMessage(of, { organizationId: from, token: secret });

  test('two notifications are two records, by the key of each, and the answer is the Ack', () => {
    const { verdict, keys, changes } = hear(settings, sent());
    expect(verdict).toEqual({ authentic: true });
    expect(keys).toEqual(['04l5g00000000001', '04l5g00000000002']);
    expect(changes.map((change) => change.kind === 'record' && change.record)).toEqual([
      {
        recordId: ada.Id,
        changedAt: Date.parse('2026-11-02T08:00:00.000Z'),
        body: { ...ada, Phone: null, SystemModstamp: '2026-11-02T08:00:00.000Z' },
      },
      {
        recordId: grace.Id,
        changedAt: Date.parse('2026-11-02T08:00:01.000Z'),
        body: { ...grace, Phone: null, LastModifiedDate: '2026-11-02T08:00:01.000Z' },
      },
    ]);
    const { reply, retryHorizonSeconds } = webhookOf(webhook, settings);
    expect(reply?.contentType).toMatch(/^text\/xml/);
    expect(reply?.body).toContain('<Ack>true</Ack>');
    expect(retryHorizonSeconds).toBeGreaterThan(24 * 3600);
  });

  test('one notification alone is one record', () => {
    expect(hear(settings, sent(notifications.slice(0, 1))).changes).toHaveLength(1);
  });

  test('another organisation is refused; the ID fits in its short form and its long one', () => {
    expect(hear(settings, sent(notifications, '00D5g000004XyZ2EAK')).verdict.authentic).toBe(false);
    expect(hear(settings, sent(notifications, organizationId)).verdict.authentic).toBe(true);
    // As Salesforce's own REST examples have it.
    expect(bothForms('001D000000IqhSL')).toEqual(['001D000000IqhSL', '001D000000IqhSLIAZ']);
    const long = { ...settings, organizationId: `${organizationId}EAK` };
    expect(hear(long, sent()).verdict.authentic).toBe(true);
  });

  test('its defaults name the source ID and the fields of a contact', () => {
    const parsed = webhook.settings.parse(settings);
    expect(webhook.source!.sourceIdFor!(parsed, [])).toBe('Id');
    expect(webhook.source!.mappingFor!(parsed, [])).toMatchObject({
      email: 'Email',
      name: ['FirstName', 'LastName'],
    });
  });
});

describe('Bloomreach scenarios', () => {
  const settings = {
    template: 'bloomreach',
    authentication: { type: 'basic', user: 'br', password: secret },
  };
  const ada = { registered: 'c-1', properties: { first_name: 'Ada "the first"', email: 'ada@example.com' } };

  test('the recipe, filled in, is one record by the registered ID', () => {
    const { recipe } = webhookOf(webhook, settings);
    const { verdict, keys, changes } = hear(settings, bloomreach(recipe!.body, ada, basic('br', secret)));
    expect(verdict).toEqual({ authentic: true });
    expect(keys).toEqual([null]);
    expect(changes).toMatchObject([
      {
        record: {
          recordId: 'c-1',
          changedAt: now,
          body: { registered: 'c-1', first_name: 'Ada "the first"', email: 'ada@example.com', phone: '' },
        },
      },
    ]);
    const event = { ...ada, eventAt: 1_533_495_544.343 };
    expect(hear(settings, bloomreach(recipe!.body, event, basic('br', secret))).changes).toMatchObject([
      { record: { recordId: 'c-1', changedAt: 1_533_495_544_343 } },
    ]);
    const parsed = webhook.settings.parse(settings);
    expect(webhook.source!.sourceIdFor!(parsed, [])).toBe('registered');
  });

  test('the mapping names only what the recipe writes', () => {
    const { recipe } = webhookOf(webhook, settings);
    const written = Object.keys(JSON.parse(recipe!.body.replaceAll(/\{\{.*?\}\}/g, '""')));
    const mapped = Object.values(webhook.source!.mappingFor!(webhook.settings.parse(settings), [])).flat();
    expect(written).toEqual(expect.arrayContaining(mapped));
  });
});

describe('CleverTap campaigns', () => {
  const settings = { template: 'clevertap', authentication: { type: 'basic', user: 'ct', password: secret } };
  const profiles = [
    {
      identity: ['c-1', 'c-9'],
      objectId: 'o1',
      email: 'ada@example.com',
      profileData: {
        Name: 'Ada',
        Phone: '+48600100200',
        DOB: '$D_-4838400',
        Since: '$D_1459461600',
        tier: 'gold',
      },
    },
    { identity: 'c-2', objectId: 'o2', profileData: { name: 'Grace' } },
    { objectId: 'o3', profileData: { Name: 'Nobody' } },
  ];

  test.each([
    { broadcast: true, capitals: false },
    { broadcast: true, capitals: true },
    { broadcast: false, capitals: false },
    { broadcast: false, capitals: true },
  ])('profiles are read in a list or alone, whatever their letter case: %o', (options) => {
    const changes = clevertap(profiles, basic('ct', secret), options).flatMap((pushed) => {
      const { verdict, changes: said } = hear(settings, pushed);
      expect(verdict).toEqual({ authentic: true });
      return said;
    });
    expect(changes.map(({ kind }) => kind)).toEqual(['record', 'record', 'ignored']);
    expect(changes[0]).toEqual({
      kind: 'record',
      stream: 'records',
      record: {
        recordId: 'c-1',
        changedAt: now,
        body: {
          name: 'Ada',
          phone: '+48600100200',
          dob: '1969-11-06',
          Since: '2016-03-31T22:00:00.000Z',
          tier: 'gold',
          identity: 'c-1',
          objectId: 'o1',
          email: 'ada@example.com',
        },
      },
    });
  });
});

describe('invalid settings are refused with an explanation', () => {
  const signature = {
    type: 'signature',
    algorithm: 'hmac-sha256',
    secret,
    message: ['body'],
    header: 'X-S',
    encoding: 'hex',
  };
  const cases: [string, unknown, RegExp][] = [
    ['no such type', { authentication: { type: 'magic' } }, /authentication\.0\S*: .*"bearer"/],
    ['no such word', { authentication: 'everyone' }, /"open"/],
    ['open among others', { authentication: ['open', { type: 'bearer', token: 'a' }] }, /remove it/],
    [
      'one alone in all',
      { authentication: { type: 'all', of: [{ type: 'bearer', token: 'a' }] } },
      /at least two/,
    ],
    ['an empty token', { authentication: { type: 'bearer', token: '' } }, /authentication\.0\.token/],
    ['a short token in the path', { authentication: { type: 'path', token: 'abc' } }, /eight characters/],
    [
      'a token that does not fit a path',
      { authentication: { type: 'path', token: 'a/b/c/d/e' } },
      /part of the URL/,
    ],
    [
      'a user with a colon',
      { authentication: { type: 'basic', user: 'a:b', password: 'c' } },
      /must not contain a colon/,
    ],
    [
      'a header that is none',
      { authentication: { type: 'header', name: 'X Token', value: 'a' } },
      /a header name/,
    ],
    [
      'a plain text as whsec_',
      { authentication: { type: 'standard-webhooks', secret: 'hello there' } },
      /whsec_/,
    ],
    [
      'a public key',
      { authentication: { type: 'standard-webhooks', secret: 'whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2' } },
      /v1a/,
    ],
    [
      'a body not signed',
      { authentication: { ...signature, message: ['timestamp'], timestamp: { from: { header: 'X-T' } } } },
      /must cover the body/,
    ],
    [
      'a hash without secret',
      { authentication: { ...signature, algorithm: 'sha256' } },
      /anyone can compute a plain sha256/,
    ],
    [
      'a timestamp from nowhere',
      { authentication: { ...signature, message: ['timestamp', 'body'] } },
      /names its source/,
    ],
    [
      'a timestamp not signed',
      { authentication: { ...signature, timestamp: { from: { header: 'X-T' } } } },
      /not signed proves nothing/,
    ],
    [
      'a pair without pairs',
      {
        authentication: { ...signature, message: ['timestamp', 'body'], timestamp: { from: { pair: 't' } } },
      },
      /requires the form \{pairs\}/,
    ],
    ['a secret that is no hex', { authentication: { ...signature, secretEncoding: 'hex' } }, /must be hex/],
    ['a part that is none', { authentication: { ...signature, message: ['bodies'] } }, /a part is "body"/],
    ['a path that is none', openWith({ record: { id: 'a..b' } }), /record\.id: must be a path/],
    ['a check that is none', openWith({ checks: [{ field: 'a' }] }), /a check is/],
    [
      'partial and whole',
      openWith({ record: { partial: true, absentIsEmpty: ['a'] } }),
      /contradicts partial/,
    ],
    ['another template’s setting', openWith({ organizationId: '00D000000000001' }), /template "salesforce"/],
    [
      'an organisation that is none',
      openWith({ template: 'salesforce', organizationId: '1' }),
      /begins with 00D/,
    ],
    ['an Ack for JSON', openWith({ body: 'json', reply: 'salesforce-ack' }), /bodies of the form soap/],
    ['hours that are none', openWith({ retryHours: 0 }), /retryHours/],
    ['a setting that does not exist', openWith({ id: 'x' }), /id/],
  ];

  test.each(cases)('%s', (_, settings, says) => {
    expect(refused(settings)).toMatch(says);
    expect(refused(settings)).not.toContain(secret);
  });
});
