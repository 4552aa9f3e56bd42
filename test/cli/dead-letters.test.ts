// `tributary problems dead-letters`, `retry` with filters and `discard` in this process with simulated
// vendors on loopback.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommandOnServer } from '../support/run-command.ts';

const [accessToken, appId, appToken] = ['pat-test-00000000', 'app-id', 'app-token-00000000'];

let folder: string;
let served: Served[];
let voucherify: ReturnType<typeof createVoucherifySimulator>;
let ids: string[];
let refuses: boolean;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-letters-'));
  refuses = true;
  const hubspot = createHubSpotSimulator({ now: Date.now, accessToken, quotas: false });
  voucherify = createVoucherifySimulator({
    now: Date.now,
    appId,
    appToken,
    faults: (_request, route) =>
      refuses && route === 'POST /v1/customers'
        ? Response.json({ code: 400, key: 'invalid_payload', message: '=No such thing' }, { status: 400 })
        : undefined,
  });
  served = [await serve(hubspot.app), await serve(voucherify.app)];
  const quota = { requests: 10_000, seconds: 10, reserve: 0 };
  const config = {
    destination: { connector: 'voucherify', appId, appToken, baseUrl: served[1]!.url, quota, bulk: false },
    sources: { hubspot: { connector: 'hubspot', accessToken, baseUrl: served[0]!.url } },
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
  ids = ['Ann', 'Bob'].map((firstname) => hubspot.create({ firstname }));
  expect((await tributary('sync')).exitCode).toBe(1);
});

afterEach(async () => {
  for (const server of served) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function tributary(...args: string[]) {
  return runCommandOnServer(folder, args);
}

it('lists causes with the next step, writes a file, retries and discards', async () => {
  const { out, exitCode } = await tributary('dead-letters');
  expect(exitCode).toBe(0);
  expect(out).toMatch(/^2 dead letters: delivery of destination, invalid_payload/);
  expect(out).toContain('The destination refuses the form of a value');
  expect(out).toMatch(/Said: .*=No such thing/);
  expect(out).toMatch(/Next: Look at the details/);
  expect(out).toContain(
    'tributary problems retry --kind delivery --source destination --code invalid_payload',
  );

  const problems = JSON.parse((await tributary('problems', '--json')).out).result;
  expect(problems).toMatchObject([
    {
      kind: 'dead letters',
      source: 'destination',
      count: 2,
      next: 'tributary problems retry --kind delivery --source destination --code invalid_payload',
    },
  ]);
  expect((await tributary('drifts')).out).toBe('No drift is known.\n');

  const path = join(folder, 'letters.csv');
  expect(await tributary('dead-letters', '--export', path)).toMatchObject({ exitCode: 0, out: '' });
  expect(readFileSync(path, 'utf8').trim().split('\r\n')).toHaveLength(3);

  refuses = false;
  const retried = await tributary('retry', '--kind', 'delivery', '--text', ids[0]!, '--json');
  expect(JSON.parse(retried.out).result).toMatchObject({ retried: { deliveries: { due: 1 } } });
  expect([...voucherify.customers()].map((customer) => customer.source_id)).toEqual([ids[0]]);

  const discarded = await tributary('discard', '--kind', 'delivery', '--reason', 'a test', '--yes');
  expect(discarded).toMatchObject({ exitCode: 0 });
  expect(discarded.out).toMatch(
    /Discarded: 1 dead letter\.\nNot sent until they change at their source: 1 customer\./,
  );
  expect((await tributary('dead-letters')).out).toBe('There are no dead letters.\n');
});

it('acknowledges drift with a reason, and reopens it', async () => {
  expect(await tributary('drifts', 'acknowledge', '42')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('A reason is required'),
  });
  expect(await tributary('drifts', 'acknowledge', '--reason', 'x')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('Name customers, or use --kind or --all.'),
  });
  expect((await tributary('drifts', 'acknowledge', '42', '--reason', 'x')).out).toBe('No drift matches.\n');
  expect((await tributary('drifts', 'reopen', '--all')).out).toBe('No drift matches.\n');
  expect((await tributary('drifts', '--acknowledged')).out).toBe('No drift is acknowledged.\n');
});

it('asks for no consent where nothing would be discarded', async () => {
  const discarded = await tributary('discard', '--text', 'in no letter', '--reason', 'x');
  expect(discarded).toMatchObject({ exitCode: 0, err: '' });
  expect(discarded.out).toBe('No dead letter matches: nothing was discarded.\n');
});

it('explains what is wrong with a selection', async () => {
  for (const [args, sentence] of [
    [['discard', '--reason', 'x', '--yes'], /Select letters with/],
    [['discard', '--all', '--kind', 'record', '--reason', 'x', '--yes'], /Select letters with/],
    [['discard', '--all', '--yes'], /A reason is required/],
    [['discard', '--all', '--reason', 'x'], /2 dead letters would be discarded\. There is no terminal/],
    [['retry', '--since', 'yesterday'], /is not a time/],
    [['dead-letters', '--raw'], /\.csv/],
    [['dead-letters', '--export', join('nowhere', 'letters.csv')], /there is no such folder/],
  ] as [string[], RegExp][]) {
    const { exitCode, err } = await tributary(...args);
    expect({ args, exitCode, err }).toEqual({ args, exitCode: 2, err: expect.stringMatching(sentence) });
  }
});
