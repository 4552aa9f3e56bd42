// File and environment into one checked Config, or every fault at once with the sentence to print. The only file that
// reads the environment.
import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { associationFaults } from './config/associations.ts';
import { withEnvFile } from './config/env-file.ts';
import { ConfigError, type Fault, faultsOf, nameMeant, shown } from './config/faults.ts';
import { readConfigFile } from './config/file.ts';
import { checkFormerSources } from './config/former-sources.ts';
import { keysAt } from './config/keys.ts';
import { checkMerge, objectOf } from './config/merge.ts';
import { fillReferences, spaceFault, type Variables } from './config/references.ts';
import { type AlarmTarget, type ConfigFile, fileShape, mappingEntry, sourceShape } from './config/shape.ts';
import { writeBackFaults } from './config/write-back.ts';
import { localeOver } from './connector/locale.ts';
import { isPulled } from './connector/source.ts';
import type { Scheme } from './connector/webhook.ts';
import type { Connector, Mapping, MetadataSchema } from './connector.ts';
import { mappingFaults } from './customer/mapping.ts';
import type { MergeConfig } from './customer/merge.ts';
import { addressFault, minConnections } from './db/address.ts';
import type { Proxies } from './engine/http/connections.ts';
import { isPrivateHost } from './engine/http/private-addresses.ts';
import { exportSettings } from './engine/trace/settings.ts';
import { knownCharset } from './engine/webhook/charset.ts';
import type { DriftPolicy } from './sync/inbox/destination-changes.ts';
import type { SourceConfig } from './sync/intake/source.ts';
import type { BreakerLimits, OrphanPolicy } from './tables/breaker.ts';

export interface Environment {
  databaseUrl: string | undefined;
  /** Of the server itself, where `databaseUrl` leads to a pooler. */
  databaseDirectUrl: string | undefined;
  /** Of this process to `databaseUrl`, at most. */
  databaseConnections: number | undefined;
  port: number;
  host: string;
  /** Where the configuration lies, or null where there is none: then only the sandbox can be started. */
  configPath: string | null;
  apiToken: string | undefined;
  /** Keys the hashes that stop erased customers from coming back, and seals OAuth tokens. */
  secretKey: string | undefined;
  /** Earlier ones: what was sealed or hashed under them is still read. */
  oldSecretKeys: readonly string[];
  dataDir: string;
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** As HTTP_PROXY, HTTPS_PROXY and NO_PROXY say; null where none is named. */
  proxies: Proxies | null;
  /** Where traces are exported to, as OpenTelemetry's variables say. */
  tracing: ReturnType<typeof exportSettings>;
  /** What `${env:NAME}` in a configuration means. */
  variables: Variables;
}

export interface Config {
  path: string;
  destination: { connector: Connector; settings: unknown };
  sources: SourceConfig[];
  merge: MergeConfig;
  publicUrl: string | null;
  /** Files that vendors name are fetched from private networks too. */
  allowPrivateAddresses: boolean;
  /** Where the types of metadata come from. */
  metadataSchema: 'destination' | 'none' | MetadataSchema;
  /** What becomes of metadata keys that the schema does not define. Null: sent, or held where the schema is closed. */
  unknownMetadata: 'send' | 'hold' | 'drop' | null;
  onOrphaned: OrphanPolicy;
  /** What is done with customers that the destination holds otherwise than it acknowledged. */
  drift: DriftPolicy;
  breaker: BreakerLimits;
  /** When the destination is read back by itself. `sample` null: all of it. */
  verify: {
    schedule: string;
    timezone: string;
    sample: number | null;
    heal: boolean;
    /** Those whose vendors are read as well. */
    sources: string[] | null;
  } | null;
  /** Erasure at the destination: for good with all that hangs on it, or so that the key is free again. */
  /** Requests that change something or cost work, of each token. */
  triggersPerMinute: number;
  erasure: { permanent: boolean };
  /** How often what is written back is read in full, hours. */
  facts: { everyHours: number };
  /** Who is told when something begins to fail, by name, and from when on waiting counts as that, minutes. */
  alarms: { to: { readonly [name: string]: AlarmTarget }; behindMinutes: number };
  /** Sources that are permanently gone. Their contributions are withdrawn. */
  removedSources: readonly string[];
  /** What is allowed and probably not meant, in sentences. */
  warnings: string[];
}

/** Types a configuration written in TypeScript. */
export function defineConfig(config: ConfigFile): ConfigFile {
  return config;
}

// ── The environment ─────────────────────────────────────────────────────────────────────────────────────────────

const connectionsText = `a whole number from ${minConnections} to 999`;

const portText = 'a whole number from 0 to 65535';

const proxy = z
  .string()
  .refine(
    (url) => /^https?:$/.test(URL.parse(url)?.protocol ?? ''),
    'the URL of a proxy such as http://proxy.example.com:3128',
  )
  .optional();

const environmentShape = z.object({
  DATABASE_URL: z
    .string()
    .superRefine((url, context) => {
      const message =
        url === '' ? 'a URL; leave the variable unset to use the embedded database' : addressFault(url);
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .optional(),
  DATABASE_DIRECT_URL: z
    .string()
    .superRefine((url, context) => {
      const message = addressFault(url)?.replaceAll('DATABASE_URL', 'DATABASE_DIRECT_URL');
      if (message) context.addIssue({ code: 'custom', message });
    })
    .optional(),
  DATABASE_CONNECTIONS: z
    .string()
    .regex(/^\d{1,3}$/, connectionsText)
    .transform(Number)
    .refine((count) => count >= minConnections, connectionsText)
    .optional(),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, portText)
    .transform(Number)
    .refine((port) => port <= 65_535, portText)
    .default(3000),
  HOST: z.string().default('127.0.0.1'),
  TRIBUTARY_CONFIG: z.string().optional(),
  TRIBUTARY_API_TOKEN: z.string().min(16, 'at least 16 characters').optional(),
  TRIBUTARY_SECRET_KEY: z.string().min(32, 'at least 32 characters').optional(),
  TRIBUTARY_OLD_SECRET_KEYS: z
    .string()
    .transform((list) => list.split(',').map((key) => key.trim()))
    .pipe(z.array(z.string().min(32, 'keys of at least 32 characters, comma-separated')))
    .default([]),
  TRIBUTARY_DATA_DIR: z.string().default('./.tributary'),
  HTTP_PROXY: proxy,
  HTTPS_PROXY: proxy,
  NO_PROXY: z.string().default(''),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
});

/** What is wrong with the environment, and what of it can be read nevertheless. */
class EnvironmentError extends ConfigError {
  readonly rest: Pick<Environment, 'configPath' | 'variables'>;
  constructor(faults: readonly Fault[], rest: Pick<Environment, 'configPath' | 'variables'>) {
    super('The environment', faults);
    this.rest = rest;
  }
}

/**
 * Environment and configuration, null where there is none. Throws ConfigError with every fault of both.
 */
export async function readAll(
  read: () => Promise<Environment>,
  connectors: readonly Connector[],
): Promise<{ environment: Environment; config: Config | null }> {
  try {
    const environment = await read();
    const config = environment.configPath === null ? null : await loadConfig(environment, connectors);
    return { environment, config };
  } catch (error) {
    if (!(error instanceof EnvironmentError) || error.rest.configPath === null) throw error;
    const faults = await loadConfig(error.rest, connectors).then(
      () => [],
      (other: unknown) => (other instanceof ConfigError ? other.faults : []),
    );
    if (faults.length === 0) throw error;
    throw new ConfigError(`The environment and the configuration ${error.rest.configPath}`, [
      ...error.faults,
      ...faults,
    ]);
  }
}

/** The environment of this process, and what `.env` sets besides. `given` overrides both. Throws ConfigError. */
export function readProcessEnvironment(given: Variables): Environment {
  return readEnvironment({ ...withEnvFile(process.env, process.cwd()), ...given });
}

/** Throws ConfigError. */
export function readEnvironment(variables: Variables, cwd = process.cwd()): Environment {
  // An empty DATABASE_URL is a variable that was not filled in: the embedded database would take its place unnoticed.
  const given = Object.fromEntries(
    Object.entries(variables).filter(([name, value]) => value !== '' || name === 'DATABASE_URL'),
  );
  const result = environmentShape.safeParse({ ...lowerCaseProxies(given), ...given });
  const spaced = ['TRIBUTARY_API_TOKEN', 'TRIBUTARY_SECRET_KEY'].flatMap((name) =>
    spaceFault(name, given[name]),
  );
  if (!result.success || spaced.length > 0) {
    const faults = result.success ? [] : faultsOf(result.error, given, '');
    const path = configPath(given['TRIBUTARY_CONFIG'], cwd);
    throw new EnvironmentError([...faults, ...spaced], { configPath: path, variables: given });
  }
  const {
    DATABASE_URL,
    DATABASE_DIRECT_URL,
    DATABASE_CONNECTIONS,
    PORT,
    HOST,
    TRIBUTARY_CONFIG,
    TRIBUTARY_API_TOKEN,
    TRIBUTARY_SECRET_KEY,
    TRIBUTARY_OLD_SECRET_KEYS,
    TRIBUTARY_DATA_DIR,
    LOG_LEVEL,
    HTTP_PROXY,
    HTTPS_PROXY,
    NO_PROXY,
  } = result.data;
  return {
    databaseUrl: DATABASE_URL,
    databaseDirectUrl: DATABASE_DIRECT_URL,
    databaseConnections: DATABASE_CONNECTIONS,
    port: PORT,
    host: HOST,
    configPath: configPath(TRIBUTARY_CONFIG, cwd),
    apiToken: TRIBUTARY_API_TOKEN,
    secretKey: TRIBUTARY_SECRET_KEY,
    oldSecretKeys: TRIBUTARY_OLD_SECRET_KEYS,
    dataDir: resolve(cwd, TRIBUTARY_DATA_DIR),
    logLevel: LOG_LEVEL,
    proxies:
      HTTP_PROXY === undefined && HTTPS_PROXY === undefined
        ? null
        : { http: HTTP_PROXY ?? null, https: HTTPS_PROXY ?? null, except: NO_PROXY },
    tracing: exportSettings(given),
    variables: given,
  };
}

/** Most programs read them in lower case too. */
function lowerCaseProxies(given: { readonly [name: string]: string | undefined }) {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = given[name.toLowerCase()];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function configPath(named: string | undefined, cwd: string): string | null {
  if (named !== undefined) return resolve(cwd, named);
  return (
    ['tributary.config.ts', 'tributary.config.json'].map((name) => resolve(cwd, name)).find(isThere) ?? null
  );
}

/** Also a link that leads nowhere: without the file that it stands for, something else would be started. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

// ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Reads and checks the configuration. Throws ConfigError with every fault. */
export async function loadConfig(
  environment: Pick<Environment, 'configPath' | 'variables'>,
  connectors: readonly Connector[],
): Promise<Config> {
  const path = environment.configPath;
  if (path === null) {
    throw new ConfigError('The configuration', [
      {
        path: 'TRIBUTARY_CONFIG',
        found: 'no value, and no tributary.config.ts or tributary.config.json in this folder',
        allowed: 'the path of a configuration',
      },
    ]);
  }
  const { content, placeOf } = await readConfigFile(path);
  try {
    return checkConfig(path, content, environment.variables, connectors);
  } catch (error) {
    throw error instanceof ConfigError ? error.placed(placeOf) : error;
  }
}

/** Checks a configuration read from `path`. Throws ConfigError with every fault. */
export function checkConfig(
  path: string,
  raw: unknown,
  variables: Environment['variables'],
  connectors: readonly Connector[],
): Config {
  const unset: Fault[] = [];
  const filled = fillReferences(raw, { variables, path }, '', unset);
  const result = fileShape.safeParse(filled);
  const faults = result.success ? [] : faultsOf(result.error, raw, '', (at) => keysAt(fileShape, at));
  const checker = { connectors, faults };
  // Every part that can be read is checked, whatever is wrong with the others: all is said at once.
  const parts = objectOf(filled);
  const written = objectOf(raw);
  const destination = checkDestination(parts['destination'], written['destination'], checker);
  const given = objectOf(parts['sources']);
  const sources = Object.entries(given).flatMap(
    ([name, source]) => checkSource(name, source, objectOf(written['sources'])[name], checker) ?? [],
  );
  for (const fault of writeBackFaults(parts['writeBack'], {
    sources,
    names: Object.keys(given),
    destination,
  }))
    faults.push(fault);
  faults.push(...verifiedSourceFaults(parts['verify'], Object.keys(given)));
  const warnings = [
    ...checkMerge(objectOf(parts['merge']), Object.keys(given), faults),
    ...checkFormerSources(parts, faults),
    ...(parts['publicUrl'] === undefined ? sources.flatMap(signedAddressWarning) : []),
    ...(destination ? unencryptedWarning('destination', destination) : []),
    ...sources.flatMap((source) => unencryptedWarning(`sources.${source.name}`, source)),
  ];
  const silent = new Set(unset.map((fault) => fault.path));
  const all = [...unset, ...faults.filter((fault) => !silent.has(fault.path))];
  if (all.length > 0 || !result.success || !destination)
    throw new ConfigError(`The configuration ${path}`, all);
  const file = result.data;
  return {
    path,
    destination,
    sources: sources.map((source) => {
      const writeBack = file.writeBack[source.name];
      return writeBack ? { ...source, writeBack } : source;
    }),
    merge: file.merge as MergeConfig,
    publicUrl: file.publicUrl ?? null,
    allowPrivateAddresses: file.allowPrivateAddresses,
    metadataSchema: file.metadataSchema as Config['metadataSchema'],
    unknownMetadata: file.unknownMetadata ?? null,
    onOrphaned: file.onOrphaned,
    drift: file.drift,
    breaker: file.breaker,
    verify: file.verify ? verifyOf(file.verify, Object.keys(given)) : null,
    triggersPerMinute: file.triggersPerMinute,
    erasure: file.erasure,
    facts: file.facts,
    alarms: file.alarms,
    removedSources: file.removedSources,
    warnings,
  };
}

function verifyOf(
  { schedule, timezone, sample, heal, sources }: NonNullable<z.infer<typeof fileShape>['verify']>,
  names: string[],
): NonNullable<Config['verify']> {
  return {
    schedule,
    timezone,
    sample: sample ?? null,
    heal,
    sources: sources === 'all' ? names : (sources ?? null),
  };
}

/** Sources to be verified must be configured. */
function verifiedSourceFaults(verify: unknown, names: readonly string[]): Fault[] {
  const { sources } = objectOf(verify);
  if (!Array.isArray(sources)) return [];
  return sources.flatMap((name, index) =>
    typeof name !== 'string' || names.includes(name)
      ? []
      : [
          {
            path: `verify.sources[${index}]`,
            found: JSON.stringify(name),
            allowed: `a source of this configuration: ${names.join(', ')}`,
          },
        ],
  );
}

interface Checker {
  connectors: readonly Connector[];
  faults: Fault[];
}

function checkDestination(given: unknown, written: unknown, checker: Checker): Config['destination'] | null {
  const { connector: name, ...own } = objectOf(given);
  const connector = findConnector(
    name,
    'destination',
    (candidate) => candidate.destination !== undefined,
    checker,
  );
  const settings = connector && checkSettings(connector, own, written, 'destination', checker);
  return connector && settings !== undefined ? { connector, settings } : null;
}

/** `given` with its variables filled in, `written` as it stands in the file. Null where it has faults. */
function checkSource(name: string, given: unknown, written: unknown, checker: Checker): SourceConfig | null {
  const path = `sources.${name}`;
  if (name === 'destination')
    checker.faults.push({ path, found: '"destination"', allowed: 'any other name: this one is reserved' });
  const parts = objectOf(given);
  const entries = Object.entries(objectOf(parts['mapping'])).flatMap(([field, entry]) => {
    const { success, data } = mappingEntry.safeParse(entry);
    return success ? [[field, data]] : [];
  });
  for (const fault of mappingFaults(Object.fromEntries(entries) as Mapping)) {
    const entry = objectOf(objectOf(written)['mapping'])[fault.field];
    checker.faults.push({
      path: `${path}.mapping.${fault.field}`,
      found: shown(entry),
      allowed: fault.reason,
    });
  }
  const connector = findConnector(
    parts['connector'],
    path,
    (candidate) => candidate.source !== undefined,
    checker,
  );
  for (const { field, ...fault } of connector ? associationFaults(objectOf(parts['mapping']), connector) : [])
    checker.faults.push({ path: `${path}.mapping.${field}`, ...fault });
  const own = Object.fromEntries(
    Object.entries(parts).filter(([key]) => !Object.hasOwn(sourceShape.shape, key)),
  );
  const settings = connector && checkSettings(connector, own, written, path, checker);
  const { streams = [], streamsFor } = connector?.source ?? {};
  const read = settings === undefined ? streams : (streamsFor?.(settings) ?? streams);
  for (const key of ['schedule', 'fullSchedule'])
    if (connector && parts[key] !== undefined && !read.some(isPulled))
      checker.faults.push({
        path: `${path}.${key}`,
        found: shown(objectOf(written)[key]),
        allowed: streams.some(isPulled)
          ? `no schedule: with these settings ${connector.name} only sends webhooks, so there is nothing to pull`
          : `no schedule: ${connector.name} only sends webhooks, so there is nothing to pull`,
      });
  const { data } = sourceShape.safeParse(given);
  if (!data || !connector?.source || settings === undefined) return null;
  const {
    schedule,
    fullSchedule,
    timezone,
    sourceId,
    mapping,
    filter,
    extraProperties,
    badValues,
    webhook,
    privacyDeletions,
    renamedFrom,
  } = data;
  const { timeUnit, decimal } = connector.source;
  const unit = typeof timeUnit === 'function' ? timeUnit(settings) : timeUnit;
  const key = typeof sourceId === 'string' ? { from: sourceId, policy: 'sticky' as const } : sourceId;
  return {
    name,
    connector,
    settings,
    sourceId: {
      path: key?.from ?? null,
      policy: key?.policy ?? 'sticky',
      ...(key && 'lowerCase' in key && key.lowerCase !== undefined && { lowerCase: key.lowerCase }),
    },
    mapping: (mapping as Mapping | undefined) ?? null,
    filter: (filter as SourceConfig['filter']) ?? null,
    extraProperties,
    badValues: badValues ?? (connector.source.columnsFor ? (mapping ? 'reject' : null) : 'quarantine'),
    locale: localeOver({ unit, decimal }, data.locale),
    phones: data.phones,
    schedule: schedule ?? null,
    fullSchedule: fullSchedule ?? null,
    timezone,
    webhook: webhookLimits(webhook),
    privacyDeletions,
    renamedFrom: renamedFrom ?? null,
  };
}

function webhookLimits({
  charset,
  maxDepth,
  form,
  ...limits
}: z.infer<typeof sourceShape>['webhook']): SourceConfig['webhook'] {
  return {
    ...limits,
    maxBodyBytes: limits.maxBodyBytes ?? null,
    reading: { charset: charset === undefined ? null : knownCharset(charset), maxDepth, form },
  };
}

/** Null where there is none; what is no name at all is for the shape to say. */
function findConnector(
  name: unknown,
  path: string,
  fits: (connector: Connector) => boolean,
  { connectors, faults }: Checker,
): Connector | null {
  if (typeof name !== 'string' || name === '') return null;
  const allowed = connectors.filter(fits);
  const connector = allowed.find((candidate) => candidate.name === name);
  if (!connector)
    faults.push({
      path: `${path}.connector`,
      found: JSON.stringify(name),
      allowed: nameMeant(
        name,
        allowed.map((candidate) => candidate.name),
      ),
    });
  return connector ?? null;
}

function checkSettings(
  connector: Connector,
  own: unknown,
  written: unknown,
  path: string,
  { faults }: Checker,
): unknown {
  const result = connector.settings.safeParse(own);
  const known = (at: readonly PropertyKey[]) => [
    ...keysAt(connector.settings, at),
    // Of a source the engine knows some beside those of its connector.
    ...(at.length === 0 && path !== 'destination' ? Object.keys(sourceShape.shape) : []),
  ];
  if (!result.success) faults.push(...faultsOf(result.error, written, path, known));
  return result.success ? result.data : undefined;
}

/** A vendor that signs the address it calls can only be believed where that address is known. */
function signedAddressWarning(source: SourceConfig | null): string[] {
  const webhook = source?.connector.source?.webhook?.(source.settings);
  if (!source || !webhook?.authentication.some(signsAddress)) return [];
  return [
    `${source.name} signs the URL of its webhooks: set publicUrl to the URL that ${source.connector.name} calls, or its webhooks are refused behind a proxy.`,
  ];
}

/** A host without a dot is a name of the local network, as containers have. */
function unencryptedWarning(
  where: string,
  { connector, settings }: Pick<SourceConfig, 'connector' | 'settings'>,
): string[] {
  const url = URL.parse(connector.api?.(settings).baseUrl ?? '');
  if (url?.protocol !== 'http:' || !url.hostname.includes('.') || isPrivateHost(url.hostname)) return [];
  return [
    `${where} uses ${url.origin}: credentials and customers cross the network unencrypted. Set baseUrl to an https:// URL.`,
  ];
}

function signsAddress(scheme: Scheme): boolean {
  if (scheme.kind === 'all') return scheme.of.some(signsAddress);
  if (scheme.kind !== 'signature') return false;
  return scheme.message.some((part) => part === 'url' || (typeof part === 'object' && 'url' in part));
}
