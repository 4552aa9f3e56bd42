// Sources over HTTP: what they are, and a person's word to sync, pause or resume one.

import { createRoute } from '@hono/zod-openapi';
import { isPulled } from '../../connector/source.ts';
import { sourceParam } from '../../contract/parts.ts';
import { pausedShape, pauseRequest, withdrawnShape } from '../../contract/pause.ts';
import { type Run, runShape, syncRequest } from '../../contract/run.ts';
import { sourcesShape } from '../../contract/status.ts';
import type { Source } from '../../sync/intake/source.ts';
import { checkpoint } from '../../tables/checkpoints.ts';
import { destinationName, listPauses, pause, pullTrialForward, resume } from '../../tables/pauses.ts';
import { goingRun } from '../../tables/runs.ts';
import { type Deps, newApi, sourceNamed } from '../deps.ts';
import { accepted, jsonOf, secured } from '../openapi.ts';
import { Problem, problems } from '../problem.ts';
import { readSources } from '../status.ts';

const tags = ['sources'];

const list = createRoute({
  method: 'get',
  path: '/api/sources',
  operationId: 'listSources',
  summary: 'Every configured source',
  description:
    'With schedule, number of records, current and last run, budget, and the reason if it is paused.',
  tags,
  security: secured,
  responses: {
    200: { description: 'The sources.', content: jsonOf(sourcesShape) },
    ...problems(),
  },
});

const sync = createRoute({
  method: 'post',
  path: '/api/sources/{source}/sync',
  operationId: 'syncSource',
  summary: 'Ask for a run',
  description:
    'The run starts at once, or when its turn comes. Its `id` leads to its progress and its outcome.',
  tags,
  security: secured,
  request: { params: sourceParam, body: { required: true, content: jsonOf(syncRequest) } },
  responses: {
    202: accepted(runShape, 'The requested run.', 'The run.'),
    ...problems(400, 404, 409, 413, 415),
  },
});

const pauseRoute = createRoute({
  method: 'post',
  path: '/api/sources/{source}/pause',
  operationId: 'pauseSource',
  summary: 'Pause a source until it is resumed',
  description: 'Nothing is read from the vendor. Webhooks are still accepted and stored.',
  tags,
  security: secured,
  request: { params: sourceParam, body: { content: jsonOf(pauseRequest) } },
  responses: {
    200: { description: 'It is paused.', content: jsonOf(pausedShape) },
    ...problems(400, 404, 413, 415),
  },
});

const resumeRoute = createRoute({
  method: 'post',
  path: '/api/sources/{source}/resume',
  operationId: 'resumeSource',
  summary: 'Resume a source',
  description: 'It is read again at once. Resuming a source that is not paused changes nothing.',
  tags,
  security: secured,
  request: { params: sourceParam },
  responses: {
    200: { description: 'It is not paused.', content: jsonOf(pausedShape) },
    ...problems(400, 404),
  },
});

const withdrawRoute = createRoute({
  method: 'post',
  path: '/api/sources/{source}/withdraw',
  operationId: 'withdrawSource',
  summary: 'Withdraw the contributions of a source that is no longer in the configuration',
  description:
    'Until then its records still count. As in every run, the mass-change breaker holds customers if too many would change.',
  tags,
  security: secured,
  request: { params: sourceParam },
  responses: {
    202: {
      description: 'The source is withdrawn; a `remap` run withdraws its contributions.',
      content: jsonOf(withdrawnShape),
    },
    ...problems(400, 404, 409),
  },
});

async function withdraw({ tributary }: Deps, name: string): Promise<void> {
  if (tributary.rules.source(name))
    throw new Problem(
      409,
      `${name} is still in the configuration. Remove it from there first; then its contributions can be withdrawn.`,
    );
  if (await tributary.withdraw(name)) return;
  const names = tributary.rules.vanished.map((vanished) => vanished.name);
  throw new Problem(
    404,
    `No former source is called ${name}${names.length > 0 ? `; sources that can be withdrawn: ${names.join(', ')}` : ''}.`,
  );
}

export function sourcesApi(deps: Deps) {
  return newApi()
    .openapi(list, async (c) => c.json({ sources: await readSources(deps) }, 200))
    .openapi(withdrawRoute, async (c) => {
      const { source: name } = c.req.valid('param');
      await withdraw(deps, name);
      return c.json({ name, withdrawn: true as const }, 202);
    })
    .openapi(sync, async (c) => {
      const source = sourceNamed(deps, c.req.valid('param').source);
      const { mode = 'incremental', recordIds, dryRun = false } = c.req.valid('json');
      if (mode === 'records') requireReading(source);
      else requirePulling(source, mode);
      const isTrial = !dryRun && (await triedNow(deps, source.name));
      if (!isTrial) await refusePaused(deps, source.name);
      const { run, isNew } = await requestedOrGoing(deps, {
        source: source.name,
        mode,
        trigger: 'manual',
        lane: await laneOf(deps, source, mode),
        request: {
          ...(recordIds && { recordIds: [...new Set(recordIds)] }),
          ...(dryRun && { dryRun }),
        },
      });
      // The run that waited for the trial may have begun with it.
      if (!isNew && !isTrial) refuseSecond(run);
      if (!dryRun) await deps.tributary.hurryDeliveries();
      return c.json(run, 202, { location: `/api/runs/${run.id}` });
    })
    .openapi(pauseRoute, async (c) => {
      const { name } = sourceNamed(deps, c.req.valid('param').source);
      return c.json(await pauseByPerson(deps, name, c.req.valid('json').reason), 200);
    })
    .openapi(resumeRoute, async (c) => {
      const { name } = sourceNamed(deps, c.req.valid('param').source);
      return c.json(await resumeByPerson(deps, name), 200);
    });
}

function requireReading(source: Source): void {
  if (source.streams.some((stream) => stream.read)) return;
  const allowed = `incremental or full: ${source.config.connector.name} cannot read single records`;
  throw new Problem(400, `mode is "records"; allowed is ${allowed}.`, {
    type: 'bad-input',
    faults: [{ path: 'mode', found: '"records"', allowed }],
  });
}

function requirePulling({ name, canPull, streams, config }: Source, mode: string): void {
  if (canPull) return;
  const ways = streams.some((stream) => stream.read) ? 'records' : 'nothing';
  const allowed = `${ways}: ${config.connector.name} only pushes`;
  throw new Problem(
    400,
    `${name} cannot be synced: ${config.connector.name} only pushes, so it is brought up to date by its webhooks.`,
    { type: 'bad-input', faults: [{ path: 'mode', found: JSON.stringify(mode), allowed }] },
  );
}

/** True where the vendor refused the credentials, and is asked again now: the run that is asked for is the trial. */
async function triedNow({ tributary: { database, clock } }: Deps, name: string): Promise<boolean> {
  const paused = (await listPauses(database)).get(name);
  return paused?.cause === 'unauthorized' && pullTrialForward(database, name, clock.now());
}

/** Throws the problem where nothing would become of a run. */
export async function refusePaused(deps: Deps, name: string): Promise<void> {
  const paused = (await listPauses(deps.tributary.database)).get(name);
  if (!paused) return;
  throw new Problem(
    409,
    `${name} is paused: ${paused.reason.replace(/\.$/, '')}. Resume it first: on its page, with "tributary sources resume ${name}" or POST /api/sources/${encodeURIComponent(name)}/resume.`,
    { type: 'paused' },
  );
}

/** What brings everything must not go before what a person waits for. */
async function laneOf(deps: Deps, source: Source, mode: 'incremental' | 'full' | 'records') {
  if (mode === 'full') return 'backfill';
  if (mode === 'records') return 'manual';
  const { database } = deps.tributary;
  const leads = await Promise.all(
    source.streams.filter(isPulled).map((stream) => checkpoint(database, source.name, stream.name, 'lead')),
  );
  return leads.includes(null) ? 'backfill' : 'manual';
}

/** So many runs in a row may end in the moment between the two statements. */
const maxEnded = 5;

/** A new run, or the one that still reads the same. One that ends between the two statements does not stand in the way of another. */
async function requestedOrGoing(
  { tributary }: Deps,
  wanted: Parameters<Deps['tributary']['request']>[0],
): Promise<{ run: Run; isNew: boolean }> {
  for (let ended = 0; ended < maxEnded; ended += 1) {
    const run = await tributary.request(wanted);
    if (run) return { run, isNew: true };
    const going = await goingRun(tributary.database, wanted.source, wanted.mode);
    if (going) return { run: going, isNew: false };
  }
  throw new Problem(409, `Runs of ${wanted.source} keep beginning and ending. Request it again.`, {
    type: 'still-going',
  });
}

function refuseSecond({ id, source, mode }: Run): never {
  throw new Problem(
    409,
    `A run of ${source} with the mode ${mode} is already running: run ${id}. A second one would read the same.`,
    { type: 'still-going', runId: id, headers: { location: `/api/runs/${id}` } },
  );
}

export async function pauseByPerson(deps: Deps, name: string, reason = 'no reason was given') {
  const { database, clock, log } = deps.tributary;
  await pause(database, name, { cause: 'person', reason }, clock.now());
  log.info({ source: name, reason }, 'paused by a person');
  return { name, paused: (await listPauses(database)).get(name) ?? null };
}

export async function resumeByPerson(deps: Deps, name: string) {
  const { database, log } = deps.tributary;
  if (await resume(database, name)) log.info({ source: name }, 'resumed by a person');
  if (name === destinationName) await deps.tributary.hurryDeliveries();
  else deps.tributary.wake();
  return { name, paused: null };
}
