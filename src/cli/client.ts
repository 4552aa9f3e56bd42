// The HTTP API as commands speak it: over the network or within this process, the same requests either way. It knows
// statuses and problem details, but no command.

import type { z } from 'zod';
import { createTributaryClient, type TributaryClient } from '../client/client.ts';
import { parseJson } from '../connector/json.ts';
import { type ProblemBody, problemType } from '../contract/problem.ts';
import { CommandError, exitCodes } from './errors.ts';
import type { Method, Operation, PathOf, Sent } from './operations.ts';
import { type Answered, LostError, type Repeat } from './repeating.ts';

/** What is not ours may lack any of it. */
type Problem = Partial<ProblemBody>;

/** The answer was a refusal. */
export class ApiError extends CommandError {
  override name = 'ApiError';
  override readonly details: { status: number; type?: string | undefined; runId?: number | undefined };
  readonly problem: Problem;
  constructor(message: string, options: { status: number; problem: Problem; exitCode: number }) {
    super(message, options.exitCode);
    const { status, problem } = options;
    this.problem = problem;
    this.details = { status, type: problem.type, runId: problem.runId };
  }
}

/** What a filter or a body names does not exist. */
const unknownName = problemType('unknown-name');

/** Refusals that may be none the next time. */
const passing = new Set([408, 409, 425, 429]);

/** The way to a server. */
export interface Transport {
  url: string;
  /** Throws LostError where the connection ended before the answer did. */
  send(request: Request): Promise<Response>;
}

export interface ClientOptions {
  /** Whom we speak to, for a person: an address, or `this process`. */
  whom: string;
  transport: Transport;
  /** Default: nothing is repeated, as the connection cannot be lost. */
  repeat?: Repeat;
  token: string;
  headers?: { readonly [name: string]: string };
}

const once: Repeat = (ask) => ask({});

export class Client {
  readonly #options: ClientOptions;
  readonly #api: TributaryClient;
  /** As the other, for answers that are read as they come. */
  readonly #streaming: TributaryClient;

  constructor(options: ClientOptions) {
    this.#options = options;
    const { transport, token, headers = {} } = options;
    const shared = { url: transport.url, token, headers };
    const whole = async (request: Request) => readWhole(await transport.send(request));
    this.#api = createTributaryClient({ ...shared, fetch: whole });
    this.#streaming = createTributaryClient({ ...shared, fetch: (request) => transport.send(request) });
  }

  get whom(): string {
    return this.#options.whom;
  }

  /** The same server, with these headers on every request. */
  with(headers: { [name: string]: string }): Client {
    return new Client({ ...this.#options, headers });
  }

  /** The answer, which must have this shape. Throws ApiError if the server refuses, and CommandError if no server of Tributary answers. */
  async send<Shape extends z.ZodType, M extends Method, Path extends PathOf<M>>(
    shape: Shape,
    method: M,
    route: Path,
    ...[request]: Sent<Operation<M, Path>>
  ): Promise<z.output<Shape>> {
    return this.ask(shape, { method, route, ...(request as Parts) });
  }

  /** As `send`, where the operation is known only as the program runs. */
  async ask<Shape extends z.ZodType>(shape: Shape, request: AnyRequest): Promise<z.output<Shape>> {
    const { whom, repeat = once } = this.#options;
    const kind = { isReading: request.method === 'get', isStreamed: request.body instanceof ReadableStream };
    const answered = await repeat((headers) => requested(this.#api, request, headers, 'text'), kind);
    const { status } = answered.response;
    if (!answered.response.ok) throw refusal(whom, answered);
    const body = parsed(String(answered.data ?? ''));
    if (body === undefined)
      throw new CommandError(
        `${whom} answered ${status} without JSON: is it Tributary? Check TRIBUTARY_URL.`,
      );
    const read = shape.safeParse(body);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    throw new CommandError(
      `${whom} sent an answer that this version does not understand (${issue?.path.join('.')}: ${issue?.message}). Use the same version of both.`,
    );
  }

  /** The answer's bytes as they come. Throws ApiError where it is a refusal. */
  async open<Path extends PathOf<'get'>>(
    route: Path,
    ...[request]: Sent<Operation<'get', Path>>
  ): Promise<ReadableStream<Uint8Array>> {
    const answered = await requested(
      this.#streaming,
      { method: 'get', route, ...(request as Parts) },
      {},
      'stream',
    );
    if (answered.response.ok && answered.data) return answered.data as ReadableStream<Uint8Array>;
    throw refusal(this.whom, answered);
  }
}

/** A request of any operation. */
export interface AnyRequest extends Parts {
  method: Method;
  /** As it is documented: `/api/runs/{id}`. */
  route: string;
}

interface Parts {
  path?: object;
  query?: object | undefined;
  body?: unknown;
}

type AnyApi = (method: string, route: string, init: object) => Promise<Answered>;

/** The answer as a text or a stream: JSON is read without rounding a number, as everything from outside is. */
function requested(
  api: TributaryClient,
  { method, route, path, query, body }: AnyRequest,
  headers: { [name: string]: string },
  parseAs: 'text' | 'stream',
): Promise<Answered> {
  const streamed = {
    headers: { ...headers, 'content-type': 'text/csv' },
    bodySerializer: (stream: unknown) => stream,
    duplex: 'half',
  };
  const more = body instanceof ReadableStream ? streamed : { headers };
  return (api.request as AnyApi)(method, route, { params: { path, query }, body, parseAs, ...more });
}

function refusal(whom: string, { response: { status }, error }: Answered): ApiError {
  const problem: Problem = typeof error === 'object' && error !== null ? error : {};
  const isForeign = problem.type === undefined;
  const mayPass = status >= 500 || passing.has(status) || (isForeign && status !== 401);
  const isUnknown = (status === 404 && !isForeign) || problem.type === unknownName;
  const exitCode = isUnknown ? exitCodes.notFound : mayPass ? exitCodes.failed : exitCodes.usage;
  const said =
    problem.detail ??
    problem.title ??
    `${whom} answered ${status} without problem details: something in between answered, such as a proxy, or it is not Tributary. Check TRIBUTARY_URL.`;
  const message =
    status === 401
      ? `${whom} rejects the token. Set TRIBUTARY_API_TOKEN to the token that it was started with, or to one that "tributary token create" made.`
      : said;
  return new ApiError(message, { status, problem, exitCode });
}

/** The connection was there, and ended: the request may have arrived. */
const lostCodes = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** Speaks to a server. Its address may have a path: a proxy in front of it then strips it. */
export function overNetwork(address: string): Transport {
  const url = address.replace(/\/+$/, '');
  const send = async (request: Request) => {
    try {
      return await fetch(request);
    } catch (error) {
      const code = (error as { cause?: { code?: string } }).cause?.code ?? '';
      if (lostCodes.has(code))
        throw new LostError(
          `The connection to Tributary at ${url} was lost: ${reasonOf(error)}.`,
          undefined,
          {
            cause: error,
          },
        );
      throw new CommandError(
        `Cannot reach Tributary at ${url}: ${reasonOf(error)}. Start it with "tributary start", or correct TRIBUTARY_URL.`,
        undefined,
        { cause: error },
      );
    }
  };
  return { url, send };
}

/** Speaks to an app in this process. */
export function inProcess(app: { request(request: Request): Response | Promise<Response> }): Transport {
  return { url: 'http://localhost', send: async (request) => app.request(request) };
}

/** What fetch hides behind "fetch failed". */
function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message: string };
  if (cause?.code === 'ECONNREFUSED') return 'nothing listens there';
  if (cause?.code === 'ENOTFOUND') return 'there is no such host';
  return cause?.message || cause?.code || message;
}

async function readWhole(response: Response): Promise<Response> {
  const { status, headers } = response;
  try {
    const bytes = await response.arrayBuffer();
    return new Response(bytes.byteLength === 0 ? null : bytes, { status, headers });
  } catch (error) {
    throw new LostError('The connection was lost in the middle of the answer.', undefined, { cause: error });
  }
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
