// `tributary runs`, `sources`, `pause` and `resume` in this process with a file.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommandOnServer } from '../support/run-command.ts';

let folder: string;
let close: () => Promise<void>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-runs-'));
  const voucherify = createVoucherifySimulator({ now: Date.now, appId: 'a', appToken: 'b' });
  const served = await serve(voucherify.app);
  close = () => served.close();
  const config = {
    destination: { connector: 'voucherify', appId: 'a', appToken: 'b', baseUrl: served.url },
    sources: { files: { connector: 'csv' } },
    metadataSchema: 'none',
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
  writeFileSync(
    join(folder, 'people.csv'),
    'source_id,name,email\n1,Ann,ann@example.com\n2,Bob,not an address\n',
  );
  await tributary('import', join(folder, 'people.csv'));
});

afterAll(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const tributary = (...args: string[]) => runCommandOnServer(folder, args);

it('lists runs with what became of their records, and shows one', async () => {
  const { out, exitCode } = await tributary('runs');
  expect(exitCode).toBe(0);
  expect(out).toMatch(/^RUN +SOURCE +MODE +STATE +BEGUN +RECEIVED +=/);
  expect(out).toMatch(/^1 +files +\w+ +finished +\S+ +2 +/m);
  const shown = await tributary('runs', 'show', '1');
  expect(shown.out).toContain('2 received = ');
  expect(JSON.parse((await tributary('runs', 'list', '--json')).out).result).toHaveLength(1);
  expect((await tributary('runs', 'list', '--state', 'failed')).out).toBe('There are no such runs.\n');
});

it('says why a run cannot be shown or cancelled', async () => {
  expect(await tributary('runs', 'show', 'twelve')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('twelve is not the ID of a run'),
  });
  expect((await tributary('runs', 'show', '99')).exitCode).toBe(4);
  expect(await tributary('runs', 'list', '--source', 'nosuch')).toMatchObject({
    exitCode: 4,
    err: expect.stringContaining('No source is called nosuch.'),
  });
  expect(await tributary('runs', 'cancel', '1')).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('Run 1 has already ended: finished.'),
  });
});

it('pauses a source and the destination with a reason, lists it, and resumes them', async () => {
  expect(await tributary('pause', 'files', '--reason', 'the CRM is cleaned up')).toMatchObject({
    exitCode: 0,
  });
  expect((await tributary('sources')).out).toMatch(
    /files +csv +on request +\d .*paused: the CRM is cleaned up/,
  );
  expect((await tributary('resume', 'files')).out).toBe('files is not paused.\n');
  expect((await tributary('sources', 'list')).out).toMatch(/idle/);
  const paused = await tributary('pause', 'destination', '--json');
  expect(JSON.parse(paused.out).result).toMatchObject({ name: 'destination', paused: { cause: 'person' } });
  expect((await tributary('resume', 'destination')).exitCode).toBe(0);
  expect(await tributary('pause', 'nosuch')).toMatchObject({
    exitCode: 4,
    err: expect.stringContaining('No source is called nosuch. There is files.'),
  });
});

it('withdraws a source that is no longer configured, and decides on a project only where one is needed', async () => {
  const config = JSON.parse(readFileSync(join(folder, 'tributary.config.json'), 'utf8'));
  const other = join(folder, 'other.json');
  writeFileSync(other, JSON.stringify({ ...config, sources: { leads: { connector: 'csv' } } }));
  const withdrawn = await tributary('--config', other, 'sources', 'withdraw', 'files', '--json');
  expect(JSON.parse(withdrawn.out)).toMatchObject({
    command: 'sources withdraw',
    ok: true,
    summary: expect.stringMatching(/^files is withdrawn\. No server is running/),
  });
  expect((await tributary('project', '--same', '--new')).exitCode).toBe(2);
  expect(await tributary('project', '--same')).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('no decision is needed'),
  });
});
