// One look at a page: who looks, how things stand, and what of it they may see. Every page is opened through this.
import type { Context } from 'hono';
import type { z } from 'zod';
import { mayActAs, type Role } from '../../contract/access.ts';
import type { Fault } from '../../contract/problem.ts';
import type { Status } from '../../contract/status.ts';
import { statusShape } from '../../contract/status.ts';
import type { Caller } from '../caller.ts';
import { type Api, type Deps, newApi } from '../deps.ts';
import type { Env } from '../env.ts';
import { masked } from '../masking.ts';
import { countingPage } from '../pages/counting.ts';
import { faultPage } from '../pages/fault.ts';
import { sectionOf } from '../pages/sections.ts';
import { type Frame, type PageContent, shell } from '../pages/shell.ts';
import { troubleSentence } from '../patience.ts';
import { faultsOf, Problem } from '../problem.ts';
import { readStatus } from '../status.ts';

export interface Visit {
  visitor: Caller;
  /** Masked where it has to be. */
  status: Status;
  /** Epoch milliseconds. */
  now: number;
  /** As the visitor may see it: a viewer sees nobody's data. */
  shown<Value>(shape: z.ZodType, value: Value): Value;
}

export type PageReader = (visit: Visit, c: Context<Env>) => Promise<PageContent>;

/** Routes of pages by their paths. Who is not logged in is asked to, and led back. */
export function pagesAt(deps: Deps, readers: { readonly [path: string]: PageReader }): Api {
  const pages = newApi();
  for (const [path, read] of Object.entries(readers)) pages.get(path, (c) => openPage(deps, c, read));
  return pages;
}

/** Answers with the page that is read, or with one that says why it cannot be shown; to a script also as it changes. */
export async function openPage(deps: Deps, c: Context<Env>, read: PageReader): Promise<Response> {
  const visitor = await deps.auth.visitor(c);
  const isStream = c.req.header('accept') === 'text/event-stream';
  c.header('vary', 'accept');
  if (!visitor) return isStream ? c.body(null, 401) : c.redirect(loginPath(deps, c), 303);
  if (isStream) return openStream(deps, c, visitor, read);
  c.set('caller', visitor);
  c.header('cache-control', 'no-store');
  const page = await quickly(deps, readPage(deps, c, visitor, read));
  if (page === null) return c.html(shell(frameOf(deps, visitor, null), countingPage(c.req.path)));
  return c.html(page.html, page.status as 200);
}

/** Null: nothing is counted yet since the start, and counting takes longer than anybody should look at nothing. */
async function quickly<Page>(deps: Deps, reading: Promise<Page>): Promise<Page | null> {
  if (deps.figures.last !== null || deps.firstLookMs === null) return reading;
  const read = new AbortController();
  reading.catch(() => {}); // who looks next learns of it
  try {
    const late = deps.tributary.clock.sleep(deps.firstLookMs, read.signal).then(() => null);
    return await Promise.race([reading, late]);
  } finally {
    read.abort();
  }
}

function frameOf(deps: Deps, visitor: Caller, status: Status | null): Frame {
  const { version, startedAt, sandbox, tributary } = deps;
  const about = { version, startedAt, database: tributary.database.kind, now: tributary.clock.now() };
  return { visitor, status, about: status ?? about, isSandbox: sandbox !== null };
}

async function readPage(deps: Deps, c: Context<Env>, visitor: Caller, read: PageReader) {
  const visit = await visitOf(deps, visitor);
  const frame = frameOf(deps, visitor, visit.status);
  const inFrame = async (content: PageContent, status = 200) => ({
    html: await shell(frame, content),
    status,
    isStill: content.everySeconds === null,
  });
  try {
    requireRole(visitor, c.req.path);
    return await inFrame(await read(visit, c));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { status, detail } = error.body;
    return inFrame(faultPage({ status, detail, path: c.req.path }), status);
  }
}

/** Sends the page whenever it has changed. All who may see the same share it, so it names none of them. */
function openStream(deps: Deps, c: Context<Env>, visitor: Caller, read: PageReader): Response {
  const { role, isMasked } = visitor;
  const { pathname, search } = new URL(c.req.url);
  const stream = deps.live.open({
    key: JSON.stringify([role, isMasked, pathname, search]),
    read: async () => {
      const { html, isStill } = await readPage(deps, c, { ...visitor, name: '' }, read);
      return { html: html.toString(), isStill };
    },
    troubleOf: (error) => troubleSentence(deps, error, pathname),
    session: deps.auth.sessionId(c)!,
    isOpen: async () => (await deps.auth.visitor(c)) !== null,
    closing: c.env?.closing,
  });
  if (stream === null) return c.body(null, 429, { 'retry-after': '60' });
  return c.body(stream, 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    // nginx holds answers back otherwise.
    'x-accel-buffering': 'no',
    // When it ends nothing keeps a server that stops waiting.
    connection: 'close',
  });
}

async function visitOf(deps: Deps, visitor: Caller): Promise<Visit> {
  const shown = <Value>(shape: z.ZodType, value: Value): Value =>
    visitor.isMasked ? masked(shape, value) : value;
  const status = await readStatus(deps, { isQuick: true });
  return { visitor, status: shown(statusShape, status), now: deps.tributary.clock.now(), shown };
}

/** Where somebody wanted to go is kept, so that the login leads there. */
function loginPath({ auth }: Deps, c: Context): string {
  const { pathname, search } = new URL(c.req.url);
  const to = pathname + search;
  const query = new URLSearchParams({
    ...(auth.hasCookie(c) && { ended: 'yes' }),
    ...(to !== '/' && { to }),
  }).toString();
  return query === '' ? '/login' : `/login?${query}`;
}

function requireRole({ name, role }: Caller, path: string): void {
  const section = sectionOf(path);
  if (!section || mayActAs(role, section.role)) return;
  throw new Problem(
    403,
    `The token ${name} has the role ${role}. This page requires the role ${section.role}.`,
    {
      type: 'role',
    },
  );
}

/** Whether the visitor may change things. */
export function mayOperate({ visitor }: Pick<Visit, 'visitor'>, wanted: Role = 'operator'): boolean {
  return mayActAs(visitor.role, wanted);
}

/** The query by its shape, as the API reads it; fields of a form that were left empty count for nothing. Throws Problem. */
export function queryOf<Shape extends z.ZodType>(shape: Shape, c: Context): z.output<Shape> {
  const given = Object.fromEntries(Object.entries(c.req.query()).filter(([, value]) => value !== ''));
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  const [fault] = faultsOf(parsed.error, given);
  throw new Problem(400, addressSentence(fault!), { type: 'bad-input' });
}

function addressSentence({ path, found, allowed }: Fault): string {
  if (found === 'an unknown key') return `This page has no filter "${path}".`;
  return `"${path}" in the address is ${found}. Allowed: ${allowed.replace(/^one of /, '')}.`;
}
