// The first load of an empty destination as one file: whether that may still be, and what goes into it. Such a file may
// write over whole customers, so one sign that anybody is there already ends it. It sends nothing.
import type { Context, Destination } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Log } from '../../engine/log/log.ts';
import { anyAcknowledged } from '../../tables/acknowledgements.ts';
import type { Writing } from './difference.ts';
import { minInFile } from './route.ts';

export interface FirstLoadDeps {
  database: Database;
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
  /** Once it is over it stays so, in this process. */
  #over = false;

  constructor(deps: FirstLoadDeps) {
    this.#deps = deps;
  }

  /** Whether it is asked for, and not over as far as our own rows tell. */
  async isOpen(): Promise<boolean> {
    const { database, destination, settings } = this.#deps;
    if (this.#over || !destination.firstLoad || !destination.traits(settings).firstLoad) return false;
    if (await anyAcknowledged(database)) this.end('the destination has acknowledged customers');
    return !this.#over;
  }

  /** Customers go in bulk from here on. Said once. */
  end(reason: string): void {
    if (!this.#over) this.#deps.log.info({ reason }, 'customers are not sent as a file, but in bulk');
    this.#over = true;
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
    const { customers, total } = await destination.readBack.list.page(context(), null);
    if (total === undefined) return 'the destination does not say how many customers it has';
    return total > 0 || customers.length > 0 ? `the destination has customers already (${total})` : null;
  }
}

/** One whose attempt is in doubt may be there by now, or come yet. */
function wasNeverSent({ attempts, uncertain, alone }: Writing): boolean {
  return attempts === 0 && !uncertain && !alone;
}
