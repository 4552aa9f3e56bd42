// `tributary holds release` in this process with simulated vendors on loopback.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
let hubspot: ReturnType<typeof createHubSpotSimulator>;
let voucherify: ReturnType<typeof createVoucherifySimulator>;
let ids: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-release-'));
  hubspot = createHubSpotSimulator({ now: Date.now, accessToken, quotas: false });
  voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  served = [await serve(hubspot.app), await serve(voucherify.app)];
  const quota = { requests: 10_000, seconds: 10, reserve: 0 };
  const config = {
    destination: { connector: 'voucherify', appId, appToken, baseUrl: served[1]!.url, quota, bulk: false },
    sources: { hubspot: { connector: 'hubspot', accessToken, baseUrl: served[0]!.url } },
    breaker: { blanked: { share: 0.2, count: 3 } },
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
  ids = Array.from({ length: 8 }, (_, index) =>
    hubspot.create({ firstname: `P${index}`, phone: `+4860000000${index}` }),
  );
  expect((await tributary('sync')).exitCode).toBe(0);
  for (const id of ids.slice(0, 6)) hubspot.update(id, { phone: '' });
  // Something is held.
  expect((await tributary('sync')).exitCode).toBe(1);
});

afterEach(async () => {
  for (const server of served) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function tributary(...args: string[]) {
  return runCommandOnServer(folder, args);
}

const phones = () => ids.filter((id) => voucherify.bySourceId(id)?.phone != null).length;

it('lists what is held with its difference, and releases it', async () => {
  const listed = await tributary('release', '--list');
  expect(listed).toMatchObject({ exitCode: 0 });
  expect(listed.out).toMatch(/hubspot +2 +phone +3 /);
  expect(listed.out).toContain('"phone":null');
  const holds = JSON.parse((await tributary('holds', 'list', '--json')).out).result;
  expect(holds).toMatchObject([{ change: 'phone' }, { change: 'phone' }, { change: 'phone' }]);
  expect((await tributary('status')).out).toMatch(/5 delivered \+ 0 waiting \+ 3 held/);
  expect((await tributary('release', '--run', '1')).out).toContain('No hold matches.');
  const released = await tributary('holds', 'release', '--run', '2', '--change', 'phone');
  expect(released).toMatchObject({ exitCode: 0 });
  expect(released.out).toContain('Released: 3 holds of 3 customers.');
  expect(phones()).toBe(2);
  expect((await tributary('holds')).out).toBe('Nothing is held.\n');
});

it('reverts what is refused, and explains what is wrong with a selection', async () => {
  const refused = JSON.parse((await tributary('holds', 'refuse', '--all', '--json')).out).result;
  expect(refused).toMatchObject({ refused: { holds: 3, customers: 3 } });
  expect(phones()).toBe(5);
  for (const args of [[], ['--all', '--change', 'phone'], ['--run', 'x'], ['--refuse']]) {
    const { exitCode, err } = await tributary('release', ...args);
    expect({ exitCode, err }).toMatchObject({ exitCode: 2, err: expect.stringMatching(/--all|number/) });
  }
  expect((await tributary('release', '--what', 'phone')).err).toBe('--what is now --change.\n');
  const help = await tributary('release', '--help');
  expect(help).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('$ tributary holds release --all'),
  });
});
