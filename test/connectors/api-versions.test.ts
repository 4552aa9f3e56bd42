// Versions of vendors' APIs: each connector names its own, and people are told before one ends. Time is simulated.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hubspot } from '../../connectors/hubspot.ts';
import { connectors } from '../../connectors/index.ts';
import { klaviyo } from '../../connectors/klaviyo.ts';
import { daysLeft, endNotice } from '../../src/connector/api-version.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { runCommand } from '../support/run-command.ts';
import { openSyncWorld } from '../support/sync-world.ts';

const at = (date: string) => Date.parse(`${date}T00:00:00Z`);

it('every connector with an API says which version it speaks, and whether that ends', () => {
  expect(connectors.filter(({ api, apiVersion }) => api && !apiVersion).map(({ name }) => name)).toEqual([]);
});

it('a version ends when its vendor says so', () => {
  const endOf = (apiVersion: string) => hubspot.apiVersion!({ apiVersion }).endsOn;
  expect([endOf('v3'), endOf('2026-03'), endOf('2026-09')]).toEqual([
    '2027-09-01',
    '2027-09-01',
    '2028-03-01',
  ]);
  expect(klaviyo.apiVersion!({ revision: '2026-07-15' })).toEqual({
    name: '2026-07-15',
    endsOn: '2028-07-15',
  });
  expect(klaviyo.apiVersion!({ revision: '2026-07-15.pre' }).endsOn).toBeNull();
});

it('notice is given from 90 days before the end on, and after it', () => {
  const version = { name: 'v3', endsOn: '2027-09-01' };
  expect(daysLeft(version, at('2027-06-02'))).toBeNull();
  expect(daysLeft(version, at('2027-06-03'))).toBe(90);
  expect(endNotice('crm', 'hubspot', version, at('2027-08-31'))).toContain('until 2027-09-01: 1 more day.');
  expect(endNotice('crm', 'hubspot', version, at('2027-09-01'))).toContain(
    'has not supported since 2027-09-01',
  );
  expect(endNotice('crm', 'hubspot', { name: 'v1', endsOn: null }, at('2099-01-01'))).toBeNull();
});

it('the check and the status of the command line warn', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-versions-'));
  try {
    const destination = {
      connector: 'voucherify',
      appId: 'id',
      appToken: 'token-000',
      baseUrl: 'http://127.0.0.1:1',
    };
    const crm = { connector: 'hubspot', accessToken: 'pat-eu1-000', baseUrl: 'http://127.0.0.1:1' };
    writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify({ destination, sources: { crm } }));
    const warningsOn = async (date: string) => {
      const ahead = at(date) - Date.now();
      const clock = { ...systemClock, now: () => Date.now() + ahead };
      const { out } = await runCommand(folder, ['check', '--json'], {}, () => {}, clock);
      return (JSON.parse(out).result.warnings as string[]).filter((warning) =>
        warning.includes('of the API of'),
      );
    };
    const statusOn = async (date: string) => {
      const ahead = at(date) - Date.now();
      const clock = { ...systemClock, now: () => Date.now() + ahead };
      return (await runCommand(folder, ['status'], {}, () => {}, clock)).out;
    };
    expect(await warningsOn('2027-06-01')).toEqual([]);
    expect(await statusOn('2027-06-01')).not.toContain('of the API of');
    expect(await statusOn('2027-07-01')).toContain('crm uses version v3 of the API of hubspot');
    expect(await warningsOn('2027-07-01')).toEqual([
      'crm uses version v3 of the API of hubspot, which the vendor supports until 2027-09-01: 62 more days. Upgrade Tributary, or set the version to a newer one where the connector has a setting for it.',
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('the status and the page show it', async () => {
  const clock = new FastClock();
  const database = await behaviour[0].open();
  const world = await openSyncWorld(database, { clock });
  try {
    const options = { apiToken: 'a-token', version: '0.0.0', dataDir: '/nowhere' };
    const app = createApp(world.tributary, options);
    const ends = async () => {
      const response = await app.request('/api/status', { headers: { authorization: 'Bearer a-token' } });
      return ((await response.json()) as { apiEnds: unknown }).apiEnds;
    };
    const page = async () => {
      const signedIn = await app.request('/login', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
        body: 'token=a-token',
      });
      const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
      return (await app.request('/', { headers: { cookie } })).text();
    };
    clock.skip(at('2027-05-01') - clock.now());
    expect(await ends()).toEqual([]);
    expect(await page()).not.toContain('of the API of');
    clock.skip(at('2027-07-01') - clock.now());
    expect(await page()).toContain('hubspot uses version v3 of the API of hubspot');
    expect(await ends()).toMatchObject([{ name: 'hubspot', version: 'v3', endsOn: '2027-09-01' }]);
  } finally {
    await world.close();
    await database.close();
  }
});
