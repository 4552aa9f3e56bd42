// The fields that are read: those that the mapping wants and the user may see, because a query fails if it names another one.
import {
  type Context,
  type Json,
  type JsonObject,
  type Property,
  RejectedError,
  UnauthorizedError,
} from '#connector';
import { listOf, objectOf, wordOf } from '#connector/reading';
import { dataPath, type Settings } from './settings.ts';

/** For each property of a body the fields that it may come from: the first one that is filled. */
export type Columns = { readonly [property: string]: readonly string[] };

/** Properties beyond the fields of Salesforce. */
const firstOf: Columns = {
  MobileOrPhone: ['MobilePhone', 'Phone'],
  MailingCountryCodeOrName: ['MailingCountryCode', 'MailingCountry'],
};

/** Only orgs with person accounts have this field. */
export const isPersonAccount = 'IsPersonAccount';

/** Their parts are fields as well. */
const compound = ['address', 'location'];

/** The fields that the user may see. */
async function fieldsOf({ api, settings }: Context<Settings>, object: string): Promise<JsonObject[]> {
  const path = dataPath(settings, `/sobjects/${object}/describe`);
  try {
    const { json } = await api.request({
      path,
      isAnswer: (json) => namedFields(json).some(({ name }) => name === 'Id'),
    });
    return namedFields(json).filter(({ type }) => !compound.includes(String(type)));
  } catch (error) {
    if (!(error instanceof RejectedError && error.code === 'NOT_FOUND')) throw error;
    throw new UnauthorizedError(
      `Salesforce does not show ${object} to the user of the app: grant read access to the object.`,
      { status: 404, cause: error },
    );
  }
}

function namedFields(json: Json | undefined): JsonObject[] {
  return listOf(objectOf(json)['fields'])
    .map(objectOf)
    .filter(({ name }) => wordOf(name) !== undefined);
}

/** `properties`: if empty, all fields. */
export async function columnsOf(
  context: Context<Settings>,
  object: string,
  properties: readonly string[],
): Promise<Columns> {
  return columnsIn(await fieldsOf(context, object), properties);
}

/** The same with the type of each field. */
export async function typedColumnsOf(
  context: Context<Settings>,
  object: string,
  properties: readonly string[],
): Promise<{ columns: Columns; types: { [field: string]: string } }> {
  const described = await fieldsOf(context, object);
  const columns = columnsIn(described, properties);
  const read = new Set(fieldsIn(columns));
  const types = described
    .filter(({ name }) => read.has(String(name)))
    .map(({ name, type }) => [String(name), String(type)]);
  return { columns, types: Object.fromEntries(types) };
}

function columnsIn(described: readonly JsonObject[], properties: readonly string[]): Columns {
  const known = new Set(described.map(({ name }) => String(name)));
  const fieldOf = (property: string) => namesOf(property).find((name) => known.has(name)) ?? [];
  const wanted = properties.length > 0 ? properties : [...known, ...Object.keys(firstOf)];
  const columns = [...new Set(['Id', isPersonAccount, ...wanted])].map(
    (property) => [property, (firstOf[property] ?? [property]).flatMap(fieldOf)] as const,
  );
  return Object.fromEntries(columns.filter(([, fields]) => fields.length > 0));
}

/**
 * The field names of leads and person accounts that correspond to one of contacts, so that one mapping serves all objects. A
 * field of the name itself comes first.
 */
function namesOf(property: string): string[] {
  const own = [property, `Person${property}`, property.replace(/__c$/, '__pc')];
  return property.startsWith('Mailing') ? [...own, property.slice('Mailing'.length)] : own;
}

/** The names that a mapping may use, including the corresponding names of contacts. */
export async function propertiesOf(context: Context<Settings>, object: string): Promise<Property[]> {
  const fields = (await fieldsOf(context, object)).flatMap((field) => {
    const name = String(field['name']);
    const property = { label: wordOf(field['label']) ?? name, type: wordOf(field['type']) ?? '' };
    return [...new Set([name, contactNameOf(name, object)])].map((name) => ({ name, ...property }));
  });
  const derived = Object.entries(firstOf).map(([name, of]) => ({
    name,
    label: of.join(', else '),
    type: 'string',
  }));
  return [...fields, ...derived];
}

function contactNameOf(name: string, object: string): string {
  if (object === 'Lead')
    return /^(Street|City|State|PostalCode|Country)/.test(name) ? `Mailing${name}` : name;
  return object === 'Account' ? name.replace(/^Person(?=[A-Z])/, '').replace(/__pc$/, '__c') : name;
}

/** Fields to select. */
export function fieldsIn(columns: Columns): string[] {
  return [...new Set(Object.values(columns).flat())];
}

/** An empty field is null; one that is absent says nothing. */
export function bodyOf(row: JsonObject, columns: Columns): JsonObject {
  const values = Object.entries(columns).map(([property, fields]): [string, Json | undefined] => {
    const given = fields.map((field) => row[field]).filter((value) => value !== undefined);
    return [property, given.find((value) => value !== null) ?? given[0]];
  });
  return Object.fromEntries(values.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
