// What is special about writing to Customer.io: another host with credentials of its own, batches judged by place, and updates that
// are answered as taken and fail without a word.
import { expect, test } from 'vitest';
import { UnauthorizedError } from '#connector';
import { customerio } from '../../connectors/customerio.ts';
import { CustomerIoSimulator } from '../../simulators/customerio.ts';
import { judgeReadBack } from '../../src/sync/write-back/read-back.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = customerio.writer!;
const appKey = 'app-secret-0123456789';
const track = { siteId: 'site-0123456789', apiKey: 'track-secret-0123456789' };
const settings = customerio.settings.parse({ appKey, track });

function workspace() {
  const clock = { now: Date.UTC(2026, 10, 1) };
  const refused = new Set<string>();
  const options = {
    ...track,
    takesMs: 5_000,
    quota: false as const,
    fault: (identifiers: { [kind: string]: string }) =>
      Object.values(identifiers).some((id) => refused.has(id)) ? 'a value is too long' : undefined,
  };
  const simulator = new CustomerIoSimulator({ now: () => clock.now, appKey, quota: false, track: options });
  const context = (given: unknown = settings) => ({
    settings: given,
    api: directApi(simulator.app, customerio.api!(given), () => clock.now),
    files: {} as never,
    now: clock.now,
  });
  return { simulator, clock, refused, options, context };
}

describeWriter('customerio', {
  connector: customerio,
  attributes: { number: 'loyalty_points', text: 'tier', list: 'segments' },
  async open() {
    const { simulator, clock, refused, options } = workspace();
    return {
      settings,
      app: simulator.app,
      now: () => clock.now,
      create: async (sourceId) =>
        simulator.identify({ id: sourceId, email: `${sourceId}@example.com`, favourite: 'blue' }),
      others(recordId) {
        const { loyalty_points: _, tier: __, segments: ___, ...rest } = simulator.attributes(recordId) ?? {};
        return rest;
      },
      count: () => simulator.size,
      unknownId: 'd9c106ffffff',
      settle() {
        clock.now += 60_000;
      },
      refuse: (recordId) => refused.add(recordId),
      denyWrites() {
        options.apiKey = 'another-key';
      },
    };
  },
});

test('writes go to the host of the Track API of the region, with its credentials', () => {
  const inEurope = customerio.settings.parse({ appKey, track, region: 'eu' });
  expect(customerio.api!(inEurope)).toMatchObject({
    baseUrl: 'https://api-eu.customer.io',
    otherBaseUrls: { track: 'https://track-eu.customer.io' },
    otherAuths: { track: { kind: 'basic', user: track.siteId, password: track.apiKey } },
  });
  expect(customerio.api!(customerio.settings.parse({ appKey })).otherAuths).toBeUndefined();
});

test('an update that is taken and fails afterwards is found by the reading', async () => {
  const { simulator, clock, context } = workspace();
  const recordId = simulator.identify({ id: 'shop-1' });
  const people = [{ sourceId: 'shop-1', recordId, attributes: { tier: 'Gold' } }];
  expect(await writer.write(context(), people)).toEqual([{ sourceId: 'shop-1', result: 'accepted' }]);
  const readBack = async () =>
    judgeReadBack(
      people,
      await writer.read.people(context(), { recordIds: [recordId], attributes: ['tier'] }),
      writer,
    );
  expect(await readBack()).toMatchObject([{ result: 'unknown' }]);
  clock.now += writer.read.lagSeconds! * 1000;
  expect(await readBack()).toMatchObject([{ result: 'accepted' }]);
  simulator.remove(recordId);
  expect(await readBack()).toMatchObject([{ result: 'missing' }]);
});

test('a record under an ID of the workspace that looks like one of Customer.io is found and written', async () => {
  const { simulator, clock, context } = workspace();
  const cioId = simulator.identify({ id: '1001' });
  const people = [{ sourceId: '1001', recordId: '1001', attributes: { loyalty_points: 5 } }];
  expect(await writer.write(context(), people)).toEqual([{ sourceId: '1001', result: 'accepted' }]);
  clock.now += 10_000;
  expect(simulator.attributes(cioId)).toMatchObject({ loyalty_points: 5 });
  expect(simulator.size).toBe(1);
  const found = await writer.read.people(context(), { recordIds: ['1001'], attributes: ['loyalty_points'] });
  expect(judgeReadBack(people, found, writer)).toMatchObject([{ result: 'accepted' }]);
});

test('without both keys nothing is written, and the check says which to set', async () => {
  const { context } = workspace();
  const people = [{ sourceId: 'a', recordId: 'd9c106000001', attributes: { tier: 'Gold' } }];
  for (const given of [{ appKey }, { track, webhookSecret: 'a-signing-key' }]) {
    const lacking = context(customerio.settings.parse(given));
    await expect(writer.write(lacking, people)).rejects.toBeInstanceOf(UnauthorizedError);
    expect(await writer.check(lacking, ['tier'])).toMatchObject([
      { allowed: false, note: expect.stringContaining('Set track') },
    ]);
  }
});

test('names of Customer.io itself are no attributes to write', () => {
  for (const name of ['id', 'email', 'cio_id', 'unsubscribed', 'cio_subscription_preferences', '_update'])
    expect(writer.attributeFault!(name), name).toContain('of your own');
  expect(writer.attributeFault!('loyalty_points')).toBeNull();
});
