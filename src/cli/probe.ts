// `tributary probe`: finds out on throwaway customers what the destination's documents leave open.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Probe, type Probed, probedShape, probeShape } from '../contract/probe.ts';
import { counted } from '../words.ts';
import type { Cli } from './cli.ts';
import { askConsent } from './consent.ts';
import type { App } from './deps.ts';
import { exitCodes } from './errors.ts';
import { reach } from './reach.ts';
import { print, printAnswer, table } from './terminal.ts';

export function addProbe(program: Command, cli: Cli): void {
  program
    .command('probe')
    .description("Find out on throwaway customers what the destination's documents leave open.")
    .option('--yes', 'do not ask; needed where nobody can answer')
    .option('--json', 'print the answers as JSON')
    .addHelpText(
      'after',
      `
It writes a few customers called tributary-probe-… at the destination, with no address that anything could be sent to,
reads them, and takes them away again, also where it fails midway. It takes about twenty calls, two of them in bulk.
Deliveries go by the answers from then on: what is set in the configuration stays, and "tributary check" says where it
contradicts them.

Examples:
  $ tributary probe
  $ tributary probe --yes --json

Exit code 1: a throwaway customer could not be written, or not be taken away.`,
    )
    .action(async (options: { yes?: true; json?: true }) => {
      if (!options.yes)
        await askConsent(
          cli,
          'A probe writes a few throwaway customers at the destination and takes them away again.',
        );
      const reached = await reach(cli, { work: false });
      try {
        const done = await reached.client.send(probedShape, '/api/probe', { json: { consent: true } });
        if (options.json) printAnswer(cli.terminal, probedShape, done);
        else tell(cli, done);
        if (done.notDeleted.length > 0) cli.exitCode = exitCodes.failed;
      } finally {
        await reached.close();
      }
    });
}

function tell({ terminal }: Cli, { answers, effect, contradictions, calls, notDeleted }: Probed): void {
  const rows = answers.map(({ question, answer, evidence }) => [question, answer, evidence]);
  print(terminal, table(['QUESTION', 'ANSWER', 'WHAT WAS SEEN'], rows));
  print(terminal, effectSentence(effect));
  for (const sentence of contradictions) print(terminal, `warning: ${sentence}`);
  if (notDeleted.length === 0)
    print(terminal, `${counted(calls, 'call')}; the throwaway customers are gone again.`);
  else
    terminal.err.write(
      `These throwaway customers could not be taken away; do it by hand: ${notDeleted.join(', ')}.\n`,
    );
}

function effectSentence({ partialWrites, bulk }: Probe['effect']): string {
  const how =
    partialWrites === 'merge'
      ? 'only what changed is sent'
      : 'a customer is read and completed before its metadata or address is written';
  return `Deliveries go by it from now on: ${how}, ${bulk ? 'many at once in bulk' : 'one by one'}.`;
}

/**
 * What was found out before, for `tributary check`, whose own embedded database is empty: asked of the server or of the
 * database that it would use. Null where there is none, a sentence where it cannot be read.
 */
export async function probedBefore(cli: Cli, checked: App): Promise<Probe | string | null> {
  const { databaseUrl, dataDir, variables } = cli.deps.readEnvironment();
  try {
    if (databaseUrl !== undefined) {
      const headers = { authorization: `Bearer ${checked.token}` };
      return probeShape.parse(await (await checked.api.request('/api/probe', { headers })).json());
    }
    // Where nothing was ever kept, nothing is made only to be looked at.
    if (variables['TRIBUTARY_URL'] === undefined && !existsSync(join(dataDir, 'database'))) return null;
    const reached = await reach(cli, { work: false });
    try {
      const found = await reached.client.send(probeShape, '/api/probe');
      return found.account === checked.tributary.destinationAccount ? found : null;
    } finally {
      await reached.close();
    }
  } catch (error) {
    return `What was probed could not be read: ${(error as Error).message}`;
  }
}
