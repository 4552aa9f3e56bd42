// The network of a simulation: requests reach the simulated vendors within this process and in simulated time, and may meet
// any fault on the way. It knows no vendor and no request's meaning.
import { Dispatcher } from 'undici';
import type { Connect } from '../../src/engine/http/connections.ts';
import type { Agenda } from './agenda.ts';
import type { Machine } from './machine.ts';
import type { Random } from './randomness.ts';
import type { Trace } from './trace.ts';

/** What may become of a request. */
export const faults = [
  'unreachable',
  'lost before it arrives',
  'applied, answer lost',
  'applied, no answer',
  'no answer',
  'slow',
  'after the caller gave up',
  '429',
  '429 with a time',
  '500',
  '503 with a time',
  'a web page',
  'cut short',
] as const;
export type Fault = (typeof faults)[number];

export interface Vendor {
  fetch(request: Request): Response | Promise<Response>;
}

export class Network {
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #vendors: { readonly [origin: string]: Vendor };
  /** The faults that the next requests meet, by origin. */
  readonly #faults = new Map<string, Fault[]>();
  /** Requests that are neither answered nor given up. */
  underWay = 0;

  constructor(
    vendors: { readonly [origin: string]: Vendor },
    deps: { agenda: Agenda; random: Random; trace: Trace },
  ) {
    this.#vendors = vendors;
    this.#agenda = deps.agenda;
    this.#random = deps.random;
    this.#trace = deps.trace;
  }

  failNext(origin: string, fault: Fault): void {
    this.#faults.set(origin, [...(this.#faults.get(origin) ?? []), fault]);
  }

  /** Faults that no request has met are forgotten. */
  heal(): void {
    this.#faults.clear();
  }

  connectOf(machine: Machine): Connect {
    return () => new SimulatedDispatcher((options, handler) => this.#dispatch(machine, options, handler));
  }

  #dispatch(
    machine: Machine,
    { origin, path, method, headers, body }: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): void {
    if (!machine.asks()) return;
    const end = machine.acts(`${method} ${path}`);
    if (end === 'before') return;
    const call = new Call(handler, machine, () => {
      this.underWay -= 1;
    });
    this.underWay += 1;
    machine.onDeath.push(() => call.abandon());
    const fault = this.#faults.get(String(origin))?.shift();
    const what = `${method} ${origin}${path}${fault === undefined ? '' : ` (${fault})`}`;
    this.#trace.request(machine.name, what, Buffer.isBuffer(body) ? body.toString() : '');
    const latencyMs = this.#latency() + (delaysMs[fault ?? 'none'] ?? 0);
    const answer = async (response: Response): Promise<void> => {
      if (response.type === 'error') return call.fail(new Error('the connection was cut'));
      const bytes = Buffer.from(await response.arrayBuffer());
      const whole = fault === 'cut short' ? bytes.subarray(0, bytes.length / 2) : bytes;
      this.#agenda.after(this.#latency(), () => call.answer(response, whole));
    };
    const send = () => {
      if (fault === 'unreachable') return call.fail(new Error('connect ECONNREFUSED'));
      if (!call.begin()) return;
      this.#agenda.after(latencyMs / 2, async () => {
        if (fault === 'lost before it arrives') return call.fail(new Error('read ECONNRESET'));
        if (fault === 'no answer') return;
        const refusal = fault && refusals[fault]?.();
        if (refusal) return answer(refusal);
        const content = await contentOf(body);
        const request = new Request(`${origin}${path}`, {
          method,
          headers: headers as { [name: string]: string },
          ...(content && { body: content }),
        });
        const response = await this.#vendors[String(origin)]!.fetch(request);
        this.#trace.note(`${origin} answers ${response.status}`);
        if (end === 'after') return machine.die();
        if (fault === 'applied, answer lost') call.fail(new Error('read ECONNRESET'));
        else if (fault !== 'applied, no answer') await answer(response);
      });
    };
    this.#agenda.after(Math.min(latencyMs / 2, 100), () => machine.whenAwake(send));
  }

  #latency(): number {
    return 20 + 180 * this.#random() ** 2;
  }
}

/** How much longer than usual a request takes to arrive, milliseconds. */
const delaysMs: { readonly [fault: string]: number } = { slow: 20_000, 'after the caller gave up': 100_000 };

async function contentOf(body: Dispatcher.DispatchOptions['body']): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null || body === undefined) return null;
  if (Buffer.isBuffer(body)) return new Uint8Array(body);
  if (typeof body === 'string') return new TextEncoder().encode(body);
  const pieces: Uint8Array[] = [];
  for await (const piece of body as AsyncIterable<Uint8Array>) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

const refusals: { readonly [fault in Fault]?: () => Response } = {
  '429': () => Response.json({ code: 429, message: 'Too many requests' }, { status: 429 }),
  '429 with a time': () =>
    Response.json(
      { code: 429, message: 'Too many requests' },
      { status: 429, headers: { 'retry-after': '2' } },
    ),
  '500': () => Response.json({ code: 500, message: 'Something went wrong' }, { status: 500 }),
  '503 with a time': () =>
    Response.json({ message: 'Later' }, { status: 503, headers: { 'retry-after': '1' } }),
  'a web page': () => new Response('<h1>Bad gateway</h1>', { headers: { 'content-type': 'text/html' } }),
};

/** One request of a machine, which hears nothing more of it once it is dead or has given it up. */
class Call implements Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #machine: Machine;
  readonly #onOver: () => void;
  #isOver = false;
  paused = false;
  reason: Error | null = null;

  constructor(handler: Dispatcher.DispatchHandler, machine: Machine, onOver: () => void) {
    this.#handler = handler;
    this.#machine = machine;
    this.#onOver = onOver;
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  /** False where it is not sent. */
  begin(): boolean {
    if (this.#isOver) return false;
    this.#handler.onRequestStart?.(this, {});
    return !this.#isOver;
  }

  answer({ status, headers }: Response, body: Buffer): void {
    this.#machine.whenAwake(() => {
      if (!this.#end()) return;
      this.#handler.onResponseStart?.(this, status, Object.fromEntries(headers));
      this.#handler.onResponseData?.(this, body);
      this.#handler.onResponseEnd?.(this, {});
    });
  }

  fail(error: Error): void {
    this.#machine.whenAwake(() => {
      if (this.#end()) this.#handler.onResponseError?.(this, error);
    });
  }

  abort(reason: Error): void {
    this.reason = reason;
    this.fail(reason);
  }

  abandon(): void {
    this.#end();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** False where it is over already. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#onOver();
    return true;
  }
}

type Dispatch = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => void;

class SimulatedDispatcher extends Dispatcher {
  readonly #dispatch: Dispatch;

  constructor(dispatch: Dispatch) {
    super();
    this.#dispatch = dispatch;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.#dispatch(options, handler);
    return true;
  }

  override close(): never {
    return Promise.resolve() as never;
  }

  override destroy(): never {
    return Promise.resolve() as never;
  }
}
