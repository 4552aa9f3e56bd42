// What HubSpot pushes, through the door: who may speak, what each event says, and that reading what it names gives what
// pulling gives. The requests are those of the simulated account, and of HubSpot's own client where it signs.
import { Signature } from '@hubspot/api-client';
import { describe, expect, test } from 'vitest';
import { type Change, type Context, type Json, RejectedError, type SourceRecord } from '#connector';
import { hubspot } from '../../connectors/hubspot.ts';
import type { PushedRequest, PushOptions } from '../../simulators/hubspot/push.ts';
import { createHubSpotSimulator, type HubSpotOptions } from '../../simulators/hubspot.ts';
import { directApi } from '../support/direct-api.ts';
import { type Heard, heard, requestOf, webhookOf } from '../support/webhook.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const minute = 60_000;
const secret = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const url = 'https://sync.example.com/webhooks/hubspot';
const settings = { accessToken: 'pat-eu1-0a1b2c3d', clientSecret: secret };

const hear = (request: PushedRequest, now = start, given: object = settings): Heard =>
  heard(hubspot, given, requestOf(request), now);

/** One event, said by HubSpot. */
const event = (more: object = {}) => ({
  eventId: 1,
  subscriptionId: 12_345,
  portalId: 62_515,
  appId: 54_321,
  occurredAt: start - 5000,
  subscriptionType: 'contact.propertyChange',
  attemptNumber: 0,
  objectId: 123,
  propertyName: 'email',
  propertyValue: 'ada@example.com',
  changeSource: 'CRM',
  ...more,
});

const received = { method: 'POST', headers: {}, query: {}, receivedAt: start };
const changesOf = (item: Json, given: object = settings) =>
  webhookOf(hubspot, given).changes(item, received) as Change[];
const touch = (recordId: string, more: object = {}) => ({
  kind: 'touch',
  stream: 'contacts',
  recordId,
  changedAt: start - 5000,
  ...more,
});

/** An account that pushes, and its reader. */
function open(push: Partial<PushOptions> = {}, options: HubSpotOptions = {}) {
  const clock = { now: start };
  const simulator = createHubSpotSimulator({
    now: () => clock.now,
    quotas: false,
    push: { clientSecret: secret, url, ...push },
    ...options,
  });
  const parsed = hubspot.settings.parse(settings);
  const noFiles = () => {
    throw new Error('no file is read');
  };
  const context = (): Context<unknown> => ({
    settings: parsed,
    api: directApi(simulator.app, hubspot.api!(parsed), () => clock.now),
    files: { stat: noFiles, open: noFiles },
    now: clock.now,
  });
  return { clock, simulator, push: simulator.push!, context };
}

describe('authentication', () => {
  const body = JSON.stringify([event()]);

  test.each([
    ['v1', 'x-hubspot-signature'],
    ['v2', 'x-hubspot-signature'],
    ['v3', 'x-hubspot-signature-v3'],
  ])(
    'what the official client signs as %s is accepted, and HubSpot’s own client accepts what ours accept',
    (version, header) => {
      const options = { clientSecret: secret, requestBody: body, url, signature: '', timestamp: start };
      const signature = Signature.getSignature('POST', version, options);
      const headers = {
        [header]: signature,
        ...(version === 'v3' && { 'x-hubspot-request-timestamp': String(start) }),
      };
      expect(hear({ method: 'POST', url, headers, body: Buffer.from(body) })).toMatchObject({
        verdict: { authentic: true },
        changes: [touch('123')],
      });
      const [pushed] = (({ simulator, push }) => {
        simulator.create({ email: 'a@example.com' });
        return push.take(start);
      })(open({ signature: version as 'v1' | 'v2' | 'v3' }));
      expect(hear(pushed!).verdict).toEqual({ authentic: true });
      const text = new TextDecoder().decode(pushed!.body);
      expect(Signature.getSignature('POST', version, { ...options, requestBody: text })).toBe(
        pushed!.headers[header],
      );
    },
  );

  test('the published vectors, and those of the reference, are accepted', () => {
    const published =
      '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]';
    // Vectors are of any body; only who speaks is asked.
    const withoutReading = {
      ...hubspot,
      source: {
        ...hubspot.source!,
        webhook: (given: unknown) => ({ ...hubspot.source!.webhook!(given), changes: () => [] }),
      },
    };
    const ask = (
      clientSecret: string,
      request: { method?: string; url: string; body: string; headers: { [name: string]: string } },
      now = start,
    ) => {
      const { decoding, authentication } = webhookOf(hubspot, { ...settings, clientSecret });
      expect([decoding.form, authentication.length]).toEqual(['json', 4]);
      return heard(withoutReading, { ...settings, clientSecret }, requestOf(request), now).verdict;
    };
    const v1 = '232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de';
    expect(ask(secret, { url, body: published, headers: { 'X-HubSpot-Signature': v1 } })).toEqual({
      authentic: true,
    });
    const v2 = '9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900';
    const at = 'https://www.example.com/webhook_uri';
    const example = '{"example_field":"example_value"}';
    expect(ask(secret, { url: at, body: example, headers: { 'X-HubSpot-Signature': v2 } })).toEqual({
      authentic: true,
    });
    const own = {
      url: 'https://example.com/hook?x=1',
      body: '{"id":"42","email":"a@example.com"}',
      headers: {
        'X-HubSpot-Signature-v3': 'OOcQBGeJKmu6CnoHrKoEOb+s5RRnHjpD9inilxLZ2vs=',
        'X-HubSpot-Request-Timestamp': '1700000000000',
      },
    };
    expect(ask('test-secret-0123456789', own, 1_700_000_000_000)).toEqual({ authentic: true });
    expect(ask('test-secret-0123456789', { ...own, method: 'PUT' }, 1_700_000_000_000).authentic).toBe(false);
  });

  test.each(['v1', 'v2', 'v3'] as const)(
    'one flipped bit of body or signature, or another secret, is refused: %s',
    (signature) => {
      const { simulator, push } = open({ signature });
      simulator.create({ email: 'a@example.com' });
      const [request] = push.take(start);
      expect(hear(request!).verdict).toEqual({ authentic: true });
      for (const at of [0, 7, request!.body.length - 1]) {
        const flipped = Uint8Array.from(request!.body);
        flipped[at]! ^= 1;
        expect(hear({ ...request!, body: flipped })).toMatchObject({
          verdict: { authentic: false },
          changes: [],
        });
      }
      const header = signature === 'v3' ? 'x-hubspot-signature-v3' : 'x-hubspot-signature';
      const said = request!.headers[header]!;
      const wrong = (said.startsWith('a') ? 'b' : 'a') + said.slice(1);
      expect(hear({ ...request!, headers: { ...request!.headers, [header]: wrong } }).verdict.authentic).toBe(
        false,
      );
      expect(hear(request!, start, { ...settings, clientSecret: `${secret}z` }).verdict.authentic).toBe(
        false,
      );
      expect(hear({ ...request!, headers: {} }).verdict.authentic).toBe(false);
    },
  );

  test('v3 is refused five minutes later, five minutes early, and at another address or method', () => {
    const { simulator, push } = open({ signature: 'v3' });
    simulator.create({});
    const [request] = push.take(start);
    for (const away of [0, 299_000, -299_000])
      expect(hear(request!, start + away).verdict.authentic, `${away}`).toBe(true);
    for (const away of [301_000, -301_000])
      expect(hear(request!, start + away).verdict.authentic, `${away}`).toBe(false);
    expect(hear({ ...request!, url: `${url}/` }).verdict.authentic).toBe(false);
    expect(hear({ ...request!, url: `${url}?a=1` }).verdict.authentic).toBe(false);
    expect(hear({ ...request!, method: 'PUT' }).verdict.authentic).toBe(false);
    const later = { ...request!.headers, 'x-hubspot-request-timestamp': String(start + minute) };
    expect(hear({ ...request!, headers: later }, start + minute).verdict.authentic).toBe(false);
  });

  test('v3 is accepted whether the URL was signed as called or with its escapes decoded', () => {
    const escaped = `${url}?to=a%40b%2Fc%3Ad&keep=%20%26`;
    for (const signedUrl of ['called', 'decoded'] as const) {
      const { simulator, push } = open({ signature: 'v3', url: escaped, signedUrl });
      simulator.create({});
      expect(hear(push.take(start)[0]!).verdict, signedUrl).toEqual({ authentic: true });
    }
  });

  test('while one secret takes over from another, both are accepted', () => {
    for (const clientSecret of ['the old one', 'the new one']) {
      const { simulator, push } = open({ clientSecret });
      simulator.create({});
      const [request] = push.take(start);
      const both = { ...settings, clientSecret: ['the new one', 'the old one'] };
      expect(hear(request!, start, both).verdict.authentic).toBe(true);
      expect(hear(request!, start, { ...settings, clientSecret: ['a third'] }).verdict.authentic).toBe(false);
    }
  });

  test('without a client secret nobody is let in, and an explanation says what to set', () => {
    const { simulator, push } = open();
    simulator.create({});
    const webhook = webhookOf(hubspot, { accessToken: 'pat-eu1-x' });
    expect(webhook.authentication).toEqual([]);
    expect(webhook.missing).toMatch(/^Set clientSecret .*\.$/);
    expect(hear(push.take(start)[0]!, start, { accessToken: 'pat-eu1-x' }).verdict.authentic).toBe(false);
  });
});

describe('what an event says', () => {
  test.each([
    ['contact.creation', {}, [touch('123')]],
    ['contact.propertyChange', {}, [touch('123')]],
    ['contact.restore', {}, [touch('123')]],
    ['contact.deletion', {}, [touch('123', { gone: 'deleted' })]],
    ['contact.privacyDeletion', {}, [touch('123', { gone: 'erased' })]],
    ['contact.somethingNew', {}, [touch('123')]],
    ['object.creation', { objectTypeId: '0-1' }, [touch('123')]],
    ['object.deletion', { objectTypeId: '0-1' }, [touch('123', { gone: 'deleted' })]],
    ['contact.associationChange', { objectId: undefined, fromObjectId: 7, toObjectId: 8 }, [touch('7')]],
    [
      'object.associationChange',
      { objectId: undefined, fromObjectId: 7, toObjectId: 8, fromObjectTypeId: '0-1', toObjectTypeId: '0-2' },
      [touch('7')],
    ],
    [
      'contact.merge',
      { objectId: 1, primaryObjectId: 1, mergedObjectIds: [2, 3], newObjectId: 9 },
      [touch('9'), touch('1'), touch('2'), touch('3')],
    ],
    ['contact.merge', { objectId: 1, primaryObjectId: 1, mergedObjectIds: [2] }, [touch('1'), touch('2')]],
    ['object.merge', { objectTypeId: '0-1', objectId: 1, mergedObjectIds: [2, 1] }, [touch('1'), touch('2')]],
  ])('%s', (subscriptionType, more, expected) => {
    const item = JSON.parse(JSON.stringify(event({ subscriptionType, ...more })));
    expect(changesOf(item)).toEqual(expected);
  });

  test.each([
    ['company.creation', {}],
    ['deal.propertyChange', {}],
    ['conversation.newMessage', {}],
    ['object.creation', { objectTypeId: '0-2' }],
    ['object.creation', {}],
    [
      'object.associationChange',
      { objectId: undefined, fromObjectId: 7, fromObjectTypeId: '0-2', toObjectTypeId: '0-1' },
    ],
  ])('%s of something else is ignored', (subscriptionType, more) => {
    const item = JSON.parse(JSON.stringify(event({ subscriptionType, ...more })));
    expect(changesOf(item)).toEqual([
      { kind: 'ignored', reason: expect.stringMatching(/^It is about .*contact\.$/) },
    ]);
  });

  test('of another account it is ignored, if our own is known', () => {
    const ours = { ...settings, portalId: 62_515 };
    expect(changesOf(event({ portalId: 4711 }), ours)).toEqual([
      { kind: 'ignored', reason: expect.stringContaining('a HubSpot account other than') },
    ]);
    expect(changesOf(event(), ours)).toEqual([touch('123')]);
    expect(changesOf(event({ portalId: 4711 }))).toEqual([touch('123')]);
  });

  test('without a time it happened when it came', () => {
    expect(changesOf(event({ occurredAt: 'soon' }))).toEqual([touch('123', { changedAt: start })]);
  });

  test.each([
    ['a text', 'ada@example.com'],
    ['null', null],
    ['a list', [['ada@example.com']]],
    ['an object of no type', { objectId: 123, propertyValue: 'ada@example.com' }],
    ['an event of nobody', { subscriptionType: 'contact.creation', note: 'ada@example.com' }],
    ['an event of an object', event({ objectId: { id: 'ada@example.com' } })],
    [
      'a merge of nobody',
      event({ subscriptionType: 'contact.merge', objectId: null, mergedObjectIds: 'ada@example.com' }),
    ],
  ])('%s is refused with an explanation without its content', (_what, item) => {
    const refused = (() => {
      try {
        return changesOf(item as Json);
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(RejectedError);
    expect((refused as Error).message).toMatch(/^\w+ \w+ .*\.$/);
    expect(JSON.stringify([(refused as Error).message, refused])).not.toMatch(/ada@|123/);
  });
});

describe('what names an event', () => {
  const keyOf = (item: object) => webhookOf(hubspot, settings).key!(JSON.parse(JSON.stringify(item)));

  test('is the same at every try, whatever its event ID and the app’s subscription', () => {
    const { simulator, push } = open({ signature: 'v3' });
    const first = simulator.create({ email: 'a@example.com' });
    simulator.update(first, { city: 'Łódź', phone: '1' }, start + 1);
    simulator.merge(first, simulator.create({}), start + 2);
    const [request] = push.take(start);
    const again = push.again(push.again(request!, start + minute), start + 60 * minute);
    const [once, later] = [hear(request!), hear(again, start + 60 * minute)];
    expect(later.verdict.authentic).toBe(true);
    expect(later.keys).toEqual(once.keys);
    expect(keyOf(event({ eventId: 2, attemptNumber: 9, subscriptionId: 1 }))).toBe(keyOf(event()));
  });

  test('differs where anything that happened differs', () => {
    const others = [
      event(),
      event({ portalId: 4711 }),
      event({ subscriptionType: 'contact.deletion' }),
      event({ objectId: 124 }),
      event({ propertyName: 'phone' }),
      event({ occurredAt: start - 4999 }),
      event({ objectTypeId: '0-1' }),
      event({ objectTypeId: '0-2' }),
      event({ subscriptionType: 'contact.merge', mergedObjectIds: [1] }),
      event({ subscriptionType: 'contact.merge', mergedObjectIds: [2] }),
      event({ objectId: undefined, fromObjectId: 1, toObjectId: 2 }),
      event({ objectId: undefined, fromObjectId: 1, toObjectId: 3 }),
      event({ objectId: undefined, fromObjectId: 1, toObjectId: 3, associationRemoved: true }),
    ].map(keyOf);
    expect(new Set(others).size).toBe(others.length);
    expect(others).not.toContain(null);
  });

  test('is the content where there is no time or no contact', () => {
    expect(keyOf(event({ occurredAt: undefined }))).toBeNull();
    expect(keyOf(event({ objectId: undefined }))).toBeNull();
  });
});

describe('an account that pushes', () => {
  const stream = hubspot.source!.streams[0]!;
  const properties = ['firstname', 'email', 'city'];

  /** What is touched, read as the engine reads it: a hundred at a time. */
  async function readAll({ context }: { context(): Context<unknown> }, changes: readonly Change[]) {
    const recordIds = [
      ...new Set(changes.flatMap((change) => (change.kind === 'touch' ? [change.recordId] : []))),
    ];
    const records = new Map<string, SourceRecord>();
    const missing = new Set<string>();
    for (let from = 0; from < recordIds.length; from += stream.read!.maxIds) {
      const part = recordIds.slice(from, from + stream.read!.maxIds);
      const answer = await stream.read!.records(context(), { recordIds: part, properties });
      for (const record of answer.records) records.set(record.recordId, record);
      for (const id of answer.missing) missing.add(id);
    }
    return { records, missing };
  }

  async function pulled({ context, clock }: ReturnType<typeof open>): Promise<Map<string, SourceRecord>> {
    const records = new Map<string, SourceRecord>();
    let cursor: Json | null = null;
    for (;;) {
      const page: Awaited<ReturnType<NonNullable<typeof stream.pull>>> = await stream.pull!(context(), {
        cursor,
        until: clock.now,
        properties,
      });
      for (const record of page.records) records.set(record.recordId, record);
      if (page.done) return records;
      cursor = page.cursor;
    }
  }

  const told = (requests: readonly PushedRequest[], now: number) =>
    requests.map((request) => {
      const { verdict, items, changes, keys } = hear(request, now);
      expect(verdict).toEqual({ authentic: true });
      expect(items.length).toBeLessThanOrEqual(100);
      expect(keys).not.toContain(null);
      return changes;
    });

  test.each(['contact', 'object'] as const)(
    'by subscriptions to %s.*, what it names and reading gives is what pulling gives, in any order and twice',
    async (subscriptions) => {
      const account = open({ subscriptions, duplicates: 0.2, seed: 7 });
      const { simulator, push, clock } = account;
      const ids = Array.from({ length: 260 }, (_, index) =>
        simulator.create({ firstname: `P${index}`, email: `p${index}@example.com` }, start + index),
      );
      for (const [index, id] of ids.entries())
        if (index % 3 === 0) simulator.update(id, { city: 'Oslo' }, start + 1000 + index);
      for (const id of ids.slice(0, 5)) simulator.archive(id, start + 2000);
      simulator.restore(ids[0]!, start + 3000);
      const survivor = simulator.merge(ids[10]!, ids[11]!, start + 3001);
      simulator.gdprDelete(ids[12]!, start + 3002);
      clock.now += minute;
      const requests = push.take(clock.now);
      expect(requests.length).toBeGreaterThan(3);
      const changes = told(requests, clock.now).flat();
      const { records, missing } = await readAll(account, changes);
      expect(records).toEqual(await pulled(account));
      expect(records.get(survivor)?.merged).toEqual([ids[10], ids[11]]);
      const proven = (gone: string) =>
        new Set(
          changes.flatMap((one) =>
            one.kind === 'touch' && one.gone === gone && missing.has(one.recordId) ? [one.recordId] : [],
          ),
        );
      expect(proven('erased')).toEqual(new Set([ids[12]]));
      expect([...proven('deleted')]).toEqual(expect.arrayContaining(ids.slice(1, 5)));
      expect(proven('deleted').has(ids[0]!)).toBe(false);
      expect(push.take(clock.now)).toEqual([]);
    },
  );

  test('tells of a merge that left the primary’s ID as of one that made a new ID', async () => {
    const account = open({}, { survivorId: 'primary', readMerged: 'notFound' });
    const { simulator, push, clock } = account;
    const [a, b] = [simulator.create({ firstname: 'A' }), simulator.create({ firstname: 'B' })];
    simulator.merge(a, b, start + 1);
    const changes = told(push.take(clock.now), clock.now).flat();
    const { records, missing } = await readAll(account, changes);
    expect(records.get(a)?.merged).toEqual([b]);
    expect([...records.keys(), ...missing].sort()).toEqual([a, b].sort());
  });

  test('tells of companies too where the app is subscribed to them, and these are left out', () => {
    const { simulator, push } = open();
    const id = simulator.create({});
    push.add({ subscriptionType: 'company.creation', objectId: 5, occurredAt: start });
    const { changes } = hear(push.take(start)[0]!);
    expect(changes.map((change) => (change.kind === 'touch' ? change.recordId : change.kind)).sort()).toEqual(
      [id, 'ignored'].sort(),
    );
  });

  test('tells of the properties that are subscribed to, and not of others', () => {
    const { simulator, push } = open({ properties: ['city'] });
    const id = simulator.create({});
    push.take(start);
    simulator.update(id, { phone: '1' });
    expect(push.take(start)).toEqual([]);
    simulator.update(id, { phone: '2', city: 'Oslo' });
    expect(hear(push.take(start)[0]!).items).toMatchObject([{ propertyName: 'city', propertyValue: 'Oslo' }]);
  });
});

describe('notes for a person', () => {
  test('which subscriptions to choose, that an app has one address, and how long HubSpot repeats', () => {
    const { notes, retryHorizonSeconds, maxBodyBytes } = webhookOf(hubspot, settings);
    const text = notes!.join('\n');
    for (const type of ['creation', 'deletion', 'privacyDeletion', 'merge', 'restore', 'propertyChange'])
      expect(text).toContain(`contact.${type}`);
    expect(text).toContain('one target URL');
    for (const note of notes!) expect(note).toMatch(/\.$/);
    expect(retryHorizonSeconds).toBeGreaterThan(24 * 3600);
    expect(maxBodyBytes).toBeGreaterThan(100 * 65_536);
  });

  test('the sample is an event of a contact that there is not', async () => {
    const { simulator, context } = open();
    simulator.seed(5);
    const sample = webhookOf(hubspot, { ...settings, portalId: 62_515 }).sample!;
    const [change] = JSON.parse(sample).flatMap((item: Json) =>
      changesOf(item, { ...settings, portalId: 62_515 }),
    );
    const { records, missing } = await hubspot.source!.streams[0]!.read!.records(context(), {
      recordIds: [change.recordId],
      properties: [],
    });
    expect([records, missing]).toEqual([[], [change.recordId]]);
  });
});
