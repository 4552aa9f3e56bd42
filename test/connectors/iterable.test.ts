// Iterable's connector: who gets in, what its two kinds of webhooks say, and what reading a user gives.
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { type Change, type Context, RejectedError, TransientError, UnauthorizedError } from '#connector';
import { iterable } from '../../connectors/iterable.ts';
import {
  authorization,
  type Delivery,
  type IterableOptions,
  IterableSimulator,
} from '../../simulators/iterable.ts';
import { directApi } from '../support/direct-api.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { answering, expectNoAnswerBelieved } from './conformance.ts';

const now = Date.parse('2026-11-02T08:00:00.000Z');
const apiKey = 'a-key-that-is-secret';
const webhookToken = 'a-token-that-is-secret';
const users = iterable.source!.streams.find(({ name }) => name === 'users')!;
const auth = authorization('Basic', webhookToken);

/** A project with one user, Ada, and the connector that reads it. */
class Project {
  now = now;
  readonly simulator: IterableSimulator;
  readonly settings: unknown;
  readonly ada: string;

  constructor(settings: object = {}, options: IterableOptions = {}) {
    this.simulator = new IterableSimulator({ now: () => this.now, apiKey, quotas: false, ...options });
    this.settings = { apiKey, webhookToken, ...settings };
    this.ada = this.simulator.create({ userId: 'u1', email: 'Ada@example.com' }, ada);
  }

  context(api?: Context<unknown>['api']): Context<unknown> {
    const settings = iterable.settings.parse(this.settings);
    const none = () => {
      throw new Error('no file is read');
    };
    return {
      settings,
      api: api ?? directApi(this.simulator.app, iterable.api!(settings), () => this.now),
      files: { stat: none, open: none },
      now: this.now,
    };
  }

  read(recordIds: string[], properties: string[] = []) {
    return users.read!.records(this.context(), { recordIds, properties });
  }

  hear(delivery: Delivery) {
    return heard(iterable, this.settings, requestOf({ ...delivery }), this.now);
  }

  says(eventName: string, options: Parameters<IterableSimulator['systemWebhook']>[2] = {}): Change[] {
    return this.hear(this.simulator.systemWebhook(this.ada, eventName, { headers: auth, ...options }))
      .changes;
  }

  journey(headers = auth, body = webhookOf(iterable, this.settings).recipe!.body) {
    return this.hear(this.simulator.journeyWebhook(this.ada, body, headers));
  }
}

const ada = { firstName: 'Ada "the first"', lastName: "O'Lovelace & Co", phoneNumber: '+48600100200' };

describe('authentication', () => {
  test.each(['Basic', 'BasicWithWord', 'OAuth2'] as const)('the token, however %s writes it', (type) => {
    for (const typed of [webhookToken, `Basic ${webhookToken}`]) {
      const project = new Project({ webhookToken: typed });
      expect(project.journey(authorization(type, webhookToken)).verdict).toEqual({ authentic: true });
      expect(project.journey(authorization(type, 'another')).verdict.authentic).toBe(false);
      expect(project.journey(authorization('NoAuth', '')).verdict.authentic).toBe(false);
    }
  });

  test('either of two tokens, a header of one’s own, or a secret in the address', () => {
    const either = new Project({ webhookToken: ['old', 'new'] });
    for (const token of ['old', 'new']) {
      expect(either.journey(authorization('Basic', token)).verdict.authentic).toBe(true);
    }
    const header = new Project({
      webhookToken: undefined,
      webhookHeader: { name: 'X-Tributary', value: 'secret' },
    });
    expect(header.journey({ 'x-tributary': 'secret' }).verdict.authentic).toBe(true);
    expect(header.journey(auth).verdict.authentic).toBe(false);
    const address = new Project({ webhookToken: undefined, urlToken: 'secret' });
    const sent = address.simulator.systemWebhook(address.ada, 'emailSubscribe');
    expect(address.hear({ ...sent, url: `${sent.url}/secret` }).verdict.authentic).toBe(true);
    expect(address.hear(sent).verdict.authentic).toBe(false);
  });

  test('nobody is accepted if nothing is set, with an explanation of what to set', () => {
    const project = new Project({ webhookToken: undefined });
    expect(project.journey().verdict).toMatchObject({
      authentic: false,
      reason: expect.stringContaining('Set webhookToken'),
    });
  });
});

describe('system webhooks', () => {
  const profileEvents = ['emailSubscribe', 'emailUnSubscribe', 'hostedUnsubscribeClick', 'emailComplaint'];

  test.each(profileEvents)(
    '%s says that the user may have changed, at the time of the event',
    (eventName) => {
      const project = new Project();
      const touch = { kind: 'touch', stream: 'users', recordId: 'u1', changedAt: now };
      project.now += 999;
      expect(project.says(eventName)).toEqual([touch]);
      expect(project.says(eventName, { identity: 'dataFields' })).toEqual([touch]);
    },
  );

  test('in a project that is based on e-mail, the e-mail names the user, in both places', () => {
    const project = new Project({ key: 'email' });
    for (const identity of ['top', 'dataFields'] as const) {
      expect(project.says('emailSubscribe', { identity })).toMatchObject([{ recordId: 'ada@example.com' }]);
    }
  });

  test('events of messages, events that name nobody, and all events without a key are ignored with a reason', () => {
    const project = new Project();
    const nobody = project.simulator.create({ email: 'b@example.com' });
    const unnamed = project.hear(
      project.simulator.systemWebhook(nobody, 'emailSubscribe', { headers: auth }),
    );
    const byEmail = new Project({ key: 'email' });
    const placeholder = byEmail.simulator.create({ userId: 'u2' });
    const own = byEmail.hear(
      byEmail.simulator.systemWebhook(placeholder, 'emailSubscribe', { headers: auth }),
    );
    const said = [
      ...project.says('emailSend'),
      ...project.says('somethingNew'),
      ...new Project({ apiKey: undefined }).says('emailSubscribe'),
      ...unnamed.changes,
      ...own.changes,
    ];
    expect(said.map(({ kind }) => kind)).toEqual(Array(5).fill('ignored'));
    expect(JSON.stringify(said)).not.toMatch(/u1|example\.com|u2/);
  });

  test('a repeat has the same key, another event, message, user or time another', () => {
    const project = new Project();
    const other = project.simulator.create({ userId: 'u2', email: 'b@example.com' });
    const keyOf = (eventName: string, data = {}, key = project.ada) =>
      project.hear(project.simulator.systemWebhook(key, eventName, { headers: auth, data })).keys[0];
    const keys = [
      keyOf('emailSubscribe'),
      keyOf('emailUnSubscribe'),
      keyOf('emailSubscribe', { messageId: 'm1' }),
      keyOf('emailSubscribe', {}, other),
      keyOf('emailSubscribe', { createdAt: '2026-11-02 08:00:01 +00:00' }),
    ];
    expect(keyOf('emailSubscribe')).toBe(keys[0]);
    expect(new Set(keys).size).toBe(5);
    expect(keyOf('emailSubscribe', { createdAt: null })).toBeNull();
  });

  test('the sample is accepted and is ignored', () => {
    const project = new Project();
    const { sample } = webhookOf(iterable, project.settings);
    expect(project.journey(auth, sample)).toMatchObject({
      verdict: { authentic: true },
      changes: [{ kind: 'ignored' }],
    });
  });
});

describe('journeys', () => {
  test('the recipe, filled in, is the record of the user, with what was escaped for HTML as it was', () => {
    const project = new Project();
    const { changes, keys } = project.journey();
    expect(changes).toEqual([
      {
        kind: 'record',
        stream: 'journeys',
        record: {
          recordId: 'u1',
          changedAt: now,
          body: { userId: 'u1', email: 'Ada@example.com', ...ada, changed_at: '2026-11-02 08:00:00 +00:00' },
        },
      },
    ]);
    expect(keys).toEqual([null]);
  });

  test('a placeholder is not an e-mail address', () => {
    const project = new Project();
    project.simulator.remove(project.ada);
    const grace = project.simulator.create({ userId: 'u2' });
    const { recipe } = webhookOf(iterable, project.settings);
    const { changes } = project.hear(project.simulator.journeyWebhook(grace, recipe!.body, auth));
    expect(changes).toMatchObject([{ record: { recordId: 'u2', body: { email: null, firstName: '' } } }]);
  });

  test('the recipe follows the configured paths', () => {
    const project = new Project({ authored: { id: 'key', changedAt: 'at', eventId: 'n' } });
    const { recipe } = webhookOf(iterable, project.settings);
    expect(Object.keys(JSON.parse(recipe!.body))).toEqual(expect.arrayContaining(['key', 'userId', 'at']));
    const { changes, keys } = project.journey(auth, '{"key":"k1","at":1700000000,"n":7}');
    expect(changes).toMatchObject([{ record: { recordId: 'k1', changedAt: 1_700_000_000_000 } }]);
    expect(keys).toEqual(['7']);
  });

  test('a body without an ID or with an invalid time is rejected with an explanation without its content', () => {
    const project = new Project();
    for (const body of ['{"userId":"","email":"x@secret"}', '{"userId":"u1","changed_at":"secret"}']) {
      const attempt = () => project.journey(auth, body);
      expect(attempt).toThrow(RejectedError);
      expect(attempt).toThrow(/\S+ \S+ \S+ \S+/);
      expect(attempt).not.toThrow(/secret/);
    }
  });
});

describe('reading users', () => {
  test('gives the profile flat, with the clock of the profile; what was asked for and is not there is empty', async () => {
    const project = new Project();
    project.simulator.update(project.ada, { shippingAddress: { city: 'London' } });
    const { records, missing } = await project.read(
      ['u1', 'u2', 'no ID at all'],
      ['email', 'firstName', 'tier'],
    );
    expect(missing).toEqual(['u2', 'no ID at all']);
    expect(records).toEqual([
      {
        recordId: 'u1',
        changedAt: now,
        body: {
          ...ada,
          userId: 'u1',
          email: 'Ada@example.com',
          shippingAddress: { city: 'London' },
          signupDate: '2026-11-02 08:00:00 +00:00',
          profileUpdatedAt: '2026-11-02 08:00:00 +00:00',
          tier: null,
        },
      },
    ]);
  });

  test('by e-mail where that is the key, and one that is no address is missing without asking', async () => {
    const project = new Project({ key: 'email' }, { unknownUser: 'null' });
    const { records, missing } = await project.read(['ada@example.com', 'b@example.com', 'no ID at all']);
    expect(records).toMatchObject([{ recordId: 'ada@example.com', body: { email: 'Ada@example.com' } }]);
    expect(missing).toEqual(['b@example.com', 'no ID at all']);
    expect(iterable.source!.sourceIdFor!(project.context().settings, [])).toBe('email');
  });

  test('an ID with a slash is one segment of the path; a placeholder is not an e-mail address', async () => {
    const project = new Project();
    project.simulator.create({ userId: 'a/b c' });
    const { records } = await project.read(['a/b c']);
    expect(records).toMatchObject([{ recordId: 'a/b c', body: { email: null, userId: 'a/b c' } }]);
  });

  test('a touch and then a read give what the touch was of', async () => {
    const project = new Project();
    project.now += 5000;
    project.simulator.update(project.ada, { unsubscribedChannelIds: [7] });
    const [touch] = project.says('emailUnSubscribe');
    const { records } = await project.read([(touch as { recordId: string }).recordId]);
    expect(records).toMatchObject([{ changedAt: now + 5000, body: { unsubscribedChannelIds: [7] } }]);
  });

  test('an answer that is invalid is tried again, and never mistaken for a deleted user', async () => {
    const project = new Project();
    for (const json of [undefined, null, [], 'ok']) {
      const api = answering(json);
      const read = users.read!.records(project.context(api), { recordIds: ['u1'], properties: [] });
      await expect(read).rejects.toBeInstanceOf(TransientError);
    }
  });

  test('without a key nothing is asked, with another it is refused; no error holds it', async () => {
    const request = new Project({ apiKey: undefined }).read(['u1']);
    await expect(request).rejects.toThrow('cannot be read without apiKey');
    const refused = await new Project({}, { apiKey: 'another' })
      .read(['u1'])
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UnauthorizedError);
    expect((refused as Error).message).not.toContain(apiKey);
  });
});

describe('what can be tried', () => {
  test('a key that fits, one that does not, and none', async () => {
    const [fits, wrong, none] = await Promise.all(
      [new Project(), new Project({}, { apiKey: 'another' }), new Project({ apiKey: undefined })].map(
        (project) => iterable.check!(project.context()),
      ),
    );
    expect(fits).toMatchObject([{ allowed: true }, { allowed: true }]);
    expect(wrong).toMatchObject([{ allowed: false }, { allowed: false }]);
    expect(none).toMatchObject([{ allowed: null, note: expect.stringContaining('only by journeys') }]);
  });

  test('the properties that a mapping may name are those of the project; without a key none are known', async () => {
    const names = (await users.properties!(new Project().context())).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['email', 'userId', 'firstName', 'phoneNumber']));
    expect(await users.properties!(new Project({ apiKey: undefined }).context())).toEqual([]);
  });

  test('invalid settings are refused with an explanation; the key is in no name of the account', () => {
    const refused = (settings: object) => iterable.settings.safeParse(settings).error?.issues[0]?.message;
    expect(refused({ apiKey: 'a b' })).toMatch(/without spaces/);
    expect(refused({ key: 'phone' })).toBeDefined();
    expect(refused({ webhookToken: 7 })).toMatch(/a secret, or a list/);
    expect(refused({ webhookHeader: { name: 'a b', value: 'c' } })).toMatch(/a header name/);
    expect(refused({ baseUrl: 'ftp://example.com' })).toMatch(/must be a URL/);
    expect(iterable.api!(iterable.settings.parse({ apiKey })).account).not.toContain(apiKey);
  });
});

describe('answers that are not about the user', () => {
  const asked = { recordIds: ['u1', 'u2'], properties: ['email'], cursors: [] };

  test('an answer without its list loses nothing, whatever is asked', async () => {
    await expectNoAnswerBelieved(users, new Project().context(), asked);
  });

  test('a user other than the requested one is not accepted', async () => {
    const stranger = new Hono().all('*', (c) => c.json({ user: { userId: 'u9', dataFields: {} } }));
    const api = directApi(stranger, iterable.api!(iterable.settings.parse({ apiKey })), () => now);
    const read = users.read!.records(new Project().context(api), asked);
    await expect(read).rejects.toMatchObject({ foreign: true });
  });
});
