// Runs over HTTP: what they brought, and a person's word to call one off.
import { createRoute, z } from '@hono/zod-openapi';
import { cancelRun, listRuns, reportOf, runById } from '../../tables/runs.ts';
import { requireSource } from '../known.ts';
import { Problem, problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { dryRunShape } from './preview.ts';
import { before, jsonOf, limit, orNull, runBody, runShape, secured, text } from './shapes.ts';

const tags = ['runs'];

export const runParam = z.object({
  id: z.coerce
    .number('the ID of a run')
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .openapi({ param: { name: 'id', in: 'path' }, description: 'The ID of a run.' }),
});

const list = createRoute({
  method: 'get',
  path: '/api/runs',
  summary: 'Runs, the newest first',
  tags,
  security: secured,
  request: {
    query: z.strictObject({
      source: text.optional(),
      state: z.enum(['requested', 'finished', 'failed', 'cancelled']).optional(),
      before: before.openapi({ description: 'Only runs before this ID: `next` of the page before.' }),
      limit,
    }),
  },
  responses: {
    200: {
      description: 'A page of runs.',
      content: jsonOf(
        z.strictObject({
          runs: z.array(runShape),
          next: z.int().nullable().openapi({ description: '`before` of the next page; null on the last.' }),
        }),
      ),
    },
    ...problems(400),
  },
});

const columnsShape = z
  .strictObject({
    recognised: z.string().nullable().openapi({
      description: 'The export that was recognised by its columns.',
      example: 'HubSpot contact export',
    }),
    mappedBy: z.enum(['configuration', 'names']),
    sourceId: z.string().nullable().openapi({ description: 'The column with the source ID.' }),
    fields: z
      .array(z.strictObject({ field: z.string(), columns: z.array(z.string()) }))
      .openapi({ description: 'Fields and metadata with the columns they are read from.' }),
    leftOut: z
      .array(z.strictObject({ column: z.string(), reason: z.string() }))
      .openapi({ description: 'Columns that become nothing.' }),
    missing: z
      .array(z.strictObject({ field: z.string(), column: z.string(), meant: z.string().nullable() }))
      .openapi({
        description:
          'Columns that the configuration names and the file does not have, with the one that was probably meant.',
      }),
    mapping: z
      .record(z.string(), z.union([z.string(), z.array(z.string())]))
      .openapi({ description: 'The same as a `mapping` of the source: paste it to change it.' }),
  })
  .openapi('Columns');

const reportedRun = z
  .strictObject({
    ...runShape.shape,
    report: orNull(dryRunShape).openapi({ description: 'What a dry run found, when it has ended.' }),
    columns: orNull(columnsShape).openapi({
      description:
        'What became of each column, of a run that reads a file; null until its first page is read.',
    }),
  })
  .openapi('ReportedRun');

const one = createRoute({
  method: 'get',
  path: '/api/runs/{id}',
  summary: 'One run',
  tags,
  security: secured,
  request: { params: runParam },
  responses: { 200: { description: 'The run.', content: jsonOf(reportedRun) }, ...problems(400, 404) },
});

const cancel = createRoute({
  method: 'post',
  path: '/api/runs/{id}/cancel',
  summary: 'Call a run off',
  description: 'At once where no worker has it in hand, else after its page. What it has brought stays.',
  tags,
  security: secured,
  request: { params: runParam },
  responses: { 202: { description: 'The run.', content: jsonOf(runShape) }, ...problems(400, 404, 409) },
});

type Reported = z.infer<typeof reportedRun>;

export function runsApi(room: Room) {
  const { tributary } = room;
  return newApi()
    .openapi(list, async (c) => {
      const { limit, ...filter } = c.req.valid('query');
      await requireSource(room, filter.source);
      const runs = await listRuns(tributary.database, { ...filter, limit: limit + 1 });
      const page = runs.slice(0, limit);
      return c.json({ runs: page.map(runBody), next: runs.length > limit ? page.at(-1)!.id : null }, 200);
    })
    .openapi(one, async (c) => {
      const run = await runNamed(room, c.req.valid('param').id);
      const kept = (await reportOf(tributary.database, run.id)) as { columns?: Reported['columns'] } | null;
      const { columns = null, ...report } = kept ?? {};
      const isFound = run.request.dryRun && kept !== null;
      const found = { report: isFound ? (report as unknown as Reported['report']) : null, columns };
      return c.json({ ...runBody(run), ...found }, 200);
    })
    .openapi(cancel, async (c) => {
      const { id } = await runNamed(room, c.req.valid('param').id);
      const run = await cancelRun(tributary.database, id, tributary.clock.now());
      if (!run)
        throw new Problem(409, `Run ${id} has ended already: ${(await runNamed(room, id)).state}.`, {
          type: 'ended',
        });
      return c.json(runBody(run), 202);
    });
}

/** Throws the problem where there is no such run. */
export async function runNamed(room: Room, id: number) {
  const run = await runById(room.tributary.database, id);
  if (!run) throw new Problem(404, `There is no run ${id}.`);
  return run;
}
