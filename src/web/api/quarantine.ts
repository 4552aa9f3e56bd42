// Values in quarantine over HTTP: a list to page through, and a person's word that some are known.

import { createRoute } from '@hono/zod-openapi';
import {
  quarantineAcknowledging,
  quarantineChanged,
  quarantineQuery,
  quarantineReopening,
  quarantineShape,
} from '../../contract/record.ts';
import { listQuarantine, type QuarantinePlace } from '../../sync/views/quarantine.ts';
import type { FaultFilter } from '../../tables/faults.ts';
import { acknowledgeFaults, reopenFaults } from '../../tables/records.ts';
import { root } from '../caller.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireFields, requireSource } from '../known.ts';
import { jsonOf, secured } from '../openapi.ts';
import { pageOf } from '../paging.ts';
import { problems } from '../problem.ts';
import { acknowledgingRoute } from './acknowledging.ts';

const quarantine = createRoute({
  method: 'get',
  path: '/api/quarantine',
  operationId: 'listQuarantine',
  summary: 'Values that failed their type or rule and were left out',
  description:
    'Each with the reason and the value that is used in its place. A value leaves the list when its record is corrected.',
  tags: ['records'],
  security: secured,
  request: {
    query: quarantineQuery,
  },
  responses: {
    200: {
      description: 'A page of them.',
      content: jsonOf(quarantineShape),
    },
    ...problems(400),
  },
});

const changing = { tag: 'records', changed: quarantineChanged, counts: 'How many values they are.' };

const acknowledge = acknowledgingRoute({
  ...changing,
  path: '/api/quarantine/acknowledge',
  operationId: 'acknowledgeQuarantine',
  shape: quarantineAcknowledging,
  summary: 'Acknowledge quarantined values, with a reason',
  description:
    'They stay left out and need nobody any more. A value is open again when it or the reason why it is left out changes.',
});

const reopen = acknowledgingRoute({
  ...changing,
  path: '/api/quarantine/reopen',
  operationId: 'reopenQuarantine',
  shape: quarantineReopening,
  summary: 'Reopen acknowledged values',
  description: 'They need a person again.',
});

export function quarantineApi(deps: Deps) {
  const { database, rules, clock } = deps.tributary;
  return newApi()
    .openapi(quarantine, async (c) => {
      const { limit, cursor, ...filter } = c.req.valid('query');
      await requireKnownValues(deps, filter);
      const after = quarantinePlace(deps.cursors.open(cursor));
      const read = (most: number) => listQuarantine(database, rules, filter, { after, limit: most });
      const { page: values, next } = await pageOf(limit, read, quarantineNext);
      return c.json({ values, nextCursor: deps.cursors.seal(next) }, 200);
    })
    .openapi(acknowledge, async (c) => {
      const { reason, ...filter } = c.req.valid('json');
      await requireKnownValues(deps, filter);
      const by = (c.get('caller') ?? root).name;
      const values = await acknowledgeFaults(database, filter, { at: clock.now(), by, reason });
      return c.json({ values }, 200);
    })
    .openapi(reopen, async (c) => {
      const filter = c.req.valid('json');
      await requireKnownValues(deps, filter);
      return c.json({ values: await reopenFaults(database, filter) }, 200);
    });
}

/** Throws the problem where the filter names what is not known. */
export async function requireKnownValues(
  deps: Deps,
  { source, field }: Pick<FaultFilter, 'source' | 'field'>,
): Promise<void> {
  await requireSource(deps, source);
  if (field !== undefined) await requireFields(deps, 'field', [field]);
}

/** A place in the list as a text. */
export function quarantineNext({ source, stream, recordId, field }: QuarantinePlace): string {
  return JSON.stringify([source, stream, recordId, field]);
}

/** `next`: what `quarantineNext` made. */
export function quarantinePlace(next: string | undefined): QuarantinePlace | undefined {
  if (next === undefined) return undefined;
  const [source, stream, recordId, field] = JSON.parse(next) as [string, string, string, string];
  return { source, stream, recordId, field };
}
