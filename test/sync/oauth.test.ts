// Access tokens that run out: got once for all workers, kept sealed, and never in a log.

import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/index.ts';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { createOAuthSimulator } from '../../simulators/oauth.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { Tributary } from '../../src/app/app.ts';
import { checkConfig } from '../../src/config.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';

const secretKey = 'a-secret-key-of-this-installation';

const granted = { clientId: 'client', clientSecret: 'client-secret-00', refreshToken: 'first-refresh-token' };

describe.each(behaviour)('access tokens that run out, on $name', ({ open }) => {
  let database: TestDatabase;
  let served: Served;
  const workers: Tributary[] = [];

  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.drain();
    await served?.close();
    await database?.close();
  });

  async function start(options: { seconds?: number; rotates?: boolean; speed?: number } = {}) {
    const { seconds = 1_800, rotates = true, speed = 1 } = options;
    database = await open();
    const clock = new FastClock(speed);
    const hubspot = createHubSpotSimulator({
      now: () => clock.now(),
      quotas: false,
      accessToken: 'none yet',
    });
    hubspot.seed(5, 1);
    const oauth = createOAuthSimulator({
      path: '/oauth/v3/token',
      ...granted,
      seconds,
      rotates,
      latency: () => clock.sleep(30),
      onIssue: (accessToken) => {
        hubspot.accessToken = accessToken;
      },
    });
    served = await serve(new Hono().route('/', oauth.app).route('/', hubspot.app));
    const logged: string[] = [];
    const log = createLog({ level: 'debug', write: (line) => void logged.push(line) });
    const raw = {
      destination: { connector: 'voucherify', appId: 'a', appToken: 'b', baseUrl: served.url },
      sources: { hubspot: { connector: 'hubspot', oauth: granted, baseUrl: served.url } },
      metadataSchema: 'none',
    };
    const worker = async (key: string | null = secretKey) => {
      const config = checkConfig('a test', raw, {}, connectors);
      const on = await database.again();
      const tributary = new Tributary({ config, database: on, clock, log, secretKey: key });
      workers.push(tributary);
      return tributary;
    };
    const ask = (tributary: Tributary) =>
      tributary.endpoints.get('hubspot')!.api('manual').request({ path: '/crm/v3/objects/contacts' });
    return { clock, hubspot, oauth, logged, worker, ask };
  }

  it('gets one for all workers, however many ask at once', async () => {
    const { oauth, worker, ask } = await start();
    const all = await Promise.all([worker(), worker(), worker()]);
    const answers = await Promise.all(all.flatMap((one) => [ask(one), ask(one), ask(one)]));
    expect(answers.map(({ status }) => status)).toEqual(Array(9).fill(200));
    expect(oauth.state).toMatchObject({ issued: 1, refused: 0 });
  });

  it('gets the next before the old one ends, with the refresh token that came last', async () => {
    const { clock, oauth, worker, ask } = await start({ seconds: 600 });
    const tributary = await worker();
    for (let turn = 1; turn <= 3; turn += 1) {
      expect((await ask(tributary)).status).toBe(200);
      expect(oauth.state.issued).toBe(turn);
      clock.skip(550_000);
    }
    // A worker that begins later goes on with what is kept.
    expect((await ask(await worker())).status).toBe(200);
    expect(oauth.state).toMatchObject({ issued: 4, refused: 0 });
  });

  it('gets another where the vendor refuses one before its time', async () => {
    const { hubspot, oauth, worker, ask } = await start();
    const tributary = await worker();
    await ask(tributary);
    hubspot.accessToken = 'revoked by somebody';
    expect((await ask(tributary)).status).toBe(200);
    expect(oauth.state.issued).toBe(2);
  });

  it('says what to do where the vendor takes the grant back', async () => {
    const { oauth, worker, ask } = await start();
    oauth.state.revoked = true;
    await expect(ask(await worker())).rejects.toThrow(
      /invalid_grant.*Sign in again: tributary sources connect hubspot$/,
    );
  });

  it('blocks nobody if the token endpoint never finishes its answer', async () => {
    const { clock, oauth, worker, ask } = await start({ speed: 25 });
    const tributary = await worker();
    oauth.state.answer = () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            await clock.sleep(20);
            controller.enqueue(new TextEncoder().encode(' '));
          },
        }),
      );
    const cut = new AbortController();
    const api = tributary.endpoints.get('hubspot')!.api('manual', { signal: cut.signal });
    const stopped = api.request({ path: '/crm/v3/objects/contacts' });
    cut.abort();
    await expect(stopped).rejects.toThrow('stopped');
    // It goes on for the others, thirty seconds in all.
    await expect(ask(tributary)).rejects.toThrow(/token URL of hubspot cannot be reached/);
    oauth.state.answer = null;
    expect((await ask(tributary)).status).toBe(200);
  });

  it('reads no more of an answer than a token has, and waits as long as it says', async () => {
    const { oauth, worker, ask } = await start();
    const tributary = await worker();
    oauth.state.answer = () => new Response('x'.repeat(1_000_000));
    await expect(ask(tributary)).rejects.toThrow(/token URL of hubspot cannot be reached/);
    oauth.state.answer = () => Response.json({}, { status: 429, headers: { 'retry-after': '17' } });
    await expect(ask(tributary)).rejects.toMatchObject({ status: 429, retryAfterMs: 17_000 });
  });

  it('keeps tokens sealed, logs none of them, and refuses to start without a key', async () => {
    const { logged, worker, ask } = await start();
    await ask(await worker());
    const rows = await database.rows<{ sealed: string }>(sql`select * from oauth_tokens`);
    for (const text of [JSON.stringify(rows), logged.join('')])
      expect(text).not.toMatch(/of-the-simulator|first-refresh-token|client-secret-00/);
    expect(rows[0]!.sealed.length).toBeGreaterThan(40);
    await expect(worker(null)).rejects.toThrow(/TRIBUTARY_SECRET_KEY/);
  });
});
