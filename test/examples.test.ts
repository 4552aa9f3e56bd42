// The examples and the pages of connectors against the code: what is copied from them works.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connectors } from '../connectors/index.ts';
import { configSchema } from '../scripts/schema.ts';
import { connectorPages, withSettings } from '../scripts/settings-tables.ts';
import { checkConfig } from '../src/config.ts';
import { isPulled } from '../src/connector/source.ts';

const root = resolve(import.meta.dirname, '..');
const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.json'));
const textOf = (name: string) => readFileSync(join(root, 'examples', name), 'utf8');

/** What a variable could hold, by its name. */
function valueFor(name: string): string {
  if (name.endsWith('DATABASE_URL')) return 'postgres://reader:secret@db.example.com/shop';
  return name.endsWith('URL') ? 'https://api.example.com' : 'set-us19';
}

const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(configSchema());

const variables = new Proxy({}, { get: (_, name) => valueFor(String(name)) });

describe.each(examples)('The example %s', (name) => {
  it('is accepted by the schema and by the program, without a warning', () => {
    const config = JSON.parse(textOf(name));
    validate(config);
    expect(validate.errors).toBeNull();
    expect(config['$schema']).toBe('../tributary.schema.json');
    expect(checkConfig(name, config, variables, connectors).warnings).toEqual([]);
  });

  it('contains no secret, and everything private stays in the environment', () => {
    for (const [, value] of textOf(name).matchAll(/"(?:\w*(?:token|secret|password|key)|url)": "([^"]*)"/gi))
      expect(value).toMatch(/^(\$\{env:\w+\}|\w{1,12})$/);
  });

  it('is named by the page of its connector', () => {
    const page = readFileSync(join(root, 'docs/connectors', name.replace('.json', '.md')), 'utf8');
    expect(page).toContain(`../../examples/${name}`);
  });
});

describe('The pages of connectors', () => {
  it.each(connectorPages())('%s has the settings as they are, or `npm run schema` writes them', (path) => {
    const page = readFileSync(path, 'utf8');
    expect(page).toBe(withSettings(page));
    expect(page).toMatch(/^<!-- settings: \w+ -->\n\| key \| means \|/m);
  });
});

/** What a connector reads its vendor with, without comments. */
function codeOf(name: string): string {
  const folder = join(root, 'connectors', name);
  const parts = existsSync(folder) ? readdirSync(folder).filter((file) => /(?<!writer)\.ts$/.test(file)) : [];
  const files = [`${folder}.ts`, ...parts.map((file) => join(folder, file))];
  const code = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  return code.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '');
}

describe('The table of what works for each vendor', () => {
  const page = readFileSync(join(root, 'docs/connectors/README.md'), 'utf8');
  const rows = [...page.matchAll(/^\| \[?`(\w+)`.* \|$/gm)].map(([row, name = '']) => {
    const cells = row.split('|').map((cell) => cell.trim());
    const [, , all, changes, byId, deletions, merges, webhooks, writeBack, authentication, evidence] = cells;
    return { name, all, changes, byId, deletions, merges, webhooks, writeBack, authentication, evidence };
  });
  const sources = connectors.filter(({ source }) => source);
  /** Where the settings decide, the table says so. */
  const declared = ['http', 'csv', 'webhook'];

  it('has a row for each connector with a source, in order', () => {
    expect(rows.map(({ name }) => name)).toEqual(sources.map(({ name }) => name));
  });

  it.each(sources.map((connector) => ({ name: connector.name, connector })))(
    'says what $name does',
    ({ name, connector: { source, api, evidence, writer, settings } }) => {
      const row = rows.find((one) => one.name === name)!;
      const streams = source!.streams;
      const has = (is: unknown) => (is ? 'yes' : '–');
      expect(row).toMatchObject({
        webhooks: has(source!.webhook),
        writeBack: has(writer),
        evidence: evidence ?? '–',
      });
      expect(row.authentication === '–').toBe(api === undefined && name !== 'postgresql');
      const code = codeOf(name);
      expect(row.merges?.startsWith('yes')).toBe(
        /\bmerged\b|Merges\b|\bmergeId\b/.test(code.replaceAll(/'.*?'|`.*?`/g, '')),
      );
      expect(row.deletions?.includes('journal')).toBe(source!.journal !== undefined);
      const signsIn = 'oauth' in (z.toJSONSchema(settings, { unrepresentable: 'any' }).properties ?? {});
      expect(row.authentication?.includes('OAuth sign-in')).toBe(signsIn);
      const hasApp = /\bclientCredentials\b|\bappClient\b|\bclient_credentials\b/.test(code);
      expect(row.authentication?.includes('client credentials')).toBe(hasApp);
      expect(row.authentication?.includes('JWT')).toBe(/\bjwt\b/.test(code));
      if (declared.includes(name)) return;
      expect(row).toMatchObject({
        all: expect.stringContaining(has(streams.some(isPulled))),
        changes: expect.stringContaining(
          has(streams.some(({ rewind, bulkExport }) => rewind ?? bulkExport?.changes)),
        ),
        byId: has(streams.some(({ read }) => read)),
      });
      expect(row.deletions?.includes('full reading')).toBe(streams.some(({ sweeps }) => sweeps));
      if (streams.some(({ tombstones }) => tombstones)) expect(row.deletions).toContain('listed');
      if (!source!.webhook) expect(row.deletions).not.toContain('webhook');
    },
  );
});
