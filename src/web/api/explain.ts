// Why a customer is as it is, and what it was, over HTTP: structures with the sentences beside them.
import { createRoute, z } from '@hono/zod-openapi';
import { type CustomerExplanation, customerSentences, fieldSentences } from '../../customer/explain.ts';
import { explainCustomer } from '../../sync/views/explanation.ts';
import { findCustomers } from '../../sync/views/find-customer.ts';
import { causeWords, customerAt, historyOf } from '../../sync/views/history.ts';
import { ambiguous, nobody, Problem, problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { before, iso, jsonOf, laneShape, limit, orNull, secured, text, time, timeOrNull } from './shapes.ts';

const tags = ['customers'];

const count = z.int().min(0);

const value = z.any().openapi({ description: 'A value as the customer has it; null where it is empty.' });

const sentences = z.array(z.string());

const idParam = z.object({
  sourceId: text.min(1).openapi({
    param: { name: 'sourceId', in: 'path' },
    description: 'A source ID, else the ID of a record, else an e-mail address. Percent-encoded.',
  }),
});

const recordName = { source: z.string(), stream: z.string(), recordId: z.string() };

const candidate = {
  ...recordName,
  changedAt: time.openapi({ description: "By the source's own clock." }),
  version: z.string().openapi({ description: 'A hash of the record as it is.' }),
  receivedAt: time,
  run: orNull(z.strictObject({ id: z.int(), mode: z.string(), trigger: z.string() })),
  mapping: z.string().openapi({ description: 'The fingerprint of the mapping that reads it.' }),
};

const refusedShape = z
  .strictObject({ ...recordName, field: z.string(), value, reason: z.string(), hasLastGood: z.boolean() })
  .openapi('RefusedValue');

const explanationShape = z
  .strictObject({
    sourceId: z.string(),
    revision: count,
    createdAt: time,
    updatedAt: time,
    left: z.boolean().openapi({ description: 'No record speaks of it any more.' }),
    destination: z.string(),
    sentences: sentences.openapi({ description: 'All but the fields, in words.' }),
    fields: z.array(
      z.strictObject({
        field: z.string(),
        value,
        sentences,
        rule: z.string().openapi({ example: 'precedence hubspot > klaviyo' }),
        pin: orNull(z.strictObject({ note: z.string(), pinnedAt: time })),
        winner: orNull(z.strictObject(candidate)),
        losers: z.array(z.strictObject({ ...candidate, value, reason: z.string() })),
        refused: z.array(refusedShape),
        kept: orNull(
          z.strictObject({ because: z.enum(['empty', 'absent']), changedAt: orNull(time) }),
        ).openapi({
          description:
            'The newest state of the record has it empty (onNull: ignore) or does not name it: this is the last value.',
        }),
        raw: orNull(
          z.strictObject({
            properties: z.array(z.string()),
            values: z.array(value),
            done: z.array(z.string()).openapi({ example: ['trimmed', 'lower-cased'] }),
          }),
        ).openapi({
          description:
            "The winning record's properties that the field is read from, their values as they came, and what was done to them. Null where no record of now gives it.",
        }),
        since: z.strictObject({ revision: count, at: time, by: z.string() }),
        acknowledged: orNull(
          z.strictObject({
            value,
            isSame: z.boolean(),
            isCertain: z.boolean(),
            revision: count,
            at: time,
          }),
        ),
        next: orNull(z.strictObject({ value })).openapi({
          description: 'What it would be if the customer were folded anew, where that differs.',
        }),
      }),
    ),
    dropped: z.array(z.string()),
    refused: z.array(refusedShape),
    clashes: z.array(
      z.strictObject({ source: z.string(), stream: z.string(), recordIds: z.array(z.string()) }),
    ),
    takeOvers: z.array(
      z.strictObject({
        ...recordName,
        into: z.string(),
        sourceId: z.string().nullable(),
        intoSourceId: z.string().nullable(),
        isUndone: z.boolean(),
      }),
    ),
    ignored: z.array(z.strictObject({ ...recordName, because: z.string() })),
    delivery: orNull(
      z.strictObject({
        state: z.enum(['waiting', 'held', 'delivered', 'dead']),
        revision: count,
        acknowledged: count.nullable(),
        lane: laneShape,
        waitingSince: timeOrNull,
        dueAt: timeOrNull.openapi({
          description: 'The time of the next attempt; null while it is being sent.',
        }),
        deliveredAt: timeOrNull,
        attempts: count,
        error: z.string().nullable(),
      }),
    ),
    holds: z.array(z.strictObject({ id: z.int(), what: z.string(), from: value, heldAt: time })),
    deadLetters: z.array(
      z.strictObject({
        id: z.int(),
        kind: z.string(),
        code: z.string(),
        message: z.string(),
        lastAt: time,
      }),
    ),
  })
  .openapi('Explanation');

export type ExplanationBody = z.infer<typeof explanationShape>;

const explain = createRoute({
  method: 'get',
  path: '/api/customers/{sourceId}/explain',
  summary: 'Why each field of a customer is as it is',
  tags,
  security: secured,
  request: {
    params: idParam,
    query: z.strictObject({
      field: text.min(1).optional().openapi({ description: 'This field alone.', example: 'email' }),
    }),
  },
  responses: {
    200: { description: 'The reasons.', content: jsonOf(explanationShape) },
    ...problems(400, 404),
  },
});

const historyShape = z
  .strictObject({
    sourceId: z.string(),
    revisions: z.array(
      z.strictObject({
        revision: count,
        at: time,
        by: z.string().openapi({ example: 'by run 12 of hubspot (contacts)' }),
        cause: orNull(z.record(z.string(), z.any())).openapi({ description: 'Null for the creation.' }),
        changed: z
          .record(z.string(), z.strictObject({ from: value.optional(), to: value.optional() }))
          .openapi({
            description: 'By field; a side is missing where the field was in no record.',
          }),
      }),
    ),
    next: count.nullable().openapi({ description: '`before` of the next page; null on the last.' }),
    state: orNull(
      z.strictObject({
        at: time,
        revision: count.nullable().openapi({ description: 'Null before it was created.' }),
        fields: orNull(z.record(z.string(), z.any())),
      }),
    ).openapi({
      description: 'The customer as of `at`, where that was asked for: then no revisions are told.',
    }),
  })
  .openapi('History');

export type HistoryBody = z.infer<typeof historyShape>;

const history = createRoute({
  method: 'get',
  path: '/api/customers/{sourceId}/history',
  summary: 'What changed of a customer, the newest first; or what it was at a time',
  tags,
  security: secured,
  request: {
    params: idParam,
    query: z.strictObject({
      before: before.openapi({ description: 'Only revisions before this one: `next` of the page before.' }),
      limit,
      at: z.iso
        .datetime({ offset: true, error: 'a time such as 2026-03-01T12:00:00Z' })
        .optional()
        .openapi({ description: 'Tell the fields as of this time instead.' }),
    }),
  },
  responses: {
    200: { description: 'The history.', content: jsonOf(historyShape) },
    ...problems(400, 404),
  },
});

export function explainApi(room: Room) {
  const { database, rules, config } = room.tributary;
  return newApi()
    .openapi(explain, async (c) => {
      const sourceId = await customerMeant(room, c.req.valid('param').sourceId);
      const found = await explainCustomer(database, rules, config.destination.connector.name, sourceId);
      if (!found) throw noCustomer(sourceId);
      const { field } = c.req.valid('query');
      return c.json(explanationBody(field === undefined ? found : fieldAlone(found, field)), 200);
    })
    .openapi(history, async (c) => {
      const sourceId = await customerMeant(room, c.req.valid('param').sourceId);
      const { at, ...page } = c.req.valid('query');
      if (at !== undefined) {
        const state = await customerAt(database, sourceId, Date.parse(at));
        if (state === undefined) throw noCustomer(sourceId);
        const then = {
          at: iso(Date.parse(at)),
          revision: state?.revision ?? null,
          fields: state?.fields ?? null,
        };
        return c.json({ sourceId, revisions: [], next: null, state: then }, 200);
      }
      const found = await historyOf(database, sourceId, page);
      if (!found) throw noCustomer(sourceId);
      const revisions = found.entries.map((entry) => ({
        ...entry,
        at: iso(entry.at),
        by: causeWords(entry.cause),
        cause: entry.cause && { ...entry.cause },
      }));
      return c.json({ sourceId, revisions, next: found.next, state: null }, 200);
    });
}

function noCustomer(id: string): Problem {
  return nobody(`No customer has the source ID or e-mail ${id}, and no record of that ID speaks of one.`);
}

/** The source ID that this ID leads to. Throws the problem where none or several do. */
async function customerMeant({ tributary }: Room, id: string): Promise<string> {
  const meant = await findCustomers(tributary.database, tributary.rules, id);
  const [only] = meant;
  if (!only) throw noCustomer(id);
  if (meant.length === 1) return only.sourceId;
  throw ambiguous(id, meant);
}

function fieldAlone(found: CustomerExplanation, field: string): CustomerExplanation {
  const fields = found.fields.filter((explained) => explained.field === field);
  const refused = found.refused.filter((value) => value.field === field);
  const dropped = found.dropped.filter((name) => name === field);
  if (fields.length + refused.length + dropped.length === 0) {
    const names = found.fields.map((explained) => explained.field).join(', ');
    throw new Problem(404, `Customer ${found.sourceId} has no field ${field}. It has ${names || 'none'}.`);
  }
  return { ...found, fields, refused, dropped };
}

function explanationBody(found: CustomerExplanation): ExplanationBody {
  const { delivery } = found;
  const candidateBody = <Claim extends { changedAt: number; receivedAt: number }>(said: Claim) => ({
    ...said,
    changedAt: iso(said.changedAt),
    receivedAt: iso(said.receivedAt),
  });
  return {
    ...found,
    createdAt: iso(found.createdAt),
    updatedAt: iso(found.updatedAt),
    sentences: customerSentences(found),
    fields: found.fields.map((field) => ({
      ...field,
      sentences: fieldSentences(field, found.destination),
      pin: field.pin && { ...field.pin, pinnedAt: iso(field.pin.pinnedAt) },
      winner: field.winner && candidateBody(field.winner),
      losers: field.losers.map(candidateBody),
      since: { ...field.since, at: iso(field.since.at) },
      kept: field.kept && { ...field.kept, changedAt: iso(field.kept.changedAt) },
      acknowledged: field.acknowledged && { ...field.acknowledged, at: iso(field.acknowledged.at) },
    })),
    delivery: delivery && {
      ...delivery,
      waitingSince: iso(delivery.waitingSince),
      dueAt: iso(delivery.dueAt),
      deliveredAt: iso(delivery.deliveredAt),
    },
    holds: found.holds.map((hold) => ({ ...hold, heldAt: iso(hold.heldAt) })),
    deadLetters: found.deadLetters.map((letter) => ({ ...letter, lastAt: iso(letter.lastAt) })),
  };
}
