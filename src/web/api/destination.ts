// The destination over HTTP: a person's word to pause or resume it.
import { createRoute } from '@hono/zod-openapi';
import { destinationName } from '../../sync/pauses.ts';
import { problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { jsonOf, secured } from './shapes.ts';
import { pauseByPerson, pausedAnswer, pauseRequest, resumeByPerson } from './sources.ts';

const pause = createRoute({
  method: 'post',
  path: '/api/destination/pause',
  summary: 'Send no customer until resumed',
  description: 'Sources are read on; what they bring waits.',
  tags: ['destination'],
  security: secured,
  request: { body: { content: jsonOf(pauseRequest) } },
  responses: {
    200: { description: 'It is paused.', content: jsonOf(pausedAnswer) },
    ...problems(400, 413, 415),
  },
});

const resume = createRoute({
  method: 'post',
  path: '/api/destination/resume',
  summary: 'Send what waits',
  tags: ['destination'],
  security: secured,
  responses: { 200: { description: 'It is not paused.', content: jsonOf(pausedAnswer) }, ...problems() },
});

export function destinationApi(room: Room) {
  return newApi()
    .openapi(pause, async (c) =>
      c.json(await pauseByPerson(room, destinationName, c.req.valid('json').reason), 200),
    )
    .openapi(resume, async (c) => c.json(await resumeByPerson(room, destinationName), 200));
}
