// The properties of bodies, each with the fields of the vendor that it may come from: only fields that the vendor describes are
// requested, because many a vendor refuses a request that names another one. It knows no vendor.
import type { Json, JsonObject } from './json.ts';

/** For each property the fields that it may come from: the first one that is filled. */
export type Columns = { readonly [property: string]: readonly string[] };

/**
 * The columns of these properties, if empty of all that there are, as far as the vendor describes fields for them. `always`: properties
 * that are read besides. `firstOf`: properties beyond the vendor's, made of several. `namesOf`: the names that a field may have for a
 * property, the preferred one first. Default: that of the property.
 */
export function columnsFor(
  properties: readonly string[],
  {
    described,
    always = [],
    firstOf = {},
    namesOf = (property) => [property],
  }: {
    described: readonly string[];
    always?: readonly string[];
    firstOf?: Columns;
    namesOf?(property: string): readonly string[];
  },
): Columns {
  const known = new Set(described);
  const fieldOf = (property: string) => namesOf(property).find((name) => known.has(name)) ?? [];
  const wanted = properties.length > 0 ? properties : [...described, ...Object.keys(firstOf)];
  const columns = [...new Set([...always, ...wanted])].map(
    (property) => [property, (firstOf[property] ?? [property]).flatMap(fieldOf)] as const,
  );
  return Object.fromEntries(columns.filter(([, fields]) => fields.length > 0));
}

/** The fields to request, with those that are requested of every row. */
export function fieldsIn(columns: Columns, keys: readonly string[] = []): string[] {
  return [...new Set([...keys, ...Object.values(columns).flat()])];
}

/** The body of a row by its columns. An empty field is null; one that is absent says nothing. */
export function bodyBy(columns: Columns, row: JsonObject): JsonObject {
  const values = Object.entries(columns).flatMap(([property, fields]): [string, Json][] => {
    const given = fields.map((field) => row[field]).filter((value) => value !== undefined);
    return given.length === 0 ? [] : [[property, given.find((value) => value !== null) ?? null]];
  });
  return Object.fromEntries(values);
}
