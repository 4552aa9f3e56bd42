// `tributary probe`: finds out on throwaway customers what the destination's documents leave open.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Probe, type Probed, probedShape, probeShape } from '../contract/probe.ts';
import { writePermissions } from '../contract/write-back.ts';
import { counted } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { askConsent } from './consent.ts';
import type { App } from './deps.ts';
import { exitCodes } from './errors.ts';
import { reach } from './reach.ts';
import { print, printError, table } from './terminal.ts';

export function defineProbe(command: Command, cli: Cli): void {
  command
    .argument('[source]', 'a source: try what its credentials may write at its vendor, and change nothing')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .addHelpText(
      'after',
      `
It writes a few customers named tributary-probe-… to the destination, without addresses that could receive anything,
reads them and removes them again, even if it fails midway. It takes about twenty calls, two of them in bulk.
Deliveries then follow the answers. Settings in the configuration take precedence, and "tributary check" reports where
they contradict the answers.

With a source it tries what write-back needs by requests that change nobody's data. What a vendor has no such request for
is not known before the first write.

Examples:
  $ tributary probe
  $ tributary probe --yes --json
  $ tributary probe klaviyo

Exit code 1: a throwaway customer could not be written or removed, or the vendor refuses what write-back needs.`,
    )
    .action(async (source: string | undefined, options: { yes?: true }) => {
      if (source !== undefined) return probeVendor(cli, source);
      if (!options.yes)
        await askConsent(
          cli,
          'A probe writes a few throwaway customers to the destination and removes them again.',
        );
      const reached = await reach(cli, { work: false });
      try {
        const done = await reached.client.send(probedShape, 'post', '/api/probe', {
          body: { consent: true },
        });
        if (cli.json)
          answer(
            cli,
            `${counted(done.answers.length, 'question')} answered in ${counted(done.calls, 'call')}.`,
            probedShape.encode(done),
          );
        else tell(cli, done);
        if (done.notDeleted.length > 0) cli.exitCode = exitCodes.failed;
      } finally {
        await reached.close();
      }
    });
}

/** What the key of a source may write. */
async function probeVendor(cli: Cli, source: string): Promise<void> {
  const reached = await reach(cli, { work: false });
  try {
    const found = await reached.client.send(writePermissions, 'post', '/api/write-backs/{source}/check', {
      path: { source },
    });
    if (found.permissions.some(({ allowed }) => allowed === false)) cli.exitCode = exitCodes.failed;
    if (cli.json)
      return answer(
        cli,
        `${counted(found.permissions.length, 'permission')} of ${source} tried.`,
        writePermissions.encode(found),
      );
    const rows = found.permissions.map(({ what, allowed, note }) => [what, allowedWords(allowed), note]);
    print(cli.terminal, table(['WRITE-BACK', 'ALLOWED', 'NOTE'], rows));
    if (found.attributes.length === 0)
      print(
        cli.terminal,
        `writeBack declares no attributes for ${source}: whether they exist was not tried.`,
      );
  } finally {
    await reached.close();
  }
}

function allowedWords(allowed: boolean | null): string {
  return allowed === null ? 'not known' : allowed ? 'yes' : 'no';
}

function tell({ terminal }: Cli, { answers, effect, contradictions, calls, notDeleted }: Probed): void {
  const rows = answers.map(({ question, answer, evidence }) => [question, answer, evidence]);
  print(terminal, table(['QUESTION', 'ANSWER', 'WHAT WAS SEEN'], rows));
  print(terminal, effectSentence(effect));
  for (const sentence of contradictions) print(terminal, `warning: ${sentence}`);
  if (notDeleted.length === 0)
    print(terminal, `${counted(calls, 'call')}; the throwaway customers were removed.`);
  else
    printError(
      terminal,
      `These throwaway customers could not be removed. Delete them manually: ${notDeleted.join(', ')}.`,
    );
}

function effectSentence({ partialWrites, bulk }: Probe['effect']): string {
  const how =
    partialWrites === 'merge'
      ? 'only what changed is sent'
      : 'what others own of metadata and address is sent along where a write may replace it';
  return `Deliveries now follow the answers: ${how}, ${bulk ? 'in bulk' : 'one by one'}.`;
}

/**
 * What was found out before, for `tributary check`, whose own embedded database is empty: asked of the server or of the
 * database that it would use. Null where there is none, a sentence where it cannot be read.
 */
export async function probedBefore(cli: Cli, checked: App): Promise<Probe | string | null> {
  const { databaseUrl, dataDir, variables } = await cli.deps.readEnvironment();
  try {
    if (databaseUrl !== undefined) {
      const headers = { authorization: `Bearer ${checked.token}` };
      return probeShape.parse(await (await checked.api.request('/api/probe', { headers })).json());
    }
    // Where nothing was ever kept, nothing is made only to be looked at.
    if (variables['TRIBUTARY_URL'] === undefined && !existsSync(join(dataDir, 'database'))) return null;
    const reached = await reach(cli, { work: false });
    try {
      const found = await reached.client.send(probeShape, 'get', '/api/probe');
      return found.account === checked.tributary.destinationAccount ? found : null;
    } finally {
      await reached.close();
    }
  } catch (error) {
    return `The results of the probe could not be read: ${(error as Error).message}`;
  }
}
