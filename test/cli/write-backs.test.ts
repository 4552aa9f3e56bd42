// The command about what flows back with simulated vendors on loopback.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createKlaviyoSimulator } from '../../simulators/klaviyo.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommandOnServer } from '../support/run-command.ts';

const [appId, appToken] = ['app-id', 'app-token-00000000'];

let folder: string;
let served: Served[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-cli-'));
  const klaviyo = createKlaviyoSimulator({ now: Date.now, quotas: false });
  const voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  served = [await serve(klaviyo.app), await serve(voucherify.app)];
  const config = {
    destination: { connector: 'voucherify', appId, appToken, baseUrl: served[1]!.url },
    sources: { klaviyo: { connector: 'klaviyo', apiKey: 'pk_0123456789', baseUrl: served[0]!.url } },
    writeBack: { klaviyo: { fields: { loyalty_points: 'loyalty.points' } } },
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
});

afterEach(async () => {
  for (const server of served) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const tributary = (...args: string[]) => runCommandOnServer(folder, args);

it('pauses and resumes writing to a vendor, which the status tells, and says what the key may write', async () => {
  expect(await tributary('write-backs', 'klaviyo', '--pause', 'a migration')).toMatchObject({
    exitCode: 0,
    out: 'Writing to klaviyo is paused: a migration.\n',
  });
  const status = (await tributary('status')).out;
  expect(status).toMatch(/WRITTEN BACK TO +PENDING +OLDEST +DEAD LETTERS/);
  expect(status).toMatch(/klaviyo +0 +0 +0 +0 +paused: a migration/);
  expect((await tributary('plan', 'klaviyo', '--records', '10')).out).toMatch(
    /Written back to klaviyo: .*It is paused: a migration\./s,
  );
  expect(await tributary('write-backs', 'klaviyo', '--resume')).toMatchObject({
    exitCode: 0,
    out: 'Writing to klaviyo is resumed.\n',
  });
  expect((await tributary('status')).out).toMatch(/klaviyo .* writes\n/);
  const probed = await tributary('probe', 'klaviyo');
  expect(probed).toMatchObject({ exitCode: 0 });
  expect(probed.out).toMatch(/write profiles +yes/);
  expect(await tributary('write-backs', '--resume')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('--pause and --resume require a source'),
  });
});
