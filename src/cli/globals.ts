// The options of every command.
import { Writable } from 'node:stream';
import { type Command, Option } from 'commander';
import type { Cli } from './cli.ts';

/** Told apart from an option of the same name that a command has for itself. */
class GlobalOption extends Option {}

interface Globals {
  config?: string;
  url?: string;
  token?: string;
  quiet?: true;
  color?: boolean;
}

export function globalOptions(): Option[] {
  return [
    new GlobalOption('--config <file>', 'the configuration, instead of TRIBUTARY_CONFIG'),
    new GlobalOption('--url <url>', 'the server to talk to, instead of TRIBUTARY_URL'),
    new GlobalOption(
      '--token <token>',
      'its token; other users of this machine can see it: prefer TRIBUTARY_API_TOKEN',
    ),
    new GlobalOption('--json', 'print one JSON object: command, ok, summary, result, error'),
    new GlobalOption('--quiet', 'print the result and errors only, no progress and no notes'),
    new GlobalOption('--no-color', 'log without colours; NO_COLOR does the same'),
  ];
}

/** Given before or after the command, they mean the same. */
export function addGlobals(command: Command): void {
  for (const option of globalOptions()) {
    if (command.options.some(({ long }) => long === option.long)) continue;
    command.addOption(command.parent ? option.hideHelp() : option);
  }
}

/** Puts what was given to the command and to those above it into effect, the nearest to the command first. */
export function applyGlobals(action: Command, cli: Pick<Cli, 'deps' | 'terminal'>): void {
  const given: Globals = {};
  for (let command: Command | null = action; command; command = command.parent)
    for (const option of command.options.filter((one) => one instanceof GlobalOption)) {
      const name = option.attributeName();
      const isGiven = command.getOptionValueSource(name) === 'cli';
      if (isGiven && !Object.hasOwn(given, name))
        Object.assign(given, { [name]: command.getOptionValue(name) });
      // A command is given its own options only.
      command.setOptionValue(name, undefined);
    }
  const { config, url, token, quiet, color } = given;
  const variables = {
    ...(config !== undefined && { TRIBUTARY_CONFIG: config }),
    ...(url !== undefined && { TRIBUTARY_URL: url }),
    ...(token !== undefined && { TRIBUTARY_API_TOKEN: token }),
  };
  const { deps } = cli;
  if (Object.keys(variables).length > 0)
    cli.deps = { ...deps, readEnvironment: (more) => deps.readEnvironment({ ...variables, ...more }) };
  if (color === false) cli.terminal.colors = false;
  // In place: a command may have taken the terminal when it was defined.
  if (!quiet) return;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  if (cli.terminal.out === cli.terminal.err) cli.terminal.out = nowhere;
  cli.terminal.err = nowhere;
}
