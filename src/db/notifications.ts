// Notifications: a transaction that commits work names the loops that it is for, and those of every worker look at once. A
// notification is lost where nobody listens, so loops also poll. Its payload is the name and nothing else.
import { randomUUID } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';

export const notificationChannel = 'tributary';

/** The loops that there is work for, as a payload. `deliverLater`: nobody waits for it, so nothing urgent is looked for. */
export type Notification =
  | 'open'
  | 'hydrate'
  | 'deliver'
  | 'deliverLater'
  | 'pull'
  | 'erase'
  | 'verify'
  | 'writeBack';

/** An expression: sends the notification when its transaction is committed, once however often it is given. */
export const notify = (notification: Notification): SQL =>
  sql`pg_notify(${notificationChannel}, ${notification})`;

/** The statement, which must return rows, with the notification. */
export const notifying = (notification: Notification, statement: SQL): SQL =>
  sql`with done as (${statement}) select done.* from done, ${notify(notification)}`;

/**
 * Receives the notifications of one connection. It counts as listening once it has received one of its own: a pooler may accept
 * LISTEN and deliver nothing.
 */
export class NotificationListener {
  readonly listen = sql`listen ${sql.identifier(notificationChannel)}`;
  readonly #onNotification: (notification: string | null) => void;
  readonly #probe = `probe ${randomUUID()}`;
  #isListening = false;

  constructor(onNotification: (notification: string | null) => void) {
    this.#onNotification = onNotification;
  }

  get probe(): SQL {
    return sql`select pg_notify(${notificationChannel}, ${this.#probe})`;
  }

  get isListening(): boolean {
    return this.#isListening;
  }

  receive(payload: string): void {
    if (payload === this.#probe) {
      this.#isListening = true;
      this.#onNotification(null);
    } else if (this.#isListening && !payload.startsWith('probe ')) this.#onNotification(payload);
  }

  close(): void {
    this.#isListening = false;
  }
}
