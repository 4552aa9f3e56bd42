// What is special about writing to CleverTap: 200 for every failure, records echoed in any order, and uploads that create profiles.
import { expect, test } from 'vitest';
import type { Json } from '#connector';
import { clevertap } from '../../connectors/clevertap.ts';
import { type ClevertapOptions, createClevertapSimulator } from '../../simulators/clevertap.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = clevertap.writer!;
const key = { accountId: 'ACCOUNT', passcode: 'passcode-of-the-account' };
const settings = clevertap.settings.parse(key);

function account(options: Partial<ClevertapOptions> = {}) {
  const refused = new Set<string>();
  const state = { now: Date.UTC(2026, 10, 1), mayWrite: true };
  const simulator = createClevertapSimulator({
    ...key,
    now: () => state.now,
    get mayWrite() {
      return state.mayWrite;
    },
    writeFault: (identity) => (refused.has(identity) ? 'Invalid profile data.' : undefined),
    ...options,
  });
  const api = directApi(simulator.app, clevertap.api!(settings), () => state.now);
  const context = { settings, api, files: {} as never, now: state.now };
  const create = (identity: string, more: string[] = []) => {
    simulator.create({ identities: [identity, ...more], profileData: { favourite: 'blue' } });
    return identity;
  };
  const get = (identity: string) =>
    simulator.profiles.find(({ identities }) => identities.includes(identity));
  const writeOf = (recordId: string) => ({ sourceId: recordId, recordId, attributes: { Points: 5 } });
  return { simulator, state, refused, context, create, get, writeOf };
}

for (const unknown of ['fail', 'empty'] as const)
  describeWriter(`clevertap, where a profile is unknown by ${unknown}`, {
    connector: clevertap,
    attributes: { number: 'Loyalty points', text: 'Tier', list: 'Segments' },
    reads: /\/profiles\.json$/,
    async open() {
      const { simulator, state, refused, create, get } = account({ unknown });
      return {
        settings,
        app: simulator.app,
        now: () => state.now,
        create: async (sourceId) => create(sourceId),
        others(recordId) {
          const profile = get(recordId);
          if (!profile) return undefined;
          const { 'Loyalty points': _, Tier: __, Segments: ___, ...profileData } = profile.profileData;
          return structuredClone({ ...profile, profileData });
        },
        count: () => simulator.profiles.length,
        unknownId: 'nobody',
        settle() {},
        refuse: (recordId) => refused.add(recordId),
        denyWrites() {
          state.mayWrite = false;
        },
      };
    },
  });

test('a profile that does not exist is missing, and is not created', async () => {
  const { simulator, context, create, writeOf } = account();
  expect(await writer.write(context, [writeOf(create('anna')), writeOf('nobody')])).toEqual([
    { sourceId: 'nobody', result: 'missing', message: 'there is no profile with this ID' },
    { sourceId: 'anna', result: 'accepted' },
  ]);
  expect(await writer.write(context, [writeOf('nobody')])).toMatchObject([{ result: 'missing' }]);
  expect([simulator.profiles.length, simulator.state.uploads]).toEqual([1, 1]);
});

test('a profile that another identity has taken over is not written as if it were this person’s', async () => {
  const { context, create, get, writeOf } = account();
  create('anna', ['ben']);
  expect(await writer.write(context, [writeOf('ben')])).toMatchObject([
    { sourceId: 'ben', result: 'missing' },
  ]);
  expect(get('anna')!.profileData).not.toHaveProperty('Points');
});

test('who may be created is uploaded without being looked up', async () => {
  const { simulator, context, get, writeOf } = account({
    faults: (path) => (path.endsWith('/profile.json') ? new Response('', { status: 500 }) : undefined),
  });
  const writes = [writeOf('shop-1'), { ...writeOf('shop-2'), recordId: null }];
  expect(await writer.write(context, writes, { create: true })).toMatchObject([
    { sourceId: 'shop-1', result: 'accepted' },
    { sourceId: 'shop-2', result: 'accepted' },
  ]);
  expect(simulator.profiles.length).toBe(2);
  expect(get('shop-2')!.profileData).toEqual({ Points: 5 });
  expect(writer.traits(settings, { create: true }).bulk?.maxRecords).toBe(1_000);
});

test('no more than three profiles are looked up at the same time', async () => {
  const { simulator, context, create, writeOf } = account();
  const writes = Array.from({ length: 20 }, (_, at) => writeOf(create(`shop-${at}`)));
  expect(await writer.write(context, writes)).toHaveLength(20);
  expect(simulator.state.refused).toBe(0);
});

test('failures are told by the record that CleverTap echoes, each in its own words', async () => {
  const { refused, context, create, writeOf } = account();
  const writes = ['anna', 'ben', 'cem', 'dora'].map((id) => writeOf(create(id)));
  refused.add('anna').add('cem');
  expect(await writer.write(context, writes)).toEqual([
    {
      sourceId: 'anna',
      result: 'rejected',
      code: 'clevertap_515',
      message: 'Invalid profile data. Skipped record number : 1',
    },
    { sourceId: 'ben', result: 'accepted' },
    {
      sourceId: 'cem',
      result: 'rejected',
      code: 'clevertap_515',
      message: 'Invalid profile data. Skipped record number : 3',
    },
    { sourceId: 'dora', result: 'accepted' },
  ]);
});

test.each<[string, Json, number]>([
  [
    'a failure whose record is not echoed',
    { status: 'partial', processed: 1, unprocessed: [{ code: 515 }] },
    0,
  ],
  ['fewer processed than sent', { status: 'success', processed: 1, unprocessed: [] }, 0],
  ['all processed', { status: 'success', processed: 2, unprocessed: [] }, 2],
])('where the answer tells of %s, the numbers decide who counts as written', async (_, body, accepted) => {
  const faults = (path: string) => (path.endsWith('/upload') ? Response.json(body) : undefined);
  const { context, create, writeOf } = account({ faults });
  const writes = ['anna', 'ben'].map((id) => writeOf(create(id)));
  expect(await writer.write(context, writes)).toHaveLength(accepted);
});

test('a refusal of the whole upload is one of each record, for the engine to halve', async () => {
  const faults = (path: string) =>
    path.endsWith('/upload') ? Response.json({ status: 'fail', error: 'Bad payload', code: 514 }) : undefined;
  const { context, create, writeOf } = account({ faults });
  await expect(writer.write(context, [writeOf(create('anna'))])).rejects.toMatchObject({
    name: 'RejectedError',
    message: expect.stringContaining('Bad payload'),
  });
});

test('the body carries the time of the request, and clears by $delete', () => {
  const writes = [{ sourceId: 'a', recordId: 'anna', attributes: { Tier: null, Points: 5 } }];
  expect(writer.payload(writes, settings, 1_793_491_200_999)).toEqual({
    d: [
      {
        type: 'profile',
        identity: 'anna',
        ts: 1_793_491_200,
        profileData: { Tier: { $delete: 1 }, Points: 5 },
      },
    ],
  });
});

test('names that belong to CleverTap cannot be written', () => {
  const names = ['Email', 'identity', '$incr', 'Loyalty points', 'x'.repeat(121)];
  expect(names.map((name) => writer.attributeFault!(name) === null)).toEqual([
    false,
    false,
    false,
    true,
    false,
  ]);
});
