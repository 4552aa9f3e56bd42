// The columns that are read, and rows as records.
import type { Context, Json, JsonObject, Property, SourceRecord } from '#connector';
import { firstFilled, listOf, momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { dataPath, type Settings } from './settings.ts';

/** Selected in every request. */
const keys = ['contactid', 'modifiedon', 'statecode', 'merged', '_masterid_value'];
/** A property beyond the columns: the first of these that is filled. */
const phone = { name: 'mobilephone_or_telephone1', columns: ['mobilephone', 'telephone1'] };
const lookups = ['Lookup', 'Customer', 'Owner'];

export interface Columns {
  /** The value of `$select`; empty: all columns. */
  select: string;
  /** Columns with column-level security: the answer has null in place of a value that the user may not see. */
  secured: ReadonlySet<string>;
}

/** The columns among `properties` that exist, because one unknown column fails a request. `properties`: if empty, all. */
export async function columnsOf(context: Context<Settings>, properties: readonly string[]): Promise<Columns> {
  const attributes = await attributesOf(context);
  const known = new Set(attributes.map(columnName));
  const named = properties.flatMap((name) => (name === phone.name ? phone.columns : name));
  const wanted = [...new Set([...keys, ...named.filter((name) => known.has(name))])];
  return {
    select: properties.length > 0 ? wanted.toSorted().join(',') : '',
    secured: new Set(attributes.filter(({ IsSecured }) => IsSecured === true).map(columnName)),
  };
}

/** The names that a mapping may use. */
export async function propertiesOf(context: Context<Settings>): Promise<Property[]> {
  const properties = (await attributesOf(context)).map((attribute) => ({
    name: columnName(attribute),
    label: wordOf(valueAt(attribute, 'DisplayName.UserLocalizedLabel.Label')) ?? columnName(attribute),
    type: wordOf(attribute['AttributeType']) ?? '',
  }));
  return [...properties, { name: phone.name, label: phone.columns.join(', else '), type: 'String' }];
}

async function attributesOf({ api, settings }: Context<Settings>): Promise<JsonObject[]> {
  const { json } = await api.request({
    path: dataPath(settings, "/EntityDefinitions(LogicalName='contact')/Attributes"),
    query: {
      $select: 'LogicalName,AttributeType,AttributeOf,IsValidForRead,IsSecured,DisplayName',
    },
    isAnswer: (json) => namedRows(json).some(({ LogicalName }) => LogicalName === 'contactid'),
  });
  // The others, such as names behind lookups, are part of another column.
  return namedRows(json).filter(
    ({ AttributeOf, IsValidForRead }) => wordOf(AttributeOf) === undefined && IsValidForRead !== false,
  );
}

function namedRows(json: Json | undefined): JsonObject[] {
  return listOf(objectOf(json)['value'])
    .map(objectOf)
    .filter(({ LogicalName }) => wordOf(LogicalName) !== undefined);
}

function columnName({ LogicalName, AttributeType }: JsonObject): string {
  return lookups.includes(String(AttributeType)) ? `_${LogicalName}_value` : String(LogicalName);
}

/** A GUID in lower case, without braces; undefined where it is none. */
export function guidOf(written: unknown): string | undefined {
  if (typeof written !== 'string') return undefined;
  return /^\{?([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\}?$/i.exec(written.trim())?.[1]?.toLowerCase();
}

/** Undefined where it has no ID or no time of change. Null in a secured column says nothing. */
export function recordOf(row: Json, { secured }: Columns): SourceRecord | undefined {
  const json = objectOf(row);
  const recordId = guidOf(json['contactid']);
  const changedAt = momentOf(json['modifiedon']);
  if (recordId === undefined || changedAt === undefined) return undefined;
  const told = Object.entries(json).filter(
    ([name, value]) => !name.includes('@') && !(value === null && secured.has(name)),
  );
  const body: JsonObject = Object.fromEntries(told);
  // A number that the user may not see says nothing.
  const number = firstFilled(body, phone.columns);
  return {
    recordId,
    changedAt,
    body: { ...body, ...(number !== undefined && { [phone.name]: number }), contactid: recordId },
    ...(json['merged'] === false && { unmerged: true }),
  };
}

/** The contact that this one was merged into. It stays as an inactive row. */
export function masterOf({ body }: SourceRecord): string | undefined {
  return body['merged'] === true ? guidOf(body['_masterid_value']) : undefined;
}

/** A row of changes that says that a contact was deleted, which has no time. */
export function deletionOf(row: Json, deletedAt: number): SourceRecord | undefined {
  const { '@odata.context': context, id, reason } = objectOf(row);
  const recordId = guidOf(id);
  const isDeletion = /#contacts\/\$deletedEntity$/.test(String(context)) && reason === 'deleted';
  return isDeletion && recordId !== undefined
    ? { recordId, changedAt: deletedAt, deleted: true, body: {} }
    : undefined;
}
