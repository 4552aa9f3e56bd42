// The last calls to a vendor, with the beginning of what was sent and answered, kept in memory for a while so that a person
// can look at them. Credentials do not get here.
import type { Lane } from '../quota/lanes.ts';

/** So many of all calls are kept, and so many of those that failed. */
const maxKept = 25;

/** What is older is forgotten: bodies hold people's data. */
const keptMs = 15 * 60_000;

/** Of a body, characters. */
const shownLength = 2_000;

/** A credential that begins within what is shown must be hidden whole. */
const longestCredential = 8_000;

export interface RecentCall {
  /** Grows from call to call of an endpoint. */
  id: number;
  /** When it was made, epoch milliseconds. */
  at: number;
  method: string;
  /** With the query, but without credentials. */
  path: string;
  lane: Lane;
  /** Null where no answer came. */
  status: number | null;
  /** Why there is no answer. */
  failure: string | null;
  tookMs: number;
  /** The beginning of each; null where there was none. */
  sent: string | null;
  answered: string | null;
}

export interface NotedCall extends Omit<RecentCall, 'id' | 'sent' | 'answered'> {
  sent: Buffer | null;
  answered: string | null;
}

export class RecentCalls {
  readonly #hide: (text: string) => string;
  #all: RecentCall[] = [];
  #failed: RecentCall[] = [];
  #lastId = 0;

  /** `hide`: hides the credentials of the account in a text. */
  constructor(hide: (text: string) => string) {
    this.#hide = hide;
  }

  note(call: NotedCall): void {
    const isFailed = call.status === null || call.status >= 400;
    this.#lastId += 1;
    const kept: RecentCall = {
      ...call,
      id: this.#lastId,
      path: this.#clean(call.path),
      sent: call.sent && this.#clean(call.sent.subarray(0, longestCredential).toString()),
      answered: call.answered && this.#clean(call.answered),
    };
    this.#all = newest([...this.#all, kept], call.at);
    if (isFailed) this.#failed = newest([...this.#failed, kept], call.at);
  }

  /** The newest first. */
  list(now: number, { onlyFailed = false } = {}): RecentCall[] {
    return newest(onlyFailed ? this.#failed : this.#all, now).reverse();
  }

  clear(): void {
    this.#all = [];
    this.#failed = [];
  }

  #clean(text: string): string {
    const hidden = withoutCredentials(this.#hide(text.slice(0, longestCredential)));
    const shown = hidden.length > shownLength ? `${hidden.slice(0, shownLength)} …` : hidden;
    // A copy: a slice would keep the whole body.
    return Buffer.from(shown).toString();
  }
}

function newest(calls: readonly RecentCall[], now: number): RecentCall[] {
  return calls.filter(({ at }) => now - at <= keptMs).slice(-maxKept);
}

/** Those that a vendor answers with, such as tokens and addresses that are signed. */
function withoutCredentials(text: string): string {
  return text
    .replaceAll(/(https?:\/\/[^\s"'?<>\\]+)\?[^\s"'<>\\]+/g, '$1?[hidden]')
    .replaceAll(
      /("[^"]*(?:token|secret|password|api_?key|signature|authorization)"\s*:\s*")(?:[^"\\]|\\.)*/gi,
      '$1[hidden]',
    );
}
