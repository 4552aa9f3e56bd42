// The truth of a Klaviyo account's profiles: creation, update, merge, erasure. It knows no HTTP.

export type Attributes = { [name: string]: unknown };

export type Stored = {
  id: string;
  createdMs: number;
  /** With microseconds where six digits are shown. */
  updatedMs: number;
  attributes: Attributes;
};

const empty = {
  email: null,
  phone_number: null,
  external_id: null,
  first_name: null,
  last_name: null,
  organization: null,
  locale: null,
  title: null,
  image: null,
  last_event_date: null,
};
const nowhere = {
  address1: null,
  address2: null,
  city: null,
  country: null,
  latitude: null,
  longitude: null,
  region: null,
  zip: null,
  timezone: null,
  ip: null,
};

export class Profiles {
  readonly #now: () => number;
  readonly #fractionDigits: 0 | 3 | 6;
  readonly #profiles = new Map<string, Stored>();
  readonly #onWrite: (profile: Stored) => void;
  #next = 1;

  constructor(now: () => number, fractionDigits: 0 | 3 | 6, onWrite: (profile: Stored) => void = () => {}) {
    this.#now = now;
    this.#fractionDigits = fractionDigits;
    this.#onWrite = onWrite;
  }

  /** In the order of their IDs. */
  all(): Stored[] {
    return [...this.#profiles.values()];
  }

  find(id: string): Stored | undefined {
    return this.#profiles.get(id);
  }

  create(attributes: Attributes, at = this.#now()): string {
    const id = `01J${String(this.#next).padStart(23, '0')}`;
    this.#next += 1;
    const stored: Stored = { id, createdMs: at, updatedMs: at, attributes: {} };
    this.#profiles.set(id, stored);
    this.update(id, attributes, at);
    return id;
  }

  update(id: string, attributes: Attributes, at = this.#now()): void {
    const stored = this.#profiles.get(id);
    if (!stored) throw new Error(`there is no profile ${id}`);
    stored.attributes = { ...stored.attributes, ...attributes };
    stored.updatedMs = this.#fractionDigits === 6 ? at + 0.456 : at;
    this.#onWrite(stored);
  }

  /** As `onWrite` was told of it, without telling it again. */
  restore(profile: Stored): void {
    this.#profiles.set(profile.id, profile);
    this.#next = Math.max(this.#next, Number(profile.id.slice(3)) + 1);
  }

  /** A write through the API: properties are merged key by key, `unset` names those to remove, null clears. */
  patch(id: string, { properties, ...attributes }: Attributes, unset: readonly string[] = []): void {
    const held = { ...(this.find(id)?.attributes['properties'] as Attributes | undefined) };
    for (const [name, value] of Object.entries((properties as Attributes | undefined) ?? {}))
      if (value === null) delete held[name];
      else held[name] = value;
    for (const name of unset) delete held[name];
    this.update(id, { ...attributes, properties: held });
  }

  /** As `profile-import` does: whom it does not know it creates, under the ID that was given. */
  upsert(id: string | undefined, attributes: Attributes): string {
    const { external_id } = attributes;
    const known =
      (id === undefined ? undefined : this.find(id)) ??
      (external_id == null
        ? undefined
        : this.all().find((profile) => profile.attributes['external_id'] === external_id));
    const target = known?.id ?? this.create({}, this.#now());
    this.patch(target, attributes);
    return target;
  }

  remove(id: string): void {
    this.#profiles.delete(id);
  }

  merge(from: string, into: string): void {
    const [source, destination] = [this.find(from), this.find(into)];
    if (!source || !destination) throw new Error(`there is no profile ${from} or ${into}`);
    this.remove(from);
    this.update(into, { ...source.attributes, ...destination.attributes });
  }

  /** In Klaviyo's shape. `additional`: fields shown on request only. */
  show({ id, createdMs, updatedMs, attributes }: Stored, additional: readonly string[]) {
    const { location, properties, subscriptions, predictive_analytics, ...rest } = attributes;
    return {
      type: 'profile',
      id,
      attributes: {
        ...empty,
        ...rest,
        created: this.#time(createdMs),
        updated: this.#time(updatedMs),
        location: { ...nowhere, ...(location as object | undefined) },
        properties: properties ?? {},
        ...(additional.includes('subscriptions') && {
          subscriptions: subscriptions ?? { email: { marketing: { consent: 'NEVER_SUBSCRIBED' } } },
        }),
        ...(additional.includes('predictive_analytics') && {
          predictive_analytics: predictive_analytics ?? null,
        }),
      },
      links: { self: `https://a.klaviyo.com/api/profiles/${id}/` },
    };
  }

  #time(ms: number): string {
    const [seconds, fraction = ''] = new Date(ms).toISOString().slice(0, -1).split('.');
    const digits = `${fraction}${String(Math.round((ms % 1) * 1000)).padStart(3, '0')}`;
    const shown = digits.slice(0, this.#fractionDigits);
    return `${seconds}${shown && `.${shown}`}+00:00`;
  }
}
