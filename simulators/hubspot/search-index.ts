// What HubSpot's search knows: versions of contacts that reach it some time after they were written. A match is decided
// by the version known here; the row a caller then shows is the live one. It does not know requests or responses.
import type { Filter, Search } from './filters.ts';
import { toEpochMs } from './properties.ts';
import type { Version } from './version.ts';

/** Milliseconds a write needs to become findable; a function gives each write its own. */
export type IndexLag = number | ((id: number) => number);

type Pending = { visibleAtMs: number; order: number; id: number; version: Version | undefined };

type Key = (version: Version) => number;

const byId: Key = (version) => version.id;

const byTime: Key = (version) => version.updatedAtMs;

export class SearchIndex {
  lagMs: IndexLag;
  /** Ascending by ID. */
  #ids: Version[] = [];
  /** Ascending by `lastmodifieddate`; equal times in an order that says nothing of the ID. */
  #times: Version[] = [];
  /** Ascending by `visibleAtMs`. */
  #pending: Pending[] = [];
  #order = 0;
  /** The latest write that was applied, of the contacts that still have others pending. */
  readonly #applied = new Map<number, number>();

  constructor(lagMs: IndexLag) {
    this.lagMs = lagMs;
  }

  /** Notes a write. `undefined`: not to be found any more. */
  note(id: number, version: Version | undefined, atMs: number): void {
    const lagMs = typeof this.lagMs === 'function' ? this.lagMs(id) : this.lagMs;
    const visibleAtMs = atMs + lagMs;
    this.#order += 1;
    let place = this.#pending.length;
    while (place > 0 && this.#pending[place - 1]!.visibleAtMs > visibleAtMs) place -= 1;
    this.#pending.splice(place, 0, { visibleAtMs, order: this.#order, id, version });
  }

  clear(): void {
    this.#ids = [];
    this.#times = [];
    this.#pending = [];
    this.#applied.clear();
  }

  /** Takes new contacts in at once, as long known. */
  add(versions: readonly Version[]): void {
    this.#applyMany(new Map(versions.map((version) => [version.id, version])));
  }

  search(search: Search, nowMs: number): { total: number; page: Version[] } {
    this.#advance(nowMs);
    const filters = search.groups.length === 1 ? search.groups[0]! : [];
    const ids = slice(this.#ids, byId, filters, 'hs_object_id');
    const times = slice(this.#times, byTime, filters, 'lastmodifieddate');
    const sorted = { hs_object_id: ids, lastmodifieddate: times }[search.sort.property];
    const smaller = ids.size < times.size ? ids : times;
    // Reading in the order wanted needs no sorting, unless it means reading much more.
    if (sorted && sorted.size <= 4 * smaller.size + 1000) return inOrder(sorted, search);
    return collected(smaller, search);
  }

  #advance(nowMs: number): void {
    let due = 0;
    while (due < this.#pending.length && this.#pending[due]!.visibleAtMs <= nowMs) due += 1;
    if (due === 0) return;
    const changes = new Map<number, Version | undefined>();
    for (const { id, version, order } of this.#pending.splice(0, due)) {
      // A slow old write must not undo a fast new one.
      if (order < (this.#applied.get(id) ?? 0)) continue;
      this.#applied.set(id, order);
      changes.set(id, version);
    }
    if (this.#pending.length === 0) this.#applied.clear();
    if (changes.size > 64) this.#applyMany(changes);
    else for (const [id, version] of changes) this.#apply(id, version);
  }

  #apply(id: number, version: Version | undefined): void {
    const place = firstPlace(this.#ids, (version) => version.id >= id);
    const known = this.#ids[place]?.id === id ? this.#ids[place] : undefined;
    if (known) this.#times.splice(placeInTime(this.#times, known), 1);
    if (version) this.#times.splice(placeInTime(this.#times, version), 0, version);
    if (version) this.#ids.splice(place, known ? 1 : 0, version);
    else if (known) this.#ids.splice(place, 1);
  }

  #applyMany(changes: ReadonlyMap<number, Version | undefined>): void {
    const fresh = [...changes.values()].filter((version) => version !== undefined);
    const kept = (version: Version) => !changes.has(version.id);
    this.#ids = merged(
      this.#ids.filter(kept),
      fresh.toSorted((a, b) => a.id - b.id),
      (a, b) => a.id - b.id,
    );
    this.#times = merged(this.#times.filter(kept), fresh.toSorted(compareInTime), compareInTime);
  }
}

// -- a part of a sorted list ----------------------------------------------------------------------------------------

type Slice = {
  list: readonly Version[];
  from: number;
  size: number;
  /** The slice is the whole answer: no filter is left to ask. */
  exact: boolean;
};

/** The part of `list` that the filters on its own key leave. */
function slice(list: readonly Version[], key: Key, filters: readonly Filter[], property: string): Slice {
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  let exact = true;
  for (const filter of filters) {
    const bounds = filter.propertyName === property ? boundsOf(filter) : undefined;
    if (!bounds) exact = false;
    else [low, high] = [Math.max(low, bounds[0]), Math.min(high, bounds[1])];
  }
  const from = firstPlace(list, (version) => key(version) >= low);
  const to = firstPlace(list, (version) => key(version) > high);
  return { list, from, size: Math.max(0, to - from), exact };
}

/** Both ends included. */
function boundsOf(filter: Filter): [low: number, high: number] | undefined {
  const value = numberIn(filter, filter.value);
  switch (filter.operator) {
    case 'EQ':
      return [value, value];
    case 'GT':
      return [Math.floor(value) + 1, Number.POSITIVE_INFINITY];
    case 'GTE':
      return [value, Number.POSITIVE_INFINITY];
    case 'LT':
      return [Number.NEGATIVE_INFINITY, Math.ceil(value) - 1];
    case 'LTE':
      return [Number.NEGATIVE_INFINITY, value];
    case 'BETWEEN':
      return [value, numberIn(filter, filter.highValue)];
    default:
      return undefined;
  }
}

function numberIn(filter: Filter, text = ''): number {
  return filter.propertyName === 'hs_object_id' ? Number(text) : toEpochMs(text);
}

function inOrder(part: Slice, search: Search): { total: number; page: Version[] } {
  const at = (i: number) =>
    part.list[search.sort.descending ? part.from + part.size - 1 - i : part.from + i]!;
  const end = search.offset + search.limit;
  const page: Version[] = [];
  if (part.exact && search.groups.length <= 1 && !search.text) {
    for (let i = search.offset; i < Math.min(end, part.size); i += 1) page.push(at(i));
    return { total: part.size, page };
  }
  let total = 0;
  for (let i = 0; i < part.size; i += 1) {
    const version = at(i);
    if (!search.matches(version)) continue;
    if (total >= search.offset && total < end) page.push(version);
    total += 1;
  }
  return { total, page };
}

function collected(part: Slice, search: Search): { total: number; page: Version[] } {
  const found: { version: Version; key: string | number | null }[] = [];
  for (let i = part.from; i < part.from + part.size; i += 1) {
    const version = part.list[i]!;
    if (search.matches(version)) found.push({ version, key: search.sortKey(version) });
  }
  const sign = search.sort.descending ? -1 : 1;
  found.sort((a, b) => {
    if (a.key === null || b.key === null)
      return a.key === b.key ? a.version.id - b.version.id : a.key === null ? 1 : -1;
    return sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : compareTies(a.version, b.version));
  });
  const page = found.slice(search.offset, search.offset + search.limit).map(({ version }) => version);
  return { total: found.length, page };
}

// -- sorted lists ---------------------------------------------------------------------------------------------------

function scrambled(id: number): number {
  return Math.imul(id, 0x9e37_79b1) >>> 0;
}

/** The order among equals: stable from request to request, and unrelated to the ID, so that nobody relies on it. */
function compareTies(a: Version, b: Version): number {
  return scrambled(a.id) - scrambled(b.id) || a.id - b.id;
}

function compareInTime(a: Version, b: Version): number {
  return a.updatedAtMs - b.updatedAtMs || compareTies(a, b);
}

function placeInTime(list: readonly Version[], version: Version): number {
  return firstPlace(list, (other) => compareInTime(other, version) >= 0);
}

/** Where `holds` begins to be true and stays so. */
function firstPlace(list: readonly Version[], holds: (version: Version) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function merged(
  a: readonly Version[],
  b: readonly Version[],
  compare: (a: Version, b: Version) => number,
): Version[] {
  const out: Version[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) out.push(compare(a[i]!, b[j]!) <= 0 ? a[i++]! : b[j++]!);
  while (i < a.length) out.push(a[i++]!);
  while (j < b.length) out.push(b[j++]!);
  return out;
}
