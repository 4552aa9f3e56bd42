// Verifications over HTTP: the destination read back and compared, each report, and whether their chain holds.

import { createRoute } from '@hono/zod-openapi';
import {
  chainShape,
  findingsQuery,
  findingsShape,
  proofForecastQuery,
  proofForecastsShape,
  verificationParam,
  verificationRequest,
  verificationShape,
  verificationsQuery,
  verificationsShape,
} from '../../contract/verification.ts';
import { cancel } from '../../sync/verify/cancelling.ts';
import { forecastProof } from '../../sync/verify/proof-forecast.ts';
import { type Finding, listFindings } from '../../tables/checked-records.ts';
import { checkChain, listVerifications, verificationById } from '../../tables/verifications.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireSource } from '../known.ts';
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
  description: 'Each with its report when it has ended.',
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
  description: 'With its report and the signed statement when it has ended.',
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

const forecast = createRoute({
  method: 'get',
  path: '/api/verifications/forecast',
  operationId: 'forecastSourceProof',
  summary: 'The calls that verifying sources takes',
  description: 'Computed from the stored records. No vendor is called.',
  tags,
  security: secured,
  request: { query: proofForecastQuery },
  responses: {
    200: { description: 'By stream.', content: jsonOf(proofForecastsShape) },
    ...problems(400, 404),
  },
});

const findings = createRoute({
  method: 'get',
  path: '/api/verifications/{id}/findings',
  operationId: 'listFindings',
  summary: 'Records that differ from the vendors of sources',
  description:
    'Every record that the verification found to differ, in the order of source, stream and record ID. Kept for 30 days.',
  tags,
  security: secured,
  request: { params: verificationParam, query: findingsQuery },
  responses: {
    200: { description: 'A page of findings.', content: jsonOf(findingsShape) },
    ...problems(400, 404),
  },
});

const cancellation = createRoute({
  method: 'post',
  path: '/api/verifications/{id}/cancel',
  operationId: 'cancelVerification',
  summary: 'Cancel a verification',
  description: 'It ends as failed. What it has found and mended until then stays.',
  tags,
  security: secured,
  request: { params: verificationParam },
  responses: {
    200: { description: 'The verification.', content: jsonOf(verificationShape) },
    ...problems(400, 404, 409),
  },
});

/** Where the next page of findings begins. */
const placeOf = ({ source, stream, recordId }: Finding) => JSON.stringify([source, stream, recordId]);

function placeIn(place: string | undefined): Pick<Finding, 'source' | 'stream' | 'recordId'> | undefined {
  if (place === undefined) return undefined;
  const [source, stream, recordId] = JSON.parse(place) as [string, string, string];
  return { source, stream, recordId };
}

export function verificationsApi(deps: Deps) {
  const { tributary, cursors } = deps;
  const { database, clock, rules } = tributary;
  const named = async (id: number) => {
    const found = await verificationById(database, id);
    if (!found) throw new Problem(404, `There is no verification ${id}.`);
    return found;
  };
  const allSources = () => rules.sources.map(({ name }) => name);
  return newApi()
    .openapi(start, async (c) => {
      const { sample = null, heal, contents, sources: asked } = c.req.valid('json');
      const sources = asked === 'all' ? allSources() : (asked ?? null);
      for (const name of sources ?? []) await requireSource(deps, name);
      const requested = (await tributary.verify({ sample, heal, sources, contents, by: 'person' }))!;
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
    .openapi(forecast, async (c) => {
      const { source, contents } = c.req.valid('query');
      await requireSource(deps, source);
      const sources = source === undefined ? allSources() : [source];
      return c.json({ streams: await forecastProof(database, rules, { sources, contents }) }, 200);
    })
    .openapi(one, async (c) => c.json(await named(c.req.valid('param').id), 200))
    .openapi(findings, async (c) => {
      const { limit, cursor, ...filter } = c.req.valid('query');
      const { id } = await named(c.req.valid('param').id);
      await requireSource(deps, filter.source);
      const page = { ...filter, after: placeIn(cursors.open(cursor)) };
      const read = (most: number) => listFindings(database, id, { ...page, limit: most });
      const { page: found, next } = await pageOf(limit, read, placeOf);
      return c.json({ findings: found, nextCursor: cursors.seal(next) }, 200);
    })
    .openapi(cancellation, async (c) => {
      const { id, state } = await named(c.req.valid('param').id);
      if (!(await cancel(database, id, clock.now())))
        throw new Problem(409, `Verification ${id} has already ended: ${state}.`, { type: 'ended' });
      return c.json(await named(id), 200);
    });
}
