// Braze's connector: who gets in, what its webhooks and Currents say, and what an export by ID gives.
import { describe, expect, test } from 'vitest';
import { type Change, type Context, RejectedError, TransientError, UnauthorizedError } from '#connector';
import { braze } from '../../connectors/braze.ts';
import {
  type BrazeOptions,
  BrazeSimulator,
  type CurrentsEvent,
  type Delivery,
} from '../../simulators/braze.ts';
import { UndecodableError } from '../../src/engine/webhook/decoding.ts';
import { directApi } from '../support/direct-api.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { answering, expectNoAnswerBelieved } from './conformance.ts';

const now = Date.parse('2026-11-02T08:00:00.000Z');
const apiKey = 'a-key-that-is-secret';
const webhookToken = 'a-token-that-is-secret';
const baseUrl = 'https://rest.fra-02.braze.eu';
const bearer = { authorization: `Bearer ${webhookToken}` };
const users = braze.source!.streams.find(({ name }) => name === 'users')!;

const ada = {
  first_name: 'Ada "the first"',
  last_name: 'Lovelace',
  email: 'ada@example.com',
  phone: '+48600100200',
  home_city: 'London',
  country: 'GB',
  dob: '1815-12-10',
  email_subscribe: 'opted_in',
  custom_attributes: { tier: 'gold', email: 'custom@example.com' },
};

/** A workspace with one user, Ada, and the connector that reads it. */
class Workspace {
  now = now;
  readonly simulator: BrazeSimulator;
  readonly settings: unknown;
  readonly ada: string;

  constructor(settings: object = {}, options: BrazeOptions = {}) {
    this.simulator = new BrazeSimulator({ now: () => this.now, apiKey, ...options });
    this.settings = { apiKey, baseUrl, webhookToken, ...settings };
    this.ada = this.simulator.create('c1', ada);
  }

  context(api?: Context<unknown>['api']): Context<unknown> {
    const settings = braze.settings.parse(this.settings);
    const none = () => {
      throw new Error('no file is read');
    };
    return {
      settings,
      api: api ?? directApi(this.simulator.app, braze.api!(settings), () => this.now),
      files: { stat: none, open: none },
      now: this.now,
    };
  }

  read(recordIds: string[], properties: string[] = []) {
    return users.read!.records(this.context(), { recordIds, properties });
  }

  hear(delivery: Delivery) {
    return heard(braze, this.settings, requestOf({ ...delivery }), this.now);
  }

  /** What Currents' events of these types say of Ada. */
  says(...types: string[]): Change[] {
    const events = types.map((type) => this.simulator.event(this.ada, type));
    return this.hear(this.simulator.currents(events, webhookToken)).changes;
  }

  event(type: string, other: Partial<CurrentsEvent> = {}) {
    const event = { ...this.simulator.event(this.ada, type), ...other };
    return this.hear(this.simulator.currents([event], webhookToken));
  }

  canvas(options: Parameters<BrazeSimulator['webhook']>[3] = {}, user = this.ada, body = this.recipe) {
    return this.hear(this.simulator.webhook(user, body, bearer, options));
  }

  get recipe(): string {
    return webhookOf(braze, this.settings).recipe!.body;
  }
}

describe('authentication', () => {
  const basic = `Basic ${Buffer.from('braze:secret').toString('base64')}`;
  const ways: [string, object, { [name: string]: string }, string][] = [
    ['a bearer token', { webhookToken }, bearer, ''],
    [
      'a user and a password',
      { webhookBasic: { user: 'braze', password: 'secret' } },
      { authorization: basic },
      '',
    ],
    [
      'a header',
      { webhookHeader: { name: 'X-Tributary', value: ['old', 'new'] } },
      { 'x-tributary': 'new' },
      '',
    ],
    ['a secret in the address', { urlToken: 'secret' }, {}, '/secret'],
  ];

  test.each(ways)('%s, and nothing else', (_, way, headers, rest) => {
    const workspace = new Workspace({ webhookToken: undefined, ...way });
    const sent = workspace.simulator.webhook(workspace.ada, workspace.recipe, headers);
    expect(workspace.hear({ ...sent, url: sent.url + rest }).verdict).toEqual({ authentic: true });
    const wrong = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `${value}xxxx`]));
    for (const other of [{}, wrong]) {
      const { verdict, changes } = workspace.hear({ ...sent, headers: other, url: sent.url });
      expect(verdict.authentic).toBe(false);
      expect(changes).toEqual([]);
    }
  });

  test('nobody is accepted if nothing is set, with an explanation of what to set', () => {
    expect(new Workspace({ webhookToken: undefined }).canvas().verdict).toMatchObject({
      authentic: false,
      reason: expect.stringContaining('Set webhookToken'),
    });
  });
});

describe('webhooks of Canvas and campaigns', () => {
  test('the recipe, filled in, is the record of the profile, under the names of an export', () => {
    const workspace = new Workspace();
    const { changes } = workspace.canvas();
    const { custom_attributes: _, ...fields } = ada;
    expect(changes).toEqual([
      {
        kind: 'record',
        stream: 'profiles',
        record: {
          recordId: 'c1',
          changedAt: now,
          body: {
            ...fields,
            external_id: 'c1',
            braze_id: workspace.ada,
            event_id: 'd1',
            changed_at: String(now / 1000),
          },
        },
      },
    ]);
    const mapped = Object.values(braze.source!.mapping).flat();
    expect(Object.keys(JSON.parse(workspace.recipe))).toEqual(expect.arrayContaining(mapped));
  });

  test('a repeat has the same key; another user, time or dispatch of the same has another, and none without a dispatch', () => {
    const workspace = new Workspace();
    const other = workspace.simulator.create('c2');
    const keys = [
      workspace.canvas().keys[0],
      workspace.canvas({ dispatchId: 'd2' }).keys[0],
      workspace.canvas({}, other).keys[0],
    ];
    expect(workspace.canvas().keys[0]).toBe(keys[0]);
    workspace.now += 60_000;
    keys.push(workspace.canvas().keys[0]);
    expect(new Set(keys).size).toBe(4);
    expect(workspace.canvas({ dispatchId: '' }).keys).toEqual([null]);
  });

  test('a profile without an external ID is ignored; a body that has none to say is rejected', () => {
    const workspace = new Workspace();
    const anonymous = workspace.simulator.create(undefined, { email: 'secret@example.com' });
    expect(workspace.canvas({}, anonymous).changes).toEqual([
      { kind: 'ignored', reason: 'The profile has no external ID.' },
    ]);
    const attempt = () => workspace.canvas({}, workspace.ada, '{"email":"secret@example.com"}');
    expect(attempt).toThrow(RejectedError);
    expect(attempt).toThrow(/no ID at external_id/);
    expect(attempt).not.toThrow(/secret/);
  });

  test('a quote that Liquid did not escape makes no JSON, and the error tells nothing of it', () => {
    const attempt = () => new Workspace().canvas({ escapes: false });
    expect(attempt).toThrow(UndecodableError);
    expect(attempt).not.toThrow(/Ada|example/);
  });

  test('the recipe follows the configured paths, and always has the source ID', () => {
    const workspace = new Workspace({ authored: { id: 'key', changedAt: 'at', eventId: 'n' } });
    expect(workspace.canvas().changes).toMatchObject([
      { record: { recordId: 'c1', body: { external_id: 'c1' } } },
    ]);
    const gone = workspace.canvas({}, workspace.ada, '{"key":"c1","deleted":true}').changes;
    expect(gone).toMatchObject([{ record: { recordId: 'c1', deleted: true } }]);
  });
});

describe('Currents', () => {
  const ofProfile = [
    'users.messages.email.Unsubscribe',
    'users.behaviors.subscription.GlobalStateChange',
    'users.behaviors.subscriptiongroup.StateChange',
    'users.messages.globalsubscriptionstatechange',
    'users.messages.subscriptiongroupstatechange',
    'users.messages.email.MarkAsSpam',
    'users.profile.SomethingNew',
  ];

  test('events of profiles say that the user may have changed, at the time of the event', () => {
    const touch = { kind: 'touch', stream: 'users', recordId: 'c1', changedAt: now };
    expect(new Workspace().says(...ofProfile)).toEqual(ofProfile.map(() => touch));
  });

  test('events of messages and of use are ignored, whether written with dots or underscores', () => {
    const types = [
      'users.messages.email.Open',
      'users.messages.pushnotification.Send',
      'users.behaviors.app.SessionStart',
      'users.campaigns.Conversion',
      'users_canvas_abort',
    ];
    expect(new Workspace().says(...types).map(({ kind }) => kind)).toEqual(types.map(() => 'ignored'));
  });

  test('a user without an external ID, and any user without a key, is ignored with a reason without values', () => {
    const workspace = new Workspace();
    const anonymous = workspace.event(ofProfile[0]!, { user: { user_id: workspace.ada } });
    const keyless = new Workspace({ apiKey: undefined }).says(ofProfile[0]!);
    const said = [...anonymous.changes, ...keyless];
    expect(said.map(({ kind }) => kind)).toEqual(['ignored', 'ignored']);
    expect(JSON.stringify(said)).not.toContain(workspace.ada);
  });

  test('the ID of the event is its key, or its content if there is no ID; without a time, the time of receipt counts', () => {
    const workspace = new Workspace();
    const { id: _, time: __, ...bare } = workspace.simulator.event(workspace.ada, ofProfile[0]!);
    const sent = workspace.hear(workspace.simulator.currents([bare], webhookToken));
    expect(sent.keys).toEqual([null]);
    expect(sent.changes).toMatchObject([{ changedAt: now }]);
    expect(workspace.event('x.y', { id: 'e1', time: now / 1000 + 5 })).toMatchObject({
      keys: ['e1'],
      changes: [{ changedAt: now + 5_000 }],
    });
  });

  test('no events at all are nothing, which is what the sample says too', () => {
    const workspace = new Workspace();
    const { sample } = webhookOf(braze, workspace.settings);
    for (const delivery of [
      workspace.simulator.currents([], webhookToken),
      { ...workspace.simulator.currents([], webhookToken), body: Buffer.from(sample!) },
    ]) {
      expect(workspace.hear(delivery)).toMatchObject({
        verdict: { authentic: true },
        items: [],
        changes: [],
      });
    }
    expect(workspace.hear(workspace.simulator.currents([])).verdict.authentic).toBe(false);
  });

  test('what is repeated for five days is known for longer', () => {
    expect(webhookOf(braze, new Workspace().settings).retryHorizonSeconds).toBeGreaterThan(5 * 86_400);
  });
});

describe('reading users', () => {
  test('asks for the fields that are used and gives them flat, as they are now; what is not there is empty', async () => {
    const workspace = new Workspace();
    workspace.simulator.update(workspace.ada, { phone: '' });
    workspace.now += 5000;
    const { records, missing } = await workspace.read(
      ['c1', 'c2', 'no ID at all'],
      ['email', 'phone', 'tier'],
    );
    expect(missing).toEqual(['c2', 'no ID at all']);
    expect(records).toEqual([
      {
        recordId: 'c1',
        changedAt: now + 5000,
        // The field wins over the custom attribute of its name.
        body: { external_id: 'c1', email: 'ada@example.com', phone: null, tier: 'gold' },
      },
    ]);
    expect(workspace.simulator.exports).toEqual([
      {
        external_ids: ['c1', 'c2', 'no ID at all'],
        fields_to_export: ['external_id', 'email', 'phone', 'custom_attributes'],
      },
    ]);
  });

  test('asks for no custom attributes where none are used, and for all that says who a person is where nothing is named', async () => {
    const workspace = new Workspace();
    await workspace.read(['c1'], ['email']);
    const { records } = await workspace.read(['c1']);
    const [few, all] = workspace.simulator.exports;
    expect(few!.fields_to_export).toEqual(['external_id', 'email']);
    expect(all!.fields_to_export).toEqual(expect.arrayContaining(['custom_attributes', 'dob', 'home_city']));
    expect(all!.fields_to_export).not.toContain('campaigns_received');
    expect(records[0]!.body).toMatchObject({
      tier: 'gold',
      dob: '1815-12-10T00:00:00.000Z',
      gender: null,
      email: ada.email,
    });
  });

  test('custom attributes stay together where a path goes through them', async () => {
    const { records } = await new Workspace().read(['c1'], ['custom_attributes']);
    expect(records[0]!.body['custom_attributes']).toEqual(ada.custom_attributes);
    const workspace = new Workspace();
    workspace.simulator.update(workspace.ada, { custom_attributes: {} });
    const [none] = (await workspace.read(['c1'], ['custom_attributes'])).records;
    expect(none!.body['custom_attributes']).toBeNull();
  });

  test('a cleared value is null, so that it clears', async () => {
    const workspace = new Workspace();
    const before = await workspace.read(['c1'], ['first_name']);
    workspace.simulator.update(workspace.ada, { first_name: null });
    const after = await workspace.read(['c1'], ['first_name']);
    expect([before, after].map(({ records }) => records[0]!.body['first_name'])).toEqual([
      ada.first_name,
      null,
    ]);
  });

  test('an export that leaves the ID out is of the one that was asked for: several are asked for one by one', async () => {
    const workspace = new Workspace({}, { omitExternalId: true });
    workspace.simulator.create('c2');
    expect((await workspace.read(['c1'], ['email'])).records).toMatchObject([
      { recordId: 'c1', body: { external_id: 'c1' } },
    ]);
    const { records, missing } = await workspace.read(['c1', 'c2', 'c3'], ['email']);
    expect(records).toMatchObject([
      { recordId: 'c1', body: { email: 'ada@example.com' } },
      { recordId: 'c2' },
    ]);
    expect(missing).toEqual(['c3']);
  });

  test('an answer that is invalid is tried again, and never mistaken for deleted users', async () => {
    for (const json of [undefined, null, {}, { invalid_user_ids: ['c1'] }]) {
      const api = answering(json);
      const request = { recordIds: ['c1'], properties: [] };
      const read = users.read!.records(new Workspace().context(api), request);
      await expect(read).rejects.toBeInstanceOf(TransientError);
    }
  });

  test('refusals say what to do, and hold no key', async () => {
    const refused = (settings: object, options: BrazeOptions) =>
      new Workspace(settings, options).read(['c1']).then(
        () => undefined,
        (error: unknown) => error as Error,
      );
    const wrong = await refused({}, { apiKey: 'another' });
    const forbidden = await refused({}, { permitted: false });
    expect(wrong).toBeInstanceOf(UnauthorizedError);
    expect(wrong!.message).toMatch(/apiKey and baseUrl/);
    expect(forbidden).toBeInstanceOf(UnauthorizedError);
    expect(forbidden!.message).toMatch(/permission users\.export\.ids/);
    expect(`${wrong!.message} ${forbidden!.message}`).not.toContain(apiKey);
    expect((await refused({ apiKey: undefined }, {}))!.message).toMatch(/cannot be read without apiKey/);
  });

  test('too many requests wait for as long as the header says, and the quota knows that nothing is left', async () => {
    const workspace = new Workspace({}, { requestsPerMinute: 1 });
    await workspace.read(['c1'], ['email']);
    workspace.now += 20_000;
    const refused = await workspace.read(['c1'], ['email']).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 429, retryAfterMs: 40_000 });
    const { readQuotas } = braze.api!(workspace.context().settings);
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 60) };
    const read = (of: typeof headers) =>
      readQuotas!({ status: 201, headers: of, json: {} }, { path: '/' }, workspace.now);
    expect(read(headers)).toEqual([{ quota: '60-seconds', remaining: 0, exhaustedUntil: now + 60_000 }]);
    expect(read({ ...headers, 'x-ratelimit-remaining': '7' })).toEqual([]);
  });
});

describe('what can be tried', () => {
  test('a key with the permission, one without it, one of another instance, and no key', async () => {
    const checked = (settings: object, options: BrazeOptions) =>
      braze.check!(new Workspace(settings, options).context());
    expect(await checked({}, {})).toMatchObject([{ allowed: true }]);
    expect(await checked({}, { permitted: false })).toMatchObject([{ allowed: false }]);
    expect(await checked({}, { apiKey: 'another' })).toMatchObject([{ allowed: false }]);
    expect(await checked({ apiKey: undefined }, {})).toMatchObject([
      { allowed: null, note: expect.stringContaining('only by webhooks of Canvas and campaigns') },
    ]);
  });

  test('invalid settings are refused with an explanation; the key is in no name of the account', () => {
    const refused = (settings: object) => {
      const issue = braze.settings.safeParse(settings).error?.issues[0];
      return `${issue?.path.join('.')}: ${issue?.message}`;
    };
    expect(refused({ apiKey })).toMatch(/baseUrl: is needed with apiKey/);
    expect(refused({ apiKey: 'a b', baseUrl })).toMatch(/apiKey: .*without spaces/);
    expect(refused({ baseUrl: 'rest.fra-02.braze.eu' })).toMatch(/baseUrl: must be a URL/);
    expect(refused({ webhookBasic: { user: 'a:b', password: 'c' } })).toMatch(/must not contain a colon/);
    expect(refused({ webhookHeader: { name: 'a b', value: 'c' } })).toMatch(/a header name/);
    expect(braze.settings.safeParse({ webhookToken }).success).toBe(true);
    expect(braze.api!(braze.settings.parse({ apiKey, baseUrl })).account).not.toContain(apiKey);
  });
});

test('an answer without its list loses nothing, whatever is asked', async () => {
  await expectNoAnswerBelieved(users, new Workspace().context(), {
    recordIds: ['c1', 'c2'],
    properties: ['email'],
    cursors: [],
  });
});
