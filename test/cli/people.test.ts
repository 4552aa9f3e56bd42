// `tributary check --people`: whom two sources share and name differently, from files and a simulated API.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommandOnServer } from '../support/run-command.ts';

const [accessToken, appId, appToken] = ['pat-test-00000000', 'app-id', 'app-token-00000000'];

let folder: string;

let served: Served[];

let hubspot: ReturnType<typeof createHubSpotSimulator>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-people-'));
  hubspot = createHubSpotSimulator({ now: Date.now, accessToken, quotas: false });
  const voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  served = [await serve(hubspot.app), await serve(voucherify.app)];
});

afterEach(async () => {
  for (const server of served) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A source that reads a file of these rows. */
function csv(name: string, rows: readonly string[], settings: object = {}) {
  const path = join(folder, `${name}.csv`);
  writeFileSync(path, ['Source_id,Name,Email,Phone', ...rows, ''].join('\n'));
  return { connector: 'csv', path, ...settings };
}

async function check(sources: { [name: string]: object }, ...options: string[]) {
  const destination = { connector: 'voucherify', appId, appToken, baseUrl: served[1]!.url };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify({ destination, sources }));
  const { out, ...rest } = await runCommandOnServer(folder, ['check', ...options]);
  const answer = options.includes('--json') && out !== '' ? JSON.parse(out).result : null;
  return { out, ...rest, ok: answer?.ok, people: answer?.people };
}

const crmRows = [
  'c1,Ann,ann@example.com,',
  'c2,Bob,bob@example.com,+48601000002',
  'same,Cid,cid@example.com,',
  'c4,Dan,,+48601000009',
  'c5,Dora,,+48601000009',
];

const shopRows = [
  's1,Ann,ANN@example.com,',
  's2,Robert,,+48601000002',
  'same,Cid,cid@example.com,',
  's4,Desk,,+48601000009',
  's5,Eve,eve@example.com,',
];

describe('check --people', () => {
  it('counts people with different IDs in two sources, by e-mail address and telephone number', async () => {
    const { exitCode, ok, people } = await check(
      { crm: csv('crm', crmRows), shop: csv('shop', shopRows) },
      '--people',
      '--json',
    );
    expect({ exitCode, ok }).toEqual({ exitCode: 0, ok: true });
    expect(people).toEqual({
      sampled: [
        { source: 'crm', records: 5, unnamed: 0, whole: true },
        { source: 'shop', records: 5, unnamed: 0, whole: true },
      ],
      unread: [],
      pairs: [
        {
          sources: ['crm', 'shop'],
          by: [
            {
              property: 'email',
              people: 2,
              namedDifferently: 1,
              ambiguous: 0,
              examples: [{ value: 'a…@example.com', sourceIds: ['c1', 's1'] }],
            },
            {
              property: 'phone',
              people: 1,
              namedDifferently: 1,
              ambiguous: 1,
              examples: [{ value: '…002', sourceIds: ['c2', 's2'] }],
            },
          ],
        },
      ],
    });
  });

  it('says it in sentences, with values masked unless --unmasked is given', async () => {
    const sources = { crm: csv('crm', crmRows), shop: csv('shop', shopRows) };
    const { out } = await check(sources, '--people');
    expect(out).toContain('People were compared in crm (all 5 records), shop (all 5 records).');
    expect(out).toContain(
      'crm and shop share 2 people by e-mail address, 1 of them with different source IDs.',
    );
    expect(out).toContain('  a…@example.com: c1 in crm, s1 in shop');
    expect(out).toContain('crm and shop share 1 person by telephone number, 1 of them');
    expect(out).toContain('Not counted: 1 telephone number that several source IDs of one source hold.');
    expect(out).toContain('set sourceId of both sources');
    expect(out).not.toMatch(/ann@example\.com|601000002/i);
    expect((await check(sources, '--people', '--unmasked')).out).toContain('  ann@example.com: c1 in crm');
  });

  it('masks a source ID that is an e-mail address or the telephone number itself', async () => {
    const crm = csv('crm', ['ann@example.com,Ann,ann@example.com,', '48601000002,Bob,,+48601000002']);
    const { out } = await check({ crm, shop: csv('shop', shopRows) }, '--people');
    expect(out).toContain('  a…@example.com: a…@example.com in crm, s1 in shop');
    expect(out).toContain('  …002: …002 in crm, s2 in shop');
    expect(out).not.toMatch(/ann@example\.com|601000002/i);
  });

  it('reads an API, and counts records without a source ID', async () => {
    hubspot.create({ email: 'ann@example.com', firstname: 'Ann' });
    hubspot.create({ email: 'zoe@example.com', firstname: 'Zoe' });
    const api = { connector: 'hubspot', accessToken, baseUrl: served[0]!.url };
    const shop = csv('shop', shopRows);
    const named = await check({ hubspot: { ...api, sourceId: 'hs_object_id' }, shop }, '--people', '--json');
    expect(named.people.sampled[0]).toEqual({ source: 'hubspot', records: 2, unnamed: 0, whole: true });
    expect(named.people.pairs[0].by[0]).toMatchObject({ people: 1, namedDifferently: 1 });
    const nameless = await check({ hubspot: { ...api, sourceId: 'shop_id' }, shop }, '--people', '--json');
    expect(nameless.people.sampled[0]).toMatchObject({ records: 2, unnamed: 2 });
    expect(nameless.people.pairs[0].by[0]).toMatchObject({ people: 0 });
  });

  it('compares the additional e-mail addresses that a vendor keeps, and counts a person with several of them once', async () => {
    hubspot.create({
      email: 'ann@work.example',
      hs_additional_emails: 'ann@example.com; not an address;ANN@home.example',
    });
    hubspot.create({ email: 'zoe@example.com', hs_additional_emails: '' });
    const api = { connector: 'hubspot', accessToken, baseUrl: served[0]!.url, mapping: { email: 'email' } };
    const shop = csv('shop', [
      's1,Ann,ann@example.com,',
      's1,Ann,ann@home.example,',
      's2,Nobody,,',
      's3,Zoe,other@example.com,',
    ]);
    const { people } = await check({ hubspot: api, shop }, '--people', '--json');
    expect(people.pairs[0].by[0]).toMatchObject({ people: 1, namedDifferently: 1, ambiguous: 0 });
    expect(people.pairs[0].by[0].examples).toHaveLength(1);
  });

  it('reads a bounded number of records and says that there are more', async () => {
    hubspot.seed(1_500);
    const rows = Array.from({ length: 3_000 }, (_, i) => `c${i},Person,p${i}@example.com,`);
    const hub = { connector: 'hubspot', accessToken, baseUrl: served[0]!.url, sourceId: 'hs_object_id' };
    const sources = {
      crm: csv('crm', rows),
      shop: csv(
        'shop',
        rows.map((row) => row.replace('c', 's')),
      ),
      hub,
    };
    const { out, people } = await check(sources, '--people', '--json');
    expect(people.sampled).toEqual(
      ['crm', 'shop', 'hub'].map((source) => ({ source, records: 1_000, unnamed: 0, whole: false })),
    );
    expect(people.pairs.map((pair: { sources: string[] }) => pair.sources.join())).toEqual([
      'crm,shop',
      'crm,hub',
      'shop,hub',
    ]);
    expect(people.pairs[0].by[0]).toMatchObject({ people: 1_000, namedDifferently: 1_000 });
    expect(people.pairs[0].by[0].examples).toHaveLength(3);
    expect(out).not.toContain('p0@example.com');
  });

  it('names a source that cannot be read, compares the others, and exits with 1', async () => {
    const hub = { connector: 'hubspot', accessToken: 'pat-wrong-0000000', baseUrl: served[0]!.url };
    const sources = { crm: csv('crm', crmRows), hub, shop: csv('shop', shopRows) };
    const { exitCode, ok, people } = await check(sources, '--people', '--json');
    expect({ exitCode, ok }).toEqual({ exitCode: 1, ok: false });
    expect(people.unread).toEqual([
      { source: 'hub', reason: expect.stringMatching(/401|credentials|token/) },
    ]);
    expect(people.pairs).toHaveLength(1);
  });

  it('orders no export for a sample of a source that has no pages', async () => {
    const iterable = { connector: 'iterable', apiKey: 'a-key', baseUrl: served[0]!.url };
    const { people } = await check(
      { crm: csv('crm', crmRows), shop: csv('shop', shopRows), cep: iterable },
      '--people',
      '--json',
    );
    expect(people.unread).toEqual([
      { source: 'cep', reason: 'It is read by exports only, and none is ordered for a sample.' },
    ]);
    expect(people.pairs).toHaveLength(1);
  });

  it('says that nothing was compared where only one of the sources could be read', async () => {
    const shop = { connector: 'csv', path: join(folder, 'none.csv') };
    const { exitCode, out } = await check({ crm: csv('crm', crmRows), shop }, '--people');
    expect(exitCode).toBe(1);
    expect(out).toContain('shop was not read for people: The file none.csv does not exist.');
    expect(out).toContain('People were not compared: fewer than two sources were read.');
  });

  it('is wrong usage where fewer than two sources can be read', async () => {
    const segment = { connector: 'segment', urlToken: 'a-token-00000000000' };
    const pushed = await check({ crm: csv('crm', crmRows), segment }, '--people');
    expect({ exitCode: pushed.exitCode, out: pushed.out }).toEqual({ exitCode: 2, out: '' });
    expect(pushed.err).toContain('has only crm that can be read (segment can only be pushed)');
  });

  it('is wrong usage with --unmasked alone', async () => {
    const { exitCode, err } = await check({ crm: csv('crm', crmRows) }, '--unmasked');
    expect(exitCode).toBe(2);
    expect(err).toContain('--unmasked is an option of --people');
  });
});
