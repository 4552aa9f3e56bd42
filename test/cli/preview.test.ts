// `tributary preview` and `tributary sync --dry-run` in this process: their words, and what they exit with.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommandOnServer } from '../support/run-command.ts';

const [accessToken, appId, appToken] = ['pat-test-00000000', 'app-id', 'app-token-00000000'];
const reference = (name: string) => `\${env:${name}}`;
const variables = { HUBSPOT_TOKEN: accessToken, VOUCHERIFY_TOKEN: appToken };

let folder: string;
let served: Served[];
let hubspot: ReturnType<typeof createHubSpotSimulator>;
let voucherify: ReturnType<typeof createVoucherifySimulator>;

const mapping = { name: 'firstname', email: 'email', 'metadata.stage': 'lifecyclestage' };
const configured = (mapping: object, destination: object = {}) => ({
  destination: {
    connector: 'voucherify',
    appId,
    appToken: reference('VOUCHERIFY_TOKEN'),
    baseUrl: served[1]!.url,
    quota: { requests: 10_000, seconds: 10, reserve: 0 },
    bulk: false,
    ...destination,
  },
  sources: {
    hubspot: {
      connector: 'hubspot',
      accessToken: reference('HUBSPOT_TOKEN'),
      baseUrl: served[0]!.url,
      mapping,
    },
  },
});

function tributary(...args: string[]) {
  return runCommandOnServer(folder, args, variables);
}

const put = (name: string, content: string | object) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-preview-'));
  hubspot = createHubSpotSimulator({ now: Date.now, accessToken, quotas: false });
  voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  served = [await serve(hubspot.app), await serve(voucherify.app)];
  hubspot.seed(8, 7, Date.now() - 600_000);
  put('tributary.config.json', configured(mapping));
});

afterAll(async () => {
  for (const server of served) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('before it does', () => {
  it('a dry run shows what a sync would bring, exits with 3, and changes nothing', async () => {
    const { exitCode, out } = await tributary('sync', 'hubspot', '--dry-run');
    expect(exitCode).toBe(3);
    expect(out).toMatch(/Dry run \d+ of hubspot finished: 8 received = 8 changed/);
    expect(out).toMatch(/8 would be new customers\./);
    expect(out).toMatch(/To send: 8 customers, .* 16 calls \(8 single, 8 to read back first\)/);
    expect(voucherify.count).toBe(0);
    expect((await tributary('sync', 'hubspot')).exitCode).toBe(0);
    expect(voucherify.count).toBe(8);
    const full = await tributary('sync', 'hubspot', '--dry-run', '--full', '--json');
    expect(full.exitCode).toBe(0);
    expect(JSON.parse(full.out).result).toMatchObject({
      runs: [{ unchanged: 8, report: { differs: false } }],
    });
  });

  it('a preview of the same exits with 0, and of another mapping with 3 and its differences', async () => {
    const same = await tributary('preview', '--config', put('same.json', configured(mapping)));
    expect({ exitCode: same.exitCode, err: same.err }).toEqual({ exitCode: 0, err: '' });
    expect(same.out).toMatch(/No customer would change\./);
    const other = put('other.json', configured({ ...mapping, name: 'email' }));
    const { exitCode, out } = await tributary('preview', '--config', other, '--payloads', '1');
    expect(exitCode).toBe(3);
    expect(out).toMatch(
      /Checked 8 customers and 8 records\. Nothing was written\.\n7 customers: name changes; 1 loses name\./,
    );
    expect(out).toMatch(/^1001: \{"source_id":"1001","name":null\}$/m);
    expect((await tributary('preview', '--config', other, '--exit-zero')).exitCode).toBe(0);
    const json = await tributary('preview', '--config', other, '--json');
    expect(JSON.parse(json.out).result).toMatchObject({ differs: true, customers: { differing: 8 } });
    expect(json.out + out).not.toContain(accessToken);
  });

  it('functions are previewed here', async () => {
    const text = JSON.stringify(configured(mapping)).replace('"firstname"', "(body) => body.firstname + '!'");
    const { exitCode, out, err } = await tributary(
      'preview',
      '--config',
      put('functions.config.ts', `export default ${text};`),
    );
    expect({ exitCode, err }).toEqual({ exitCode: 3, err: '' });
    expect(out).toContain('8 customers: name changes');
  });

  it.each([
    [['preview'], /required option '--config <file>'/],
    [['preview', '--config', 'nosuch.json'], /no such file/],
    [['preview', '--config', 'tributary.config.json', '--payloads', 'x'], /whole|number/],
    [['sync', 'hubspot', '--exit-zero'], /requires --dry-run/],
  ])('wrong usage exits with 2: %j', async (args, sentence) => {
    const { exitCode, err } = await tributary(...args);
    expect(exitCode).toBe(2);
    expect(err).toMatch(sentence);
  });

  it('a configuration with faults exits with 2 and prints all of them', async () => {
    const path = put('faulty.json', configured({ nmae: 'x', emial: 'y' }));
    const { exitCode, err } = await tributary('preview', '--config', path);
    expect(exitCode).toBe(2);
    expect(err).toMatch(/mapping\.nmae[\s\S]*mapping\.emial/);
  });

  it('is explained with examples', async () => {
    const { exitCode, out } = await tributary('preview', '--help');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/Examples:\n {2}\$ tributary preview[\s\S]*3: something would change/);
  });
});
