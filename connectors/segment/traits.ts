// Traits of Segment, with each reserved trait also under one common name. They arrive a few at a time and each has its
// own time, so a trait that is absent is never written.
// Source: segment.com/docs/connections/spec/identify and /group, "Traits": either letter case is allowed.
import type { Json, JsonObject } from '#connector';
import { objectOf } from '#connector/reading';

/** The reserved traits of two words. */
const twoWords = { firstName: 'first_name', lastName: 'last_name', createdAt: 'created_at' };
const addressParts = ['street', 'city', 'state', 'postal_code', 'country'];

/**
 * The traits as given, and beside them: reserved ones in snake_case, the parts of an address apart (`address.city`), and
 * the full name where a first and a last name came without one, as Segment itself does it. What was given stands.
 */
export function readTraits(given: JsonObject): JsonObject {
  const traits = { ...snakeCased(given, twoWords), ...addressOf(given['address']), ...given };
  const { first_name: first, last_name: last } = traits;
  if (traits['name'] !== undefined || first === undefined || last === undefined) return traits;
  const name = joined(first, last);
  return name === undefined ? traits : { ...traits, name };
}

/** The name, else the first and the last name. Undefined where nothing was ever said, null where it was emptied. */
export function fullName(body: JsonObject): Json | undefined {
  const { name, first_name: first, last_name: last } = body;
  if (name !== undefined && name !== null && name !== '') return name;
  const parts = joined(first, last);
  return parts ?? (name === undefined ? parts : null);
}

/** Texts joined by a blank; null where all that is there is empty, undefined where nothing is, or no text. */
function joined(...parts: readonly (Json | undefined)[]): string | null | undefined {
  const said = parts.filter((part) => part !== undefined);
  const texts = said.filter((part) => typeof part === 'string').map((part) => part.trim());
  const text = texts.filter(Boolean).join(' ');
  if (text !== '') return text;
  return said.length > 0 && said.every((part) => part === null || part === '') ? null : undefined;
}

function snakeCased(given: JsonObject, names: { readonly [camelCase: string]: string }): JsonObject {
  return Object.fromEntries(
    Object.entries(names).flatMap(([camelCase, name]) =>
      given[camelCase] === undefined ? [] : [[name, given[camelCase]]],
    ),
  );
}

/**
 * Each part that the address names, or all of them as null where the address itself is null. Apart, an address that
 * names only its city leaves the street of before as it was.
 */
function addressOf(address: Json | undefined): JsonObject {
  if (address === undefined) return {};
  if (address === null) return Object.fromEntries(addressParts.map((part) => [`address.${part}`, null]));
  const parts = { ...snakeCased(objectOf(address), { postalCode: 'postal_code' }), ...objectOf(address) };
  return Object.fromEntries(
    addressParts.flatMap((part) => (parts[part] === undefined ? [] : [[`address.${part}`, parts[part]]])),
  );
}
