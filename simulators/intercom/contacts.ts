// The truth of an Intercom workspace's contacts, every version of them. It knows no HTTP.

export type Values = { [name: string]: unknown };

/** A contact as it was after one write. */
export type Version = {
  id: string;
  /** When it was written, epoch milliseconds: what search may not know yet. */
  atMs: number;
  /** Epoch milliseconds, as is `updatedAt`: the API shows whole seconds, webhooks the milliseconds. */
  createdAt: number;
  updatedAt: number;
  values: Values;
  archived?: boolean;
  deleted?: boolean;
};

const empty = {
  external_id: null,
  role: 'user',
  email: null,
  phone: null,
  name: null,
  owner_id: null,
  has_hard_bounced: false,
  marked_email_as_spam: false,
  unsubscribed_from_emails: false,
  signed_up_at: null,
  last_seen_at: null,
  language_override: null,
  avatar: null,
};

/** Attributes that are escaped for HTML on output (an engineer of Intercom in intercom-java#113). */
const identity = ['name', 'email', 'phone', 'external_id'];

export class Contacts {
  readonly #now: () => number;
  readonly #workspaceId: string;
  /** By ID, the oldest version first. */
  readonly #versions = new Map<string, Version[]>();
  readonly #mergedInto = new Map<string, { survivor: string; role: string; atMs: number }>();
  #next = 1;

  constructor(now: () => number, workspaceId: string) {
    this.#now = now;
    this.#workspaceId = workspaceId;
  }

  newest(id: string): Version | undefined {
    return this.#versions.get(id)?.at(-1);
  }

  survivorOf(id: string): string | undefined {
    return this.#mergedInto.get(id)?.survivor;
  }

  /** In the order of their IDs. */
  living(): Version[] {
    return this.asOf(() => Number.POSITIVE_INFINITY);
  }

  /** The newest version of each that was written by then. */
  asOf(ms: (id: string) => number): Version[] {
    return [...this.#versions].flatMap(([id, versions]) => {
      const version = versions.findLast(({ atMs }) => atMs <= ms(id));
      return version && !version.archived && !version.deleted ? [version] : [];
    });
  }

  /** A lead without an `external_id` gets a UUID that Intercom makes up (recorded: 110 of 110 leads had one). */
  create(values: Values, at = this.#now()): string {
    const id = this.#next.toString(16).padStart(24, '5ba682d23d7cf92b00000000');
    const madeUp = values['role'] === 'lead' && { external_id: madeUpId(this.#next) };
    this.#next += 1;
    const version = { id, atMs: at, createdAt: at, updatedAt: at, values: { ...values, ...madeUp } };
    this.#versions.set(id, [version]);
    return id;
  }

  /** A lead into a user: the ID stays, the made-up `external_id` is replaced by the merchant's (recorded). */
  convert(id: string, externalId: string, at = this.#now()): void {
    this.update(id, { role: 'user', external_id: externalId }, at);
  }

  /** It lives after that, whatever it was before. */
  update(id: string, values: Values, at = this.#now()): void {
    const { archived, deleted, ...known } = this.#known(id);
    const merged = { ...known.values, ...values };
    this.#versions.get(id)!.push({ ...known, atMs: at, updatedAt: at, values: merged });
  }

  end(id: string, how: { archived: true } | { deleted: true }): void {
    this.#versions.get(id)!.push({ ...this.#known(id), ...how, atMs: this.#now() });
  }

  merge(leadId: string, userId: string): void {
    const lead = this.#known(leadId);
    const role = String(lead.values['role'] ?? 'user');
    this.end(leadId, { deleted: true });
    this.#mergedInto.set(leadId, { survivor: userId, role, atMs: this.#now() });
    this.update(userId, {});
  }

  /** As webhooks show it: times as ISO texts with milliseconds (recorded); otherwise as the API does. */
  showPushed(version: Version): Values {
    return {
      ...this.show(version, false),
      ...Object.fromEntries(
        Object.entries(version.values).flatMap(([name, value]) =>
          name.endsWith('_at') && typeof value === 'number' ? [[name, isoTime(value * 1000)]] : [],
        ),
      ),
      created_at: isoTime(version.createdAt),
      updated_at: isoTime(version.updatedAt),
    };
  }

  /**
   * In the API's shape: times in whole seconds, identity attributes escaped for HTML. `merges`: with whom it took over,
   * which is shown of users only.
   */
  show({ id, createdAt, updatedAt, values }: Version, merges: boolean): Values {
    const { custom_attributes, ...rest } = values;
    const shown: Values = { ...empty, ...rest };
    for (const name of identity) {
      const value = shown[name];
      if (typeof value === 'string') shown[name] = escapedForHtml(value);
    }
    const list = (name: string) => ({
      type: 'list',
      data: [],
      url: `/contacts/${id}/${name}`,
      total_count: 0,
      has_more: false,
    });
    return {
      type: 'contact',
      id,
      workspace_id: this.#workspaceId,
      ...shown,
      created_at: Math.floor(createdAt / 1000),
      updated_at: Math.floor(updatedAt / 1000),
      custom_attributes: custom_attributes ?? {},
      tags: list('tags'),
      notes: list('notes'),
      companies: list('companies'),
      location: { type: 'location', country: 'Ireland', region: 'Dublin', city: 'Dublin' },
      ...(merges && shown['role'] === 'user' && { merge_history: this.#historyOf(id) }),
    };
  }

  #historyOf(id: string) {
    return [...this.#mergedInto]
      .filter(([, { survivor }]) => survivor === id)
      .map(([source_contact_id, { role, atMs }]) => ({
        type: 'merge_history',
        source_contact_id,
        source_contact_role: role,
        merged_at: Math.floor(atMs / 1000),
      }));
  }

  #known(id: string): Version {
    const version = this.newest(id);
    if (!version) throw new Error(`there is no contact ${id}`);
    return version;
  }
}

function madeUpId(number: number): string {
  return `3d9c1a52-7c4e-4b8e-9a52-${number.toString(16).padStart(12, '0')}`;
}

function escapedForHtml(text: string): string {
  const escapes: { [character: string]: string } = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replaceAll(/[&<>"']/g, (character) => escapes[character]!);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+00:00');
}
