// The door's `Api` straight over a Hono app: no network, no quotas, no retries. It takes errors as the door says.
import type { Hono } from 'hono';
import {
  type Api,
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type Json,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { bodyOf } from '../../src/engine/http/request-body.ts';

/** As in engine/refusal: these are taken for the vendor's, whatever their body. */
const passing: readonly number[] = [408, 425, 429];

/** `now`: epoch milliseconds, for what a refusal says of time. */
export function directApi(
  app: Pick<Hono, 'request'>,
  description: ApiDescription,
  now: () => number = Date.now,
): Api {
  return {
    async request(request) {
      const body = bodyOf(request);
      const response = await app.request(urlOf(description.baseUrl, request), {
        method: request.method ?? 'GET',
        headers: {
          ...description.headers,
          ...request.headers,
          ...(body && { 'content-type': body.contentType }),
        },
        ...(body && { body: new Uint8Array(body.content) }),
      });
      if (response.type === 'error') {
        throw new TransientError(`${request.path}: the connection was cut`, { uncertain: true });
      }
      const answer = await answerOf(response);
      const refused =
        response.ok && answer.json !== undefined && description.errorInSuccess?.(answer, request);
      if (refused) throw refused;
      if (response.ok && request.isAnswer?.(answer.json) === false)
        throw new TransientError(`${request.path}: no answer`, {
          status: response.status,
          foreign: true,
          uncertain: (request.method ?? 'GET') !== 'GET',
        });
      const isAnswer =
        request.answers?.includes(response.status) && description.isOwn?.(answer, request) !== false;
      if (response.ok || isAnswer) return answer;
      if (description.isOwn?.(answer, request) === false && !passing.includes(answer.status))
        throw new TransientError(
          `${request.path} was answered with ${answer.status} by something in between`,
          {
            status: answer.status,
            foreign: true,
            uncertain: answer.status >= 500,
          },
        );
      throw description.errorFor?.(answer, request, now()) ?? refusal(answer, request);
    },
  };
}

function urlOf(baseUrl: string, request: ApiRequest): string {
  const url = new URL(baseUrl + request.path);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) for (const one of [value].flat()) url.searchParams.append(name, String(one));
  }
  return url.href;
}

async function answerOf(response: Response): Promise<ApiResponse> {
  const text = await response.text();
  return { status: response.status, headers: Object.fromEntries(response.headers), json: parsed(text) };
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal({ status }: ApiResponse, { path }: ApiRequest): Error {
  const message = `${path} was answered with ${status}`;
  if (status === 401 || status === 403) return new UnauthorizedError(message);
  if (status === 408 || status === 429) return new TransientError(message, { status });
  if (status >= 500) return new TransientError(message, { status, uncertain: true });
  return new RejectedError(message, { status, code: `http_${status}` });
}
