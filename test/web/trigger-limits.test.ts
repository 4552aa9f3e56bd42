// A token that sends more than it may is told when to come again; others, and reading, are not affected.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { noon } from './seed.ts';
import { openWorld, type World } from './world.ts';

describe('requests that change something', () => {
  let world: World;
  let call: Call;
  const clock = new ManualClock(noon);

  beforeAll(async () => {
    world = await openWorld(await behaviour[0].open(), { clock, config: { triggersPerMinute: 6 } });
    call = await caller(world);
  });
  afterAll(() => world.close());

  const pause = (token?: string) =>
    call('POST', '/api/destination/pause', token === undefined ? {} : { token });

  it('are limited per token and minute, with the time to come again', async () => {
    const { body } = await call('POST', '/api/tokens', { json: { name: 'a script', role: 'operator' } });
    for (let sent = 0; sent < 5; sent += 1) expect((await pause()).status).toBe(200);
    const refused = await pause();
    expectProblem(refused, 429, { type: 'urn:tributary:problem:too-many-triggers' });
    expect(refused.body.detail).toContain(
      'The token API token has sent more than 6 requests within a minute',
    );
    expect(refused.headers.get('retry-after')).toBe('10');
    // What only asks costs work too; reading does not count, and neither does another token.
    expectProblem(await call('POST', '/api/plan', { json: { mode: 'full' } }), 429);
    expect((await call('GET', '/api/status')).status).toBe(200);
    expect((await pause(body.token)).status).toBe(200);
    await clock.advance(9_000);
    expect((await pause()).headers.get('retry-after')).toBe('1');
    await clock.advance(1_000);
    expect((await pause()).status).toBe(200);
    expect((await pause()).status).toBe(429);
  });

  it('that are refused so are not kept under their idempotency key', async () => {
    const headers = { 'idempotency-key': 'a-key' };
    const keyed = () => call('POST', '/api/destination/resume', { headers });
    expect((await keyed()).status).toBe(429);
    await clock.advance(10_000);
    const done = await keyed();
    expect(done.status).toBe(200);
    expect(done.headers.get('idempotent-replayed')).toBeNull();
  });
});
