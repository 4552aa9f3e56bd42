// Whether the configuration names the project that acknowledged the customers. While that is open nothing is sent, and a
// person decides. It sends no customer.
import type { Context, Destination } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import { adoptAccount } from '../../tables/destination-accounts.ts';
import { destinationName, listPauses, pause, resume } from '../../tables/pauses.ts';
import { beginProject, findProject, otherProjectSentence } from './project.ts';

/** How often the destination is asked again while nobody has decided. */
const againMs = 60_000;

export interface ProjectDeps {
  database: Database;
  clock: Clock;
  log: Log;
  /** The account that the configuration names. */
  account: string;
  destination: Destination<unknown>;
  context(): Context<unknown>;
  /** Called when deliveries may go on. */
  onDecided(): void;
}

export class ProjectWatch {
  readonly #deps: ProjectDeps;
  #doubt: string | null = null;
  #askedAt = 0;

  constructor(deps: ProjectDeps) {
    this.#deps = deps;
  }

  /** Why nothing is sent, as a sentence; null where the project is known. */
  get doubt(): string | null {
    return this.#doubt;
  }

  /** Compares the project with the one before, and looks acknowledged customers up where it is another. */
  async meet(): Promise<void> {
    const { database, clock, account, destination, context } = this.#deps;
    this.#askedAt = clock.now();
    try {
      const finding = await findProject(database, account, {
        destination,
        context: context(),
        now: clock.now(),
      });
      this.#doubt = finding.kind === 'ours' ? null : otherProjectSentence(finding, account);
    } catch (error) {
      this.#doubt = `The configuration names another project than before (${account}), and the customers that were acknowledged could not be looked up there: ${(error as Error).message}`;
    }
    await (this.#doubt === null ? this.#end() : this.#pause(this.#doubt));
  }

  /** The same again after a minute, as long as nobody has decided: another worker may have, or the customers be there now. */
  async meetAgain(): Promise<void> {
    if (this.#doubt !== null && this.#deps.clock.now() - this.#askedAt >= againMs) await this.meet();
  }

  /** A person's word: every customer is due, or all is as before. Returns how many are due; null where nothing was open. */
  async decide(as: 'new' | 'same'): Promise<number | null> {
    if (this.#doubt === null) return null;
    const { database, clock, log, account } = this.#deps;
    let due = 0;
    if (as === 'new') due = await beginProject(database, account, clock.now());
    else await adoptAccount(database, account, clock.now());
    log.info({ account, as, due }, 'a person said which project the destination is');
    await this.#end();
    return due;
  }

  async #pause(reason: string): Promise<void> {
    const { database, clock, log } = this.#deps;
    if (await pause(database, destinationName, { cause: 'project', reason }, clock.now()))
      log.error({ reason }, 'destination paused');
  }

  async #end(): Promise<void> {
    const { database, onDecided } = this.#deps;
    this.#doubt = null;
    if ((await listPauses(database)).get(destinationName)?.cause !== 'project') return;
    await resume(database, destinationName);
    onDecided();
  }
}
