// Erasure over HTTP, each answer held against the OpenAPI document.
import { afterEach, describe, expect, it } from 'vitest';
import { signatureFault } from '../../src/tables/signed-receipts.ts';
import { behaviour } from '../support/databases.ts';
import { until } from '../support/sync-world.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { openWorld, type World } from './world.ts';

const secretKey = 'a-key-of-the-tests-that-is-long-enough';

describe.each(behaviour)('the API of erasure on $name', ({ open }) => {
  let world: World;
  let call: Call;

  async function start(options: { secretKey?: string } = { secretKey }): Promise<void> {
    world = await openWorld(await open(), options);
    world.truth.people = ['anna', 'a/b c'].map((id) => ({
      id,
      changedAt: 1,
      body: { name: 'Anna Nowak', email: `${encodeURIComponent(id)}@example.com` },
    }));
    call = await caller(world);
    await world.tributary.start();
    await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
    await until(() => world.truth.taken.size === 2);
  }

  afterEach(() => world.close());

  const complete = (location: string) =>
    until(async () => (await call('GET', location)).body.state === 'complete');

  it('answers with a receipt that is open, and then complete', async () => {
    await start();
    const asked = await call('DELETE', '/api/customers/a%2Fb%20c', { json: { permanent: true } });
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({ state: 'open', known: true, permanent: true, endedAt: null });
    const location = asked.headers.get('location')!;
    expect(location).toBe(`/api/erasures/${asked.body.id}`);
    await complete(location);
    const { body } = await call('GET', location);
    expect(
      body.stores.map(({ store, answer }: { store: string; answer: string }) => [store, answer]),
    ).toEqual([
      ['customer', 'erased'],
      ['records', 'erased'],
      ['history', 'nothing'],
      ['pins', 'nothing'],
      ['holds', 'nothing'],
      ['deadLetters', 'nothing'],
      ['acknowledgement', 'erased'],
      ['delivery', 'erased'],
      ['bulkActions', 'nothing'],
      ['runs', 'nothing'],
      ['inbox', 'nothing'],
      ['facts', 'nothing'],
      ['imports', 'nothing'],
      ['destination', 'erased'],
      ['suppression', 'kept'],
    ]);
    expect(JSON.stringify(body)).not.toContain('a/b c');
    expect([...world.truth.taken.keys()]).toEqual(['anna']);
    expectProblem(await call('GET', '/api/customers/a%2Fb%20c'), 404);
  });

  it('signs the receipt when it is complete, and leaves it as it was signed when the person may come back', async () => {
    await start();
    const asked = await call('DELETE', '/api/customers/anna');
    expect(asked.body.signed).toBeNull();
    const location = asked.headers.get('location')!;
    await complete(location);
    const { keys } = (await call('GET', '/.well-known/tributary-receipt-keys.json')).body;
    const { signed } = (await call('GET', location)).body;
    expect(signed.statement).toMatchObject({ id: asked.body.id, destination: 'memory', permanent: false });
    expect(signatureFault(signed, keys)).toBeNull();
    expect(JSON.stringify(signed)).not.toContain('anna');
    expect((await call('DELETE', '/api/suppressions', { json: { sourceId: 'anna' } })).status).toBe(200);
    const { body } = await call('GET', location);
    expect(body.stores).toContainEqual(expect.objectContaining({ store: 'suppression', answer: 'nothing' }));
    expect(body.signed).toEqual(signed);
  });

  it('accepts a missing body, and an unknown person', async () => {
    await start();
    const asked = await call('DELETE', '/api/customers/nobody');
    expect(asked).toMatchObject({ status: 202, body: { known: false, permanent: false } });
    await complete(asked.headers.get('location')!);
  });

  it('lists receipts, the newest first, page after page, the open ones apart', async () => {
    await start();
    world.truth.refused.set('stuck', 'it is locked');
    const ids: string[] = [];
    for (const sourceId of ['one', 'two', 'stuck'])
      ids.push((await call('DELETE', `/api/customers/${sourceId}`)).body.id);
    for (const id of ids.slice(0, 2)) await complete(`/api/erasures/${id}`);
    await until(async () =>
      (await call('GET', `/api/erasures/${ids[2]}`)).body.stores.some(
        ({ answer, note }: { answer: string; note: string }) =>
          answer === 'rejected' && note.includes('locked'),
      ),
    );
    const seen: string[] = [];
    for (let before = ''; ; ) {
      const { body } = await call('GET', `/api/erasures?limit=1${before}`);
      seen.push(...body.erasures.map(({ id }: { id: string }) => id));
      if (body.nextCursor === null) break;
      before = `&cursor=${body.nextCursor}`;
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    const open = await call('GET', '/api/erasures?state=open');
    expect(open.body.erasures.map(({ id }: { id: string }) => id)).toEqual([ids[2]]);
    expect((await call('GET', '/api/erasures?state=complete')).body.erasures).toHaveLength(2);
  });

  it('lets somebody come back, once the erasure has ended', async () => {
    await start();
    world.truth.refused.set('anna', 'it is locked');
    const { body } = await call('DELETE', '/api/customers/anna');
    expectProblem(await call('DELETE', '/api/suppressions', { json: { sourceId: 'anna' } }), 409, {
      type: 'urn:tributary:problem:still-erasing',
    });
    world.truth.refused.clear();
    const again = await call('DELETE', '/api/customers/anna'); // asked again, it is tried again at once
    await complete(`/api/erasures/${body.id}`);
    await complete(`/api/erasures/${again.body.id}`); // another one where the first had just ended
    const full = () => call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
    const ended = async (id: number) =>
      until(async () => (await call('GET', `/api/runs/${id}`)).body.state === 'finished');
    const first = (await full()).body.id;
    await ended(first);
    expect((await call('GET', `/api/runs/${first}`)).body).toMatchObject({ received: 2, filtered: 1 });
    expect(await call('DELETE', '/api/suppressions', { json: { sourceId: 'anna' } })).toMatchObject({
      status: 200,
      body: { lifted: 3 },
    });
    expectProblem(await call('DELETE', '/api/suppressions', { json: { sourceId: 'anna' } }), 404);
    await ended((await full()).body.id);
    await until(() => world.truth.taken.has('anna') && world.truth.taken.size === 2);
  });

  it('refuses bad input, strangers, and to erase without a key', async () => {
    await start({});
    expectProblem(await call('DELETE', '/api/customers/anna'), 409, {
      type: 'urn:tributary:problem:secret-key',
      detail: expect.stringMatching(/TRIBUTARY_SECRET_KEY .* every worker/),
    });
    expect((await call('GET', '/api/customers/anna')).status).toBe(200);
    expectProblem(await call('DELETE', '/api/customers/anna', { json: { forever: true } }), 400);
    expectProblem(await call('GET', '/api/erasures/7'), 400);
    expectProblem(await call('GET', '/api/erasures/0a6e1f0e-2f0f-4d0e-9a53-4f3f6a7c3b1d'), 404);
    expectProblem(await call('DELETE', '/api/suppressions', { json: {} }), 400);
    for (const [method, path] of [
      ['DELETE', '/api/customers/anna'],
      ['GET', '/api/erasures'],
      ['DELETE', '/api/suppressions'],
    ] as const)
      expect((await call(method, path, { token: null })).status).toBe(401);
  });
});
