// Webhooks over HTTP: authentic ones are kept before they are answered, and nothing else is done with them here. What
// the content is worth is decided when it is opened: bad content is no reason to refuse it, for vendors stop sending.

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Context, Next } from 'hono';
import { valueAt } from '../connector/reading.ts';
import type { Webhook } from '../connector/webhook.ts';
import type { Json } from '../connector.ts';
import { Authenticator, Mask, type WebhookRequest } from '../engine/webhook/authenticity.ts';
import { type BodyRules, parseBody, usualBodyRules } from '../engine/webhook/body.ts';
import {
  encodingsIn,
  knownEncodings,
  NotPackedError,
  UnpackedTooLargeError,
  unpacked,
} from '../engine/webhook/content-encoding.ts';
import { decode, UndecodableError } from '../engine/webhook/decoding.ts';
import { InboxFullError } from '../tables/inbox.ts';
import { destinationName } from '../tables/pauses.ts';
import { BodyError, type BodyFault, type HeldBody } from './body-gate.ts';
import { type Api, type Deps, newApi } from './deps.ts';
import type { Env } from './env.ts';
import { answerProblem, Problem } from './problem.ts';
import { RateCeiling } from './rate-ceiling.ts';
import { printable } from './refusals.ts';
import { calledUrl, type WebhookPath, webhookPath } from './webhook-path.ts';

export const usualMaxBodyBytes = 1024 * 1024;

/** Of one header's value, and of all that are kept. */
const maxHeaderCharacters = 2_000;

const maxHeaders = 60;

/** A body that says it is no longer is read before anything is judged: the connection stays of use. */
const smallBytes = 16 * 1024;

/** Methods that bring a request; people set senders up with any of them. */
const bringing = ['POST', 'PUT', 'PATCH'];

/** As traces name it: the path itself may hold a token. */
const route = '/webhooks/{source}';

/** Says in the inbox how a body came that was unpacked. */
const unpackedHeader = 'x-tributary-unpacked';

/** Where one source's requests come in. */
interface Gate {
  name: string;
  webhook: Webhook<unknown>;
  authenticator: Authenticator;
  mask: Mask;
  ceiling: RateCeiling;
  maxBodyBytes: number;
  rules: BodyRules;
}

export function webhooksApi(deps: Deps): Api {
  const { tributary, refusals } = deps;
  const gates = new Map<string, Gate>();
  const gateOf = (name: string): Gate | null => {
    const webhook = webhookOf(deps, name);
    if (!webhook) return null;
    const known = gates.get(name);
    if (known?.webhook === webhook) return known;
    const limits = tributary.rules.source(name)?.config.webhook;
    const rules = limits?.reading ?? usualBodyRules;
    const gate = {
      name,
      webhook,
      authenticator: new Authenticator(webhook, rules),
      mask: new Mask(webhook),
      ceiling: known?.ceiling ?? new RateCeiling(limits?.requestsPerSecond ?? 1000),
      maxBodyBytes: limits?.maxBodyBytes ?? webhook.maxBodyBytes ?? usualMaxBodyBytes,
      rules,
    };
    gates.set(name, gate);
    return gate;
  };
  const prefix = new URL(tributary.config.publicUrl ?? 'http://localhost').pathname;
  const answer = async (c: Context<Env>, next: Next) => {
    const target = targetOf(c);
    const path = webhookPath(target.split('?', 1)[0]!, prefix);
    if (path === null) return next();
    const gate = path.isTooLong ? null : gateOf(sourceCalled(deps, path.source));
    try {
      if (!gate) throw noSuchSource(path);
      return await traced(deps, gate, { c, target, token: path.token });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!gate) refusals.stray(path.source);
      else refusals.note(gate.name, error.body.status, error.message);
      return answerProblem(c, gate ? asVendorTakesIt(gate.webhook, c.req.method, error) : error);
    }
  };
  return newApi().all('*', answer) as unknown as Api;
}

/** What a source pushes, or the destination's own; null where it does not push. */
export function webhookOf({ tributary }: Deps, name: string): Webhook<unknown> | null {
  if (name !== destinationName) return tributary.rules.source(name)?.webhook ?? null;
  return tributary.destinationWebhook;
}

/** The name of a source as it is configured: screens and proxies may write the address in another letter case. */
function sourceCalled(deps: Deps, name: string): string {
  if (webhookOf(deps, name)) return name;
  const names = [destinationName, ...deps.tributary.rules.sources.map((source) => source.name)];
  const alike = names.filter((known) => known.toLowerCase() === name.toLowerCase());
  return alike.length === 1 ? alike[0]! : name;
}

/** Which ones do is not told to just anybody: `tributary status` shows it. */
function noSuchSource({ source, token, isTooLong }: WebhookPath): Problem {
  if (source === '')
    return new Problem(404, 'The path must end with the name of a source: /webhooks/SOURCE.');
  const path = isTooLong || token !== null ? ' at this path' : '';
  return new Problem(404, `No source ${printable(source)} accepts webhooks here${path}.`);
}

/** Some vendors stop for good after certain statuses: those get one that they try again after, with the same words. */
function asVendorTakesIt({ refuseWith }: Webhook<unknown>, method: string, problem: Problem): Problem {
  const { status, detail } = problem.body;
  const isPassing = status >= 500 || status === 408 || status === 429;
  if (refuseWith === undefined || isPassing || !bringing.includes(method)) return problem;
  return new Problem(refuseWith, detail, { headers: problem.headers });
}

interface Call {
  c: Context<Env>;
  /** Path and query as they came. */
  target: string;
  token: string | null;
}

/** What cannot be authenticated leaves no span: nobody from outside fills the collector. */
async function traced(deps: Deps, gate: Gate, call: Call): Promise<Response> {
  const { c } = call;
  const method = bringing.includes(c.req.method) ? c.req.method : '_OTHER';
  const attributes = {
    ...{ 'http.request.method': method, 'http.route': route, 'url.scheme': 'http' },
    'tributary.source': gate.name,
  };
  // The sender's own span is linked to and never the parent: no header decides whether we record.
  const links = [c.req.header('traceparent') ?? null];
  const span = { kind: 'server', attributes, links } as const;
  return deps.tributary.tracer.begin(`${method} ${route}`, span, async (span) => {
    let isAuthentic = false;
    try {
      const response = await receive(deps, gate, { ...call, onAuthentic: () => (isAuthentic = true) });
      span.set({ 'http.response.status_code': response.status });
      return response;
    } catch (error) {
      if (error instanceof Problem) span.set({ 'http.response.status_code': error.status });
      throw error;
    } finally {
      if (!isAuthentic) span.drop();
    }
  });
}

async function receive(deps: Deps, gate: Gate, call: Call & { onAuthentic: () => void }): Promise<Response> {
  const { webhook } = gate;
  const { c } = call;
  const { method } = c.req;
  const allow = allowed(webhook);
  if (method === 'OPTIONS') return optionsAnswer(webhook, c, allow);
  if (method === 'GET' || method === 'HEAD') return shakeHands(webhook, c);
  if (!bringing.includes(method))
    throw new Problem(405, `Send webhooks with ${bringing.join(', ')}.`, { headers: { allow } });
  const encodings = encodingsIn(c.req.header('content-encoding'));
  if (encodings === null)
    throw new Problem(
      415,
      `The Content-Encoding is not supported. Send the body uncompressed or as ${knownEncodings}.`,
      {
        headers: { 'accept-encoding': knownEncodings },
      },
    );
  const held = await bodyOf(deps, gate, call);
  try {
    const request = await withUnpacked(gate, requestOf(deps, call, held.bytes), encodings);
    judge(gate, deps, request);
    call.onAuthentic();
    const pong = pingAnswer(gate, request);
    if (pong) return pong;
    if (isNeverKept(gate, request)) return answered(webhook);
    await keep(() => deps.tributary.inbox.keep(keptRequest(gate, request, deps.tributary.clock.now())));
    return answered(webhook);
  } finally {
    held.release();
  }
}

function allowed({ handshake }: Webhook<unknown>): string {
  const hands = handshake?.reachabilityCheck || handshake?.challenge ? ['GET', 'HEAD'] : [];
  return [...bringing, ...hands, 'OPTIONS'].join(', ');
}

/** The origin is told that it may send: whether it is the vendor's, each request shows by itself. */
function optionsAnswer({ handshake }: Webhook<unknown>, c: Context<Env>, allow: string): Response {
  const origin = handshake?.cloudEvents && c.req.header('webhook-request-origin');
  if (!origin) return new Response(null, { status: 204, headers: { allow } });
  const headers = { allow, 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' };
  return new Response(null, { status: 200, headers });
}

function judge(
  { name, authenticator, ceiling }: Gate,
  { tributary: { clock } }: Deps,
  request: WebhookRequest,
) {
  const verdict = authenticator.judge(request, clock.now());
  if (!verdict.authentic) throw notAuthentic(verdict.reason);
  // Only what is authentic counts: a flood of anything else must not keep the vendor out.
  const waitSeconds = ceiling.enter(clock.now());
  if (waitSeconds > 0)
    throw new Problem(429, `${name} exceeds its limit of ${ceiling.perSecond} requests per second.`, {
      headers: { 'retry-after': String(waitSeconds) },
    });
}

function notAuthentic(reason: string): Problem {
  return new Problem(401, `The request could not be authenticated: ${reason}.`, {
    type: 'not-authentic',
  });
}

/** One that cannot be unpacked stays as it came: whether it is the vendor's is judged first. */
async function withUnpacked(
  { maxBodyBytes }: Gate,
  request: WebhookRequest,
  encodings: readonly string[],
): Promise<WebhookRequest> {
  if (encodings.length === 0 || request.body.length === 0) return request;
  try {
    const body = await unpacked(request.body, encodings, maxBodyBytes);
    const { 'content-encoding': packed, ...headers } = request.headers;
    return { ...request, headers: { ...headers, [unpackedHeader]: packed! }, body, sentBody: request.body };
  } catch (error) {
    if (error instanceof UnpackedTooLargeError) throw tooLarge(maxBodyBytes);
    if (error instanceof NotPackedError) return request;
    throw error;
  }
}

function keptRequest(
  { name, mask }: Gate,
  { method, query, headers, body }: WebhookRequest,
  receivedAt: number,
) {
  return {
    source: name,
    receivedAt,
    method,
    query: mask.query(query),
    headers: keptHeaders(mask, headers),
    body: mask.body(body),
  };
}

function answered({ reply }: Webhook<unknown>): Response {
  return new Response(reply?.body ?? '{}', {
    headers: { 'content-type': reply?.contentType ?? 'application/json' },
  });
}

async function keep(keeping: () => Promise<void>): Promise<void> {
  try {
    await keeping();
  } catch (error) {
    const full = error instanceof InboxFullError;
    throw new Problem(
      503,
      full
        ? 'The database cannot keep up. Send the request again later.'
        : 'The request could not be stored. Send it again.',
      { headers: { 'retry-after': full ? '2' : '10' } },
    );
  }
}

/** A vendor tries the address before it sends anything, without credentials. */
function shakeHands(webhook: Webhook<unknown>, c: Context<Env>): Response {
  const { handshake } = webhook;
  const challenge = handshake?.challenge;
  const echoed = challenge && c.req.query(challenge.query);
  if (challenge && echoed !== undefined) {
    const token = challenge.token && c.req.query(challenge.token.query);
    if (challenge.token && !challenge.token.values.some((value) => sameToken(value, token)))
      throw new Problem(401, 'The token sent with the challenge is wrong.', { type: 'not-authentic' });
    return c.text(echoed);
  }
  if (handshake?.reachabilityCheck) return c.body(null, 200);
  throw new Problem(405, `Send webhooks with ${bringing.join(', ')}.`, {
    headers: { allow: allowed(webhook) },
  });
}

/** By the same judge as every credential: in constant time. */
function sameToken(value: string, given: string | undefined): boolean {
  const judge = new Authenticator({
    authentication: [{ kind: 'credential', at: 'path', values: [value] }],
    decoding: { form: 'json' },
  });
  const request = { method: 'GET', url: '', headers: {}, query: {}, body: new Uint8Array() };
  return judge.judge({ ...request, pathToken: given ?? null }, 0).authentic;
}

function pingAnswer({ webhook, rules }: Gate, { headers, body }: WebhookRequest): Response | null {
  const ping = webhook.handshake?.ping;
  if (!ping) return null;
  let said: Json;
  try {
    said = parseBody(webhook.decoding.form, body, { contentType: headers['content-type'], rules });
  } catch {
    return null;
  }
  if (valueAt(said, ping.field) !== ping.equals) return null;
  if (ping.echo === undefined) return answered(webhook);
  const echoed = valueAt(said, ping.echo);
  return new Response(typeof echoed === 'string' ? echoed : JSON.stringify(echoed ?? null), {
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  });
}

function isNeverKept({ webhook, rules }: Gate, { headers, body }: WebhookRequest): boolean {
  if (!webhook.neverKept) return false;
  try {
    const items = decode(webhook.decoding, body, { contentType: headers['content-type'], rules });
    return items.some((item) => webhook.neverKept!(item));
  } catch (error) {
    if (error instanceof UndecodableError) return false;
    throw error;
  }
}

async function bodyOf(deps: Deps, gate: Gate, call: Call): Promise<HeldBody> {
  const { c } = call;
  const { maxBodyBytes, authenticator } = gate;
  const length = c.req.header('content-length');
  if (Number(length ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes);
  if (length === undefined || Number(length) > smallBytes) {
    const head = requestOf(deps, call, new Uint8Array());
    const verdict = authenticator.judgeHead(head, deps.tributary.clock.now());
    if (!verdict.authentic) throw notAuthentic(verdict.reason);
  }
  try {
    return await deps.bodies.read(streamOf(c), maxBodyBytes);
  } catch (error) {
    if (error instanceof BodyError) throw bodyProblem(error.fault, maxBodyBytes);
    throw error;
  }
}

/** The connection itself where there is one: reading it through the web's streams takes longer and keeps more. */
function streamOf(c: Context<Env>): Readable {
  const incoming: IncomingMessage | undefined = c.env?.incoming;
  if (incoming) return incoming;
  const { body } = c.req.raw;
  return body ? Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]) : Readable.from([]);
}

function bodyProblem(fault: BodyFault, maxBodyBytes: number): Problem {
  if (fault === 'too_large') return tooLarge(maxBodyBytes);
  if (fault === 'slow') return new Problem(408, 'The body arrived too slowly. Send the request again.');
  if (fault === 'aborted') return new Problem(400, 'The connection ended before the body was complete.');
  return new Problem(503, 'Too many requests are being received at once. Send the request again later.', {
    headers: { 'retry-after': '5' },
  });
}

function tooLarge(maxBodyBytes: number): Problem {
  return new Problem(
    413,
    `The decompressed body exceeds ${maxBodyBytes} bytes, the webhook.maxBodyBytes of the source.`,
    { type: 'too-large' },
  );
}

/** Path and query as they came. */
function targetOf(c: Context<Env>): string {
  const raw = c.env?.incoming?.url;
  if (raw?.startsWith('/')) return raw;
  const { url } = c.req;
  return url.slice(url.indexOf('/', url.indexOf('//') + 2));
}

function requestOf({ tributary }: Deps, { c, target, token }: Call, body: Uint8Array): WebhookRequest {
  const { publicUrl } = tributary.config;
  return {
    method: c.req.method,
    url: publicUrl === null ? c.req.url : calledUrl(publicUrl, target),
    headers: c.req.header(),
    query: c.req.query(),
    pathToken: token,
    body,
  };
}

function keptHeaders(mask: Mask, headers: { readonly [name: string]: string }): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(mask.headers(headers))
      .slice(0, maxHeaders)
      .map(([name, value]) => [name, value.slice(0, maxHeaderCharacters)]),
  );
}
