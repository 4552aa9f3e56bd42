// What every route is handed, and the form that all of them are built on.

import { OpenAPIHono, type RouteConfig } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { z } from 'zod';
import type { Tributary } from '../app/app.ts';
import type { Connector } from '../connector.ts';
import type { Balance, Received } from '../contract/balance.ts';
import type { HoldGroup } from '../contract/hold.ts';
import type { Break, Sandbox } from '../contract/sandbox.ts';
import type { OutputHealth } from '../engine/log/output-health.ts';
import type { RecentLines } from '../engine/log/recent-lines.ts';
import type { Vanished } from '../sync/pull/vanished.ts';
import type { LetterGroup } from '../sync/views/letter-groups.ts';
import type { Figures } from '../sync/views/status.ts';
import { thereAre } from '../words.ts';
import type { AuditLog } from './auditing.ts';
import type { Auth } from './auth.ts';
import type { BodyGate } from './body-gate.ts';
import type { Cursors } from './cursors.ts';
import type { Env } from './env.ts';
import type { Guesses } from './guesses.ts';
import type { LivePages } from './live-pages.ts';
import type { LoginCodes } from './login-codes.ts';
import { masked } from './masking.ts';
import { Problem, refuseBadInput } from './problem.ts';
import type { Rates } from './rates.ts';
import type { Refusals } from './refusals.ts';
import type { Remembered } from './remembered.ts';
import type { Tokens } from './tokens.ts';
import { withShared } from './triggers.ts';

/** The vendors of the sandbox, wherever they run. */
export interface SandboxVendors {
  read(): Promise<Sandbox>;
  /** Null: there is no such break. */
  begin(name: string, seconds: number): Promise<Break | null>;
}

export interface Deps {
  tributary: Tributary;
  version: string;
  /** The simulated vendors. Null: they are real. */
  sandbox: SandboxVendors | null;
  /** Epoch milliseconds. */
  startedAt: number;
  /** So long a page may take until everything was counted once, milliseconds. Null: for ever. */
  firstLookMs: number | null;
  /** Imports are kept below it. */
  dataDir: string;
  maxImportBytes: number;
  auth: Auth;
  tokens: Tokens;
  /** Wrong tokens and login links. */
  guesses: Guesses;
  audit: AuditLog;
  cursors: Cursors;
  loginCodes: LoginCodes;
  figures: Remembered<Figures>;
  vanished: Remembered<Vanished[]>;
  /** Open dead letters by cause, and what the breaker holds: there may be many. */
  causes: Remembered<LetterGroup[]>;
  held: Remembered<HoldGroup[]>;
  rates: Rates;
  /** Streams to those who look at a page. */
  live: LivePages;
  /** The sums that hold: each side is counted over whole tables. */
  balance: Remembered<Balance>;
  /** The first of them alone: it reads no customers. */
  received: Remembered<Received>;
  /** Webhooks that were refused at the door. */
  refusals: Refusals;
  /** Whether the log arrives; null where that is not watched. */
  output: OutputHealth | null;
  /** What `GET /api/logs` lists. */
  recentLines: RecentLines;
  /** Where bodies of requests are read that have shown no credentials yet. */
  bodies: BodyGate;
  /** Those that a proposed configuration may name. Default: those of the present one. */
  connectors?: readonly Connector[];
}

export type Api = OpenAPIHono<Env>;

/** Refuses bad input, and answers in the form that the route's own shapes give on the wire. */
export function newApi(): Api {
  const api: Api = new OpenAPIHono<Env>({ defaultHook: (result) => refuseBadInput(result) });
  const { openapi } = api;
  api.openapi = ((route, ...rest) => {
    const shared = withShared(route);
    const middleware = [encodes(route), refusesQuery(route), readsAbsentBody(route)];
    return openapi({ ...shared, middleware }, ...rest);
  }) as typeof openapi;
  return api;
}

/** Where the API takes no query, one that says something is refused: a filter in it would be silently without effect. */
function refusesQuery({ request, path }: Pick<RouteConfig, 'request' | 'path'>): MiddlewareHandler<Env> {
  const isOpen = request?.query !== undefined || !path.startsWith('/api/');
  return async (c, next) => {
    if (!isOpen) parsed('query', noQuery, c.req.query());
    await next();
  };
}

const noQuery = z.strictObject({});

/** A request without a body, where the route needs none, is one with an empty object: it gets the defaults of the shape. */
function readsAbsentBody({ request }: Pick<RouteConfig, 'request'>): MiddlewareHandler<Env> {
  const media = request?.body?.content['application/json'];
  const schema = media && 'schema' in media ? media.schema : undefined;
  return async (c, next) => {
    if (schema instanceof z.ZodType) {
      const { addValidatedData } = c.req;
      c.req.addValidatedData = (target, data) => {
        const isAbsent = target === 'json' && c.req.header('content-type') === undefined;
        addValidatedData.call(c.req, target, isAbsent ? parsed('json', schema, data) : data);
      };
    }
    await next();
  };
}

/** Throws the problem where the value is not of the shape. */
function parsed(target: 'json' | 'query', schema: z.ZodType, value: object): object {
  const result = schema.safeParse(value);
  if (!result.success) refuseBadInput({ target, success: false, error: result.error, data: value });
  return result.data as object;
}

/** What a route answers as JSON, by status. */
type Answers = { [status: number]: { content?: { 'application/json'?: { schema: z.ZodType } } } };

function encodes({ responses }: Pick<RouteConfig, 'responses'>): MiddlewareHandler<Env> {
  const answers = responses as Answers;
  return async (c, next) => {
    const send: (value: object, ...rest: unknown[]) => unknown = c.json.bind(c) as never;
    c.json = ((value: object, status: number, ...rest: unknown[]) => {
      const schema = answers[status]?.content?.['application/json']?.schema;
      const onWire = schema ? (z.encode(schema, value) as object) : value;
      const isMasked = schema && c.get('caller')?.isMasked;
      return send(isMasked ? masked(schema, onWire) : onWire, status, ...rest);
    }) as never;
    await next();
  };
}

/** Throws the problem where no source is so called. */
export function sourceNamed(deps: Deps, name: string) {
  const source = deps.tributary.rules.source(name);
  if (source) return source;
  const names = deps.tributary.rules.sources.map((known) => known.name);
  throw new Problem(
    404,
    `No source is called ${name}. ${names.length ? thereAre(names) : 'None is configured.'}`,
  );
}
