// What is special about writing to MoEngage: success whatever is inside, values that show late, and types that are fixed by the first.
import { expect, test } from 'vitest';
import { moengage } from '../../connectors/moengage.ts';
import { createMoengageSimulator, type MoengageOptions } from '../../simulators/moengage.ts';
import { judgeReadBack, sampleOf } from '../../src/sync/write-back/read-back.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = moengage.writer!;
const key = { workspaceId: 'WORKSPACE', dataApiKey: 'data-key-of-the-workspace' };
const lateMs = 5_000;

function account(options: Partial<MoengageOptions> = {}, more: object = {}) {
  const settings = moengage.settings.parse({ ...key, ...more });
  const dropped = new Set<string>();
  const state = { now: Date.UTC(2026, 10, 1), mayWrite: true };
  const simulator = createMoengageSimulator({
    ...key,
    now: () => state.now,
    visibleAfterMs: lateMs,
    get mayWrite() {
      return state.mayWrite;
    },
    drops: (uid) => dropped.has(uid),
    ...options,
  });
  const api = directApi(simulator.app, moengage.api!(settings), () => state.now);
  const context = { settings, api, files: {} as never, now: state.now };
  const create = (uid: string) => {
    simulator.create({ favourite: 'blue' }, uid);
    state.now += lateMs;
    return uid;
  };
  return { settings, simulator, state, dropped, context, create };
}

for (const clearing of ['unset_attributes', 'null'] as const)
  describeWriter(`moengage, clearing by ${clearing}`, {
    connector: moengage,
    reads: /\/customers\/export$/,
    dropsSilently: true,
    attributes: { number: 'loyalty_points', text: 'loyalty_tier', list: 'segments' },
    async open() {
      const { settings, simulator, state, dropped, create } = account({ clearing }, { clearing });
      return {
        settings,
        app: simulator.app,
        now: () => state.now,
        create: async (sourceId) => create(sourceId),
        others(recordId) {
          const {
            loyalty_points: _,
            loyalty_tier: __,
            segments: ___,
            ...rest
          } = simulator.get(recordId) ?? {};
          return rest;
        },
        count: () => simulator.users.size,
        unknownId: 'nobody',
        settle() {
          state.now += lateMs;
        },
        refuse: (recordId) => dropped.add(recordId),
        denyWrites() {
          state.mayWrite = false;
        },
      };
    },
  });

test('a user who is unknown is created only without a record, by the source ID', async () => {
  const { simulator, context } = account();
  const attributes = { loyalty_tier: 'Gold' };
  await writer.write(context, [
    { sourceId: 'shop-1', recordId: 'shop-1', attributes },
    { sourceId: 'shop-2', recordId: null, attributes },
  ]);
  expect([simulator.get('shop-1'), simulator.get('shop-2')]).toMatchObject([undefined, attributes]);
});

test('a value whose type is not that of the first one stays in doubt, though MoEngage answers with success', async () => {
  const { simulator, state, context, create } = account();
  const write = (id: string, value: string | number) => ({
    sourceId: id,
    recordId: create(id),
    attributes: { level: value },
  });
  const writes = [write('anna', 3), write('ben', 'three')];
  expect(await writer.write(context, writes)).toMatchObject([{ result: 'accepted' }, { result: 'accepted' }]);
  state.now += lateMs;
  const found = await writer.read.people(context, sampleOf(writes, writer).request);
  expect(judgeReadBack(writes, found, writer)).toMatchObject([
    { sourceId: 'anna', result: 'accepted' },
    { sourceId: 'ben', result: 'unknown', message: expect.stringContaining('level') },
  ]);
  expect(simulator.get('ben')).not.toHaveProperty('level');
});

test('everybody who is written together is read back in one call', () => {
  const { settings } = account();
  expect(writer.traits(settings, { create: false }).bulk?.maxRecords).toBe(writer.read.maxIds);
});

test('writing does not use up the quota of reading', () => {
  const quotas = moengage.api!(account().settings).quotas!;
  const writes = quotas.filter(({ bucket, all }) => bucket === 'writes' || all);
  expect(writes.map(({ name }) => name)).toEqual(['writes']);
  expect(quotas.find(({ name }) => name === 'minute')).toMatchObject({ requests: 50, seconds: 60 });
});

test('names that belong to MoEngage cannot be written', () => {
  expect(
    ['id', 'moe_unsubscribe', 'loyalty_points'].map((name) => writer.attributeFault!(name) === null),
  ).toEqual([false, false, true]);
});
