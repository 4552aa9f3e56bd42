// `tributary verify` in this process: its words, and what it exits with.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommandOnServer } from '../support/run-command.ts';

const [accessToken, appId, appToken] = ['pat-test-00000000', 'app-id', 'app-token-00000000'];

describe('tributary verify', () => {
  let folder: string;
  let served: Served[];
  let voucherify: ReturnType<typeof createVoucherifySimulator>;
  let hubspot: ReturnType<typeof createHubSpotSimulator>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-verify-'));
    hubspot = createHubSpotSimulator({ now: Date.now, accessToken, quotas: false });
    voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
    served = [await serve(hubspot.app), await serve(voucherify.app)];
    hubspot.seed(8, 7, Date.now() - 600_000);
    const config = {
      destination: {
        connector: 'voucherify',
        appId,
        appToken,
        baseUrl: served[1]!.url,
        quota: { requests: 10_000, seconds: 10, reserve: 0 },
        bulk: false,
      },
      sources: {
        hubspot: {
          connector: 'hubspot',
          accessToken,
          baseUrl: served[0]!.url,
          mapping: { name: 'firstname', email: 'email' },
        },
      },
    };
    writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
    await tributary('sync', 'hubspot');
  });

  afterAll(async () => {
    for (const server of served) await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const tributary = (...args: string[]) => runCommandOnServer(folder, args, {});

  it('exits with 0 where all match', async () => {
    const { exitCode, out } = await tributary('verify');
    expect(out).toContain('Verification 1: 8 customers: all match.');
    expect(out).toMatch(/Read by an export: \d calls, .* Matching 8 of 8 customers compared\./);
    expect(out).toMatch(/Hash of the report: [0-9a-f]{64}/);
    expect(exitCode).toBe(0);
    const sample = await tributary('verify', '--sample', '4');
    expect(sample.out).toContain(
      '4 of 8 customers were read, chosen at random, and 0 differ: with 95 % confidence at most 53 % of all do.',
    );
  });

  it('exits with 3 where something differs, names it, and heals it where it is asked to', async () => {
    const [changed, deleted] = [...voucherify.customers()].map((customer) => customer.source_id!);
    voucherify.upsert({ source_id: changed!, name: 'Somebody Else' });
    voucherify.remove(deleted!);
    voucherify.upsert({ source_id: 'walk-in', name: 'From the shop' });
    const { exitCode, out } = await tributary('verify', '--full');
    expect(exitCode).toBe(3);
    expect(out).toContain('1 customer differs (name 1); 1 customer is missing; 1 unknown to us.');
    expect(out).toMatch(new RegExp(`${changed} differs:\\n {2}name: ".*" expected, "Somebody Else" found`));
    expect(out).toContain(`Missing: 1, for example ${deleted}`);
    const healed = await tributary('verify', '--heal');
    expect(healed.exitCode).toBe(3);
    expect(healed.out).toContain('Sent again: 2 customers.');
    expect(voucherify.bySourceId(deleted!)).toBeDefined();
    const again = await tributary('verify', '--json');
    expect(again.exitCode).toBe(0);
    expect(JSON.parse(again.out).result).toMatchObject({
      state: 'finished',
      report: { matching: 8, unknownToUs: { count: 1 } },
    });
  });

  it('exits with 2 where both a sample and all are asked for', async () => {
    const { exitCode, err } = await tributary('verify', '--full', '--sample', '5');
    expect(exitCode).toBe(2);
    expect(err).toContain('cannot be combined');
    expect((await tributary('verify', '--sample', 'many')).exitCode).toBe(2);
  });

  it('compares the source too, says what that takes before it does, and exits with 3 for a record that differs', async () => {
    const well = await tributary('verify', '--source');
    expect(well.out).toMatch(/hubspot: 8 contacts, about 4 calls, in the backfill lane\./);
    expect(well.out).toMatch(/hubspot contacts: 8 records, 8 match; 4 calls \(a list of IDs and times\)\./);
    hubspot.update([...hubspot.contacts()][0]!.id, { firstname: 'Changed' }, Date.now() - 300_000);
    const stale = await tributary('verify', '--source', 'hubspot', '--heal');
    expect(stale.out).toMatch(/1 newer at the vendor:\n {4}951 · .*firstname/);
    expect(stale.out).toMatch(/1 record differs from the vendor; /);
    expect(stale.exitCode).toBe(3);
    expect((await tributary('verify', '--source')).out).toMatch(/8 records, 8 match/);
    expect((await tributary('verify', '--contents')).err).toContain('--contents needs --source.');
    expect((await tributary('verify', '--cancel')).err).toContain('No verification is running.');
  });
});
