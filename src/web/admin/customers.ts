// What the pages of customers read: a search or those in one state, and one customer with everything that is known.
import type { Context } from 'hono';
import { z } from 'zod';
import type { JsonObject } from '../../connector.ts';
import { customerShape, customersQuery, customersShape } from '../../contract/customer.ts';
import { explanationShape, historyShape } from '../../contract/explanation.ts';
import { idCursor, text } from '../../contract/parts.ts';
import { customerView, listCustomers } from '../../sync/views/customer-view.ts';
import { explainCustomer } from '../../sync/views/explanation.ts';
import { findCustomers } from '../../sync/views/find-customer.ts';
import { causeWords, historyOf, writeBackHistory } from '../../sync/views/history.ts';
import { withSentences } from '../api/explain.ts';
import type { Deps } from '../deps.ts';
import { customerPage, recordKey } from '../pages/customer.ts';
import { customersPage } from '../pages/customer-list.ts';
import { customerPath } from '../pages/lists.ts';
import { bySourceId, pageOf } from '../paging.ts';
import { nobody } from '../problem.ts';
import { recordPage } from '../record-page.ts';
import { openPage, pagesAt, queryOf, type Visit } from './visit.ts';

const listQuery = customersQuery
  .omit({ search: true })
  .extend({ q: text.max(200).optional(), all: z.literal('true').optional() });

/** A search answers in a tenth of a second at first: for a name that nobody has it would read all customers, 2 s for a million. */
const maxSearched = 20_000;

const cardQuery = z.strictObject({ field: text.min(1).optional(), cursor: idCursor });

const revisionsShown = 12;

export function customersPages(deps: Deps) {
  const pages = pagesAt(deps, {
    '/customers/:sourceId': (visit, c) => card(deps, visit, c),
  });
  pages.get('/customers', async (c) => {
    const only = await meant(deps, c);
    return only === null
      ? openPage(deps, c, (visit) => list(deps, visit, c))
      : c.redirect(customerPath(only), 303);
  });
  return pages;
}

/** The one customer that a search names whole: by source ID, by the ID of a record or by e-mail. */
async function meant(deps: Deps, c: Context): Promise<string | null> {
  const { database, rules } = deps.tributary;
  const sought = c.req.query('q')?.trim();
  if (!sought || sought.includes('\u0000') || sought.length > 200 || !(await deps.auth.visitor(c)))
    return null;
  const found = await findCustomers(database, rules, sought);
  return found.length === 1 ? found[0]!.sourceId : null;
}

async function list(deps: Deps, { now, shown, status }: Visit, c: Context) {
  const { database } = deps.tributary;
  const { limit, cursor, q: search, state, all } = queryOf(listQuery, c);
  const after = deps.cursors.open(cursor);
  const isFirst = search !== undefined && all === undefined && cursor === undefined;
  const isBounded = isFirst && status.customers.total > maxSearched;
  const filter = { after, search, state, ...(isBounded && { maxSearched }) };
  const read = (most: number) => listCustomers(database, { ...filter, limit: most });
  const { page, next } = await pageOf(limit, read, bySourceId);
  return customersPage({
    customers: shown(customersShape.shape.customers, page),
    next: deps.cursors.seal(next),
    // A full page needs no more of them.
    searched: isBounded && next === null ? maxSearched : null,
    filter: { q: search, state, all, cursor },
    counts: status.customers,
    now,
  });
}

async function card(deps: Deps, { now, shown, status, visitor }: Visit, c: Context) {
  const { database, rules, config, writingBack } = deps.tributary;
  const sourceId = c.req.param('sourceId')!;
  const { field, cursor: before } = queryOf(cardQuery, c);
  const found = await explainCustomer(
    database,
    { rules, writeBackRules: writingBack.rules, destination: config.destination.connector.name },
    sourceId,
  );
  const customer = found && (await customerView(database, sourceId));
  const page = { before, limit: revisionsShown };
  const history = customer && (await historyOf(database, sourceId, page));
  if (!found || !customer || !history) throw nobody(`No customer has the source ID ${sourceId}.`);
  const { events, more } = await writeBackHistory(database, sourceId, history, page);
  return customerPage({
    customer: shown(customerShape, customer),
    explanation: shown(explanationShape, withSentences(found)),
    history: shown(historyShape, {
      sourceId,
      revisions: history.entries.map((entry) => ({
        ...entry,
        by: causeWords(entry.cause),
        cause: entry.cause && { ...entry.cause },
      })),
      writeBacks: events.map((event) => ({ ...event, attributes: event.attributes as JsonObject | null })),
      moreWriteBacks: more,
      nextCursor: history.next,
      state: null,
    }),
    sources: status.sources,
    pages: new Map(customer.records.map((record) => [recordKey(record), recordPage(deps, record)])),
    field: field ?? null,
    isOlder: before !== undefined,
    role: visitor.role,
    now,
  });
}
