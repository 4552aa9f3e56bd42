// tributary.schema.json against the shapes that check a configuration, the examples in the documentation, and mistakes.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { stripComments } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { connectors } from '../connectors/index.ts';
import { configSchema, schemaFile, schemaText } from '../scripts/schema.ts';
import { sandboxConfig } from '../simulators/sandbox.ts';
import { howToConfigure } from '../src/cli/sandbox.ts';
import { checkConfig } from '../src/config.ts';

const root = resolve(import.meta.dirname, '..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');

const schema: Described = configSchema();
const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

/** What is wrong, as `/sources/crm/schedule must be string`. */
function faultsOf(config: unknown): string[] {
  validate(config);
  return (validate.errors ?? []).map(worded).filter((fault) => !fault.endsWith('"then" schema'));
}

function worded({ instancePath, message, params }: ErrorObject): string {
  const key = (params as { additionalProperty?: string }).additionalProperty;
  return `${instancePath} ${message}${key === undefined ? '' : `: ${key}`}`;
}

interface Example {
  where: string;
  config: { [key: string]: unknown };
}

const destination = { connector: 'voucherify', appId: 'id', appToken: 'token' };

/** Blocks of JSON that hold keys of a configuration; what a fragment leaves out is filled in. */
function examplesIn(path: string): Example[] {
  return [...text(path).matchAll(/^```jsonc?\n(.*?)^```$/gms)].flatMap(([, block = ''], index) => {
    const config = JSON.parse(stripComments(block)) as Example['config'];
    const isConfig = Object.keys(config).some((key) => Object.hasOwn(schema.properties!, key));
    return isConfig ? [{ where: `${path}, block ${index + 1}`, config }] : [];
  });
}

const pages = [
  'README.md',
  'connectors/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const examples: Example[] = [
  ...pages.flatMap(examplesIn),
  { where: 'what start prints', config: JSON.parse(/^ {2}\{.*^ {2}\}$/ms.exec(howToConfigure)![0]) },
];

describe('tributary.schema.json', () => {
  it('is what `npm run schema` writes', () => {
    expect(readFileSync(schemaFile, 'utf8') === schemaText(), 'run `npm run schema`').toBe(true);
  });

  it('describes every key, in a sentence', () => {
    expect([...undescribed(schema, '')]).toEqual([]);
  });

  it('has a branch for each connector', () => {
    expect(connectors.length).toBeGreaterThan(10);
    for (const { name, source, destination: target } of connectors) {
      const mistake = { connector: name, nonsense: 1 };
      const config = source
        ? { destination, sources: { crm: mistake } }
        : { destination: mistake, sources: {} };
      const path = source ? '/sources/crm' : '/destination';
      expect(Boolean(source ?? target)).toBe(true);
      expect(faultsOf(config)).toContain(`${path} must NOT have additional properties: nonsense`);
    }
  });

  it('is named by $schema in every whole example', () => {
    const whole = examples.filter(({ config }) => config['destination'] && config['sources']);
    expect(whole.length).toBeGreaterThan(1);
    for (const { where, config } of whole) expect(config['$schema'], where).toBe('./tributary.schema.json');
  });

  it.each(examples)('accepts the example in $where, as the program does', ({ config, where }) => {
    const filled = { destination, sources: {}, ...config };
    expect(faultsOf(filled)).toEqual([]);
    const variables = new Proxy({}, { get: () => 'set-us19' });
    expect(() => checkConfig(where, filled, variables, connectors)).not.toThrow();
  });

  it('accepts the configuration of the sandbox', () => {
    const at = (port: number) => `http://127.0.0.1:${port}`;
    const config = sandboxConfig({ hubspot: at(1), klaviyo: at(2), voucherify: at(3), door: at(4) });
    expect(faultsOf(config)).toEqual([]);
  });

  it('accepts a variable wherever a string stands', () => {
    const variable = '$' + '{env:NAME}';
    const crm = {
      connector: 'hubspot',
      accessToken: variable,
      portalId: variable,
      apiVersion: variable,
    };
    expect(faultsOf({ destination, sources: { crm }, publicUrl: variable })).toEqual([]);
  });

  it('accepts every way to write the authentication of a webhook', () => {
    const bearer = { type: 'bearer', token: 'secret' };
    for (const authentication of ['open', bearer, [bearer, { type: 'github', secret: 'other' }]])
      expect(faultsOf({ destination, sources: { crm: { connector: 'webhook', authentication } } })).toEqual(
        [],
      );
  });

  const hubspot = { connector: 'hubspot', accessToken: 'pat-eu1-1' };
  it.each([
    ['a misspelt key', { drfit: 'heal' }, ' must NOT have additional properties: drfit'],
    [
      'a misspelt key of a source',
      { sources: { crm: { ...hubspot, shedule: '* * * * *' } } },
      '/sources/crm must NOT have additional properties: shedule',
    ],
    [
      'a setting of another connector',
      { sources: { crm: { ...hubspot, listId: 'a1' } } },
      '/sources/crm must NOT have additional properties: listId',
    ],
    [
      'a schedule of a connector that only pushes',
      { sources: { crm: { connector: 'segment', schedule: '* * * * *' } } },
      '/sources/crm must NOT have additional properties: schedule',
    ],
    [
      'a number in quotes',
      { sources: { crm: { ...hubspot, searchPerSecond: '5' } } },
      '/sources/crm/searchPerSecond must be integer',
    ],
    [
      'a wrong type in a list',
      { sources: { crm: { ...hubspot, quota: [{ requests: 1, seconds: 'ten' }] } } },
      '/sources/crm/quota/0/seconds must be number',
    ],
    [
      'a missing setting',
      { destination: { connector: 'voucherify', appId: 'id' } },
      "/destination must have required property 'appToken'",
    ],
    [
      'a source as destination',
      { destination: hubspot },
      '/destination/connector must be equal to one of the allowed values',
    ],
    [
      'an unknown type in a mapping',
      { sources: { crm: { ...hubspot, mapping: { email: { from: 'email', as: 'e-mail' } } } } },
      '/sources/crm/mapping/email/as must be equal to one of the allowed values',
    ],
    ['a wrong address', { publicUrl: 'sync.example.com' }, '/publicUrl must match pattern "^https?://"'],
  ])('refuses %s, as the program does', (_what, mistake, fault) => {
    const config = { destination, sources: {}, ...mistake };
    expect(faultsOf(config)).toContain(fault);
    expect(() => checkConfig('it', config, {}, connectors)).toThrow();
  });
});

interface Described {
  description?: string;
  $ref?: string;
  properties?: { [key: string]: Described };
  definitions?: { [name: string]: Described };
}

/** The paths of keys without a sentence. */
function* undescribed(at: Described, path: string): Generator<string> {
  const { properties = {}, definitions = {}, ...rest } = at;
  for (const [key, property] of Object.entries(properties)) {
    const { description = '' } = property.$ref
      ? schema.definitions![property.$ref.replace('#/definitions/', '')]!
      : property;
    if (!/^\S.{9,}[.:)]$/.test(description)) yield `${path}/${key}`;
    yield* undescribed(property, `${path}/${key}`);
  }
  for (const [key, part] of [...Object.entries(definitions), ...Object.entries(rest)])
    if (typeof part === 'object' && key !== 'if') yield* undescribed(part, `${path}/(${key})`);
}
