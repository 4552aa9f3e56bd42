// One command of the command line, run in this process as a script would run it: no terminal is attached. It makes an
// embedded database by copying a migrated one.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Host } from '../../src/cli/cli.ts';
import { cliDeps } from '../../src/cli/deps.ts';
import { runProgram } from '../../src/cli/program.ts';
import { readEnvironment } from '../../src/config.ts';
import { type Clock, systemClock } from '../../src/engine/clock.ts';
import { behaviour, type TestDatabase } from './databases.ts';
import { copyEmbedded } from './embedded-template.ts';
import { searchText } from './secrets.ts';

/**
 * Runs in `folder`, where the configuration lies, with nothing else in the environment than `variables`. `onErr` is told what is
 * written to the error stream while the command runs. `clock`: the machine's own by default.
 */
export async function runCommand(
  folder: string,
  args: readonly string[],
  variables: { [name: string]: string } = {},
  onErr: (text: string) => void = () => {},
  clock: Clock = systemClock,
): Promise<{ exitCode: number; out: string; err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const texts = [out, err].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString();
  });
  err.on('data', (chunk: Buffer) => onErr(chunk.toString()));
  const host: Host = {
    terminal: { out, err, outIsTerminal: false, errIsTerminal: false, colors: false, columns: 100 },
    clock,
    deps: {
      ...cliDeps,
      folder: () => folder,
      openApp,
      readEnvironment: async (given) => readEnvironment({ ...variables, ...given }, folder),
    },
  };
  const exitCode = await runProgram([...args], host);
  await new Promise((resolve) => setImmediate(resolve));
  const [printed = '', said = ''] = texts.map((text) => text());
  searchText(printed, 'what a command prints');
  searchText(said, 'what a command says');
  return { exitCode, out: printed, err: said };
}

/** By folder. */
const lent = new Map<string, TestDatabase>();

/**
 * The same on a database of a server, for as long as the folder is there: opening the embedded one takes most of a command's time.
 * Where there is no server it is the embedded one.
 */
export async function runCommandOnServer(
  folder: string,
  args: readonly string[],
  variables: { [name: string]: string } = {},
  onErr?: (text: string) => void,
  clock?: Clock,
): ReturnType<typeof runCommand> {
  const [{ name, open }] = behaviour;
  if (name === 'PGlite') return runCommand(folder, args, variables, onErr, clock);
  for (const [old, database] of lent) {
    if (existsSync(old)) continue;
    lent.delete(old);
    await database.close();
  }
  const database = lent.get(folder) ?? (await open());
  lent.set(folder, database);
  const own = {
    DATABASE_URL: database.where.url!,
    TRIBUTARY_SECRET_KEY: 'a-secret-key-of-the-tests-that-is-long-enough',
  };
  return runCommand(folder, args, { ...own, ...variables }, onErr, clock);
}

const openApp: typeof cliDeps.openApp = async (options) => {
  if (!options.databaseUrl && !existsSync(join(options.directory, 'database')))
    await copyEmbedded(options.directory).catch(() => {}); // what is wrong with the folder the command is to say
  return cliDeps.openApp(options);
};
