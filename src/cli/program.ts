// The program `tributary`: builds the tree of its commands, runs one command line, and prints how it ended. It knows no
// command's work.
import { Command, type OutputConfiguration } from 'commander';
import type { Cli, CommandEntry, Host } from './cli.ts';
import { chosenCommand, commands, groups, sections } from './commands.ts';
import { envelopeOf } from './envelope.ts';
import { classify, exitCodes, type Failure } from './errors.ts';
import { addGlobals, applyGlobals } from './globals.ts';
import { printableJson, printError } from './terminal.ts';

type Chosen = ReturnType<typeof chosenCommand>;

/** Runs one command line, without the program's own name. Returns the exit code; it never throws. */
export async function runProgram(args: readonly string[], host: Host): Promise<number> {
  const chosen = chosenCommand(args);
  const json = asksForJson(args);
  let isStreamed = false;
  const cli = cliFor(host, json, () => {
    isStreamed = true;
    return host.terminal.out;
  });
  let help = '';
  let failure: Failure | null = null;
  try {
    const program = await createProgram(cli, chosen, (text) => {
      if (json) help += text;
      else host.terminal.out.write(text);
    });
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    failure = classify(error);
  }
  const exitCode = failure?.exitCode ?? cli.exitCode;
  if (failure && !failure.isPrinted) printError(host.terminal, failure.message);
  if (help !== '') cli.answer = { summary: help.split('\n')[0]!, result: { text: help } };
  if (!json || (isStreamed && !failure)) return exitCode;
  const envelope = envelopeOf(chosen?.entry.path ?? '', exitCode, cli.answer, failure);
  // Among JSON lines it is one of them.
  host.terminal.out.write(`${printableJson(envelope, isStreamed ? 0 : 2)}\n`);
  return exitCode;
}

/** Before the command line is parsed, so that its faults are told as JSON too. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}

/** With `--json` the standard output belongs to the envelope: what is printed besides goes to the error stream. */
function cliFor(host: Host, json: boolean, lines: Cli['lines']): Cli {
  const { out, err, outIsTerminal, ...rest } = host.terminal;
  const terminal = {
    ...rest,
    err,
    out: json ? err : out,
    outIsTerminal: outIsTerminal && !json,
  };
  const cli: Cli = {
    ...host,
    terminal,
    json,
    lines,
    answer: null,
    exitCode: exitCodes.success,
    commands,
    run: (args) => runProgram(args, { ...cli }),
  };
  return cli;
}

/** What `chosen` names is defined; of all others only what the help says of them is known. */
async function createProgram(cli: Cli, chosen: Chosen, writeOut: (text: string) => void): Promise<Command> {
  const program = rootOf(cli, writeOut);
  const define = await chosen?.entry.load();
  for (const { heading, commands } of sections)
    for (const entry of commands) {
      const command = place(program, entry, heading, chosen);
      const alias = entry.alias === undefined ? null : aliasOf(program, entry);
      if (!define || entry !== chosen?.entry) continue;
      const called = alias?.name() === chosen.calledBy ? alias : command;
      define(called, cli);
      for (let at = called; at.parent; at = at.parent) addGlobals(at);
    }
  // A group that is given no command of its own answers by its help, also with global options.
  if (!define) for (const group of program.commands) if (group.commands.length > 0) addGlobals(group);
  return program;
}

/** Below its group, or at the top. */
function place(program: Command, entry: CommandEntry, heading: string, chosen: Chosen): Command {
  const [first, second] = entry.path.split(' ') as [string, string | undefined];
  if (second === undefined) return program.command(first).description(entry.summary).helpGroup(heading);
  const group =
    program.commands.find((command) => command.name() === first) ??
    program
      .command(first)
      .description(groups[first] ?? '')
      .helpGroup(heading)
      .enablePositionalOptions();
  const isDefault = entry.isDefault === true && chosen?.entry === entry;
  const text = entry.isDefault ? `${entry.summary} This is what "tributary ${first}" does.` : entry.summary;
  return group.command(second, { isDefault }).description(text);
}

/** An earlier name, which the help does not list. */
function aliasOf(program: Command, { alias, path, summary }: CommandEntry): Command {
  return program
    .command(alias!, { hidden: true })
    .description(`${summary} Now called "tributary ${path}"; this name goes on working.`);
}

function rootOf(cli: Cli, writeOut: (text: string) => void): Command {
  const { terminal } = cli;
  const output: OutputConfiguration = {
    writeOut,
    writeErr: (text) => terminal.err.write(text),
    getOutHelpWidth: () => terminal.columns,
    getErrHelpWidth: () => terminal.columns,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
  const program = new Command('tributary')
    .description(
      'Keeps Voucherify in step with the CRMs and customer engagement platforms that own the truth about customers.',
    )
    .version(cli.deps.version, '--version', 'print the version')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput(output)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('See "tributary --help", or "tributary COMMAND --help".')
    .exitOverride()
    .enablePositionalOptions()
    .hook('preAction', (_root, action) => applyGlobals(action, cli))
    .addHelpText('after', afterHelp);
  addGlobals(program);
  return program;
}

const afterHelp = `
Commands talk to a running server: the one at --url or TRIBUTARY_URL, with --token or TRIBUTARY_API_TOKEN; otherwise the one
started on this machine with "tributary start". If no server is running, they do the work themselves.

Earlier names, such as "tributary explain" for "tributary customers explain", go on working.

Exit codes: 0 success; 1 failed, or something is rejected, held or refused; 2 wrong usage or configuration; 3 a preview,
dry run or verification found differences; 4 what was named does not exist.`;
