// Exports that were read, refused or left behind are deleted at the vendor: each is a file full of people. It does not know
// what they were read for.
import type { Context, Destination } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import { exportsLeft, noteExport } from '../../tables/verifications.ts';

/** The vendor keeps its files for as long as it likes; so long is it asked. */
const giveUpMs = 7 * 86_400_000;

export interface RemovalDeps {
  database: Database;
  clock: Clock;
  log: Log;
  destination: Destination<unknown>;
  context(): Context<unknown>;
}

/** True where nothing is left. What cannot be deleted now stays noted, and is told. */
export async function removeExportsLeft(deps: RemovalDeps, signal: AbortSignal): Promise<boolean> {
  const { database, clock, log, destination, context } = deps;
  const remove = destination.readBack?.export?.remove;
  if (!remove) return true;
  let isClean = true;
  for (const { id, exportId, endedAt } of await exportsLeft(database)) {
    try {
      await remove(context(), exportId);
      await noteExport(database, id, null);
    } catch (error) {
      if (signal.aborted) throw error;
      isClean = false;
      const { message } = error as Error;
      if (endedAt !== null && clock.now() - endedAt > giveUpMs) {
        await noteExport(database, id, null);
        log.error(
          { export: exportId, reason: message },
          'an export holds customers and could not be deleted in seven days: delete it in the destination',
        );
      } else
        log.warn(
          { export: exportId, reason: message },
          'an export holds customers and could not be deleted yet; it is tried again',
        );
    }
  }
  return isClean;
}
