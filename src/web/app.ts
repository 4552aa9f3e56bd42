// The web app: every route, who may ask it, and what every answer carries. It does not know how it is served.

import type { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { secureHeaders } from 'hono/secure-headers';
import type { Tributary } from '../app/app.ts';
import { parseJson } from '../connector/json.ts';
import type { Connector } from '../connector.ts';
import type { OutputHealth } from '../engine/log/output-health.ts';
import { RecentLines } from '../engine/log/recent-lines.ts';
import { describeVanished } from '../sync/pull/vanished.ts';
import { readBalance, readReceived } from '../sync/views/balance.ts';
import { letterGroups } from '../sync/views/letter-groups.ts';
import { figures } from '../sync/views/status.ts';
import { EndedSessions } from '../tables/ended-sessions.ts';
import { groupHolds } from '../tables/holds.ts';
import { openPage } from './admin/visit.ts';
import { adminPages } from './admin.ts';
import { auditApi } from './api/audit.ts';
import { balanceApi } from './api/balance.ts';
import { callsApi } from './api/calls.ts';
import { clashesApi } from './api/clashes.ts';
import { connectApi } from './api/connect.ts';
import { customersApi } from './api/customers.ts';
import { deadLetterGroupsApi } from './api/dead-letter-groups.ts';
import { deadLettersApi } from './api/dead-letters.ts';
import { deliveriesApi } from './api/deliveries.ts';
import { destinationApi } from './api/destination.ts';
import { driftsApi } from './api/drifts.ts';
import { erasuresApi } from './api/erasures.ts';
import { explainApi } from './api/explain.ts';
import { exportApi } from './api/export.ts';
import { healthApi } from './api/health.ts';
import { holdsApi } from './api/holds.ts';
import { importsApi } from './api/imports.ts';
import { inboxApi } from './api/inbox.ts';
import { logsApi } from './api/logs.ts';
import { metricsApi } from './api/metrics.ts';
import { pinsApi } from './api/pins.ts';
import { planApi } from './api/plan.ts';
import { previewApi } from './api/preview.ts';
import { probeApi } from './api/probe.ts';
import { quarantineApi } from './api/quarantine.ts';
import { receiptsApi } from './api/receipts.ts';
import { rewindApi } from './api/rewind.ts';
import { runsApi } from './api/runs.ts';
import { sandboxApi } from './api/sandbox.ts';
import { sourcesApi } from './api/sources.ts';
import { spendApi } from './api/spend.ts';
import { statusApi } from './api/status.ts';
import { tokensApi } from './api/tokens.ts';
import { undosApi } from './api/undos.ts';
import { verificationsApi } from './api/verifications.ts';
import { webhookApi } from './api/webhooks.ts';
import { writeBacksApi } from './api/write-backs.ts';
import { AuditLog, audited } from './auditing.ts';
import { Auth } from './auth.ts';
import { BodyGate } from './body-gate.ts';
import { refusalOf } from './caller.ts';
import { Cursors } from './cursors.ts';
import { type Deps, newApi, type SandboxVendors } from './deps.ts';
import { docsPages } from './docs.ts';
import type { Env } from './env.ts';
import { withExamples } from './examples.ts';
import { isForBrowser } from './for-browser.ts';
import { Guesses } from './guesses.ts';
import { Idempotency } from './idempotency.ts';
import { importPath } from './import-path.ts';
import { LivePages } from './live-pages.ts';
import { LoginCodes } from './login-codes.ts';
import { sections } from './pages/sections.ts';
import { answerUnavailable, readsInTime } from './patience.ts';
import { answerProblem, onError, Problem } from './problem.ts';
import { Rates } from './rates.ts';
import { Refusals } from './refusals.ts';
import { Remembered } from './remembered.ts';
import { Tokens } from './tokens.ts';
import { TriggerLimits } from './trigger-limits.ts';
import { keyParameter } from './triggers.ts';
import { webhooksApi } from './webhooks.ts';

const maxBodyBytes = 1024 * 1024;

const maxPageBodyBytes = 16 * 1024;

const maxImportBytes = 2 * 1024 ** 3;

/** Pages are answered in 100 ms. */
const firstLookMs = 75;

export interface AppOptions {
  /** Opens everything, as a bearer token or at the login. Named tokens are made with it. */
  apiToken: string;
  version: string;
  /** The simulated vendors. Null, the default: they are real. */
  sandbox?: SandboxVendors | null;
  /** Imported files are kept in `imports` below it. */
  dataDir: string;
  /** So long a page may take until everything was counted once, milliseconds. Default: 75. Null: for ever. */
  firstLookMs?: number | null;
  /** Default 2 GiB. */
  maxImportBytes?: number;
  /** Where bodies are read before they are known to be the vendor's. Default: within the usual limits. */
  bodies?: BodyGate;
  /** Those that a proposed configuration may name. Default: those of the present one. */
  connectors?: readonly Connector[];
  /** Whether the log arrives. */
  output?: OutputHealth | undefined;
  /** The newest lines of the log. Default: none are kept. */
  recentLines?: RecentLines | undefined;
  /** Where codes for the link on the terminal are made. */
  loginCodes?: LoginCodes;
}

export function createApp(tributary: Tributary, options: AppOptions): OpenAPIHono<Env> {
  const { clock, database, log } = tributary;
  const audit = new AuditLog(database, clock, log);
  const guesses = new Guesses(clock, log, () => audit.note('wrong tokens', 429));
  const tokens = new Tokens(database, clock);
  const deps: Deps = {
    tributary,
    version: options.version,
    sandbox: options.sandbox ?? null,
    startedAt: clock.now(),
    firstLookMs: options.firstLookMs === undefined ? firstLookMs : options.firstLookMs,
    dataDir: options.dataDir,
    maxImportBytes: options.maxImportBytes ?? maxImportBytes,
    auth: new Auth(options.apiToken, {
      clock,
      guesses,
      tokens,
      ended: new EndedSessions(database, clock),
    }),
    tokens,
    guesses,
    audit,
    cursors: new Cursors(options.apiToken),
    loginCodes: options.loginCodes ?? new LoginCodes(clock),
    figures: new Remembered(clock, () => figures(database, clock.now())),
    vanished: new Remembered(clock, () => describeVanished(database, tributary.rules)),
    causes: new Remembered(clock, () => letterGroups(database, {})),
    held: new Remembered(clock, () => groupHolds(database, {})),
    balance: new Remembered(clock, () => readBalance(database)),
    received: new Remembered(clock, () => readReceived(database)),
    rates: new Rates(),
    live: new LivePages(clock, {
      activity: () => tributary.activity,
      knownAt: () => deps.figures.last?.at ?? clock.now(),
    }),
    refusals: new Refusals(clock, log),
    output: options.output ?? null,
    recentLines: options.recentLines ?? new RecentLines(clock),
    bodies: options.bodies ?? new BodyGate(clock),
    ...(options.connectors && { connectors: options.connectors }),
  };
  const app = newApi();
  app.onError(onError(log, deps.refusals, (c, error) => answerUnavailable(deps, c, error)));
  app.notFound((c) => {
    if (isForBrowser(c)) return openPage(deps, c, noPage);
    const detail = `There is no route ${c.req.path}. The routes are listed in /openapi.json.`;
    return answerProblem(c, new Problem(404, detail));
  });
  // Before all else: they have limits of their own, and every millisecond counts.
  const door = webhooksApi(deps);
  app.route('/', door);
  app.use(headers);
  const inTime = readsInTime(deps);
  for (const { path } of sections.flat()) app.use(path === '/' ? path : `${path}/*`, inTime);
  const authorised: MiddlewareHandler<Env> = async (c, next) => {
    const caller = await deps.auth.require(c);
    c.set('caller', caller);
    c.header('cache-control', 'no-store');
    const refusal = refusalOf(caller, c.req.method, c.req.path);
    if (refusal !== null) throw new Problem(403, refusal, { type: 'role' });
    await next();
    if (c.req.method !== 'GET') deps.live.noteChange();
  };
  app.use('/api/*', audited(audit));
  for (const path of ['/api/*', '/metrics']) app.use(path, authorised, inTime);
  app.use(smallBodies);
  app.use(keepDigits);
  app.use('/api/*', new TriggerLimits(clock, tributary.config.triggersPerMinute).middleware);
  app.use('/api/*', new Idempotency({ database, clock, log }).middleware);
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));
  for (const part of parts) app.route('/', part(deps));
  app.route('/', webhookApi(deps, door));
  const specification = document(app, options.version);
  app.route('/', docsPages(specification));
  return app;
}

/** Bodies are read without rounding a whole number beyond 2^53, as everything from outside is. */
const keepDigits: MiddlewareHandler = async (c, next) => {
  c.req.json = async <Body>() => parseJson(await c.req.text()) as Body;
  await next();
};

const parts = [
  healthApi,
  tokensApi,
  auditApi,
  statusApi,
  balanceApi,
  sandboxApi,
  logsApi,
  metricsApi,
  spendApi,
  callsApi,
  sourcesApi,
  connectApi,
  importsApi,
  destinationApi,
  probeApi,
  deliveriesApi,
  runsApi,
  undosApi,
  customersApi,
  explainApi,
  pinsApi,
  quarantineApi,
  clashesApi,
  rewindApi,
  erasuresApi,
  exportApi,
  deadLettersApi,
  deadLetterGroupsApi,
  inboxApi,
  driftsApi,
  writeBacksApi,
  holdsApi,
  previewApi,
  planApi,
  verificationsApi,
  receiptsApi,
  adminPages,
];

function noPage(): never {
  throw new Problem(404, 'No page has this address.');
}

const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  // For whoever terminates TLS to say: on plain HTTP it means nothing.
  strictTransportSecurity: false,
});

const limitedTo = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: () => {
      // What is left of the body is not read, so the connection carries no further request.
      throw new Problem(413, `The body has more than ${maxSize} bytes.`, {
        type: 'too-large',
        headers: { connection: 'close' },
      });
    },
  });

const ofApi = limitedTo(maxBodyBytes);

/** Whoever logs in has shown nothing yet, and has only a token to say. */
const ofPages = limitedTo(maxPageBodyBytes);

/** Imports have a limit of their own, and are streamed. */
const smallBodies: typeof ofApi = (c, next) => {
  if (importPath.test(c.req.path)) return next();
  return c.req.path.startsWith('/api/') ? ofApi(c, next) : ofPages(c, next);
};

const refuseMethod = (c: Parameters<typeof answerProblem>[0], methods: readonly string[]): Response =>
  answerProblem(
    c,
    new Problem(405, `This route accepts only ${methods.join(', ')}.`, {
      headers: { allow: methods.join(', ') },
    }),
  );

/** Serves the OpenAPI document. Returns what makes it. */
function document(app: OpenAPIHono<Env>, version: string): () => object {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'TRIBUTARY_API_TOKEN, or a token that `tributary token create` made.',
  });
  app.openAPIRegistry.registerComponent('parameters', keyParameter.name, keyParameter.definition);
  const about = {
    openapi: '3.1.0' as const,
    info: {
      title: 'Tributary',
      version,
      description:
        "Keeps Voucherify's customers in sync with CRMs and customer engagement platforms. Errors are RFC 9457 problem details; times are ISO 8601 in UTC.",
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
  };
  let made: object | null = null;
  const whole = () => {
    made ??= withExamples(app.getOpenAPI31Document(about));
    return made;
  };
  app.get('/openapi.json', (c) => c.json(whole()));
  return whole;
}
