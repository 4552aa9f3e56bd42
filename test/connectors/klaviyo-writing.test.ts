// What is special about writing to Klaviyo: single updates create nobody, import jobs are polled and name whom they fail at.
import { expect, test } from 'vitest';
import { klaviyo } from '../../connectors/klaviyo.ts';
import { createKlaviyoSimulator, type KlaviyoOptions } from '../../simulators/klaviyo.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = klaviyo.writer!;
const settings = klaviyo.settings.parse({ apiKey: 'pk_0123456789' });

function account(options: KlaviyoOptions = {}) {
  const clock = { now: Date.UTC(2026, 10, 1) };
  const refused = new Set<string>();
  const state = { mayWrite: true };
  const simulator = createKlaviyoSimulator({
    now: () => clock.now,
    quotas: false,
    writeFault: ({ id }) => (id !== undefined && refused.has(id) ? 'Invalid value.' : undefined),
    get mayWrite() {
      return state.mayWrite;
    },
    ...options,
  });
  return { clock, refused, state, simulator };
}

describeWriter('klaviyo', {
  connector: klaviyo,
  attributes: { number: 'loyalty_points', text: 'tier', list: 'segments' },
  async open() {
    const { clock, refused, state, simulator } = account();
    return {
      settings,
      app: simulator.app,
      now: () => clock.now,
      create: async (sourceId) =>
        simulator.create({
          external_id: sourceId,
          email: `${sourceId}@example.com`,
          properties: { favourite: 'blue' },
        }),
      others(recordId) {
        const found = simulator.get(recordId);
        if (!found) return undefined;
        const { updated: _, properties, ...rest } = found.attributes as Record<string, unknown>;
        return { ...rest, favourite: (properties as Record<string, unknown>)['favourite'] };
      },
      count: () => simulator.ids().length,
      unknownId: '01J99999999999999999999999',
      settle() {
        clock.now += 60_000;
        simulator.settle();
      },
      refuse: (recordId) => refused.add(recordId),
      denyWrites() {
        state.mayWrite = false;
      },
    };
  },
});

function contextOf(simulator: ReturnType<typeof account>['simulator']) {
  const api = directApi(simulator.app, klaviyo.api!(settings));
  return { settings, api, files: {} as never, now: 0 };
}

test('without create there is no way that could make a profile', () => {
  expect(writer.traits(settings, { create: false }).bulk).toBeNull();
  expect(writer.traits(settings, { create: true }).bulk).toMatchObject({ isJob: true });
});

test('a person without a record is created by the source ID, where that is asked for', async () => {
  const { simulator } = account();
  const write = { sourceId: 'shop-1', recordId: null, attributes: { tier: 'Gold' } };
  expect(await writer.single!.write(contextOf(simulator), write)).toMatchObject({ result: 'accepted' });
  const [id] = simulator.ids();
  expect(simulator.get(id!)?.attributes).toMatchObject({
    external_id: 'shop-1',
    properties: { tier: 'Gold' },
  });
});

test('a revision that Klaviyo has retired concerns the settings, and nobody who is read or written', async () => {
  const { simulator } = account({ isRetired: (revision) => revision === '2026-07-15' });
  const recordId = simulator.create({ external_id: 'a' });
  const context = contextOf(simulator);
  const refused = { name: 'UnauthorizedError', message: expect.stringContaining('Set revision') };
  const write = { sourceId: 'a', recordId, attributes: { tier: 'Gold' } };
  await expect(writer.single!.write(context, write)).rejects.toMatchObject(refused);
  const [profiles] = klaviyo.source!.streams;
  const read = profiles!.read!.records(context, { recordIds: [recordId], properties: [] });
  await expect(read).rejects.toMatchObject(refused);
});

test('a job that failed at somebody it does not name proves nothing of the others', async () => {
  const { simulator, clock } = account({ jobMs: 0 });
  const ids = [simulator.create({ external_id: 'a' }), simulator.create({ external_id: 'b' })];
  const writes = ids.map((recordId, index) => ({
    sourceId: 'ab'[index]!,
    recordId,
    attributes: { tier: 'Gold' },
  }));
  const context = contextOf(simulator);
  const answer = await writer.write(context, writes);
  clock.now += 1;
  const hiding = {
    ...context,
    api: {
      request: async (request: Parameters<typeof context.api.request>[0]) => {
        const response = await context.api.request(request);
        if (request.path.endsWith('/import-errors')) return { ...response, json: { data: [] } };
        const json = structuredClone(response.json) as { data: { attributes: { failed_count: number } } };
        json.data.attributes.failed_count = 1;
        return { ...response, json: json as never };
      },
    },
  };
  expect(await writer.poll!(hiding, (answer as { jobId: string }).jobId, writes)).toEqual([]);
});
