// The inbox over HTTP: the webhook requests that were kept, and a person's word to open them again.
import { createRoute, z } from '@hono/zod-openapi';
import { type Replaying, replayFitting, replayRequests } from '../../sync/inbox/replay.ts';
import { faultsOf } from '../../sync/views/inbox-faults.ts';
import { listRequests, requestById } from '../../tables/inbox.ts';
import { requireSource } from '../known.ts';
import { Problem, problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import {
  countNames,
  type countsBody,
  epoch,
  faultyText,
  itemCountsShape,
  replayedBody,
  replayedShape,
  requestBodies,
  requestBody,
  requestFilter,
  requestShape,
} from './inbox-shapes.ts';
import { before, jsonOf, limit, secured } from './shapes.ts';

const tags = ['inbox'];

const count = z.int().min(0);

/** Of one call: it should end within seconds on any database. */
const mostReplayed = 1000;

const mostShown = 50;

const list = createRoute({
  method: 'get',
  path: '/api/inbox',
  summary: 'Webhook requests that were kept, the newest first',
  tags,
  security: secured,
  request: {
    query: z.strictObject({
      ...requestFilter,
      faulty: z.enum(['true', 'false']).optional().openapi({ description: faultyText }),
      before: before.openapi({ description: 'Only requests before this ID: `next` of the page before.' }),
      limit,
    }),
  },
  responses: {
    200: {
      description: 'A page of them, without what they hold.',
      content: jsonOf(
        z.strictObject({
          requests: z.array(requestShape),
          next: z.int().nullable().openapi({ description: '`before` of the next page; null on the last.' }),
        }),
      ),
    },
    ...problems(400),
  },
});

const idParam = z.object({
  id: z.coerce
    .number('an ID')
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .openapi({ param: { name: 'id', in: 'path' } }),
});

const wholeShape = z
  .strictObject({
    ...requestShape.shape,
    faults: z
      .array(z.strictObject({ item: z.int().nullable(), code: z.string(), message: z.string() }))
      .openapi({ description: 'What is wrong with it, or with the item at this place: the first 50.' }),
    query: z.record(z.string(), z.string()).openapi({ description: 'What held credentials is hidden.' }),
    headers: z.record(z.string(), z.string()).openapi({ description: 'What held credentials is hidden.' }),
    body: z.strictObject({
      encoding: z.enum(['utf8', 'base64']).openapi({ description: 'base64 where it is no UTF-8.' }),
      content: z.string(),
    }),
  })
  .openapi('InboxRequestWhole');

const one = createRoute({
  method: 'get',
  path: '/api/inbox/{id}',
  summary: 'One request whole, as it came',
  tags,
  security: secured,
  request: { params: idParam },
  responses: {
    200: { description: 'The request.', content: jsonOf(wholeShape) },
    ...problems(400, 404),
  },
});

const dryRun = z.boolean().optional().openapi({
  description: 'Find out what would become of it, and take that back.',
});

const replayOne = createRoute({
  method: 'post',
  path: '/api/inbox/{id}/replay',
  summary: 'Open one request again',
  description: 'It is read as it would be now. What it says is not taken for a repeat of itself.',
  tags,
  security: secured,
  request: {
    params: idParam,
    body: { required: false, content: jsonOf(z.strictObject({ dryRun }).openapi('ReplayOne')) },
  },
  responses: {
    200: { description: 'What became of it, or would.', content: jsonOf(replayedShape) },
    ...problems(400, 404, 409, 413, 415),
  },
});

const replayBody = z
  .strictObject({
    ids: z.array(z.int().min(1)).min(1, '1 to 1000 IDs').max(1000, '1 to 1000 IDs').optional(),
    ...requestFilter,
    faulty: z.boolean().optional().openapi({ description: faultyText }),
    all: z.literal(true).optional().openapi({ description: 'Needed where nothing else narrows it.' }),
    after: count
      .optional()
      .openapi({ description: 'Only requests after this ID: `next` of the call before.' }),
    dryRun,
  })
  .superRefine(({ ids, source, state, faulty, from, to, all }, context) => {
    const narrows = [source, state, faulty || undefined, from, to].some((value) => value !== undefined);
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (ids && (narrows || all)) fault('ids', 'either IDs, or source, state, faulty, from and to');
    if (!ids && !narrows && !all) fault('all', 'true, where neither IDs nor anything else narrows it');
    if (all && narrows) fault('all', 'nothing, where something narrows it');
  })
  .openapi('Replay');

const replayAnswer = z
  .strictObject({
    dryRun: z.boolean(),
    requests: count.openapi({ description: 'The sum of the next four.' }),
    opened: count,
    faulty: count,
    dead: count,
    failed: count,
    counts: itemCountsShape.openapi({ description: 'Of all of them together.' }),
    results: z
      .array(replayedShape)
      .openapi({ description: `The first ${mostShown}, those with faults before the others.` }),
    cannot: z
      .array(
        z.strictObject({
          reason: z.string(),
          requests: count,
          ids: z.array(z.int()).openapi({ description: 'The first 20.' }),
        }),
      )
      .openapi({ description: 'Requests that cannot be opened again, and why.' }),
    next: z
      .int()
      .nullable()
      .openapi({
        description: `One call opens ${mostReplayed} at most. Where there are more, \`after\` of the next call.`,
      }),
  })
  .openapi('Replayed');

const replay = createRoute({
  method: 'post',
  path: '/api/inbox/replay',
  summary: 'Open requests again: by ID, or all that fit',
  tags,
  security: secured,
  request: { body: { required: true, content: jsonOf(replayBody) } },
  responses: {
    200: { description: 'What became of them, or would.', content: jsonOf(replayAnswer) },
    ...problems(400, 413, 415),
  },
});

export function inboxApi(room: Room) {
  const { tributary } = room;
  const { database, clock, log } = tributary;
  return newApi()
    .openapi(list, async (c) => {
      const { limit, before, faulty, from, to, ...rest } = c.req.valid('query');
      await requireSource(room, rest.source);
      const filter = { ...rest, faulty: faulty === 'true', from: epoch(from), to: epoch(to) };
      const found = await listRequests(database, filter, { before, limit: limit + 1 });
      const page = found.slice(0, limit);
      const next = found.length > limit ? page.at(-1)!.id : null;
      return c.json({ requests: await requestBodies(database, page), next }, 200);
    })
    .openapi(one, async (c) => {
      const found = await requestNumbered(room, c.req.valid('param').id);
      const { query, headers, body } = found;
      const faults = (await faultsOf(database, [found], mostShown)).get(found.id) ?? [];
      return c.json(
        {
          ...requestBody(found, faults),
          faults: faults.map(({ item, code, message }) => ({ item, code, message })),
          query,
          headers,
          body: bodyOf(body),
        },
        200,
      );
    })
    .openapi(replayOne, async (c) => {
      const { id, source, bytes } = await requestNumbered(room, c.req.valid('param').id);
      if (bytes === 0) throw new Problem(409, `Request ${id} cannot be opened again: ${bodyless}.`);
      const { dryRun = false } = (c.req.valid('json') ?? {}) as { dryRun?: boolean };
      const { results } = await replayRequests(tributary, [{ id, source }], { dryRun });
      const [result] = results;
      if (!result) throw new Problem(409, `Request ${id} cannot be opened again: ${deafText(source)}.`);
      if (!dryRun) log.info({ source, request: id }, 'a kept request was opened again');
      return c.json(replayedBody(result), 200);
    })
    .openapi(replay, async (c) => {
      const { ids, dryRun = false, after = 0, all: _all, from, to, ...rest } = c.req.valid('json');
      await requireSource(room, rest.source);
      // What comes while this goes on was not meant.
      const until = Math.min(epoch(to) ?? Number.POSITIVE_INFINITY, clock.now() + 1);
      const filter = ids ? { ids } : { ...rest, from: epoch(from), to: until };
      const replaying = await replayFitting(tributary, filter, { dryRun, after, most: mostReplayed });
      const answer = answerOf(replaying, { dryRun, asked: ids ?? [] });
      if (!dryRun) log.info({ requests: answer.requests }, 'kept requests were opened again');
      return c.json({ ...answer, next: replaying.next }, 200);
    });
}

const bodyless = 'its body is kept no more';

const deafText = (source: string) => `${source} takes no webhooks any more`;

async function requestNumbered(room: Room, id: number) {
  const found = await requestById(room.tributary.database, id);
  if (!found) throw new Problem(404, `The inbox holds no request ${id}: it is forgotten, or never was.`);
  return found;
}

function bodyOf(body: Uint8Array): { encoding: 'utf8' | 'base64'; content: string } {
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
  const counts = Object.fromEntries(
    countNames.map((name) => [name, results.reduce((sum, one) => sum + (one.counts?.[name] ?? 0), 0)]),
  ) as NonNullable<ReturnType<typeof countsBody>>;
  const known = new Set([...results.map(({ id }) => id), ...withoutWebhook]);
  const gone = [...new Set(asked)].filter((id) => !known.has(id));
  const groups = [
    { reason: 'their source takes no webhooks any more', ids: withoutWebhook },
    { reason: 'the inbox does not hold them, or not their bodies any more', ids: gone },
  ];
  return {
    dryRun,
    requests: results.length,
    opened: having('opened').length,
    faulty: having('faulty').length,
    dead: having('dead').length,
    failed: having('failed').length,
    counts,
    results: [...results.filter((one) => one.result !== 'opened'), ...having('opened')]
      .slice(0, mostShown)
      .map(replayedBody),
    cannot: groups
      .filter(({ ids }) => ids.length > 0)
      .map(({ reason, ids }) => ({ reason, requests: ids.length, ids: ids.slice(0, 20) })),
  };
}
