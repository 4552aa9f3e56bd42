// File and environment into one checked Config, or every fault at once with the sentence to print. The only file that
// reads the environment.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Connector, Mapping, MetadataSchema } from './connector.ts';
import { mappingFaults } from './customer/mapping.ts';
import type { MergeConfig } from './customer/merge.ts';
import { scheduleFault, timezoneFault } from './engine/schedule.ts';
import type { SourceConfig } from './sync/source.ts';

export interface Environment {
  databaseUrl: string | undefined;
  port: number;
  host: string;
  /** Where the configuration lies, or null where there is none: then only the sandbox can be started. */
  configPath: string | null;
  apiToken: string | undefined;
  /** Keys the hashes that stop erased customers from coming back. */
  secretKey: string | undefined;
  dataDir: string;
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** What `${env:NAME}` in a configuration means. */
  variables: { readonly [name: string]: string | undefined };
}

export interface Config {
  path: string;
  destination: { connector: Connector; settings: unknown };
  sources: SourceConfig[];
  merge: MergeConfig;
  publicUrl: string | null;
  /** Where the types of metadata come from. */
  metadataSchema: 'destination' | 'none' | MetadataSchema;
  /** What becomes of metadata keys that the schema does not define. Null: sent, or held where the schema is closed. */
  unknownMetadata: 'send' | 'hold' | 'drop' | null;
  deletes: DeletePolicy;
  breaker: BreakerLimits;
  /** Erasure at the destination: for good with all that hangs on it, or so that the key is free again. */
  erasure: { permanent: boolean };
}

/** What becomes of a customer that all its records have left. `blank`: what we wrote is cleared. `erase`: see `erasure`. */
export type DeletePolicy = 'keep' | 'blank' | 'delete' | 'erase';

/** More than the smaller of the two, per run and per hour, is held until a person decides. `share` is of all customers. */
export interface BreakerLimits {
  deleted: { share: number; count: number };
  /** Of any one field. */
  blanked: { share: number; count: number };
}

export interface Fault {
  /** Where: `sources.hubspot.schedule`. */
  path: string;
  /** What stands there, as JSON; a secret's value is never shown. */
  found: string;
  allowed: string;
}

/** Everything that is wrong with a configuration. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly faults: readonly Fault[];
  constructor(where: string, faults: readonly Fault[]) {
    const lines = faults.map(
      ({ path, found, allowed }) => `  ${path}\n    found:   ${found}\n    allowed: ${allowed}`,
    );
    super(
      `${where} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${lines.join('\n')}`,
    );
    this.faults = faults;
  }
}

/** Types a configuration written in TypeScript. */
export function defineConfig(config: ConfigFile): ConfigFile {
  return config;
}

// ── The environment ─────────────────────────────────────────────────────────────────────────────────────────────

const environmentShape = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'a URL that begins with postgres:// (or unset for the embedded database)')
    .optional(),
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  TRIBUTARY_CONFIG: z.string().optional(),
  TRIBUTARY_API_TOKEN: z.string().min(16, 'at least 16 characters').optional(),
  TRIBUTARY_SECRET_KEY: z.string().min(32, 'at least 32 characters').optional(),
  TRIBUTARY_DATA_DIR: z.string().default('./.tributary'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
});

/** Reads the environment. Throws ConfigError. */
export function readEnvironment(
  variables: { readonly [name: string]: string | undefined } = process.env,
  cwd = process.cwd(),
): Environment {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const result = environmentShape.safeParse(given);
  if (!result.success) throw new ConfigError('The environment', faultsOf(result.error, given, ''));
  const {
    DATABASE_URL,
    PORT,
    HOST,
    TRIBUTARY_CONFIG,
    TRIBUTARY_API_TOKEN,
    TRIBUTARY_SECRET_KEY,
    TRIBUTARY_DATA_DIR,
    LOG_LEVEL,
  } = result.data;
  return {
    databaseUrl: DATABASE_URL,
    port: PORT,
    host: HOST,
    configPath: configPath(TRIBUTARY_CONFIG, cwd),
    apiToken: TRIBUTARY_API_TOKEN,
    secretKey: TRIBUTARY_SECRET_KEY,
    dataDir: resolve(cwd, TRIBUTARY_DATA_DIR),
    logLevel: LOG_LEVEL,
    variables: given,
  };
}

function configPath(named: string | undefined, cwd: string): string | null {
  if (named !== undefined) return resolve(cwd, named);
  return (
    ['tributary.config.ts', 'tributary.config.json']
      .map((name) => resolve(cwd, name))
      .find((path) => existsSync(path)) ?? null
  );
}

// ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────

const text = z.string().min(1);
const normaliser = z.enum(['text', 'email', 'phone', 'date', 'datetime', 'number', 'boolean', 'list']);
const mappingEntry = z.union(
  [
    text,
    z.array(text).min(1),
    z.strictObject({
      from: z.union([text, z.array(text).min(1)]),
      as: normaliser.optional(),
      region: z
        .string()
        .regex(/^[A-Z]{2}$/)
        .optional(),
      onNull: z.enum(['clear', 'ignore']).optional(),
      separator: text.optional(),
    }),
    z.custom<(body: never) => unknown>((value) => typeof value === 'function'),
  ],
  'a path, a list of paths, {from, as?, region?, onNull?, separator?}, or in TypeScript a function of the record',
);

const sourceShape = z.looseObject({
  connector: text.describe('the name of a connector'),
  schedule: z.string().superRefine(refine(scheduleFault)).optional(),
  timezone: z.string().superRefine(refine(timezoneFault)).default('UTC'),
  sourceId: z
    .union(
      [
        text,
        z.strictObject({
          from: text,
          policy: z.enum(['sticky', 'follow']).default('sticky'),
          lowerCase: z.boolean().default(false),
        }),
      ],
      'a path into the record, or {from, policy?: "sticky" | "follow", lowerCase?}',
    )
    .optional(),
  mapping: z.record(text, mappingEntry).optional(),
  filter: z
    .union(
      [z.record(text, z.json()), z.custom<(body: never) => boolean>((value) => typeof value === 'function')],
      'values by property, or in TypeScript a function of the record',
    )
    .optional(),
  keep: z.array(text).default([]),
  badValues: z.enum(['quarantine', 'reject']).optional(),
});

const policyName = z.enum(['newest', 'precedence', 'first']);
const fileShape = z.strictObject({
  $schema: z.string().optional(),
  destination: z.looseObject({ connector: text }),
  sources: z.record(
    z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'a name of a-z, 0-9, _ and -, beginning with a letter'),
    sourceShape,
  ),
  merge: z
    .strictObject({
      default: policyName.optional(),
      sources: z.array(text).optional(),
      fields: z
        .record(
          text,
          z.union([
            z.enum(['newest', 'first']),
            z.array(text),
            z.strictObject({ policy: policyName, sources: z.array(text).optional() }),
          ]),
        )
        .optional(),
    })
    .default({}),
  metadataSchema: z
    .union([
      z.enum(['destination', 'none']),
      z.strictObject({
        definedOnly: z.boolean().default(false),
        definitions: z.record(
          text,
          z.custom<MetadataSchema['definitions'][string]>(
            (value) => typeof value === 'object' && value !== null && 'type' in value,
          ),
        ),
      }),
    ])
    .default('destination'),
  unknownMetadata: z.enum(['send', 'hold', 'drop']).optional(),
  deletes: z.enum(['keep', 'blank', 'delete', 'erase']).default('keep'),
  breaker: z
    .strictObject({
      deleted: z
        .strictObject({ share: z.number().min(0).max(1), count: z.number().int().min(0) })
        .default({ share: 0.05, count: 1000 }),
      blanked: z
        .strictObject({ share: z.number().min(0).max(1), count: z.number().int().min(0) })
        .default({ share: 0.2, count: 10_000 }),
    })
    .prefault({}),
  erasure: z.strictObject({ permanent: z.boolean() }).default({ permanent: false }),
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
});

/** A configuration as it is written. Besides the keys named here, sources and destination take their connector's own. */
export type ConfigFile = Omit<z.input<typeof fileShape>, 'sources'> & {
  sources: { [name: string]: Omit<z.input<typeof sourceShape>, 'mapping'> & { mapping?: Mapping } };
};

/** Reads and checks the configuration. Throws ConfigError with every fault. */
export async function loadConfig(
  environment: Environment,
  connectors: readonly Connector[],
): Promise<Config> {
  const path = environment.configPath;
  if (path === null) {
    throw new ConfigError('The configuration', [
      {
        path: 'TRIBUTARY_CONFIG',
        found: 'nothing, and no tributary.config.ts or tributary.config.json here',
        allowed: 'the path of a configuration',
      },
    ]);
  }
  return checkConfig(path, await readFile(path), environment.variables, connectors);
}

async function readFile(path: string): Promise<unknown> {
  const fault = (found: string, allowed: string) =>
    new ConfigError('The configuration', [{ path, found, allowed }]);
  if (!existsSync(path)) throw fault('no such file', 'a .ts or .json file');
  try {
    if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8')) as unknown;
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    if (module.default === undefined) throw new Error('it has no default export');
    return module.default;
  } catch (error) {
    throw fault(
      (error as Error).message,
      path.endsWith('.json') ? 'JSON' : 'a module whose default export is defineConfig({…})',
    );
  }
}

/** Checks a configuration read from `path`. Throws ConfigError with every fault. */
export function checkConfig(
  path: string,
  raw: unknown,
  variables: Environment['variables'],
  connectors: readonly Connector[],
): Config {
  const faults: Fault[] = [];
  const filled = fill(raw, variables, '', faults);
  const result = fileShape.safeParse(filled);
  if (!result.success)
    throw new ConfigError(`The configuration ${path}`, [...faults, ...faultsOf(result.error, filled, '')]);
  const file = result.data;
  const checker = { connectors, faults };
  const destination = checkDestination(file.destination, checker);
  const sources = Object.entries(file.sources).flatMap(
    ([name, source]) => checkSource(name, source, checker) ?? [],
  );
  checkMerge(file.merge, Object.keys(file.sources), faults);
  if (faults.length > 0 || !destination) throw new ConfigError(`The configuration ${path}`, faults);
  return {
    path,
    destination,
    sources,
    merge: file.merge as MergeConfig,
    publicUrl: file.publicUrl ?? null,
    metadataSchema: file.metadataSchema as Config['metadataSchema'],
    unknownMetadata: file.unknownMetadata ?? null,
    deletes: file.deletes,
    breaker: file.breaker,
    erasure: file.erasure,
  };
}

interface Checker {
  connectors: readonly Connector[];
  faults: Fault[];
}

function checkDestination(
  given: z.output<typeof fileShape>['destination'],
  checker: Checker,
): Config['destination'] | null {
  const { connector: name, ...own } = given;
  const connector = findConnector(
    name,
    'destination',
    (candidate) => candidate.destination !== undefined,
    checker,
  );
  const settings = connector && checkSettings(connector, own, 'destination', checker);
  return connector && settings !== undefined ? { connector, settings } : null;
}

function checkSource(
  name: string,
  given: z.output<typeof sourceShape>,
  checker: Checker,
): SourceConfig | null {
  const path = `sources.${name}`;
  const {
    connector: connectorName,
    schedule,
    timezone,
    sourceId,
    mapping,
    filter,
    keep,
    badValues,
    ...own
  } = given;
  if (name === 'destination')
    checker.faults.push({ path, found: '"destination"', allowed: 'any other name: this one is taken' });
  for (const fault of mappingFaults((mapping ?? {}) as Mapping)) {
    checker.faults.push({
      path: `${path}.mapping.${fault.field}`,
      found: JSON.stringify(mapping?.[fault.field]) ?? 'a function',
      allowed: fault.reason,
    });
  }
  const connector = findConnector(
    connectorName,
    path,
    (candidate) => candidate.source !== undefined,
    checker,
  );
  const settings = connector && checkSettings(connector, own, path, checker);
  if (!connector?.source || settings === undefined) return null;
  const key =
    typeof sourceId === 'string' ? { from: sourceId, policy: 'sticky' as const, lowerCase: false } : sourceId;
  return {
    name,
    connector,
    settings,
    sourceId: {
      path: key?.from ?? null,
      policy: key?.policy ?? 'sticky',
      lowerCase: key?.lowerCase ?? false,
    },
    mapping: (mapping as Mapping | undefined) ?? null,
    filter: (filter as SourceConfig['filter']) ?? null,
    keep,
    badValues: badValues ?? (connector.name === 'csv' ? 'reject' : 'quarantine'),
    schedule: schedule ?? null,
    timezone,
  };
}

function findConnector(
  name: string,
  path: string,
  fits: (connector: Connector) => boolean,
  { connectors, faults }: Checker,
): Connector | null {
  const allowed = connectors.filter(fits);
  const connector = allowed.find((candidate) => candidate.name === name);
  if (!connector)
    faults.push({
      path: `${path}.connector`,
      found: JSON.stringify(name),
      allowed: `one of ${allowed.map((candidate) => candidate.name).join(', ')}`,
    });
  return connector ?? null;
}

function checkSettings(connector: Connector, own: unknown, path: string, { faults }: Checker): unknown {
  const result = connector.settings.safeParse(own);
  if (!result.success) faults.push(...faultsOf(result.error, own, path));
  return result.success ? result.data : undefined;
}

function checkMerge(
  merge: z.output<typeof fileShape>['merge'],
  sources: readonly string[],
  faults: Fault[],
): void {
  const lists: [string, readonly string[]][] = [['merge.sources', merge.sources ?? []]];
  for (const [field, policy] of Object.entries(merge.fields ?? {})) {
    if (Array.isArray(policy)) lists.push([`merge.fields.${field}`, policy]);
    else if (typeof policy === 'object') lists.push([`merge.fields.${field}.sources`, policy.sources ?? []]);
  }
  for (const [path, names] of lists) {
    for (const name of names) {
      if (!sources.includes(name))
        faults.push({
          path,
          found: JSON.stringify(name),
          allowed: `names of sources: ${sources.join(', ') || 'none are configured'}`,
        });
    }
  }
}

// ── Faults ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Replaces `${env:NAME}` in every string. */
function fill(value: unknown, variables: Environment['variables'], path: string, faults: Fault[]): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{env:([^}]*)\}/g, (whole, name: string) => {
      const found = variables[name];
      if (found === undefined)
        faults.push({ path, found: whole, allowed: `an environment variable that is set; ${name} is not` });
      return found ?? whole;
    });
  }
  if (Array.isArray(value))
    return value.map((item, index) => fill(item, variables, `${path}[${index}]`, faults));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        fill(item, variables, path ? `${path}.${key}` : key, faults),
      ]),
    );
  }
  return value;
}

function refine(fault: (value: string) => string | null) {
  return (value: string, context: z.RefinementCtx) => {
    const message = fault(value);
    if (message !== null) context.addIssue({ code: 'custom', message });
  };
}

const secret = /token|secret|password|apikey|api_key|credential/i;

function faultsOf(error: z.ZodError, raw: unknown, path: string): Fault[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: join(path, [...issue.path, key]),
        found: 'a key that is not known here',
        allowed: 'the keys that the README lists; is it misspelt?',
      }));
    }
    const keys = issue.path.map(String);
    const value = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], raw);
    const hidden = keys.some((key) => secret.test(key)) && value !== undefined;
    const found =
      value === undefined
        ? 'nothing'
        : hidden
          ? '(a secret, not shown)'
          : (JSON.stringify(value) ?? String(value));
    return [
      {
        path: join(path, issue.path),
        found: found.slice(0, 200),
        allowed: issue.message.replace(/^Invalid (input|option): /, ''),
      },
    ];
  });
}

function join(path: string, rest: readonly PropertyKey[]): string {
  return (
    rest.reduce<string>(
      (at, key) => (typeof key === 'number' ? `${at}[${key}]` : at ? `${at}.${String(key)}` : String(key)),
      path,
    ) || '(the whole)'
  );
}
