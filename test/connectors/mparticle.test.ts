// mParticle's connector against the simulated workspace: what a batch says of a user, what it leaves alone, and reading by ID.
import { afterEach, describe, expect, test } from 'vitest';
import { mparticle } from '../../connectors/mparticle.ts';
import { createMparticleSimulator, type Identity, rawJson } from '../../simulators/mparticle.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { FastClock } from '../support/fast-clock.ts';
import { VendorWorld } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { Account, start } from './account.ts';
import { expectNoAnswerBelieved } from './conformance.ts';

const webhookToken = 'a value of our own';
const headers = { authorization: webhookToken, 'content-type': 'application/json' };
const client = { clientId: 'client-of-ours', clientSecret: 'client-secret-of-ours' };
const profiles = { ...client, orgId: '1', accountId: '22', workspaceId: '333' };
const base = { webhookToken, profiles };
const customer = (value: string): Identity => ({ type: 'customer_id', value });

function open(settings: object = {}) {
  let token = '';
  const account = new Account(
    mparticle,
    { ...base, ...settings },
    {
      get authorization() {
        return token;
      },
    },
    (hooks) =>
      createMparticleSimulator({
        ...client,
        place: '1/22/333',
        now: hooks.now,
        faults: () => hooks.faults(''),
      }),
  );
  /** As the engine gets one. */
  const signIn = async () => {
    const response = await account.simulator.app.request('/oauth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: client.clientId,
        client_secret: client.clientSecret,
        grant_type: 'client_credentials',
      }),
    });
    token = `Bearer ${((await response.json()) as { access_token: string }).access_token}`;
  };
  return Object.assign(account, { signIn });
}

const hear = (body: string, settings: object = base, given: { [name: string]: string } = headers) =>
  heard(mparticle, settings, requestOf({ headers: given, body }), start + 5_000);

describe('a batch', () => {
  test('tells of attributes and identities one by one, at the time at which mParticle took it in', () => {
    const { simulator } = open();
    const mpid = simulator.create([customer('u1'), { type: 'email', value: 'ada@example.com' }], {
      $FirstName: 'Ada',
      points: '342.1',
      tags: ['a', 'b'],
    });
    expect(hear(simulator.batch(mpid)).changes).toEqual([
      {
        kind: 'record',
        stream: 'users',
        partial: true,
        record: {
          recordId: 'u1',
          changedAt: start,
          body: {
            mpid: '9080350317581165001',
            identity_customer_id: 'u1',
            identity_email: 'ada@example.com',
            $firstname: 'Ada',
            points: '342.1',
            tags: ['a', 'b'],
          },
        },
      },
    ]);
  });

  test('keeps every digit of IDs beyond 2^53, and their sign', () => {
    const { simulator } = open();
    simulator.create([customer('u1')]);
    const mpid = simulator.create([customer('9080350317581165001')]);
    const { changes, keys } = hear(simulator.batch(mpid));
    expect(changes).toMatchObject([
      { record: { recordId: '9080350317581165001', body: { mpid: '-9080350317581165002' } } },
    ]);
    expect(keys).toEqual(['-1586912177303106614']);
    expect(
      hear(
        rawJson({
          ...JSON.parse(simulator.batch(mpid)),
          user_identities: [{ identity_type: 'customer_id', identity: 9_080_350_317_581_165_001n }],
        }),
      ).changes,
    ).toMatchObject([{ record: { recordId: '9080350317581165001' } }]);
  });

  test('removes what it says is removed, and nothing that it does not name', () => {
    const { simulator } = open();
    const mpid = simulator.create([customer('u1')], { tier: 'gold', city: 'Berlin' });
    const change = (data: object) => ({ event_type: 'user_attribute_change', data });
    const more = {
      deleted_user_attributes: ['$Zip', 'tier'],
      events: [
        change({ user_attribute_name: 'code', deleted: true, new: null }),
        change({ user_attribute_name: 'kept', deleted: false, new: 'x' }),
      ],
    };
    const [said] = hear(simulator.batch(mpid, { filtered: ['city'], more })).changes;
    expect(said).toMatchObject({ record: { body: { $zip: null, code: null, tier: 'gold' } } });
    expect(JSON.stringify(said)).not.toMatch(/city|kept/);
  });

  test('of an anonymous user or of the other environment is ignored, and a hash is no e-mail address', () => {
    const { simulator } = open();
    const anonymous = simulator.create([{ type: 'email', value: 'a@example.com' }]);
    const hashed = simulator.create([customer('u1'), { type: 'email', value: '5f4d', encoding: 'sha256' }]);
    const development = { environment: 'development' };
    expect(hear(simulator.batch(anonymous)).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(hear(simulator.batch(hashed, development)).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(hear(simulator.batch(hashed, development), { ...base, ...development }).changes).toHaveLength(1);
    expect(JSON.stringify(hear(simulator.batch(hashed)).changes)).not.toContain('5f4d');
  });

  test('may name your ID by another identity type', () => {
    const { simulator } = open();
    const mpid = simulator.create([customer('u1'), { type: 'other_id_2', value: 'shop-1' }]);
    const said = hear(simulator.batch(mpid), { ...base, identityType: 'other_id_2' }).changes;
    expect(said).toMatchObject([{ record: { recordId: 'shop-1' } }]);
    expect(() => hear('{}', { ...base, identityType: 'email' })).toThrow(/identityType/);
  });

  test('that deletes a profile is proven by reading, or ignored as a deletion where nothing can be read', () => {
    const { simulator } = open();
    const mpid = simulator.create([customer('u1')]);
    const more = { events: [{ event_type: 'profile', data: { profile_event_type: 'delete' } }] };
    expect(hear(simulator.batch(mpid, { more })).changes).toMatchObject([{ kind: 'touch', gone: 'deleted' }]);
    const blind = hear(simulator.batch(mpid, { more }), { webhookToken }).changes;
    expect(blind).toMatchObject([{ kind: 'record', partial: true }]);
  });

  test('is accepted with the value of Authorization only, and refusals invite to try again', () => {
    const { simulator } = open();
    const body = simulator.batch(simulator.create([customer('u1')]));
    expect(hear(body).verdict.authentic).toBe(true);
    expect(hear(body, base, { authorization: 'another' }).verdict.authentic).toBe(false);
    expect(hear(body, { profiles }).verdict).toMatchObject({ authentic: false });
    expect(webhookOf(mparticle, base).refuseWith).toBe(503);
    expect(hear(webhookOf(mparticle, base).sample!).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(() => hear('{"message": "ok"}')).toThrow(/not a batch/);
  });
});

describe('reading a user', () => {
  test('gives the profile with its own clock, in the same form as a batch', async () => {
    const account = open();
    await account.signIn();
    const mpid = account.simulator.create([customer('u1')], { $FirstName: 'Ada' });
    account.now += 1_000;
    account.simulator.change(mpid, { tier: 'gold' });
    const { records, missing } = await account.read('u1', 'nobody');
    expect(missing).toEqual(['nobody']);
    const body = { mpid: String(mpid), identity_customer_id: 'u1', $firstname: 'Ada', tier: 'gold' };
    expect(records).toEqual([{ recordId: 'u1', changedAt: start + 1_000, body }]);
  });

  test('takes no other 400 for an unknown profile, nor an answer about somebody else', async () => {
    const account = open();
    await account.signIn();
    account.fault = () =>
      Response.json(
        { errors: [{ code: 'BAD_REQUEST', message: 'identity type is not allowed' }] },
        { status: 400 },
      );
    await expect(account.read('u1')).rejects.toMatchObject({ name: 'RejectedError', code: 'not_resolved' });
    expect(await account.check()).toMatchObject([{ allowed: false }]);
    account.fault = null;
    expect(await account.check()).toMatchObject([{ allowed: true }]);
    await expectNoAnswerBelieved(account.stream, account.context(), {
      recordIds: ['u1'],
      properties: [],
      cursors: [],
    });
    account.fault = () =>
      Response.json({
        mpid: 1,
        last_stored_timestamp_ms: 1,
        user_identities: [{ type: 'customer_id', value: 'u2' }],
      });
    await expect(account.read('u1')).rejects.toMatchObject({ foreign: true });
  });

  test('is refused with an explanation where there is no access to the Profile API', async () => {
    const account = open({ profiles: undefined });
    await expect(account.read('u1')).rejects.toThrow(/not read without `profiles`/);
    expect(await account.check()).toMatchObject([{ allowed: null }]);
  });
});

describe('up to Voucherify', () => {
  let world: VendorWorld | null = null;
  let server: Served | null = null;
  afterEach(async () => {
    await world?.close();
    await server?.close();
  });

  test('a late batch overwrites nothing newer, a repeat nothing at all, and a user is read with a token of its own', async () => {
    const clock = new FastClock();
    const simulator = createMparticleSimulator({ ...client, place: '1/22/333', now: () => clock.now() });
    const mpid = simulator.create([customer('u1')], {
      $FirstName: 'Ada',
      $LastName: 'Lovelace',
      $City: 'London',
    });
    server = await serve(simulator.app);
    const tokenUrl = `${server.url}/oauth/token`;
    const settings = { connector: 'mparticle', ...base, tokenUrl };
    world = await VendorWorld.open(clock, simulator.app, settings);
    const late = simulator.batch(mpid, { at: clock.now() - 1_000 });
    simulator.change(mpid, { $FirstName: 'Augusta', $City: 'Paris' });
    const newer = simulator.batch(mpid, { filtered: ['$City'] });
    for (const body of [newer, late, newer]) await world.push({ headers, body });
    expect(world.customers()['u1']).toMatchObject({ name: 'Augusta Lovelace', address: { city: 'London' } });
    await world.read('u1');
    expect(world.customers()['u1']).toMatchObject({ address: { city: 'Paris' } });
    expect(simulator.state).toMatchObject({ calls: 1, refused: 0 });
    expect(await world.deadLetters()).toBe(0);
  });
});
