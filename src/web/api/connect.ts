// A person's sign-in at the vendor of a source, over HTTP.

import { createRoute } from '@hono/zod-openapi';
import { TransientError, UnauthorizedError, withAdvice } from '../../connector.ts';
import { signedInShape, signInFinishRequest, signInRequest, signInShape } from '../../contract/connect.ts';
import { sourceParam } from '../../contract/parts.ts';
import { type SignIn, SignInError } from '../../engine/http/sign-in.ts';
import { resumeAfterTrial } from '../../tables/pauses.ts';
import { type Deps, newApi, sourceNamed } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { Problem, problems } from '../problem.ts';

const tags = ['sources'];

const begin = createRoute({
  method: 'post',
  path: '/api/sources/{source}/connect',
  operationId: 'beginSignIn',
  summary: 'Begin a sign-in at the vendor of a source',
  description:
    'A person opens the link, agrees at the vendor, and is sent back to `redirectUri` with a code.',
  tags,
  security: secured,
  request: { params: sourceParam, body: { required: true, content: jsonOf(signInRequest) } },
  responses: {
    200: { description: 'The link to open.', content: jsonOf(signInShape) },
    ...problems(400, 404, 413, 415),
  },
});

const finish = createRoute({
  method: 'post',
  path: '/api/sources/{source}/connect/finish',
  operationId: 'finishSignIn',
  summary: 'Finish a sign-in with the code that the vendor sent back',
  description:
    'Exchanges the code for tokens and stores them encrypted. The source goes on if it was paused for its credentials.',
  tags,
  security: secured,
  request: { params: sourceParam, body: { required: true, content: jsonOf(signInFinishRequest) } },
  responses: {
    200: { description: 'The tokens are stored.', content: jsonOf(signedInShape) },
    ...problems(400, 404, 409, 413, 415, 503),
  },
});

export function connectApi(deps: Deps) {
  const { tributary } = deps;
  return newApi()
    .openapi(begin, async (c) => {
      const { name } = sourceNamed(deps, c.req.valid('param').source);
      const begun = await saying(async () => signInOf(deps, name).begin(c.req.valid('json').redirectUri));
      return c.json({ source: name, ...begun }, 200);
    })
    .openapi(finish, async (c) => {
      const { name } = sourceNamed(deps, c.req.valid('param').source);
      const { tenant } = await saying(() => signInOf(deps, name).finish(c.req.valid('json')));
      const resumed = await resumeAfterTrial(tributary.database, name);
      tributary.log.info({ source: name }, 'the source was signed in to');
      tributary.wake();
      return c.json({ source: name, tenant, resumed }, 200);
    });
}

function signInOf({ tributary }: Deps, name: string): SignIn {
  const signIn = tributary.endpoints.get(name)?.signIn;
  if (signIn) return signIn;
  throw new Problem(400, `${name} has no sign-in: its credentials are configured.`, { type: 'no-sign-in' });
}

/** What went wrong, as a sentence for the person. */
async function saying<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof SignInError || error instanceof UnauthorizedError)
      throw new Problem(409, error.message, { type: 'sign-in-failed' });
    if (error instanceof TransientError)
      throw new Problem(503, withAdvice(error.message, 'Try again.'), { type: 'vendor-unavailable' });
    throw error;
  }
}
