// The customer metadata schema and what it says of a metadata object. It does not know how metadata is stored or merged.
import { isObject } from './customer-body.ts';
import { ErrorResponse } from './error-response.ts';

/** One definition, in the camelCase of `GET /v1/metadata-schemas` (https://docs.voucherify.io/api-reference/metadata-schemas). */
export type MetadataDefinition = {
  type: 'string' | 'number' | 'boolean' | 'date' | 'datetime' | 'image_url' | 'geopoint' | 'object';
  array?: boolean;
  /** Default true. `false` makes the key required. */
  optional?: boolean;
  /** The name of the schema in `objects` that an `object` follows. */
  objectType?: string | null;
  eq?: readonly (string | number)[];
  ne?: readonly (string | number)[];
  lt?: number;
  lte?: number;
  gt?: number;
  gte?: number;
  minLength?: number;
  maxLength?: number;
  exactLength?: number;
  /** Removed but not purged: listed, no longer validated. */
  deleted?: boolean;
};

export type MetadataSchema = {
  properties: Record<string, MetadataDefinition>;
  /** Default false: other keys are accepted unseen. */
  allow_defined_only?: boolean;
  /** Custom schemas named by `objectType`; they cannot nest further. */
  objects?: Record<string, Omit<MetadataSchema, 'objects'>>;
};

/**
 * The 400 for a metadata object that breaks the schema, or nothing.
 * @param required whether absent required keys count.
 */
export function checkMetadata(
  metadata: Record<string, unknown>,
  schema: MetadataSchema | undefined,
  required: boolean,
): ErrorResponse | undefined {
  if (!schema) return undefined;
  const faults = faultsOf(metadata, schema, schema.objects ?? {}, required);
  if (faults.length === 0) return undefined;
  return new ErrorResponse(
    400,
    'metadata_validation_failed',
    'Metadata validation failed',
    faults.map(({ key, fault }) => `${key}: ${fault}`).join('; '),
  );
}

function faultsOf(
  metadata: Record<string, unknown>,
  schema: Omit<MetadataSchema, 'objects'>,
  objects: NonNullable<MetadataSchema['objects']>,
  required: boolean,
): { key: string; fault: string }[] {
  const faults: { key: string; fault: string }[] = [];
  const add = (key: string, text: string, value: unknown) =>
    faults.push({ key, fault: `${text} (actual value is ${quoted(value)})` });
  for (const [key, definition] of Object.entries(schema.properties)) {
    if (definition.deleted) continue;
    const value = metadata[key];
    if (value === undefined || value === null) {
      const missing = definition.optional === false && (required || value === null);
      if (missing) add(key, requirement(definition), value);
      continue;
    }
    const values = definition.array ? value : [value];
    const nested = definition.type === 'object' && objects[definition.objectType ?? ''];
    if (!Array.isArray(values) || !values.every((item) => satisfies(item, definition)))
      add(key, requirement(definition), value);
    else if (nested)
      for (const item of values)
        for (const { key: inner, fault } of faultsOf(item, nested, {}, true))
          faults.push({ key: `${key}.${inner}`, fault });
  }
  if (schema.allow_defined_only)
    for (const key of Object.keys(metadata)) {
      const definition = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
      if (!definition || definition.deleted) add(key, 'property is not defined', metadata[key]);
    }
  return faults;
}

const HTTP_URL = /^https?:\/\/\S+$/;

const DATE = /^\d{4}-\d{2}-\d{2}$/;

const DATETIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;

const GEOPOINT = /^(-?\d+(?:\.\d+)?), ?(-?\d+(?:\.\d+)?)$/;

const isA: Record<MetadataDefinition['type'], (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  date: (value) => typeof value === 'string' && DATE.test(value) && isRealDay(value),
  datetime: (value) => typeof value === 'string' && DATETIME.test(value) && !Number.isNaN(Date.parse(value)),
  image_url: (value) => typeof value === 'string' && HTTP_URL.test(value),
  geopoint: (value) => {
    const parts = typeof value === 'string' ? GEOPOINT.exec(value) : null;
    return parts !== null && Math.abs(Number(parts[1])) <= 90 && Math.abs(Number(parts[2])) <= 180;
  },
  object: isObject,
};

function satisfies(value: unknown, definition: MetadataDefinition): boolean {
  if (!isA[definition.type](value)) return false;
  const { eq, ne, lt, lte, gt, gte, minLength, maxLength, exactLength } = definition;
  if (eq && !eq.includes(value as string | number)) return false;
  if (ne?.includes(value as string | number)) return false;
  if (typeof value === 'number')
    return !(
      (lt !== undefined && !(value < lt)) ||
      (lte !== undefined && !(value <= lte)) ||
      (gt !== undefined && !(value > gt)) ||
      (gte !== undefined && !(value >= gte))
    );
  if (definition.type !== 'string') return true;
  const { length } = value as string;
  return !(
    (minLength !== undefined && length < minLength) ||
    (maxLength !== undefined && length > maxLength) ||
    (exactLength !== undefined && length !== exactLength)
  );
}

/** All that a definition asks for, as the official examples list it, whichever part failed. */
function requirement(definition: MetadataDefinition): string {
  const { type, eq, ne, lt, lte, gt, gte, minLength, maxLength, exactLength } = definition;
  const parts = [definition.array ? `must be an array of type ${type}` : `must be ${NOUNS[type]}`];
  if (definition.optional === false) parts.push('property is required');
  if (eq) parts.push(`must be equal to one of ${eq.join(',')}`);
  if (ne) parts.push(`must not be equal to any of ${ne.join(',')}`);
  if (lt !== undefined) parts.push(`must be less than ${lt}`);
  if (lte !== undefined) parts.push(`must be less than or equal to ${lte}`);
  if (gt !== undefined) parts.push(`must be greater than ${gt}`);
  if (gte !== undefined) parts.push(`must be greater than or equal to ${gte}`);
  if (minLength !== undefined) parts.push(`must have at least ${minLength} characters`);
  if (maxLength !== undefined) parts.push(`must have at most ${maxLength} characters`);
  if (exactLength !== undefined) parts.push(`must have exactly ${exactLength} characters`);
  return parts.join(', ');
}

const NOUNS: Record<MetadataDefinition['type'], string> = {
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  date: 'a date',
  datetime: 'a datetime',
  image_url: 'an image url',
  geopoint: 'a geopoint',
  object: 'an object',
};

function quoted(value: unknown): string {
  return `'${typeof value === 'string' ? value : JSON.stringify(value)}'`;
}

/** `Date.parse` takes 30 February for 1 March. */
function isRealDay(value: string): boolean {
  const ms = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value);
}

/** Every schema of the project as `GET /v1/metadata-schemas` shows it: the customer's, then the custom ones. */
export function schemaResources(schema: MetadataSchema | undefined, sinceMs: number) {
  if (!schema) return [];
  const all = Object.entries({ customer: schema, ...schema.objects });
  return all.map(([name, { properties, allow_defined_only = false }], index) => ({
    id: `ms_${String(index + 1).padStart(24, '0')}`,
    related_object: name,
    properties: Object.fromEntries(
      Object.entries(properties).map(([key, definition]) => [
        key,
        { array: false, optional: true, objectType: null, ...definition },
      ]),
    ),
    allow_defined_only,
    created_at: new Date(sinceMs).toISOString(),
    updated_at: null,
    object: 'metadata_schema' as const,
  }));
}
