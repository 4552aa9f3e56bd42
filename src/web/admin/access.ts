// What the pages of access and of the audit read, and how a token is made: it is shown once, in the answer to the form.
import type { Context } from 'hono';
import { auditQuery, roles, type TokenView, tokenRequest } from '../../contract/access.ts';
import { receiptsQuery } from '../../contract/erasure.ts';
import { listTokens } from '../../tables/api-tokens.ts';
import { listEntries } from '../../tables/audit.ts';
import { listErasures } from '../../tables/erasures.ts';
import { receiptOf } from '../api/erasures.ts';
import { targetsIn } from '../auditing.ts';
import { requireSameOrigin } from '../auth.ts';
import { root } from '../caller.ts';
import type { Deps } from '../deps.ts';
import type { Env } from '../env.ts';
import { accessPage } from '../pages/access.ts';
import { auditPage } from '../pages/audit.ts';
import { erasuresPage } from '../pages/erasures.ts';
import { byId, pageOf } from '../paging.ts';
import { openPage, pagesAt, queryOf, type Visit } from './visit.ts';

const rowsShown = 50;

const dayMs = 86_400_000;

const query = auditQuery.pick({ by: true, cursor: true });

const receipts = receiptsQuery.pick({ cursor: true });

export function accessPages(deps: Deps) {
  const { database } = deps.tributary;
  const pages = pagesAt(deps, {
    '/audit': async ({ now }, c: Context) => {
      const { by, cursor } = queryOf(query, c);
      const read = (most: number) => listEntries(database, { by, before: cursor, limit: most });
      const { page: entries, next } = await pageOf(rowsShown, read, byId);
      const tokens = await listTokens(database);
      const names = [root.name, ...tokens.map(({ name }) => name)];
      return auditPage({ entries, next, filter: { by, cursor }, names, now });
    },
    '/audit/erasures': async ({ now }, c: Context) => {
      const { cursor } = queryOf(receipts, c);
      const read = (most: number) => listErasures(database, { before: cursor, limit: most });
      const { page, next } = await pageOf(rowsShown, read, ({ id }) => id);
      return erasuresPage({ receipts: page.map(receiptOf), next, cursor, now });
    },
    '/access': async ({ now }) =>
      accessPage({ tokens: await listTokens(database), made: null, fault: null, now }),
  });
  pages.post('/access', async (c) => {
    requireSameOrigin(c);
    return openPage(deps, c, (visit) => makeToken(deps, visit, c));
  });
  return pages;
}

async function makeToken(deps: Deps, { visitor, now }: Visit, c: Context<Env>) {
  const { database } = deps.tributary;
  const { name, role, days } = (await c.req.parseBody()) as { [field: string]: string };
  const parsed = tokenRequest.safeParse({
    name: name?.trim(),
    role,
    ...(days ? { days: Number(days) } : {}),
  });
  const page = async (made: (TokenView & { token: string }) | null, fault: string | null) =>
    accessPage({ tokens: await listTokens(database), made, fault, now });
  const isKnown = (roles as readonly string[]).includes(role ?? '');
  if (!parsed.success || !isKnown)
    return page(
      null,
      `The token cannot be made: ${parsed.error?.issues[0]?.path.join('.')}: ${parsed.error?.issues[0]?.message}.`,
    );
  const { data } = parsed;
  const expiresAt = data.days === undefined ? null : now + data.days * dayMs;
  const made =
    data.name === root.name
      ? null
      : await deps.tokens.make({ name: data.name, role: data.role, createdBy: visitor.name, expiresAt });
  const action = 'POST /api/tokens';
  await deps.audit.note(action, made ? 201 : 409, visitor, targetsIn(action, data));
  if (!made)
    return page(null, `There is a token called ${data.name}. Revoke it first, or choose another name.`);
  return page(made, null);
}
