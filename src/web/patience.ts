// Reads are answered in time: where the database lets one wait, the answer says so, with what this process knows by heart.

import type { Context, MiddlewareHandler } from 'hono';
import { isUnavailable, unavailableReason } from '../db/availability.ts';
import type { Deps } from './deps.ts';
import type { Env } from './env.ts';
import { isPage } from './pages/sections.ts';
import { troublePage } from './pages/trouble.ts';
import { answerProblem, Problem, problemOf } from './problem.ts';

/** Answers are due within five seconds. */
const readMs = 4_500;

/** Who waits for another thing than the database, such as a vendor, goes on waiting. */
const longestStatementMs = 3_000;

export function readsInTime(deps: Deps): MiddlewareHandler<Env> {
  const { clock, databaseHealth } = deps.tributary;
  return async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return next();
    if (databaseHealth.isKnownSilent) return answerUnavailable(deps, c, null);
    const answered = new AbortController();
    const due = clock.sleep(readMs, answered.signal).then(() => 'late' as const);
    const going = next().then(() => 'done' as const);
    const outcome = await Promise.race([going, due]);
    answered.abort();
    const since = databaseHealth.waitingSince;
    if (outcome === 'late' && since !== null && clock.now() - since >= longestStatementMs) {
      going.catch(() => {}); // nobody waits for it any more
      return answerUnavailable(deps, c, null);
    }
    await going;
    return undefined;
  };
}

/** The answer where the database cannot be worked with: problem details, or a page for a person. */
export function answerUnavailable(deps: Deps, c: Context<Env>, error: unknown): Response | Promise<Response> {
  const problem = new Problem(503, unavailableSentence(deps, c.req.path.startsWith('/api/'), error), {
    type: 'database',
    headers: { 'retry-after': '5' },
  });
  if (!isPage(c.req.path) || c.req.method !== 'GET') return answerProblem(c, problem);
  c.header('retry-after', '5');
  c.header('cache-control', 'no-store');
  return c.html(troublePage(problem.body.detail), 503);
}

/** Why a page cannot be read, for somebody who is logged in. Null: the database does not answer in time. */
export function troubleSentence(deps: Deps, error: unknown, path: string): string {
  if (error === null || isUnavailable(error)) return unavailableSentence(deps, true, error);
  return problemOf(error as Error, deps.tributary.log, path).body.detail;
}

/** Figures are only for those who have shown the token, as all of the API's callers have. `error`: what the database said of this very request; null where it said nothing in time. */
function unavailableSentence(deps: Deps, isLoggedIn: boolean, error: unknown): string {
  const { databaseHealth, failingLoops, clock } = deps.tributary;
  const { fault, waitingSince } = databaseHealth;
  const since = new Date(fault?.since ?? waitingSince ?? clock.now()).toISOString();
  const said = isUnavailable(error) ? unavailableReason(error) : fault?.reason;
  const what =
    fault?.kind === 'readOnly' || (error !== null && fault === null)
      ? `The database cannot do this now: ${said ?? fault?.reason}.`
      : `The database has not answered since ${since}${said ? `: ${said}` : ': it is busy, or another session holds a lock that is needed'}.`;
  const rest = isLoggedIn ? [...known(deps), ...loopsSentence(failingLoops)] : [];
  return [what, ...rest, 'Retry in a few seconds.'].join(' ');
}

function known({ figures }: Deps): string[] {
  const last = figures.last;
  if (last === null) return [];
  const { total, delivered, waiting } = last.value.customers;
  return [
    `Last known figures, as of ${new Date(last.at).toISOString()}: ${total} customers, ${delivered} delivered and ${waiting} waiting.`,
  ];
}

function loopsSentence(loops: readonly { name: string }[]): string[] {
  if (loops.length === 0) return [];
  const named = loops.slice(0, 8).map(({ name }) => name);
  const more = loops.length > named.length ? ` and ${loops.length - named.length} more` : '';
  return [`Failing loops, which are retried: ${named.join(', ')}${more}.`];
}
