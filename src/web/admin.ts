// The page for people, and how a browser logs in to it. It renders on the server; the script only brings it up to date.

import type { Context } from 'hono';
import type { z } from 'zod';
import { customerShape, customersShape } from '../contract/customer.ts';
import { type LetterGroup, letterGroupsShape, lettersShape } from '../contract/dead-letter.ts';
import { explanationShape } from '../contract/explanation.ts';
import { requestsShape } from '../contract/inbox.ts';
import { runsShape } from '../contract/run.ts';
import { statusShape } from '../contract/status.ts';
import { verificationShape } from '../contract/verification.ts';
import { writeBackSentences } from '../customer/explain-write-back.ts';
import { requestOf } from '../sync/retry/retry.ts';
import { customerView, listCustomers } from '../sync/views/customer-view.ts';
import { withFirstFault } from '../sync/views/inbox-faults.ts';
import { letterGroups } from '../sync/views/letter-groups.ts';
import { explainWriteBacks } from '../sync/views/write-back-explanation.ts';
import { listDeadLetters } from '../tables/dead-letters.ts';
import { listRequests } from '../tables/inbox.ts';
import { columnsOfRuns, listRuns } from '../tables/runs.ts';
import { listVerifications } from '../tables/verifications.ts';
import { asset } from './assets.ts';
import { type Auth, requireSameOrigin, tooManyGuesses } from './auth.ts';
import { type Caller, root } from './caller.ts';
import { type Deps, newApi } from './deps.ts';
import { masked } from './masking.ts';
import type { Found, ShownWriteBack } from './pages/customer.ts';
import { enteringPage, loginPage } from './pages/login.ts';
import { overviewPage } from './pages/overview.ts';
import { Problem } from './problem.ts';
import { Remembered } from './remembered.ts';
import { readStatus } from './status.ts';

const runsShown = 12;

const lettersShown = 10;

const matchesShown = 8;

const requestsShown = 8;

/** One request may have many. */
const lettersRead = 100;

export function adminPages(deps: Deps) {
  const { auth, loginCodes } = deps;
  const { clock, database } = deps.tributary;
  const causes = new Remembered(clock, () => letterGroups(database, {}));
  const pages = newApi();
  pages.get('/assets/:name', (c) => {
    const found = asset(c, c.req.param('name'));
    if (!found) throw new Problem(404, 'This file does not exist.');
    return found;
  });
  pages.get('/', async (c) => {
    const visitor = await auth.visitor(c);
    if (!visitor) return c.redirect('/login', 303);
    return answer(c, await overview(deps, causes, c.req.query('q'), visitor));
  });
  pages.get('/login', async (c) => {
    const code = c.req.query('key');
    if (code === undefined)
      return (await auth.visitor(c)) ? c.redirect('/', 303) : answer(c, loginPage(null));
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
    const { token } = await c.req.parseBody();
    const caller = typeof token === 'string' ? await auth.bearer(token.trim()) : null;
    if (!caller)
      return refuseLogin(c, auth, 'This is not a token of this server, or it was revoked or has expired.');
    await deps.audit.note('login', 303, caller);
    auth.startSession(c, caller);
    return c.redirect('/', 303);
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

function refuseLogin(c: Context, auth: Auth, sentence: string) {
  const seconds = auth.wrongGuess();
  if (seconds === null) return answer(c, loginPage(sentence), 401);
  c.header('retry-after', String(seconds));
  return answer(c, loginPage(tooManyGuesses(seconds)), 429);
}

function answer(c: Context, body: ReturnType<typeof loginPage>, status: 200 | 401 | 429 = 200) {
  c.header('cache-control', 'no-store');
  return c.html(body, status);
}

async function overview(
  deps: Deps,
  causes: Remembered<LetterGroup[]>,
  query: string | undefined,
  visitor: Caller,
) {
  const { database } = deps.tributary;
  /** Whoever may only look sees nobody's data. */
  const shown = <Value>(shape: z.ZodType, value: Value): Value =>
    visitor.role === 'viewer' ? masked(shape, value) : value;
  const [status, runs, letters, rejected, [proof], found] = await Promise.all([
    readStatus(deps),
    listRuns(database, { limit: runsShown }),
    listDeadLetters(database, {}, { limit: lettersShown }),
    rejectedRequests(deps),
    listVerifications(database, { limit: 1 }),
    find(deps, query),
  ]);
  return overviewPage({
    visitor,
    status: shown(statusShape, status),
    runs: shown(runsShape.shape.runs, runs),
    columns: await columnsOfRuns(
      database,
      runs.map(({ id }) => id),
    ),
    letters: shown(lettersShape.shape.deadLetters, letters),
    groups: shown(letterGroupsShape.shape.groups, await causes.get()),
    rejected: shown(requestsShape.shape.requests, rejected),
    proof: proof ? shown(verificationShape, proof) : null,
    found: found && {
      query: found.query,
      customer: found.customer && shown(customerShape, found.customer),
      others: shown(customersShape.shape.customers, found.others),
      writeBacks: shown(explanationShape.shape.writeBacks, found.writeBacks),
    },
  });
}

/** By their letters: those are few, and the inbox may be large. */
async function rejectedRequests({ tributary: { database } }: Deps) {
  const letters = await listDeadLetters(database, { kind: 'inbox' }, { limit: lettersRead });
  const ids = new Set(letters.flatMap((letter) => requestOf(letter) ?? []));
  if (ids.size === 0) return [];
  const requests = await listRequests(database, { ids: [...ids] }, { limit: requestsShown });
  return withFirstFault(database, requests);
}

/** The customer of this very source ID, or the only one that a search finds; else those to choose from. */
async function find({ tributary }: Deps, query: string | undefined): Promise<Found | null> {
  const sought = query?.replaceAll('\u0000', '').trim().slice(0, 2000);
  if (!sought) return null;
  /** What flows back of one customer, with the sentences that explain it. */
  const flowing = async (sourceId: string): Promise<ShownWriteBack[]> => {
    const found = await explainWriteBacks(tributary.database, tributary.writingBack.rules, sourceId);
    const destination = tributary.config.destination.connector.name;
    return found.map((one) => ({ ...one, sentences: writeBackSentences(one, destination) }));
  };
  const exact = await customerView(tributary.database, sought);
  if (exact) return { query: sought, customer: exact, others: [], writeBacks: await flowing(exact.sourceId) };
  const others = await listCustomers(tributary.database, { search: sought, limit: matchesShown });
  if (others.length !== 1) return { query: sought, customer: null, others, writeBacks: [] };
  const only = await customerView(tributary.database, others[0]!.sourceId);
  const writeBacks = only ? await flowing(only.sourceId) : [];
  return { query: sought, customer: only, others: [], writeBacks };
}
