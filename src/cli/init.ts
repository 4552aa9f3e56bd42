// `tributary init`: from keys to a verified first sync. It writes a configuration and `.env`, and then does what a person would type
// next: check, plan, sync, verify.
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigError } from '../config/faults.ts';
import type { Environment } from '../config.ts';
import { isPulled } from '../connector/source.ts';
import { answer, type Cli } from './cli.ts';
import {
  draftOf,
  type Field,
  fieldsOf,
  hasRegion,
  schemaFile,
  vendorsWithExamples,
  withoutSetting,
  withRegion,
  withValue,
} from './draft.ts';
import { addToEnvFile, quoted } from './env-lines.ts';
import { exitCodes, UsageError } from './errors.ts';
import { answerable, type Questions, questionsOf } from './questions.ts';
import { print } from './terminal.ts';

interface Options {
  vendor?: string[];
  set: [path: string, value: string][];
  region?: string;
  yes?: true;
  sync: boolean;
}

type Config = { [key: string]: unknown };

export function defineInit(command: Command, cli: Cli): void {
  command
    .option('--vendor <name...>', 'the vendors to read; asked for if omitted')
    .option('--set <path=value>', 'a setting, such as sources.hubspot.portalId=123; repeatable', collect, [])
    .option('--region <code>', 'the country of phone numbers without a country code, two letters')
    .option('--yes', 'ask nothing: take keys from the environment, leave out what is optional, and sync')
    .option('--no-sync', 'only write the files and check them')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary init
  $ tributary init --vendor hubspot klaviyo --region PL
  $ HUBSPOT_TOKEN=… VOUCHERIFY_APP_ID=… VOUCHERIFY_APP_TOKEN=… tributary init --vendor hubspot --yes

Keys are stored in .env, which only you can read; variables that are set already are not asked for. Nothing is
overwritten: with a configuration in this folder the command stops. Before the first sync it prints the calls and
minutes of it and asks. The last line says how many customers differ afterwards.`,
    )
    .action(async (options: Options) => {
      cli.exitCode = await init(cli, options);
    });
}

function collect(text: string, before: [string, string][]): [string, string][] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--set ${text}: write PATH=VALUE, such as sources.hubspot.portalId=123.`);
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}

async function init(cli: Cli, options: Options): Promise<number> {
  const folder = cli.deps.folder();
  const { variables } = await cli.deps.readEnvironment();
  const path = configPath(folder, variables);
  const questions = options.yes ? null : questionsOf(cli);
  const vendors = await vendorsOf(options, questions);
  const { config, secrets } = await new Answers({ cli, path, variables, options, questions }).of(vendors);
  const envPath = join(folder, '.env');
  addToEnvFile(envPath, secrets);
  writeFileSync(path, `${JSON.stringify({ $schema: schemaPath(path), ...config }, null, 2)}\n`, {
    flag: 'wx',
  });
  print(cli.terminal, `Wrote ${relative(folder, path)}${secrets.size > 0 ? ' and .env' : ''}.\n`);
  const ended = await firstSync(cli, { vendors, questions, sync: options.sync });
  answer(cli, ended.said, { config: path, env: secrets.size > 0 ? envPath : null, step: ended.step });
  print(cli.terminal, `\n${ended.said}`);
  return ended.exitCode;
}

function configPath(folder: string, variables: Environment['variables']): string {
  const path = resolve(folder, variables['TRIBUTARY_CONFIG'] ?? 'tributary.config.json');
  const taken = [path, join(dirname(path), 'tributary.config.ts')].find((file) => existsSync(file));
  if (taken !== undefined)
    throw new UsageError(`${taken} exists and is not overwritten. Edit it, then run "tributary check".`);
  return path;
}

function schemaPath(path: string): string {
  const from = relative(dirname(path), schemaFile);
  return from.startsWith('.') ? from : `./${from}`;
}

async function vendorsOf({ vendor }: Options, questions: Questions | null): Promise<string[]> {
  const known = vendorsWithExamples();
  const unknown = vendor?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(
      `There is no example for ${unknown}, so its configuration is written by hand: docs/configuration.md. There is one for ${known.join(', ')}.`,
    );
  return (
    vendor ??
    answerable(questions, 'name the vendors with --vendor.').choose(
      'Which vendors hold your customers?',
      known,
    )
  );
}

/** What is written: the configuration, and the secrets by their variables. */
interface Written {
  config: Config;
  secrets: Map<string, string>;
}

interface Answering {
  cli: Cli;
  /** Of the configuration. */
  path: string;
  variables: Environment['variables'];
  options: Options;
  questions: Questions | null;
}

/** Fills in a draft, asking for what neither an option nor the environment says. */
class Answers {
  readonly #answering: Answering;

  constructor(answering: Answering) {
    this.#answering = answering;
  }

  async of(vendors: readonly string[]): Promise<Written> {
    const secrets = new Map<string, string>();
    let config = await this.#withRegion(draftOf(vendors));
    const fields = fieldsOf(config);
    for (const field of fields) config = await this.#filled(config, field, secrets);
    const asked = new Set(fields.map(({ path }) => path));
    for (const [path, value] of this.#answering.options.set)
      if (!asked.has(path)) config = withValue(config, path.split('.'), value);
    await this.#check(config, secrets);
    return { config, secrets };
  }

  async #withRegion(draft: Config): Promise<Config> {
    if (!hasRegion(draft)) return draft;
    const question = 'Country of phone numbers without a country code, two letters (Enter: none)';
    const asked = () => this.#answering.questions?.ask(question, { hidden: false, optional: true }) ?? '';
    const region = this.#answering.options.region ?? (await asked());
    return withRegion(draft, region === '' ? null : region.toUpperCase());
  }

  async #filled(config: Config, field: Field, secrets: Map<string, string>): Promise<Config> {
    const { keys, path, variable } = field;
    const [, given] = this.#answering.options.set.find(([set]) => set === path) ?? [];
    if (given === undefined && variable !== null && this.#answering.variables[variable]) return config;
    const value = given ?? (await this.#asked(config, field));
    if (value === '') return withoutSetting(config, keys);
    if (variable === null) return withValue(config, keys, value);
    if (quoted(value) === undefined)
      throw new UsageError(
        `${path} has every kind of quotation mark, which .env cannot hold: set ${variable} in the environment.`,
      );
    secrets.set(variable, value);
    return config;
  }

  /** Empty: it is left out. */
  async #asked(config: Config, { keys, path, variable, example, means }: Field): Promise<string> {
    const isOptional = await this.#isOptional(config, keys);
    if (this.#answering.questions === null) {
      if (isOptional) return '';
      const how = variable === null ? `--set ${path}=…` : `${variable} in the environment`;
      throw new UsageError(`No value for ${path}: set ${how}. ${means}`);
    }
    return this.#answering.questions.ask(`${path}${isOptional ? ' (Enter: none)' : ''}: ${means}`, {
      hidden: variable !== null,
      optional: isOptional,
      ...(variable === null && { example }),
    });
  }

  /** Whether the rest is a configuration without it. */
  async #isOptional(config: Config, keys: readonly string[]): Promise<boolean> {
    const path = keys.join('.');
    try {
      await this.#check(withoutSetting(config, keys), null);
      return true;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // Faults of other settings, which are not answered yet, say nothing of this one.
      const party = keys.slice(0, keys[0] === 'sources' ? 2 : 1).join('.');
      return !error.faults.some((fault) => fault.path === party || path.startsWith(fault.path));
    }
  }

  /** Throws ConfigError. `secrets`: null stands for any value of each variable. */
  async #check(config: Config, secrets: ReadonlyMap<string, string> | null): Promise<void> {
    const variables = secrets
      ? { ...this.#answering.variables, ...Object.fromEntries(secrets) }
      : new Proxy({}, { get: () => 'anything' });
    await this.#answering.cli.deps.checkConfig(this.#answering.path, config, variables);
  }
}

/** How far it came: `step` names the last command that ran. */
interface Ended {
  step: 'check' | 'plan' | 'sync' | 'verify';
  exitCode: number;
  said: string;
}

async function firstSync(
  cli: Cli,
  { vendors, questions, sync }: { vendors: readonly string[]; questions: Questions | null; sync: boolean },
): Promise<Ended> {
  const ended = (step: Ended['step'], exitCode: number, said: string) => ({ step, exitCode, said });
  const checked = await cli.run(['check']);
  if (checked !== exitCodes.success)
    return ended(
      'check',
      checked,
      'Correct .env or the configuration, and run "tributary check" again. Once it succeeds, "tributary sync" and "tributary verify" do the rest.',
    );
  const { config } = await cli.deps.configured();
  const pulled = config!.sources.some(({ connector }) => connector.source?.streams.some(isPulled));
  if (!pulled) {
    const next = vendors.map((name) => `"tributary webhooks setup ${name}"`).join(', ');
    const said = `Nothing is pulled: the vendor pushes. ${next} says how to set it up; then run "tributary start".`;
    return ended('check', checked, said);
  }
  const later = '"tributary start" syncs on schedule, "tributary sync" once.';
  if (!sync) return ended('check', checked, later);
  print(cli.terminal, '');
  const planned = await cli.run(['plan']);
  if (planned !== exitCodes.success) return ended('plan', planned, `Nothing was synced. ${later}`);
  if (questions && !(await questions.confirm('Sync now?'))) return ended('plan', planned, later);
  const synced = await cli.run(['sync']);
  if (synced !== exitCodes.success)
    return ended('sync', synced, 'The first sync is not complete: "tributary problems" lists what is left.');
  const verified = await cli.run(['verify']);
  if (verified !== exitCodes.success)
    return ended(
      'verify',
      verified,
      'The verification above found differences: "tributary verify --heal" sends them again.',
    );
  const said =
    '0 differences: Voucherify holds every customer as it was sent. "tributary start" keeps it so.';
  return ended('verify', verified, said);
}
