// `tributary probe` in this process, and what `tributary check` tells of it with a simulated
// Voucherify on loopback.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommandOnServer } from '../support/run-command.ts';

const keys = { appId: 'app-id', appToken: 'app-token-00000000' };

let folder: string;
let served: Served;
let voucherify: ReturnType<typeof createVoucherifySimulator>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-probe-'));
  voucherify = createVoucherifySimulator({ now: Date.now, ...keys, metadataWrites: 'replace' });
  served = await serve(voucherify.app);
});

afterEach(async () => {
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});

function tributary(args: string[], destination: object = {}) {
  const quota = { requests: 10_000, seconds: 10, reserve: 0 };
  const config = {
    destination: {
      connector: 'voucherify',
      ...keys,
      baseUrl: served.url,
      quota,
      bulkQuota: quota,
      ...destination,
    },
    sources: { files: { connector: 'csv' } },
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
  return runCommandOnServer(folder, args);
}

it('asks for consent, finds out, and is reported by the check', async () => {
  const before = await tributary(['check']);
  expect(before.out).toContain('The destination was not probed');
  expect(await tributary(['probe'])).toMatchObject({
    exitCode: 2,
    out: '',
    err: expect.stringContaining('add --yes to confirm'),
  });
  expect([...voucherify.requests].some(([route]) => route.startsWith('POST'))).toBe(false);

  const probed = await tributary(['probe', '--yes']);
  expect(probed).toMatchObject({ exitCode: 0, err: '' });
  expect(probed.out).toMatch(/metadataWrites +replace +After a write/);
  expect(probed.out).toContain('sent along where a write may replace it');
  expect(probed.out).toMatch(/\d+ calls; the throwaway customers were removed\./);
  expect([...voucherify.customers()]).toEqual([]);

  const told = JSON.parse((await tributary(['check', '--json'], { metadataWrites: 'merge' })).out).result;
  expect(told.probed.answers).toContainEqual(expect.objectContaining({ question: 'badBulkRecord' }));
  expect(told.warnings).toEqual([expect.stringContaining('metadataWrites is "merge"')]);
});

it('explains that the throwaway customer was refused', async () => {
  const { exitCode, err } = await tributary(['probe', '--yes'], { appToken: 'another-token-0000' });
  expect(exitCode).toBe(1);
  expect(err).toMatch(/The throwaway customer could not be written/);
  expect(err).not.toMatch(/\n\s+at /);
});
