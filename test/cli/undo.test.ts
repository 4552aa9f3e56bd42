// `tributary undo` in this process with a file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommandOnServer } from '../support/run-command.ts';

let folder: string;
let close: () => Promise<void>;
const voucherify = createVoucherifySimulator({ now: Date.now, appId: 'a', appToken: 'b' });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-undo-'));
  const served = await serve(voucherify.app);
  close = () => served.close();
  const config = {
    destination: { connector: 'voucherify', appId: 'a', appToken: 'b', baseUrl: served.url },
    sources: { files: { connector: 'csv' } },
    metadataSchema: 'none',
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
  await importRows('1,Ann', '2,Bob');
  await importRows('1,Nan', '2,Bob', '3,New');
});

afterAll(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const tributary = (...args: string[]) => runCommandOnServer(folder, args);
const importRows = (...rows: string[]) => {
  const file = join(folder, 'people.csv');
  writeFileSync(file, ['source_id,name', ...rows, ''].join('\n'));
  return tributary('import', file);
};
const nameOf = (id: string) => voucherify.bySourceId(id)?.name;

it('shows what it would do, asks for confirmation, and does it', async () => {
  const none = await tributary('undo');
  expect(none, JSON.stringify(none)).toMatchObject({ out: 'No run has been undone.\n' });
  const shown = await tributary('undo', '2', '--preview');
  expect(shown.exitCode).toBe(3);
  expect(shown.out).toContain('1 customer of 2 would be as before run 2; 1 value spared.');
  expect(shown.out).toContain('1: "Nan" → "Ann"');
  expect(shown.out).toContain('3: created by the run');
  expect(nameOf('1')).toBe('Nan');
  // Nobody can be asked here.
  expect(await tributary('undo', '2')).toMatchObject({ exitCode: 2, err: expect.stringContaining('--yes') });
  expect(nameOf('1')).toBe('Nan');

  const done = await tributary('undo', '2', '--yes');
  expect(done).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('Run 3 brought 1 customer back, spared 1 and left 0'),
  });
  expect([nameOf('1'), nameOf('3')]).toEqual(['Ann', 'New']);
  expect((await tributary('undo')).out).toMatch(
    /^3 +2 +files +finished +\S+ +1 +1 value of 1 customer +0 +1$/m,
  );
});

it('withdraws an undo, takes created customers away if asked, and knows what does not exist', async () => {
  expect((await tributary('undo', '3', '--yes', '--json')).exitCode).toBe(0);
  expect(nameOf('1')).toBe('Nan');
  expect((await tributary('undo', '2', '--created', '--yes')).exitCode).toBe(0);
  expect([nameOf('1'), nameOf('3')]).toEqual(['Ann', undefined]);
  expect(await tributary('undo', '2', '--created', '--yes')).toMatchObject({
    exitCode: 0,
    out: expect.stringContaining('There is nothing to undo.'),
  });
  expect((await tributary('undo', '99', '--yes')).exitCode).toBe(4);
  expect((await tributary('undo', 'twelve')).exitCode).toBe(2);
});
