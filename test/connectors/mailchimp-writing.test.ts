// What is special about writing to Mailchimp: one member a call, tags that are ignored without a word, an audience that is not there.
import { expect, test } from 'vitest';
import { UnauthorizedError, unknownAttribute } from '#connector';
import { mailchimp } from '../../connectors/mailchimp.ts';
import type { MailchimpOptions } from '../../simulators/mailchimp/options.ts';
import { MailchimpSimulator } from '../../simulators/mailchimp.ts';
import { directApi } from '../support/direct-api.ts';
import { describeWriter } from './writing.ts';

const writer = mailchimp.writer!;
const apiKey = '0123456789abcdef0123456789abcdef-us19';
const listId = 'a1b2c3d4e5';

function account(options: MailchimpOptions = {}, given: object = {}) {
  const clock = { now: Date.UTC(2026, 10, 1) };
  const refused = new Set<string>();
  const state = { mayWrite: true };
  const simulator = new MailchimpSimulator({
    now: () => clock.now,
    apiKey,
    listId,
    writeFault: (id) => (refused.has(id) ? 'Member In Compliance State' : undefined),
    get mayWrite() {
      return state.mayWrite;
    },
    ...options,
  });
  simulator.define({ tag: 'POINTS', type: 'number' });
  simulator.define({ tag: 'TIER', type: 'text' });
  simulator.define({ tag: 'SEGMENTS', type: 'text' });
  simulator.define({ tag: 'SHOP', type: 'text', required: true });
  const settings = mailchimp.settings.parse({ apiKey, listId, ...given });
  const context = () => ({
    settings,
    api: directApi(simulator.app, mailchimp.api!(settings), () => clock.now),
    files: {} as never,
    now: clock.now,
  });
  return { settings, clock, refused, state, simulator, context };
}

describeWriter('mailchimp', {
  connector: mailchimp,
  attributes: { number: 'POINTS', text: 'TIER', list: 'SEGMENTS' },
  async open() {
    const { settings, clock, refused, state, simulator } = account();
    return {
      settings,
      app: simulator.app,
      now: () => clock.now,
      create: async (sourceId) =>
        simulator.create({ email: `${sourceId}@example.com`, CUSTOMERID: sourceId }),
      others(recordId) {
        const { changedAt: _, merges, ...rest } = simulator.get(recordId);
        return { ...rest, shop: merges['SHOP'] };
      },
      count: () => simulator.ids().length,
      unknownId: 'ffffffffffffffffffffffffffffffff',
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

const write = (recordId: string, attributes: { [tag: string]: string | number | null }) => [
  { sourceId: 'shop-1', recordId, attributes },
];

test('a tag that the audience does not have is ignored by Mailchimp, and told as nobody’s fault', async () => {
  const { simulator, context } = account();
  const id = simulator.create({ email: 'anna@example.com' });
  await expect(writer.write(context(), write(id, { NONE: 1 }))).rejects.toMatchObject({
    code: unknownAttribute,
    message: expect.stringContaining('no merge field NONE'),
  });
});

test('in an audience that is not there nobody is missing', async () => {
  const { simulator, context } = account({}, { listId: 'b1b2b3b4b5' });
  const id = simulator.create({ email: 'anna@example.com' });
  await expect(writer.write(context(), write(id, { TIER: 'Gold' }))).rejects.toThrow('listId');
});

test('a member who unsubscribed is written, and stays unsubscribed', async () => {
  const { simulator, context } = account();
  const id = simulator.create({ email: 'anna@example.com', status: 'unsubscribed' });
  expect(await writer.write(context(), write(id, { POINTS: 5 }))).toMatchObject([{ result: 'accepted' }]);
  expect(simulator.get(id)).toMatchObject({ status: 'unsubscribed', merges: { POINTS: 5 } });
});

test('a value that a field does not take is rejected for this member alone', async () => {
  const { simulator, context } = account();
  const id = simulator.create({ email: 'anna@example.com' });
  for (const attributes of [{ TIER: 'x'.repeat(256) }, { POINTS: 'many' }])
    await expect(writer.write(context(), write(id, attributes))).rejects.toMatchObject({
      name: 'RejectedError',
      code: 'invalid_resource',
    });
});

test('a key whose user may only read is told so', async () => {
  const { simulator, state, context } = account();
  const id = simulator.create({ email: 'anna@example.com' });
  state.mayWrite = false;
  const answer = writer.write(context(), write(id, { TIER: 'Gold' }));
  await expect(answer).rejects.toBeInstanceOf(UnauthorizedError);
  await expect(answer).rejects.toThrow('can edit audiences');
});

test('the check tells tags that are missing and fields that hold no text', async () => {
  const { simulator, context } = account();
  simulator.define({ tag: 'UNTIL', type: 'date' });
  const [, fields] = await writer.check(context(), ['TIER', 'NONE', 'UNTIL']);
  expect(fields).toMatchObject({ allowed: false });
  expect(fields!.note).toMatch(/no merge field NONE.*UNTIL: use a field of the type text/);
  expect((await writer.check(context(), ['TIER', 'POINTS'])).map(({ allowed }) => allowed)).toEqual([
    true,
    true,
  ]);
});

test('only tags are names of merge fields', () => {
  for (const tag of ['EMAIL', 'points', 'MORE_THAN_10', '1ST'])
    expect(writer.attributeFault!(tag), tag).toContain('the tag of a merge field');
  expect(writer.attributeFault!('POINTS')).toBeNull();
});
