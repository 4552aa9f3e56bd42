// The export of people of the simulated workspace: CSV, made in the background, behind a link of fifteen minutes. It knows people
// as the workspace has them. https://docs.customer.io/integrations/api/app/tag/exports/exportPeopleData/
import type { Context, Hono } from 'hono';
import type { Person } from './people.ts';

export interface ExportOptions {
  /** How long an export takes, milliseconds. Default: 30 seconds. */
  makingMs?: number;
}

interface Export {
  id: number;
  filters: Filter;
  attributes: string[];
  createdAt: number;
  status: 'pending' | 'done' | 'failed';
  people: Person[];
}

type Filter =
  | { and: Filter[] }
  | { or: Filter[] }
  | { segment: { id: number } }
  | { attribute: { field: string; operator: string } };

const linkMs = 15 * 60_000;

export class PeopleExports {
  readonly all: Export[] = [];
  /** The key has no scope for exports. */
  isRefused = false;
  /** The next one that is ordered comes to nothing. */
  failsNext = false;
  #isStalled = false;
  readonly #now: () => number;
  readonly #options: ExportOptions;
  readonly #people: () => readonly Person[];
  /** Whether a person is in a segment now. */
  readonly #isIn: (segment: number, person: Person) => boolean;

  constructor(
    now: () => number,
    people: () => readonly Person[],
    isIn: (segment: number, person: Person) => boolean,
    options: ExportOptions = {},
  ) {
    this.#now = now;
    this.#people = people;
    this.#isIn = isIn;
    this.#options = options;
  }

  /** `answer` checks the key and the quota; `refused` is how the API says no. */
  route(
    app: Hono,
    answer: (c: Context, respond: () => Promise<Response>) => Promise<Response>,
    refused: (status: number, detail: string) => Response,
  ): void {
    // As recorded where there are none.
    app.get('/v1/exports', (c) =>
      answer(c, async () =>
        c.json({ exports: this.all.length ? this.all.map((one) => this.#shown(one)) : null }),
      ),
    );
    app.post('/v1/exports/customers', (c) =>
      answer(c, async () => {
        if (this.isRefused) return refused(403, 'forbidden');
        const { filters, attributes = [] } = await c.req.json();
        if (!filters || Object.keys(filters).length !== 1) return refused(400, 'filters: one property');
        const made: Export = {
          id: 100 + this.all.length,
          filters,
          attributes,
          createdAt: this.#now(),
          status: this.failsNext ? 'failed' : 'pending',
          people: [],
        };
        this.failsNext = false;
        this.all.push(made);
        return c.json({ export: this.#shown(made) });
      }),
    );
    app.get('/v1/exports/:id', (c) =>
      answer(c, async () => {
        const found = this.#find(c.req.param('id'));
        return found
          ? c.json({ export: this.#shown(found) })
          : refused(404, 'not found (reference 01J9Z4V3)');
      }),
    );
    app.get('/v1/exports/:id/download', (c) =>
      answer(c, async () => {
        const found = this.#find(c.req.param('id'));
        if (found?.status !== 'done') return refused(404, 'not found (reference 01J9Z4V3)');
        const { origin } = new URL(c.req.url);
        return c.json({ url: `${origin}/files/${found.id}.csv?expires=${this.#now() + linkMs}` });
      }),
    );
    // Another host's, which knows no keys.
    app.get('/files/:name', (c) => {
      const found = this.all.find(({ id }) => `${id}.csv` === c.req.param('name'));
      if (!found || Number(c.req.query('expires')) < this.#now())
        return c.text('<Error>AccessDenied</Error>', 403);
      return c.body(csvOf(found), 200, { 'content-type': 'text/csv' });
    });
  }

  fail(): void {
    for (const one of this.all) if (one.status === 'pending') one.status = 'failed';
  }

  stall(): void {
    this.#isStalled = true;
  }

  #find(id: string): Export | undefined {
    const { makingMs = 30_000 } = this.#options;
    for (const one of this.all) {
      if (this.#isStalled || one.status !== 'pending' || this.#now() - one.createdAt < makingMs) continue;
      one.people = this.#people()
        .filter((person) => this.#fits(one.filters, person))
        .map((person) => ({ ...person, values: { ...person.values } }));
      one.status = 'done';
    }
    return this.all.find((one) => String(one.id) === id);
  }

  #fits(filter: Filter, person: Person): boolean {
    if ('and' in filter) return filter.and.every((one) => this.#fits(one, person));
    if ('or' in filter) return filter.or.some((one) => this.#fits(one, person));
    if ('segment' in filter) return this.#isIn(filter.segment.id, person);
    return person.values[filter.attribute.field] !== undefined;
  }

  #shown({ id, status, createdAt, people }: Export): object {
    return {
      id,
      deduplicate_id: `${id}:${Math.floor(createdAt / 1000)}`,
      type: 'customers',
      failed: status === 'failed',
      description: 'Export of people',
      downloads: 0,
      created_at: Math.floor(createdAt / 1000),
      updated_at: Math.floor(createdAt / 1000),
      total: people.length,
      status,
    };
  }
}

function csvOf({ attributes, people }: Export): string {
  const line = (values: readonly unknown[]) =>
    `${values.map((value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : value)).join(',')}\n`;
  const rows = people.map(({ cioId, values }) =>
    attributes.map((name) => (name === 'cio_id' ? cioId : (values[name] ?? ''))),
  );
  return [attributes, ...rows].map(line).join('');
}
