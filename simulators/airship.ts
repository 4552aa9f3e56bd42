// The simulated Airship project: named users in the order of their IDs, the next page as a whole URL, and addresses on channels only.
// https://docs.airship.com/api/ua
import { type Context, Hono } from 'hono';

export type AirshipOptions = {
  now: () => number;
  appKey: string;
  masterSecret: string;
  /** Answers in place of Airship's own. */
  faults?: (path: string) => Response | undefined;
};

export type Channel = { channel_id: string; device_type: string } & {
  [name: string]: string | boolean | null;
};

export type NamedUser = { attributes: { [name: string]: unknown }; channels: Channel[] };

export function createAirshipSimulator(options: AirshipOptions) {
  const app = new Hono();
  const users = new Map<string, NamedUser>();
  const state = { calls: 0 };
  let serial = 0;

  const stamp = (at = options.now()) => new Date(at).toISOString().slice(0, 19);
  const failure = (c: Context, status: 401 | 404 | 406, error: string) =>
    c.json({ ok: false, operation_id: 'a1', error, error_code: status * 100 }, status);

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    if (c.req.header('authorization') !== `Basic ${btoa(`${options.appKey}:${options.masterSecret}`)}`)
      return failure(c, 401, 'Unauthorized');
    if (!c.req.header('accept')?.includes('version=3')) return failure(c, 406, 'Not acceptable');
    state.calls += 1;
    return next();
  });

  const list = (c: Context) => {
    const { id, start = '', limit = '100' } = c.req.query();
    if (id !== undefined) {
      const user = users.get(id);
      return user
        ? c.json({ ok: true, named_user: shown(id, user) })
        : failure(c, 404, 'Named user not found');
    }
    const found = [...users.keys()].filter((key) => key >= start).sort();
    const page = found.slice(0, Number(limit));
    const next = found[Number(limit)];
    // The host of the other cloud.
    const nextPage = `https://go.airship.eu/api/named_users?limit=${limit}&start=${encodeURIComponent(next ?? '')}`;
    return c.json({
      ok: true,
      ...(next !== undefined && { next_page: nextPage }),
      named_users: page.map((key) => shown(key, users.get(key)!)),
    });
  };
  app.get('/api/named_users', list);
  app.get('/api/named_users/', list);
  app.notFound((c) => c.json({ message: 'no route' }, 404));

  function shown(id: string, user: NamedUser) {
    return {
      named_user_id: id,
      tags: { crm: ['vip'] },
      attributes: user.attributes,
      user_attributes: { ua_country: 'PL', ua_tz: 'Europe/Warsaw' },
      channels: user.channels,
    };
  }

  function create(attributes: NamedUser['attributes'] = {}, channels?: Channel[]): string {
    serial += 1;
    const id = `shop-${String(serial).padStart(6, '0')}`;
    const email = { channel_id: `c${serial}`, device_type: 'email', address: `p${serial}@example.com` };
    users.set(id, {
      attributes: { first_name: 'Person', last_name: String(serial), ...attributes },
      channels: channels ?? [{ ...email, created: stamp(), last_registration: null }],
    });
    return id;
  }

  return {
    app,
    users,
    state,
    create,
    change: (id: string, attributes: NamedUser['attributes']) =>
      Object.assign(users.get(id)!.attributes, attributes),
    /** An app was opened. */
    open(id: string): void {
      for (const channel of users.get(id)!.channels) channel['last_registration'] = stamp();
    },
    /** A channel is taken away from one and given to another. */
    associate(channelId: string, to: string): void {
      for (const [id, user] of users) {
        const moved = user.channels.find(({ channel_id }) => channel_id === channelId);
        if (!moved) continue;
        user.channels = user.channels.filter((channel) => channel !== moved);
        users.get(to)!.channels.push(moved);
        if (id !== to) return;
      }
    },
    remove: (id: string) => users.delete(id),
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create();
    },
    ids: (): string[] => [...users.keys()],
  };
}
