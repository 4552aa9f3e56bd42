// The program `tributary`: its commands, and what an error says and exits with. It knows no command's work.
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/faults.ts';
import { addCheck } from './check.ts';
import type { Cli } from './cli.ts';
import { addConnect } from './connect.ts';
import { addConnector } from './connector.ts';
import { addDeadLetters } from './dead-letters.ts';
import { addDiscard } from './discard.ts';
import { addErase } from './erase.ts';
import { CommandError, exitCodes } from './errors.ts';
import { addExplain } from './explain.ts';
import { addExport } from './export.ts';
import { addHistory } from './history.ts';
import { addImport } from './import.ts';
import { addInbox } from './inbox.ts';
import { addInit } from './init.ts';
import { addPause, addResume } from './pause.ts';
import { addPin, addUnpin } from './pin.ts';
import { addPlan } from './plan.ts';
import { addPreview } from './preview.ts';
import { addProbe } from './probe.ts';
import { addProject } from './project.ts';
import { addQuarantine } from './quarantine.ts';
import { addRelease } from './release.ts';
import { addReplay } from './replay.ts';
import { addRetry } from './retry.ts';
import { addRewind } from './rewind.ts';
import { addRuns } from './runs.ts';
import { addSources } from './sources.ts';
import { addStart } from './start.ts';
import { addStatus } from './status.ts';
import { addSync } from './sync.ts';
import { addAudit, addToken } from './token.ts';
import { addUnmerge } from './unmerge.ts';
import { addVerify } from './verify.ts';
import { addWebhook } from './webhook.ts';
import { addWithdraw } from './withdraw.ts';
import { addWriteBacks } from './write-backs.ts';

/** Runs one command line, without the program's own name. Returns the exit code; it never throws. */
export async function runProgram(args: readonly string[], cli: Cli): Promise<number> {
  try {
    await createProgram(cli).parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    return explain(error, cli);
  }
}

function createProgram(cli: Cli): Command {
  const { terminal } = cli;
  const program = new Command('tributary')
    .description(
      'Keeps Voucherify in step with the CRMs and customer engagement platforms that own the truth about customers.',
    )
    .version(cli.deps.version, '--version', 'print the version')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('See "tributary --help", or "tributary COMMAND --help".')
    .exitOverride()
    .addHelpText(
      'after',
      `
Commands talk to a running server: the one at TRIBUTARY_URL with TRIBUTARY_API_TOKEN, otherwise the one started on this
machine with "tributary start". If no server is running, they do the work themselves.

Exit codes: 0 success; 1 failed, or something is rejected, held or refused; 2 wrong usage or configuration; 3 a preview,
dry run or verification found differences; 4 no customer has that ID.`,
    );
  addInit(program, cli, (args) => runProgram(args, cli));
  for (const add of [
    addStart,
    addCheck,
    addConnect,
    addProbe,
    addSync,
    addRuns,
    addSources,
    addPause,
    addResume,
    addPlan,
    addPreview,
    addVerify,
    addWriteBacks,
    addStatus,
    addRelease,
    addDeadLetters,
    addRetry,
    addDiscard,
    addWebhook,
    addInbox,
    addReplay,
    addImport,
    addExport,
    addExplain,
    addHistory,
    addPin,
    addUnpin,
    addUnmerge,
    addQuarantine,
    addRewind,
    addErase,
    addWithdraw,
    addProject,
    addToken,
    addAudit,
    addConnector,
  ])
    add(program, cli);
  return program;
}

/** Known by name, so that a database and a server are loaded only where they are needed. */
const expected: { readonly [name: string]: number } = {
  DatabaseError: exitCodes.failed,
  ListenError: exitCodes.failed,
  FolderError: exitCodes.wrong,
};

function explain(error: unknown, { terminal }: Cli): number {
  // commander has printed its own sentence, or the help or version that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.well : exitCodes.wrong;
  const say = (text: string) => terminal.err.write(`${text}\n`);
  if (error instanceof ConfigError) {
    say(error.message);
    return exitCodes.wrong;
  }
  if (error instanceof CommandError) {
    say(error.message);
    return error.exitCode;
  }
  if (error instanceof Error && Object.hasOwn(expected, error.name)) {
    say(error.message);
    return expected[error.name]!;
  }
  // The reader of our output has gone (`| head`): there is nobody to tell.
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'EPIPE') return exitCodes.well;
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  say('This is a defect of Tributary: please report it, with the lines above.');
  return exitCodes.failed;
}
