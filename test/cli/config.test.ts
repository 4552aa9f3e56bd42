// `tributary config`: without a database and without a server.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../support/run-command.ts';

const variables = { HUBSPOT_TOKEN: 'pat-held-by-a-variable', TRIBUTARY_API_TOKEN: 'a-token-of-16-or-more' };

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-config-'));
  writeFileSync(
    join(folder, 'tributary.config.json'),
    `{
  // The account in production.
  "destination": { "connector": "voucherify", "appId": "app", "appToken": "a-literal-token-0000" },
  "sources": {
    "crm": { "connector": "hubspot", "accessToken": "\${env:HUBSPOT_TOKEN}", "schedule": "*/5 * * * *" }
  }
}`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tributary = (...args: string[]) => runCommand(folder, ['config', ...args], variables);

describe('config show', () => {
  it('prints what is in force, with defaults, references as written and no secret', async () => {
    const { exitCode, out } = await tributary('show', '--json');
    expect(exitCode).toBe(0);
    expect(out).not.toMatch(/a-literal-token|held-by-a-variable|a-token-of-16/);
    const { path, environment, config } = JSON.parse(out).result;
    expect(path).toBe(join(folder, 'tributary.config.json'));
    expect(environment).toMatchObject({ PORT: '3000', TRIBUTARY_API_TOKEN: 'set, not shown' });
    expect(config).toMatchObject({
      destination: { connector: 'voucherify', appId: 'app', appToken: '(a secret, not shown)' },
      sources: {
        crm: {
          connector: 'hubspot',
          accessToken: expect.stringMatching(/^\$\{env:HUBSPOT_TOKEN\}$/),
          schedule: '*/5 * * * *',
        },
      },
      breaker: { deleted: { share: 0.05, count: 1000 } },
    });
    expect((await tributary()).out).toMatch(/^ENVIRONMENT +VALUE\n/);
  });

  it('says where a configuration would be looked for', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'tributary-config-'));
    try {
      expect(await runCommand(empty, ['config', 'show'])).toMatchObject({
        exitCode: 2,
        err: expect.stringMatching(/^There is no configuration: .*--config/),
      });
    } finally {
      rmSync(empty, { recursive: true, force: true });
    }
  });
});

describe('config explain', () => {
  it.each([
    ['sources.crm.schedule', /Set to "\*\/5 \* \* \* \*" \(.*tributary\.config\.json, line 5, column 77\)/],
    ['sources.crm.accessToken', /Set to "\$\{env:HUBSPOT_TOKEN\}"/],
    ['destination.appToken', /It is required\.\nSet to "\(a secret, not shown\)"/],
    ['sources.klaviyo.apiKey', /It is required\.\nIt is not set\./],
    ['breaker.deleted.share', /Allowed: a number from 0 to 1\..*\n/],
    ['onOrphaned', /Allowed: .*"delete"/],
    ['breaker', /SETTING +MEANS\ndeleted +The limit of deleted customers\./],
  ])('%s', async (path, sentence) => {
    const { exitCode, out } = await tributary('explain', path);
    expect(exitCode).toBe(0);
    expect(out).toMatch(sentence);
  });

  it('lists the settings, and suggests one for a name that is none, with 4', async () => {
    expect((await tributary('explain')).out).toMatch(/^SETTING +MEANS\n[\s\S]*^breaker /m);
    expect(await tributary('explain', 'sources.crm.shedule')).toMatchObject({
      exitCode: 4,
      err: 'There is no setting "shedule" in sources.crm. Did you mean "schedule"?\n',
    });
    expect((await tributary('explain', 'sources.nosuch.schedule')).exitCode).toBe(4);
    expect((await tributary('explain', 'fullSchedule')).err).toBe(
      'There is no setting "fullSchedule" in the configuration. Did you mean sources.NAME.fullSchedule?\n',
    );
  });

  it('is an object in JSON', async () => {
    expect(JSON.parse((await tributary('explain', 'drift', '--json')).out)).toMatchObject({
      command: 'config explain',
      result: { path: 'drift', required: false, place: null },
    });
  });
});

it('config schema prints the schema that ships with the package', async () => {
  const file = readFileSync(resolve(import.meta.dirname, '../../tributary.schema.json'), 'utf8');
  expect(JSON.parse((await tributary('schema')).out)).toEqual(JSON.parse(file));
});
