// The destination over HTTP: a person's word to pause or resume it.

import { createRoute } from '@hono/zod-openapi';
import { pausedShape, pauseRequest, projectRequest, projectShape } from '../../contract/pause.ts';
import { destinationName } from '../../tables/pauses.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { Problem, problems } from '../problem.ts';
import { pauseByPerson, resumeByPerson } from './sources.ts';

const pause = createRoute({
  method: 'post',
  path: '/api/destination/pause',
  operationId: 'pauseDestination',
  summary: 'Pause deliveries until resumed',
  description: 'Sources are still read. Their changes wait.',
  tags: ['destination'],
  security: secured,
  request: { body: { content: jsonOf(pauseRequest) } },
  responses: {
    200: { description: 'It is paused.', content: jsonOf(pausedShape) },
    ...problems(400, 413, 415),
  },
});

const resume = createRoute({
  method: 'post',
  path: '/api/destination/resume',
  operationId: 'resumeDestination',
  summary: 'Send what waits',
  description:
    'Deliveries that were put off become due. Resuming a destination that is not paused changes nothing.',
  tags: ['destination'],
  security: secured,
  responses: { 200: { description: 'It is not paused.', content: jsonOf(pausedShape) }, ...problems(409) },
});

const project = createRoute({
  method: 'post',
  path: '/api/destination/project',
  operationId: 'decideProject',
  summary: 'Decide what counts as delivered when the configuration names another project',
  description:
    'Nothing is sent until it is known whether the new project holds the customers that the former one acknowledged.',
  tags: ['destination'],
  security: secured,
  request: {
    body: {
      required: true,
      content: jsonOf(projectRequest),
    },
  },
  responses: {
    200: {
      description: 'The decision is stored, and the destination is no longer paused for this reason.',
      content: jsonOf(projectShape),
    },
    ...problems(400, 409, 413, 415),
  },
});

async function decide({ tributary }: Deps, as: 'new' | 'same') {
  const due = await tributary.project.decide(as);
  if (due !== null) return { as, due };
  throw new Problem(409, 'The configuration names the same project as before: no decision is needed.');
}

export function destinationApi(deps: Deps) {
  return newApi()
    .openapi(project, async (c) => c.json(await decide(deps, c.req.valid('json').as), 200))
    .openapi(pause, async (c) =>
      c.json(await pauseByPerson(deps, destinationName, c.req.valid('json').reason), 200),
    )
    .openapi(resume, async (c) => {
      const doubt = deps.tributary.project.doubt;
      if (doubt !== null) throw new Problem(409, doubt);
      return c.json(await resumeByPerson(deps, destinationName), 200);
    });
}
