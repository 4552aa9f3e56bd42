// Listening for what other processes have committed, again and again where the connection is lost. It does not know what the
// notifications are about.
import type { Database, Listening } from '../../db/database.ts';
import type { Notification } from '../../db/notifications.ts';
import type { Clock } from '../clock.ts';

const retryMs = 500;

export class Subscription {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #onNotification: (notification: Notification | null) => void;
  readonly #closed = new AbortController();
  #listening: Listening | null = null;

  /** `onNotification`: null where some may have been missed, because listening has just begun. */
  constructor(database: Database, clock: Clock, onNotification: (notification: Notification | null) => void) {
    this.#database = database;
    this.#clock = clock;
    this.#onNotification = onNotification;
  }

  /** Whether notifications are known to arrive now. */
  get isListening(): boolean {
    return this.#listening?.isListening ?? false;
  }

  /** Resolves when it was tried once; where that failed it is tried again. */
  async start(): Promise<void> {
    try {
      const listening = await this.#database.listen({
        onLost: () => void this.#again(),
        onNotification: (notification) => this.#onNotification(notification as Notification | null),
      });
      if (this.#closed.signal.aborted) listening.close();
      else this.#listening = listening;
    } catch {
      void this.#again();
    }
  }

  close(): void {
    this.#closed.abort();
    this.#listening?.close();
    this.#listening = null;
  }

  async #again(): Promise<void> {
    this.#listening = null;
    await this.#clock.sleep(retryMs, this.#closed.signal);
    if (!this.#closed.signal.aborted) await this.start();
  }
}
