// Commands that map records need the types of the destination's metadata: they wait for them a while, and end with the
// reason where they are not to be had.
import { statusShape } from '../contract/status.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { CommandError } from './errors.ts';
import { Progress } from './terminal.ts';

const askEveryMs = 250;
/** A destination that is away for longer is left to the server or the next command. */
const longestWaitMs = 60_000;
/** A refusal is believed when it is repeated. */
const refusalsMost = 3;

/** Throws CommandError where the metadata schema stays unknown; `what` was then not done. */
export async function awaitSchema(
  { clock, terminal }: Cli,
  client: Client,
  { silent, stop, what }: { silent: boolean; stop: AbortSignal; what: string },
): Promise<void> {
  const progress = new Progress(terminal, { silent });
  const since = clock.now();
  try {
    for (;;) {
      const { destination } = await client.send(statusShape, 'get', '/api/status');
      const wait = destination.schemaWait;
      if (!wait) return;
      const isOver = clock.now() - since >= longestWaitMs || stop.aborted;
      if (isOver || (wait.lasting && wait.attempts >= refusalsMost))
        throw new CommandError(`${what}. ${wait.sentence}`);
      progress.show(wait.sentence, null, clock.now());
      await clock.sleep(askEveryMs, stop);
    }
  } finally {
    progress.end();
  }
}
