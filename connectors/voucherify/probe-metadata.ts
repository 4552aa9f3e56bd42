// Metadata that a throwaway customer can have under any schema: two keys for experiments, and the keys that the schema
// requires.
import type { Json, JsonObject, MetadataDefinition, MetadataSchema } from '#connector';

export interface ProbeMetadata {
  /** Two keys that take any text; null where the schema defines no two and allows no others. */
  keys: readonly [string, string] | null;
  /** A value for every key that is required; null where none could be found for one of them. */
  required: JsonObject | null;
}

export function probeMetadata(schema: MetadataSchema | null): ProbeMetadata {
  return { keys: keysOf(schema), required: requiredOf(schema?.definitions ?? {}) };
}

/** Keys of its own touch no segment; where only defined ones are allowed, those that take any text. */
function keysOf(schema: MetadataSchema | null): readonly [string, string] | null {
  if (!schema?.definedOnly) return ['tributary_probe_a', 'tributary_probe_b'];
  const free = Object.entries(schema.definitions).filter(([, definition]) => takesAnyText(definition));
  const [first, second] = free.map(([key]) => key);
  return first !== undefined && second !== undefined ? [first, second] : null;
}

function takesAnyText(definition: MetadataDefinition): boolean {
  const { type, array, required, ...rules } = definition;
  return type === 'string' && !array && !required && Object.keys(rules).length === 0;
}

function requiredOf(definitions: { [key: string]: MetadataDefinition }): JsonObject | null {
  const entries = Object.entries(definitions)
    .filter(([, definition]) => definition.required)
    .map(([key, definition]) => [key, fitting(definition)] as const);
  return entries.every(([, value]) => value !== undefined)
    ? (Object.fromEntries(entries) as JsonObject)
    : null;
}

/** A value that the definition admits, or undefined where none of the usual ones is. */
export function fitting(definition: MetadataDefinition): Json | undefined {
  const value = definition.oneOf
    ? definition.oneOf[0]
    : candidates(definition).find((one) => admits(definition, one));
  if (value === undefined) return undefined;
  return definition.array ? [value] : value;
}

function candidates(definition: MetadataDefinition): Json[] {
  const { type, atLeast, moreThan, atMost, lessThan, exactLength, minLength, maxLength } = definition;
  switch (type) {
    case 'string': {
      const length =
        exactLength ?? Math.min(Math.max(minLength ?? 0, 5), maxLength ?? Number.POSITIVE_INFINITY);
      return ['p', 'q', 'r'].map((letter) => letter.repeat(length));
    }
    case 'number': {
      const low = atLeast ?? (moreThan === undefined ? undefined : moreThan + 1);
      const high = atMost ?? (lessThan === undefined ? undefined : lessThan - 1);
      const between = ((atLeast ?? moreThan ?? 0) + (atMost ?? lessThan ?? 0)) / 2;
      return [0, 1, 2, low, high, between].filter((one) => one !== undefined);
    }
    case 'boolean':
      return [false, true];
    case 'date':
      return ['2000-01-31', '2001-01-31'];
    case 'datetime':
      return ['2000-01-31T00:00:00Z', '2001-01-31T00:00:00Z'];
    case 'image_url':
      return ['https://example.com/probe.png', 'https://example.com/probe-2.png'];
    case 'geopoint':
      return ['0,0', '1,1'];
    case 'object': {
      const value = requiredOf(definition.properties ?? {});
      return value === null ? [] : [value];
    }
  }
}

function admits(
  { notEqual, noneOf, lessThan, atMost, moreThan, atLeast }: MetadataDefinition,
  value: Json,
): boolean {
  if (value === notEqual || noneOf?.includes(value)) return false;
  if (typeof value !== 'number') return true;
  return (
    (lessThan === undefined || value < lessThan) &&
    (atMost === undefined || value <= atMost) &&
    (moreThan === undefined || value > moreThan) &&
    (atLeast === undefined || value >= atLeast)
  );
}
