// What is special about writing to Braze: strangers are left out without a word, the answer comes before the work, and a
// success names who was left out by place.
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { braze } from '../../connectors/braze.ts';
import { BrazeSimulator } from '../../simulators/braze.ts';
import { judgeReadBack } from '../../src/sync/write-back/read-back.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = braze.writer!;
const apiKey = 'a-key-that-is-secret';
const settings = braze.settings.parse({
  apiKey,
  baseUrl: 'https://rest.fra-02.braze.eu',
  segmentId: 'all-users',
});

function workspace() {
  const clock = { now: Date.UTC(2026, 10, 1) };
  const refused = new Set<string>();
  const lost = new Set<string>();
  const tracking = {
    mayWrite: true,
    writeFault: (id: string) => (refused.has(id) ? "'tier' is not valid" : undefined),
    loses: (id: string) => lost.has(id),
    queues: false,
  };
  const simulator = new BrazeSimulator({
    now: () => clock.now,
    apiKey,
    visibleAfterMs: 31_000,
    track: tracking,
  });
  const brazeIds = new Map<string, string>();
  const create = (id: string, custom_attributes = {}) => {
    brazeIds.set(id, simulator.create(id, { email: `${id}@example.com`, custom_attributes }));
    clock.now += 60_000;
    return id;
  };
  const context = () => ({
    settings,
    api: directApi(simulator.app, braze.api!(settings), () => clock.now),
    files: {} as never,
    now: clock.now,
  });
  return { simulator, clock, refused, lost, tracking, brazeIds, create, context };
}

describeWriter('braze', {
  connector: braze,
  attributes: { number: 'loyalty_points', text: 'tier', list: 'segments' },
  async open() {
    const { simulator, clock, refused, tracking, brazeIds, create } = workspace();
    return {
      settings,
      app: simulator.app,
      now: () => clock.now,
      create: async (sourceId) => create(sourceId, { favourite: 'blue' }),
      others(recordId) {
        const { custom_attributes: custom, ...rest } = simulator.user(brazeIds.get(recordId)!);
        return { ...rest, favourite: custom['favourite'] };
      },
      count: () => simulator.size,
      unknownId: 'nobody',
      settle() {
        clock.now += 60_000;
      },
      refuse: (recordId) => refused.add(recordId),
      denyWrites() {
        tracking.mayWrite = false;
      },
    };
  },
});

const points = (ids: readonly string[]) =>
  ids.map((id) => ({ sourceId: id, recordId: id, attributes: { loyalty_points: 5 } }));

test('what Braze answers as taken and does not keep is found by the reading', async () => {
  const { clock, lost, create, context } = workspace();
  const people = points(['c1', 'c2', 'c3'].map((id) => create(id)));
  lost.add('c2');
  expect(await writer.write(context(), people)).toEqual(
    people.map(({ sourceId }) => ({ sourceId, result: 'accepted' })),
  );
  const readBack = async () => {
    const request = { recordIds: ['c1', 'c2', 'c3'], attributes: ['loyalty_points'] };
    const found = await writer.read.people(context(), request);
    return judgeReadBack(people, found, writer).map(({ result }) => result);
  };
  expect(await readBack()).toEqual(['unknown', 'unknown', 'unknown']);
  clock.now += writer.read.lagSeconds! * 1000;
  expect(await readBack()).toEqual(['accepted', 'unknown', 'accepted']);
});

test('what Braze queues during maintenance may still be carried out, and is sent again later', async () => {
  const { tracking, create, context } = workspace();
  const people = points([create('c1')]);
  tracking.queues = true;
  await expect(writer.write(context(), people)).rejects.toMatchObject({
    name: 'TransientError',
    message: expect.stringContaining('maintenance'),
    foreign: false,
    uncertain: true,
    retryAfterMs: 900_000,
  });
  tracking.queues = false;
  expect(await writer.write(context(), people)).toEqual([{ sourceId: 'c1', result: 'accepted' }]);
});

test('a success that does not count tells who was left out all the same', async () => {
  const errors = [{ type: "'tier' is not valid", input_array: 'attributes', index: 1 }];
  const write = (answer: object) => {
    const app = new Hono().post('/users/track', (c) => c.json(answer, 201));
    const api = directApi(app, braze.api!(settings), () => 0);
    return writer.write({ settings, api, files: {} as never, now: 0 }, points(['c1', 'c2']));
  };
  expect(await write({ message: 'success', errors })).toMatchObject([
    { sourceId: 'c1', result: 'accepted' },
    { sourceId: 'c2', result: 'rejected', message: "'tier' is not valid" },
  ]);
  await expect(write({ message: 'Welcome', attributes_processed: 2 })).rejects.toMatchObject({
    foreign: true,
  });
});

test('everybody of one request is read back', () => {
  const { bulk, answers } = writer.traits(settings, { create: false });
  expect(answers).toBe('none');
  expect(bulk!.maxRecords).toBeLessThanOrEqual(writer.read.maxIds);
});

test('writes draw on a quota of their own, and exports on theirs alone', async () => {
  const { simulator, create, context } = workspace();
  const people = points([create('c1')]);
  await writer.write(context(), people);
  const now = context().now;
  expect(simulator.trackQuota.remaining(now)).toEqual({ track: 49_999 });
  expect(simulator.quota.remaining(now)).toEqual({ export: 250 });
  const { quotas } = braze.api!(settings);
  expect(quotas.map(({ bucket, all }) => [bucket, all])).toEqual([
    [undefined, undefined],
    ['track', undefined],
  ]);
});

test('a key without the permission is told its name', async () => {
  const { tracking, create, context } = workspace();
  const people = points([create('c1')]);
  tracking.mayWrite = false;
  await expect(writer.write(context(), people)).rejects.toThrow('users.track');
  expect(await writer.check(context(), ['loyalty_points'])).toMatchObject([
    { allowed: false, note: expect.stringContaining('users.track') },
  ]);
});

test('names of Braze itself are no attributes to write', () => {
  for (const name of ['email', 'external_id', 'email_unsubscribe', '_update_existing_only', '$add'])
    expect(writer.attributeFault!(name), name).toContain('custom attribute');
  expect(writer.attributeFault!('loyalty_points')).toBeNull();
});
