// Taking a customer away from the simulated Voucherify: so that it may come back, and for good.
import { describe, expect, it } from 'vitest';
import { type Context, TransientError, UnauthorizedError } from '#connector';
import { voucherify } from '../../connectors/voucherify/index.ts';
import { createVoucherifySimulator, type VoucherifyOptions } from '../../simulators/voucherify.ts';
import { directApi } from '../support/direct-api.ts';
import { localFiles } from '../support/local-files.ts';

const destination = voucherify.destination!;
const keys = { appId: 'app', appToken: 'token' };
const nowMs = Date.parse('2026-03-01T00:00:00Z');
const soft = { permanent: false };
const permanent = { permanent: true };

function project(options: Partial<VoucherifyOptions> = {}, given: object = keys) {
  const simulator = createVoucherifySimulator({ now: () => nowMs, ...keys, ...options });
  const settings = voucherify.settings.parse(given);
  const context: Context<unknown> = {
    settings,
    api: directApi(simulator.app, voucherify.api!(settings), () => nowMs),
    files: localFiles(),
    now: nowMs,
  };
  const write = (sourceId: string, email: string) =>
    destination.upsert(context, {
      sourceId,
      payload: destination.payload(sourceId, { email }, settings),
    });
  const remove = (sourceId: string, how: { permanent: boolean }) =>
    destination.remove!(context, sourceId, how);
  return { simulator, context, write, remove };
}

const accepted = (sourceId: string) => ({ sourceId, result: 'accepted' });

describe('deleting a customer', () => {
  it('softly frees the source ID: a customer who comes back is new', async () => {
    const { simulator, write, remove } = project();
    await write('7', 'ann@example.com');
    const { id } = simulator.bySourceId('7')!;
    expect(await remove('7', soft)).toEqual(accepted('7'));
    expect(simulator.count).toBe(0);
    expect(simulator.deleted().map((customer) => customer.id)).toEqual([id]);
    await write('7', 'ann@example.org');
    expect(simulator.bySourceId('7')!.id).not.toBe(id);
    expect(simulator.requests.get('DELETE /v1/customers/:customerId 204')).toBe(1);
  });

  it('permanently leaves nothing behind', async () => {
    const { simulator, write, remove } = project();
    await write('7', 'ann@example.com');
    expect(await remove('7', permanent)).toEqual(accepted('7'));
    expect([simulator.count, simulator.deleted()]).toEqual([0, []]);
  });

  it.each([soft, permanent])('accepts that there is no such customer, %o', async (how) => {
    const { simulator, write, remove } = project();
    await write('8', 'bob@example.com');
    expect(await remove('7', how)).toEqual(accepted('7'));
    expect(await remove('7', how)).toEqual(accepted('7'));
    expect(simulator.bySourceId('8')).toBeDefined();
  });

  it.each([soft, permanent])('encodes the source ID once, as one segment, %o', async (how) => {
    const strange = ['a/b', 'a b', '100%', '%2F', '?#', 'zażółć@example.com', '..a', 'a:b;c=d'];
    const { simulator, write, remove } = project();
    for (const sourceId of strange) await write(sourceId, 'ann@example.com');
    await write('a', 'stays@example.com');
    expect(simulator.count).toBe(strange.length + 1);
    for (const sourceId of strange) expect(await remove(sourceId, how)).toEqual(accepted(sourceId));
    expect([...simulator.customers()].map((customer) => customer.source_id)).toEqual(['a']);
  });

  it.each(['.', '..', ''])('refuses the source ID "%s", which no path can name', async (sourceId) => {
    const { simulator, remove } = project();
    for (const how of [soft, permanent])
      expect(await remove(sourceId, how)).toMatchObject({ result: 'rejected', code: 'unreadable_source_id' });
    expect(simulator.requests.size).toBe(0);
  });

  it('does not delete another customer whose own ID equals the source ID', async () => {
    const { simulator, write, remove } = project();
    await write('8', 'bob@example.com');
    const { id } = simulator.bySourceId('8')!;
    for (const how of [soft, permanent])
      expect(await remove(id, how)).toMatchObject({ result: 'rejected', code: 'other_customer' });
    expect(simulator.bySourceId('8')).toBeDefined();
    await write('cust_of_the_shop', 'ann@example.com');
    expect(await remove('cust_of_the_shop', permanent)).toEqual(accepted('cust_of_the_shop'));
    expect(await remove('cust_of_nobody', soft)).toEqual(accepted('cust_of_nobody'));
    expect(simulator.count).toBe(1);
  });

  it.each([
    ['another status', { status: 'IN_PROGRESS', object: 'pernament_deletion' }],
    ['no object', []],
  ])('does not accept a permanent deletion that is answered with %s', async (_, body) => {
    const { remove } = project({
      faults: (request) => (request.method === 'POST' ? Response.json(body) : undefined),
    });
    expect(await remove('7', permanent)).toMatchObject({ sourceId: '7', result: 'unknown' });
  });

  it('throws what the caller must wait for, and what a person must fix', async () => {
    const down = project({ faults: () => new Response('', { status: 503 }) });
    for (const how of [soft, permanent]) await expect(down.remove('7', how)).rejects.toThrow(TransientError);
    const elsewhere = project({ faults: () => new Response('Not here', { status: 404 }) });
    const strangers = project({}, { appId: 'app', appToken: 'wrong' });
    for (const how of [soft, permanent]) {
      await expect(elsewhere.remove('7', how)).rejects.toMatchObject({ foreign: true });
      await expect(strangers.remove('7', how)).rejects.toThrow(UnauthorizedError);
    }
  });

  it('can be repeated without harm when the answer was lost', async () => {
    let lost = false;
    const { simulator, write, remove } = project({
      faults: (request) => {
        if (request.method !== 'DELETE' || lost) return undefined;
        lost = true;
        return 'apply-then-drop';
      },
    });
    await write('7', 'ann@example.com');
    await expect(remove('7', soft)).rejects.toThrow(TransientError);
    expect(await remove('7', soft)).toEqual(accepted('7'));
    expect([simulator.count, simulator.deleted().length]).toEqual([0, 1]);
  });
});
