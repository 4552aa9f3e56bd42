// Values set by hand over HTTP: each wins over every record until it is released.

import { createRoute } from '@hono/zod-openapi';
import { pinParam, pinRequest, pinShape, unpinnedShape } from '../../contract/pin.ts';
import { pin, unpin } from '../../sync/intake/pinning.ts';
import { findCustomers } from '../../sync/views/find-customer.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { nobody, Problem, problems } from '../problem.ts';

const tags = ['customers'];

const put = createRoute({
  method: 'put',
  path: '/api/customers/{sourceId}/pins/{field}',
  operationId: 'pinField',
  summary: 'Set a field by hand, until it is unpinned',
  description: 'The value wins over every record. The customer is queued for delivery.',
  tags,
  security: secured,
  request: { params: pinParam, body: { required: true, content: jsonOf(pinRequest) } },
  responses: {
    200: { description: 'It is pinned.', content: jsonOf(pinShape) },
    ...problems(400, 404, 413, 415),
  },
});

const release = createRoute({
  method: 'delete',
  path: '/api/customers/{sourceId}/pins/{field}',
  operationId: 'unpinField',
  summary: 'Remove a value that was set by hand',
  description: 'The records decide the field again. The customer is queued for delivery.',
  tags,
  security: secured,
  request: { params: pinParam },
  responses: {
    200: {
      description: 'It is released.',
      content: jsonOf(unpinnedShape),
    },
    ...problems(400, 404),
  },
});

export function pinsApi(deps: Deps) {
  const { tributary } = deps;
  return newApi()
    .openapi(put, async (c) => {
      const { sourceId, field } = c.req.valid('param');
      const { value, note } = c.req.valid('json');
      const done = await pin(tributary, { sourceId, field, value, note });
      if (!done.pinned && done.because === 'no customer') throw await noCustomer(deps, sourceId);
      if (!done.pinned) throw badPin(done.about, done.about === 'field' ? field : value, done.fault);
      tributary.wake();
      const { pinnedAt, revision } = done;
      return c.json({ sourceId, field, value: done.value, note, pinnedAt, revision }, 200);
    })
    .openapi(release, async (c) => {
      const { sourceId, field } = c.req.valid('param');
      const done = await unpin(tributary, { sourceId, field });
      if (!done.released && !done.isKnown) throw await noCustomer(deps, sourceId);
      if (!done.released) {
        const pinned = done.pinned.length
          ? `Pinned are ${done.pinned.join(', ')}.`
          : 'It has no pinned field.';
        throw new Problem(404, `The field ${field} of customer ${sourceId} is not pinned. ${pinned}`);
      }
      tributary.wake();
      return c.json({ sourceId, field, revision: done.revision }, 200);
    });
}

/** Who writes must name the customer itself; what was probably meant is told. */
async function noCustomer({ tributary }: Deps, id: string): Promise<Problem> {
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
