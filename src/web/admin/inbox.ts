// What the pages of the inbox read.
import type { Context } from 'hono';
import { z } from 'zod';
import {
  maxShown,
  requestParam,
  requestsQuery,
  requestsShape,
  wholeRequestShape,
} from '../../contract/inbox.ts';
import { faultsOf, withFirstFault } from '../../sync/views/inbox-faults.ts';
import { listRequests } from '../../tables/inbox.ts';
import { bodyOf, requestNumbered } from '../api/inbox.ts';
import type { Deps } from '../deps.ts';
import { requireSource } from '../known.ts';
import { inboxPage } from '../pages/inbox-list.ts';
import { requestPage } from '../pages/inbox-request.ts';
import { byId, pageOf } from '../paging.ts';
import { Problem } from '../problem.ts';
import { pagesAt, queryOf } from './visit.ts';

const rowsShown = 50;

const query = requestsQuery.pick({ source: true, state: true, rejected: true, cursor: true });

export function inboxPages(deps: Deps) {
  const { database } = deps.tributary;
  return pagesAt(deps, {
    '/inbox': async ({ status, shown }, c: Context) => {
      const { cursor, rejected, ...rest } = queryOf(query, c);
      await requireSource(deps, rest.source);
      const filter = { ...rest, rejected: rejected === 'true' };
      const read = (most: number) => listRequests(database, filter, { before: cursor, limit: most });
      const { page, next } = await pageOf(rowsShown, read, byId);
      const requests = await withFirstFault(database, page);
      return inboxPage({
        status,
        requests: shown(requestsShape.shape.requests, requests),
        next,
        filter: { ...filter, cursor },
      });
    },
    '/inbox/:id': async ({ shown, now }, c: Context) => {
      const { data } = requestParam.safeParse({ id: c.req.param('id') });
      if (!data) throw new Problem(404, `${c.req.param('id')} is not the ID of a request.`);
      queryOf(z.strictObject({}), c);
      const found = await requestNumbered(deps, data.id);
      const faults = (await faultsOf(database, [found], maxShown)).get(found.id) ?? [];
      const error = found.error ?? faults[0]?.message ?? null;
      return requestPage({
        request: shown(wholeRequestShape, { ...found, error, faults, body: bodyOf(found.body) }),
        now,
      });
    },
  });
}
