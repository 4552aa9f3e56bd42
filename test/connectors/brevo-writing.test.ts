// What is special about writing to Brevo: a batch is refused as a whole, and what an attribute cannot hold is ignored without a word.
import { expect, test } from 'vitest';
import { type FactValue, type Json, unknownAttribute } from '#connector';
import { brevo } from '../../connectors/brevo.ts';
import { type BrevoOptions, createBrevoSimulator } from '../../simulators/brevo.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = brevo.writer!;
const apiKey = 'xkeysib-0123456789';
const settings = brevo.settings.parse({ apiKey, baseUrl: 'https://vendor.example.com' });

function account(options: Partial<BrevoOptions> = {}) {
  const state = { now: Date.UTC(2026, 10, 1), mayWrite: true, refused: new Set<number>() };
  const simulator = createBrevoSimulator({
    now: () => state.now,
    apiKey,
    get mayWrite() {
      return state.mayWrite;
    },
    writeFault: (id) => (state.refused.has(id) ? 'Invalid phone number' : undefined),
    ...options,
  });
  simulator.define('LOYALTY_POINTS', 'float');
  simulator.define('LOYALTY_TIER', 'text');
  simulator.define('SEGMENTS', 'text');
  const api = directApi(simulator.app, brevo.api!(settings), () => state.now);
  const context = { settings, api, files: {} as never, now: state.now };
  const write = (recordId: string, attributes: { [name: string]: FactValue }) =>
    writer.write(context, [{ sourceId: 'anna', recordId, attributes }]);
  return { simulator, state, context, write };
}

describeWriter('brevo', {
  connector: brevo,
  attributes: { number: 'LOYALTY_POINTS', text: 'LOYALTY_TIER', list: 'SEGMENTS' },
  async open() {
    const { simulator, state } = account();
    return {
      settings,
      app: simulator.app,
      now: () => state.now,
      create: async (sourceId) => String(simulator.create({ email: `${sourceId}@example.com` }).id),
      others(recordId) {
        const contact = simulator.contacts.get(Number(recordId));
        if (!contact) return undefined;
        const { modified: _, attributes, ...rest } = contact;
        const { LOYALTY_POINTS: __, LOYALTY_TIER: ___, SEGMENTS: ____, ...others } = attributes;
        return { ...rest, others };
      },
      count: () => simulator.contacts.size,
      unknownId: '777777',
      settle() {},
      refuse: (recordId) => state.refused.add(Number(recordId)),
      denyWrites() {
        state.mayWrite = false;
      },
    };
  },
});

test('a value that the type of the attribute cannot hold is rejected before Brevo ignores it', async () => {
  const { simulator, context } = account();
  simulator.define('MEMBER_SINCE', 'date');
  const [anna, ben] = [simulator.create(), simulator.create()].map(({ id }) => String(id));
  const outcomes = await writer.write(context, [
    {
      sourceId: 'anna',
      recordId: anna!,
      attributes: { LOYALTY_POINTS: 5, MEMBER_SINCE: '2026-11-02T08:00:00Z' },
    },
    { sourceId: 'ben', recordId: ben!, attributes: { LOYALTY_POINTS: 6, MEMBER_SINCE: null } },
  ]);
  expect(outcomes).toMatchObject([
    {
      sourceId: 'anna',
      result: 'rejected',
      code: 'wrong_type',
      message: expect.stringContaining('MEMBER_SINCE'),
    },
    { sourceId: 'ben', result: 'accepted' },
  ]);
  expect(simulator.contacts.get(Number(anna))!.attributes).not.toHaveProperty('LOYALTY_POINTS');
  expect(simulator.contacts.get(Number(ben))!.attributes).toMatchObject({ LOYALTY_POINTS: 6 });
});

test('an attribute that Brevo does not have is nobody’s fault, and nothing is sent', async () => {
  const { simulator, write } = account();
  const { id, modified } = simulator.create();
  await expect(write(String(id), { LOYALTY_POINTS: 5, NO_SUCH: 'a' })).rejects.toMatchObject({
    code: unknownAttribute,
    message: expect.stringContaining('NO_SUCH'),
  });
  expect(simulator.contacts.get(id)).toMatchObject({ modified });
});

test('the check names attributes that do not exist, and those whose type cannot be written', async () => {
  const { context } = account();
  expect((await writer.check(context, ['LOYALTY_POINTS', 'NO_SUCH', 'TIER'])).at(-1)).toMatchObject({
    allowed: false,
    note: expect.stringMatching(/^NO_SUCH does not exist, TIER has the type category:/),
  });
});

test('nobody is missing because of a 404 that does not say so', async () => {
  const faults = (path: string) =>
    path.endsWith('/batch') ? Response.json({ message: 'no Route matched' }, { status: 404 }) : undefined;
  const { simulator, write } = account({ faults });
  await expect(write(String(simulator.create().id), { LOYALTY_POINTS: 5 })).rejects.toMatchObject({
    foreign: true,
  });
});

test('an event about nothing but attributes that are written back is known for our own', () => {
  const { simulator } = account();
  const event = (content: Json) => simulator.event('contact_updated', 'a@example.com', { content }) as never;
  expect(writer.isOwnChange!(event([{ LOYALTY_POINTS: 5 }]), ['LOYALTY_POINTS', 'LOYALTY_TIER'])).toBe(true);
  expect(writer.isOwnChange!(event([{ LOYALTY_POINTS: 5, FIRSTNAME: 'A' }]), ['LOYALTY_POINTS'])).toBe(false);
  expect(writer.isOwnChange!(event([]), ['LOYALTY_POINTS'])).toBe(false);
});

test('a hundred contacts cost one request, the definitions and the reading of ten', async () => {
  const { simulator, context } = account();
  const writes = Array.from({ length: 100 }, (_, at) => ({
    sourceId: `shop-${at}`,
    recordId: String(simulator.create().id),
    attributes: { LOYALTY_POINTS: at },
  }));
  expect(await writer.write(context, writes)).toEqual(
    writes.map(({ sourceId }) => ({ sourceId, result: 'accepted' })),
  );
  expect(simulator.state.calls).toBe(2);
  expect(writer.read.maxIds).toBe(10);
});

test('definitions that cannot be read are nobody’s fault', async () => {
  const faults = (path: string) =>
    path.endsWith('/attributes')
      ? Response.json({ code: 'document_not_found', message: 'Not found' }, { status: 404 })
      : undefined;
  const { simulator, write } = account({ faults });
  const { id } = simulator.create();
  await expect(write(String(id), { LOYALTY_POINTS: 5 })).rejects.toMatchObject({ code: unknownAttribute });
});
