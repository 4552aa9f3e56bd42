// A person who asks the API for one thing after the other, and asks again where nobody answered. It remembers what was promised.
import type { Agenda } from './agenda.ts';
import type { Trace } from './trace.ts';
import { apiToken, type Workers } from './workers.ts';

/** Nobody waits longer for an answer. */
const patienceMs = 60_000;
const againMs = 10_000;
const maxTries = 30;

export interface Answer {
  /** 0: none came. */
  status: number;
  body: unknown;
}

export interface PersonDeps {
  agenda: Agenda;
  trace: Trace;
  workers: Workers;
}

export class Person {
  readonly #deps: PersonDeps;
  #doing: Promise<unknown> = Promise.resolve();
  #things = 0;

  constructor(deps: PersonDeps) {
    this.#deps = deps;
  }

  /** Whether everything that was to be done is done. */
  get isDone(): boolean {
    return this.#things === 0;
  }

  /** Does it when everything before is done. */
  does(work: () => Promise<void>): void {
    this.#things += 1;
    this.#doing = this.#doing
      .then(work)
      .catch((error: Error) => this.#deps.trace.note(`a person gives up: ${error.message}`))
      .then(() => {
        this.#things -= 1;
      });
  }

  /** Asks until it is answered: 503 and no answer are none. */
  async asks(method: string, path: string, body?: unknown): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#ask(attempt, method, path, body);
      this.#deps.trace.note(`${method} ${path} ${JSON.stringify(body ?? null)} is answered ${answer.status}`);
      if ((answer.status > 0 && answer.status < 500) || attempt === maxTries) return answer;
      await this.pause(againMs);
    }
  }

  pause(milliseconds: number): Promise<void> {
    const { agenda } = this.#deps;
    return new Promise((resolve) => agenda.at(agenda.now + milliseconds, () => resolve()));
  }

  #ask(attempt: number, method: string, path: string, body: unknown): Promise<Answer> {
    const request = new Request(`http://10.0.0.7:3000${path}`, {
      method,
      headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answered = this.#deps.workers
      .ask(attempt, request)
      .then(async (response) => ({ status: response.status, body: await response.json() }));
    const { agenda } = this.#deps;
    return new Promise((resolve, reject) => {
      const none = agenda.at(agenda.now + patienceMs, () => resolve({ status: 0, body: null }));
      answered.then(resolve, reject).finally(() => agenda.cancel(none));
    });
  }
}
