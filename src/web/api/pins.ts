// Values set by hand over HTTP: each wins over every record until it is released.
import { createRoute, z } from '@hono/zod-openapi';
import { pin, unpin } from '../../sync/intake/pinning.ts';
import { findCustomers } from '../../sync/views/find-customer.ts';
import { nobody, Problem, problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { iso, jsonOf, secured, text, time } from './shapes.ts';

const tags = ['customers'];

const revision = z
  .int()
  .nullable()
  .openapi({ description: "The customer's new revision, which is owed now; null where nothing changed." });

const params = z.object({
  sourceId: text.min(1).openapi({ param: { name: 'sourceId', in: 'path' }, description: 'Percent-encoded.' }),
  field: text.min(1).openapi({ param: { name: 'field', in: 'path' }, example: 'metadata.plan' }),
});

const pinBody = z
  .strictObject({
    value: z
      .any()
      .refine((value) => value !== undefined, 'any JSON, null too')
      .openapi({
        description: 'Normalised and typed as a mapped value of the field; null empties it.',
        example: 'gold',
      }),
    note: text
      .trim()
      .max(500)
      .default('')
      .openapi({ description: 'Why; shown wherever the value is explained.' }),
  })
  .openapi('PinRequest');

const pinShape = z
  .strictObject({
    sourceId: z.string(),
    field: z.string(),
    value: z.any(),
    note: z.string(),
    pinnedAt: time,
    revision,
  })
  .openapi('Pin');

const put = createRoute({
  method: 'put',
  path: '/api/customers/{sourceId}/pins/{field}',
  summary: 'Set a field by hand, until it is released',
  tags,
  security: secured,
  request: { params, body: { required: true, content: jsonOf(pinBody) } },
  responses: {
    200: { description: 'It is pinned.', content: jsonOf(pinShape) },
    ...problems(400, 404, 413, 415),
  },
});

const release = createRoute({
  method: 'delete',
  path: '/api/customers/{sourceId}/pins/{field}',
  summary: 'Let the records decide a field again',
  tags,
  security: secured,
  request: { params },
  responses: {
    200: {
      description: 'It is released.',
      content: jsonOf(
        z.strictObject({ sourceId: z.string(), field: z.string(), revision }).openapi('Unpinned'),
      ),
    },
    ...problems(400, 404),
  },
});

export function pinsApi(room: Room) {
  const { tributary } = room;
  return newApi()
    .openapi(put, async (c) => {
      const { sourceId, field } = c.req.valid('param');
      const { value, note } = c.req.valid('json');
      const done = await pin(tributary, { sourceId, field, value, note });
      if (!done.pinned && done.because === 'no customer') throw await noCustomer(room, sourceId);
      if (!done.pinned) throw badPin(done.about, done.about === 'field' ? field : value, done.fault);
      tributary.wake();
      const { pinnedAt, revision } = done;
      return c.json({ sourceId, field, value: done.value, note, pinnedAt: iso(pinnedAt), revision }, 200);
    })
    .openapi(release, async (c) => {
      const { sourceId, field } = c.req.valid('param');
      const done = await unpin(tributary, { sourceId, field });
      if (!done.released && !done.isKnown) throw await noCustomer(room, sourceId);
      if (!done.released) {
        const pinned = done.pinned.length
          ? `Pinned are ${done.pinned.join(', ')}.`
          : 'No field of it is pinned.';
        throw new Problem(404, `The field ${field} of customer ${sourceId} is not pinned. ${pinned}`);
      }
      tributary.wake();
      return c.json({ sourceId, field, revision: done.revision }, 200);
    });
}

/** Who writes must name the customer itself; what was probably meant is told. */
async function noCustomer({ tributary }: Room, id: string): Promise<Problem> {
  const meant = await findCustomers(tributary.database, tributary.rules, id);
  const hint = meant.map(({ sourceId, by }) => ` By its ${by} it may be ${sourceId}.`).join('');
  const detail = `No customer has the source ID ${id}.${hint}`;
  return meant.length === 0 ? nobody(detail) : new Problem(404, detail);
}

function badPin(path: 'field' | 'value', found: unknown, fault: string): Problem {
  const sentence = `${fault.replace(/[.]$/, '')}.`.replace(/\?\.$/, '?');
  return new Problem(400, sentence, {
    type: 'bad-input',
    faults: [{ path, found: (JSON.stringify(found) ?? 'nothing').slice(0, 200), allowed: sentence }],
  });
}
