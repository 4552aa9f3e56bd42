// Customers with all their fields over HTTP, a thousand at a time: for files and for other programs.

import { createRoute, z } from '@hono/zod-openapi';
import { parseJson } from '../../connector/json.ts';
import type { Fields } from '../../connector.ts';
import { exportQuery, exportShape } from '../../contract/customer.ts';
import { text } from '../../contract/parts.ts';
import { exportCustomers } from '../../sync/views/customer-export.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireFields } from '../known.ts';
import { jsonOf, secured } from '../openapi.ts';
import { bySourceId, pageOf } from '../paging.ts';
import { Problem, problems } from '../problem.ts';

const filterShape = z.record(text, text);

const route = createRoute({
  method: 'get',
  path: '/api/export',
  operationId: 'exportCustomers',
  summary: 'Customers with all their fields, ordered by source ID',
  description: 'For files and other programs. Nothing is masked, so it requires the role operator.',
  tags: ['customers'],
  security: secured,
  request: {
    query: exportQuery,
  },
  responses: {
    200: {
      description: 'A page of customers.',
      content: jsonOf(exportShape),
    },
    ...problems(400),
  },
});

export function exportApi(deps: Deps) {
  return newApi().openapi(route, async (c) => {
    const { cursor, changedSince, filter, fields, limit } = c.req.valid('query');
    const values = filter === undefined ? undefined : filterOf(filter);
    const named = fields?.split(',').map((name) => name.trim());
    // Only of the first page: the others are asked for with the same.
    const after = deps.cursors.open(cursor);
    if (after === undefined) {
      await requireFields(deps, 'filter', Object.keys(values ?? {}));
      await requireFields(deps, 'fields', named ?? []);
    }
    const wanted = {
      fields: values,
      changedSince: changedSince === undefined ? undefined : Date.parse(changedSince),
    };
    const read = (most: number) => exportCustomers(deps.tributary.database, wanted, { after, limit: most });
    const { page, next } = await pageOf(limit, read, bySourceId);
    const customers = page.map((customer) => ({
      ...customer,
      fields: named ? picked(customer.fields, named) : customer.fields,
    }));
    return c.json({ customers, nextCursor: deps.cursors.seal(next) }, 200);
  });
}

function picked(fields: Fields, named: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => named.includes(field)));
}

function filterOf(given: string): { [field: string]: string } {
  try {
    return filterShape.parse(parseJson(given));
  } catch {
    const allowed = 'texts by field name, as JSON: {"metadata.plan":"gold"}';
    throw new Problem(
      400,
      `The query has a fault: filter is ${JSON.stringify(given)}; allowed is ${allowed}.`,
      {
        type: 'bad-input',
        faults: [{ path: 'filter', found: JSON.stringify(given), allowed }],
      },
    );
  }
}
