// The first load of an empty destination as one file: whether that may still be, and what goes into it. Such a file may
// write over whole customers, so one sign that anybody is there already ends it. It sends nothing.
import type { Context, Destination } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import { anyAcknowledged } from '../../tables/acknowledgements.ts';
import type { Writing } from './difference.ts';
import { minInFile } from './route.ts';

/** How long no file is tried after one was refused, or could not be made: what stood in the way may have been a mistake. */
const noFileMs = 3_600_000;

/** Until a refusal is asked about once more: a gateway, or a vendor that restarts, refuses everybody for a moment. */
export const fileConfirmMs = 3_000;

export interface FirstLoadDeps {
  database: Database;
  clock: Clock;
  log: Log;
  destination: Destination<unknown>;
  readonly settings: unknown;
}

/** `rest`: those that the file cannot carry. */
export interface FirstFile {
  content: string;
  part: Writing[];
  rest: Writing[];
}

export class FirstLoad {
  readonly #deps: FirstLoadDeps;
  /** Until when none is tried, epoch milliseconds: for good once somebody is acknowledged, in this process. */
  #closedUntil = Number.NEGATIVE_INFINITY;
  #isSaid = false;
  /** When a call for one was refused that has not been made again. */
  #refusedAt: number | null = null;

  constructor(deps: FirstLoadDeps) {
    this.#deps = deps;
  }

  /** Whether it is asked for, and not over as far as our own rows tell. */
  async isOpen(): Promise<boolean> {
    const { database, destination, settings, clock } = this.#deps;
    if (!destination.firstLoad || !destination.traits(settings).firstLoad) return false;
    if (clock.now() < this.#closedUntil) return false;
    if (!(await anyAcknowledged(database))) return true;
    this.end('the destination has acknowledged customers');
    this.#closedUntil = Number.POSITIVE_INFINITY;
    return false;
  }

  /** Customers go in bulk from here on, for an hour. Said once. */
  end(reason: string): void {
    const { log, clock } = this.#deps;
    if (!this.#isSaid) log.info({ reason }, 'customers are not sent as a file, but in bulk');
    this.#isSaid = true;
    this.#refusedAt = null;
    this.#closedUntil = clock.now() + noFileMs;
  }

  /** A call for a file was refused: it is believed, and no file is sent, when that happens twice. */
  refused(reason: string): boolean {
    const now = this.#deps.clock.now();
    const isBelieved = this.#refusedAt !== null && now - this.#refusedAt < noFileMs;
    if (isBelieved) this.end(reason);
    else this.#refusedAt = now;
    return isBelieved;
  }

  /**
   * The file to be sent at once, or null where the first load is over. The destination is asked last, so that as little
   * time as may be passes between its answer and the file. Throws what the calls throw.
   */
  async file(
    context: () => Context<unknown>,
    toWrite: readonly Writing[],
    limits: { maxBytes: number },
  ): Promise<FirstFile | null> {
    const { destination } = this.#deps;
    const schema = (await destination.metadataSchema?.(context())) ?? null;
    const writes = toWrite
      .filter(wasNeverSent)
      .map(({ sourceId, payload }) => ({ sourceId, payload: payload ?? {} }));
    const { content, sourceIds } = destination.firstLoad!.file(writes, limits, schema);
    if (sourceIds.length < minInFile) {
      this.end(`a file can carry ${sourceIds.length} of ${toWrite.length}`);
      return null;
    }
    const hindrance = await this.#hindrance(context);
    if (hindrance !== null) {
      this.end(hindrance);
      return null;
    }
    const carried = new Set(sourceIds);
    return {
      content,
      part: toWrite.filter((writing) => carried.has(writing.sourceId)),
      rest: toWrite.filter((writing) => !carried.has(writing.sourceId)),
    };
  }

  async #hindrance(context: () => Context<unknown>): Promise<string | null> {
    const { database, destination } = this.#deps;
    if (await anyAcknowledged(database)) return 'the destination has acknowledged customers';
    if (!destination.readBack) return 'nobody can tell whether the destination is empty';
    const { list, changes } = destination.readBack;
    const { customers, total } = await list.page(context(), null);
    if (total === undefined) return 'the destination does not say how many customers it has';
    if (total > 0 || customers.length > 0) return `the destination has customers already (${total})`;
    // One empty page may be somebody else's, or late: it is believed when another list is empty as well.
    const created = await (changes
      ? changes.page(context(), { by: 'created', since: 0 }, null)
      : list.page(context(), null));
    const isEmpty = created.customers.length === 0 && (created.total ?? 0) === 0;
    return isEmpty ? null : 'the destination has customers already, though it listed none at first';
  }
}

/** One whose attempt is in doubt may be there by now, or come yet. */
function wasNeverSent({ attempts, uncertain, alone }: Writing): boolean {
  return attempts === 0 && !uncertain && !alone;
}
