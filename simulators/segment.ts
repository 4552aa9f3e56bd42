// A simulated Segment workspace: a truth of users by their traits, and the webhook requests that its calls become, signed by
// code of its own. Facts: reference/cep/segment.md. It sends nothing itself, and does not know who receives.
import { createHmac } from 'node:crypto';

type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Traits = { [trait: string]: Value };
export type Call = { type: string; [key: string]: Value };

/** One request as Segment would send it. Header names in lower case. */
export type PushedRequest = {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
};

export type SegmentOptions = {
  /** Epoch milliseconds. */
  now: () => number;
  url: string;
  /** `classic`: one call a request. `actions`: batches, too. `extensible`: batches whose calls are each wrapped in `json`. */
  destination?: 'classic' | 'actions' | 'extensible';
  sharedSecret?: string;
  /** What of a batch is signed: its first call, or all of it as a change of theirs in review would have it. */
  signs?: 'first' | 'whole';
  /** More than 1 makes lists, also of the calls that are left over alone. */
  batchSize?: number;
  /** As the operator typed them. */
  headers?: Record<string, string>;
  method?: 'POST' | 'PUT' | 'PATCH';
};

export class SegmentSimulator {
  /** Traits by user, as told: the newest of each counts. */
  readonly users = new Map<string, Traits>();
  readonly #options: SegmentOptions;
  readonly #told = new Map<string, { [trait: string]: number }>();
  #waiting: Call[] = [];
  #messages = 0;

  constructor(options: SegmentOptions) {
    this.#options = options;
  }

  // -- calls: `more` replaces or adds parts of the message ----------------------------------------------------------------

  identify(userId: string | null, traits: Traits, more: Traits = {}): Call {
    const call = this.#call('identify', { userId, traits, ...more });
    if (userId !== null) this.#keep(userId, traits, Date.parse(String(call['timestamp'])));
    return call;
  }

  group(userId: string | null, groupId: string, traits: Traits, more: Traits = {}): Call {
    return this.#call('group', { userId, groupId, traits, ...more });
  }

  alias(userId: string, previousId: string, more: Traits = {}): Call {
    return this.#call('alias', { userId, previousId, ...more });
  }

  track(userId: string, event: string, more: Traits = {}): Call {
    return this.#call('track', { userId, event, properties: {}, ...more });
  }

  /** A page or a screen that a user saw. */
  saw(type: 'page' | 'screen', userId: string, name: string): Call {
    return this.#call(type, { userId, name, properties: {} });
  }

  /** A regulation that deletes a user: of all that a call has, it has these three keys. */
  delete(userId: string): Call {
    this.users.delete(userId);
    return this.#wait({ type: 'delete', userId, timestamp: iso(this.#options.now()) });
  }

  #call(type: string, parts: Traits): Call {
    const now = this.#options.now();
    this.#messages += 1;
    return this.#wait({
      version: '1.1',
      type,
      messageId: `ajs-next-${String(this.#messages).padStart(8, '0')}`,
      anonymousId: `anonymous-${this.#messages}`,
      channel: 'browser',
      context: { ip: '8.8.8.8', library: { name: 'analytics.js', version: 'next-1.70.0' } },
      integrations: {},
      originalTimestamp: iso(now - 7),
      timestamp: iso(now),
      sentAt: iso(now),
      receivedAt: iso(now + 40),
      ...parts,
    });
  }

  #wait(call: Call): Call {
    this.#waiting.push(call);
    return call;
  }

  #keep(userId: string, traits: Traits, at: number): void {
    const [known, told] = [this.users.get(userId) ?? {}, this.#told.get(userId) ?? {}];
    for (const [trait, value] of Object.entries(traits)) {
      if ((told[trait] ?? 0) > at) continue;
      known[trait] = value;
      told[trait] = at;
    }
    this.users.set(userId, known);
    this.#told.set(userId, told);
  }

  // -- requests -----------------------------------------------------------------------------------------------------

  /** What waits, as requests; nothing waits then. */
  take(): PushedRequest[] {
    const requests = this.requests(this.#waiting);
    this.#waiting = [];
    return requests;
  }

  /** These calls as requests, such as of a further try, whose batches may have other members. */
  requests(calls: readonly Call[]): PushedRequest[] {
    const { batchSize = 1, destination = 'actions' } = this.#options;
    if (batchSize === 1 || destination === 'classic') return calls.map((call) => this.#request(call, call));
    const requests: PushedRequest[] = [];
    for (let from = 0; from < calls.length; from += batchSize) {
      const batch = calls.slice(from, from + batchSize);
      const content = destination === 'extensible' ? batch.map((call) => ({ json: call })) : batch;
      requests.push(this.#request(content, this.#options.signs === 'whole' ? content : batch[0]!));
    }
    return requests;
  }

  #request(content: unknown, signed: unknown): PushedRequest {
    const { url, method = 'POST', headers = {}, sharedSecret, destination = 'actions' } = this.#options;
    const signature =
      sharedSecret !== undefined
        ? { 'x-signature': createHmac('sha1', sharedSecret).update(JSON.stringify(signed)).digest('hex') }
        : {};
    const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    return {
      method: destination === 'classic' ? 'POST' : method,
      url,
      headers: {
        'content-type': 'application/json',
        'user-agent': destination === 'classic' ? 'Segment.io/1.0' : 'Segment (Actions)',
        ...Object.fromEntries(own),
        ...signature,
      },
      body: new TextEncoder().encode(JSON.stringify(content)),
    };
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
