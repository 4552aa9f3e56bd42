// A filter that names nothing known is an error with the name that was probably meant: never everybody, never nobody.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { deliverAll, empty, noon, takeIn } from './seed.ts';
import { openWorld, type World } from './world.ts';

describe.each(behaviour)('filters on $name', ({ open }) => {
  let database: Database;
  let world: World;
  let call: Call;

  beforeAll(async () => {
    database = await open();
    await empty(database);
    world = await openWorld(
      { ...database, close: async () => {} },
      { clock: new ManualClock(noon + 60_000) },
    );
    call = await caller(world);
    await takeIn(world, [
      { id: 'a', body: { name: 'Anna', email: 'anna@example.com', plan: 'gold' } },
      { id: 'b', body: { name: 'Jan' } },
    ]);
    await deliverAll(world, { b: 'No such plan' });
    await world.tributary.request({ source: 'crm', mode: 'full', trigger: 'manual', lane: 'manual' });
  });
  afterAll(async () => {
    await world.close();
    await database.close();
  });

  const filter = (values: object) => encodeURIComponent(JSON.stringify(values));

  it.each([
    ['/api/dead-letters?source=crn', /No source is called crn\. Did you mean crm\?/],
    ['/api/dead-letters?code=invalid_custmer', /Did you mean invalid_customer\?/],
    ['/api/dead-letters?kind=letter', /kind is "letter"/],
    [
      '/api/dead-letters/groups?source=nobody',
      /No source is called nobody\..*There are crm, files, destination/,
    ],
    ['/api/dead-letters/export?code=nothing_like_it', /No dead letter has the code nothing_like_it/],
    ['/api/inbox?source=crn', /Did you mean crm\?/],
    ['/api/inbox?state=openend', /state is "openend"/],
    ['/api/runs?source=crn', /Did you mean crm\?/],
    ['/api/runs?state=done', /state is "done"/],
    ['/api/deliveries?runs=1,99', /There is no run 99/],
    ['/api/quarantine?source=crn', /Did you mean crm\?/],
    ['/api/quarantine?field=emial', /did you mean "email"/],
    ['/api/quarantine?field=metadata.plann', /Did you mean metadata\.plan\?/],
    ['/api/holds?runId=99', /There is no run 99/],
    ['/api/holds?change=deletd', /"deletd" is not a field/],
    ['/api/holds?what=phone', /"change" in its place/],
    ['/api/inbox?faulty=true', /"rejected" in its place/],
    ['/api/verifications?state=done', /state is "done"/],
    [`/api/export?filter=${filter({ nmae: 'Anna' })}`, /did you mean "name"/],
    [`/api/export?filter=${filter({ 'metadata.plna': 'gold' })}`, /Did you mean metadata\.plan\?/],
    ['/api/export?fields=metadata.level', /No customer has the field metadata\.level/],
    ['/api/customers?plan=gold', /plan is an unknown key/],
    ['/api/customers?state=lost', /state is "lost"/],
    ['/api/customers?after=b', /"cursor" in its place/],
    ['/api/customers?cursor=b', /cursor is an unknown cursor/],
    ['/api/customers?cursor=anna%40example.com', /cursor is "anna@example.com"; allowed is `nextCursor` of/],
    ['/api/runs?cursor=b', /cursor is "b"; allowed is `nextCursor` of the previous page/],
    ['/api/inbox?from=2026-01-01T00:00:00Z', /"since" in its place/],
  ])('refuses GET %s', async (path, sentence) => {
    const answer = await call('GET', path);
    expectProblem(answer, 400);
    expect(answer.body.detail).toMatch(sentence);
  });

  it.each([
    ['/api/dead-letters/retry', { source: 'crn' }, /Did you mean crm\?/],
    ['/api/dead-letters/retry', { code: 'invalid_custmer' }, /Did you mean invalid_customer\?/],
    ['/api/dead-letters/retry', { ids: [9999] }, /There is no dead letter 9999/],
    ['/api/dead-letters/discard', { source: 'crn', reason: 'x' }, /Did you mean crm\?/],
    ['/api/dead-letters/discard', { ids: [9999], reason: 'x' }, /There is no dead letter 9999/],
    ['/api/inbox/replay', { source: 'crn' }, /Did you mean crm\?/],
    ['/api/holds/release', { runId: 99 }, /There is no run 99/],
    ['/api/holds/refuse', { change: 'phoen' }, /did you mean "phone"/],
    ['/api/holds/refuse', { what: 'phone' }, /"change" in its place/],
  ])('refuses POST %s %j, and does nothing', async (path, json, sentence) => {
    const answer = await call('POST', path, { json });
    expectProblem(answer, 400);
    expect(answer.body.detail).toMatch(sentence);
    expect((await call('GET', '/api/dead-letters')).body.deadLetters).toHaveLength(1);
  });

  it('accepts known names, even if nothing matches', async () => {
    for (const path of [
      '/api/dead-letters?source=files',
      '/api/dead-letters?code=invalid_payload',
      '/api/inbox?source=destination',
      '/api/quarantine?field=name',
      '/api/holds?change=deleted',
      '/api/holds?runId=1&change=phone',
      '/api/deliveries?runs=1',
    ])
      expect((await call('GET', path)).status, path).toBe(200);
    const { body } = await call('GET', '/api/export?fields=metadata.plan,name');
    expect(body.customers.map(({ fields }: { fields: object }) => fields)).toEqual([
      { name: 'Anna', 'metadata.plan': 'gold' },
      { name: 'Jan' },
    ]);
  });
});
