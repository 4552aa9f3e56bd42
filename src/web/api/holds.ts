// Held deliveries over HTTP: what waits for a person because too many customers lose the same thing, with the exact
// difference, and the person's word.

import { createRoute } from '@hono/zod-openapi';
import type { z } from 'zod';
import { type Decided, decidedShape, holdChoice, holdsQuery, holdsShape } from '../../contract/hold.ts';
import { segmentOf } from '../../customer/losses.ts';
import { heldPreviews } from '../../sync/deliver/difference.ts';
import { refuseHolds, releaseHolds } from '../../sync/holds/decide.ts';
import { deleted } from '../../tables/breaker.ts';
import { groupHolds, listHolds } from '../../tables/holds.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireFields, requireRuns } from '../known.ts';
import { jsonOf, secured } from '../openapi.ts';
import { byId, pageOf } from '../paging.ts';
import { problems } from '../problem.ts';

const tags = ['holds'];

const list = createRoute({
  method: 'get',
  path: '/api/holds',
  operationId: 'listHolds',
  summary: 'Held deliveries: grouped by run and by what would be lost, and one by one, newest first',
  description: 'Each hold with the difference and the exact payload that would be sent.',
  tags,
  security: secured,
  request: {
    query: holdsQuery,
  },
  responses: {
    200: {
      description: 'The groups, and a page of holds.',
      content: jsonOf(holdsShape),
    },
    ...problems(400),
  },
});

const decide = (word: 'release' | 'refuse', summary: string, description: string) =>
  createRoute({
    method: 'post',
    path: `/api/holds/${word}` as const,
    operationId: `${word}Holds` as const,
    summary,
    description,
    tags,
    security: secured,
    request: { body: { required: true, content: jsonOf(holdChoice) } },
    responses: {
      200: { description: 'What was decided.', content: jsonOf(decidedShape) },
      ...problems(400, 413, 415),
    },
  });

const release = decide(
  'release',
  'Release held deliveries',
  'The customers become due and are sent as they are now: with blanked fields, or deleted as `onOrphaned` says.',
);

const refuse = decide(
  'refuse',
  'Refuse held changes',
  'A blanked field is pinned to the value that the destination has, until it is unpinned, and so are the fields that would move a customer into a segment or out of one. A customer without records is kept. Deliveries then continue.',
);

export function holdsApi(deps: Deps) {
  const { tributary } = deps;
  const { database } = tributary;
  const woken = (decided: Decided): Decided => {
    tributary.wake();
    return decided;
  };
  return newApi()
    .openapi(list, async (c) => {
      const { limit, cursor: before, ...which } = c.req.valid('query');
      await requireKnown(deps, which);
      const read = (most: number) => listHolds(database, which, { before, limit: most });
      const [groups, { page, next }] = await Promise.all([
        groupHolds(database, which),
        pageOf(limit, read, byId),
      ]);
      const previews = await heldPreviews(
        database,
        page.map((hold) => hold.sourceId),
        tributary.sending,
      );
      const nothing = { action: 'none' as const, difference: {}, payload: null };
      const holds = page.map((hold) => ({ ...hold, ...(previews.get(hold.sourceId) ?? nothing) }));
      return c.json({ groups, holds, nextCursor: next }, 200);
    })
    .openapi(release, async (c) =>
      c.json(woken(await releaseHolds(tributary, await chosen(deps, c.req.valid('json')))), 200),
    )
    .openapi(refuse, async (c) =>
      c.json(woken(await refuseHolds(tributary, await chosen(deps, c.req.valid('json')))), 200),
    );
}

async function chosen(deps: Deps, { all: _, ...which }: z.output<typeof holdChoice>) {
  await requireKnown(deps, which);
  return which;
}

/** Throws the problem where there is no such run, or nothing that is so called can be lost. */
async function requireKnown(
  deps: Deps,
  { runId, change }: { runId?: number | undefined; change?: string | undefined },
): Promise<void> {
  if (runId !== undefined) await requireRuns(deps, 'runId', [runId]);
  const isField = change !== undefined && change !== deleted && segmentOf(change) === null;
  if (isField) await requireFields(deps, 'change', [change]);
}
