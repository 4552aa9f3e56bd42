// The webhook of one source over HTTP: all that a person needs to set it up at the vendor, and a request to try it.

import { randomUUID } from 'node:crypto';
import { createRoute } from '@hono/zod-openapi';
import type { Webhook } from '../../connector/webhook.ts';
import type { InboxRequest as ListedRequest } from '../../contract/inbox.ts';
import { sourceParam } from '../../contract/parts.ts';
import { type WebhookTest, webhookShape, webhookTestShape } from '../../contract/webhook.ts';
import { signedRequest } from '../../engine/webhook/signing.ts';
import { withFirstFault } from '../../sync/views/inbox-faults.ts';
import { markedRequest, markHeader, newestRequest } from '../../sync/views/sample-request.ts';
import { requestById } from '../../tables/inbox.ts';
import { destinationName } from '../../tables/pauses.ts';
import { type Api, type Deps, newApi, sourceNamed } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { Problem, problems } from '../problem.ts';
import { webhookState } from '../webhook-state.ts';
import {
  addressOf,
  checkText,
  contentTypeOf,
  handshakeTexts,
  headersToSet,
  schemeText,
} from '../webhook-words.ts';
import { usualMaxBodyBytes, webhookOf } from '../webhooks.ts';

const tags = ['sources'];

const about = createRoute({
  method: 'get',
  path: '/api/sources/{source}/webhook',
  operationId: 'getWebhook',
  summary: 'How to set up the webhooks of a source, and their state',
  description: 'The name `destination` stands for the webhooks of the destination. Secrets are not shown.',
  tags,
  security: secured,
  request: { params: sourceParam },
  responses: {
    200: { description: 'All of it.', content: jsonOf(webhookShape) },
    ...problems(400, 404),
  },
});

const test = createRoute({
  method: 'post',
  path: '/api/sources/{source}/webhook/test',
  operationId: 'testWebhook',
  summary: 'Send a sample request, signed as the vendor would sign it',
  description:
    'The request is processed like any other: stored, opened and ingested. The sample describes no real person.',
  tags,
  security: secured,
  request: { params: sourceParam },
  responses: {
    200: { description: 'The result.', content: jsonOf(webhookTestShape) },
    ...problems(400, 404),
  },
});

/** Of the destination's own webhooks. */
const usualLimits = { maxBodyBytes: null, requestsPerSecond: 1000, keepDays: 14 };

const waitMs = 5_000;

const lookEveryMs = 50;

/** `door`: where webhooks come in. */
export function webhookApi(deps: Deps, door: Api): Api {
  return newApi()
    .openapi(about, async (c) => {
      const { source: name } = c.req.valid('param');
      const webhook = webhookNamed(deps, name);
      const figures = await deps.figures.get();
      const state = webhookState(deps, figures, name)!;
      return c.json({ ...describe(deps, name, webhook, c.req.url), ...state }, 200);
    })
    .openapi(test, async (c) => {
      const { source: name } = c.req.valid('param');
      return c.json(await tryDoor(deps, door, name, c.req.url), 200);
    });
}

/** Throws the problem where nothing is called so, or it does not push. */
function webhookNamed(deps: Deps, name: string): Webhook<unknown> {
  const webhook = webhookOf(deps, name);
  if (webhook) return webhook;
  if (name !== destinationName) sourceNamed(deps, name);
  throw new Problem(404, `${name} accepts no webhooks: ${connectorOf(deps, name)} pushes nothing.`);
}

function connectorOf({ tributary }: Deps, name: string): string {
  const { connector } =
    name === destinationName ? tributary.config.destination : tributary.rules.source(name)!.config;
  return connector.name;
}

/** The address of this server, as the vendor calls it: without a slash at the end. `asked`: a URL of this server. */
function baseOf({ tributary }: Deps, asked: string): string {
  return tributary.config.publicUrl?.replace(/\/+$/, '') ?? new URL(asked).origin;
}

const pathOf = (name: string) => `/webhooks/${encodeURIComponent(name)}`;

/** How the webhooks of a source are set up; null where its vendor does not push. `asked`: a URL of this server. */
export function webhookSetup(deps: Deps, name: string, asked: string) {
  const webhook = webhookOf(deps, name);
  return webhook ? describe(deps, name, webhook, asked) : null;
}

export type WebhookSetup = ReturnType<typeof describe>;

function describe(deps: Deps, name: string, webhook: Webhook<unknown>, asked: string) {
  const { config, rules } = deps.tributary;
  const { authentication, checks = [], recipe, notes = [], decoding, sample } = webhook;
  const limits = rules.source(name)?.config.webhook ?? usualLimits;
  const headers = (of: { readonly [name: string]: string }) =>
    Object.entries(of).map(([name, value]) => ({ name, value }));
  return {
    source: name,
    connector: connectorOf(deps, name),
    url: addressOf(`${baseOf(deps, asked)}${pathOf(name)}`, webhook),
    path: addressOf(pathOf(name), webhook),
    isPublic: config.publicUrl !== null,
    authentication: [...new Set(authentication.map(schemeText))],
    checks: checks.map(checkText),
    headers: headersToSet(webhook),
    handshake: handshakeTexts(webhook),
    recipe: recipe ? { ...recipe, headers: headers(recipe.headers) } : null,
    notes: [...notes],
    form: decoding.form,
    limits: {
      maxBodyBytes: limits.maxBodyBytes ?? webhook.maxBodyBytes ?? usualMaxBodyBytes,
      requestsPerSecond: limits.requestsPerSecond,
      keepDays: limits.keepDays,
      retryHorizonSeconds: webhook.retryHorizonSeconds,
    },
    sample: sample ?? null,
  };
}

// ── Trying it ───────────────────────────────────────────────────────────────────────────────────────────────────

const unsent = (reason: string): WebhookTest => ({
  sent: false,
  reason,
  url: null,
  status: null,
  answer: null,
  request: null,
});

async function tryDoor(deps: Deps, door: Api, name: string, asked: string): Promise<WebhookTest> {
  const webhook = webhookNamed(deps, name);
  const { clock, database } = deps.tributary;
  if (webhook.sample === undefined)
    return unsent(`${connectorOf(deps, name)} has no sample: send one from the vendor's website.`);
  const base = baseOf(deps, asked);
  const signed = signedRequest(
    webhook,
    {
      method: webhook.recipe?.method ?? 'POST',
      url: `${base}${pathOf(name)}`,
      headers: headersOf(webhook),
      body: Buffer.from(webhook.sample),
    },
    clock.now(),
  );
  if ('reason' in signed) return unsent(sentence(signed.reason));
  const mark = randomUUID();
  const after = await newestRequest(database);
  const { url, method, headers, body } = signed.request;
  // What lies below the public address lies below this server's own: a proxy passes it on so.
  const response = await door.request(`${new URL(asked).origin}${url.slice(base.length)}`, {
    method,
    headers: { ...headers, [markHeader]: mark },
    body: new Uint8Array(body),
  });
  const request = response.ok ? await openedRequest(deps, { source: name, mark, after }) : null;
  return {
    sent: true,
    reason: null,
    url: addressOf(`${base}${pathOf(name)}`, webhook),
    status: response.status,
    answer: await answerText(response),
    request: request && (await withFirstFault(database, [request]))[0]!,
  };
}

function headersOf(webhook: Webhook<unknown>): { [name: string]: string } {
  const own = Object.entries(webhook.recipe?.headers ?? {});
  return {
    'content-type': contentTypeOf(webhook),
    ...Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), value])),
  };
}

/** What was kept, once it is opened; as it is where that takes too long. Null where it was not kept. */
async function openedRequest(
  { tributary }: Deps,
  sought: { source: string; mark: string; after: number },
): Promise<ListedRequest | null> {
  const { clock, database } = tributary;
  const id = await markedRequest(database, sought);
  if (id === null) return null;
  for (const until = clock.now() + waitMs; ; ) {
    const request = await requestById(database, id);
    if (request?.state !== 'waiting' || request.attempts > 0 || clock.now() >= until) return request;
    await clock.sleep(lookEveryMs);
  }
}

async function answerText(response: Response): Promise<string> {
  const text = await response.text();
  if (response.ok) return text;
  try {
    return (JSON.parse(text) as { detail?: string }).detail ?? text;
  } catch {
    return text;
  }
}

function sentence(reason: string): string {
  const whole = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
