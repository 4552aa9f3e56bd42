// `tributary sandbox break`: asks the sandbox that runs on this machine to hurt itself in a way that vendors and people really do.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { answer, type Cli } from './cli.ts';
import { CommandError, UsageError } from './errors.ts';
import { print, table } from './terminal.ts';

const breakShape = z.object({ says: z.string(), watch: z.string() });
const breaksShape = z.record(z.string(), breakShape);
const begunShape = breakShape.extend({ name: z.string(), until: z.number().nullable() });

export function defineSandboxBreak(command: Command, cli: Cli): void {
  command
    .argument('[what]', 'the name of a break. Without it: list them')
    .option('--seconds <n>', 'how long it lasts, at most 600. Default: 30')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary sandbox break
  $ tributary sandbox break outage --seconds 60
  $ tributary sandbox break blank-fields`,
    )
    .action(async (what: string | undefined, { seconds = '30' }: { seconds?: string }) => {
      if (!/^[1-9]\d{0,2}$/.test(seconds) || Number(seconds) > 600)
        throw new UsageError(`--seconds is a number from 1 to 600, not ${seconds}.`);
      const url = await controlAddress(cli);
      const known = breaksShape.parse(await ask(url));
      if (what === undefined) return list(cli, known);
      if (!Object.hasOwn(known, what))
        throw new UsageError(`There is no break "${what}". There are ${Object.keys(known).join(', ')}.`);
      const begun = begunShape.parse(await ask(`${url}/${what}?seconds=${seconds}`, { method: 'POST' }));
      const until = begun.until === null ? '' : ` It ends by itself after ${seconds} seconds.`;
      if (cli.json) return answer(cli, begun.says, begun);
      print(cli.terminal, `${begun.says}${until}\nWatch: ${begun.watch}`);
    });
}

function list(cli: Cli, known: z.output<typeof breaksShape>): void {
  const rows = Object.entries(known).map(([name, { says }]) => [name, says]);
  if (cli.json) {
    const result = Object.entries(known).map(([name, one]) => ({ name, ...one }));
    answer(cli, `${rows.length} ways to hurt the sandbox.`, result);
  } else print(cli.terminal, table(['Break', 'What happens'], rows));
}

/** Where the sandbox of this data folder listens. Throws CommandError where none runs. */
async function controlAddress(cli: Cli): Promise<string> {
  const { dataDir } = await cli.deps.readEnvironment();
  const file = join(dataDir, 'sandbox', 'control.json');
  const none = 'No sandbox runs on this machine with this data folder. Start one with "tributary sandbox".';
  if (!existsSync(file)) throw new CommandError(none);
  const { url } = z.object({ url: z.url() }).parse(JSON.parse(readFileSync(file, 'utf8')));
  const answers = await ask(url).then(
    () => true,
    () => false,
  );
  // A sandbox that was killed leaves the file.
  if (!answers) throw new CommandError(none);
  return url;
}

async function ask(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new CommandError(`The sandbox answered ${response.status}.`);
  return response.json();
}
