// Customer.io's connector against the simulated workspace: what its events say, and who is read because of them.

import { describe, expect, test } from 'vitest';
import { customerio } from '../../connectors/customerio.ts';
import type { CustomerIoOptions } from '../../simulators/customerio/options.ts';
import { CustomerIoSimulator, type PushRequest } from '../../simulators/customerio.ts';
import {
  type Api,
  type Change,
  type Context,
  type Json,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '../../src/connector.ts';
import { asReceived } from '../../src/sync/intake/clocks.ts';
import { directApi } from '../support/direct-api.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { expectNoAnswerBelieved } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');

const day = 86_400_000;

const appKey = 'app-secret-0123456789';

const reportingSecret = 'test-secret-0123456789';

const journeysSecret = 'another-secret-0123456789';

const bothSecrets = [reportingSecret, journeysSecret];

const [people] = customerio.source!.streams;

/** A workspace and a connector for it, on a clock moved by hand. */
class Workspace {
  now = start;
  readonly simulator: CustomerIoSimulator;
  readonly given: { [name: string]: unknown };
  readonly settings: unknown;
  readonly #api: Api;

  constructor(options: CustomerIoOptions = {}, settings: { [name: string]: unknown } = { appKey }) {
    const now = () => this.now;
    const signing = { reportingSecret, journeysSecret };
    this.simulator = new CustomerIoSimulator({ now, appKey, quota: false, ...signing, ...options });
    this.given = { webhookSecret: bothSecrets, ...settings };
    this.settings = customerio.settings.parse(this.given);
    this.#api = directApi(this.simulator.app, customerio.api!(this.settings), () => this.now);
  }

  context(): Context<unknown> {
    const noFiles = () => {
      throw new Error('no file is read');
    };
    const files = { stat: noFiles, open: noFiles };
    return { settings: this.settings, api: this.#api, files, now: this.now };
  }

  read(...recordIds: string[]) {
    return people!.read!.records(this.context(), { recordIds, properties: [] });
  }

  hear(request: PushRequest, settings: object = this.given) {
    return heard(customerio, settings, requestOf(request), this.now);
  }

  /** What everything sent since the last time says. */
  said(): Change[] {
    return this.simulator.sent().flatMap((request) => this.hear(request).changes);
  }
}

describe('authentication', () => {
  const body = '{"id":"42","email":"a@example.com"}';
  const code = '35c314de9f990677ded9d9ad1d00cc97a4530959cb0502b0089df5a09e19902d';
  const judged = (
    { text = body, time = '1700000000', signature = code }: { [part: string]: string },
    settings: object = {},
    now = 1_700_000_000_000,
  ) => {
    const headers = { 'X-CIO-Signature': signature, 'X-CIO-Timestamp': time };
    const given = { webhookSecret: reportingSecret, ...settings };
    return heard(customerio, given, requestOf({ headers, body: text }), now).verdict.authentic;
  };

  test('the test vector that we computed by the published algorithm is authentic, and nothing else', () => {
    expect(judged({})).toBe(true);
    expect(judged({ signature: code.toUpperCase() })).toBe(true);
    expect(judged({ text: body.replace('42', '43') })).toBe(false);
    expect(judged({ time: '1700000001' })).toBe(false);
    expect(judged({ time: '' })).toBe(false);
    expect(judged({ signature: `0${code.slice(1)}` })).toBe(false);
    expect(judged({}, { webhookSecret: 'another' })).toBe(false);
    expect(judged({}, { webhookSecret: ['another', reportingSecret] })).toBe(true);
  });

  test('a repeat with its original time stamp is accepted for as long as Customer.io repeats, unless configured otherwise', () => {
    const at = 1_700_000_000_000;
    expect(judged({}, {}, at + 7 * day)).toBe(true);
    expect(judged({}, {}, at + 8 * day)).toBe(false);
    expect(judged({}, { toleranceSeconds: 300 }, at + 301_000)).toBe(false);
  });

  test('both products are accepted, each with its own key', () => {
    const { simulator, ...workspace } = new Workspace();
    const cioId = simulator.identify({ id: '42' });
    simulator.subscribe(cioId, true);
    simulator.journey(cioId, '{"id":"{{customer.id}}"}');
    for (const request of simulator.sent()) {
      const judge = (webhookSecret: string | string[]) =>
        heard(customerio, { webhookSecret }, requestOf(request), workspace.now).verdict.authentic;
      expect(judge(bothSecrets)).toBe(true);
      expect(judge(request.product === 'reporting' ? journeysSecret : reportingSecret)).toBe(false);
    }
  });

  test('without a key nobody is accepted, and an explanation says what to set', () => {
    const webhook = webhookOf(customerio, {});
    expect(webhook.authentication).toEqual([]);
    expect(webhook.missing).toMatch(/Set webhookSecret to the signing key/);
  });

  test('repeats are known for longer than Customer.io repeats', () => {
    expect(webhookOf(customerio, {}).retryHorizonSeconds).toBeGreaterThan(7 * 86_400);
  });
});

describe('events of the reporting webhook', () => {
  const person = { id: '42', email: 'ann@example.com' };
  const record = (recordId: string, facts: object) => ({
    kind: 'record',
    stream: 'subscriptions',
    partial: true,
    record: { recordId, changedAt: start, body: { ...person, cio_id: recordId, ...facts } },
  });
  const touch = (recordId: string) => ({ kind: 'touch', stream: 'people', recordId, changedAt: start });

  test('a subscription is a partial record with the channel, and the person is read', () => {
    const workspace = new Workspace();
    const cioId = workspace.simulator.identify(person);
    workspace.simulator.subscribe(cioId, true);
    expect(workspace.said()).toEqual([
      record(cioId, { unsubscribed: false, channel: 'customer' }),
      touch(cioId),
    ]);
    workspace.simulator.subscribe(cioId, false, 'sms');
    expect(workspace.said()[0]).toEqual(record(cioId, { unsubscribed: true, channel: 'sms' }));
  });

  test('an unsubscription that looks to be about an e-mail is one all the same', () => {
    const workspace = new Workspace();
    const cioId = workspace.simulator.identify(person);
    workspace.simulator.unsubscribeByEmail(cioId);
    expect(workspace.said()[0]).toEqual(record(cioId, { unsubscribed: true, channel: 'email' }));
  });

  test('preferences have their own keys, however the event spells its type', () => {
    for (const preferencesType of ['object_type', 'object_type_type'] as const) {
      const workspace = new Workspace({ preferencesType });
      const cioId = workspace.simulator.identify(person);
      workspace.simulator.prefer(cioId, { topic_1: true, topic_7: false }, 'email');
      const topics = { topic_1: true, topic_7: false };
      expect(workspace.said()[0]).toEqual(record(cioId, { ...topics, topics, channel: 'email' }));
    }
  });

  test('preferences that are not included touch the person, or are ignored if nobody can be read', () => {
    const withKey = new Workspace({ includesContent: false });
    const cioId = withKey.simulator.identify(person);
    withKey.simulator.prefer(cioId, { topic_1: true });
    expect(withKey.said()).toEqual([touch(cioId)]);
    const without = new Workspace({ includesContent: false }, {});
    without.simulator.prefer(without.simulator.identify(person), { topic_1: true });
    expect(without.said()).toMatchObject([{ kind: 'ignored', reason: /include body content/ }].map(asMatch));
  });

  test('without an App API key nobody is touched', () => {
    const workspace = new Workspace({}, {});
    const cioId = workspace.simulator.identify(person);
    workspace.simulator.subscribe(cioId, false);
    workspace.simulator.prefer(cioId, { topic_1: true });
    expect(workspace.said().map(({ kind }) => kind)).toEqual(['record', 'record']);
  });

  test('what became of a message is ignored, whatever its content', () => {
    const workspace = new Workspace();
    const cioId = workspace.simulator.identify(person);
    const metrics = ['drafted', 'sent', 'delivered', 'opened', 'clicked', 'bounced', 'converted'];
    for (const metric of metrics) workspace.simulator.message(cioId, metric);
    const said = workspace.said();
    expect(said).toHaveLength(metrics.length);
    for (const change of said)
      expect(change).toEqual({
        kind: 'ignored',
        reason: 'It is about a message and does not change a subscription.',
      });
  });

  test('a workspace without cio_id is known by its own IDs; an event of a deleted person says nothing', () => {
    const workspace = new Workspace({ withoutCioIds: true });
    const cioId = workspace.simulator.identify(person);
    workspace.simulator.subscribe(cioId, true);
    expect(workspace.said()).toMatchObject([
      { record: { recordId: '42', body: person } },
      { kind: 'touch', recordId: '42' },
    ]);
    workspace.simulator.subscribe(workspace.simulator.identify({ email: 'x@example.com' }), true);
    expect(workspace.said()).toMatchObject([{ kind: 'ignored', reason: /deleted/ }].map(asMatch));
  });

  test('Customer.io’s own ID under customer_id is not taken for the workspace’s', () => {
    const workspace = new Workspace();
    const data = { customer_id: 'd9c1', identifiers: { email: 'ann@example.com', cio_id: 'd9c1' } };
    const event = {
      event_id: '01E4',
      object_type: 'customer',
      metric: 'subscribed',
      timestamp: start / 1000,
      data,
    };
    const { changes } = workspace.hear(workspace.simulator.push(JSON.stringify(event)));
    expect(changes[0]).toMatchObject({ kind: 'record', record: { recordId: 'd9c1' } });
    expect(changes[0]).not.toHaveProperty('record.body.id');
  });

  test('a repeat has the same key however it is stamped; other events have others', () => {
    const workspace = new Workspace();
    const { simulator } = workspace;
    const cioId = simulator.identify(person);
    simulator.subscribe(cioId, true);
    simulator.subscribe(cioId, true);
    simulator.journey(cioId, webhookOf(customerio, workspace.given).recipe!.body);
    simulator.journey(cioId, webhookOf(customerio, workspace.given).recipe!.body);
    const sent = simulator.sent();
    const keysOf = (requests: PushRequest[]) => requests.map((request) => workspace.hear(request).keys[0]);
    const keys = keysOf(sent);
    expect(new Set(keys).size).toBe(4);
    for (const key of keys) expect(key).toEqual(expect.any(String));
    workspace.now += 3_600_000;
    expect(keysOf(sent.map((request) => simulator.retry(request, 'stamped anew')))).toEqual(keys);
    expect(keysOf(sent.map((request) => simulator.retry(request, 'as it was')))).toEqual(keys);
  });

  test('an event that is odd is rejected with an explanation without its content', () => {
    const workspace = new Workspace();
    const event = {
      event_id: '01E4',
      object_type: 'customer',
      metric: 'unsubscribed',
      timestamp: 1_613_063_089,
      data: { identifiers: { id: 'lovelace', email: 'lovelace@example.com' } },
    };
    const odd: Json[] = [
      { ...event, timestamp: 'lovelace' },
      { ...event, timestamp: null },
      { ...event, data: 'lovelace' },
      { ...event, data: { identifiers: ['lovelace'] } },
      { ...event, data: null },
      ['lovelace'],
      [[event]],
    ];
    for (const item of odd) {
      const hearing = () => workspace.hear(workspace.simulator.push(JSON.stringify(item)));
      expect(hearing, JSON.stringify(item)).toThrow(RejectedError);
      expect(hearing).toThrow(/\w+ \w+ \w+/);
      expect(hearing).not.toThrow(/lovelace/);
    }
  });
});

describe('bodies that a person writes', () => {
  test('the recipe, filled in by a campaign, is a record', () => {
    const workspace = new Workspace();
    const cioId = workspace.simulator.identify({ id: '42', email: 'ann@example.com', first_name: 'Ann' });
    const { recipe } = webhookOf(customerio, workspace.given);
    workspace.simulator.journey(cioId, recipe!.body);
    expect(workspace.said()).toMatchObject([
      {
        kind: 'record',
        stream: 'journeys',
        record: {
          recordId: '42',
          changedAt: start,
          body: { id: '42', cio_id: cioId, email: 'ann@example.com', first_name: 'Ann', last_name: '' },
        },
      },
    ]);
  });

  test('the ID, the time and the name of the sending are at the configured paths', () => {
    const journeys = { id: 'who.cio', changedAt: 'when', unit: 'milliseconds', eventId: 'sending' };
    const workspace = new Workspace({}, { journeys });
    const body = { who: { cio: 'd9c1' }, when: start - 5000, sending: 'one' };
    const { keys, changes } = workspace.hear(workspace.simulator.push(JSON.stringify(body), 'journeys'));
    expect(keys).toEqual(['journey one']);
    expect(changes).toMatchObject([{ record: { recordId: 'd9c1', changedAt: start - 5000 } }]);
  });

  test('a body without a name for the sending is known by its content', () => {
    const workspace = new Workspace();
    expect(workspace.hear(workspace.simulator.push('{"id":"42"}', 'journeys')).keys).toEqual([null]);
  });

  test('a test from the editor, whose template is not filled in, is ignored', () => {
    const workspace = new Workspace();
    const { recipe } = webhookOf(customerio, workspace.given);
    const { keys, changes } = workspace.hear(workspace.simulator.push(recipe!.body, 'journeys'));
    expect(changes).toEqual([{ kind: 'ignored', reason: 'It is a test: the template was not filled in.' }]);
    expect(keys).toEqual([null]);
  });

  test('of a person without an ID is known by the cio_id, which is not a source ID', () => {
    const workspace = new Workspace();
    const cioId = workspace.simulator.identify({ email: 'ann@example.com' });
    workspace.simulator.journey(cioId, webhookOf(customerio, workspace.given).recipe!.body);
    const [change] = workspace.said();
    expect(change).toMatchObject({
      kind: 'record',
      record: { recordId: cioId, body: { id: '', cio_id: cioId } },
    });
  });

  test('a body without an ID is rejected with an explanation', () => {
    const workspace = new Workspace();
    const hearing = () => workspace.hear(workspace.simulator.push('{"email":"a@example.com"}', 'journeys'));
    expect(hearing).toThrow(/no ID at id/);
    expect(hearing).not.toThrow(/example/);
  });
});

describe('reading people', () => {
  for (const readBy of ['batch', 'single']) {
    test(`read by ${readBy}, existing people are returned, and the others are missing`, async () => {
      const workspace = new Workspace({}, { appKey, readBy });
      const [ann, bob, gone] = ['1', '2', '3'].map((id) =>
        workspace.simulator.identify({ id, plan: 'gold' }),
      );
      workspace.simulator.remove(gone!);
      const answer = await workspace.read(ann!, bob!, gone!, 'no ID at all');
      expect(answer.records).toEqual(
        [ann, bob].map((cioId, index) => ({
          recordId: cioId,
          changedAt: start,
          body: {
            id: String(index + 1),
            cio_id: cioId,
            plan: 'gold',
            created_at: String(start / 1000),
            unsubscribed: false,
          },
        })),
      );
      expect(answer.missing).toEqual([gone, 'no ID at all']);
    });

    test(`read by ${readBy}, one asked for by the workspace's ID is missing and comes under their cio_id`, async () => {
      const workspace = new Workspace({}, { appKey, readBy });
      const cioId = workspace.simulator.identify({ id: 'customer 42' });
      const { records, missing } = await workspace.read('customer 42');
      expect(records).toMatchObject([{ recordId: cioId, body: { id: 'customer 42' } }]);
      expect(missing).toEqual(['customer 42']);
    });

    test(`read by ${readBy}, a workspace without cio_id gives people under its own IDs`, async () => {
      const workspace = new Workspace({ withoutCioIds: true }, { appKey, readBy });
      workspace.simulator.identify({ id: '42' });
      const { records, missing } = await workspace.read('42');
      expect(records).toMatchObject([{ recordId: '42' }]);
      expect(missing).toEqual([]);
    });
  }

  test('a hundred people are one call', async () => {
    const workspace = new Workspace();
    const ids = Array.from({ length: 100 }, (_, index) =>
      workspace.simulator.identify({ id: String(index) }),
    );
    expect((await workspace.read(...ids)).records).toHaveLength(100);
    expect(workspace.simulator.requests).toEqual(['POST /v1/customers/attributes?id_type=cio_id']);
    expect(people!.read!.maxIds).toBe(100);
  });

  test('who an event names is read as they then are, and one merged away is missing', async () => {
    const workspace = new Workspace();
    const ann = workspace.simulator.identify({ id: '1', email: 'ann@example.com' });
    const other = workspace.simulator.identify({ id: '2' });
    workspace.now += 60_000;
    workspace.simulator.subscribe(ann, false);
    workspace.simulator.merge(ann, other);
    const touched = workspace.said().flatMap((change) => (change.kind === 'touch' ? [change.recordId] : []));
    const { records, missing } = await workspace.read(...touched, other);
    expect(records).toMatchObject([
      { recordId: ann, changedAt: start + 60_000, body: { unsubscribed: true } },
    ]);
    expect(missing).toEqual([other]);
  });

  test('without times of attributes a person is as of now; a time of the future counts as now', async () => {
    const bare = new Workspace({ withoutTimestamps: true });
    const cioId = bare.simulator.identify({ id: '1' });
    bare.now += 5000;
    expect((await bare.read(cioId)).records).toMatchObject([{ changedAt: start + 5000 }]);
    const ahead = new Workspace();
    const early = ahead.simulator.identify({ id: '1' });
    ahead.now -= day;
    const [record] = (await ahead.read(early)).records;
    expect(asReceived(record!, ahead.now).changedAt).toBe(start - day);
  });

  test('without appKey nobody is read, and the sentence says which setting is missing', async () => {
    const workspace = new Workspace({}, {});
    const reading = workspace.read('d9c1');
    await expect(reading).rejects.toThrow(RejectedError);
    await expect(reading).rejects.toThrow(/set appKey/);
    expect(workspace.simulator.requests).toEqual([]);
  });

  test('an odd answer does not make anybody missing', async () => {
    const odd: [Response, unknown][] = [
      [new Response('404 page not found', { status: 404 }), TransientError],
      [Response.json({ message: 'no Route matched' }, { status: 404 }), TransientError],
      [Response.json({ well: 'but nobody' }), TransientError],
      [new Response('<html>well</html>'), TransientError],
      [new Response('gateway', { status: 502 }), TransientError],
      [Response.error(), TransientError],
    ];
    for (const [response, kind] of odd) {
      const workspace = new Workspace({}, { appKey, readBy: 'single' });
      workspace.simulator.faults = () => response;
      await expect(workspace.read('d9c106000001')).rejects.toThrow(kind as typeof TransientError);
    }
    const batch = new Workspace();
    batch.simulator.faults = () => Response.json({ well: 'but nobody' });
    await expect(batch.read('d9c106000001')).rejects.toThrow(TransientError);
  });

  test('a removed attribute is gone, and the newest of the times left may be older', async () => {
    const workspace = new Workspace();
    const cioId = workspace.simulator.identify({ id: '1', plan: 'gold' });
    workspace.now += 12_000;
    workspace.simulator.set(cioId, { email: 'mo@example.org' });
    const [before] = (await workspace.read(cioId)).records;
    workspace.simulator.set(cioId, { email: null });
    const [after] = (await workspace.read(cioId)).records;
    expect(before!.body).toMatchObject({ email: 'mo@example.org' });
    expect(after!.body).not.toHaveProperty('email');
    expect(after!.changedAt).toBeLessThan(before!.changedAt);
    expect(people).toMatchObject({ exhaustive: [''], clock: 'reading' });
  });

  test('the ID that Customer.io gives is never taken for the workspace’s, and who has neither is left out', async () => {
    const workspace = new Workspace();
    const cioId = workspace.simulator.identify({ city: 'Lund' });
    for (const customer of [
      { id: '', identifiers: { id: null, email: null, cio_id: cioId }, attributes: { cio_id: cioId } },
      { id: cioId, attributes: { cio_id: cioId, id: cioId } },
      { id: cioId, identifiers: { id: null, cio_id: cioId }, attributes: {} },
    ]) {
      workspace.simulator.faults = () => Response.json({ customers: [{ customer }] });
      const [record] = (await workspace.read(cioId)).records;
      expect(record).toMatchObject({ recordId: cioId });
      expect(record!.body).not.toHaveProperty('id');
      expect(people!.leftOut!(workspace.settings, record!.body)).toMatch(/anonymous/);
    }
    expect(people!.leftOut!(workspace.settings, { email: 'mo@example.org' })).toBeNull();
  });

  test('a batch that leaves out an existing person loses nobody', async () => {
    const workspace = new Workspace();
    const cioId = workspace.simulator.identify({ id: '1' });
    workspace.simulator.faults = (request) =>
      request.method === 'POST' ? Response.json({ customers: [] }) : undefined;
    expect(await workspace.read(cioId)).toMatchObject({ records: [{ recordId: cioId }], missing: [] });
  });
});

describe('the workspace', () => {
  const described = (settings: object) => customerio.api!(customerio.settings.parse(settings));
  const refused = (status: number, path = '/v1/customers/attributes') =>
    described({ appKey }).errorFor!({ status, headers: {}, json: undefined }, { path }, start);

  test('is reached where it is kept, ten times a second at most', () => {
    expect(described({}).baseUrl).toBe('https://api.customer.io');
    expect(described({ region: 'eu' }).baseUrl).toBe('https://api-eu.customer.io');
    expect(described({ region: 'eu', baseUrl: 'http://127.0.0.1:4010/' }).baseUrl).toMatch(/4010$/);
    expect(described({}).quotas).toEqual([{ name: '1-seconds', requests: 10, seconds: 1 }]);
    expect(described({ appKey }).account).not.toContain(appKey);
  });

  test('refusals are classified by what happens next, and reveal nobody', () => {
    expect(refused(401)).toBeInstanceOf(UnauthorizedError);
    expect(refused(403)).toBeInstanceOf(UnauthorizedError);
    expect(refused(429)).toMatchObject({ name: 'TransientError', retryAfterMs: 1000 });
    expect(refused(400, '/v1/customers/ann%40example.com/attributes')?.message).toBe(
      'Customer.io answered 400 to GET /v1/customers/…/attributes.',
    );
    expect(refused(500)).toBeUndefined();
  });

  test('what the credentials allow can be tried', async () => {
    const allowed = async (workspace: Workspace) =>
      (await customerio.check!(workspace.context())).map(({ allowed }) => allowed);
    expect(await allowed(new Workspace())).toEqual([null, true]);
    expect(await allowed(new Workspace({ appKey: 'another' }))).toEqual([null, false]);
    expect(await allowed(new Workspace({}, {}))).toEqual([null, null]);
    expect(await allowed(new Workspace({}, { webhookSecret: undefined }))).toEqual([false, null]);
  });

  test('invalid settings are refused with an explanation', () => {
    const wrong: [object, RegExp][] = [
      [{ appKey: 'Bearer x' }, /must be the token alone/],
      [{ region: 'asia' }, /us.*eu/],
      [{ webhookSecret: 7 }, /a secret, or a list/],
      [{ token: 'x' }, /token/],
      [{ journeys: { ID: 'x' } }, /ID/],
    ];
    for (const [settings, says] of wrong) {
      const { error } = customerio.settings.safeParse(settings);
      expect(error?.issues.map(({ message }) => message).join('\n')).toMatch(says);
    }
  });

  test('the sample is one that we take, and says nothing of anybody', () => {
    const workspace = new Workspace();
    const { sample } = webhookOf(customerio, workspace.given);
    const { verdict, changes } = workspace.hear(workspace.simulator.push(sample!));
    expect(verdict.authentic).toBe(true);
    expect(changes).toMatchObject([{ kind: 'ignored' }]);
  });

  test('every setting has a description', () => {
    const shape = (customerio.settings as unknown as { shape: Record<string, { description?: string }> })
      .shape;
    expect(Object.keys(shape).length).toBeGreaterThan(5);
    for (const [name, setting] of Object.entries(shape))
      expect(setting.description, name).toMatch(/\w+ \w+.*\.$/);
  });
});

/** A reason is matched, not compared. */
function asMatch({ kind, reason }: { kind: string; reason: RegExp }) {
  return { kind, reason: expect.stringMatching(reason) };
}

test.each(['batch', 'single'])('an answer without its list loses nothing, read by %s', async (readBy) => {
  const workspace = new Workspace({}, { appKey, readBy });
  const asked = { recordIds: ['a1b2', 'shop-1'], properties: [], cursors: [] };
  await expectNoAnswerBelieved(people!, workspace.context(), asked);
});
