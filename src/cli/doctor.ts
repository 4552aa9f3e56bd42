// `tributary doctor`: everything that `check` tries, and the machine and environment around it, as a list of findings, each
// with what to do.
import type { Command } from 'commander';
import { apiEnds } from '../app/api-ends.ts';
import { ConfigError } from '../config/faults.ts';
import type { Config, Environment } from '../config.ts';
import { counted } from '../words.ts';
import { checkAll, type Found, openForCheck } from './checks.ts';
import { answer, type Cli } from './cli.ts';
import { announcedServer } from './data-folder.ts';
import type { App } from './deps.ts';
import { exitCodes } from './errors.ts';
import { type Finding, type FindingState, fine, machineFindings } from './machine.ts';
import { hasSandbox } from './sandbox.ts';
import { print, table } from './terminal.ts';

const askMs = 5_000;
/** Webhooks are refused when the clocks differ by minutes, and tokens expire early or late. */
const maxSkewMs = 30_000;

export function defineDoctor(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'after',
      `
Examples:
  $ tributary doctor
  $ tributary doctor --json

It writes nothing to any vendor. What has to wait for another answer first is "unknown".

Exit code 0: there is no problem; there may be warnings. 1: there is a problem. 2: the configuration has faults.`,
    )
    .action(async () => {
      const { findings, hasFaults } = await examine(cli);
      const problems = findings.filter(({ state }) => state === 'problem').length;
      const said = summaryOf(findings);
      cli.exitCode = hasFaults ? exitCodes.usage : problems > 0 ? exitCodes.failed : exitCodes.success;
      if (cli.json) return answer(cli, said, findings);
      const rows = findings.map(({ area, state, found, todo }) => [
        words[state],
        area,
        [ended(found), ...(todo === null ? [] : [todo])].join(' '),
      ]);
      print(cli.terminal, `${table(['STATE', 'WHERE', 'FOUND, AND WHAT TO DO'], rows)}\n\n${said}`);
    });
}

/** With its full stop. */
function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

const words: { readonly [state in FindingState]: string } = {
  ok: 'ok',
  warning: 'WARNING',
  problem: 'PROBLEM',
  unknown: 'unknown',
};

function summaryOf(findings: readonly Finding[]): string {
  const count = (state: FindingState) => findings.filter((finding) => finding.state === state).length;
  return `${counted(count('problem'), 'problem')}, ${counted(count('warning'), 'warning')}, ${count('ok')} ok, ${count('unknown')} unknown.`;
}

async function examine(cli: Cli): Promise<{ findings: Finding[]; hasFaults: boolean }> {
  let environment: Environment;
  let config: Config | null;
  try {
    ({ environment, config } = await cli.deps.configured());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const machine = await cli.deps.readEnvironment().then(
      (readable) => machineFindings(readable, cli.deps.folder()),
      () => [],
    );
    return { findings: [...machine, ...faultFindings(error)], hasFaults: true };
  }
  const machine = await machineFindings(environment, cli.deps.folder());
  if (config === null) return { findings: [...machine, noConfiguration()], hasFaults: false };
  return { findings: [...machine, ...(await appFindings(cli, environment, config))], hasFaults: false };
}

const noConfiguration = (): Finding => ({
  area: 'configuration',
  state: 'warning',
  found: hasSandbox() ? 'There is none: "tributary start" runs the sandbox.' : 'There is none.',
  todo: 'Run "tributary init", or name a configuration with --config or TRIBUTARY_CONFIG.',
});

function faultFindings({ faults }: ConfigError): Finding[] {
  return faults.map(({ path, place, found, allowed }) => ({
    area: 'configuration',
    state: 'problem',
    found: `${path}${place ? `, line ${place.line}, column ${place.column}` : ''}: ${found}.`,
    todo: `Allowed: ${allowed}${allowed.endsWith('?') ? '' : '.'}`,
  }));
}

/** Credentials are tried even if the database does not answer. */
async function appFindings(cli: Cli, environment: Environment, config: Config): Promise<Finding[]> {
  const configured = fine('configuration', `${config.path} has no faults.`);
  if (environment.databaseUrl === undefined) return [configured, ...(await accountFindings(cli, config))];
  try {
    return [configured, ...(await accountFindings(cli, config))];
  } catch (error) {
    if ((error as Error).name !== 'DatabaseError') throw error;
    const todo = 'Correct DATABASE_URL, or start the server that it names.';
    const database: Finding = { area: 'database', state: 'problem', found: (error as Error).message, todo };
    const { deps } = cli;
    const readEnvironment: typeof deps.readEnvironment = async (given) => ({
      ...(await deps.readEnvironment(given)),
      databaseUrl: undefined,
    });
    const without = { ...cli, deps: { ...deps, readEnvironment } };
    return [configured, database, ...(await accountFindings(without, config))];
  }
}

/** Throws DatabaseError. */
async function accountFindings(cli: Cli, config: Config): Promise<Finding[]> {
  const app = await openForCheck(cli);
  const { databaseUrl } = await cli.deps.readEnvironment();
  const current = 'PostgreSQL answers and has every migration.';
  try {
    const found = await checkAll(cli, app);
    const ends = apiEnds(config, cli.clock.now());
    const known = new Set(ends.map(({ note }) => note));
    const warning = (area: string, sentence: string, todo: string | null): Finding => ({
      area,
      state: 'warning',
      found: sentence,
      todo,
    });
    return [
      ...(databaseUrl === undefined ? [] : [fine('database', app.unmigrated ?? current)]),
      ...permissionFindings(found),
      ...clockFindings(app),
      ...webhookFindings(found),
      ...(await reachFindings(await cli.deps.readEnvironment(), config, found)),
      ...(ends.length === 0
        ? [fine('api versions', 'No version of an API in use ends within 90 days.')]
        : ends.map(({ name, note }) => warning(name, note, upgrade))),
      ...found.warnings
        .filter((sentence) => !known.has(sentence))
        .map((sentence) => warning('configuration', sentence, null)),
    ];
  } finally {
    await app.close();
  }
}

const upgrade = 'Update Tributary before that day.';

/** Of each part what is refused and what was not tried, and how much is granted. */
function permissionFindings({ checks }: Found): Finding[] {
  return checks.flatMap(({ name, connector, permissions }) => {
    const granted = permissions.filter(({ allowed }) => allowed === true);
    const others = permissions.filter(({ allowed }) => allowed !== true);
    return [
      ...(granted.length > 0
        ? [fine(name, `${connector} allows: ${granted.map(({ what }) => what).join(', ')}.`)]
        : []),
      ...others.map(({ what, allowed, note }) => ({
        area: name,
        state: allowed === false ? ('problem' as const) : ('unknown' as const),
        found: `${what}: ${note}`,
        todo:
          allowed === false ? `Correct ${settingOf(name)} or what the vendor allows its credentials.` : null,
      })),
    ];
  });
}

function settingOf(name: string): string {
  return name === 'destination' ? name : `sources.${name}`;
}

/** What the vendors' `Date` headers say of this machine's clock. */
function clockFindings({ tributary }: App): Finding[] {
  const told = [...tributary.endpoints].flatMap(([name, { clockAhead }]) =>
    clockAhead === null ? [] : [{ name, ...clockAhead }],
  );
  if (told.length === 0)
    return [{ area: 'clock', state: 'unknown', found: 'No vendor has told the time.', todo: null }];
  const off = told.filter(({ least, most }) => least > maxSkewMs || most < -maxSkewMs);
  if (off.length === 0)
    return [fine('clock', `It agrees with ${told.map(({ name }) => name).join(', ')} to half a minute.`)];
  return off.map(({ name, least, most }) => ({
    area: 'clock',
    state: 'problem',
    found: `This machine's clock is ${Math.round(Math.abs(least > 0 ? least : most) / 1000)} seconds ${least > 0 ? 'behind' : 'ahead of'} that of ${name}.`,
    todo: 'Set it by a time server (timedatectl set-ntp true): signatures of webhooks and tokens depend on it.',
  }));
}

function webhookFindings({ webhooks }: Found): Finding[] {
  return webhooks.map(({ name, url, missing }) =>
    missing === null
      ? fine(name, `Webhooks are accepted at ${url}.`)
      : {
          area: name,
          state: 'warning',
          found: `Webhooks are refused: ${missing}`,
          todo: `"tributary webhooks setup ${name}" says how to set them up.`,
        },
  );
}

/** Whether the address that vendors are given leads to the server that runs. */
async function reachFindings(
  { dataDir, host, port }: Environment,
  { publicUrl }: Config,
  { webhooks }: Found,
): Promise<Finding[]> {
  const area = 'public address';
  if (webhooks.length === 0 || publicUrl === null) return [];
  if (announcedServer(dataDir) === null) {
    const found = `${publicUrl} was not tried: no server runs on this machine.`;
    return [{ area, state: 'unknown', found, todo: 'Run "tributary start", and "tributary doctor" again.' }];
  }
  const fault = await healthFault(`${publicUrl.replace(/\/+$/, '')}/healthz`);
  if (fault === null) return [fine(area, `${publicUrl} leads to the server.`)];
  const todo = `Have the proxy pass /webhooks and /healthz on to ${host}:${port}, or correct publicUrl.`;
  return [{ area, state: 'problem', found: `${publicUrl} does not lead to the server: ${fault}.`, todo }];
}

async function healthFault(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(askMs), redirect: 'manual' });
    const { status } = (await response.json().catch(() => ({}))) as { status?: unknown };
    return response.ok && status === 'live' ? null : `it answers ${response.status}, not as Tributary does`;
  } catch (error) {
    const { cause, message } = error as { cause?: { code?: string }; message: string };
    return cause?.code ?? message;
  }
}
