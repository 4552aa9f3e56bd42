// Which requests have something done, and what their routes document for it: an idempotency key. Pure.
import type { RouteConfig } from '@hono/zod-openapi';
import { problems } from './problem.ts';

/** These only ask, whatever their method. */
const questions = new Set(['POST /api/preview', 'POST /api/plan', 'POST /api/write-backs/{source}/check']);

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether the method only reads. What only asks may cost work all the same. */
export const isReading = (method: string) => reading.has(method);

/** `route`: as it is documented, `/api/sources/{source}/sync`. */
export function isTrigger(method: string, route: string): boolean {
  return !reading.has(method) && !questions.has(`${method} ${route}`);
}

/** The parameter in `components`, which every trigger refers to. */
export const keyParameter = {
  name: 'IdempotencyKey',
  definition: {
    name: 'Idempotency-Key',
    in: 'header' as const,
    required: false,
    schema: { type: 'string' as const, minLength: 1, maxLength: 255 },
    example: '6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e',
    description:
      'Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.',
  },
};

/**
 * With what every route that takes a token documents besides: a parameter may be unknown, a body too large or none of JSON,
 * somebody may guess at tokens, and the database may not answer. A trigger takes a key.
 */
export function withShared<Route extends RouteConfig>(route: Route): Route {
  if (!route.security?.length) return route;
  const { 409: conflict, 422: reused } = problems(409, 422);
  const shared = {
    ...problems(400, 429, 503, ...(route.request?.body ? ([413, 415] as const) : [])),
    ...route.responses,
  };
  if (!isTrigger(route.method.toUpperCase(), route.path)) return { ...route, responses: shared };
  return {
    ...route,
    parameters: [...(route.parameters ?? []), { $ref: `#/components/parameters/${keyParameter.name}` }],
    responses: { 409: conflict, 422: reused, ...shared },
  };
}
