// `tributary plan` in this process: its words, what it exits with, and that the sync after it is held against it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommand } from '../support/run-command.ts';

const [accessToken, appId, appToken] = ['pat-test-00000000', 'app-id', 'app-token-00000000'];
let folder: string;
let served: Served[];

const configured = (dailyCalls: number) => ({
  destination: {
    connector: 'voucherify',
    appId,
    appToken,
    baseUrl: served[1]!.url,
    quota: { requests: 1_000, seconds: 60, reserve: 0.2 },
    bulk: false,
    metadataWrites: 'merge',
  },
  sources: {
    hubspot: {
      connector: 'hubspot',
      accessToken,
      baseUrl: served[0]!.url,
      quota: [
        { requests: 100, seconds: 10 },
        { requests: dailyCalls, seconds: 86_400 },
      ],
      mapping: { name: 'firstname', email: 'email', 'metadata.stage': 'lifecyclestage' },
    },
  },
});

const tributary = (...args: string[]) => runCommand(folder, args);
const configure = (dailyCalls: number) =>
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(configured(dailyCalls)));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-plan-'));
  const hubspot = createHubSpotSimulator({ now: Date.now, accessToken, quotas: false });
  const voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  served = [await serve(hubspot.app), await serve(voucherify.app)];
  hubspot.seed(250, 7, Date.now() - 600_000);
  configure(250_000);
});

afterAll(async () => {
  for (const server of served) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('tributary plan', () => {
  it('refuses a sync that exceeds the daily quota, unless forced', async () => {
    configure(3);
    const refused = await tributary('plan');
    expect(refused.exitCode).toBe(1);
    expect(refused.err).toContain(
      'hubspot would take 4 calls of the quota daily of hubspot, which has 1 of 2 left.',
    );
    const forced = await tributary('plan', '--force');
    expect(forced.exitCode).toBe(0);
    expect(forced.out).toMatch(/It does not fit: 4 calls of the quota daily of hubspot, which has 0 left\./);
    expect(forced.out).toMatch(/The bottleneck is the quota daily of hubspot, 2 calls per day for this run/);
    await tributary('plan');
    const unasked = await tributary('plan');
    expect(unasked.exitCode).toBe(1);
    expect(unasked.err).toMatch(
      /could not be asked how many records it has \(the quota daily .* allows no call/,
    );
    configure(250_000);
  });

  it('forecasts what a sync takes, by vendor and quota, its bottleneck and when it ends', async () => {
    const { exitCode, out, err } = await tributary('plan', 'hubspot');
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toMatch(
      /^hubspot, the first reading: 250 records to read \(the vendor's own count\), 250 customers to write;/,
    );
    expect(out).toMatch(/^hubspot +everything +3$/m);
    expect(out).toMatch(/^voucherify +single writes +250$/m);
    expect(out).toMatch(/^vendor +quota +calls +of +left now +share +waits$/m);
    expect(out).toMatch(/^hubspot +daily +4 +237,500 per day +237,49\d +<1 % +–$/m);
    expect(out).toMatch(/^voucherify +minute +250 +760 per minute +/m);
    expect(out).toMatch(/It takes \d+ s, of which \d+ s until all is read, and ends at \d{4}-\d\d-\d\dT/);
    expect(out).toMatch(/No quota slows it down/);
    expect(out).toMatch(/note: The number of records is the vendor's own count \(hubspot\)\./);
  });

  it('is exact if requested, and JSON if requested', async () => {
    const { exitCode, out } = await tributary('plan', 'hubspot', '--exact', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(out).result).toMatchObject({
      forecasts: [{ source: 'hubspot', records: { basis: 'dry run' }, customers: 250 }],
    });
  });

  it('is compared with the sync that follows', async () => {
    await tributary('plan', 'hubspot');
    const { exitCode, out } = await tributary('sync', 'hubspot');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/Run \d+: forecast 254 calls, 0\.\d min; actual 25[45] calls, 0\.\d min\./);
    const again = await tributary('sync', 'hubspot');
    expect(again.out).not.toContain('forecast');
  });

  it.each([
    [['plan', '--exact'], /--exact requires a source/],
    [['plan', '--records', '7'], /--records requires a source/],
    [['plan', 'hubspot', '--records', 'many'], /whole number/],
    [['plan', 'hubspot', '--exact', '--records', '7'], /cannot be combined/],
  ])('wrong usage exits with 2: %j', async (args, sentence) => {
    const { exitCode, err } = await tributary(...args);
    expect(exitCode).toBe(2);
    expect(err).toMatch(sentence);
  });
});
