// A source set back to a time, over HTTP.

import { createRoute } from '@hono/zod-openapi';
import { sourceParam } from '../../contract/parts.ts';
import { rewindRequest, runShape } from '../../contract/run.ts';
import { type Rewound, rewind } from '../../sync/pull/rewind.ts';
import { iso } from '../../words.ts';
import { type Deps, newApi, sourceNamed } from '../deps.ts';
import { accepted, jsonOf, secured } from '../openapi.ts';
import { Problem, problems } from '../problem.ts';
import { refusePaused } from './sources.ts';

const rewindRoute = createRoute({
  method: 'post',
  path: '/api/sources/{source}/rewind',
  operationId: 'rewindSource',
  summary: 'Read everything again that changed since a time',
  description:
    'Sets the cursors of the source back to the time and asks for a run. Records that did not change are recognised and cost no delivery.',
  tags: ['sources'],
  security: secured,
  request: {
    params: sourceParam,
    body: {
      required: true,
      content: jsonOf(rewindRequest),
    },
  },
  responses: {
    202: accepted(runShape, 'The run that reads it.', 'The run.'),
    ...problems(400, 404, 409, 413, 415),
  },
});

export function rewindApi(deps: Deps) {
  const { tributary } = deps;
  const { database, clock } = tributary;
  return newApi().openapi(rewindRoute, async (c) => {
    const source = sourceNamed(deps, c.req.valid('param').source);
    const to = Date.parse(c.req.valid('json').to);
    await refusePaused(deps, source.name);
    const now = clock.now();
    const done = await database.transaction((tx) => rewind(tx, source, { to, now }));
    if (!done.rewound) throw refusal(source.name, source.config.connector.name, done);
    tributary.log.info({ source: source.name, to: iso(to) }, 'the source was rewound');
    tributary.wake();
    return c.json(done.run, 202, { location: `/api/runs/${done.run.id}` });
  });
}

function refusal(name: string, connector: string, done: Extract<Rewound, { rewound: false }>): Problem {
  switch (done.because) {
    case 'cannot':
      return new Problem(
        400,
        `${name} cannot be rewound: ${connector} cannot read changes since a given time. Request a full sync instead.`,
        { type: 'cannot-rewind' },
      );
    case 'going':
      return new Problem(
        409,
        `Run ${done.run.id} of ${name} is still running. Wait until it ends, or cancel it.`,
        { type: 'still-going', runId: done.run.id, headers: { location: `/api/runs/${done.run.id}` } },
      );
    case 'never read':
      return new Problem(
        409,
        `${name} has never been read completely, so there is nothing to rewind. Sync it first.`,
        {
          type: 'never-read',
        },
      );
    case 'too late': {
      const until = iso(done.until);
      return new Problem(
        400,
        `${name} has certainly been read up to ${until} only: rewind it to that time or an earlier one.`,
        {
          type: 'bad-input',
          faults: [{ path: 'to', found: 'a later time', allowed: `${until} or earlier` }],
        },
      );
    }
  }
}
