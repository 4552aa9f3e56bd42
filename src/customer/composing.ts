// One body from what was told of a record at different times. What a telling does not name keeps its last value, each value
// with a clock of its own, so that any order of tellings and deletions gives the same body. Pure.
import type { Json, JsonObject } from '../connector.ts';

/**
 * When values of a body changed, by the source's clock, epoch milliseconds. The key is the value's path, joined by
 * `separator`. A key that begins with the separator is of a last good value and names its field.
 */
export type Clocks = { [path: string]: number };

/** What is known of a record. */
export interface KnownRecord {
  body: JsonObject;
  /** Null where everything in the body is of `changedAt`. */
  clocks: Clocks | null;
  changedAt: number;
  /** What is no newer is gone. */
  deletedAt: number | null;
}

/** What is told of it. */
export interface RecordUpdate {
  body: JsonObject;
  changedAt: number;
  clocks?: Clocks | null;
  /** Only a deletion is told of: at `changedAt`. */
  deleted?: true;
  deletedAt?: number | null;
  /** Its keys are told of whole, and of two values of one moment the same one stands whichever came first. */
  partial?: true;
}

/** In a path, and before the name of a field. No vendor's key holds it. */
export const separator = '\u001f';

/** Equal for properties that are one under several names, of those that a body has; `name/first` is a part of `name`. */
export type IdentityOf = (property: string, properties: readonly string[]) => string;

/** A value that is told of whole. */
interface Unit {
  path: readonly string[];
  value: Json;
  clock: number;
}

/** Values by their paths. Where one stands above others it is older than they are. */
class Units {
  readonly byKey = new Map<string, Unit>();
  /** Every path that leads to a value below it. */
  readonly #above = new Set<string>();

  add(unit: Unit): void {
    const key = unit.path.join(separator);
    this.byKey.set(key, unit);
    for (let end = key.lastIndexOf(separator); end > 0; end = key.lastIndexOf(separator, end - 1))
      this.#above.add(key.slice(0, end));
  }

  /** Adds it where nothing newer stands at its path or above it; what is older below it goes. */
  put(unit: Unit, byContent: boolean): void {
    const key = unit.path.join(separator);
    for (let length = 1; length < unit.path.length; length += 1) {
      const above = this.byKey.get(unit.path.slice(0, length).join(separator));
      if (above && above.clock > unit.clock) return;
    }
    const same = this.byKey.get(key);
    if (same && same.clock > unit.clock) return;
    const isTie = same?.clock === unit.clock;
    if (isTie && byContent && JSON.stringify(same.value) > JSON.stringify(unit.value)) return;
    this.add(unit);
    if (!this.#above.has(key)) return;
    const begin = `${key}${separator}`;
    for (const [other, { clock }] of this.byKey)
      if (clock <= unit.clock && other.startsWith(begin)) this.byKey.delete(other);
  }
}

/**
 * What is known once all of this was told, in any order. `exhaustive`: paths of objects that are told of whole; what is
 * absent from one has been removed. `identityOf`: see the connector's. Of two tellings of one moment the later in the
 * list counts.
 */
export function composed(
  known: KnownRecord | null,
  tellings: readonly RecordUpdate[],
  exhaustive: readonly string[] = [],
  identityOf: IdentityOf | null = null,
): KnownRecord {
  const whole = new Set(exhaustive);
  const units: Units = known ? unitsOf(known, whole) : new Units();
  let deletedAt = known?.deletedAt ?? null;
  let changedAt = known?.changedAt ?? Number.NEGATIVE_INFINITY;
  for (const telling of tellings) {
    const deletion = telling.deleted ? telling.changedAt : (telling.deletedAt ?? null);
    if (deletion !== null) deletedAt = Math.max(deletedAt ?? deletion, deletion);
    if (telling.deleted) continue;
    changedAt = Math.max(changedAt, telling.changedAt);
    for (const unit of unitsOf(telling, whole, telling.partial).byKey.values())
      units.put(unit, telling.partial === true);
  }
  if (identityOf) {
    const bodies = [...(known ? [known] : []), ...tellings].map(({ body }) => body);
    dropOlderNames(units, identityOf, bodies);
  }
  // While it is deleted its body stays: it says whose it was.
  if (deletedAt !== null && deletedAt < changedAt)
    for (const [key, { clock }] of units.byKey) if (clock <= deletedAt) units.byKey.delete(key);
  return { ...rebuilt(units, changedAt), changedAt, deletedAt };
}

/**
 * Of properties that are one under several names, and of a whole and its parts, those that were told of before the newest. Names
 * that one body has beside each other are several properties.
 */
function dropOlderNames(units: Units, identityOf: IdentityOf, bodies: readonly JsonObject[]): void {
  const clocks = new Map<string, number>();
  for (const { path, clock } of units.byKey.values())
    clocks.set(path[0]!, Math.max(clock, clocks.get(path[0]!) ?? clock));
  const properties = [...clocks.keys()];
  const byIdentity = Map.groupBy(properties, (property) => identityOf(property, properties));
  if (byIdentity.size === properties.length && ![...byIdentity.keys()].some(isPart)) return;
  const isNewer = (one: string, other: string) => clocks.get(one)! > clocks.get(other)!;
  const areTwo = (one: string, other: string) =>
    bodies.some((body) => Object.hasOwn(body, one) && Object.hasOwn(body, other));
  for (const [identity, names] of byIdentity) {
    const wholes = isPart(identity) ? (byIdentity.get(wholeOf(identity)) ?? []) : [];
    const parts = [...byIdentity].flatMap(([other, found]) =>
      isPart(other) && wholeOf(other) === identity ? [found] : [],
    );
    for (const name of names) {
      const isReplaced = [...names, ...wholes].some((other) => isNewer(other, name) && !areTwo(other, name));
      // One part alone says nothing of the others.
      const isInParts =
        parts.length > 1 && parts.every((found) => found.some((other) => isNewer(other, name)));
      if (isReplaced || isInParts) units.byKey.delete(name);
    }
  }
}

function isPart(identity: string): boolean {
  return identity.includes('/');
}

function wholeOf(part: string): string {
  return part.slice(0, part.indexOf('/'));
}

/** True where a body names what another does not. */
export function says(body: JsonObject, other: JsonObject, exhaustive: readonly string[]): boolean {
  const whole = new Set(exhaustive);
  const named = unitsOf({ body: other, changedAt: 0 }, whole).byKey;
  return [...unitsOf({ body, changedAt: 0 }, whole).byKey.keys()].some((key) => !named.has(key));
}

/** The clock of the value at a path of the body: of the unit that holds it, or of the newest below it. */
export function clockAt(
  { clocks, changedAt }: Pick<KnownRecord, 'clocks' | 'changedAt'>,
  path: readonly string[],
): number {
  const own = bodyClocks(clocks);
  if (own === null) return changedAt;
  for (let length = path.length; length > 0; length -= 1) {
    const clock = own.get(path.slice(0, length).join(separator));
    if (clock !== undefined) return clock;
  }
  const begin = `${path.join(separator)}${separator}`;
  const below = [...own].flatMap(([key, clock]) => (key.startsWith(begin) ? [clock] : []));
  return below.length > 0 ? Math.max(...below) : changedAt;
}

/** The clock of a field's last good value, where it is known. */
export function goodClock(clocks: Clocks | null, field: string): number | null {
  return clocks?.[`${separator}${field}`] ?? null;
}

/** Clocks of values of the body alone, or null where all are of the record's own. */
function bodyClocks(clocks: Clocks | null): Map<string, number> | null {
  const own = Object.entries(clocks ?? {}).filter(([key]) => !key.startsWith(separator));
  return own.length === 0 ? null : new Map(own);
}

function unitsOf(
  { body, clocks = null, changedAt }: Pick<KnownRecord, 'body' | 'changedAt'> & { clocks?: Clocks | null },
  whole: ReadonlySet<string>,
  partial = false,
): Units {
  const units = new Units();
  const own = bodyClocks(clocks);
  if (own) {
    for (const [key, clock] of own) {
      const path = key.split(separator);
      const value = valueAt(body, path);
      if (value !== undefined) units.add({ path, value, clock });
    }
    return units;
  }
  if (partial) {
    for (const [key, value] of Object.entries(body)) units.add({ path: [key], value, clock: changedAt });
    return units;
  }
  collect(units, body, [], changedAt, whole);
  return units;
}

/** The values of an object, those of its objects one by one, unless such an object is told of whole. */
function collect(
  units: Units,
  object: JsonObject,
  at: readonly string[],
  clock: number,
  whole: ReadonlySet<string>,
): void {
  for (const [key, value] of Object.entries(object)) {
    const path = [...at, key];
    if (isObject(value) && Object.keys(value).length > 0 && !whole.has(path.join('.')))
      collect(units, value, path, clock, whole);
    else units.add({ path, value, clock });
  }
}

function rebuilt(units: Units, changedAt: number): Pick<KnownRecord, 'body' | 'clocks'> {
  const body: JsonObject = {};
  let isOfOneMoment = true;
  // What stands above others is older than they are, and is laid down first.
  for (const { path, value, clock } of [...units.byKey.values()].sort(
    (a, b) => a.path.length - b.path.length,
  )) {
    isOfOneMoment &&= clock === changedAt;
    lay(body, path, value);
  }
  const clocks = isOfOneMoment
    ? null
    : Object.fromEntries([...units.byKey].map(([key, { clock }]) => [key, clock]).sort());
  return { body, clocks };
}

function lay(body: JsonObject, path: readonly string[], value: Json): void {
  let at = body;
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(at, key) ? at[key] : undefined;
    at = own(at, key, isObject(next) ? { ...next } : {}) as JsonObject;
  }
  own(at, path.at(-1)!, value);
}

/** Not by assignment: a key `__proto__` must become a property, not a prototype. */
function own(object: JsonObject, key: string, value: Json): Json {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  return value;
}

function valueAt(body: JsonObject, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined),
    body,
  );
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
