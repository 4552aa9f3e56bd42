// `tributary undo`: brings customers back to what they were before a run, after showing what that would do; lists undos.
import type { Command } from 'commander';
import { runShape } from '../contract/run.ts';
import { segmentSentences } from '../contract/segment-words.ts';
import { type Undo, type UndoPreview, undoPreviewShape, undosShape } from '../contract/undo.ts';
import { counted, iso, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { askConsent } from './consent.ts';
import { printGroup } from './differences.ts';
import { runAndWait } from './errand.ts';
import { CommandError, exitCodes, UsageError } from './errors.ts';
import { endOf } from './follow.ts';
import { reach, withClient } from './reach.ts';
import { listenForStop } from './signals.ts';
import { Progress, print, table } from './terminal.ts';

interface Options {
  created?: true;
  preview?: true;
  yes?: true;
}

const shownSpared = 20;

export function defineUndo(command: Command, cli: Cli): void {
  command
    .argument('[run]', 'the ID of a run, or of an undo, which is withdrawn by it; default: lists the undos')
    .option('--created', 'take customers that the run created away from the destination')
    .option('--preview', 'only show what would change, and what is spared')
    .option('--yes', 'do not ask for confirmation; required without a terminal')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary undo 12 --preview
  $ tributary undo 12
  $ tributary undo 12 --created --yes
  $ tributary undo

What others changed since the run is spared and listed: a later run, a webhook, a pin, somebody at the destination. Each
value stays as it was before the run until its records give something else than now. Undo an undo to withdraw it.

Exit code 1: the undo failed. 3: --preview found something to undo. 4: there is no such run.`,
    )
    .action(async (run: string | undefined, options: Options) => {
      if (run === undefined) {
        if (options.created || options.preview || options.yes)
          throw new UsageError('Name the run that is to be undone.');
        return withClient(cli, (client) => list(cli, client));
      }
      const path = { id: idOf(run) };
      const preview = await previewOf(cli, path, options);
      if (options.preview) {
        if (cli.json) answer(cli, preview.summary, undoPreviewShape.encode(preview));
        else tell(cli, preview);
        cli.exitCode = preview.differs ? exitCodes.differs : exitCodes.success;
        return;
      }
      if (!cli.json) tell(cli, preview);
      if (!preview.differs) {
        if (cli.json) answer(cli, 'There is nothing to undo.', { runs: [] });
        else print(cli.terminal, 'There is nothing to undo.');
        return;
      }
      if (!options.yes) await askConsent(cli, preview.summary);
      await carryOut(cli, path, options);
    });
}

function idOf(run: string): string {
  if (!/^[1-9]\d{0,14}$/.test(run))
    throw new UsageError(`${run} is not the ID of a run: use a number from "tributary runs".`);
  return run;
}

async function previewOf(cli: Cli, path: { id: string }, { created }: Options): Promise<UndoPreview> {
  const reached = await reach(cli, { work: false });
  try {
    const query = { created: created ? ('true' as const) : ('false' as const) };
    return await reached.client.send(undoPreviewShape, 'get', '/api/runs/{id}/undo', { path, query });
  } finally {
    await reached.close();
  }
}

/** Asks for the undo, waits for its end, and until its customers are delivered. */
async function carryOut(cli: Cli, path: { id: string }, { created }: Options): Promise<void> {
  await runAndWait(cli, { wait: true }, async (client) => {
    const body = { created: created === true };
    const asked = await client.send(runShape, 'post', '/api/runs/{id}/undo', { path, body });
    const progress = new Progress(cli.terminal, { silent: cli.json });
    const stop = listenForStop(cli.clock, () => process.exit(1));
    try {
      const following = {
        ...{ client, isHere: false, silent: cli.json, stop: stop.signal },
        since: cli.clock.now(),
      };
      const run = await endOf(cli, following, asked.id, progress);
      const { id, state, error, changed, superseded, unchanged } = run;
      if (state !== 'finished') throw new CommandError(`Run ${id} ${state}: ${error ?? 'it was cancelled'}`);
      const summary = `Run ${id} brought ${counted(changed, 'customer')} back, spared ${number(superseded)} and left ${number(unchanged)} that were as before already. "tributary undo ${id}" withdraws it.`;
      if (!cli.json) print(cli.terminal, summary);
      return { runs: [], summary, more: { undo: runShape.encode(run) } };
    } finally {
      progress.end();
      stop.release();
    }
  });
}

function tell({ terminal }: Cli, { summary, customers, fields, spared, segments, notes }: UndoPreview): void {
  print(terminal, summary);
  printGroup(terminal, 'would come back', customers.kept);
  printGroup(terminal, 'would come back, since an undo took them away', customers.broughtBack);
  printGroup(terminal, 'would be taken away from the destination', customers.takenAway);
  for (const { field, changed } of fields) printGroup(terminal, field, changed);
  const all = spared.counts.reduce((sum, { count }) => sum + count, 0);
  if (all > 0)
    print(
      terminal,
      `\nspared: ${spared.counts.map(({ because, count }) => `${number(count)} ${because}`).join(', ')}`,
    );
  for (const { sourceId, field, because, by } of spared.values.slice(0, shownSpared))
    print(terminal, `  ${sourceId}${field === null ? '' : ` ${field}`}: ${because} ${by}`);
  if (all > shownSpared)
    print(
      terminal,
      `  … and ${number(all - shownSpared)} more: --json lists the first 200, and the page of the undo all of them.`,
    );
  for (const sentence of segmentSentences(segments)) print(terminal, sentence);
  for (const note of notes) print(terminal, `note: ${note}`);
}

async function list(cli: Cli, client: Client): Promise<void> {
  const found = await client.send(undosShape, 'get', '/api/undos', { query: { limit: 50 } });
  const { undos } = found;
  if (cli.json) return answer(cli, `${counted(undos.length, 'undo')}.`, undosShape.encode(found).undos);
  if (undos.length === 0) return print(cli.terminal, 'No run has been undone.');
  print(
    cli.terminal,
    table(
      ['UNDO', 'OF RUN', 'SOURCE', 'STATE', 'WHEN', 'BROUGHT BACK', 'STILL KEEPS', 'TAKEN AWAY', 'SPARED'],
      undos.map(rowOf),
    ),
  );
}

function rowOf({ run, undoes, standing, withheld, spared }: Undo): string[] {
  const left = spared.reduce((sum, { count }) => sum + count, 0);
  return [
    String(run.id),
    String(undoes),
    run.source,
    run.state,
    iso(run.requestedAt),
    number(run.changed),
    `${counted(standing.values, 'value')} of ${counted(standing.customers, 'customer')}`,
    number(withheld),
    number(left),
  ];
}
