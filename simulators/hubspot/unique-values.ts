// Which live contact owns a value that only one may have: e-mails, additional ones included, and the account's own
// unique properties. It does not know how a contact comes to its values.
import { invalid } from './errors.ts';
import type { Properties } from './properties.ts';
import type { Version } from './version.ts';

type Read = (version: Version, property: string) => string | null;

export class UniqueValues {
  readonly #properties: Properties;
  readonly #read: Read;
  readonly #owners = new Map<string, Map<string, number>>();

  constructor(properties: Properties, read: Read) {
    this.#properties = properties;
    this.#read = read;
    this.track([]);
  }

  /** Starts anew with these contacts and the properties as they are now defined. */
  track(versions: Iterable<Version>): void {
    this.#owners.clear();
    for (const { name } of this.#properties.unique()) this.#owners.set(name, new Map());
    for (const version of versions) this.take(version);
  }

  ownerOf(property: string, value: string): number | undefined {
    const owners = this.#owners.get(property);
    if (!owners) throw invalid(`${property} is not a property with unique values`);
    return owners.get(keyOf(property, value));
  }

  take(version: Version): void {
    if (version.archivedAtMs > 0) return;
    for (const [property, owners] of this.#owners) {
      for (const key of this.#keys(version, property)) owners.set(key, version.id);
    }
  }

  release(version: Version): void {
    for (const [property, owners] of this.#owners) {
      for (const key of this.#keys(version, property)) if (owners.get(key) === version.id) owners.delete(key);
    }
  }

  /** Another contact that already has one of this one's values. */
  rivalOf(version: Version): number | undefined {
    for (const [property, owners] of this.#owners) {
      for (const key of this.#keys(version, property)) {
        const owner = owners.get(key);
        if (owner !== undefined && owner !== version.id) return owner;
      }
    }
    return undefined;
  }

  #keys(version: Version, property: string): string[] {
    const own = this.#read(version, property);
    const keys = own ? [keyOf(property, own)] : [];
    if (property !== 'email') return keys;
    const additional = this.#read(version, 'hs_additional_emails')?.split(';').filter(Boolean) ?? [];
    return [...keys, ...additional.map((email) => keyOf('email', email))];
  }
}

function keyOf(property: string, value: string): string {
  return property === 'email' ? value.toLowerCase() : value;
}
