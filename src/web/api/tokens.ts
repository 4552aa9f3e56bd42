// Named tokens over HTTP: made, listed and revoked by an admin.
import { createRoute } from '@hono/zod-openapi';
import { newTokenShape, tokenParam, tokenRequest, tokensShape } from '../../contract/access.ts';
import { listTokens } from '../../tables/api-tokens.ts';
import { root } from '../caller.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { Problem, problems } from '../problem.ts';

const tags = ['access'];

const dayMs = 86_400_000;

const create = createRoute({
  method: 'post',
  path: '/api/tokens',
  operationId: 'createToken',
  summary: 'Make a named token with a role',
  description: 'The answer holds the token. It is shown once, because only its hash is stored.',
  tags,
  security: secured,
  request: { body: { required: true, content: jsonOf(tokenRequest) } },
  responses: {
    201: { description: 'The token, which is shown only here.', content: jsonOf(newTokenShape) },
    ...problems(400, 409, 413, 415),
  },
});

const list = createRoute({
  method: 'get',
  path: '/api/tokens',
  operationId: 'listTokens',
  summary: 'List the named tokens',
  description:
    'Every token that was not revoked, with its role and its last use. Secrets are not in the list.',
  tags,
  security: secured,
  responses: { 200: { description: 'The tokens, by name.', content: jsonOf(tokensShape) }, ...problems() },
});

const revoke = createRoute({
  method: 'delete',
  path: '/api/tokens/{name}',
  operationId: 'revokeToken',
  summary: 'Revoke a named token',
  description:
    'It opens nothing any more, and its sessions end: here at once, at other workers within 5 seconds.',
  tags,
  security: secured,
  request: { params: tokenParam },
  responses: {
    200: { description: 'The tokens that remain.', content: jsonOf(tokensShape) },
    ...problems(400, 404),
  },
});

export function tokensApi({ tributary, tokens }: Deps) {
  const { clock, database } = tributary;
  return newApi()
    .openapi(create, async (c) => {
      const { name, role, days } = c.req.valid('json');
      const expiresAt = days === undefined ? null : clock.now() + days * dayMs;
      const createdBy = (c.get('caller') ?? root).name;
      const made = name === root.name ? null : await tokens.make({ name, role, createdBy, expiresAt });
      if (!made)
        throw new Problem(409, `There is a token called ${name}. Revoke it first, or choose another name.`);
      return c.json(made, 201);
    })
    .openapi(list, async (c) => c.json({ tokens: await listTokens(database) }, 200))
    .openapi(revoke, async (c) => {
      const { name } = c.req.valid('param');
      if (!(await tokens.revoke(name))) throw new Problem(404, `No token is called ${name}.`);
      return c.json({ tokens: await listTokens(database) }, 200);
    });
}
