// What the page of problems reads: dead letters by cause, what is held, left out or different, and webhooks that were refused.
import type { Context } from 'hono';
import { z } from 'zod';
import { letterFilter, letterGroupsShape, lettersShape } from '../../contract/dead-letter.ts';
import { driftsShape } from '../../contract/drift.ts';
import { holdsShape } from '../../contract/hold.ts';
import { acknowledgedState, cursor, idCursor, idText, text } from '../../contract/parts.ts';
import { quarantineShape } from '../../contract/record.ts';
import { heldPreviews } from '../../sync/deliver/difference.ts';
import { letterGroups } from '../../sync/views/letter-groups.ts';
import { groupQuarantine, listQuarantine } from '../../sync/views/quarantine.ts';
import { listDeadLetters } from '../../tables/dead-letters.ts';
import { listDrifts } from '../../tables/drifts.ts';
import { groupHolds, listHolds } from '../../tables/holds.ts';
import { letterFilterOf, requireKnown } from '../api/letter-filter.ts';
import { quarantineNext, quarantinePlace, requireKnownValues } from '../api/quarantine.ts';
import type { Deps } from '../deps.ts';
import { driftPage } from '../pages/problems/drift.ts';
import { holdsPage } from '../pages/problems/holds.ts';
import { lettersPage } from '../pages/problems/letters.ts';
import { problemsPage } from '../pages/problems/problems.ts';
import { quarantinePage } from '../pages/problems/quarantine.ts';
import { refusedPage } from '../pages/problems/refused.ts';
import type { PageContent } from '../pages/shell.ts';
import { byId, bySourceId, pageOf } from '../paging.ts';
import { Problem } from '../problem.ts';
import { pagesAt, queryOf, type Visit } from './visit.ts';

const rowsShown = 50;

const shows = ['letters', 'holds', 'quarantine', 'drift', 'refused'] as const;

const query = z.strictObject({
  ...letterFilter,
  show: z.enum(shows).optional(),
  runId: idText('an ID').optional(),
  change: text.optional(),
  field: text.optional(),
  state: acknowledgedState.unwrap().optional(),
  cursor,
});
type Query = z.output<typeof query>;

const quarantineGroups = z.array(
  z.object({ source: z.string(), field: z.string(), values: z.number(), sample: z.string() }),
);

type Reader = (visit: Visit, query: Query) => Promise<PageContent>;

export function problemsPages(deps: Deps) {
  const all: Reader = async ({ status, shown }) => {
    const [groups, holds] = await Promise.all([deps.causes.latest(), deps.held.latest()]);
    return problemsPage({
      status,
      groups: shown(letterGroupsShape.shape.groups, groups),
      holds: shown(holdsShape.shape.groups, holds),
    });
  };
  const readers: { readonly [show in (typeof shows)[number]]: Reader } = {
    letters: (visit, filter) => letters(deps, visit, filter),
    holds: (visit, filter) => holds(deps, visit, filter),
    quarantine: (visit, filter) => quarantine(deps, visit, filter),
    drift: (visit, filter) => drift(deps, visit, filter),
    refused: async ({ status }) => refusedPage(status),
  };
  return pagesAt(deps, {
    '/problems': (visit, c: Context) => {
      const filter = queryOf(query, c);
      return (filter.show === undefined ? all : readers[filter.show])(visit, filter);
    },
  });
}

async function letters(
  deps: Deps,
  { status, shown }: Visit,
  { kind, source, code, since, until, text: words, cursor }: Query,
): Promise<PageContent> {
  const { database } = deps.tributary;
  const before = idOf(cursor);
  const filter = { kind, source, code, since, until, text: words };
  await requireKnown(deps, filter);
  const which = letterFilterOf(filter);
  const isAll = Object.values(filter).every((value) => value === undefined);
  const read = (most: number) => listDeadLetters(database, which, { before, limit: most });
  const [groups, { page, next }] = await Promise.all([
    isAll ? deps.causes.latest() : letterGroups(database, which),
    pageOf(rowsShown, read, byId),
  ]);
  return lettersPage({
    status,
    groups: shown(letterGroupsShape.shape.groups, groups),
    letters: shown(lettersShape.shape.deadLetters, page),
    next,
    filter: { kind, source, code, text: words, cursor },
  });
}

async function holds(
  { tributary, held }: Deps,
  { status, shown }: Visit,
  { runId, change, cursor }: Query,
): Promise<PageContent> {
  const before = idOf(cursor);
  const { database, sending } = tributary;
  const which = { runId, change };
  const read = (most: number) => listHolds(database, which, { before, limit: most });
  const [groups, { page, next }] = await Promise.all([
    runId === undefined && change === undefined ? held.latest() : groupHolds(database, which),
    pageOf(rowsShown, read, byId),
  ]);
  const previews = await heldPreviews(
    database,
    page.map(({ sourceId }) => sourceId),
    sending,
  );
  const nothing = { action: 'none' as const, difference: {}, payload: null };
  return holdsPage({
    status,
    groups: shown(holdsShape.shape.groups, groups),
    holds: shown(
      holdsShape.shape.holds,
      page.map((hold) => ({ ...hold, ...(previews.get(hold.sourceId) ?? nothing) })),
    ),
    next,
    filter: { runId, change, cursor },
  });
}

async function quarantine(
  deps: Deps,
  { status, shown, now }: Visit,
  { state = 'open', source, field, cursor }: Query,
): Promise<PageContent> {
  const { database, rules } = deps.tributary;
  const filter = { state, source, field };
  await requireKnownValues(deps, filter);
  const after = quarantinePlace(deps.cursors.open(cursor));
  const read = (most: number) => listQuarantine(database, rules, filter, { after, limit: most });
  const [groups, { page, next }] = await Promise.all([
    state === 'open' ? groupQuarantine(database, filter) : [],
    pageOf(rowsShown, read, quarantineNext),
  ]);
  return quarantinePage({
    status,
    groups: shown(quarantineGroups, groups),
    values: shown(quarantineShape.shape.values, page),
    next: deps.cursors.seal(next),
    filter: { ...filter, cursor },
    now,
  });
}

async function drift(
  { tributary: { database }, cursors }: Deps,
  { status, shown }: Visit,
  { state = 'open', cursor }: Query,
): Promise<PageContent> {
  const after = cursors.open(cursor);
  const read = (most: number) => listDrifts(database, { state }, { after, limit: most });
  const { page, next } = await pageOf(rowsShown, read, bySourceId);
  const drifts = shown(driftsShape.shape.drifts, page);
  return driftPage({ status, drifts, next: cursors.seal(next), filter: { state, cursor } });
}

/** Where a page of a list begins that is ordered by ID. Throws Problem. */
function idOf(cursor: string | undefined): number | undefined {
  const { success, data } = idCursor.safeParse(cursor);
  if (success) return data;
  throw new Problem(400, 'The address cannot be read: cursor is unknown.', { type: 'bad-input' });
}
