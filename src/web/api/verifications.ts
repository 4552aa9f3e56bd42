// Verifications over HTTP: the destination read back and compared, each report, and whether their chain holds.

import { createRoute } from '@hono/zod-openapi';
import {
  chainShape,
  verificationParam,
  verificationRequest,
  verificationShape,
  verificationsQuery,
  verificationsShape,
} from '../../contract/verification.ts';
import { checkChain, listVerifications, verificationById } from '../../tables/verifications.ts';
import { type Deps, newApi } from '../deps.ts';
import { accepted, jsonOf, secured } from '../openapi.ts';
import { byId, pageOf } from '../paging.ts';
import { Problem, problems } from '../problem.ts';

const tags = ['proof'];

/** So long an answer waits for the report, since a small one is there at once. */
const waitMs = 2_000;

const lookMs = 50;

const start = createRoute({
  method: 'post',
  path: '/api/verify',
  operationId: 'verify',
  summary:
    'Read the destination back and compare it with what it acknowledged and what the stored records give',
  description: 'One verification runs at a time. It writes nothing to the destination unless `heal` is true.',
  tags,
  security: secured,
  request: { body: { content: jsonOf(verificationRequest) } },
  responses: {
    200: { description: 'It has already ended.', content: jsonOf(verificationShape) },
    202: accepted(
      verificationShape,
      'It is running: request it again until it has ended.',
      'The verification.',
    ),
    ...problems(400, 409, 413, 415),
  },
});

const list = createRoute({
  method: 'get',
  path: '/api/verifications',
  operationId: 'listVerifications',
  summary: 'Verifications, newest first',
  tags,
  security: secured,
  request: {
    query: verificationsQuery,
  },
  responses: {
    200: {
      description: 'A page of verifications.',
      content: jsonOf(verificationsShape),
    },
    ...problems(400),
  },
});

const chain = createRoute({
  method: 'get',
  path: '/api/verifications/chain',
  operationId: 'getVerificationChain',
  summary: 'Whether the chain of reports is intact',
  description:
    'Every hash is computed again, which reveals a report that was changed, inserted or removed in the middle. If you store `head` elsewhere, it also reveals one removed from the end.',
  tags,
  security: secured,
  responses: {
    200: {
      description: 'The verdict.',
      content: jsonOf(chainShape),
    },
    ...problems(),
  },
});

const one = createRoute({
  method: 'get',
  path: '/api/verifications/{id}',
  operationId: 'getVerification',
  summary: 'One verification',
  tags,
  security: secured,
  request: {
    params: verificationParam,
  },
  responses: {
    200: { description: 'The verification.', content: jsonOf(verificationShape) },
    ...problems(400, 404),
  },
});

export function verificationsApi({ tributary }: Deps) {
  const { database, clock } = tributary;
  return newApi()
    .openapi(start, async (c) => {
      const { sample = null, heal } = c.req.valid('json');
      const requested = (await tributary.verify({ sample, heal, by: 'person' }))!;
      if ('going' in requested)
        throw new Problem(
          409,
          `Verification ${requested.going.id} is running: see /api/verifications/${requested.going.id}, and retry when it has ended.`,
          { type: 'still-going' },
        );
      const { id } = requested.verification;
      const until = clock.now() + waitMs;
      let verification = requested.verification;
      while (verification.state === 'requested' && clock.now() < until && !c.req.raw.signal.aborted) {
        await clock.sleep(lookMs, c.req.raw.signal);
        verification = (await verificationById(database, id))!;
      }
      if (verification.state !== 'requested') return c.json(verification, 200);
      c.header('location', `/api/verifications/${id}`);
      return c.json(verification, 202);
    })
    .openapi(list, async (c) => {
      const { limit, cursor: before, ...filter } = c.req.valid('query');
      const read = (most: number) => listVerifications(database, { ...filter, before, limit: most });
      const { page: verifications, next } = await pageOf(limit, read, byId);
      return c.json({ verifications, nextCursor: next }, 200);
    })
    .openapi(chain, async (c) => c.json(await checkChain(database), 200))
    .openapi(one, async (c) => {
      const { id } = c.req.valid('param');
      const found = await verificationById(database, id);
      if (!found) throw new Problem(404, `There is no verification ${id}.`);
      return c.json(found, 200);
    });
}
