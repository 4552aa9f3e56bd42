// `tributary start`: serves the API and the page and keeps everything in step until it is told to stop. Where nothing is
// configured it runs the sandbox.

import type { Writable } from 'node:stream';
import { type Command, Option } from 'commander';
import type { Config, Environment } from '../config.ts';
import type { Sandbox } from '../contract/sandbox.ts';
import { statusShape } from '../contract/status.ts';
import { isUnavailable, unavailableReason } from '../db/availability.ts';
import { createLog, type Log } from '../engine/log/log.ts';
import { RecentLines } from '../engine/log/recent-lines.ts';
import { number } from '../words.ts';
import type { Cli } from './cli.ts';
import { Client, inProcess } from './client.ts';
import { type ApiToken, announceServer, apiToken, removeServer } from './data-folder.ts';
import type { App } from './deps.ts';
import { exitCodes, UsageError } from './errors.ts';
import { figuresOf, figuresSentence } from './figures.ts';
import { firstLoadSentence, writeBackForecastSentences } from './forecasts.ts';
import { openHere } from './reach.ts';
import {
  hasSandbox,
  howToConfigure,
  portFor,
  requireSandbox,
  sandboxFolder,
  startSandbox,
} from './sandbox.ts';
import { SandboxControl } from './sandbox-control.ts';
import { SandboxWorker } from './sandbox-worker.ts';
import { listenForStop } from './signals.ts';
import { print, printError, table } from './terminal.ts';

const drainMs = 10_000;

/** Who could not join again tries once more after so long. */
const rejoinMs = 2_000;

/** The first figures come soon, the others now and then: more often to a person than to a log. */
const figuresMs = { first: 3_000, person: 15_000, log: 60_000 };

/** A forecast of the first load is waited for so long. */
const firstLoadsMs = 10_000;

export function defineStart(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'after',
      `
Examples:
  $ tributary start                                   the sandbox, or ./tributary.config.(ts|json)
  $ PORT=8080 tributary start --config /etc/tributary.json
  $ DATABASE_URL=postgres://… tributary start         one of several workers on one database

--json logs JSON lines, which is the default without a terminal. On SIGINT or SIGTERM, running work is finished or suspended
within ${drainMs / 1000} seconds. A second signal stops the process immediately.`,
    )
    .action(() => serve(cli, { sandbox: false, vendors: null }));
}

export function defineSandbox(command: Command, cli: Cli): void {
  command
    .option('--people <n>', 'contacts in a new sandbox, at most 100000. Default: 3000')
    .addOption(new Option('--vendors <url>', 'the vendors that run already').hideHelp())
    .addHelpText(
      'after',
      `
Examples:
  $ tributary sandbox start
  $ PORT=8080 tributary sandbox start
  $ tributary sandbox start --people 50000

It keeps its own embedded database in the data folder and reads neither the configuration nor DATABASE_URL. --json logs JSON
lines.`,
    )
    .action(({ vendors, people }: { vendors?: string; people?: string }) => {
      if (people !== undefined && (!/^[1-9]\d{0,5}$/.test(people) || Number(people) > 100_000))
        throw new UsageError(`--people is a number from 1 to 100000, not ${people}.`);
      return serve(cli, {
        sandbox: true,
        vendors: vendors ?? null,
        ...(people !== undefined && { people: Number(people) }),
      });
    });
}

interface Asked {
  sandbox: boolean;
  /** Where the vendors of the sandbox are told what to do, whose worker this process is. Null: it is none. */
  vendors: string | null;
  /** Contacts in a new sandbox. */
  people?: number;
}

async function serve(cli: Cli, asked: Asked): Promise<void> {
  const out = cli.json ? cli.lines() : cli.terminal.out;
  const stop = listenForStop(cli.clock, () => {
    printError(cli.terminal, 'Stopped immediately. Unfinished work continues at the next start.');
    process.exit(exitCodes.failed);
  });
  try {
    cli.exitCode = await serveUntil(cli, stop.signal, { ...asked, out });
  } finally {
    stop.release();
  }
}

/** What is configured, or the sandbox. */
interface Rules {
  config: Config;
  /** Null: the vendors are real. */
  sandbox: SandboxControl | null;
  /** What a person should know first. */
  introduction: string[];
  databaseUrl: string | undefined;
  directory: string;
}

async function serveUntil(
  cli: Cli,
  stop: AbortSignal,
  { sandbox, vendors, out, ...asked }: Asked & { out: Writable },
): Promise<number> {
  const { environment, config } = sandbox
    ? { environment: await cli.deps.readEnvironment(), config: null }
    : await cli.deps.configured();
  if (sandbox) requireSandbox();
  if (config === null && !sandbox) refuseSandboxByAccident(environment);
  if (config === null && vendors === null) return runSandbox(cli, environment, { ...asked, stop });
  const control = vendors === null ? null : new SandboxControl(vendors);
  // Who runs the sandbox wants to see it, wherever its output goes.
  const isForPerson = (cli.terminal.outIsTerminal || control !== null) && !cli.json;
  const recentLines = new RecentLines(cli.clock);
  const log = createLog({
    level: environment.logLevel,
    pretty: isForPerson && ((cli.terminal.outIsTerminal && cli.terminal.colors) || 'plain'),
    write: (line) => void out.write(line),
    keep: recentLines.keep,
  });
  /** On a terminal as it is, else a line of the log: whoever reads JSON reads nothing else. */
  const say = (sentence: string) =>
    isForPerson ? print(cli.terminal, sentence) : sentence && log.info(sentence);
  const serving = { cli, environment, config, control, log, recentLines, say, isForPerson };
  const address = await control?.config();
  const port = address ? Number(new URL(address.publicUrl).port) : environment.port;
  let round: Round = { port, ended: 'evicted' };
  for (let rounds = 0; round.ended === 'evicted'; rounds += 1)
    round = await serveRound(serving, round, rounds, stop);
  log.writeCounted();
  say(
    round.ended === 'in time'
      ? 'Stopped.'
      : `Stopped after ${drainMs / 1000} seconds with work unfinished. The next start continues from there.`,
  );
  return round.ended === 'in time' ? exitCodes.success : exitCodes.failed;
}

interface Serving {
  cli: Cli;
  environment: Environment;
  /** Null in the sandbox. */
  config: Config | null;
  /** The vendors of the sandbox. */
  control: SandboxControl | null;
  log: Log;
  recentLines: RecentLines;
  say(sentence: string): void;
  isForPerson: boolean;
}

/** evicted: the other workers took this one for dead, so that it joins again, as a new one, at the same port. */
interface Round {
  port: number;
  ended: 'evicted' | 'in time' | 'late';
}

/** Serves until it is told to stop, or has to join again. */
async function serveRound(
  { cli, environment, config, control, log, recentLines, say, isForPerson }: Serving,
  { port }: Round,
  rounds: number,
  stop: AbortSignal,
): Promise<Round> {
  const closers: (() => Promise<void> | void)[] = [];
  const evicted = new AbortController();
  let at = port;
  let isOpen = false;
  let inTime = false;
  try {
    const rules = await rulesOf(cli, environment, config ?? control!);
    const token = apiToken(environment.dataDir, environment.apiToken);
    const { settings: traces, warning } = environment.tracing;
    if (warning !== null && rounds === 0) log.warn(warning);
    const app = await openHere(cli, environment, { ...rules, log, recentLines, traces, token: token.token });
    closers.unshift(app.close);
    isOpen = true;
    const server = await cli.deps.serve(app.api, { host: environment.host, port, log });
    closers.unshift(server.close);
    at = Number(new URL(server.url).port) || port;
    announceServer(environment.dataDir, { url: server.url, pid: process.pid });
    closers.unshift(() => removeServer(environment.dataDir, process.pid));
    const whole = { environment, rules, server, token, app };
    if (rounds === 0)
      for (const line of [...rules.introduction, ...whereabouts(whole, cli.terminal.outIsTerminal)])
        say(line);
    app.tributary.onEvicted = () => evicted.abort();
    if (rounds === 0 && config !== null) await tellFirstLoads(cli, app, { say, log, stop });
    await app.tributary.start();
    const running = AbortSignal.any([stop, evicted.signal]);
    const over = new AbortController();
    const alarming = app.alarm(AbortSignal.any([running, over.signal]));
    closers.unshift(() => {
      over.abort();
      return alarming;
    });
    await tellFigures(cli, app, { stop: running, log, isForPerson });
    if (!evicted.signal.aborted) say('Stopping: running work is finished or suspended.');
  } catch (error) {
    // A worker that has reached the database once comes back: the database may be gone for a while.
    if ((rounds === 0 && !isOpen) || stop.aborted || !isUnavailable(error)) throw error;
    log.warn(`this worker cannot start yet: database: ${unavailableReason(error)}`);
    await cli.clock.sleep(rejoinMs, stop);
    evicted.abort();
  } finally {
    inTime = await closeAll(cli, closers, log);
  }
  // What is not closed in time may still work: a supervisor starts a new process.
  if (!inTime) return { port: at, ended: 'late' };
  return { port: at, ended: evicted.signal.aborted && !stop.aborted ? 'evicted' : 'in time' };
}

/** What a first load of a real account will take, before it begins; a vendor that does not answer keeps nobody waiting. */
async function tellFirstLoads(
  { clock }: Cli,
  { tributary }: App,
  { say, log, stop }: Pick<Serving, 'say' | 'log'> & { stop: AbortSignal },
): Promise<void> {
  const over = new AbortController();
  const tell = async () => {
    for (const forecast of await tributary.firstLoads())
      if (!over.signal.aborted) say(firstLoadSentence(forecast));
    const writeBack = await tributary.planWriteBacks();
    const isNews = writeBack?.reading.first || writeBack?.vendors.some(({ pending }) => pending > 0);
    for (const sentence of writeBack && isNews ? writeBackForecastSentences(writeBack) : [])
      if (!over.signal.aborted) say(sentence);
  };
  const told = tell().then(
    () => {},
    (error: unknown) =>
      log.info({ reason: (error as Error).message }, 'the forecast of the first load failed'),
  );
  await Promise.race([told, clock.sleep(firstLoadsMs, AbortSignal.any([stop, over.signal]))]);
  over.abort();
}

/** A server with a database and no configuration is one whose configuration was not found. So is one without a sandbox. */
function refuseSandboxByAccident({ databaseUrl }: Environment): void {
  if (databaseUrl === undefined && hasSandbox()) return;
  const found = databaseUrl === undefined ? 'There' : 'DATABASE_URL is set, but there';
  const simulation = hasSandbox()
    ? ' "tributary sandbox" runs the simulation, which does not use that database.'
    : '';
  throw new UsageError(
    `${found} is no configuration: the working directory has no tributary.config.json, and TRIBUTARY_CONFIG is not set.${simulation}\n\n${howToConfigure}`,
  );
}

async function rulesOf(
  cli: Cli,
  { dataDir, databaseUrl }: Environment,
  from: Config | SandboxControl,
): Promise<Rules> {
  if (!(from instanceof SandboxControl)) {
    const introduction = from.warnings.map((warning) => `Warning: ${warning}`);
    return { config: from, sandbox: null, introduction, databaseUrl, directory: dataDir };
  }
  const config = await cli.deps.checkConfig('the sandbox', await from.config());
  // Simulated customers have no place in a real database.
  return {
    config,
    sandbox: from,
    introduction: [],
    databaseUrl: undefined,
    directory: sandboxFolder(dataDir),
  };
}

/** Runs the vendors here, and beside them a worker in a process of its own. */
async function runSandbox(
  cli: Cli,
  environment: Environment,
  { stop, ...asked }: Pick<Asked, 'people'> & { stop: AbortSignal },
): Promise<number> {
  const directory = sandboxFolder(environment.dataDir);
  const address = `http://127.0.0.1:${await portFor(environment.port)}`;
  const worker = new SandboxWorker(cli.clock);
  const sandbox = await startSandbox({ directory, address, kill: () => worker.kill(), ...asked });
  const tell = (sentence: string) => {
    if (!cli.json) print(cli.terminal, sentence);
  };
  try {
    for (const line of sandboxIntroduction(sandbox.vendors(), directory)) tell(line);
    const json = cli.json ? ['--json'] : [];
    return await worker.run(['sandbox', 'start', '--vendors', sandbox.control, ...json], stop, () =>
      tell('The worker was killed. It is started again in a second, as a supervisor would do it.'),
    );
  } finally {
    await sandbox.close();
  }
}

function sandboxIntroduction(vendors: Sandbox['vendors'], directory: string): string[] {
  const rows = vendors.map(({ name, says, people, noun }) => [
    `  ${name}`,
    people === 0 ? '' : `${number(people)} ${noun}`,
    says,
  ]);
  return [
    'Nothing is configured, so this is the sandbox: simulated vendors on this machine. No real account is read or written.',
    '',
    table(['  VENDOR', 'PEOPLE', ''], rows),
    '',
    'Break it:          the page Sandbox, or "tributary sandbox break"',
    'Your own accounts: "tributary init" asks for the vendors and their keys',
    `Begin anew:        stop it and delete ${directory}`,
    '',
  ];
}

/**
 * Where everything is. A token is shown once, when it is made, and a link that opens the page only to a person at a
 * terminal: what is written elsewhere is a log, which others read.
 */
function whereabouts(
  at: {
    environment: Environment;
    rules: Rules;
    server: { url: string };
    token: ApiToken;
    app: App;
  },
  isTerminal: boolean,
): string[] {
  const { environment, rules, server, token, app } = at;
  const page =
    token.origin === 'file' && isTerminal
      ? `${server.url}/login?key=${app.issueLoginCode()} (this link opens it once, within ten minutes)`
      : server.url;
  const kept = token.origin === 'file' ? `kept in ${token.path}` : 'that of TRIBUTARY_API_TOKEN';
  return [
    `Status page: ${page}`,
    `API:         ${server.url}/api, described at ${server.url}/openapi.json`,
    `API token:   ${token.created && isTerminal ? `${token.token}, shown this once and ${kept}` : kept}`,
    // Who tries the sandbox has no need of these.
    ...(rules.sandbox === null ? placesOf(environment, rules, app) : []),
  ];
}

function placesOf(environment: Environment, rules: Rules, app: App): string[] {
  return [
    `Log:         here, level ${environment.logLevel} (LOG_LEVEL)`,
    `Database:    ${app.database.kind === 'postgres' ? 'PostgreSQL, of DATABASE_URL' : `embedded, in ${rules.directory}/database`}`,
  ];
}

/** Until the word to stop, a line now and then where something moved. */
async function tellFigures(
  cli: Cli,
  app: App,
  { stop, log, isForPerson }: { stop: AbortSignal; log: Log; isForPerson: boolean },
): Promise<void> {
  const client = new Client({ whom: 'Tributary', transport: inProcess(app.api), token: app.token });
  let last = '';
  let isFailing = false;
  for (let waitMs = figuresMs.first; !stop.aborted; waitMs = isForPerson ? figuresMs.person : figuresMs.log) {
    await cli.clock.sleep(waitMs, stop);
    if (stop.aborted) return;
    try {
      const status = await client.send(statusShape, 'get', '/api/status');
      isFailing = false;
      const sentence = figuresSentence(status);
      if (sentence === last) continue;
      last = sentence;
      if (isForPerson) log.info(sentence);
      else log.info(figuresOf(status), 'figures');
    } catch (error) {
      if (!isFailing) log.warn({ reason: (error as Error).message }, 'the status figures could not be read');
      isFailing = true;
    }
  }
}

/** In order, each whatever became of the one before. False where they took too long. */
async function closeAll(
  { clock }: Cli,
  closers: readonly (() => Promise<void> | void)[],
  log: Log,
): Promise<boolean> {
  const done = new AbortController();
  let inTime = false;
  const closing = async () => {
    for (const close of closers) {
      try {
        await close();
      } catch (error) {
        log.error({ err: error }, 'the shutdown was not clean');
      }
    }
    inTime = true;
    done.abort();
  };
  await Promise.race([closing(), clock.sleep(drainMs, done.signal)]);
  return inTime;
}
