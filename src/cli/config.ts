// `tributary config`: the configuration in force, what a setting means, and the schema of all of them.
import type { Command } from 'commander';
import { withoutSecrets } from '../config/faults.ts';
import { hasReference } from '../config/references.ts';
import type { Config, Environment } from '../config.ts';
import type { SourceConfig } from '../sync/intake/source.ts';
import { counted } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { UsageError } from './errors.ts';
import { allowedWords, keysBelow, readSchema, type Schema, settingAt } from './settings-schema.ts';
import { print, table, wrapped } from './terminal.ts';

export function defineConfigShow(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'after',
      `
Examples:
  $ tributary config show
  $ tributary config show --config staging.config.json --json

References such as \${env:HUBSPOT_TOKEN} are shown as they are written. A server that was started before the file was changed
works by the file as it was.`,
    )
    .action(async () => {
      const { environment, config } = await requireConfig(cli);
      const { content } = await cli.deps.readConfigFile(config.path);
      const inForce = withReferences(withoutSecrets(asFile(config)), content);
      const variables = environmentOf(environment);
      const said = `${config.path}: ${counted(config.sources.length, 'source')}.`;
      if (cli.json) return answer(cli, said, { path: config.path, environment: variables, config: inForce });
      const rows = Object.entries(variables).map(([name, value]) => [name, value ?? 'not set']);
      print(cli.terminal, `${table(['ENVIRONMENT', 'VALUE'], rows)}\n\n${config.path}:`);
      print(cli.terminal, JSON.stringify(inForce, null, 2));
    });
}

async function requireConfig(cli: Cli): Promise<{ environment: Environment; config: Config }> {
  const { environment, config } = await cli.deps.configured();
  if (config === null)
    throw new UsageError(
      'There is no configuration: this folder has no tributary.config.json, and neither --config nor TRIBUTARY_CONFIG is set.',
    );
  return { environment, config };
}

/** In the form of a file, with every default. */
function asFile({ path: _path, warnings: _warnings, destination, sources, ...rest }: Config): object {
  const named = ({ name, connector, settings, ...common }: SourceConfig) =>
    [name, { connector: connector.name, ...(settings as object), ...common }] as const;
  return {
    destination: { connector: destination.connector.name, ...(destination.settings as object) },
    sources: Object.fromEntries(sources.map(named)),
    ...rest,
  };
}

/** What was written as a reference is shown as one: its value may be a secret by any name. */
function withReferences(value: unknown, written: unknown): unknown {
  if (typeof written === 'string' && hasReference(written)) return written;
  if (typeof value !== 'object' || value === null || typeof written !== 'object' || written === null)
    return value;
  const parts = written as { [key: string]: unknown };
  if (Array.isArray(value)) return value.map((item, index) => withReferences(item, parts[index]));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withReferences(item, parts[key])]),
  );
}

const secretWords = (isSet: boolean) => (isSet ? 'set, not shown' : null);

function environmentOf(environment: Environment): { [name: string]: string | null } {
  const { variables } = environment;
  return {
    DATABASE_URL: secretWords(environment.databaseUrl !== undefined),
    HOST: environment.host,
    PORT: String(environment.port),
    TRIBUTARY_DATA_DIR: environment.dataDir,
    LOG_LEVEL: environment.logLevel,
    TRIBUTARY_URL: variables['TRIBUTARY_URL'] ?? null,
    TRIBUTARY_API_TOKEN: secretWords(environment.apiToken !== undefined),
    TRIBUTARY_SECRET_KEY: secretWords(environment.secretKey !== undefined),
  };
}

export function defineConfigExplain(command: Command, cli: Cli): void {
  command
    .argument('[setting]', 'the path of a setting, such as sources.crm.schedule; default: all that there are')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary config explain
  $ tributary config explain breaker.deleted
  $ tributary config explain sources.hubspot.accessToken

In place of a source that is not configured, the name of a connector can be given.`,
    )
    .action(async (path: string | undefined) => {
      const root = readSchema();
      const written = await writtenConfig(cli);
      const explained = explain(root, path ?? '', written);
      if (cli.json) answer(cli, explained.description || `${path}: ${explained.allowed}.`, explained);
      else print(cli.terminal, explainedText(explained, cli.terminal.columns));
    });
}

interface Written {
  content: { [key: string]: unknown };
  /** ` (tributary.config.json, line 3, column 5)`; empty where it is not known. */
  placeOf(path: string): string;
}

/** As the file has it, whatever its faults; empty where there is none. */
async function writtenConfig(cli: Cli): Promise<Written> {
  const { configPath } = await cli.deps.readEnvironment();
  if (configPath === null) return { content: {}, placeOf: () => '' };
  const { content, placeOf } = await cli.deps.readConfigFile(configPath);
  const placeText = (path: string) => {
    const place = placeOf(path);
    return place ? `${configPath}, line ${place.line}, column ${place.column}` : configPath;
  };
  return { content: (content ?? {}) as Written['content'], placeOf: placeText };
}

interface Explained {
  path: string;
  description: string;
  allowed: string;
  required: boolean;
  default?: unknown;
  /** As written, without secrets; absent where it is not set. */
  value?: unknown;
  /** Where the value is set. */
  place: string | null;
  keys: { key: string; description: string }[];
}

function explain(root: Schema, path: string, { content, placeOf }: Written): Explained {
  const { schema, isRequired } =
    path === ''
      ? { schema: root, isRequired: true }
      : settingAt(root, path, (name) => connectorIn(content, name));
  const value = path === '' ? undefined : valueAt(withoutSecrets(content), content, path);
  return {
    path,
    description: schema.description ?? '',
    allowed: allowedWords(root, schema),
    required: isRequired,
    ...(schema.default !== undefined && { default: schema.default }),
    ...(value !== undefined && { value }),
    place: value === undefined ? null : placeOf(path),
    keys: keysBelow(root, schema),
  };
}

/** The connector that the configuration gives a source; else a connector of that name. */
function connectorIn(content: Written['content'], name: string): string {
  const part = (name === 'destination' ? content : (content['sources'] as Written['content'] | undefined))?.[
    name
  ];
  const { connector } = (part ?? {}) as { connector?: unknown };
  if (typeof connector === 'string') return connector;
  return name === 'destination' ? 'voucherify' : name;
}

function valueAt(masked: unknown, content: unknown, path: string): unknown {
  const step = (at: unknown, key: string) =>
    (at as { [key: string]: unknown } | undefined | null)?.[key.replace(/[[\]]/g, '')];
  const keys = path.split('.').flatMap((key) => key.split(/(?=\[)/));
  const written = keys.reduce(step, content);
  return typeof written === 'string' && hasReference(written) ? written : keys.reduce(step, masked);
}

function explainedText(explained: Explained, columns: number): string {
  const { path, description, allowed, required, value, place, keys } = explained;
  const say = (text: string) => wrapped(text, Math.max(columns, 40));
  const rows = keys.map(({ key, description: means }) => [key, firstSentence(means)]);
  const below = rows.length === 0 ? [] : ['', table(['SETTING', 'MEANS'], rows)];
  if (path === '') return below.slice(1).join('\n');
  return [
    path,
    ...(description === '' ? [] : [say(description)]),
    say(`Allowed: ${allowed}.${required ? ' It is required.' : ''}`),
    ...('default' in explained ? [`Default: ${JSON.stringify(explained.default)}`] : []),
    value === undefined ? 'It is not set.' : `Set to ${JSON.stringify(value)} (${place}).`,
    ...below,
  ].join('\n');
}

function firstSentence(text: string): string {
  return /^.*?[.:](?= |$)/.exec(text)?.[0].replace(/:$/, '.') ?? text;
}

export function defineConfigSchema(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'after',
      `
Examples:
  $ tributary config schema > tributary.schema.json

An editor that is given it by "$schema" completes and checks the configuration.`,
    )
    .action(() => {
      const schema = readSchema();
      if (cli.json) answer(cli, 'The JSON schema of the configuration.', schema);
      else print(cli.terminal, JSON.stringify(schema, null, 2));
    });
}
