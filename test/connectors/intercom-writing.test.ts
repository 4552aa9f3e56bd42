// What is special about writing to Intercom: one contact a call, attributes that must be defined, and contacts that were merged.
import { expect, test } from 'vitest';
import { TransientError, unknownAttribute } from '#connector';
import { intercom } from '../../connectors/intercom.ts';
import { createIntercomSimulator, type IntercomOptions } from '../../simulators/intercom.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = intercom.writer!;
const accessToken = 'dG9rOnNlY3JldDBhMWIyYzNk';
const settings = intercom.settings.parse({ accessToken });

function workspace(options: IntercomOptions = {}) {
  const clock = { now: Date.UTC(2026, 10, 1) };
  const refused = new Set<string>();
  const state = { mayWrite: true };
  const simulator = createIntercomSimulator({
    now: () => clock.now,
    accessToken,
    quota: false,
    indexLagMs: 300_000,
    writeFault: (id) => (refused.has(id) ? 'tier is too long' : undefined),
    get mayWrite() {
      return state.mayWrite;
    },
    ...options,
  });
  simulator.define({ name: 'loyalty_points', data_type: 'integer' });
  simulator.define({ name: 'tier', data_type: 'string' });
  simulator.define({ name: 'segments', data_type: 'string' });
  simulator.define({ name: 'favourite', data_type: 'string' });
  const context = () => ({
    settings,
    api: directApi(simulator.app, intercom.api!(settings), () => clock.now),
    files: {} as never,
    now: clock.now,
  });
  return { clock, refused, state, simulator, context };
}

describeWriter('intercom', {
  connector: intercom,
  attributes: { number: 'loyalty_points', text: 'tier', list: 'segments' },
  async open() {
    const { clock, refused, state, simulator } = workspace();
    return {
      settings,
      app: simulator.app,
      now: () => clock.now,
      create: async (sourceId) =>
        simulator.create({ external_id: sourceId, custom_attributes: { favourite: 'blue' } }),
      others(recordId) {
        const { updated_at: _, custom_attributes, ...rest } = simulator.get(recordId) ?? {};
        return { ...rest, favourite: (custom_attributes as { favourite?: unknown }).favourite };
      },
      count: () => simulator.ids().length,
      unknownId: '5ba682d23d7cf92bffffffff',
      settle() {
        clock.now += 1_000;
      },
      refuse: (recordId) => refused.add(recordId),
      denyWrites() {
        state.mayWrite = false;
      },
    };
  },
});

const write = (recordId: string, attributes: { [name: string]: string | number | string[] }) => [
  { sourceId: 'shop-1', recordId, attributes },
];

test('an attribute that is not defined is told as nobody’s fault, whether Intercom refuses it or leaves it out', async () => {
  for (const unknownAttributes of ['refused', 'ignored'] as const) {
    const { simulator, context } = workspace({ unknownAttributes });
    const id = simulator.create({ external_id: 'shop-1' });
    await expect(writer.write(context(), write(id, { no_such: 1 }))).rejects.toMatchObject({
      code: unknownAttribute,
    });
  }
});

test('a value of another type than the attribute has is rejected for this contact alone', async () => {
  const { simulator, context } = workspace();
  const id = simulator.create({ external_id: 'shop-1' });
  await expect(writer.write(context(), write(id, { loyalty_points: 'many' }))).rejects.toMatchObject({
    name: 'RejectedError',
    status: 400,
    code: expect.not.stringContaining(unknownAttribute),
  });
});

test('a contact that was merged, archived or deleted is missing', async () => {
  const { simulator, context } = workspace();
  const [lead, archived, deleted] = ['lead', 'user', 'user'].map((role) => simulator.create({ role }));
  simulator.merge(lead!, simulator.create({ external_id: 'shop-1' }));
  simulator.archive(archived!);
  simulator.remove(deleted!);
  for (const id of [lead!, archived!, deleted!])
    expect(await writer.write(context(), write(id, { tier: 'Gold' }))).toMatchObject([{ result: 'missing' }]);
});

test('the 404 of a gateway says nothing of a contact', async () => {
  const { simulator, context } = workspace({ faults: () => Response.json({}, { status: 404 }) });
  const id = simulator.create({ external_id: 'shop-1' });
  await expect(writer.write(context(), write(id, { tier: 'Gold' }))).rejects.toBeInstanceOf(TransientError);
});

test('the check tells attributes that are missing, archived, or of a type that holds no text', async () => {
  const { simulator, context } = workspace();
  simulator.define({ name: 'old', data_type: 'string', archived: true });
  simulator.define({ name: 'until', data_type: 'date' });
  const [, attributes] = await writer.check(context(), ['tier', 'old', 'until']);
  expect(attributes).toMatchObject({ allowed: false });
  expect(attributes!.note).toMatch(/no custom attribute old of people.*until: of the type date/);
  const [, all] = await writer.check(context(), ['tier']);
  expect(all).toMatchObject({ allowed: true });
});

test('an empty list clears its attribute', async () => {
  const { simulator, context } = workspace();
  const id = simulator.create({ external_id: 'shop-1', custom_attributes: { segments: 'VIP' } });
  expect(await writer.write(context(), write(id, { segments: [] }))).toMatchObject([{ result: 'accepted' }]);
  expect(simulator.get(id)).toMatchObject({ custom_attributes: { segments: null } });
});
