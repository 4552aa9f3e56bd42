import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../src/contract/run.ts';
import { type Api, newApi } from '../../src/web/deps.ts';
import { ListenError, type Served, serveApp } from '../../src/web/server.ts';
import { behaviour } from '../support/databases.ts';
import { apiToken, openWorld, type World } from './world.ts';

describe('the server', () => {
  let world: World;
  let served: Served;
  const headers = { authorization: `Bearer ${apiToken}` };

  beforeEach(async () => {
    world = await openWorld(await behaviour[0].open());
    served = await serveApp(world.app, { host: '127.0.0.1', port: 0 });
  });
  afterEach(async () => {
    await served.close();
    await world.close();
  });

  it('answers at its URL', async () => {
    expect(await (await fetch(`${served.url}/healthz`)).json()).toEqual({ status: 'live' });
  });

  it('explains that its port is in use, and what to do', async () => {
    const port = Number(new URL(served.url).port);
    const second = serveApp(world.app, { host: '127.0.0.1', port });
    await expect(second).rejects.toThrow(
      new ListenError(
        `Port ${port} on 127.0.0.1 is in use. Stop the process that uses it, or set PORT to another port.`,
      ),
    );
  });

  it('says that the machine has no such address', async () => {
    await expect(serveApp(world.app, { host: '192.0.2.1', port: 0 })).rejects.toThrow(
      /This machine has no address 192\.0\.2\.1/,
    );
  });

  it('ends streams and idle connections when it is closed, within a second', async () => {
    const endless = new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(1)) });
    await served.close();
    served = await serveApp(newApi().get('/', (c) => c.body(endless)) as unknown as Api, {
      host: '127.0.0.1',
      port: 0,
    });
    const reader = (await fetch(served.url)).body!.getReader();
    expect((await reader.read()).value).toHaveLength(1);
    const begun = performance.now();
    await served.close();
    expect(performance.now() - begun).toBeLessThan(1_000);
    await expect(reader.read()).rejects.toThrow();
    await expect(fetch(`${served.url}/healthz`)).rejects.toThrow();
  });

  it('takes a file of several megabytes, and a run reads it to the end', async () => {
    await world.tributary.start();
    const rows = Array.from(
      { length: 60_000 },
      (_, index) => `${index},Person ${index},p${index}@example.com,${'x'.repeat(20)}`,
    );
    const body = `Source_id,Name,Email,note\n${rows.slice(0, 20).join('\n')}\n`;
    const { status, ...response } = await send(`Source_id,Name,Email,note\n${rows.join('\n')}\n`);
    expect(status).toBe(202);
    expect(response.run.mode).toBe('import');
    const small = await send(body);
    await fetch(`${served.url}/api/runs/${response.run.id}/cancel`, { method: 'POST', headers });
    const runNow = async () =>
      (await (await fetch(`${served.url}/api/runs/${small.run.id}`, { headers })).json()) as Run;
    await expect.poll(async () => (await runNow()).state, { timeout: 20_000 }).toBe('finished');
    expect((await runNow()).received).toBe(20);
    await expect
      .poll(() => world.truth.taken.get('7'), { timeout: 10_000 })
      .toMatchObject({ source_id: '7', name: 'Person 7', 'metadata.note': 'x'.repeat(20) });
  });

  async function send(body: string) {
    const response = await fetch(`${served.url}/api/sources/files/imports?name=people.csv`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'text/csv' },
      body,
    });
    return { status: response.status, run: (await response.json()) as Run };
  }
});
