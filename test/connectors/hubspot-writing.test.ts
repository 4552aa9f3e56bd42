// What is special about writing to HubSpot: batches of a hundred, refused whole for one value and answered 207 for one ID.
import { expect, test } from 'vitest';
import { unknownAttribute } from '#connector';
import { hubspot } from '../../connectors/hubspot.ts';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = hubspot.writer!;
const settings = hubspot.settings.parse({ accessToken: 'pat-eu1-0123456789' });

function account() {
  const state = { mayWrite: true, refused: new Set<string>() };
  const simulator = createHubSpotSimulator({
    quotas: false,
    async faults(request) {
      if (!new URL(request.url).pathname.endsWith('/batch/update')) return undefined;
      if (!state.mayWrite)
        return Response.json(
          { status: 'error', category: 'MISSING_SCOPES', message: 'no scope' },
          { status: 403 },
        );
      const { inputs } = (await request.clone().json()) as { inputs: { id: string }[] };
      if (!inputs.some(({ id }) => state.refused.has(id))) return undefined;
      const error = {
        status: 'error',
        category: 'VALIDATION_ERROR',
        message: 'Property values were not valid',
      };
      return Response.json(
        { ...error, errors: [{ code: 'INVALID_OPTION', message: 'no such option' }] },
        { status: 400 },
      );
    },
  });
  simulator.define({ name: 'loyalty_points', type: 'number', label: 'Points' });
  simulator.define({ name: 'tier', type: 'string', label: 'Tier' });
  simulator.define({ name: 'segments', type: 'string', label: 'Segments' });
  return { simulator, state };
}

describeWriter('hubspot', {
  connector: hubspot,
  attributes: { number: 'loyalty_points', text: 'tier', list: 'segments' },
  async open() {
    const { simulator, state } = account();
    return {
      settings,
      app: simulator.app,
      now: () => Date.now(),
      create: async (sourceId) => simulator.create({ email: `${sourceId}@example.com`, firstname: 'Anna' }),
      others(recordId) {
        const found = simulator.get(recordId);
        if (!found) return undefined;
        const {
          lastmodifieddate: _,
          loyalty_points: __,
          tier: ___,
          segments: ____,
          ...rest
        } = found.properties;
        return rest;
      },
      count: () => simulator.size,
      unknownId: '999999999',
      settle() {},
      refuse: (recordId) => state.refused.add(recordId),
      denyWrites() {
        state.mayWrite = false;
      },
    };
  },
});

test('a property that HubSpot does not have is told as nobody’s fault', async () => {
  const { simulator } = account();
  const recordId = simulator.create({ email: 'anna@example.com' });
  const api = directApi(simulator.app, hubspot.api!(settings));
  const context = { settings, api, files: {} as never, now: 0 };
  const writes = [{ sourceId: 'a', recordId, attributes: { no_such_property: 1 } }];
  await expect(writer.write(context, writes)).rejects.toMatchObject({ code: unknownAttribute });
  const permissions = await writer.check(context, ['no_such_property']);
  expect(permissions.at(-1)).toMatchObject({
    allowed: false,
    note: expect.stringContaining('no_such_property'),
  });
});

test('an event about nothing but a property that is written back is known for our own', () => {
  const event = { subscriptionType: 'contact.propertyChange', propertyName: 'tier', objectId: 1 };
  expect(writer.isOwnChange!(event, ['tier'])).toBe(true);
  expect(writer.isOwnChange!({ ...event, propertyName: 'email' }, ['tier'])).toBe(false);
  expect(writer.isOwnChange!({ ...event, subscriptionType: 'contact.creation' }, ['tier'])).toBe(false);
});
