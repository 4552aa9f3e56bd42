// One run's progress as server-sent events, until it has ended or nobody listens.

import { createRoute } from '@hono/zod-openapi';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { runParam, runShape } from '../../contract/run.ts';
import { runById } from '../../tables/runs.ts';
import { type Deps, newApi } from '../deps.ts';
import { secured } from '../openapi.ts';
import { problems } from '../problem.ts';
import { runNamed } from './runs.ts';

const everyMs = 500;

/** Proxies cut connections that are silent for long. */
const heartbeatMs = 15_000;

const events = createRoute({
  method: 'get',
  path: '/api/runs/{id}/events',
  summary: "A run's progress, as it happens",
  description:
    'Server-sent events: `progress` whenever the run has changed and `end` once it has ended, each with the run as JSON.',
  tags: ['runs'],
  security: secured,
  request: { params: runParam },
  responses: {
    200: { description: 'The events.', content: { 'text/event-stream': { schema: runShape } } },
    ...problems(400, 404),
  },
});

export function runEventsApi(deps: Deps) {
  return newApi().openapi(events, async (c) => {
    const { id } = await runNamed(deps, c.req.valid('param').id);
    const left = new AbortController();
    // Absent where the app is called without a server.
    const closing = c.env?.closing;
    const over = closing ? AbortSignal.any([left.signal, closing]) : left.signal;
    c.header('x-accel-buffering', 'no');
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => left.abort());
      try {
        await follow(deps, id, stream, over);
      } catch (error) {
        if (!over.aborted)
          deps.tributary.log.error({ err: error, run: id }, 'the events of a run were cut short');
      }
    }) as never;
  });
}

async function follow(
  { tributary }: Deps,
  id: number,
  stream: SSEStreamingApi,
  over: AbortSignal,
): Promise<void> {
  const { clock, database } = tributary;
  let said = '';
  let saidAt = clock.now();
  while (!over.aborted) {
    const run = await runById(database, id);
    if (!run) return;
    const data = JSON.stringify(z.encode(runShape, run));
    if (data !== said) {
      await stream.writeSSE({ event: 'progress', data });
      said = data;
      saidAt = clock.now();
    }
    if (run.state !== 'requested') return stream.writeSSE({ event: 'end', data });
    if (clock.now() - saidAt >= heartbeatMs) {
      await stream.write(': still going\n\n');
      saidAt = clock.now();
    }
    await clock.sleep(everyMs, over);
  }
}
