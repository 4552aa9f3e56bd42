// Delivers the webhooks of the sandbox's vendors: in order, and again until they are accepted, as vendors do. Now and then it loses
// one, and a poll has to find what it said. It does not know what webhooks say, or who receives them.

/** Header names in lower case. */
export interface Letter {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array | string;
}

interface Posted {
  /** Made anew for each attempt: signatures hold the time. */
  letter: (attempt: number) => Letter;
  attempts: number;
}

/** More than this is dropped, the oldest first: a vendor does not keep them for ever either. */
const maxWaiting = 5_000;

const everyMs = 500;

const patienceMs = 5_000;

/** Of those that a poll would find, one in so many is lost. */
const lossEvery = 20;

export class Courier {
  /** Whether what a poll would find is lost, all of it. */
  isLosing: () => boolean = () => false;
  #waiting: Posted[] = [];
  #losable = 0;
  readonly #rounds = setInterval(() => void this.#round(), everyMs);
  #isUnderWay = false;

  /** `found`: whether a poll finds what the letter says. */
  post(letter: Posted['letter'], { found }: { found: boolean }): void {
    if (found) {
      this.#losable += 1;
      if (this.isLosing() || this.#losable % lossEvery === 0) return;
    }
    this.#waiting.push({ letter, attempts: 0 });
    if (this.#waiting.length > maxWaiting) this.#waiting.shift();
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  close(): void {
    clearInterval(this.#rounds);
  }

  async #round(): Promise<void> {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    try {
      await this.#deliver();
    } finally {
      this.#isUnderWay = false;
    }
  }

  async #deliver(): Promise<void> {
    const posted = this.#waiting;
    this.#waiting = [];
    const refused: Posted[] = [];
    for (const [place, one] of posted.entries()) {
      const answer = await attempt(one);
      if (answer === 'accepted') continue;
      refused.push(one);
      // Nobody is there: the others would not arrive either.
      if (answer === 'nobody') {
        refused.push(...posted.slice(place + 1));
        break;
      }
    }
    this.#waiting = [...refused, ...this.#waiting].slice(-maxWaiting);
  }
}

async function attempt(posted: Posted): Promise<'accepted' | 'refused' | 'nobody'> {
  const { url, method, headers, body } = posted.letter(posted.attempts);
  posted.attempts += 1;
  const sent = typeof body === 'string' ? body : Buffer.from(body);
  const signal = AbortSignal.timeout(patienceMs);
  const answer = await fetch(url, { method, headers, body: sent, signal }).catch(() => null);
  if (answer === null) return 'nobody';
  await answer.body?.cancel();
  return answer.ok ? 'accepted' : 'refused';
}
