// A search request read and checked, its filters made into questions about one version of a contact
// (reference/crm/hubspot.md §3). It does not know the index.
import type { Contacts } from './contacts.ts';
import { invalid } from './errors.ts';
import { type Properties, type PropertyType, toEpochMs } from './properties.ts';
import type { Version } from './version.ts';

export type Filter = {
  propertyName: string;
  operator: string;
  value?: string;
  highValue?: string;
  values?: string[];
};

export type Search = {
  /** OR of AND; no group finds everything. */
  groups: Filter[][];
  sort: { property: string; descending: boolean };
  properties: string[] | undefined;
  limit: number;
  offset: number;
  matches: (version: Version) => boolean;
  /** The free-text part of `matches`. */
  text: ((version: Version) => boolean) | undefined;
  /** What a version is sorted by; `null` comes last. */
  sortKey: (version: Version) => string | number | null;
};

const maxSearchResults = 10_000;

const maxGroups = 5;

const maxFiltersPerGroup = 10;

const maxFilters = 25;

const maxLimit = 200;

const maxQueryCharacters = 3000;

const searchedByText = ['firstname', 'lastname', 'email', 'phone', 'company', 'hs_additional_emails'];

/** Throws the 400 HubSpot would give. */
export function readSearch(body: unknown, contacts: Contacts, properties: Properties): Search {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('Invalid input JSON');
  const request = body as Record<string, unknown>;
  const limit = wholeNumber(request['limit'] ?? 10, 'limit');
  if (limit < 1 || limit > maxLimit) throw invalid(`limit must be between 1 and ${maxLimit}`);
  const offset = wholeNumber(request['after'] || 0, 'after');
  if (offset + limit > maxSearchResults) {
    throw invalid(
      `a search gives no more than ${maxSearchResults} results: after ${offset} + limit ${limit}`,
    );
  }
  const groups = readGroups(request['filterGroups'] ?? [], properties);
  const read = (name: string) => reader(contacts, properties, name);
  const questions = groups.map((filters) =>
    filters.map((filter) => question(filter, read(filter.propertyName))),
  );
  const text = readText(request['query'], contacts);
  const sort = readSort(request['sorts'] ?? [], properties);
  return {
    groups,
    sort,
    properties: readNames(request['properties']),
    limit,
    offset,
    matches: (version) =>
      (questions.length === 0 || questions.some((all) => all.every((holds) => holds(version)))) &&
      (!text || text(version)),
    text,
    sortKey: read(sort.property).value,
  };
}

export function readNames(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.some((name) => typeof name !== 'string')) {
    throw invalid('properties must be a list of names');
  }
  return value.length > 0 ? value : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('Invalid input JSON');
  }
}

export function wholeNumber(value: unknown, name: string): number {
  const text = String(value);
  if (!/^\d{1,15}$/.test(text)) throw invalid(`${name} must be a whole number`);
  return Number(text);
}

// -- the request ----------------------------------------------------------------------------------------------------

const operators = new Set([
  ...['EQ', 'NEQ', 'GT', 'GTE', 'LT', 'LTE', 'BETWEEN', 'IN', 'NOT_IN'],
  ...['HAS_PROPERTY', 'NOT_HAS_PROPERTY', 'CONTAINS_TOKEN', 'NOT_CONTAINS_TOKEN'],
]);

function readGroups(value: unknown, properties: Properties): Filter[][] {
  if (!Array.isArray(value)) throw invalid('filterGroups must be a list');
  if (value.length > maxGroups) throw invalid(`at most ${maxGroups} filterGroups are allowed`);
  const groups = value.map((group) => {
    const filters = (group as { filters?: unknown } | null)?.filters;
    if (!Array.isArray(filters)) throw invalid('a filter group must have filters');
    if (filters.length > maxFiltersPerGroup)
      throw invalid(`at most ${maxFiltersPerGroup} filters per group are allowed`);
    return filters.map((filter) => readFilter(filter, properties));
  });
  if (groups.flat().length > maxFilters) throw invalid(`at most ${maxFilters} filters are allowed`);
  return groups;
}

function readFilter(value: unknown, properties: Properties): Filter {
  const filter = value as Partial<Filter> | null;
  const { propertyName, operator } = filter ?? {};
  if (typeof propertyName !== 'string' || !properties.get(propertyName)) {
    throw invalid(`filter on an unknown property: ${String(propertyName)}`);
  }
  if (typeof operator !== 'string' || !operators.has(operator))
    throw invalid(`unknown operator: ${String(operator)}`);
  const isText = (part: unknown) => typeof part === 'string' && part !== '';
  const asText = (part: unknown) =>
    typeof part === 'number' || typeof part === 'boolean' ? String(part) : part;
  const [low, high] = [asText(filter?.value), asText(filter?.highValue)];
  const values = Array.isArray(filter?.values) ? filter.values.map(asText) : undefined;
  if (operator.endsWith('HAS_PROPERTY')) return { propertyName, operator };
  if (operator === 'IN' || operator === 'NOT_IN') {
    if (!values?.length || !values.every(isText)) throw invalid(`${operator} needs values`);
    return { propertyName, operator, values: values as string[] };
  }
  if (!isText(low)) throw invalid(`${operator} needs a value`);
  if (operator !== 'BETWEEN') return { propertyName, operator, value: low as string };
  if (!isText(high)) throw invalid('BETWEEN needs a highValue');
  return { propertyName, operator, value: low as string, highValue: high as string };
}

/** One sort: an object, or as the official client types it a string (a name, or the object as JSON). */
function readSort(value: unknown, properties: Properties): Search['sort'] {
  if (!Array.isArray(value)) throw invalid('sorts must be a list');
  if (value.length > 1) throw invalid('only one sort is allowed');
  if (value.length === 0) return { property: 'hs_object_id', descending: false };
  const first: unknown =
    typeof value[0] === 'string' && value[0].startsWith('{') ? parseJson(value[0]) : value[0];
  const sort =
    typeof first === 'string' ? { propertyName: first } : (first as Record<string, unknown> | null);
  const name = sort?.['propertyName'];
  const direction = (sort as Record<string, unknown> | null)?.['direction'] ?? 'ASCENDING';
  if (typeof name !== 'string') throw invalid('a sort needs a propertyName');
  const property = name.replace(/^-/, '');
  if (!properties.get(property)) throw invalid(`sort by an unknown property: ${property}`);
  if (direction !== 'ASCENDING' && direction !== 'DESCENDING')
    throw invalid(`unknown direction: ${String(direction)}`);
  return { property, descending: direction === 'DESCENDING' || name.startsWith('-') };
}

function readText(query: unknown, contacts: Contacts): ((version: Version) => boolean) | undefined {
  if (query === undefined || query === null || query === '') return undefined;
  if (typeof query !== 'string') throw invalid('query must be text');
  if (query.length > maxQueryCharacters)
    throw invalid(`query is longer than ${maxQueryCharacters} characters`);
  const wanted = tokens(query);
  return (version) => {
    const found = searchedByText.flatMap((name) => tokens(contacts.value(version, name) ?? ''));
    return wanted.every((token) => found.some((candidate) => candidate.startsWith(token)));
  };
}

// -- values ---------------------------------------------------------------------------------------------------------

type Comparable = string | number;

type Reader = {
  type: PropertyType;
  value: (version: Version) => Comparable | null;
  parse: (text: string) => Comparable;
};

/** Numbers and times compare as numbers, IDs too; the rest as text in lower case. */
function reader(contacts: Contacts, properties: Properties, name: string): Reader {
  const type = properties.get(name)!.type;
  const parse = (text: string) => comparable(text, type);
  const strictly = (text: string) => {
    const value = parse(text);
    if (Number.isNaN(value)) throw invalid(`${name} is a ${type}: ${text} is none`);
    return value;
  };
  if (name === 'hs_object_id') return { type, value: (version) => version.id, parse: strictly };
  if (name === 'createdate') return { type, value: (version) => version.createdAtMs, parse: strictly };
  if (name === 'lastmodifieddate') return { type, value: (version) => version.updatedAtMs, parse: strictly };
  const value = (version: Version) => {
    const text = contacts.value(version, name);
    return text ? parse(text) : null;
  };
  return { type, value, parse: strictly };
}

function comparable(text: string, type: PropertyType): Comparable {
  if (type === 'number') return Number(text);
  if (type === 'date' || type === 'datetime') return toEpochMs(text);
  return text.toLowerCase();
}

/** NEQ, NOT_IN and NOT_CONTAINS_TOKEN also find contacts without a value (unverified). */
function question(filter: Filter, { type, value, parse }: Reader): (version: Version) => boolean {
  const compare = (holds: (found: Comparable, wanted: Comparable) => boolean) => {
    const wanted = parse(filter.value!);
    return (version: Version) => {
      const found = value(version);
      return found !== null && holds(found, wanted);
    };
  };
  switch (filter.operator) {
    case 'EQ':
      return compare((found, wanted) => found === wanted);
    case 'GT':
      return compare((found, wanted) => found > wanted);
    case 'GTE':
      return compare((found, wanted) => found >= wanted);
    case 'LT':
      return compare((found, wanted) => found < wanted);
    case 'LTE':
      return compare((found, wanted) => found <= wanted);
    case 'BETWEEN': {
      const high = parse(filter.highValue!);
      return compare((found, low) => found >= low && found <= high);
    }
    case 'NEQ':
      return not(question({ ...filter, operator: 'EQ' }, { type, value, parse }));
    case 'IN': {
      const wanted = new Set(filter.values!.map(parse));
      return (version) => wanted.has(value(version)!);
    }
    case 'NOT_IN':
      return not(question({ ...filter, operator: 'IN' }, { type, value, parse }));
    case 'HAS_PROPERTY':
      return (version) => value(version) !== null;
    case 'NOT_HAS_PROPERTY':
      return (version) => value(version) === null;
    case 'CONTAINS_TOKEN': {
      const patterns = tokens(filter.value!, '*').map(tokenPattern);
      return (version) => {
        const found = tokens(String(value(version) ?? ''));
        return patterns.every((pattern) => found.some((token) => pattern.test(token)));
      };
    }
    case 'NOT_CONTAINS_TOKEN':
      return not(question({ ...filter, operator: 'CONTAINS_TOKEN' }, { type, value, parse }));
    default:
      throw new Error(`no question for the operator ${filter.operator}`);
  }
}

function not(holds: (version: Version) => boolean): (version: Version) => boolean {
  return (version) => !holds(version);
}

function tokens(text: string, also = ''): string[] {
  return text.toLowerCase().match(also === '*' ? /[\p{L}\p{N}*]+/gu : /[\p{L}\p{N}]+/gu) ?? [];
}

function tokenPattern(token: string): RegExp {
  return new RegExp(`^${token.replaceAll('*', '.*')}$`, 'u');
}
