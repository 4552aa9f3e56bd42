// `tributary token` and `tributary audit` in this process.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommandOnServer } from '../support/run-command.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-token-'));
  const config = {
    destination: { connector: 'voucherify', appId: 'a', appToken: 'b', baseUrl: 'http://127.0.0.1:9' },
    sources: { files: { connector: 'csv' } },
    metadataSchema: 'none',
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tributary = (...args: string[]) => runCommandOnServer(folder, args);

it('makes a token that is printed alone, lists it and revokes it, and the audit says so', async () => {
  const made = await tributary('token', 'create', 'anna', '--role', 'operator', '--days', '30');
  expect(made).toMatchObject({ exitCode: 0, err: expect.stringContaining('It is shown only now') });
  expect(made.out).toMatch(/^trb_[\w-]{43}\n$/);
  const listed = await tributary('token', 'list');
  expect(listed.out).toMatch(/anna +operator .* never/);
  expect(listed.out).not.toContain('trb_');
  expect(await tributary('token', 'create', 'anna', '--role', 'viewer')).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('There is a token called anna.'),
  });
  expect(await tributary('token', 'revoke', 'anna')).toMatchObject({ exitCode: 0 });
  expect(JSON.parse((await tributary('token', 'list', '--json')).out).result).toEqual([]);
  const entries = JSON.parse((await tributary('audit', '--json')).out).result;
  expect(entries.map(({ action }: { action: string }) => action)).toEqual([
    'DELETE /api/tokens/{name}',
    'POST /api/tokens',
    'POST /api/tokens',
  ]);
  expect((await tributary('audit')).out).toMatch(
    /API token \(admin\) +DELETE \/api\/tokens\/\{name\} +anna +200/,
  );
});

it.each([
  [['create', 'bob', '--role', 'owner'], '--role is one of viewer, operator, admin, not owner.'],
  [
    ['create', 'bob', '--role', 'viewer', '--days', 'ten'],
    '--days is a number of days from 1 to 3650, not ten.',
  ],
  [['create', 'bob'], "required option '--role <role>'"],
])('refuses %j before it asks anybody', async (args, sentence) => {
  expect(await tributary('token', ...args)).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining(sentence),
  });
});
