// The truth of a HubSpot account's contacts: creation, change, archive, merge, erasure. It knows no HTTP and no index.
import { conflict, invalid, notFound } from './errors.ts';
import type { Properties } from './properties.ts';
import { UniqueValues } from './unique-values.ts';
import type { Version } from './version.ts';

/** A contact in HubSpot's shape with every property that has a value. */
export type Contact = {
  id: string;
  properties: Record<string, string | null>;
  createdAt: string;
  updatedAt: string;
  archived: boolean;
  archivedAt?: string;
};

/** What a write was, in the words of HubSpot's webhooks. */
export type Change =
  | { type: 'creation' | 'deletion' | 'restore' | 'privacyDeletion'; atMs: number }
  | { type: 'propertyChange'; atMs: number; properties: string[] }
  /** The contact told with it is the survivor; `mergedIds` are gone, save the survivor's own. */
  | { type: 'merge'; atMs: number; primaryId: string; mergedIds: string[] };

export type Values = Record<string, string | number | boolean | null>;

export type ContactsOptions = {
  properties: Properties;
  now: () => number;
  firstId: number;
  /** `new`: both inputs vanish and the survivor has an ID of its own. `primary`: as older merges did. */
  survivorId: 'new' | 'primary';
  onWrite: ((contact: Contact, change: Change) => void) | undefined;
  /** Called when what a search could find of `id` has changed; `undefined`: it is not to be found any more. */
  onVersion: (id: number, version: Version | undefined, atMs: number) => void;
};

/** Archived contacts can be restored, and are listed, for 90 days (reference §4). */
const archivedForMs = 90 * 86_400_000;

/** Legacy portals number contacts in steps of 50; IDs that are not adjacent keep a reader honest. */
const idStep = 50;

const maxMergedIdentities = 250;

export class Contacts {
  readonly #options: ContactsOptions;
  readonly #properties: Properties;
  /** By ID, ascending, archived ones included. */
  #versions: Version[] = [];
  readonly #unique: UniqueValues;
  readonly #mergedInto = new Map<number, number>();
  #nextId: number;

  constructor(options: ContactsOptions) {
    this.#options = options;
    this.#properties = options.properties;
    this.#nextId = options.firstId;
    this.#unique = new UniqueValues(options.properties, (version, name) => this.value(version, name));
  }

  // -- reading ------------------------------------------------------------------------------------------------------

  get size(): number {
    return this.#versions.length;
  }

  find(id: number): Version | undefined {
    const version = this.#versions[this.#place(id)];
    return version?.id === id ? version : undefined;
  }

  /** The live contact that owns `value`, `hs_object_id` included; e-mails match in any case. Not unique: 400. */
  findBy(property: string, value: string): Version | undefined {
    if (property === 'hs_object_id') return this.find(toId(value));
    const id = this.#unique.ownerOf(property, value);
    return id === undefined ? undefined : this.find(id);
  }

  survivorOf(id: number): number | undefined {
    return this.#mergedInto.get(id);
  }

  /** Up to `limit` contacts with an ID above `afterId`, by ID. */
  page(afterId: number, limit: number, archived: boolean): Version[] {
    const page: Version[] = [];
    const oldestMs = this.#options.now() - archivedForMs;
    for (let i = this.#place(afterId + 1); i < this.#versions.length && page.length < limit; i += 1) {
      const version = this.#versions[i]!;
      if (archived ? version.archivedAtMs > oldestMs : version.archivedAtMs === 0) page.push(version);
    }
    return page;
  }

  *[Symbol.iterator](): IterableIterator<Version> {
    yield* this.#versions;
  }

  /** One property as text, or `null`. */
  value(version: Version, name: string): string | null {
    if (name === 'hs_object_id') return String(version.id);
    if (name === 'createdate') return new Date(version.createdAtMs).toISOString();
    if (name === 'lastmodifieddate') return new Date(version.updatedAtMs).toISOString();
    const column = this.#properties.columnOf(name);
    return column === undefined ? null : (version.values[column] ?? null);
  }

  /** With `names`: those that are defined, `null` where empty. Without: every property that has a value. */
  show(version: Version, names?: readonly string[]): Contact {
    const properties: Record<string, string | null> = {};
    if (names) {
      for (const name of names) if (this.#properties.get(name)) properties[name] = this.value(version, name);
    } else {
      for (const name of computed) properties[name] = this.value(version, name);
      for (const [name, column] of this.#properties.columns()) {
        const value = version.values[column];
        if (value != null) properties[name] = value;
      }
    }
    return {
      id: String(version.id),
      properties,
      createdAt: new Date(version.createdAtMs).toISOString(),
      updatedAt: new Date(version.updatedAtMs).toISOString(),
      archived: version.archivedAtMs > 0,
      ...(version.archivedAtMs > 0 && { archivedAt: new Date(version.archivedAtMs).toISOString() }),
    };
  }

  // -- writing ------------------------------------------------------------------------------------------------------

  create(properties: Values, atMs = this.#options.now()): Version {
    const id = this.#takeId();
    const version = {
      id,
      createdAtMs: atMs,
      updatedAtMs: atMs,
      archivedAtMs: 0,
      values: this.#written([], properties),
    };
    this.#put(version, atMs);
    this.#tell(version, { type: 'creation', atMs });
    return version;
  }

  update(id: number, properties: Values, atMs = this.#options.now()): Version {
    const before = this.#live(id);
    const version = { ...before, updatedAtMs: atMs, values: this.#written(before.values, properties) };
    this.#put(version, atMs);
    this.#tell(version, { type: 'propertyChange', atMs, properties: Object.keys(properties) });
    return version;
  }

  /** Leaves `lastmodifieddate` as it was: only `archivedAt` tells. */
  archive(id: number, atMs = this.#options.now()): void {
    const version = { ...this.#live(id), archivedAtMs: atMs };
    this.#put(version, atMs);
    this.#tell(version, { type: 'deletion', atMs });
  }

  /** Same ID again. `lastmodifieddate` moves (unverified), unless `touch` is false. */
  restore(id: number, atMs = this.#options.now(), touch = true): void {
    const before = this.find(id);
    if (!before?.archivedAtMs || before.archivedAtMs <= atMs - archivedForMs) throw notFound();
    const version = { ...before, archivedAtMs: 0, updatedAtMs: touch ? atMs : before.updatedAtMs };
    this.#put(version, atMs);
    this.#tell(version, { type: 'restore', atMs });
  }

  /** The primary's values win, the other's fill what is empty; both IDs are remembered by the survivor. */
  merge(primaryId: number, otherId: number, atMs = this.#options.now()): Version {
    const [primary, other] = [this.#live(primaryId), this.#live(otherId)];
    if (primary === other) throw invalid('a contact cannot be merged with itself');
    const id = this.#options.survivorId === 'new' ? this.#takeId() : primaryId;
    const values = this.#mergedValues(primary, other, id, atMs);
    for (const loser of [primary, other]) {
      this.#remove(loser, atMs);
      if (loser.id !== id) this.#redirect(loser.id, id);
    }
    const version = { ...primary, id, updatedAtMs: atMs, values };
    this.#put(version, atMs);
    const ids = [String(primaryId), String(otherId)];
    this.#tell(version, { type: 'merge', atMs, primaryId: ids[0]!, mergedIds: ids });
    return version;
  }

  /** For good: not in the archived list, not by ID. */
  erase(id: number, atMs = this.#options.now()): void {
    const version = this.find(id);
    if (!version) throw notFound();
    this.#remove(version, atMs);
    this.#tell(version, { type: 'privacyDeletion', atMs });
  }

  /** Adds many at once, silently and without any check of uniqueness; `values` by column. IDs go up in order. */
  append(rows: Iterable<(id: number) => Omit<Version, 'id'>>): Version[] {
    const added: Version[] = [];
    for (const row of rows) {
      const id = this.#takeId();
      const version = { id, ...row(id) };
      this.#versions.push(version);
      this.#unique.take(version);
      added.push(version);
    }
    return added;
  }

  /** To be called when a definition changed. */
  definitionsChanged(): void {
    this.#unique.track(this.#versions);
  }

  // -- what survives a restart --------------------------------------------------------------------------------------

  /** Puts a contact in as it is told, silently: what `show` gave, or what `onWrite` was told. */
  load(contact: Contact, change?: Change): void {
    const id = toId(contact.id);
    const existing = this.find(id);
    const atMs = change?.atMs ?? this.#options.now();
    if (change?.type === 'merge') {
      for (const mergedId of change.mergedIds.map(toId)) {
        const merged = this.find(mergedId);
        if (merged) this.#remove(merged, atMs);
        if (mergedId !== id) this.#redirect(mergedId, id);
      }
    }
    if (change?.type === 'privacyDeletion') {
      if (existing) this.#remove(existing, atMs);
      return;
    }
    const stored = Object.entries(contact.properties).filter(([name]) => !computed.includes(name));
    const version = {
      id,
      createdAtMs: Date.parse(contact.createdAt),
      updatedAtMs: Date.parse(contact.updatedAt),
      archivedAtMs: contact.archivedAt ? Date.parse(contact.archivedAt) : 0,
      values: this.#written([], Object.fromEntries(stored)),
    };
    this.#put(version, atMs);
    this.#nextId = Math.max(this.#nextId, id + idStep);
  }

  get numbering(): { nextId: number; mergedInto: [number, number][] } {
    return { nextId: this.#nextId, mergedInto: [...this.#mergedInto] };
  }

  /** Forgets everything, silently, and starts from these numbers. */
  reset(numbering: { nextId: number; mergedInto: readonly (readonly [number, number])[] }): void {
    this.#versions = [];
    this.#nextId = numbering.nextId;
    this.#mergedInto.clear();
    for (const [from, to] of numbering.mergedInto) this.#mergedInto.set(from, to);
    this.#unique.track([]);
  }

  // -- inside -------------------------------------------------------------------------------------------------------

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId += idStep;
    return id;
  }

  /** Where `id` is, or would be. */
  #place(id: number): number {
    let [low, high] = [0, this.#versions.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#versions[middle]!.id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #live(id: number): Version {
    const version = this.find(id);
    if (!version || version.archivedAtMs > 0) throw notFound();
    return version;
  }

  #written(values: readonly (string | null)[], properties: Values): (string | null)[] {
    const written = [...values];
    for (const [name, value] of Object.entries(properties)) {
      if (computed.includes(name)) throw new Error(`${name} is kept by the simulator: pass a time instead`);
      if (!this.#properties.get(name)) this.#properties.define({ name });
      const column = this.#properties.columnFor(name);
      // What was cleared by an empty text is shown as one, not as null (recorded 2026).
      const text = value === null ? null : String(value);
      while (written.length < column) written.push(null);
      written[column] = name === 'email' && text !== null ? text.toLowerCase() : text;
    }
    return written;
  }

  #put(version: Version, atMs: number): void {
    const place = this.#place(version.id);
    const before = this.#versions[place]?.id === version.id ? this.#versions[place] : undefined;
    const rival = version.archivedAtMs === 0 ? this.#unique.rivalOf(version) : undefined;
    if (rival !== undefined) throw conflict(rival);
    if (before) this.#unique.release(before);
    if (before) this.#versions[place] = version;
    else if (place === this.#versions.length) this.#versions.push(version);
    else this.#versions.splice(place, 0, version);
    this.#unique.take(version);
    this.#options.onVersion(version.id, version.archivedAtMs === 0 ? version : undefined, atMs);
  }

  #remove(version: Version, atMs: number): void {
    this.#unique.release(version);
    this.#versions.splice(this.#place(version.id), 1);
    this.#options.onVersion(version.id, undefined, atMs);
  }

  #redirect(fromId: number, toId: number): void {
    for (const [from, to] of this.#mergedInto) if (to === fromId) this.#mergedInto.set(from, toId);
    this.#mergedInto.set(fromId, toId);
  }

  #mergedValues(primary: Version, other: Version, id: number, atMs: number): (string | null)[] {
    const length = Math.max(primary.values.length, other.values.length);
    const values = Array.from({ length }, (_, i) => primary.values[i] ?? other.values[i] ?? null);
    const parts = (version: Version, name: string) =>
      this.value(version, name)?.split(';').filter(Boolean) ?? [];
    const both = (name: string) => [...parts(primary, name), ...parts(other, name)];
    const gone = [primary.id, other.id].filter((merged) => merged !== id);
    const mergedIds = [...new Set([...both('hs_merged_object_ids'), ...gone.map(String)])];
    if (mergedIds.length > maxMergedIdentities) {
      throw invalid(`a contact can have at most ${maxMergedIdentities} merged identities`);
    }
    const emails = [...parts(other, 'email'), ...both('hs_additional_emails')];
    const email = this.value(primary, 'email') || emails[0];
    return this.#written(values, {
      hs_merged_object_ids: mergedIds.join(';'),
      hs_calculated_merged_vids: [
        ...both('hs_calculated_merged_vids'),
        ...gone.map((vid) => `${vid}:${atMs}`),
      ].join(';'),
      hs_additional_emails: [...new Set(emails)].filter((additional) => additional !== email).join(';'),
    });
  }

  #tell(version: Version, change: Change): void {
    this.#options.onWrite?.(this.show(version), change);
  }
}

const computed = ['createdate', 'hs_object_id', 'lastmodifieddate'];

/** A contact's ID from text; anything but decimal digits names no contact. */
export function toId(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}
