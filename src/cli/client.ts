// The HTTP API as commands speak it: over the network or within this process, the same requests either way. It knows
// addresses, statuses and problem details, but no command.

import type { z } from 'zod';
import { parseJson } from '../connector/json.ts';
import type { ProblemBody } from '../contract/problem.ts';
import { CommandError, exitCodes } from './errors.ts';
import { LostError, type Transport } from './repeating.ts';

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

/** Refusals that may be none the next time. */
const passing = new Set([408, 409, 425, 429]);

export interface Send {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  query?: { [name: string]: string | number | undefined };
  json?: unknown;
  /** Bytes as they come, instead of JSON. */
  stream?: { body: ReadableStream<Uint8Array>; type: string };
}

export class Client {
  /** Whom we speak to, for a person: an address, or `this process`. */
  readonly whom: string;
  readonly #transport: Transport;
  /** As the transport, for answers that are read whole. */
  readonly #repeated: Transport;
  readonly #token: string;
  readonly #headers: { [name: string]: string };

  constructor(options: {
    whom: string;
    transport: Transport;
    /** Default: the transport, whose connection cannot be lost. */
    repeated?: Transport;
    token: string;
    headers?: { [name: string]: string };
  }) {
    this.whom = options.whom;
    this.#transport = options.transport;
    this.#repeated = options.repeated ?? options.transport;
    this.#token = options.token;
    this.#headers = options.headers ?? {};
  }

  /** The same server, with these headers on every request. */
  with(headers: { [name: string]: string }): Client {
    const { whom } = this;
    return new Client({
      whom,
      transport: this.#transport,
      repeated: this.#repeated,
      token: this.#token,
      headers,
    });
  }

  /** The answer, which must have this shape. Throws ApiError if the server refuses, and CommandError if no server of Tributary answers. */
  async send<Shape extends z.ZodType>(
    shape: Shape,
    path: string,
    request: Send = {},
  ): Promise<z.output<Shape>> {
    const response = await this.#repeated(withQuery(path, request.query), this.#init(request));
    const text = await response.text();
    const body = parsed(text);
    if (!response.ok) throw this.#refusal(response.status, (body ?? {}) as Problem);
    if (body === undefined) {
      throw new CommandError(
        `${this.whom} answered ${response.status} without JSON: is it Tributary? Check TRIBUTARY_URL.`,
      );
    }
    const read = shape.safeParse(body);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    throw new CommandError(
      `${this.whom} sent an answer that this version does not understand (${issue?.path.join('.')}: ${issue?.message}). Use the same version of both.`,
    );
  }

  /** The answer's bytes as they come. Throws ApiError where it is a refusal. */
  async open(path: string, query: NonNullable<Send['query']>): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#transport(withQuery(path, query), this.#init({}));
    if (response.ok && response.body) return response.body;
    throw this.#refusal(response.status, (parsed(await response.text()) ?? {}) as Problem);
  }

  #init({ method, json, stream }: Send): RequestInit {
    const type = stream?.type ?? (json === undefined ? undefined : 'application/json');
    return {
      method: method ?? (json === undefined && !stream ? 'GET' : 'POST'),
      headers: {
        ...this.#headers,
        accept: 'application/json',
        authorization: `Bearer ${this.#token}`,
        ...(type !== undefined && { 'content-type': type }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(stream && { body: stream.body, duplex: 'half' as const }),
    };
  }

  #refusal(status: number, problem: Problem): ApiError {
    const isOurs = status >= 500 || passing.has(status);
    // A server that is not ours knows none of our paths: that is a wrong address.
    const isUnknown = status === 404 && problem.type !== undefined;
    const exitCode = isUnknown ? exitCodes.notFound : isOurs ? exitCodes.failed : exitCodes.usage;
    const said = problem.detail ?? problem.title ?? `${this.whom} answered ${status}. Its log says more.`;
    const message =
      status === 401
        ? `${this.whom} rejects the token. Set TRIBUTARY_API_TOKEN to the token that it was started with, or to one that "tributary token create" made.`
        : said;
    return new ApiError(message, { status, problem, exitCode });
  }
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
export function overNetwork(url: string): Transport {
  const base = url.replace(/\/+$/, '');
  return async (path, init) => {
    try {
      return await fetch(`${base}${path}`, init);
    } catch (error) {
      const code = (error as { cause?: { code?: string } }).cause?.code ?? '';
      if (lostCodes.has(code))
        throw new LostError(
          `The connection to Tributary at ${base} was lost: ${reasonOf(error)}.`,
          undefined,
          {
            cause: error,
          },
        );
      throw new CommandError(
        `Cannot reach Tributary at ${base}: ${reasonOf(error)}. Start it with "tributary start", or correct TRIBUTARY_URL.`,
        undefined,
        { cause: error },
      );
    }
  };
}

/** What fetch hides behind "fetch failed". */
function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message: string };
  if (cause?.code === 'ECONNREFUSED') return 'nothing listens there';
  if (cause?.code === 'ENOTFOUND') return 'there is no such host';
  return cause?.message || cause?.code || message;
}

function withQuery(path: string, query: Send['query'] = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] satisfies [string, string]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
