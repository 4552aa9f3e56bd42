// The commands of the documentation, run against a sandbox as somebody would who reads the pages: those of blocks and of the text as they
// stand there, those of the tables with and without each of their options. What cannot be run is listed here, with the reason.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../simulators/sandbox.ts';
import { portFor } from '../src/cli/sandbox.ts';
import { copyEmbedded } from './support/embedded-template.ts';
import { quickStart } from './support/quick-start.ts';
import { runCommand } from './support/run-command.ts';
import {
  documentationPages,
  givenTo,
  type ShownLine,
  shownInTables,
  shownInText,
  shownLines,
  wordsOf,
} from './support/shown-commands.ts';

const root = resolve(import.meta.dirname, '..');
const people = 12;
const token = 'a-token-of-the-docs-test';
/** The first contact of the sandbox. */
const customer = '951';

/** Commands of Tributary that are not run here, by the beginning of what is given to it. */
const notRun: { [given: string]: string } = {
  init: 'test/cli/stranger.test.ts runs it, with keys of two vendors',
  start: 'it serves until it is stopped: this test talks to one that does',
  sandbox: 'it serves until it is stopped; test/cli/sandbox.test.ts runs it',
  'sandbox start': 'it serves until it is stopped; test/cli/sandbox.test.ts runs it',
  mcp: 'it serves until its input ends; test/cli/mcp.test.ts runs it',
  'logs -f': 'it follows until it is stopped; the command without -f is run',
  'status --watch': 'it redraws until it is stopped; the command without --watch is run',
  connect: 'it needs a browser; test/cli/connect.test.ts runs it',
  'sources connect': 'it needs a browser; test/cli/connect.test.ts runs it',
  'connector new': 'it writes into the repository; test/cli/connector.test.ts runs it',
};

/** Other programs that are not run here. */
const foreign: readonly (readonly [line: RegExp, reason: string])[] = [
  [/^npm (start|test|pack|install)\b/, 'a test cannot run the tests, nor install the machine'],
  [/^(LOG_LEVEL=debug )?npm (start|run )/, 'it is for those who change Tributary: CI runs the scripts'],
  [/^node bin\/node\.mjs --inspect-brk/, 'it waits for a debugger'],
  [/^rm -r |^grep -rn TODO /, 'it is about a checkout that somebody works in'],
  [/^(TOKEN=\$\()?curl .*https:\/\/api\.hubapi\.com\//, 'it calls the vendor'],
  [/^OTEL_EXPORTER_OTLP_ENDPOINT=/, 'it is a line of a file of the environment'],
];

/** What the blocks of docs/receipts.md write and read. */
const receiptFiles = ['receipt-keys.json', 'verification.json', 'verifications.json'];

/** Of other vendors than those of the sandbox: test/connectors checks what each says. */
const vendorsPage = /^webhook (?!hubspot$|klaviyo$|segment$|NAME$)[a-z]+$/;

/** What a word in capitals stands for. */
const values: { [word: string]: string } = {
  ...{ SOURCE: 'hubspot', NAME: 'hubspot', ID: customer, RECORD: customer, FIELD: 'name', F: 'name' },
  ...{ VALUE: 'Anna', TIME: '2026-01-01T00:00:00Z', TEXT: 'Anna', REASON: 'a test', S: 'waiting', L: 'info' },
  ...{ N: '5', SHELL: 'bash', SETTING: 'publicUrl', WHAT: 'slow', SECONDS: '1', ROLE: 'viewer' },
  ...{ NEW: 'proposed.config.json', NOW: 'tributary.config.json', FILE: 'customers.csv' },
  ...{ URL: 'http://127.0.0.1:8432/callback', '…': customer },
  // Names that the pages give to what the sandbox calls otherwise.
  ...{ 'shop-1': customer, bloomreach: 'klaviyo', acme: 'segment' },
};

/** A name is given to one token only. */
const newToken = 'docs-…';
let tokens = 0;

/** Where a word stands for something else. `run` is a finished run. */
const valuesOf = (run: string): { [command: string]: { [word: string]: string } } => ({
  'runs show': { ID: run },
  'runs cancel': { ID: run },
  'runs list': { S: 'finished' },
  'token create': { NAME: newToken },
  'token revoke': { NAME: 'docs-1' },
  'receipts check': { FILE: 'verifications.json', KEYS: 'receipt-keys.json' },
  'customers export': { FILE: 'export.jsonl' },
  audit: { NAME: 'docs-1' },
  undo: { RUN: run, '12': run },
});

/** What a person chooses or confirms, which the pages leave out. */
const chosen: { [given: string]: readonly string[] } = {
  'holds release': ['--all'],
  'holds refuse': ['--all'],
  'problems discard': ['--all', '--reason', 'a test', '--yes'],
  'problems reopen': ['--all'],
  'drifts reopen': ['--all'],
  'drifts acknowledge': ['--all'],
  'webhooks replay': ['--source', 'segment'],
  'customers erase': ['--yes'],
  probe: ['--yes'],
  undo: ['--yes'],
};

/** Exit codes other than 0 that a command has here, and why. */
const ended: readonly (readonly [given: RegExp, exitCodes: readonly number[], reason: string])[] = [
  [/^doctor$/, [0, 1], 'the public address has no HTTPS here'],
  [/^verify --source( --contents| --heal)?$/, [1], 'Segment only pushes, so its records cannot be proven'],
  [/^verify --cancel$/, [0, 1], 'none runs any more'],
  [/^project --(new|same)$/, [1], 'the project has not changed'],
  [/^sources withdraw SOURCE$/, [1], 'the source is still configured'],
  [/^drifts acknowledge\b/, [0, 4], 'the customer that the pages name has no drift'],
  [/^problems acknowledge\b/, [0, 4], 'the record that the pages name has no value in quarantine'],
  [/^customers unmerge SOURCE RECORD$/, [4], 'nobody was merged'],
  [/^runs cancel ID$/, [0, 1], 'the run has ended'],
  [/^(sync|plan|preview|import|undo).*--(dry-run|preview|config)/, [0, 3], 'something would change'],
];

const files = [
  'tributary.config.json',
  'proposed.config.json',
  'customers.csv',
  'export.jsonl',
  ...receiptFiles,
];

let folder: string;
let vendors: Awaited<ReturnType<typeof startSandbox>>;
let server: ChildProcess;
let said = '';
/** The ID of a finished run. */
let run = '';

const fileOf = (name: string) => join(folder, name);

async function comesTrue(condition: () => unknown): Promise<void> {
  const deadline = performance.now() + 150_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it did not come true in time: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const environment = () => ({
  TRIBUTARY_DATA_DIR: fileOf('.tributary'),
  TRIBUTARY_API_TOKEN: token,
});

/** Runs in this process. Where another run or verification is going, it is tried again when that has ended. */
async function tributary(...args: string[]) {
  for (;;) {
    const ran = await runCommand(folder, args, environment());
    if (!/ is running: see /.test(ran.out + ran.err)) return ran;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-docs-'));
  await copyEmbedded(fileOf('.tributary'));
  const port = await portFor(0);
  const directory = fileOf('.tributary/sandbox');
  const address = `http://127.0.0.1:${port}`;
  vendors = await startSandbox({ directory, address, kill: () => {}, people, still: true });
  const config = vendors.config as { sources: Record<string, object>; verify?: object };
  // Nothing begins by itself: what a command meets does not depend on the moment.
  const sources = Object.entries(config.sources).map(([name, source]) => [
    name,
    { ...source, schedule: undefined },
  ]);
  const quiet = {
    ...config,
    verify: undefined,
    sources: { ...Object.fromEntries(sources), files: { connector: 'csv' } },
  };
  for (const name of ['tributary.config.json', 'proposed.config.json'])
    writeFileSync(fileOf(name), JSON.stringify(quiet));
  writeFileSync(
    fileOf('customers.csv'),
    'Email,Source ID,First name,Last name\nanna@example.com,docs-1,Anna,Nowak\n',
  );
  copyFileSync(join(root, 'scripts/check-receipt.mjs'), fileOf('check-receipt.mjs'));
  const { PATH, HOME } = process.env;
  server = spawn(process.execPath, [join(root, 'src/main.ts'), 'start'], {
    cwd: folder,
    env: { PATH, HOME, ...quickStart, ...environment(), PORT: String(port) },
  });
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (chunk) => (said += chunk));
  await comesTrue(() => existsSync(fileOf('.tributary/server.json')));
  const synced = await tributary('sync', '--json');
  expect(synced.exitCode, synced.out).toBe(0);
  run = String((JSON.parse(synced.out) as { result: { runs: { id: number }[] } }).result.runs[0]!.id);
}, 180_000);

afterAll(async () => {
  server?.kill('SIGKILL');
  await vendors?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Whether what is given begins with these words. */
const begins = (given: string, words: string) => given === words || given.startsWith(`${words} `);

/** With what stands in the place of words in capitals. */
function filled(given: string): string[] {
  const special = Object.entries(valuesOf(run)).find(([command]) => begins(given, command))?.[1] ?? {};
  const fill = (word: string) => {
    const value = special[word] ?? values[word] ?? word;
    if (value === newToken) return `docs-${++tokens}`;
    return files.includes(value) ? fileOf(value) : value;
  };
  return wordsOf(given)
    .map((word) => word.replace(/(?<=[A-Z\]])…$/, ''))
    .map((word) => (word === '…' ? 'a reason' : word.split(',').map(fill).join(',')));
}

/** A table shows options in brackets, some within others: the command without them, and with each of the outer ones. */
function callsIn({ line }: ShownLine): string[] {
  const options: string[] = [];
  let [bare, depth] = ['', 0];
  for (const part of line.split(/([[\]])/)) {
    if (part === '[') depth += 1;
    else if (part === ']') depth -= 1;
    else if (depth === 0) bare += part;
    if (part === '[' && depth === 1) options.push('');
    else if (depth === 1 && part !== ']') options.push(`${options.pop()}${part}`);
  }
  const single = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
  return [bare, ...options.map((option) => `${bare} ${option}`)].map(single);
}

/** What a command of the pages comes to: null as it should, else what is wrong. */
async function faultOf(given: string, isNamed: boolean): Promise<string | null> {
  if (Object.keys(notRun).some((words) => begins(given, words))) return null;
  if (vendorsPage.test(given)) return null;
  const args = filled(given);
  const open = args.find((word) => /^[A-Z]{2,}$|^…/.test(word));
  if (open !== undefined) return `${given}: nothing stands for ${open}`;
  const choice = Object.entries(chosen).find(([words]) => begins(given, words))?.[1] ?? null;
  let ran = await tributary(...args);
  if (ran.exitCode === 2 && choice) ran = await tributary(...args, ...choice);
  // The text names commands that need more: those are explained.
  if (ran.exitCode === 2 && isNamed)
    ran = await tributary(...args.filter((word) => !word.startsWith('-')), '--help');
  const { exitCode, out, err } = ran;
  const expected = ended.find(([form]) => form.test(given))?.[1] ?? [0];
  const isPaused = begins(given, 'sources pause');
  if (isPaused) await tributary('sources', 'resume', args[2]!);
  if (expected.includes(exitCode)) return null;
  return `${args.join(' ')}: exit code ${exitCode}, ${(err || out).trim().slice(-300)}`;
}

/** Those that read, then those that change, then those that break: later ones find what they need. */
const order = [
  /^token revoke/,
  /^(sync|import)\b/,
  /^(undo)\b/,
  /^problems (retry|discard)/,
  /erase/,
  /^sandbox break/,
];
const rankOf = (given: string) => order.findIndex((form) => form.test(given));

describe('The commands of the documentation', { timeout: 300_000 }, () => {
  const inText = documentationPages.flatMap((page) =>
    shownInText(page).flatMap(({ line }) => givenTo(line) ?? []),
  );
  const inBlocks = documentationPages
    .filter((page) => page !== 'docs/receipts.md')
    .flatMap((page) => shownLines(page).flatMap(({ line }) => givenTo(line) ?? []));
  const inTables = shownInTables('docs/commands.md').flatMap(callsIn);

  it('of docs/receipts.md run one after the other, with curl and Node', async () => {
    const variables = {
      TOKEN: token,
      URL: new URL((vendors.config as { publicUrl: string }).publicUrl).origin,
    };
    for (const { line } of shownLines('docs/receipts.md')) {
      const [command = '', file] = line.split(/ > /);
      const given = givenTo(command);
      if (given === null) {
        const shell = file === undefined ? line : `${command} -fsS > ${file}`;
        // Somebody's own Node is given none of the options that ours is.
        const env = { ...process.env, ...variables, NODE_OPTIONS: '' };
        execFileSync('sh', ['-c', shell], { cwd: folder, env });
        continue;
      }
      const { exitCode, out, err } = await tributary(...filled(given));
      expect([line, exitCode, err]).toEqual([line, 0, err]);
      if (file !== undefined) writeFileSync(fileOf(file), out);
    }
  });

  it('run, and end with the exit code that their page implies', async () => {
    const shown = new Map<string, boolean>();
    for (const given of inText) shown.set(given, true);
    for (const given of [...inBlocks, ...inTables]) shown.set(given, false);
    expect(shown.size).toBeGreaterThan(150);
    const faults: string[] = [];
    for (const [given, isNamed] of [...shown].toSorted(([a], [b]) => rankOf(a) - rankOf(b))) {
      const begun = performance.now();
      const fault = await faultOf(given, isNamed);
      if (process.env['DOCS_RUN']) console.log(Math.round(performance.now() - begun), given, fault);
      if (fault !== null) faults.push(fault);
    }
    expect(faults).toEqual([]);
  });

  it('of other programs are listed with the reason why they are not run, and name files and scripts that exist', () => {
    const lines = documentationPages
      .filter((page) => page !== 'docs/receipts.md')
      .flatMap((page) => shownLines(page).filter(({ line }) => givenTo(line) === null));
    expect(lines.length).toBeGreaterThan(40);
    const unlisted = lines.filter(({ line }) => !foreign.some(([form]) => form.test(line)));
    expect(unlisted).toEqual([]);
    const files = lines.flatMap(({ line }) => line.match(/\b(?:test|src|bench|scripts)\/[\w/.-]+/g) ?? []);
    expect(files.filter((file) => !file.includes('acme') && !existsSync(join(root, file)))).toEqual([]);
  });

  it('are listed only while the pages have them', () => {
    const all = [...inText, ...inBlocks, ...inTables];
    expect(Object.keys(notRun).filter((words) => !all.some((given) => begins(given, words)))).toEqual([]);
    expect(ended.filter(([form]) => !all.some((given) => form.test(given)))).toEqual([]);
  });
});
