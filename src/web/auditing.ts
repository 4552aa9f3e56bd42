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

const maxTargets = 20;

/** Whom it was done to is kept nowhere, so not here either. */
const erasure = 'DELETE /api/customers/{sourceId}';

const letters = ['ids', 'kind', 'source', 'code', 'all'];
const holds = ['ids', 'runId', 'change', 'all'];
const drifts = ['sourceIds', 'kind', 'all'];
const quarantine = ['source', 'stream', 'field', 'recordIds', 'all'];

/** What of a body says what it is about. All else of it may be a secret, or a value of a customer. */
const namedInBody: { readonly [action: string]: readonly string[] } = {
  'POST /api/tokens': ['name', 'role'],
  'POST /api/sources/{source}/sync': ['mode', 'dryRun', 'recordIds'],
  'POST /api/destination/project': ['as'],
  'POST /api/runs/{id}/undo': ['created'],
  'POST /api/verify': ['sample', 'heal', 'sources'],
  'POST /api/write-backs/{source}/verify': ['sample', 'heal'],
  'POST /api/inbox/replay': ['ids', 'source', 'state', 'rejected', 'all', 'dryRun'],
  'POST /api/dead-letters/retry': letters,
  'POST /api/dead-letters/discard': letters,
  'POST /api/holds/release': holds,
  'POST /api/holds/refuse': holds,
  'POST /api/drifts/acknowledge': drifts,
  'POST /api/drifts/reopen': drifts,
  'POST /api/quarantine/acknowledge': quarantine,
  'POST /api/quarantine/reopen': quarantine,
};

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
    const cut = shortened(targets).map((target) => target.slice(0, maxTarget).replaceAll('\u0000', ''));
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
    const places = action === erasure ? [] : placesOf(route, c.req.path);
    // Only what was found valid.
    const body: unknown = c.req.valid('json' as never);
    await audit.note(action, c.res.status, caller, [...places, ...targetsIn(action, body)]);
  };
}

/** A name stands alone, so that an erasure finds it where it is a person's. A number is told with what it is the number of. */
export function targetsIn(action: string, body: unknown): string[] {
  const said = (body ?? {}) as { [key: string]: unknown };
  return (namedInBody[action] ?? []).flatMap((key) => {
    const value = said[key];
    if (value === true) return [key];
    if (typeof value === 'number') return [`${key} ${value}`];
    if (Array.isArray(value))
      return value.map((one) => (typeof one === 'number' ? `${key} ${one}` : String(one)));
    return typeof value === 'string' ? [value] : [];
  });
}

function shortened(targets: readonly string[]): readonly string[] {
  if (targets.length <= maxTargets) return targets;
  return [...targets.slice(0, maxTargets), `${targets.length - maxTargets} more`];
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
