// The path of somebody who has never seen Tributary: a copy of it, keys of two vendors, `init`, a verified first sync, and a server that
// keeps it so. The bar is five minutes.
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { createKlaviyoSimulator } from '../../simulators/klaviyo.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';

const root = resolve(import.meta.dirname, '../..');
const barSeconds = 300;
const people = 150;

const keys = {
  'sources.hubspot.accessToken': 'pat-eu1-stranger',
  'sources.klaviyo.apiKey': 'pk_stranger0000',
  'destination.appId': 'stranger-app',
  'destination.appToken': 'stranger-token-0',
};

describe("a stranger's path", () => {
  const hubspot = createHubSpotSimulator({ accessToken: keys['sources.hubspot.accessToken'] });
  const klaviyo = createKlaviyoSimulator({ apiKey: keys['sources.klaviyo.apiKey'] });
  const voucherify = createVoucherifySimulator({
    now: Date.now,
    appId: keys['destination.appId'],
    appToken: keys['destination.appToken'],
  });
  let served: Served[];
  let folder: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    hubspot.seed(people, 11);
    for (const { id } of [...hubspot.contacts()].slice(0, 40))
      klaviyo.create({ external_id: id, email: `reader.${id}@mail.example` });
    served = await Promise.all([hubspot, klaviyo, voucherify].map(({ app }) => serve(app)));
    folder = mkdtempSync(join(tmpdir(), 'tributary-stranger-'));
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(served.map((one) => one.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** What a copy of the repository holds; the packages are installed already. */
  function copy(): string {
    const at = join(folder, 'tributary');
    mkdirSync(at);
    for (const name of [
      'bin',
      'connectors',
      'drizzle',
      'examples',
      'src',
      'package.json',
      'tributary.schema.json',
    ])
      cpSync(join(root, name), join(at, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(at, 'node_modules'));
    return at;
  }

  function run(at: string, args: readonly string[]) {
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, [join(at, 'bin/tributary.mjs'), ...args], {
      cwd: folder,
      env: { PATH, HOME, PORT: '0' },
    });
    children.push(child);
    const said = { text: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said.text += chunk));
    const ended = new Promise<number | null>((done) => child.once('close', done));
    return { child, said, ended };
  }

  it(`leads from a copy and keys to "0 differences" in less than ${barSeconds} s`, {
    timeout: barSeconds * 1000,
  }, async () => {
    const begun = performance.now();
    const at = copy();
    const [crm, newsletter, destination] = served.map(({ url }) => url);
    const answers = {
      ...keys,
      'sources.hubspot.baseUrl': crm,
      'sources.klaviyo.baseUrl': newsletter,
      'destination.baseUrl': destination,
    };
    const set = Object.entries(answers).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
    const init = run(at, ['init', '--vendor', 'hubspot', 'klaviyo', '--region', 'PL', '--yes', ...set]);
    expect(await init.ended, init.said.text).toBe(0);
    const seconds = (performance.now() - begun) / 1000;
    console.log(`A stranger's path to a verified first sync took ${seconds.toFixed(1)} s.`);

    const lines = init.said.text.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/^0 differences: /);
    // In this order: what was written, what the keys allow, what it will cost, what was done.
    const steps = [
      'Wrote tributary.config.json and .env.',
      'list profiles',
      'No forecast of klaviyo',
      'received =',
    ];
    const places = steps.map((step) => init.said.text.indexOf(step));
    expect(
      places.toSorted((one, other) => one - other),
      init.said.text,
    ).toEqual(places);
    expect(places).not.toContain(-1);

    const env = join(folder, '.env');
    expect(statSync(env).mode & 0o077).toBe(0);
    const config = readFileSync(join(folder, 'tributary.config.json'), 'utf8');
    for (const secret of Object.values(keys)) {
      expect(readFileSync(env, 'utf8')).toContain(secret);
      expect(config).not.toContain(secret);
      expect(init.said.text).not.toContain(secret);
    }
    // Voucherify has everybody, with the e-mail address of one vendor and the name of the other.
    expect(voucherify.count).toBe(people);
    expect(seconds).toBeLessThan(barSeconds);
  });

  it('goes on with "tributary start", which finds everything in step', { timeout: 120_000 }, async () => {
    const server = run(join(folder, 'tributary'), ['start']);
    await new Promise<void>((heard, failed) => {
      server.child.stdout.on('data', () => server.said.text.includes('Status page:') && heard());
      void server.ended.then(() => failed(new Error(server.said.text)));
    });
    const status = run(join(folder, 'tributary'), ['status', '--json']);
    expect(await status.ended).toBe(0);
    const { result } = JSON.parse(status.said.text) as { result: { customers: object } };
    expect(result.customers).toMatchObject({ total: people, delivered: people, waiting: 0, dead: 0 });
    server.child.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  });
});
