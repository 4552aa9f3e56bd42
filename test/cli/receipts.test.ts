// Receipts from a verification and an erasure to whoever checks them: with the command, and with a script that knows nothing of
// Tributary.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommandOnServer } from '../support/run-command.ts';

const [accessToken, appId, appToken] = ['pat-test-00000000', 'app-id', 'app-token-00000000'];
const script = resolve(import.meta.dirname, '../../scripts/check-receipt.mjs');

/** What `verify --json` prints, as far as it is forged here. */
interface Content {
  result: {
    report: { differing: { count: number; examples: { sourceId: string }[] } };
    signed: { statement: { matching: number }; signature: { keyId: string; value: string } };
  };
}

describe('tributary receipts', () => {
  let folder: string;
  let served: Served[];
  const tributary = (...args: string[]) => runCommandOnServer(folder, args, {});
  const path = (name: string) => join(folder, name);

  /** What the script says, and whether it is content. */
  function byScript(file: string): { ok: boolean; said: string } {
    try {
      const said = execFileSync(process.execPath, [script, path('keys.json'), file], { encoding: 'utf8' });
      return { ok: true, said };
    } catch (error) {
      return { ok: false, said: (error as { stdout: string }).stdout };
    }
  }

  function write(name: string, content: unknown): string {
    writeFileSync(path(name), JSON.stringify(content));
    return path(name);
  }

  /** A copy of the file in which something was changed. */
  function forged(change: (content: Content) => void): string {
    const content = JSON.parse(readFileSync(path('verification.json'), 'utf8'));
    change(content);
    return write('forged.json', content);
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-receipts-'));
    const hubspot = createHubSpotSimulator({ now: Date.now, accessToken, quotas: false });
    const voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
    served = [await serve(hubspot.app), await serve(voucherify.app)];
    hubspot.seed(4, 7, Date.now() - 600_000);
    write('tributary.config.json', {
      destination: { connector: 'voucherify', appId, appToken, baseUrl: served[1]!.url, bulk: false },
      sources: {
        hubspot: {
          connector: 'hubspot',
          accessToken,
          baseUrl: served[0]!.url,
          mapping: { name: 'firstname', email: 'email' },
        },
      },
    });
    await tributary('sync', 'hubspot');
    voucherify.upsert({ source_id: [...voucherify.customers()][0]!.source_id!, name: 'Somebody Else' });
    writeFileSync(path('verification.json'), (await tributary('verify', '--json')).out);
    writeFileSync(path('keys.json'), (await tributary('receipts', 'keys')).out);
  });

  afterAll(async () => {
    for (const server of served) await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are of the destination that was verified, and hold for the command and the script', async () => {
    const { exitCode, out } = await tributary('receipts', 'check', path('verification.json'));
    expect(out).toMatch(
      /^Verification 1 of \S+Z at voucherify:127\.0\.0\.1:\d+:app-id: the receipt holds\. 3 of 4 customers matched\.\n$/,
    );
    expect(exitCode).toBe(0);
    expect(byScript(path('verification.json'))).toEqual({
      ok: true,
      said: 'tributary.verification.1 1: holds\n',
    });
  });

  it.each<[string, (content: Content) => void, string]>([
    [
      'a count of the statement',
      ({ result }) => {
        result.signed.statement.matching = 4;
      },
      'the signature is not of this statement',
    ],
    [
      'a count of the report',
      ({ result }) => {
        result.report.differing.count = 0;
      },
      'the report beside it is not the one that was signed',
    ],
    [
      'an example of the report',
      ({ result }) => {
        result.report.differing.examples[0]!.sourceId = 'somebody-else';
      },
      'the report beside it is not the one that was signed',
    ],
    [
      'the signature',
      ({ result }) => {
        result.signed.signature.value = Buffer.alloc(64).toString('base64url');
      },
      'the signature is not of this statement',
    ],
    [
      'the key that it names',
      ({ result }) => {
        result.signed.signature.keyId = 'another';
      },
      'no key given has the ID another',
    ],
  ])('do not hold when somebody changes %s', async (_what, change, why) => {
    const file = forged(change);
    const { exitCode, out } = await tributary('receipts', 'check', file, '--keys', path('keys.json'));
    expect(out).toContain(`the receipt does not hold: ${why}.`);
    expect(exitCode).toBe(1);
    expect(byScript(file)).toEqual({ ok: false, said: 'tributary.verification.1 1: DOES NOT HOLD\n' });
  });

  it('of a person who was erased states each store, names nobody, and leaves earlier receipts intact', async () => {
    const before = JSON.parse(readFileSync(path('verification.json'), 'utf8')).result;
    const { sourceId } = before.report.differing.examples[0];
    const erased = await tributary('customers', 'erase', sourceId, '--yes', '--json');
    const { result } = JSON.parse(erased.out);
    expect(result).toMatchObject({ state: 'complete', signed: { statement: { id: result.id } } });
    expect(result.signed.statement.stores).toContainEqual(
      expect.objectContaining({ store: 'destination', answer: 'erased' }),
    );
    const checked = await tributary('receipts', 'check', write('erasure.json', result), '--json');
    expect(JSON.parse(checked.out)).toMatchObject({
      summary: 'The receipt holds.',
      result: [{ type: 'tributary.erasure.1', subject: result.subject, fault: null }],
    });
    expect(byScript(path('erasure.json')).ok).toBe(true);
    // The report has lost its example since, and what was signed of it has not changed.
    const again = JSON.parse((await tributary('verify', '--json')).out).result;
    expect(again.previousHash).toBe(before.hash);
    write('both.json', [before, again]);
    const both = await tributary('receipts', 'check', path('both.json'), '--chain');
    expect(both).toMatchObject({ exitCode: 0, out: expect.stringContaining('All 2 receipts hold.') });
  });

  it('that are missing between two others are noticed', async () => {
    const third = JSON.parse((await tributary('verify', '--json')).out).result;
    const first = JSON.parse(readFileSync(path('verification.json'), 'utf8')).result;
    const { exitCode, out } = await tributary(
      'receipts',
      'check',
      write('gap.json', [third, first]),
      '--chain',
    );
    expect(out).toContain(
      `Verification ${third.id} does not follow verification 1: one between them is missing from the file, or was removed.`,
    );
    expect(exitCode).toBe(1);
  });

  it('are missed in a file that has none, and keys in one that has none', async () => {
    const file = path('tributary.config.json');
    expect(await tributary('receipts', 'check', file)).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('has no signed receipt'),
    });
    expect(await tributary('receipts', 'check', path('verification.json'), '--keys', file)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('has no keys of receipts'),
    });
    expect(await tributary('receipts', 'check', path('nowhere.json'))).toMatchObject({ exitCode: 2 });
    expect(byScript(file).ok).toBe(false);
  });
});
