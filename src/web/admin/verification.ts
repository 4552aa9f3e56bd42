// What the pages of verifications read.
import type { Context } from 'hono';
import { z } from 'zod';
import { verificationParam, verificationShape, verificationsQuery } from '../../contract/verification.ts';
import { checkChain, listVerifications, verificationById } from '../../tables/verifications.ts';
import type { Deps } from '../deps.ts';
import { verificationPage } from '../pages/verification.ts';
import { verificationsPage } from '../pages/verification-list.ts';
import { byId, pageOf } from '../paging.ts';
import { Problem } from '../problem.ts';
import { pagesAt, queryOf } from './visit.ts';

const rowsShown = 30;

const query = verificationsQuery.pick({ cursor: true }).extend({ chain: z.literal('check').optional() });

export function verificationPages(deps: Deps) {
  const { database } = deps.tributary;
  return pagesAt(deps, {
    '/verification': async ({ status, shown, now }, c: Context) => {
      const { cursor, chain } = queryOf(query, c);
      const read = (most: number) => listVerifications(database, { before: cursor, limit: most });
      const { page, next } = await pageOf(rowsShown, read, byId);
      return verificationsPage({
        verifications: shown(z.array(verificationShape), page),
        next,
        cursor,
        chain: chain ? await checkChain(database) : null,
        destination: status.destination.connector,
        now,
      });
    },
    '/verification/:id': async ({ status, shown, now }, c: Context) => {
      const { data } = verificationParam.safeParse({ id: c.req.param('id') });
      const found = data && (await verificationById(database, data.id));
      if (!found) throw new Problem(404, `There is no verification ${c.req.param('id')}.`);
      return verificationPage({
        verification: shown(verificationShape, found),
        destination: status.destination.connector,
        now,
      });
    },
  });
}
