// `tributary init` as a process in an empty folder, against simulated vendors: a stranger's path to a verified first sync.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { draftOf, fieldsOf, vendorsWithExamples } from '../../src/cli/draft.ts';
import { quoted } from '../../src/cli/env-lines.ts';
import { withEnvFile } from '../../src/config/env-file.ts';
import { runCommand } from '../support/run-command.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const keys = {
  HUBSPOT_TOKEN: 'pat-eu1-stranger',
  VOUCHERIFY_APP_ID: 'app-id',
  VOUCHERIFY_APP_TOKEN: 'app-token-0',
};

describe('tributary init', () => {
  const hubspot = createHubSpotSimulator({ accessToken: keys.HUBSPOT_TOKEN, quotas: false });
  const voucherify = createVoucherifySimulator({
    now: Date.now,
    appId: keys.VOUCHERIFY_APP_ID,
    appToken: keys.VOUCHERIFY_APP_TOKEN,
    bulkProcessing: { waitMs: 0, recordMs: 0 },
  });
  let served: Served[];
  let folder: string;

  beforeAll(async () => {
    hubspot.seed(120, 7);
    served = [await serve(hubspot.app), await serve(voucherify.app)];
  });
  afterAll(() => Promise.all(served.map((one) => one.close())));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-init-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const addresses = () => [
    ...['--set', `sources.hubspot.baseUrl=${served[0]!.url}`],
    ...['--set', `destination.baseUrl=${served[1]!.url}`],
  ];
  const written = () => JSON.parse(readFileSync(join(folder, 'tributary.config.json'), 'utf8'));

  const init = (args: readonly string[], variables: { [name: string]: string } = {}) =>
    runCommand(folder, ['init', ...args], variables);

  /** As a process of its own, which reads `.env`. */
  async function initAlone(args: readonly string[]) {
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, [main, 'init', ...args], { cwd: folder, env: { PATH, HOME } });
    let out = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    const exitCode = await new Promise((resolve) => child.once('close', resolve));
    return { exitCode, out };
  }

  it('leads from keys in the environment to a verified first sync', { timeout: 180_000 }, async () => {
    const { exitCode, out, err } = await init(['--vendor', 'hubspot', '--yes', ...addresses()], keys);
    expect(err).not.toMatch(/defect/);
    expect(out.trimEnd().split('\n').at(-1)).toMatch(/^0 differences: /);
    expect(exitCode).toBe(0);
    for (const { id } of hubspot.contacts()) expect(voucherify.bySourceId(id)).toBeDefined();
    const config = written();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a configuration names a variable
    expect(config.sources.hubspot).toMatchObject({ accessToken: '${env:HUBSPOT_TOKEN}' });
    // What is optional and was not given is left out.
    expect(config.sources.hubspot.clientSecret).toBeUndefined();
    expect(config.sources.hubspot.mapping.phone).toEqual({ from: 'phone' });
    expect(existsSync(join(folder, '.env'))).toBe(false);
  });

  it('keeps keys that are given in .env, for the owner only, beside what stands there', async () => {
    // Anybody may read it until a key is in it.
    writeFileSync(join(folder, '.env'), 'OTHER=1', { mode: 0o644 });
    const set = Object.entries({
      'sources.hubspot.accessToken': keys.HUBSPOT_TOKEN,
      'destination.appId': keys.VOUCHERIFY_APP_ID,
      'destination.appToken': keys.VOUCHERIFY_APP_TOKEN,
    }).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
    const { exitCode, out } = await initAlone([
      '--vendor',
      'hubspot',
      '--region',
      'pl',
      '--yes',
      '--no-sync',
      ...set,
      ...addresses(),
    ]);
    expect(out).toContain('Wrote tributary.config.json and .env.');
    expect(exitCode).toBe(0);
    const env = join(folder, '.env');
    expect(statSync(env).mode & 0o077).toBe(0);
    expect(readFileSync(env, 'utf8').split('\n').sort()).toEqual([
      '',
      'HUBSPOT_TOKEN=pat-eu1-stranger',
      'OTHER=1',
      'VOUCHERIFY_APP_ID=app-id',
      'VOUCHERIFY_APP_TOKEN=app-token-0',
    ]);
    expect(JSON.stringify(written())).not.toContain('pat-eu1');
    expect(written().sources.hubspot.mapping.phone).toEqual({ from: 'phone', region: 'PL' });
  });

  it('stops with what is wrong with a key, and keeps what was written', async () => {
    const wrong = { ...keys, HUBSPOT_TOKEN: 'pat-eu1-wrong' };
    const { exitCode, out } = await init(['--vendor', 'hubspot', '--yes', '--json', ...addresses()], wrong);
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      command: 'init',
      ok: false,
      summary:
        'Correct .env or the configuration, and run "tributary check" again. Once it succeeds, "tributary sync" and "tributary verify" do the rest.',
      result: { step: 'check', env: null },
    });
    expect(written().sources.hubspot.connector).toBe('hubspot');
  });

  it.each([
    [['--yes'], {}, /no terminal to ask at: name the vendors with --vendor/],
    [['--vendor', 'hubspit', '--yes'], {}, /no example for hubspit/],
    [
      ['--vendor', 'hubspot', '--yes'],
      {},
      /No value for destination\.appId: set VOUCHERIFY_APP_ID in the environment\./,
    ],
    [['--vendor', 'hubspot', '--set', 'portalId', '--yes'], keys, /--set portalId: write PATH=VALUE/],
    [['--vendor', 'hubspot', '--yes', '--region', 'Poland'], keys, /region/],
    [['--vendor', 'hubspot', '--yes', '--set', 'sources.hubspot.portal=1'], keys, /did you mean "portalId"/],
  ])('says what is missing or wrong, and writes nothing: %j', async (args, variables, said) => {
    const { exitCode, err } = await init(args, variables);
    expect(err).toMatch(said);
    expect(exitCode).toBe(2);
    expect(existsSync(join(folder, 'tributary.config.json'))).toBe(false);
    expect(existsSync(join(folder, '.env'))).toBe(false);
  });

  it('names a place that it cannot write to, and what to do', async () => {
    const path = join(folder, 'missing', 'tributary.config.json');
    const { exitCode, err } = await init(['--vendor', 'hubspot', '--yes', '--no-sync', ...addresses()], {
      ...keys,
      TRIBUTARY_CONFIG: path,
    });
    expect(err).toContain(
      `Cannot open ${path}: it does not exist, or its folder does not. Create the folder`,
    );
    expect(err).not.toMatch(/defect| at /);
    expect(exitCode).toBe(1);
  });

  it('overwrites no configuration', async () => {
    writeFileSync(join(folder, 'tributary.config.json'), '{}');
    const { exitCode, err } = await init(['--vendor', 'hubspot', '--yes'], keys);
    expect(err).toMatch(/tributary\.config\.json exists and is not overwritten/);
    expect(exitCode).toBe(2);
    expect(readFileSync(join(folder, 'tributary.config.json'), 'utf8')).toBe('{}');
    expect(statSync(folder).isDirectory()).toBe(true);
  });
});

describe('The draft of a configuration', () => {
  it.each(vendorsWithExamples())('says of each setting of %s what it means', (vendor) => {
    const fields = fieldsOf(draftOf([vendor]));
    expect(fields.length).toBeGreaterThan(1);
    for (const { path, means } of fields) expect(means, path).not.toBe('');
  });
});

describe('A line of .env', () => {
  it.each(['plain', 'with space', "it's", 'say "x"', 'a#b', 'c:\\new', '', '\'"', '$HOME'])(
    'holds %j',
    (value) => {
      const folder = mkdtempSync(join(tmpdir(), 'tributary-env-'));
      writeFileSync(join(folder, '.env'), `A=${quoted(value)}\n`);
      expect(withEnvFile({}, folder)).toEqual({ A: value });
    },
  );
});
