// What is special about writing to Iterable: the bulk route would create strangers and drop unknown fields, and names failures by value.
import { expect, test } from 'vitest';
import { unknownAttribute } from '#connector';
import { iterable } from '../../connectors/iterable.ts';
import { IterableSimulator } from '../../simulators/iterable.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = iterable.writer!;
const apiKey = 'a-key-that-is-secret';

function project(key: 'userId' | 'email' = 'userId') {
  const settings = iterable.settings.parse({ apiKey, key });
  const clock = { now: Date.UTC(2026, 10, 1) };
  const refused = new Set<string>();
  const updates = { mayWrite: true, namesNobody: false, fault: (id: string) => refused.has(id) };
  const simulator = new IterableSimulator({
    now: () => clock.now,
    apiKey,
    quotas: false,
    visibleAfterMs: 12_000,
    bulkUpdate: updates,
  });
  simulator.define('loyaltyPoints', 'long');
  simulator.define('tier', 'string');
  simulator.define('segments', 'array');
  const keys = new Map<string, string>();
  const create = (userId: string) => {
    const email = `${userId}@example.com`;
    const recordId = key === 'email' ? email : userId;
    keys.set(recordId, simulator.create({ userId, email }, { favourite: 'blue' }));
    clock.now += 60_000;
    return recordId;
  };
  const context = () => ({
    settings,
    api: directApi(simulator.app, iterable.api!(settings), () => clock.now),
    files: {} as never,
    now: clock.now,
  });
  return { settings, clock, refused, updates, simulator, keys, create, context };
}

for (const key of ['userId', 'email'] as const)
  describeWriter(`iterable by ${key}`, {
    connector: iterable,
    attributes: { number: 'loyaltyPoints', text: 'tier', list: 'segments' },
    async open() {
      const { settings, clock, refused, updates, simulator, keys, create } = project(key);
      return {
        settings,
        app: simulator.app,
        now: () => clock.now,
        create: async (sourceId) => create(sourceId),
        others(recordId) {
          const { dataFields, ...top } = simulator.user(keys.get(recordId)!);
          const { loyaltyPoints: _, tier: __, segments: ___, profileUpdatedAt: ____, ...rest } = dataFields;
          return { ...top, ...rest };
        },
        count: () => simulator.size,
        unknownId: key === 'email' ? 'nobody@example.com' : 'nobody',
        settle() {
          clock.now += 60_000;
        },
        refuse: (recordId) => refused.add(recordId),
        denyWrites() {
          updates.mayWrite = false;
        },
      };
    },
  });

const gold = (recordId: string, attributes: object = { tier: 'Gold' }) => ({
  sourceId: recordId,
  recordId,
  attributes: attributes as { tier: string },
});

test('a field that the project does not have stops everything before it is written, for it is nobody’s fault', async () => {
  const { simulator, keys, create, context } = project();
  const write = gold(create('shop-1'), { tier: 'Gold', no_such_field: 1 });
  await expect(writer.write(context(), [write])).rejects.toMatchObject({ code: unknownAttribute });
  expect(simulator.user(keys.get('shop-1')!).dataFields).not.toHaveProperty('tier');
  const permissions = await writer.check(context(), ['tier', 'no_such_field']);
  expect(permissions.at(-1)).toMatchObject({
    allowed: false,
    note: expect.stringContaining('no_such_field:'),
  });
});

test('a value of another type than the field has is rejected for this user alone', async () => {
  const { create, context } = project();
  const [one, other] = [create('shop-1'), create('shop-2')];
  const outcomes = await writer.write(context(), [gold(one, { loyaltyPoints: 'many' }), gold(other)]);
  expect(outcomes).toMatchObject([
    { sourceId: 'shop-1', result: 'rejected', code: 'invalidDataUserIds' },
    { sourceId: 'shop-2', result: 'accepted' },
  ]);
});

test('failures that are counted and not named prove nothing of anybody', async () => {
  const { refused, updates, create, context } = project();
  const ids = [create('shop-1'), create('shop-2')];
  refused.add('shop-1');
  updates.namesNobody = true;
  expect(
    await writer.write(
      context(),
      ids.map((id) => gold(id)),
    ),
  ).toEqual([]);
});

test('a user who is rejected in a project of addresses is named by the address', async () => {
  const { refused, create, context } = project('email');
  const recordId = create('shop-1');
  refused.add(recordId);
  expect(await writer.write(context(), [gold(recordId)])).toMatchObject([
    { result: 'rejected', code: 'invalidDataEmails' },
  ]);
});

test('names of Iterable itself, and paths, are no fields to write', () => {
  for (const name of ['email', 'userId', 'profileUpdatedAt', 'address.city', 'a$'])
    expect(writer.attributeFault!(name), name).toContain('of your own');
  expect(writer.attributeFault!('loyaltyPoints')).toBeNull();
});
