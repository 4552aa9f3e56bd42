// The columns that are read, and rows as records.
import type { Context, Json, JsonObject, Property } from '#connector';
import { firstOfProperty, partsOf, withFirstOf } from '#connector/first-of';
import { listOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { rowReader } from '#connector/rows';
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
  const described = await describedColumns(context);
  const known = new Set(described.map(({ name }) => name));
  const named = partsOf(properties, phone).filter((name) => known.has(name));
  return {
    select: properties.length > 0 ? [...new Set([...keys, ...named])].toSorted().join(',') : '',
    secured: new Set(described.filter(({ isSecured }) => isSecured).map(({ name }) => name)),
  };
}

/** The names that a mapping may use. */
export async function propertiesOf(context: Context<Settings>): Promise<Property[]> {
  const described = await describedColumns(context);
  return [...described.map(({ isSecured: _, ...property }) => property), firstOfProperty(phone)];
}

/** Without those that are part of another column, such as names behind lookups. */
async function describedColumns({ api, settings }: Context<Settings>) {
  const path = dataPath(settings, "/EntityDefinitions(LogicalName='contact')/Attributes");
  const $select = 'LogicalName,AttributeType,AttributeOf,IsValidForRead,IsSecured,DisplayName';
  const namesContact = (json: Json | undefined) =>
    listOf(valueAt(json, 'value')).some((one) => valueAt(one, 'LogicalName') === 'contactid');
  const { list } = await requestList(api, { path, query: { $select }, isAnswer: namesContact }, 'value');
  return list.flatMap((attribute) => {
    const { LogicalName, AttributeType, AttributeOf, IsValidForRead, IsSecured } = objectOf(attribute);
    if (wordOf(LogicalName) === undefined || wordOf(AttributeOf) !== undefined || IsValidForRead === false)
      return [];
    const type = wordOf(AttributeType) ?? '';
    const name = lookups.includes(type) ? `_${LogicalName}_value` : String(LogicalName);
    const label = wordOf(valueAt(attribute, 'DisplayName.UserLocalizedLabel.Label')) ?? name;
    return [{ name, label, type, isSecured: IsSecured === true }];
  });
}

/** A GUID in lower case, without braces; undefined where it is none. */
export function guidOf(written: Json | undefined): string | undefined {
  if (typeof written !== 'string') return undefined;
  return /^\{?([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\}?$/i.exec(written.trim())?.[1]?.toLowerCase();
}

/** Null in a secured column says nothing, and neither does a number that the user may not see. */
export function recordReader({ secured }: Columns) {
  return rowReader({
    id: 'contactid',
    idOf: guidOf,
    changedAt: 'modifiedon',
    isUnmerged: ({ merged }) => merged === false,
    bodyOf(row: JsonObject, contactid: string) {
      const told = Object.entries(row).filter(
        ([name, value]) => !name.includes('@') && !(value === null && secured.has(name)),
      );
      return withFirstOf({ ...Object.fromEntries(told), contactid }, phone);
    },
  });
}
