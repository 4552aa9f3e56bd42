// A person asked on the terminal whether something is meant. Where nobody can answer, a flag must say it.
import { createInterface } from 'node:readline/promises';
import type { Cli } from './cli.ts';
import { CommandError, UsageError } from './errors.ts';

/** `what`: a sentence that says what would happen. Throws where it is not wanted, or nobody can be asked. */
export async function askConsent({ terminal }: Cli, what: string): Promise<void> {
  if (!terminal.errIsTerminal || process.stdin.isTTY !== true)
    throw new UsageError(`${what} There is no terminal to ask for confirmation: add --yes to confirm.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await lines.question(`${what} Go on? [y/N] `);
    if (!/^y(es)?$/i.test(typed.trim())) throw new CommandError('Nothing was done.');
  } finally {
    lines.close();
  }
}
