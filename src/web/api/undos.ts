// Runs undone, over HTTP: what it would do, the undo itself, and what each undo still keeps and has spared.
import { createRoute } from '@hono/zod-openapi';
import { type Run, runParam, runShape } from '../../contract/run.ts';
import {
  sparedPageShape,
  sparedQuery,
  undoPreviewShape,
  undoQuery,
  undoRequest,
  undosQuery,
  undosShape,
} from '../../contract/undo.ts';
import { previewUndo, undosOf } from '../../sync/undo/preview.ts';
import { listUndos } from '../../tables/runs.ts';
import { listSpared } from '../../tables/spared-values.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireSchema } from '../known-schema.ts';
import { jsonOf, secured } from '../openapi.ts';
import { byId, pageOf } from '../paging.ts';
import { Problem, problems } from '../problem.ts';
import { runNamed } from './runs.ts';

const tags = ['runs'];

const preview = createRoute({
  method: 'get',
  path: '/api/runs/{id}/undo',
  operationId: 'previewUndo',
  summary: 'What undoing a run would do',
  description: 'Looks at every customer that the run changed. Nothing is written.',
  tags,
  security: secured,
  request: { params: runParam, query: undoQuery },
  responses: {
    200: { description: 'What would change, and what is spared.', content: jsonOf(undoPreviewShape) },
    ...problems(400, 404, 409, 503),
  },
});

const undo = createRoute({
  method: 'post',
  path: '/api/runs/{id}/undo',
  operationId: 'undoRun',
  summary: 'Undo a run',
  description:
    'Brings customers back to what they were before the run, by ordinary deliveries. What others changed since is spared. The undo is a run: undoing it withdraws it.',
  tags,
  security: secured,
  request: { params: runParam, body: { required: true, content: jsonOf(undoRequest) } },
  responses: {
    202: { description: 'The run that undoes it.', content: jsonOf(runShape) },
    ...problems(400, 404, 409, 413, 415, 503),
  },
});

const list = createRoute({
  method: 'get',
  path: '/api/undos',
  operationId: 'listUndos',
  summary: 'Undos with what each still keeps, newest first',
  description: 'A value is kept until its records give something else, or the undo is undone.',
  tags,
  security: secured,
  request: { query: undosQuery },
  responses: { 200: { description: 'A page of undos.', content: jsonOf(undosShape) }, ...problems(400) },
});

const spared = createRoute({
  method: 'get',
  path: '/api/runs/{id}/spared',
  operationId: 'listSpared',
  summary: 'What an undo left as it was, and why',
  description: 'Values that somebody else has changed since, and customers that were not asked for.',
  tags,
  security: secured,
  request: { params: runParam, query: sparedQuery },
  responses: {
    200: { description: 'A page, ordered by source ID.', content: jsonOf(sparedPageShape) },
    ...problems(400, 404),
  },
});

export function undosApi(deps: Deps) {
  const { tributary, cursors } = deps;
  const { database } = tributary;
  return newApi()
    .openapi(preview, async (c) => {
      const run = await undoable(deps, c.req.valid('param').id);
      await requireSchema(tributary);
      await tributary.refreshSegments('person');
      const takesCreated = c.req.valid('query').created === 'true';
      const { signal } = c.req.raw;
      return c.json(await previewUndo(database, tributary, run, { takesCreated, signal }), 200);
    })
    .openapi(undo, async (c) => {
      const { id, source } = await undoable(deps, c.req.valid('param').id);
      await requireSchema(tributary);
      const { created } = c.req.valid('json');
      const requested = await tributary.request({
        ...{ source, mode: 'undo', trigger: 'manual', lane: 'manual' },
        request: { undo: id, ...(created && { created }) },
      });
      return c.json(requested!, 202);
    })
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const read = (most: number) => listUndos(database, { before: cursor, limit: most });
      const { page, next } = await pageOf(limit, read, byId);
      return c.json({ undos: await undosOf(database, page), nextCursor: next }, 200);
    })
    .openapi(spared, async (c) => {
      const run = await runNamed(deps, c.req.valid('param').id);
      const { limit, cursor } = c.req.valid('query');
      const [sourceId, field = ''] = cursors.open(cursor)?.split('\n') ?? [];
      const after = sourceId === undefined ? undefined : { sourceId, field };
      const read = (most: number) => listSpared(database, run.id, { after, limit: most });
      const { page, next } = await pageOf(limit, read, (one) => `${one.sourceId}\n${one.field ?? ''}`);
      const [undone = null] = run.mode === 'undo' ? await undosOf(database, [run]) : [];
      return c.json({ undo: undone, spared: page, nextCursor: cursors.seal(next) }, 200);
    });
}

/** Throws the problem where there is no such run, or nothing of it can be undone. */
export async function undoable(deps: Deps, id: number): Promise<Run> {
  const run = await runNamed(deps, id);
  if (run.request.dryRun)
    throw new Problem(409, `Run ${id} was a dry run: it changed nothing.`, { type: 'dry-run' });
  if (run.state === 'requested')
    throw new Problem(409, `Run ${id} is still going. Cancel it first, or wait for its end.`, {
      type: 'still-going',
    });
  return run;
}
