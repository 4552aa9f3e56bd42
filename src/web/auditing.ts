// What people and programs change is written down with who did it. It knows no route: what stood in the places of one is told by
// the route itself.
import type { MiddlewareHandler } from 'hono';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import { keepEntry } from '../tables/audit.ts';
import { type Caller, root } from './caller.ts';
import type { Env } from './env.ts';
import { routeOf } from './route.ts';
import { isTrigger } from './triggers.ts';

const maxTarget = 500;

/** Whom it was done to is kept nowhere, so not here either. */
const erasure = 'DELETE /api/customers/{sourceId}';

export class AuditLog {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(database: Database, clock: Clock, log: Log) {
    this.#database = database;
    this.#clock = clock;
    this.#log = log;
  }

  /** Never throws: what was done is done, and the log says that the audit does not. */
  async note(
    action: string,
    status: number,
    { name, role }: Pick<Caller, 'name' | 'role'> = root,
    targets: readonly string[] = [],
  ): Promise<void> {
    const cut = targets.map((target) => target.slice(0, maxTarget).replaceAll('\u0000', ''));
    const entry = { at: this.#clock.now(), by: name, role, action, targets: cut, status };
    await keepEntry(this.#database, entry).catch((error: unknown) =>
      this.#log.error(
        { err: error, caller: name, action, status },
        'an action could not be written to the audit',
      ),
    );
  }
}

/** Notes whatever may change something once it was answered, also what was refused for its role. */
export function audited(audit: AuditLog): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next();
    const caller = c.get('caller');
    const route = routeOf(c);
    // An answer that was given again is that of a request which is noted already.
    if (!caller || !isTrigger(c.req.method, route) || c.get('isReplayed')) return;
    const action = `${c.req.method} ${route}`;
    await audit.note(action, c.res.status, caller, action === erasure ? [] : placesOf(route, c.req.path));
  };
}

/** What stands in the places of the route. */
function placesOf(route: string, path: string): string[] {
  const said = path.split('/');
  return route
    .split('/')
    .flatMap((part, index) => (part.startsWith('{') ? [decoded(said[index] ?? '')] : []));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
