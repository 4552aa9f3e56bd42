// Voucherify's metadata schema in the types of the door.
// Shape: OpenAPI `MetadataSchemaDefinition` (https://docs.voucherify.io/api-reference/metadata-schemas); camelCase in
// v1.
import type { Json, JsonObject, MetadataDefinition, MetadataSchema } from '#connector';
import { isObject } from './payload.ts';

const types: readonly string[] = [
  'string',
  'number',
  'boolean',
  'date',
  'datetime',
  'image_url',
  'geopoint',
  'object',
] satisfies MetadataDefinition['type'][];

/** The customers' schema among all of the project, nested objects resolved by name; null where it has none. */
export function customerSchemaOf(listing: JsonObject): MetadataSchema | null {
  const schemas = (Array.isArray(listing['schemas']) ? listing['schemas'] : []).filter(isObject);
  const byName = new Map(schemas.map((schema) => [schema['related_object'], schema]));
  const customers = byName.get('customer');
  if (!customers) return null;
  return {
    definedOnly: customers['allow_defined_only'] === true,
    definitions: definitionsOf(customers, (objectType) => {
      const nested = byName.get(objectType);
      // One level: a nested object holds no other.
      return nested && definitionsOf(nested, () => undefined);
    }),
  };
}

type Definitions = MetadataSchema['definitions'];
type Resolve = (objectType: Json | undefined) => Definitions | undefined;

function definitionsOf(schema: JsonObject, nested: Resolve): Definitions {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const entries: [string, MetadataDefinition][] = [];
  for (const [key, definition] of Object.entries(properties)) {
    // A removed definition is listed until it is purged, but no longer holds.
    if (!isObject(definition) || definition['deleted'] === true) continue;
    const read = definitionOf(definition, nested);
    if (read) entries.push([key, read]);
  }
  return Object.fromEntries(entries);
}

/** Undefined for a type that is newer than this file: such a key goes unchecked. */
function definitionOf(definition: JsonObject, nested: Resolve): MetadataDefinition | undefined {
  const { type } = definition;
  if (typeof type !== 'string' || !types.includes(type)) return undefined;
  const properties = type === 'object' ? nested(definition['objectType']) : undefined;
  return {
    type: type as MetadataDefinition['type'],
    array: definition['array'] === true,
    required: definition['optional'] === false,
    ...list('oneOf', definition['eq']),
    ...refused(definition['ne']),
    ...number('lessThan', definition['lt']),
    ...number('atMost', definition['lte']),
    ...number('moreThan', definition['gt']),
    ...number('atLeast', definition['gte']),
    ...number('minLength', definition['minLength']),
    ...number('maxLength', definition['maxLength']),
    ...number('exactLength', definition['exactLength']),
    ...(properties && { properties }),
  };
}

function list(name: 'oneOf' | 'noneOf', value: Json | undefined): Partial<MetadataDefinition> {
  return Array.isArray(value) && value.length > 0 ? { [name]: value } : {};
}

/** Voucherify sends a list; the door has a word of its own for one number. */
function refused(value: Json | undefined): Partial<MetadataDefinition> {
  const only = Array.isArray(value) && value.length === 1 ? value[0] : undefined;
  return typeof only === 'number' ? { notEqual: only } : list('noneOf', value);
}

function number(name: keyof MetadataDefinition, value: Json | undefined): Partial<MetadataDefinition> {
  return typeof value === 'number' ? { [name]: value } : {};
}
