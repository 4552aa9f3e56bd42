// Requests that can be repeated without being carried out twice, as the IETF draft of the header Idempotency-Key has it: the first
// answer is kept for a day and given again. It knows no route.
import { createHash, randomUUID } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { problemType } from '../contract/problem.ts';
import type { ProblemKindName } from '../contract/problem-kinds.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import {
  beginKeyed,
  extendKeyed,
  giveBackKey,
  type KeptAnswer,
  keepAnswer,
} from '../tables/idempotency-keys.ts';
import type { Env } from './env.ts';
import { Problem } from './problem.ts';
import { RequestPrint } from './request-print.ts';
import { routeOf } from './route.ts';
import { keyFor, seal, unseal } from './sealing.ts';
import { isTrigger } from './triggers.ts';

/** Extended while the request is carried out; after a crash it can be repeated when this is over. */
const leaseMs = 30_000;

/** Nothing was begun: the same key may come with the fault corrected. */
const faulty = new Set([400, 408, 413, 415, 429]);

/** Nothing was begun, and a later attempt with the same key can succeed. */
const worthRepeating: ProblemKindName = 'still-going';

/** Headers of an answer that are given again. */
const keptHeaders = ['content-type', 'location'];

interface Keyed {
  id: string;
  lease: string;
  /** What seals the answer. */
  sealing: Buffer;
}

/** How a request ended: its answer, null where there was none, and what was thrown. */
interface Answered {
  res: Response | null;
  error?: unknown;
}

interface Answer {
  headers: { [name: string]: string };
  body: string;
}

export class Idempotency {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(deps: { database: Database; clock: Clock; log: Log }) {
    this.#database = deps.database;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** For requests whose caller is known. */
  readonly middleware: MiddlewareHandler<Env> = async (c, next) => {
    const key = keyOf(c);
    const caller = c.get('caller');
    if (key === null || !caller || !isTrigger(c.req.method, routeOf(c))) return next();
    const secret = createHash('sha256')
      .update(`${caller.tokenId ?? ''}\0${key}`)
      .digest();
    const keyed: Keyed = {
      id: keyFor(secret, 'id').toString('base64url'),
      lease: randomUUID(),
      sealing: keyFor(secret, 'answer'),
    };
    const print = await RequestPrint.of(c, caller, secret);
    const now = this.#clock.now();
    const known = await beginKeyed(this.#database, { ...keyed, request: print.head, now, leaseMs });
    return known === null ? this.#carryOut(c, keyed, print, next) : answerAgain(c, known, keyed, print);
  };

  async #carryOut(
    c: Context<Env>,
    keyed: Keyed,
    print: RequestPrint,
    next: () => Promise<void>,
  ): Promise<undefined> {
    const done = new AbortController();
    const extending = this.#extend(keyed, done.signal);
    let isAnswered = false;
    try {
      await next();
      isAnswered = true;
    } finally {
      done.abort();
      await extending;
      await this.#settle(isAnswered ? c : { res: null }, keyed, print).catch((error: unknown) =>
        this.#log.error({ err: error }, 'the answer of a request with an idempotency key could not be kept'),
      );
    }
  }

  /** Nobody else begins the request while this process carries it out. */
  async #extend(keyed: Keyed, done: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(leaseMs / 3, done);
      if (done.aborted) return;
      const until = this.#clock.now() + leaseMs;
      await extendKeyed(this.#database, { ...keyed, until }).catch((error: unknown) =>
        this.#log.warn({ err: error }, 'the lease of an idempotency key could not be extended'),
      );
    }
  }

  async #settle({ res: response, error }: Answered, keyed: Keyed, print: RequestPrint): Promise<void> {
    const request = response === null || isFree(response.status, error) ? null : print.whole;
    if (response === null || request === null) return giveBackKey(this.#database, keyed);
    const { status } = response;
    const headers = Object.fromEntries(
      keptHeaders.flatMap((name) => {
        const value = response.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    const kept: Answer = { headers, body: await response.clone().text() };
    const answer = seal(keyed.sealing, JSON.stringify(kept));
    await keepAnswer(this.#database, { ...keyed, request, status, answer });
  }
}

/** Whether nothing was begun, so that the key can be used again. */
function isFree(status: number, error: unknown): boolean {
  if (status >= 500 || faulty.has(status)) return true;
  return error instanceof Problem && error.body.type === problemType(worthRepeating);
}

/** The answer of the first request. Throws the problem where it was another request, or has no answer yet. */
async function answerAgain(
  c: Context<Env>,
  { request, status, answer }: KeptAnswer,
  { sealing }: Keyed,
  print: RequestPrint,
): Promise<Response> {
  const isSame = request === (status === null ? print.head : await print.read());
  if (!isSame)
    throw new Problem(
      422,
      'The Idempotency-Key was sent with another request within the last 24 hours. Use a new key for a new request.',
      { type: 'key-reused' },
    );
  if (status === null || answer === null)
    throw new Problem(
      409,
      'A request with this Idempotency-Key is still being carried out. Repeat it for the answer.',
      { type: 'key-in-use', headers: { 'retry-after': '2' } },
    );
  const { headers, body } = JSON.parse(unseal(sealing, answer)) as Answer;
  c.set('isReplayed', true);
  return c.body(body, status as 200, { ...headers, 'idempotent-replayed': 'true' });
}

/** Null where there is none. In quotes, as the draft writes it, or without. Throws the problem where it is none. */
function keyOf(c: Context): string | null {
  const given = c.req.header('idempotency-key');
  if (given === undefined) return null;
  const key = /^"(.*)"$/.exec(given)?.[1] ?? given;
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new Problem(
    400,
    'The header Idempotency-Key must have 1 to 255 printable ASCII characters. Use a random text, such as a UUID.',
    { type: 'bad-input' },
  );
}
