// `tributary customers erase` in this process, with a simulated Voucherify on loopback.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommand, runCommandOnServer } from '../support/run-command.ts';

const [appId, appToken] = ['app-id', 'app-token-00000000'];

let folder: string;
let served: Served;
let down: boolean;
let voucherify: ReturnType<typeof createVoucherifySimulator>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-cli-'));
  down = false;
  voucherify = createVoucherifySimulator({
    now: Date.now,
    appId,
    appToken,
    faults: (request) =>
      down && request.method === 'DELETE'
        ? Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 })
        : undefined,
  });
  served = await serve(voucherify.app);
  const quota = { requests: 10_000, seconds: 10, reserve: 0 };
  const destination = { connector: 'voucherify', appId, appToken, baseUrl: served.url, quota, bulk: false };
  const config = { destination, sources: { files: { connector: 'csv' } } };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
  writeFileSync(
    join(folder, 'people.csv'),
    'Source_id,Name,Email\n7,Anna,anna@example.com\n8,Jan,jan@example.com\n',
  );
});

afterEach(async () => {
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});

function tributary(...args: string[]) {
  return runCommandOnServer(folder, args);
}

describe('tributary customers erase', () => {
  it.each([
    [['erase'], /Name one customer/],
    [['erase', '7', '--lift', '7'], /Name one customer/],
    [['erase', '7'], /cannot be undone.*--yes/],
    [['erase', '--receipt', 'x', '--permanent'], /cannot be used with/],
  ])('that is wrong exits with 2 and an explanation: %j', async (args, sentence) => {
    const { exitCode, out, err } = await tributary(...args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toMatch(sentence);
  });

  it('is explained with examples', async () => {
    const { exitCode, out } = await tributary('erase', '--help');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/Examples:\n {2}\$ tributary customers erase/);
  });

  it('makes a secret key beside the embedded database, which nobody else may read', async () => {
    expect(await runCommand(folder, ['import', join(folder, 'people.csv')])).toMatchObject({ exitCode: 0 });
    expect(await runCommand(folder, ['erase', '7', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(voucherify.bySourceId('7')).toBeUndefined();
    expect(statSync(join(folder, '.tributary', 'secret-key')).mode & 0o777).toBe(0o600);
  });

  it('erases, prints the receipt, keeps the person away, and lets them back', async () => {
    const file = join(folder, 'people.csv');
    expect(await tributary('import', file)).toMatchObject({ exitCode: 0 });
    expect(voucherify.count).toBe(2);

    const erased = await tributary('erase', '7', '--yes', '--json');
    const receipt = JSON.parse(erased.out).result;
    expect({ exitCode: erased.exitCode, err: erased.err }).toEqual({ exitCode: 0, err: '' });
    expect(receipt).toMatchObject({ state: 'complete', known: true, permanent: false });
    expect(voucherify.bySourceId('7')).toBeUndefined();

    expect(await tributary('import', file)).toMatchObject({ exitCode: 0 });
    expect(voucherify.count).toBe(1);
    const told = await tributary('erase', '--receipt', receipt.id);
    expect(told.exitCode).toBe(0);
    expect(told.out).toMatch(/Receipt .*: complete since/);
    expect(told.out).toMatch(/destination +erased/);
    expect(told.out).not.toMatch(/Anna|anna@/);

    expect(await tributary('erase', '--lift', '7')).toMatchObject({ exitCode: 0 });
    expect(await tributary('import', file)).toMatchObject({ exitCode: 0 });
    expect(voucherify.bySourceId('7')).toMatchObject({ name: 'Anna' });
    expect(await tributary('erase', '--lift', '7')).toMatchObject({ exitCode: 4 });
  });

  it('finds a customer by e-mail address, refuses an ambiguous one, and exits with 4 for an unknown one', async () => {
    writeFileSync(
      join(folder, 'people.csv'),
      'Source_id,Name,Email\n7,Anna,anna@example.com\n8,Jan,jan@example.com\n9,Jan,jan@example.com\n',
    );
    await tributary('import', join(folder, 'people.csv'));
    const nobody = await tributary('erase', 'nobody@example.com', '--yes');
    expect(nobody).toMatchObject({
      exitCode: 4,
      out: '',
      err: expect.stringContaining('Nothing was erased'),
    });
    const several = await tributary('erase', 'jan@example.com', '--yes');
    expect(several).toMatchObject({ exitCode: 2, err: expect.stringContaining('8 (e-mail), 9 (e-mail)') });
    expect(voucherify.count).toBe(3);
    const erased = await tributary('erase', 'Anna@Example.com', '--yes');
    expect(erased).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('Anna@Example.com is customer 7.'),
    });
    expect(voucherify.bySourceId('7')).toBeUndefined();
  });

  it('exits with 1 where the destination is paused, and the receipt is completed by the next command', async () => {
    await tributary('import', join(folder, 'people.csv'));
    down = true;
    const waiting = await tributary('erase', '8', '--yes', '--json');
    expect(waiting.exitCode).toBe(1);
    const { id, state } = JSON.parse(waiting.out).result;
    expect(state).toBe('open');
    expect(waiting.err).toContain(`tributary customers erase --receipt ${id}`);
    expect(voucherify.bySourceId('8')).toBeDefined();
    down = false;
    expect(await tributary('erase', '--receipt', id)).toMatchObject({ exitCode: 0 });
    expect(voucherify.bySourceId('8')).toBeUndefined();
  });
});
