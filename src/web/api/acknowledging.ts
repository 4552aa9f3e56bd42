// A route by which a person acknowledges what may stay, or reopens it.

import { createRoute } from '@hono/zod-openapi';
import type { z } from 'zod';
import { jsonOf, secured } from '../openapi.ts';
import { problems } from '../problem.ts';

/** `shape`: of the request. `changed`: of the answer, which `counts` what was changed. */
export function acknowledgingRoute<
  Path extends string,
  Id extends string,
  Shape extends z.ZodType,
  Changed extends z.ZodType,
>(route: {
  path: Path;
  operationId: Id;
  tag: string;
  shape: Shape;
  changed: Changed;
  counts: string;
  summary: string;
  description: string;
}) {
  const { path, operationId, tag, shape, changed, counts, summary, description } = route;
  return createRoute({
    method: 'post',
    path,
    operationId,
    ...{ summary, description, tags: [tag], security: secured },
    request: { body: { required: true, content: jsonOf(shape) } },
    responses: {
      200: { description: counts, content: jsonOf(changed) },
      ...problems(400, 413, 415),
    },
  });
}
