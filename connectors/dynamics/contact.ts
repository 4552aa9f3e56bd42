// The columns that are read, and rows as records.
import type { Context, Json, JsonObject, Property, SourceRecord } from '#connector';
import { firstOfProperty, partsOf, withFirstOf } from '#connector/first-of';
import { gone, type Mergeable } from '#connector/merges';
import { momentOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { dataPath, type Settings } from './settings.ts';

/** Selected in every request. */
const keys = ['contactid', 'modifiedon', 'statecode', 'merged', '_masterid_value'];
const phone = { name: 'mobilephone_or_telephone1', of: ['mobilephone', 'telephone1'], type: 'String' };
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
  const named = partsOf(properties, phone).filter((name) => known.has(name));
  return {
    select: properties.length > 0 ? [...new Set([...keys, ...named])].toSorted().join(',') : '',
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
  return [...properties, firstOfProperty(phone)];
}

/** Without those that are part of another column, such as names behind lookups. */
async function attributesOf({ api, settings }: Context<Settings>): Promise<JsonObject[]> {
  const path = dataPath(settings, "/EntityDefinitions(LogicalName='contact')/Attributes");
  const $select = 'LogicalName,AttributeType,AttributeOf,IsValidForRead,IsSecured,DisplayName';
  const { list } = await requestList(api, { path, query: { $select }, isAnswer: namesContact }, 'value');
  return list.map(objectOf).filter(({ LogicalName, AttributeOf, IsValidForRead }) => {
    const isPart = wordOf(AttributeOf) !== undefined;
    return wordOf(LogicalName) !== undefined && !isPart && IsValidForRead !== false;
  });
}

function namesContact(json: Json | undefined): boolean {
  const attributes = valueAt(json, 'value') as Json[];
  return attributes.some((one) => valueAt(one, 'LogicalName') === 'contactid');
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
export function recordOf(row: Json | undefined, { secured }: Columns): SourceRecord | undefined {
  const json = objectOf(row);
  const recordId = guidOf(json['contactid']);
  const changedAt = momentOf(json['modifiedon']);
  if (recordId === undefined || changedAt === undefined) return undefined;
  const told = Object.entries(json).filter(
    ([name, value]) => !name.includes('@') && !(value === null && secured.has(name)),
  );
  // A number that the user may not see says nothing.
  const body = withFirstOf({ ...Object.fromEntries(told), contactid: recordId }, phone);
  return { recordId, changedAt, body, ...(json['merged'] === false && { unmerged: true }) };
}

/** A contact that was merged stays as an inactive row. */
export function mergeable(record: SourceRecord): Mergeable {
  const { merged, _masterid_value } = record.body;
  const mergedInto = merged === true ? guidOf(_masterid_value) : undefined;
  return { record: mergedInto === undefined ? record : gone(record), mergedInto };
}

/** A row of changes that says that a contact was deleted, which has no time. */
export function deletionOf(row: Json, deletedAt: number): SourceRecord | undefined {
  const { '@odata.context': context, id, reason } = objectOf(row);
  const recordId = guidOf(id);
  const isDeletion = /#contacts\/\$deletedEntity$/.test(String(context)) && reason === 'deleted';
  return isDeletion && recordId !== undefined ? gone({ recordId, changedAt: deletedAt }) : undefined;
}
