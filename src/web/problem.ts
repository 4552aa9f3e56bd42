// What an HTTP answer says when something is wrong: RFC 9457 problem details, one form for every error. It knows no
// route.
import { randomUUID } from 'node:crypto';
import type { Context, ErrorHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ZodError } from 'zod';
import { type Fault, type ProblemBody, problemShape, problemType, renamedKeys } from '../contract/problem.ts';
import type { ProblemKindName } from '../contract/problem-kinds.ts';
import { isUnavailable } from '../db/availability.ts';
import type { Log } from '../engine/log/log.ts';
import type { Env } from './env.ts';
import type { Refusals } from './refusals.ts';

const titles: { readonly [status: number]: string } = {
  400: 'Bad input',
  401: 'Not logged in',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Unprocessable content',
  429: 'Too many requests',
  500: 'Unexpected error',
  503: 'Not ready',
};

/** Thrown by whoever finds it; becomes the answer. */
export class Problem extends Error {
  override name = 'Problem';
  readonly body: ProblemBody;
  readonly headers: { readonly [name: string]: string };

  constructor(
    status: keyof typeof titles & number,
    detail: string,
    more: {
      type?: ProblemKindName;
      faults?: Fault[];
      runId?: number;
      errorId?: string;
      headers?: { readonly [name: string]: string };
    } = {},
  ) {
    super(detail);
    const { type, headers = {}, ...members } = more;
    this.body = {
      type: type ? problemType(type) : 'about:blank',
      title: titles[status] ?? 'Error',
      status,
      detail,
      ...members,
    };
    this.headers = headers;
  }

  get status(): number {
    return this.body.status;
  }
}

/** Nobody is known by what was asked for. Commands end with an exit code of their own. */
export function nobody(detail: string): Problem {
  return new Problem(404, detail, { type: 'nobody' });
}

/** Several customers are known by it: the one that is meant must be chosen by its source ID. */
export function ambiguous(id: string, meant: readonly { sourceId: string; by: string }[]): Problem {
  const list = meant.map(({ sourceId, by }) => `${sourceId} (${by})`).join(', ');
  return new Problem(400, `${id} may mean several customers: ${list}. Use the source ID of one of them.`, {
    type: 'ambiguous',
    faults: [
      {
        path: 'sourceId',
        found: JSON.stringify(id),
        allowed: `one of ${meant.map(({ sourceId }) => sourceId).join(', ')}`,
      },
    ],
  });
}

/** The responses a route documents for its problems; 401, 403 and 500 are any route's. */
export function problems<Status extends number>(...statuses: Status[]) {
  const response = (status: number) => ({
    description: titles[status] ?? 'Error',
    content: { 'application/problem+json': { schema: problemShape } },
  });
  const all = [...statuses, 401, 403, 500] as const;
  return Object.fromEntries(all.map((status) => [status, response(status)])) as {
    [status in Status | 401 | 403 | 500]: ReturnType<typeof response>;
  };
}

export function answerProblem(c: Context, { body, headers }: Problem): Response {
  return c.body(JSON.stringify(body), body.status as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...headers,
  });
}

/** Every error of every route becomes a problem. Of one we did not expect, only an ID is told; the log has the rest. */
export function problemOf(error: Error, log: Log, path: string): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException) {
    if (error.status === 415)
      return new Problem(415, 'The body must be JSON, sent with the content type application/json.');
    if (error.status === 400) return new Problem(400, 'The body is not valid JSON.', { type: 'bad-json' });
    if (error.status in titles) return new Problem(error.status, error.message || titles[error.status]!);
  }
  const errorId = randomUUID();
  log.error({ err: error, errorId, path }, 'a request failed unexpectedly');
  return new Problem(500, `This should not have happened. The log names the error ${errorId}.`, { errorId });
}

/** Connections that ended in the middle of a request are counted, not told one by one. */
export function onError(
  log: Log,
  refusals: Refusals,
  answerUnavailable: (c: Context, error: unknown) => Response | Promise<Response>,
): ErrorHandler<Env> {
  return (error, c) => {
    const incoming = c.env?.incoming;
    if (incoming?.destroyed && !incoming.complete) {
      refusals.cutShort();
      return answerProblem(c, new Problem(400, 'The connection ended before the body was complete.'));
    }
    if (isUnavailable(error)) return answerUnavailable(c, error);
    return answerProblem(c, problemOf(error, log, c.req.path));
  };
}

/** Called with the outcome of each validation. */
export function refuseBadInput(
  result: { target: string } & ({ success: true } | { success: false; error: ZodError; data?: unknown }),
): void {
  if (result.success) return;
  const faults = faultsOf(result.error, result.data);
  const where = result.target === 'json' ? 'body' : result.target === 'param' ? 'path' : result.target;
  throw new Problem(
    400,
    `The ${where} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}: ${sentence(faults)}.`,
    {
      type: 'bad-input',
      faults,
    },
  );
}

function sentence(faults: readonly Fault[]): string {
  return faults.map(({ path, found, allowed }) => `${path} is ${found}; allowed is ${allowed}`).join('. ');
}

/** `raw`: the value that was checked. */
export function faultsOf(error: ZodError, raw: unknown): Fault[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: pathText([...issue.path, key]),
        found: 'an unknown key',
        allowed: renamedKeys[key] ? `"${renamedKeys[key]}" in its place` : 'the keys in /openapi.json',
      }));
    }
    const value = issue.path.reduce<unknown>(
      (at, key) => (at as { [key: PropertyKey]: unknown } | undefined)?.[key],
      raw,
    );
    const found = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value)).slice(0, 200);
    return [
      {
        path: pathText(issue.path),
        found,
        allowed: issue.message.replace(/^Invalid (input|option): (expected )?/, '').replaceAll('"|"', '", "'),
      },
    ];
  });
}

function pathText(path: readonly PropertyKey[]): string {
  return (
    path.reduce<string>(
      (at, key) => (typeof key === 'number' ? `${at}[${key}]` : at ? `${at}.${String(key)}` : String(key)),
      '',
    ) || '(the whole)'
  );
}
