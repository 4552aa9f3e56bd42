// What people and programs change is written down with who did it. It knows no route: what stood in the places of one is told by
// the route itself.
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import { keepEntry } from '../tables/audit.ts';
import { type Caller, root } from './caller.ts';
import type { Env } from './env.ts';

const maxTarget = 500;

/** These only ask, whatever their method. */
const questions = ['POST /api/preview', 'POST /api/plan', 'POST /api/write-backs/{source}/check'];

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
    if (!caller || ['GET', 'HEAD', 'OPTIONS'].includes(c.req.method)) return;
    const route = routeOf(c);
    const action = `${c.req.method} ${route}`;
    if (questions.includes(action)) return;
    await audit.note(action, c.res.status, caller, action === erasure ? [] : placesOf(route, c.req.path));
  };
}

/** The route as it is documented: `/api/sources/{source}/sync`. */
function routeOf(c: Context<Env>): string {
  const route = matchedRoutes(c).findLast(({ path }) => !path.endsWith('*'));
  return route?.path.replace(/:(\w+)/g, '{$1}') ?? 'an unknown route';
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
