// A JSON API as many are: people by ID and by time of change, paged in whatever style is asked for, with the traits that
// generic clients stumble over. It knows no connector.
import { type Context, Hono } from 'hono';

export interface ApiPerson {
  id: number;
  name: string;
  email: string | null;
  /** Epoch milliseconds. */
  updated: number;
  deleted: boolean;
}

export type PagingStyle = 'none' | 'cursor' | 'link' | 'link-header' | 'page' | 'offset' | 'keyset';

export interface JsonApiOptions {
  now: () => number;
  style: PagingStyle;
  /** What a request must bring. */
  auth?: { header?: { name: string; value: string }; query?: { name: string; value: string } };
  baseUrl?: string;
  /** Above it a page is cut without a word. Default 100. */
  maxPageSize?: number;
  /** Times are whole seconds, and so is the filter. */
  seconds?: boolean;
  /** The list is asked for by POST alone: parameters stand in the body, and a number that is written as a text is refused. */
  byPost?: boolean;
}

type Body = {
  page?: { [name: string]: unknown };
  filter?: { since?: unknown }[];
};

/** What it does from now on. */
export interface JsonApiTraits {
  /** Answers in place of the API. */
  fault?: () => Response;
  /** Ignores these parameters. */
  ignores: Set<string>;
  /** Changes show so much later in the list, milliseconds. */
  lagMs: number;
  /** Where links to next pages lead. */
  linkBase: string | null;
  /** Every second page is empty and leads on (`cursor`). */
  emptyPages: boolean;
  /** The cursor of the second page leads to itself. */
  circles: boolean;
  /** Cursors that were handed out before this moment have expired, epoch milliseconds. */
  cursorsSince: number;
  /** Records of deleted people are listed, marked. */
  listsDeleted: boolean;
  /** What every answer is asked of, such as `/people?offset=10`. */
  asked: string[];
  /** The bodies of requests by POST. */
  bodies: unknown[];
}

export function createJsonApi(options: JsonApiOptions) {
  const { now, style, auth = {}, baseUrl = 'https://api.example.com/v1', maxPageSize = 100 } = options;
  const people = new Map<number, ApiPerson>();
  const traits: JsonApiTraits = {
    ignores: new Set(),
    lagMs: 0,
    linkBase: null,
    emptyPages: false,
    circles: false,
    cursorsSince: 0,
    listsDeleted: false,
    asked: [],
    bodies: [],
  };
  const shown = ({ id, name, email, updated, deleted }: ApiPerson) => ({
    id,
    name,
    email,
    updated_at: options.seconds ? Math.floor(updated / 1000) : new Date(updated).toISOString(),
    deleted,
  });
  const app = new Hono();

  app.use(async (c, next) => {
    traits.asked.push(c.req.url.slice(new URL(c.req.url).origin.length));
    if (traits.fault) return traits.fault();
    const { header, query } = auth;
    const isKnown =
      (!header || c.req.header(header.name) === header.value) &&
      (!query || c.req.query(query.name) === query.value);
    return isKnown ? next() : c.json({ error: 'unauthorized' }, 401);
  });

  app.get('/v1/people/:id', (c) => {
    const person = people.get(Number(c.req.param('id')));
    if (!person || (person.deleted && !traits.listsDeleted)) return c.json({ error: 'not_found' }, 404);
    return c.json({ person: shown(person) });
  });

  app.get('/v1/people', (c) =>
    options.byPost ? c.json({ error: 'use POST' }, 405) : list(c, (name) => c.req.query(name)),
  );

  /** `{page: {cursor, size, number, offset, after}, filter: [{since}]}`. */
  app.post('/v1/people', async (c) => {
    const body = (await c.req.json()) as Body;
    traits.bodies.push(body);
    const { page = {}, filter = [] } = body;
    const { cursor, size, number, offset, after } = page;
    if ([size, number, offset, after].some((one) => one !== undefined && typeof one !== 'number'))
      return c.json({ error: 'numbers, please' }, 422);
    const all: { [name: string]: unknown } = { cursor, limit: size, page: number, offset, after };
    all['since'] = filter[0]?.since;
    return list(c, (name) => (all[name] === undefined ? undefined : String(all[name])));
  });

  function list(c: Context, parameter: (name: string) => string | undefined): Response {
    const given = (name: string) => (traits.ignores.has(name) ? undefined : parameter(name));
    const since = given('since');
    const ids = given('ids')?.split(',');
    const sinceMs = since === undefined ? 0 : options.seconds ? Number(since) * 1000 : Date.parse(since);
    if (Number.isNaN(sinceMs)) return c.json({ error: 'since' }, 400);
    const listed = [...people.values()]
      .filter(({ deleted }) => traits.listsDeleted || !deleted)
      .filter(({ updated }) => updated >= sinceMs && (since === undefined || updated + traits.lagMs <= now()))
      .filter(({ id }) => ids === undefined || ids.includes(String(id)))
      .sort((a, b) => a.id - b.id);
    const size = Math.min(Number(given('limit') ?? maxPageSize), maxPageSize);
    const page = pageOf(listed, size, given);
    if (page === 'expired') return c.json({ error: 'cursor expired' }, 410);
    const { rows, next } = page;
    const url = new URL(`${traits.linkBase ?? baseUrl}/people`);
    for (const [name, value] of Object.entries(c.req.query())) url.searchParams.set(name, value);
    if (next !== null) url.searchParams.set('cursor', next);
    if (next !== null && style === 'link-header')
      c.header('Link', `<${baseUrl}/people>; rel="first", <${url.href}>; rel="next"`);
    return c.json({
      data: rows.map(shown),
      total: listed.length,
      ...(style === 'cursor' && { paging: { next } }),
      ...(style === 'link' && { links: { next: next === null ? null : url.href } }),
    });
  }

  function pageOf(
    listed: readonly ApiPerson[],
    size: number,
    given: (name: string) => string | undefined,
  ): { rows: readonly ApiPerson[]; next: string | null } | 'expired' {
    if (style === 'none') return { rows: listed, next: null };
    if (style === 'page') {
      const from = (Number(given('page') ?? 1) - 1) * size;
      return { rows: listed.slice(from, from + size), next: null };
    }
    if (style === 'offset') {
      const from = Number(given('offset') ?? 0);
      return { rows: listed.slice(from, from + size), next: null };
    }
    if (style === 'keyset') {
      const after = Number(given('after') ?? 0);
      return { rows: listed.filter(({ id }) => id > after).slice(0, size), next: null };
    }
    // A cursor: the last ID, when it was handed out, and whether the page before was empty.
    const [after, at, empty] = JSON.parse(atob(given('cursor') ?? btoa('[0,null,true]'))) as [
      number,
      number | null,
      boolean,
    ];
    if (at !== null && at < traits.cursorsSince) return 'expired';
    const cursorOf = (id: number, isEmpty: boolean) => btoa(JSON.stringify([id, now(), isEmpty]));
    if (traits.emptyPages && !empty) return { rows: [], next: cursorOf(after, true) };
    const rows = listed.filter(({ id }) => id > after).slice(0, size);
    const hasMore = listed.some(({ id }) => id > (rows.at(-1)?.id ?? after));
    if (traits.circles && after > 0) return { rows, next: given('cursor')! };
    return { rows, next: hasMore ? cursorOf(rows.at(-1)!.id, false) : null };
  }

  return {
    app,
    people,
    traits,
    create(): string {
      const id = people.size + 1;
      people.set(id, {
        id,
        name: `Person ${id}`,
        email: `p${id}@example.com`,
        updated: now(),
        deleted: false,
      });
      return String(id);
    },
    change(id: string, change: Partial<Omit<ApiPerson, 'id'>>): void {
      Object.assign(people.get(Number(id))!, { updated: now(), ...change });
    },
    remove(id: string): void {
      Object.assign(people.get(Number(id))!, { updated: now(), deleted: true });
    },
  };
}
