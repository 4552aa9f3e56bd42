// Webhooks over HTTP: authentic ones are kept before they are answered, and nothing else is done with them here. What
// the content is worth is for whoever opens it: bad content is no reason to refuse it, for vendors stop sending.
import type { Context } from 'hono';
import { valueAt } from '../connector/reading.ts';
import type { Webhook } from '../connector/webhook.ts';
import type { Json } from '../connector.ts';
import { Authenticator, Mask, type WebhookRequest } from '../engine/authenticity.ts';
import { parseBody } from '../engine/body.ts';
import { InboxFullError } from '../sync/inbox/inbox.ts';
import { destinationName } from '../sync/pauses.ts';
import { readCapped, TooManyBytesError } from './byte-cap.ts';
import { answerProblem, Problem } from './problem.ts';
import { RateCeiling } from './rate-ceiling.ts';
import { type Api, type Env, newApi, type Room } from './room.ts';

export const usualMaxBodyBytes = 1024 * 1024;
/** Of one header's value, and of all that are kept. */
const mostHeaderCharacters = 2_000;
const mostHeaders = 60;

/** Where one source's requests come in. */
interface Gate {
  name: string;
  webhook: Webhook<unknown>;
  authenticator: Authenticator;
  mask: Mask;
  ceiling: RateCeiling;
  maxBodyBytes: number;
}

export function webhooksApi(room: Room): Api {
  const { tributary } = room;
  const gates = new Map<string, Gate>();
  const gateOf = (name: string): Gate | null => {
    const webhook = webhookOf(room, name);
    if (!webhook) return null;
    const known = gates.get(name);
    if (known?.webhook === webhook) return known;
    const limits = tributary.world.source(name)?.config.webhook;
    const gate = {
      name,
      webhook,
      authenticator: new Authenticator(webhook),
      mask: new Mask(webhook),
      ceiling: known?.ceiling ?? new RateCeiling(limits?.requestsPerSecond ?? 1000),
      maxBodyBytes: limits?.maxBodyBytes ?? webhook.maxBodyBytes ?? usualMaxBodyBytes,
    };
    gates.set(name, gate);
    return gate;
  };
  const answer = async (c: Context<Env>) => {
    const gate = gateOf(c.req.param('source') ?? '');
    try {
      if (!gate) throw noSuchSource(c.req.param('source') ?? '');
      return await receive(room, gate, c);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (gate) room.refusals.note(gate.name, error.body.status, error.message);
      return answerProblem(c, error);
    }
  };
  const api = newApi();
  api.all('/webhooks/:source', answer);
  api.all('/webhooks/:source/:token', answer);
  return api;
}

/** What a source pushes, or the destination's own; null where it does not push. */
export function webhookOf({ tributary }: Room, name: string): Webhook<unknown> | null {
  if (name !== destinationName) return tributary.world.source(name)?.webhook ?? null;
  return tributary.destinationWebhook;
}

/** Which ones do is no business of whoever asks: `tributary status` tells it. */
function noSuchSource(name: string): Problem {
  return new Problem(404, `No source ${name.slice(0, 64)} takes webhooks here.`);
}

async function receive(room: Room, gate: Gate, c: Context<Env>): Promise<Response> {
  const { webhook } = gate;
  const { method } = c.req;
  if (method === 'GET' || method === 'HEAD') return shakeHands(webhook, c);
  const body = await bodyOf(gate, c);
  const request = requestOf(room, c, body);
  const { clock, inbox } = room.tributary;
  const verdict = gate.authenticator.judge(request, clock.now());
  if (!verdict.authentic)
    throw new Problem(401, `This request is not known to be the vendor's: ${verdict.reason}.`, {
      type: 'not-authentic',
    });
  // Only what is authentic counts: a flood of anything else must not keep the vendor out.
  const waitSeconds = gate.ceiling.enter(clock.now());
  if (waitSeconds > 0)
    throw new Problem(429, `More than ${gate.ceiling.perSecond} requests in a second came of ${gate.name}.`, {
      headers: { 'retry-after': String(waitSeconds) },
    });
  const pong = pingAnswer(webhook, body);
  if (pong) return pong;
  await keep(() =>
    inbox.keep({
      source: gate.name,
      receivedAt: clock.now(),
      method,
      query: gate.mask.query(request.query),
      headers: keptHeaders(gate.mask, request.headers),
      body,
    }),
  );
  return answered(webhook);
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
        ? 'More comes than the database takes. Send it again.'
        : 'The request could not be kept. Send it again.',
      { headers: { 'retry-after': full ? '2' : '10' } },
    );
  }
}

/** A vendor tries the address before it sends anything, without credentials. */
function shakeHands({ handshake }: Webhook<unknown>, c: Context<Env>): Response {
  const challenge = handshake?.challenge;
  const echoed = challenge && c.req.query(challenge.query);
  if (challenge && echoed !== undefined) {
    const token = challenge.token && c.req.query(challenge.token.query);
    if (challenge.token && !challenge.token.values.some((value) => sameToken(value, token)))
      throw new Problem(401, 'The token beside the challenge is not known here.', { type: 'not-authentic' });
    return c.text(echoed);
  }
  if (handshake?.probe) return c.body(null, 200);
  throw new Problem(405, 'Webhooks come by POST.', { headers: { allow: 'POST' } });
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

function pingAnswer(webhook: Webhook<unknown>, body: Uint8Array): Response | null {
  const ping = webhook.handshake?.ping;
  if (!ping) return null;
  let said: Json;
  try {
    said = parseBody(webhook.decoding.form, body);
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

async function bodyOf({ maxBodyBytes }: Gate, c: Context<Env>): Promise<Uint8Array> {
  const tooLarge = () =>
    new Problem(413, `The body has more than ${maxBodyBytes} bytes.`, { type: 'too-large' });
  const said = Number(c.req.header('content-length') ?? 0);
  if (said > maxBodyBytes) throw tooLarge();
  if (said > 0) return new Uint8Array(await c.req.arrayBuffer());
  try {
    return await readCapped(c.req.raw.body, maxBodyBytes);
  } catch (error) {
    throw error instanceof TooManyBytesError ? tooLarge() : error;
  }
}

/** The address as the vendor called it: from the configuration, for any header may be forged. */
function requestOf({ tributary }: Room, c: Context<Env>, body: Uint8Array): WebhookRequest {
  const { url } = c.req;
  const below = url.slice(url.indexOf('/', url.indexOf('//') + 2));
  const { publicUrl } = tributary.config;
  return {
    method: c.req.method,
    url: publicUrl === null ? url : `${publicUrl.replace(/\/+$/, '')}${below}`,
    headers: c.req.header(),
    query: c.req.query(),
    pathToken: c.req.param('token') ?? null,
    body,
  };
}

function keptHeaders(mask: Mask, headers: { readonly [name: string]: string }): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(mask.headers(headers))
      .slice(0, mostHeaders)
      .map(([name, value]) => [name, value.slice(0, mostHeaderCharacters)]),
  );
}
