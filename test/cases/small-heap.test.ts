// A whole worker with a small heap, beside a source whose pages are more than it can hold: it lives, the other source goes on,
// and the run of the bad one says why.
import { type ChildProcess, fork } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { databases } from '../support/databases.ts';
import { until } from '../support/sync-world.ts';

const accessToken = 'pat-test-00000000';
const MB = 1024 * 1024;
const people = 60;

/** The vendor answers as many contacts as it is asked for, each with so many bytes; packed it is next to nothing. */
function heavyVendor(total: number, bytesOf: (limit: number) => number, asked: number[]): Hono {
  /** Packing one takes a second, and the same are asked for again and again. */
  const pages = new Map<string, Buffer>();
  const pageOf = (from: number, limit: number): Buffer => {
    const known = pages.get(`${from} ${limit}`);
    if (known) return known;
    const count = Math.min(limit, total - from);
    const note = 'x'.repeat(bytesOf(limit) / limit);
    const results = Array.from({ length: count }, (_, index) => ({
      id: String(from + index + 1),
      updatedAt: '2026-01-01T00:00:00Z',
      properties: { firstname: `Heavy ${from + index}`, note },
    }));
    const after = from + count;
    const page = gzipSync(
      JSON.stringify({ results, ...(after < total && { paging: { next: { after: `${after}` } } }) }),
      { level: 1 },
    );
    pages.set(`${from} ${limit}`, page);
    return page;
  };
  return new Hono()
    .get('/crm/v3/objects/contacts', (c) => {
      if (c.req.query('archived') === 'true') return c.json({ results: [] });
      const limit = Number(c.req.query('limit'));
      asked.push(limit);
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      return new Response(new Uint8Array(pageOf(Number(c.req.query('after') ?? 0), limit)), { headers });
    })
    .all('*', (c) => c.json({ results: [], total: 0 }));
}

describe.each(databases)('a worker with a heap of 192 MB, on $name', ({ openOwn }) => {
  it('faults 05: a page that unpacks to 48 MB ends its own run only', async () => {
    const asked: number[] = [];
    const lighter: number[] = [];
    const hubspot = createHubSpotSimulator({ accessToken, indexLagMs: 0, quotas: false });
    hubspot.seed(people, 3);
    const voucherify = createVoucherifySimulator({
      now: Date.now,
      appId: 'app-id',
      appToken: 'app-token-00000000',
    });
    const served: Served[] = [];
    for (const app of [
      hubspot.app,
      voucherify.app,
      heavyVendor(100, () => 48 * MB, asked),
      heavyVendor(100, (limit) => 0.48 * MB * limit, lighter),
    ])
      served.push(await serve(app));
    const [good, destination, bad, heavy] = served.map(({ url }) => url);
    const source = { connector: 'hubspot', accessToken, schedule: '* * * * * *', sourceId: 'id' };
    const mapping = { name: 'firstname', 'metadata.note': 'note' };
    const config = {
      destination: {
        connector: 'voucherify',
        appId: 'app-id',
        appToken: 'app-token-00000000',
        baseUrl: destination,
      },
      metadataSchema: 'none',
      sources: {
        bad: { ...source, baseUrl: bad, mapping },
        // Its pages are as large, and smaller where fewer contacts are asked for.
        heavy: { ...source, baseUrl: heavy, sourceId: 'firstname', mapping: { name: 'firstname' } },
        hubspot: { ...source, baseUrl: good, mapping: { name: 'firstname', email: 'email' } },
      },
    };
    const database = await openOwn();
    await database.release();
    const worker = start({
      where: database.where,
      config,
      time: { since: Date.now(), factor: 1 },
      calendar: true,
    });
    try {
      await until(() => worker.said.includes('sent a response that is larger than this process can hold'));
      await until(() => voucherify.count === people + 100);
      // It goes on: what changes later arrives too once the run of the bad source has failed.
      await until(() => worker.said.includes('"msg":"run failed"'));
      const [first] = [...hubspot.contacts()];
      hubspot.update(first!.id, { firstname: 'Later' });
      await until(() => worker.ended() || [...voucherify.customers()].some(({ name }) => name === 'Later'));
      expect(worker.ended(), worker.said).toBe(false);
      expect(asked.slice(0, 7)).toEqual([100, 50, 25, 12, 6, 3, 1]);
      expect(lighter[0]).toBe(100);
      expect(lighter.at(-1)).toBeLessThan(50);
    } finally {
      await worker.kill();
      for (const server of served) await server.close();
      await database.close();
    }
  });
});

function start(orders: object): { readonly said: string; ended(): boolean; kill(): Promise<void> } {
  const child: ChildProcess = fork(
    new URL('../chaos/workers-child.ts', import.meta.url),
    [JSON.stringify(orders)],
    {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      execArgv: ['--max-old-space-size=192', '--max-semi-space-size=4'],
    },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const worker = {
    said: '',
    ended: () => child.exitCode !== null || child.signalCode !== null,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
  child.stderr?.on('data', (data: Buffer) => {
    worker.said = (worker.said + data.toString()).slice(-100_000);
  });
  return worker;
}
