// The pages for people, and how a browser logs in to them. They render on the server; the script only brings them up to date.

import type { Context } from 'hono';
import { accessPages } from './admin/access.ts';
import { customersPages } from './admin/customers.ts';
import { deliveriesPages } from './admin/deliveries.ts';
import { inboxPages } from './admin/inbox.ts';
import { mappingPages } from './admin/mapping.ts';
import { overviewPages } from './admin/overview.ts';
import { problemsPages } from './admin/problems.ts';
import { runsPages } from './admin/runs.ts';
import { sandboxPages } from './admin/sandbox.ts';
import { sourcesPages } from './admin/sources.ts';
import { spendPages } from './admin/spend.ts';
import { verificationPages } from './admin/verification.ts';
import { asset } from './assets.ts';
import { type Auth, requireSameOrigin, tooManyGuesses } from './auth.ts';
import { root } from './caller.ts';
import { type Deps, newApi } from './deps.ts';
import { enteringPage, loginPage } from './pages/login.ts';
import { Problem } from './problem.ts';

export function adminPages(deps: Deps) {
  const pages = newApi();
  pages.get('/assets/:name', (c) => {
    const found = asset(c, c.req.param('name'));
    if (!found) throw new Problem(404, 'This file does not exist.');
    return found;
  });
  pages.route('/', loginPages(deps));
  for (const part of parts) pages.route('/', part(deps));
  return pages;
}

const parts = [
  overviewPages,
  sandboxPages,
  sourcesPages,
  runsPages,
  customersPages,
  problemsPages,
  deliveriesPages,
  inboxPages,
  verificationPages,
  mappingPages,
  spendPages,
  accessPages,
];

function loginPages(deps: Deps) {
  const { auth, loginCodes } = deps;
  const pages = newApi();
  pages.get('/login', async (c) => {
    const code = c.req.query('key');
    const to = pathWithin(c.req.query('to'));
    const hasEnded = c.req.query('ended') === 'yes';
    if (code === undefined)
      return (await auth.visitor(c)) ? c.redirect(to, 303) : answer(c, loginPage(null, to, { hasEnded }));
    // A browser that only looks ahead must not use the code up.
    if (/prefetch|prerender/.test(c.req.header('sec-purpose') ?? '')) return c.body(null, 503);
    if (!loginCodes.use(code))
      return refuseLogin(
        c,
        auth,
        'This link has already been used or is older than ten minutes. Log in with the API token.',
      );
    await deps.audit.note('login', 200);
    auth.startSession(c, root);
    return answer(c, enteringPage());
  });
  pages.post('/login', async (c) => {
    requireSameOrigin(c);
    const { token, to } = await c.req.parseBody();
    const path = pathWithin(typeof to === 'string' ? to : undefined);
    const caller = typeof token === 'string' ? await auth.bearer(token.trim()) : null;
    if (!caller)
      return refuseLogin(
        c,
        auth,
        'This is not a token of this server, or it was revoked or has expired.',
        path,
      );
    await deps.audit.note('login', 303, caller);
    auth.startSession(c, caller);
    return c.redirect(path, 303);
  });
  pages.post('/logout', async (c) => {
    requireSameOrigin(c);
    const visitor = await auth.visitor(c);
    if (visitor) await deps.audit.note('logout', 303, visitor);
    await auth.endSession(c);
    return c.redirect('/login', 303);
  });
  return pages;
}

/** A path of this server; the overview in place of anything else, such as an address elsewhere. */
function pathWithin(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(to) && !to.includes('\\') ? to : '/';
}

function refuseLogin(c: Context, auth: Auth, sentence: string, to = '/') {
  const seconds = auth.wrongGuess();
  if (seconds === null) return answer(c, loginPage(sentence, to), 401);
  c.header('retry-after', String(seconds));
  return answer(c, loginPage(tooManyGuesses(seconds), to), 429);
}

function answer(c: Context, body: ReturnType<typeof loginPage>, status: 200 | 401 | 429 = 200) {
  c.header('cache-control', 'no-store');
  return c.html(body, status);
}
