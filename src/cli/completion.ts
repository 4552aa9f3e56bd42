// `tributary completion`: a script that completes commands and options in a shell.
import { Argument, Command } from 'commander';
import { counted } from '../words.ts';
import { answer, type Cli, type CommandEntry } from './cli.ts';
import { UsageError } from './errors.ts';
import { globalOptions } from './globals.ts';
import { print } from './terminal.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

export function defineCompletion(command: Command, cli: Cli): void {
  command
    .addArgument(new Argument('[shell]', 'the shell that reads the script').choices(shells))
    .option('--sources', 'print the names of the sources: the script asks for them')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary completion bash > ~/.local/share/bash-completion/completions/tributary
  $ tributary completion zsh > ~/.zfunc/_tributary      with "fpath+=~/.zfunc" before "compinit" in ~/.zshrc
  $ tributary completion fish > ~/.config/fish/completions/tributary.fish

Commands and options are in the script: write it again after an update. For the name of a source it runs "tributary completion
--sources", which reads the configuration, or asks the running server where there is none.`,
    )
    .action(async (shell: Shell | undefined, { sources }: { sources?: true }) => {
      if (sources) return tellSources(cli);
      if (shell === undefined) throw new UsageError(`Name a shell: ${shells.join(', ')}.`);
      const script = scripts[shell](await wordsOf(cli));
      if (cli.json) answer(cli, `The script for ${shell}.`, { shell, script });
      else print(cli.terminal, script);
    });
}

async function tellSources(cli: Cli): Promise<void> {
  const names = await sourceNames(cli);
  if (cli.json) answer(cli, `${counted(names.length, 'source')}.`, names);
  else for (const name of names) print(cli.terminal, name);
}

async function sourceNames(cli: Cli): Promise<string[]> {
  const { configPath } = await cli.deps.readEnvironment();
  if (configPath !== null) {
    const { content } = await cli.deps.readConfigFile(configPath);
    return Object.keys((content as { sources?: object } | null)?.sources ?? {});
  }
  const [{ reachServer }, { sourcesShape }] = await Promise.all([
    import('./reach.ts'),
    import('../contract/status.ts'),
  ]);
  const { sources } = await (await reachServer(cli)).send(sourcesShape, 'get', '/api/sources');
  return sources.map(({ name }) => name);
}

/** A word that can come next, and what it means. */
interface Word {
  word: string;
  means: string;
}

/** By what was typed before, without options: `''`, `runs`, `runs list`. */
interface Words {
  commands: ReadonlyMap<string, readonly Word[]>;
  options: ReadonlyMap<string, readonly Word[]>;
  /** What is followed by the name of a source: `sources pause`. */
  beforeSource: readonly string[];
}

async function wordsOf(cli: Cli): Promise<Words> {
  const commands = new Map<string, Word[]>([['', []]]);
  const options = new Map<string, Word[]>([['', globalOptions().map(optionWord)]]);
  const beforeSource: string[] = [];
  for (const entry of cli.commands) {
    const [first, second] = entry.path.split(' ') as [string, string | undefined];
    const top = commands.get('')!;
    if (!top.some(({ word }) => word === first))
      top.push({
        word: first,
        means: second === undefined ? entry.summary : `${first}: commands of this group`,
      });
    if (second !== undefined)
      commands.set(first, [...(commands.get(first) ?? []), { word: second, means: entry.summary }]);
    const command = await definedOf(entry, cli);
    const own = [...command.options.filter(({ hidden }) => !hidden), ...globalOptions()].map(optionWord);
    const paths = [entry.path, ...(entry.alias === undefined ? [] : [entry.alias])];
    for (const path of paths) options.set(path, own);
    if (command.registeredArguments[0]?.name() === 'source') beforeSource.push(...paths);
  }
  return { commands, options, beforeSource };
}

async function definedOf(entry: CommandEntry, cli: Cli): Promise<Command> {
  const command = new Command();
  (await entry.load())(command, cli);
  return command;
}

function optionWord({ long, description }: { long?: string | undefined; description: string }): Word {
  return { word: long ?? '', means: description };
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const scripts: { readonly [shell in Shell]: (words: Words) => string } = { bash, zsh, fish };

/** The pattern of a `case` for what was typed before: a command's arguments may follow. */
function patternOf(path: string, commands: Words['commands']): string {
  if (path === '') return "''";
  return commands.has(path) ? quoted(path) : `${quoted(path)}|${quoted(`${path} `)}*`;
}

function bash({ commands, options, beforeSource }: Words): string {
  const cases = (all: Words['commands']) =>
    [...all].map(
      ([path, words]) =>
        `      ${patternOf(path, commands)}) words=${quoted(words.map(({ word }) => word).join(' '))} ;;`,
    );
  return `# bash completion for tributary
_tributary() {
  local current="\${COMP_WORDS[COMP_CWORD]}" typed='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || typed="\${typed:+$typed }$word"
  done
  if [[ $current == -* ]]; then
    case "$typed" in
${cases(options).join('\n')}
    esac
  elif [[ "\${COMP_WORDS[COMP_CWORD-1]}" == --source ]]; then
    words=$("\${COMP_WORDS[0]}" completion --sources 2>/dev/null)
  else
    case "$typed" in
      ${beforeSource.map(quoted).join('|')}) words=$("\${COMP_WORDS[0]}" completion --sources 2>/dev/null) ;;
${cases(commands).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _tributary tributary`;
}

function zsh({ commands, options, beforeSource }: Words): string {
  const item = ({ word, means }: Word) => quoted(`${word.replaceAll(':', '\\:')}:${means}`);
  const cases = (all: Words['commands']) =>
    [...all].map(
      ([path, words]) => `      (${patternOf(path, commands)}) found=(${words.map(item).join(' ')}) ;;`,
    );
  return `#compdef tributary
_tributary() {
  local typed='' word
  local -a found
  for word in \${words[2,CURRENT-1]}; do
    [[ $word == -* ]] || typed="\${typed:+$typed }$word"
  done
  if [[ \${words[CURRENT]} == -* ]]; then
    case "$typed" in
${cases(options).join('\n')}
    esac
  elif [[ \${words[CURRENT-1]} == --source ]]; then
    found=(\${(f)"$(\${words[1]} completion --sources 2>/dev/null)"})
  else
    case "$typed" in
      (${beforeSource.map(quoted).join('|')}) found=(\${(f)"$(\${words[1]} completion --sources 2>/dev/null)"}) ;;
${cases(commands).join('\n')}
    esac
  fi
  if (( $#found )); then _describe 'tributary' found; else _files; fi
}
compdef _tributary tributary`;
}

function fish({ commands, options, beforeSource }: Words): string {
  const seen = (path: string) =>
    path
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => `__fish_seen_subcommand_from ${word}`);
  const lines = [...commands].flatMap(([path, words]) => {
    const others = words.map(({ word }) => word).join(' ');
    const when = [...seen(path), `not __fish_seen_subcommand_from ${others}`].join('; and ');
    return words.map(
      ({ word, means }) => `complete -c tributary -f -n ${fishText(when)} -a ${word} -d ${fishText(means)}`,
    );
  });
  const sourceLines = beforeSource.map(
    (path) =>
      `complete -c tributary -f -n ${fishText(seen(path).join('; and '))} -a '(tributary completion --sources 2>/dev/null)'`,
  );
  const optionLines = [...options].flatMap(([path, words]) =>
    words.map(({ word, means }) => {
      const when = path === '' ? '' : ` -n ${fishText(seen(path).join('; and '))}`;
      const values = word === '--source' ? " -x -a '(tributary completion --sources 2>/dev/null)'" : '';
      return `complete -c tributary${when} -l ${word.replace(/^--/, '')}${values} -d ${fishText(means)}`;
    }),
  );
  return ['# fish completion for tributary', ...lines, ...sourceLines, ...optionLines].join('\n');
}

/** In fish a backslash within single quotes escapes a quote. */
function fishText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
