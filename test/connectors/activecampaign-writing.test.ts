// What is special about writing to ActiveCampaign: one contact per request, everything as text, and a success that need not mean it.
import { expect, test } from 'vitest';
import { unknownAttribute } from '#connector';
import { activecampaign } from '../../connectors/activecampaign.ts';
import {
  type ActivecampaignOptions,
  createActivecampaignSimulator,
} from '../../simulators/activecampaign.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = activecampaign.writer!;
const apiKey = 'key-of-the-administrator';
const settings = activecampaign.settings.parse({ baseUrl: 'https://acme.api-us1.com', apiKey });

function account(options: Partial<ActivecampaignOptions> = {}) {
  const state = { now: Date.UTC(2026, 10, 1), mayWrite: true, refused: new Set<string>() };
  const simulator = createActivecampaignSimulator({
    now: () => state.now,
    apiKey,
    get mayWrite() {
      return state.mayWrite;
    },
    writeFault: (id) => (state.refused.has(id) ? 'The value is invalid.' : undefined),
    ...options,
  });
  for (const field of ['51', '52', '53']) simulator.define(field);
  const api = directApi(simulator.app, activecampaign.api!(settings), () => state.now);
  const context = { settings, api, files: {} as never, now: state.now };
  const write = async (recordId: string, attributes: { [field: string]: string | number | null }) =>
    writer.write(context, [{ sourceId: 'anna', recordId, attributes }]);
  return { simulator, state, context, write };
}

for (const [name, options] of [
  ['activecampaign', {}],
  ['activecampaign, whose answers do not show what was written', { hidesWritten: true }],
] as const)
  describeWriter(name, {
    connector: activecampaign,
    attributes: { number: '51', text: '52', list: '53' },
    async open() {
      const { simulator, state } = account(options);
      return {
        settings,
        app: simulator.app,
        now: () => state.now,
        create: async (sourceId) => simulator.create({ email: `${sourceId}@example.com` }, { '7': 'c-1' }).id,
        others(recordId) {
          const contact = simulator.contacts.get(recordId);
          if (!contact) return undefined;
          const kept = Object.entries(contact).filter(([key]) => !writer.movedByWrites.includes(key));
          const { '51': _, '52': __, '53': ___, ...values } = simulator.valuesOf(recordId)!;
          return { ...Object.fromEntries(kept), values };
        },
        count: () => simulator.contacts.size,
        unknownId: '777777',
        settle() {},
        refuse: (recordId) => state.refused.add(recordId),
        denyWrites() {
          state.mayWrite = false;
        },
      };
    },
  });

test('a choice that a field does not offer is rejected, though ActiveCampaign answers with success', async () => {
  const { simulator, write } = account();
  simulator.define('60', { options: ['Gold', 'Silver'] });
  const { id } = simulator.create();
  expect(await write(id, { '60': 'Gold' })).toMatchObject([{ result: 'accepted' }]);
  expect(await write(id, { '51': 5, '60': 'Bronze' })).toMatchObject([
    { result: 'rejected', code: 'not_stored', message: expect.stringContaining('custom field 60') },
  ]);
});

test('a custom field that does not exist is nobody’s fault, and the check names it', async () => {
  const { simulator, context, write } = account();
  const { id } = simulator.create();
  await expect(write(id, { '99': 5 })).rejects.toMatchObject({ code: unknownAttribute });
  expect((await writer.check(context, ['51', '99'])).at(-1)).toMatchObject({
    allowed: false,
    note: expect.stringContaining('99'),
  });
});

test('nobody is missing because of a 404 that does not say so', async () => {
  const faults = (path: string) =>
    path.includes('/contacts/') ? Response.json({ message: 'No route found' }, { status: 404 }) : undefined;
  const { simulator, write } = account({ faults });
  await expect(write(simulator.create().id, { '51': 5 })).rejects.toMatchObject({ foreign: true });
});

test('an attribute is named by the ID of the custom field', () => {
  expect(writer.attributeFault!('51')).toBeNull();
  expect(writer.attributeFault!('LOYALTY_POINTS')).toContain('the ID of a custom field');
});

test('a 403 of a write is a refusal of the user, and one of a read is not', async () => {
  const { simulator, state, context, write } = account({ forbidsEvery: 2 });
  const { id } = simulator.create();
  state.mayWrite = false;
  await expect(write(id, { '51': 5 })).rejects.toMatchObject({ name: 'UnauthorizedError', status: 403 });
  await expect(writer.read.people(context, { recordIds: [id], attributes: ['51'] })).rejects.toMatchObject({
    name: 'TransientError',
  });
});

test('a record that comes in again differs only where its own write moved it', async () => {
  const { simulator, state, context, write } = account();
  const { id } = simulator.create({}, { '7': 'c-1' });
  const stream = activecampaign.source!.streams[0]!;
  const read = async () =>
    (await stream.read!.records(context, { recordIds: [id], properties: [] })).records[0]!.body;
  const before = await read();
  state.now += 600_000;
  await write(id, { '51': 1_200 });
  const after = await read();
  const differing = Object.keys(after).filter(
    (key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]),
  );
  expect(differing.filter((key) => !writer.movedByWrites.includes(key))).toEqual(['fields']);
  expect(after['fields']).toEqual({ '7': 'c-1', '51': '1200' });
  expect(writer.bodyPath('51')).toEqual(['fields', '51']);
});
