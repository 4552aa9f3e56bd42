// What happened, as one hash: two simulations went alike where their hashes are equal. The last lines are kept for a person.
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Agenda } from './agenda.ts';

const maxLines = 4_000;
/** As the log names the workers of this process: by a number that is another each time, and by the machine. */
const thisProcess = `worker ${process.pid} on ${hostname()}`;

export class Trace {
  readonly #agenda: Agenda;
  readonly #hash = createHash('sha256');
  readonly #lines: string[] = [];
  statements = 0;
  requests = 0;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  note(what: string): void {
    const line = `${new Date(this.#agenda.now).toISOString()} ${what.replaceAll(thisProcess, 'worker')}`;
    this.#hash.update(line).update('\n');
    this.#lines.push(line);
    if (this.#lines.length > 2 * maxLines) this.#lines.splice(0, maxLines);
  }

  statement(who: string, text: string, params: unknown[]): void {
    this.statements += 1;
    // The process has another number each time.
    const isJoining = text.includes('insert into workers');
    this.#hash.update(`${this.#agenda.now} ${who} ${text} ${isJoining ? '' : JSON.stringify(params)}\n`);
  }

  request(who: string, what: string, body: string): void {
    this.requests += 1;
    this.note(`${who} ${what}`);
    this.#hash.update(body);
  }

  /** The last lines, the newest last. */
  get lines(): readonly string[] {
    return this.#lines.slice(-maxLines);
  }

  /** What happened until now. */
  get hash(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }
}
