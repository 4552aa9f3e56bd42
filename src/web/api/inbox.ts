// The inbox over HTTP: the webhook requests that were kept, and a person's word to open them again.

import { createRoute } from '@hono/zod-openapi';
import {
  type ItemCounts,
  itemCountsShape,
  maxReplayed,
  maxShown,
  replayedRequestShape,
  replayedShape,
  replayOneRequest,
  replayRequest,
  requestParam,
  requestsQuery,
  requestsShape,
  wholeRequestShape,
} from '../../contract/inbox.ts';
import { type Replaying, replayFitting, replayRequests } from '../../sync/inbox/replay.ts';
import { faultsOf, withFirstFault } from '../../sync/views/inbox-faults.ts';
import { listRequests, requestById } from '../../tables/inbox.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireSource } from '../known.ts';
import { jsonOf, secured } from '../openapi.ts';
import { byId, pageOf } from '../paging.ts';
import { Problem, problems } from '../problem.ts';

const tags = ['inbox'];

const list = createRoute({
  method: 'get',
  path: '/api/inbox',
  operationId: 'listRequests',
  summary: 'Stored webhook requests, newest first',
  description: 'Without their bodies. They are kept for the retention period of the source.',
  tags,
  security: secured,
  request: {
    query: requestsQuery,
  },
  responses: {
    200: {
      description: 'A page of them, without their bodies.',
      content: jsonOf(requestsShape),
    },
    ...problems(400),
  },
});

const one = createRoute({
  method: 'get',
  path: '/api/inbox/{id}',
  operationId: 'getRequest',
  summary: 'One request in full, as it was received',
  description: 'With headers, query, body and every fault. Credentials are masked.',
  tags,
  security: secured,
  request: { params: requestParam },
  responses: {
    200: { description: 'The request.', content: jsonOf(wholeRequestShape) },
    ...problems(400, 404),
  },
});

const replayOne = createRoute({
  method: 'post',
  path: '/api/inbox/{id}/replay',
  operationId: 'replayRequest',
  summary: 'Open one request again',
  description: 'It is read with the present configuration. Its items are not skipped as repeats.',
  tags,
  security: secured,
  request: {
    params: requestParam,
    body: { required: false, content: jsonOf(replayOneRequest) },
  },
  responses: {
    200: { description: 'The result, or what it would be.', content: jsonOf(replayedRequestShape) },
    ...problems(400, 404, 409, 413, 415),
  },
});

const replay = createRoute({
  method: 'post',
  path: '/api/inbox/replay',
  operationId: 'replayRequests',
  summary: 'Open requests again: by ID, or all that match',
  description:
    'They are read with the present configuration. Their items are not skipped as repeats. One call opens at most 1,000 requests.',
  tags,
  security: secured,
  request: { body: { required: true, content: jsonOf(replayRequest) } },
  responses: {
    200: { description: 'The results, or what they would be.', content: jsonOf(replayedShape) },
    ...problems(400, 413, 415),
  },
});

const epoch = (time: string | undefined) => (time === undefined ? undefined : Date.parse(time));

export function inboxApi(deps: Deps) {
  const { tributary } = deps;
  const { database, clock, log } = tributary;
  return newApi()
    .openapi(list, async (c) => {
      const { limit, cursor: before, rejected, since, until, ...rest } = c.req.valid('query');
      await requireSource(deps, rest.source);
      const filter = { ...rest, rejected: rejected === 'true', from: epoch(since), to: epoch(until) };
      const read = (most: number) => listRequests(database, filter, { before, limit: most });
      const { page, next } = await pageOf(limit, read, byId);
      return c.json({ requests: await withFirstFault(database, page), nextCursor: next }, 200);
    })
    .openapi(one, async (c) => {
      const found = await requestNumbered(deps, c.req.valid('param').id);
      const faults = (await faultsOf(database, [found], maxShown)).get(found.id) ?? [];
      const error = found.error ?? faults[0]?.message ?? null;
      return c.json({ ...found, error, faults, body: bodyOf(found.body) }, 200);
    })
    .openapi(replayOne, async (c) => {
      const { id, source, bytes } = await requestNumbered(deps, c.req.valid('param').id);
      if (bytes === 0) throw new Problem(409, `Request ${id} cannot be opened again: ${bodyless}.`);
      const { dryRun = false } = c.req.valid('json');
      const { results } = await replayRequests(tributary, [{ id, source }], { dryRun });
      const [result] = results;
      if (!result) throw new Problem(409, `Request ${id} cannot be opened again: ${deafText(source)}.`);
      if (!dryRun) log.info({ source, request: id }, 'a kept request was opened again');
      return c.json(result, 200);
    })
    .openapi(replay, async (c) => {
      const {
        ids,
        dryRun = false,
        cursor: after = 0,
        all: _all,
        since,
        until,
        ...rest
      } = c.req.valid('json');
      await requireSource(deps, rest.source);
      // What comes while this goes on was not meant.
      const to = Math.min(epoch(until) ?? Number.POSITIVE_INFINITY, clock.now() + 1);
      const filter = ids ? { ids } : { ...rest, from: epoch(since), to };
      const replaying = await replayFitting(tributary, filter, { dryRun, after, most: maxReplayed });
      const answer = answerOf(replaying, { dryRun, asked: ids ?? [] });
      if (!dryRun) log.info({ requests: answer.requests }, 'kept requests were opened again');
      return c.json({ ...answer, nextCursor: replaying.next }, 200);
    });
}

const bodyless = 'its body is no longer stored';

const deafText = (source: string) => `${source} no longer accepts webhooks`;

export async function requestNumbered(deps: Deps, id: number) {
  const found = await requestById(deps.tributary.database, id);
  if (!found)
    throw new Problem(
      404,
      `The inbox has no request ${id}. It was deleted after its retention period, or never existed.`,
    );
  return found;
}

export function bodyOf(body: Uint8Array): { encoding: 'utf8' | 'base64'; content: string } {
  try {
    return {
      encoding: 'utf8',
      content: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body),
    };
  } catch {
    return { encoding: 'base64', content: Buffer.from(body).toString('base64') };
  }
}

function answerOf(
  { results, withoutWebhook }: Replaying,
  { dryRun, asked }: { dryRun: boolean; asked: number[] },
) {
  const having = (result: string) => results.filter((one) => one.result === result);
  const names = Object.keys(itemCountsShape.shape) as (keyof ItemCounts)[];
  const counts = Object.fromEntries(
    names.map((name) => [name, results.reduce((sum, one) => sum + (one.counts?.[name] ?? 0), 0)]),
  ) as ItemCounts;
  const known = new Set([...results.map(({ id }) => id), ...withoutWebhook]);
  const gone = [...new Set(asked)].filter((id) => !known.has(id));
  const groups = [
    { reason: 'their source no longer accepts webhooks', ids: withoutWebhook },
    { reason: 'no longer in the inbox, or no longer with a body', ids: gone },
  ];
  return {
    dryRun,
    requests: results.length,
    opened: having('opened').length,
    rejected: having('rejected').length,
    dead: having('dead').length,
    failed: having('failed').length,
    counts,
    results: [...results.filter((one) => one.result !== 'opened'), ...having('opened')].slice(0, maxShown),
    cannot: groups
      .filter(({ ids }) => ids.length > 0)
      .map(({ reason, ids }) => ({ reason, requests: ids.length, ids: ids.slice(0, 20) })),
  };
}
