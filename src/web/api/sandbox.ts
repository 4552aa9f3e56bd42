// The sandbox over HTTP: its vendors and the ways to break them. Only a sandbox has these routes.
import { createRoute } from '@hono/zod-openapi';
import { breakBody, breakParam, breakShape, sandboxShape } from '../../contract/sandbox.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { Problem, problems } from '../problem.ts';

const tags = ['sandbox'];

const read = createRoute({
  method: 'get',
  path: '/api/sandbox',
  operationId: 'getSandbox',
  summary: 'The simulated vendors, and the ways to break them',
  tags,
  security: secured,
  responses: { 200: { description: 'The sandbox.', content: jsonOf(sandboxShape) }, ...problems() },
});

const begin = createRoute({
  method: 'post',
  path: '/api/sandbox/breaks/{name}',
  operationId: 'breakSandbox',
  summary: 'Break a simulated vendor',
  tags,
  security: secured,
  request: { params: breakParam, body: { required: true, content: jsonOf(breakBody) } },
  responses: { 200: { description: 'What happens.', content: jsonOf(breakShape) }, ...problems(400, 404) },
});

/** No routes where the vendors are real. */
export function sandboxApi({ sandbox }: Deps) {
  const api = newApi();
  if (sandbox === null) return api;
  return api
    .openapi(read, async (c) => c.json(await sandbox.read(), 200))
    .openapi(begin, async (c) => {
      const { name } = c.req.valid('param');
      const begun = await sandbox.begin(name, c.req.valid('json').seconds);
      if (begun === null) throw new Problem(404, `There is no break "${name}".`);
      return c.json(begun, 200);
    });
}
