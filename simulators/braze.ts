// A simulated Braze workspace: a truth of users behind the export by ID, and the webhooks and Currents it sends. Facts:
// reference/cep/braze.md and Braze's documentation of both. It does not know who reads it.
import { type Context, Hono } from 'hono';
import { SegmentExports, type SegmentOptions } from './braze/segments.ts';
import { type TrackedUsers, type TrackOptions, track } from './braze/track.ts';
import { type QuotaWindow, QuotaWindows } from './quota-windows.ts';

export interface BrazeUser {
  braze_id: string;
  external_id?: string;
  custom_attributes: { [name: string]: unknown };
  [field: string]: unknown;
}

export interface BrazeOptions {
  /** Epoch milliseconds. */
  now?: () => number;
  apiKey?: string;
  /** False: the key lacks the permission users.export.ids. */
  permitted?: boolean;
  /** Exports leave `external_id` out even where it was asked for: some have. */
  omitExternalId?: boolean;
  /** How long after a write the export still shows what was before it; up to 31 seconds were recorded. */
  visibleAfterMs?: number;
  /** How `dob` is read: a time of midnight was recorded, the documents show the date. */
  dob?: 'time' | 'date';
  segmentExports?: SegmentOptions;
  /** For how many hours the segment `changed-users` has who changed. Default: 24. */
  changedHours?: number;
  /** Requests a minute; 250 for those who came since August 2024. */
  requestsPerMinute?: number;
  track?: TrackOptions;
}

export interface Delivery {
  method: 'POST';
  url: string;
  headers: { [name: string]: string };
  body: Uint8Array;
}

export interface CurrentsEvent {
  event_type: string;
  id?: string;
  /** Seconds. */
  time?: number;
  user: { user_id: string; external_user_id?: string };
  properties: { [name: string]: unknown };
}

/** braze.com/docs/api/endpoints/export/user_data/post_users_identifier */
const exportable = new Set(
  (
    'apps attributed_campaign attributed_source attributed_adgroup attributed_ad braze_id campaigns_received ' +
    'canvases_received cards_clicked country created_at custom_attributes custom_events devices dob email ' +
    'email_subscribe external_id first_name gender home_city language last_coordinates last_name phone purchases ' +
    'push_subscribe push_tokens random_bucket time_zone total_revenue uninstalled_at user_aliases'
  ).split(' '),
);

export class BrazeSimulator {
  readonly app = new Hono();
  readonly quota: QuotaWindows;
  /** Of writes, which Braze counts by themselves. */
  readonly trackQuota = new QuotaWindows([{ name: 'track', requests: 50_000, seconds: 60 }]);
  /** Bodies of the exports asked for. */
  readonly exports: { external_ids: string[]; fields_to_export: string[] }[] = [];
  readonly segments: SegmentExports;
  readonly #now: () => number;
  readonly #options: BrazeOptions;
  readonly #users = new Map<string, BrazeUser>();
  /** By Braze ID, each state with the time at which it was written, the oldest first. */
  readonly #states = new Map<string, { user: BrazeUser; writtenAt: number }[]>();
  #lastUser = 0;
  #lastEvent = 0;

  constructor(options: BrazeOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const requests = options.requestsPerMinute ?? 250;
    this.quota = new QuotaWindows([{ name: 'export', requests, seconds: 60 }]);
    this.segments = new SegmentExports(
      this.#now,
      (segment, fields) => this.#segment(segment, fields),
      options.segmentExports,
    );
    this.segments.route(this.app, (c, handler) => this.#answer(c, handler));
    this.app.post('/users/export/ids', (c) =>
      this.#answer(c, async () => this.#export(c, await c.req.json())),
    );
    const { track: tracking = {} } = options;
    this.app.post('/users/track', (c) =>
      this.#answer(c, () => track(c, this.#tracked(), tracking), {
        permitted: tracking.mayWrite ?? true,
        quota: this.trackQuota,
      }),
    );
  }

  // ── The truth ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Without an external ID the profile is anonymous. Says its Braze ID. */
  create(externalId: string | undefined, fields: { [name: string]: unknown } = {}): string {
    this.#lastUser += 1;
    const brazeId = this.#lastUser.toString(16).padStart(24, '0');
    this.#write(brazeId, {
      braze_id: brazeId,
      ...(externalId !== undefined && { external_id: externalId }),
      created_at: new Date(this.#now()).toISOString(),
      custom_attributes: {},
      ...fields,
    });
    return brazeId;
  }

  update(brazeId: string, fields: { [name: string]: unknown }): void {
    this.#write(brazeId, { ...this.user(brazeId), ...fields });
  }

  remove(brazeId: string): void {
    this.#users.delete(brazeId);
    this.#states.delete(brazeId);
  }

  /** Deleted and made again under its external ID: it has another Braze ID, which is given, and was created now. */
  remake(brazeId: string, fields: { [name: string]: unknown } = {}): string {
    const { external_id: externalId } = this.user(brazeId);
    this.remove(brazeId);
    return this.create(externalId, fields);
  }

  #write(brazeId: string, user: BrazeUser): void {
    this.#users.set(brazeId, user);
    this.#states.set(brazeId, [...(this.#states.get(brazeId) ?? []), { user, writtenAt: this.#now() }]);
  }

  /** As an export shows them by now. */
  #visible(): BrazeUser[] {
    const until = this.#now() - (this.#options.visibleAfterMs ?? 0);
    return [...this.#states.values()].flatMap(
      (states) => states.findLast(({ writtenAt }) => writtenAt <= until)?.user ?? [],
    );
  }

  get size(): number {
    return this.#users.size;
  }

  user(brazeId: string): BrazeUser {
    const user = this.#users.get(brazeId);
    if (!user) throw new Error(`the workspace has no user ${brazeId}`);
    return user;
  }

  // ── What it sends ─────────────────────────────────────────────────────────────────────────────────────────────

  event(brazeId: string, type: string): CurrentsEvent {
    const { external_id: externalId } = this.user(brazeId);
    this.#lastEvent += 1;
    return {
      event_type: type,
      id: `a1234567-89ab-cdef-0123-${String(this.#lastEvent).padStart(12, '0')}`,
      time: Math.floor(this.#now() / 1000),
      user: { user_id: brazeId, ...(externalId !== undefined && { external_user_id: externalId }) },
      properties: { campaign_id: '11234567-89ab-cdef-0123-456789abcdef' },
    };
  }

  currents(events: readonly CurrentsEvent[], token?: string): Delivery {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return delivery(JSON.stringify({ events }), { 'braze-currents-version': '1', ...authorization });
  }

  /**
   * A webhook of a Canvas or a campaign with its Liquid filled in; what a user does not have is an empty text. `escapes`
   * false: the filter json_escape does nothing. `dispatchId` empty: the tag is.
   */
  webhook(
    brazeId: string,
    body: string,
    headers: { [name: string]: string } = {},
    { escapes = true, dispatchId = 'd1' }: { escapes?: boolean; dispatchId?: string } = {},
  ): Delivery {
    const user = this.user(brazeId);
    const values: { [tag: string]: unknown } = {
      [tag('user_id')]: user.external_id,
      [tag('braze_id')]: brazeId,
      [tag('email_address')]: user['email'],
      [tag('phone_number')]: user['phone'],
      [tag('first_name')]: user['first_name'],
      [tag('last_name')]: user['last_name'],
      [tag('city')]: user['home_city'],
      [tag('country')]: user['country'],
      [tag('date_of_birth')]: user['dob'],
      [`subscribed_state.${tag('email_global')}`]: user['email_subscribe'] ?? 'subscribed',
      [`campaign.${tag('dispatch_id')}`]: dispatchId,
      "'now'": Math.floor(this.#now() / 1000),
    };
    const filled = body.replaceAll(
      /\{\{(.+?)(?: \| (json_escape|date: '%s'))?\}\}(?!\})/g,
      (_, name, filter) => {
        if (!Object.hasOwn(values, name)) throw new Error(`no tag of Braze: ${name}`);
        const text = String(values[name] ?? '');
        return filter === 'json_escape' && escapes ? JSON.stringify(text).slice(1, -1) : text;
      },
    );
    return delivery(filled, headers);
  }

  // ── Its API ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #answer(
    c: Context,
    handler: () => Promise<Response>,
    { permitted = this.#options.permitted ?? true, quota = this.quota } = {},
  ): Promise<Response> {
    const { apiKey } = this.#options;
    if (apiKey !== undefined && c.req.header('authorization') !== `Bearer ${apiKey}`) {
      return c.json({ message: 'Invalid API key' }, 401);
    }
    if (!permitted) return c.json({ message: 'The API key lacks the permission' }, 403);
    const admission = quota.admit(this.#now());
    const [{ name, requests }] = quota.windows as [QuotaWindow];
    const reset = this.#now() + (admission.admitted ? 60_000 : admission.retryAfterSeconds * 1000);
    c.header('x-ratelimit-limit', String(requests));
    c.header('x-ratelimit-remaining', String(quota.remaining(this.#now())[name] ?? 0));
    c.header('x-ratelimit-reset', String(Math.ceil(reset / 1000)));
    if (!admission.admitted) return c.json({ message: 'Rate limit exceeded' }, 429);
    return handler();
  }

  #tracked(): TrackedUsers {
    const find = (externalId: string) =>
      [...this.#users.values()].find(({ external_id: id }) => id === externalId);
    return {
      customAttributes: (externalId) => find(externalId)?.custom_attributes,
      create: (externalId) => this.create(externalId),
      setCustomAttributes: (externalId, custom_attributes) =>
        this.update(find(externalId)!.braze_id, { custom_attributes }),
    };
  }

  /** `all-users`, anonymous ones too, and `changed-users`. */
  #segment(segment: string, fields: readonly string[]): { [field: string]: unknown }[] | null {
    const since = this.#now() - (this.#options.changedHours ?? 24) * 3_600_000;
    if (segment !== 'all-users' && segment !== 'changed-users') return null;
    const isIn = ({ braze_id: id }: BrazeUser) =>
      segment === 'all-users' || (this.#states.get(id)?.at(-1)?.writtenAt ?? 0) >= since;
    return this.#visible()
      .filter(isIn)
      .map((user) => this.#shown(user, fields));
  }

  #shown(user: BrazeUser, fields: readonly string[]): { [field: string]: unknown } {
    const omitted = this.#options.omitExternalId ? ['external_id'] : [];
    return exported(
      this.#options.dob === 'date' || !user['dob']
        ? user
        : { ...user, dob: `${String(user['dob']).slice(0, 10)}T00:00:00.000Z` },
      fields.filter((field) => !omitted.includes(field)),
    );
  }

  #export(c: Context, body: { external_ids?: string[]; fields_to_export?: string[] }): Response {
    const { external_ids: ids = [], fields_to_export: fields = [] } = body;
    if (ids.length === 0 || ids.length > 50) return c.json({ message: 'Between 1 and 50 external_ids' }, 400);
    if (fields.length === 0) return c.json({ message: 'fields_to_export is required' }, 400);
    if (!fields.every((field) => exportable.has(field))) {
      return c.json({ message: 'fields_to_export has a field that is none' }, 400);
    }
    this.exports.push({ external_ids: ids, fields_to_export: fields });
    const known = this.#visible().filter(({ external_id: id }) => id !== undefined && ids.includes(id));
    const found = new Set(known.map(({ external_id: id }) => id));
    const invalid = ids.filter((id) => !found.has(id));
    const users = known.map((user) => this.#shown(user, fields));
    return c.json(
      { message: 'success', users, ...(invalid.length > 0 && { invalid_user_ids: invalid }) },
      201,
    );
  }
}

/** The least possible: what is null, false or empty is left out. */
function exported(user: BrazeUser, fields: readonly string[]): { [field: string]: unknown } {
  return Object.fromEntries(
    fields.map((field) => [field, user[field]] as const).filter(([, value]) => !isEmpty(value)),
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function tag(name: string): string {
  return `\${${name}}`;
}

function delivery(body: string, headers: { [name: string]: string }): Delivery {
  return {
    method: 'POST',
    url: 'https://sync.example.com/webhooks/braze',
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(body),
  };
}
