// The simulated Insider account: profiles read one at a time by an identifier, with named attributes only and empty ones left out, and
// a journey that calls an API for each user, twice and in any order. Facts: the vendor's API documents.
import { type Context, Hono } from 'hono';

export interface InsiderOptions {
  now: () => number;
  partnerName: string;
  requestToken: string;
  /** How long after a write reads show what was before it. Default: 0. */
  visibleAfterMs?: number;
  /** Answers in place of Insider's own. */
  faults?: (path: string) => Response | undefined;
}

export interface InsiderUser {
  identifiers: { uuid?: string; email?: string; phone_number?: string; custom?: { [name: string]: string } };
  attributes: { [name: string]: unknown };
  custom: { [name: string]: unknown };
}

export function createInsiderSimulator(options: InsiderOptions) {
  const { now, partnerName, requestToken, visibleAfterMs = 0 } = options;
  const app = new Hono();
  const users: { at: number; user: InsiderUser }[][] = [];
  const state = { reads: 0 };

  const refuse = (c: Context, status: 400 | 403, message: string) =>
    c.json({ success: false, message }, status);

  app.post('/api/user/v1/profile', async (c) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    if (c.req.header('x-partner-name') !== partnerName) return refuse(c, 400, 'Partner is invalid.');
    if (c.req.header('x-request-token') !== requestToken)
      return refuse(c, 403, 'Access Denied. The request token is invalid.');
    state.reads += 1;
    const { identifiers, attributes } = await c.req.json();
    if (!Array.isArray(attributes)) return refuse(c, 400, 'attributes must be a list');
    const found = visible().find((user) => isSame(user, identifiers));
    if (!found) return c.json({ error: 'no such user for these identifiers: no data' }, 404);
    return c.json({ attributes: shown(found, attributes) });
  });

  function visible(): InsiderUser[] {
    const until = now() - visibleAfterMs;
    return users.flatMap((states) => states.findLast(({ at }) => at <= until)?.user ?? []);
  }

  /** Own attributes by their prefix, or all of them by the name `custom`. */
  function shown({ identifiers, attributes, custom }: InsiderUser, names: readonly string[]) {
    const own = Object.fromEntries(
      Object.entries(custom).filter(([name]) => names.includes('custom') || names.includes(`c_${name}`)),
    );
    const given = Object.entries({ ...attributes, ...identifiers }).filter(
      ([name, value]) => names.includes(name) && value !== null && value !== '',
    );
    return { ...Object.fromEntries(given), ...(Object.keys(own).length > 0 && { custom: own }) };
  }

  return {
    app,
    state,
    create(identifiers: InsiderUser['identifiers'], attributes = {}, custom = {}): InsiderUser {
      const user = { identifiers, attributes, custom };
      users.push([{ at: now(), user }]);
      return user;
    },
    change(uuid: string, attributes: object, custom: object = {}): void {
      const states = users.find(([first]) => first!.user.identifiers.uuid === uuid)!;
      const { user } = states.at(-1)!;
      const changed = {
        attributes: { ...user.attributes, ...attributes },
        custom: { ...user.custom, ...custom },
      };
      states.push({ at: now(), user: { ...user, ...changed } });
    },
    remove(uuid: string): void {
      const at = users.findIndex(([first]) => first!.user.identifiers.uuid === uuid);
      users.splice(at, 1);
    },
    /** What a journey sends, with the tags of this body filled in: each user twice, the last one first. */
    journey(body: string): string[] {
      const sent = visible().map(({ identifiers }) =>
        body.replaceAll(/\{\{(\w+)\}\}/g, (_, name: 'uuid') => identifiers[name] ?? ''),
      );
      return [...sent.toReversed(), ...sent];
    },
  };
}

function isSame({ identifiers: own }: InsiderUser, asked: InsiderUser['identifiers'] = {}): boolean {
  const { custom = {}, ...plain } = asked;
  const isPlain = (['uuid', 'email', 'phone_number'] as const).some(
    (name) => plain[name] !== undefined && plain[name] === own[name],
  );
  return isPlain || Object.entries(custom).some(([name, value]) => own.custom?.[name] === value);
}
