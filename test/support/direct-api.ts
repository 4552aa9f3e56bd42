// The door's `Api` straight over a Hono app: no network, no quotas, no retries. It takes errors as the engine does.
import type { Hono } from 'hono';
import {
  type Api,
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type Json,
  RejectedError,
  TransientError,
} from '#connector';
import { parseJson } from '../../src/connector/json.ts';
import { errorOf, isOwn, Secrets } from '../../src/engine/http/answer-error.ts';
import { authOf, credentialsOf } from '../../src/engine/http/credentials.ts';
import { bodyOf } from '../../src/engine/http/request-body.ts';

/**
 * `now`: epoch milliseconds, for what a refusal says of time. `more`: the vendor's storage of files, and the access tokens of
 * `otherAuths`.
 */
export function directApi(
  app: Pick<Hono, 'request'>,
  description: ApiDescription,
  now: () => number = Date.now,
  more: { files?: Pick<Hono, 'request'>; token?: (auth: string) => Promise<string> } = {},
): Api {
  return {
    async request(request) {
      if (request.link) return linked(more.files ?? app, request);
      const body = await bodyOf(request);
      const auth = authOf(description, request.auth);
      const credentials = credentialsOf(auth, null);
      const query = { ...request.query, ...credentials.query };
      const base = description.otherBaseUrls?.[request.auth ?? ''] ?? description.baseUrl;
      const response = await app.request(urlOf(base, { ...request, query }), {
        method: request.method ?? 'GET',
        headers: {
          ...credentials.headers,
          ...(request.auth === undefined && description.headers),
          ...(request.auth !== undefined &&
            auth?.kind === 'oauth' && { authorization: `Bearer ${await more.token?.(request.auth)}` }),
          ...request.headers,
          ...(body && { 'content-type': body.contentType }),
        },
        ...(body && { body: new Uint8Array(body.content) }),
      });
      if (response.type === 'error') {
        throw new TransientError(`${request.path}: the connection was cut`, { uncertain: true });
      }
      const text = await response.text();
      const answer: ApiResponse = {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        json: parsed(text),
      };
      const refused =
        response.ok && answer.json !== undefined && description.errorInSuccess?.(answer, request);
      if (refused) throw refused;
      if (response.ok && request.isAnswer?.(answer.json) === false)
        throw new TransientError(`${request.path}: no answer`, {
          status: response.status,
          foreign: true,
          uncertain: (request.method ?? 'GET') !== 'GET',
        });
      const readings = description.readQuotas?.(answer, request, now()) ?? [];
      const refusal = { response: answer, text, request, readings, now: now() };
      if (response.ok || (request.answers?.includes(response.status) && isOwn(refusal, description)))
        return answer;
      throw errorOf(refusal, { name: 'the vendor', description, secrets: new Secrets({}) });
    },
  };
}

/** As the engine takes a storage service: its refusal is about the file alone. */
async function linked(files: Pick<Hono, 'request'>, request: ApiRequest): Promise<ApiResponse> {
  const response = await files.request(request.path);
  const { status } = response;
  const answer = { status, headers: {}, json: parsed(await response.text()) };
  if (status >= 500) throw new TransientError(`a file was answered with ${status}`, { status });
  if (status >= 300)
    throw new RejectedError(`a file was answered with ${status}`, { status, code: `http_${status}` });
  if (request.isAnswer?.(answer.json) === false)
    throw new TransientError('a file holds something else', { status, foreign: true });
  return answer;
}

function urlOf(baseUrl: string, request: ApiRequest): string {
  const url = new URL(baseUrl + request.path);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) for (const one of [value].flat()) url.searchParams.append(name, String(one));
  }
  return url.href;
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
