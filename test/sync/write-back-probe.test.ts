// What the key of a source may write is found out without changing anybody's data.
import { afterEach, expect, it } from 'vitest';
import { unknownBeforeWriting } from '../../src/connector/checking.ts';
import { openWriteBackWorld, type WriteBackWorld } from '../support/write-back-world.ts';

let world: WriteBackWorld;
afterEach(() => world?.close());

async function check(source: string) {
  const response = await world.web.request(`/api/write-backs/${source}/check`, {
    method: 'POST',
    headers: { authorization: 'Bearer a-token-for-the-tests' },
  });
  return { status: response.status, body: (await response.json()) as { detail: string } };
}

it('tells each vendor apart: granted, missing attributes, refused, not reached, and what cannot be written', async () => {
  world = await openWriteBackWorld({
    start: false,
    sources: { files: { connector: 'csv' } },
    writeBack: { hubspot: { fields: { not_defined: 'loyalty.points' } } },
  });
  const profile = world.klaviyo.create({ external_id: 'shop-1' });
  const before = JSON.stringify(world.klaviyo.get(profile));
  expect((await check('klaviyo')).body).toMatchObject({
    source: 'klaviyo',
    attributes: ['loyalty_points', 'last_code', 'segments'],
    permissions: [{ what: 'write profiles', allowed: true }],
  });
  expect((await check('hubspot')).body).toMatchObject({
    permissions: [
      { what: 'write contacts', allowed: true },
      { allowed: false, note: expect.stringContaining('not_defined') },
    ],
  });
  world.klaviyo.faults = () => Response.json({ errors: [{ status: 403 }] }, { status: 403 });
  expect((await check('klaviyo')).body).toMatchObject({ permissions: [{ allowed: false }] });
  world.klaviyo.faults = () => new Response('no', { status: 503 });
  expect((await check('klaviyo')).body).toMatchObject({ permissions: [{ allowed: null }] });
  expect(JSON.stringify(world.klaviyo.get(profile))).toBe(before);
  expect(await check('files')).toMatchObject({ status: 404, body: { detail: 'csv cannot be written to.' } });
  expect((await check('nobody')).status).toBe(404);
});

it('is not known before the first write where a vendor has no harmless request', async () => {
  expect(await unknownBeforeWriting('write users')()).toMatchObject([
    { what: 'write users', allowed: null, note: expect.stringContaining('not known before the first write') },
  ]);
});
