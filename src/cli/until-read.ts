// Waiting for the records that webhooks named, until they are read: only then is known who is to be delivered. It asks
// the API again and again, and knows nothing of how they are read.

import { deliveriesShape } from '../contract/status.ts';
import { counted } from '../words.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { printError } from './terminal.ts';

const askEveryMs = 250;
/** What has not moved for so long is put off, or out of reach. */
const longestStillMs = 15_000;

/** Waits while records that webhooks named become fewer. `some`: there may be any. False where some are still to be read. */
export async function untilRead({ clock, terminal }: Cli, client: Client, some: boolean): Promise<boolean> {
  let last = Number.POSITIVE_INFINITY;
  let movedAt = clock.now();
  while (some) {
    const begun = clock.now();
    // Not the status: its figures may be from before they were named.
    const { toRead: left } = await client.send(deliveriesShape, 'get', '/api/deliveries');
    if (left === 0) return true;
    if (left < last) [last, movedAt] = [left, clock.now()];
    if (clock.now() - movedAt > longestStillMs) {
      printError(
        terminal,
        `No longer waiting: ${counted(left, 'record')} named by webhooks ${left === 1 ? 'is' : 'are'} still to be read by the server or the next command.`,
      );
      return false;
    }
    // Counting must not become the work itself.
    await clock.sleep(Math.max(askEveryMs, (clock.now() - begun) * 10));
  }
  return true;
}
