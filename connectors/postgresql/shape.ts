// Checks with the catalog whether a table or view can be read without losing a row.
import type { Column, RelationShape } from '#connector';
import type { Settings } from './settings.ts';

/** Types whose texts are exact and which the server compares as it sorts them. */
const keyTypes: readonly string[] = ['int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'bpchar', 'uuid'];

/** What keeps the relation from being read safely, as a sentence with the remedy; null where nothing does. */
export function faultOf(shape: RelationShape, settings: Settings): string | null {
  const { key, updatedAt, deleted } = settings;
  const named = [...key, updatedAt, ...(deleted ? [deleted.column] : [])];
  const missing = named.find((name) => columnOf(shape, name) === undefined);
  if (missing !== undefined)
    return `${nameOf(shape)} has no column "${missing}". Its columns are ${shape.columns.map(({ name }) => name).join(', ')}.`;
  const hidden = named.find((name) => !columnOf(shape, name)?.readable);
  if (hidden !== undefined)
    return `The user has no permission to read the column "${hidden}" of ${nameOf(shape)}.`;
  return keyFault(shape, settings) ?? clockFault(shape, settings);
}

function keyFault(shape: RelationShape, { key }: Settings): string | null {
  const strange = key.map((name) => columnOf(shape, name)!).find(({ type }) => !keyTypes.includes(type));
  if (strange)
    return `The key column "${strange.name}" is of type ${strange.type}. A key must be of type ${keyTypes.join(', ')}: read a view that casts it.`;
  if (shape.kind !== 'table') return null;
  const nullable = key.find((name) => columnOf(shape, name)?.nullable);
  if (nullable !== undefined)
    return `The key column "${nullable}" can be null, and rows without a key cannot be told apart: alter table … alter column "${nullable}" set not null.`;
  if (shape.uniqueKeys.some((columns) => columns.every((name) => key.includes(name)))) return null;
  return `No unique index of ${nameOf(shape)} makes ${key.join(', ')} unique in all rows, so rows could replace each other: use the primary key, or create a unique index.`;
}

function clockFault(shape: RelationShape, { updatedAt, updatedAtZone }: Settings): string | null {
  const { type } = columnOf(shape, updatedAt)!;
  if (type === 'timestamptz') return null;
  if (type === 'timestamp')
    return updatedAtZone === 'UTC'
      ? null
      : `"${updatedAt}" has no time zone. If its values are in UTC, set "updatedAtZone": "UTC". Otherwise alter it to timestamptz, or read a view with ("${updatedAt}" at time zone '…') as "${updatedAt}": at the end of daylight saving time, the repeated hour would hide changes.`;
  return `"${updatedAt}" is of type ${type}, with which changes could be lost: it must be of type timestamptz.`;
}

/** What changes cost where no index helps, as a sentence; null where one does or nobody knows. */
export function indexAdvice(shape: RelationShape, { key, updatedAt }: Settings): string | null {
  if (shape.kind === 'view' || shape.kind === 'foreign table' || shape.indexed.includes(updatedAt))
    return null;
  const columns = [updatedAt, ...key].map((name) => `"${name}"`).join(', ');
  return `No index begins with "${updatedAt}", so each reading of changes scans all rows: create index on ${nameOf(shape)} (${columns}).`;
}

/** The key columns in which the catalog allows null. */
export function nullableKeys({ columns }: RelationShape, { key }: Settings): string[] {
  return columns.filter(({ name, nullable }) => nullable && key.includes(name)).map(({ name }) => name);
}

export function nameOf({ schema, name }: RelationShape): string {
  return `${schema}.${name}`;
}

function columnOf({ columns }: RelationShape, name: string): Column | undefined {
  return columns.find((column) => column.name === name);
}
