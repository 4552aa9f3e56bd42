// Why a customer is as it is, and what it was, over HTTP: structures with the sentences beside them.

import { createRoute } from '@hono/zod-openapi';
import type { JsonObject } from '../../connector.ts';
import {
  type Explanation,
  explanationQuery,
  explanationShape,
  historyQuery,
  historyShape,
  meantParam,
} from '../../contract/explanation.ts';
import { type CustomerExplanation, customerSentences, fieldSentences } from '../../customer/explain.ts';
import { attributeSentences, writeBackSentences } from '../../customer/explain-write-back.ts';
import { explainCustomer } from '../../sync/views/explanation.ts';
import { findCustomers } from '../../sync/views/find-customer.ts';
import { causeWords, customerAt, historyOf, writeBackHistory } from '../../sync/views/history.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { ambiguous, nobody, Problem, problems } from '../problem.ts';

const tags = ['customers'];

const explain = createRoute({
  method: 'get',
  path: '/api/customers/{sourceId}/explain',
  operationId: 'explainCustomer',
  summary: 'Where each value of a customer comes from, and why',
  description:
    'Structures, with sentences for a person beside them. `sourceId` can also be a record ID or an e-mail address.',
  tags,
  security: secured,
  request: {
    params: meantParam,
    query: explanationQuery,
  },
  responses: {
    200: { description: 'The reasons.', content: jsonOf(explanationShape) },
    ...problems(400, 404),
  },
});

const history = createRoute({
  method: 'get',
  path: '/api/customers/{sourceId}/history',
  operationId: 'getCustomerHistory',
  summary: 'The changes of a customer, newest first, or the customer as of a time',
  description:
    'Every revision with what changed and why, and the write-backs of that time. `sourceId` can also be a record ID or an e-mail address.',
  tags,
  security: secured,
  request: {
    params: meantParam,
    query: historyQuery,
  },
  responses: {
    200: { description: 'The history.', content: jsonOf(historyShape) },
    ...problems(400, 404),
  },
});

export function explainApi(deps: Deps) {
  const { database, rules, config, writingBack } = deps.tributary;
  return newApi()
    .openapi(explain, async (c) => {
      const sourceId = await customerMeant(deps, c.req.valid('param').sourceId);
      const found = await explainCustomer(
        database,
        { rules, writeBackRules: writingBack.rules, destination: config.destination.connector.name },
        sourceId,
      );
      if (!found) throw noCustomer(sourceId);
      const { field } = c.req.valid('query');
      return c.json(withSentences(field === undefined ? found : fieldAlone(found, field)), 200);
    })
    .openapi(history, async (c) => {
      const sourceId = await customerMeant(deps, c.req.valid('param').sourceId);
      const { at, limit, cursor: before } = c.req.valid('query');
      if (at !== undefined) {
        const state = await customerAt(database, sourceId, Date.parse(at));
        if (state === undefined) throw noCustomer(sourceId);
        const then = {
          at: Date.parse(at),
          revision: state?.revision ?? null,
          fields: state?.fields ?? null,
        };
        const none = { revisions: [], writeBacks: [], moreWriteBacks: false, nextCursor: null };
        return c.json({ sourceId, ...none, state: then }, 200);
      }
      const page = { before, limit };
      const found = await historyOf(database, sourceId, page);
      if (!found) throw noCustomer(sourceId);
      const revisions = found.entries.map((entry) => ({
        ...entry,
        by: causeWords(entry.cause),
        cause: entry.cause && { ...entry.cause },
      }));
      const { events, more } = await writeBackHistory(database, sourceId, found, page);
      const writeBacks = events.map((event) => ({
        ...event,
        attributes: event.attributes as JsonObject | null,
      }));
      const nextCursor = found.next;
      return c.json({ sourceId, revisions, writeBacks, moreWriteBacks: more, nextCursor, state: null }, 200);
    });
}

function noCustomer(id: string): Problem {
  return nobody(`No customer has the source ID or e-mail ${id}, and no record with that ID belongs to one.`);
}

/** The source ID that this ID leads to. Throws the problem where none or several do. */
async function customerMeant({ tributary }: Deps, id: string): Promise<string> {
  const meant = await findCustomers(tributary.database, tributary.rules, id);
  const [only] = meant;
  if (!only) throw noCustomer(id);
  if (meant.length === 1) return only.sourceId;
  throw ambiguous(id, meant);
}

function fieldAlone(found: CustomerExplanation, field: string): CustomerExplanation {
  const fields = found.fields.filter((explained) => explained.field === field);
  const quarantined = found.quarantined.filter((value) => value.field === field);
  const dropped = found.dropped.filter((name) => name === field);
  const writeBacks = found.writeBacks.flatMap((one) => {
    const attributes = one.attributes.filter(({ attribute }) => attribute === field);
    return attributes.length > 0 ? [{ ...one, attributes }] : [];
  });
  if (fields.length + quarantined.length + dropped.length + writeBacks.length === 0) {
    const attributes = found.writeBacks.flatMap((one) => one.attributes.map(({ attribute }) => attribute));
    const names = [...new Set([...found.fields.map((explained) => explained.field), ...attributes])].join(
      ', ',
    );
    throw new Problem(404, `Customer ${found.sourceId} has no field ${field}. It has ${names || 'none'}.`);
  }
  return { ...found, fields, quarantined, dropped, writeBacks };
}

/** With what it says in words. */
export function withSentences(found: CustomerExplanation): Explanation {
  return {
    ...found,
    sentences: customerSentences(found),
    fields: found.fields.map((field) => ({ ...field, sentences: fieldSentences(field, found.destination) })),
    writeBacks: found.writeBacks.map((one) => ({
      ...one,
      sentences: writeBackSentences(one, found.destination),
      attributes: one.attributes.map(({ wanted, acknowledged, ...attribute }) => ({
        ...attribute,
        ...(wanted !== undefined && { wanted: wanted as never }),
        ...(acknowledged !== undefined && { acknowledged: acknowledged as never }),
        sentences: attributeSentences({ wanted, acknowledged, ...attribute }, one, found.destination),
      })),
    })),
  };
}
