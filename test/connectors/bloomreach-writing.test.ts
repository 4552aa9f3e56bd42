// What is special about writing to Bloomreach: a batch succeeds although commands fail, a command creates whom it does not find, and
// what was written shows late.
import { expect, test } from 'vitest';
import type { WriteOutcome } from '#connector';
import { bloomreach } from '../../connectors/bloomreach.ts';
import { type BloomreachOptions, createBloomreachSimulator } from '../../simulators/bloomreach.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = bloomreach.writer!;
const key = { projectToken: 'project-of-the-shop', apiKeyId: 'key-id', apiSecret: 'secret-of-the-key' };
const settings = bloomreach.settings.parse(key);
const lateMs = 5_000;

function account(options: Partial<BloomreachOptions> = {}) {
  const refused = new Set<string>();
  const state: { now: number; denies: BloomreachOptions['denies'] } = {
    now: Date.UTC(2026, 10, 1),
    denies: undefined,
  };
  const simulator = createBloomreachSimulator({
    ...key,
    now: () => state.now,
    visibleAfterMs: lateMs,
    get denies() {
      return state.denies;
    },
    writeFault: (registered) => (refused.has(registered) ? 'Property value is too large.' : undefined),
    ...options,
  } as BloomreachOptions);
  const api = directApi(simulator.app, bloomreach.api!(settings), () => state.now);
  const context = { settings, api, files: {} as never, now: state.now };
  const create = (registered: string) => {
    simulator.create({}, registered);
    state.now += lateMs;
    return registered;
  };
  return { simulator, state, refused, context, create };
}

for (const unknown of ['404', 'nulls'] as const)
  describeWriter(`bloomreach, where a customer is unknown by ${unknown}`, {
    connector: bloomreach,
    reads: /\/customers\/attributes$/,
    attributes: { number: 'loyalty_points', text: 'loyalty_tier', list: 'segments' },
    async open() {
      const { simulator, state, refused, create } = account({ unknown });
      return {
        settings,
        app: simulator.app,
        now: () => state.now,
        create: async (sourceId) => create(sourceId),
        others(recordId) {
          const customer = simulator.get(recordId);
          if (!customer) return undefined;
          const { loyalty_points: _, loyalty_tier: __, segments: ___, ...properties } = customer.properties;
          return { ...customer, properties };
        },
        count: () => simulator.size,
        unknownId: 'nobody',
        settle() {
          state.now += lateMs;
        },
        refuse: (recordId) => refused.add(recordId),
        denyWrites() {
          state.denies = '400';
        },
      };
    },
  });

test.each(['404', 'nulls'] as const)(
  'a customer who does not exist is missing, and is not created (%s)',
  async (unknown) => {
    const { simulator, context, create } = account({ unknown });
    const write = (recordId: string) => ({ sourceId: recordId, recordId, attributes: { loyalty_points: 5 } });
    expect(await writer.write(context, [write(create('anna')), write('nobody')])).toMatchObject([
      { sourceId: 'nobody', result: 'missing' },
      { sourceId: 'anna', result: 'accepted' },
    ]);
    expect(await writer.write(context, [write('nobody')])).toMatchObject([{ result: 'missing' }]);
    expect([simulator.size, simulator.state.batches]).toEqual([1, 1]);
  },
);

test('somebody without a record is created by the source ID, without being looked up', async () => {
  const { simulator, context } = account();
  const write = { sourceId: 'shop-7', recordId: null, attributes: { loyalty_tier: 'Gold' } };
  expect(await writer.write(context, [write])).toMatchObject([{ sourceId: 'shop-7', result: 'accepted' }]);
  expect(simulator.get('shop-7')?.properties).toEqual({ loyalty_tier: 'Gold' });
  expect(simulator.state.reads).toBe(0);
});

test('who may be created is not looked up', async () => {
  const { simulator, context } = account();
  const write = { sourceId: 'shop-7', recordId: 'shop-7', attributes: { loyalty_tier: 'Gold' } };
  await writer.write(context, [write], { create: true });
  expect([simulator.size, simulator.state.reads]).toEqual([1, 0]);
});

test('a batch says of each command whether it failed, and a success of the whole is none of theirs', async () => {
  const { context, refused, create } = account();
  const writes = ['anna', 'ben'].map((id) => ({
    sourceId: id,
    recordId: create(id),
    attributes: { loyalty_points: 5 },
  }));
  refused.add('anna');
  expect(await writer.write(context, writes)).toMatchObject([
    { sourceId: 'anna', result: 'rejected', message: 'Property value is too large.' },
    { sourceId: 'ben', result: 'accepted' },
  ]);
});

test.each(['403', '400', 'each'] as const)(
  'a key without the right to set properties is refused, however that is told (%s)',
  async (denies) => {
    const { context, state, create } = account();
    const write = { sourceId: 'anna', recordId: create('anna'), attributes: { loyalty_points: 5 } };
    state.denies = denies;
    await expect(writer.write(context, [write])).rejects.toMatchObject({ name: 'UnauthorizedError' });
    expect(await writer.check(context, [])).toMatchObject([{ allowed: false }]);
  },
);

test('results of another number than the commands are nobody’s', async () => {
  const faults = (path: string) =>
    path.startsWith('/track') ? Response.json({ success: true, results: [{ success: true }] }) : undefined;
  const { context, create } = account({ faults });
  const writes = ['anna', 'ben'].map((id) => ({
    sourceId: id,
    recordId: create(id),
    attributes: { loyalty_points: 5 },
  }));
  await expect(writer.write(context, writes)).rejects.toMatchObject({ foreign: true, uncertain: true });
});

test('customers are addressed by the hard ID of the settings', async () => {
  const own = bloomreach.settings.parse({ ...key, hardId: 'customer_id' });
  const writes = [{ sourceId: 'a', recordId: 'c-1', attributes: { loyalty_points: 5 } }];
  expect(writer.payload(writes, own)).toEqual({
    commands: [
      {
        name: 'customers',
        data: { customer_ids: { customer_id: 'c-1' }, properties: { loyalty_points: 5 } },
      },
    ],
  });
});

test('an answer that says neither success nor failure of a command leaves it in doubt', async () => {
  const faults = (path: string) =>
    path.startsWith('/track') ? Response.json({ success: true, results: [{}] }) : undefined;
  const { context, create } = account({ faults });
  const outcomes = (await writer.write(context, [
    { sourceId: 'anna', recordId: create('anna'), attributes: { loyalty_points: 5 } },
  ])) as WriteOutcome[];
  expect(outcomes).toMatchObject([{ sourceId: 'anna', result: 'unknown' }]);
});
