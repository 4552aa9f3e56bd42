// A simulated Acme: people by ID, with their time of change.
import { Hono } from 'hono';

interface Person {
  id: string;
  name: string;
  email: string;
  changed_at: string;
}

export function createAcmeSimulator({ now, apiKey }: { now: () => number; apiKey: string }) {
  const people = new Map<string, Person>();
  const state: { faults?: (() => Response | undefined) | undefined } = {};
  const app = new Hono();
  app.get('/v1/people', (c) => {
    const fault = state.faults?.();
    if (fault) return fault;
    if (c.req.header('authorization') !== `Bearer ${apiKey}`) return c.json({ error: 'unauthorized' }, 401);
    const { after = '', changed_since, ids, limit = '100' } = c.req.query();
    const all = [...people.values()]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .filter((one) => one.id > after)
      .filter((one) => changed_since === undefined || one.changed_at >= changed_since)
      .filter((one) => ids === undefined || ids.split(',').includes(one.id));
    const page = all.slice(0, Number(limit));
    return c.json({ people: page, next: all.length > page.length ? page.at(-1)!.id : null });
  });
  const put = (id: string, name: string) => {
    people.set(id, { id, name, email: `${id}@example.com`, changed_at: new Date(now()).toISOString() });
    return id;
  };
  return { app, people, put, state, create: () => put(`p${String(people.size).padStart(6, '0')}`, 'New') };
}
