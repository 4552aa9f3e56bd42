// The fields that are read: those that the mapping wants and the user may see, because a query fails if it names another one.
import { type Context, type Json, type Property, RejectedError, UnauthorizedError } from '#connector';
import { type Columns, columnsFor, fieldsIn } from '#connector/columns';
import { firstOfProperty } from '#connector/first-of';
import { listOf, objectOf, wordOf } from '#connector/reading';
import { dataPath, type Settings } from './settings.ts';

/** Properties beyond the fields of Salesforce. */
const firstOf: Columns = {
  MobileOrPhone: ['MobilePhone', 'Phone'],
  MailingCountryCodeOrName: ['MailingCountryCode', 'MailingCountry'],
};

/** Selected in every query. */
const keys = ['Id', 'SystemModstamp', 'IsDeleted', 'MasterRecordId'];
/** Only orgs with person accounts have this field. */
export const isPersonAccount = 'IsPersonAccount';
/** Their parts are fields as well. */
const compound = ['address', 'location'];

/** The kind of people that an object holds. */
export interface Kind {
  object: string;
  /** The beginning of its IDs. */
  prefix: string;
  /** The condition for rows that are people. */
  only?: string;
}

/** The columns for these properties, if empty all of them, and the type of each field in them. */
export async function describedColumns(
  context: Context<Settings>,
  kind: Kind,
  properties: readonly string[],
): Promise<{ columns: Columns; types: { [field: string]: string } }> {
  const described = await describedFields(context, kind);
  const types = new Map(described.map(({ name, type }) => [name, type]));
  const known = { described: [...types.keys()], always: ['Id', isPersonAccount], firstOf, namesOf };
  const columns = columnsFor(properties, known);
  if (kind.only && !columns[isPersonAccount])
    throw new RejectedError('This org has no person accounts: remove "personAccounts" from objects.', {
      code: 'no_person_accounts',
    });
  const read = fieldsIn(columns).map((name) => [name, types.get(name)!]);
  return { columns, types: Object.fromEntries(read) };
}

/** The names that a mapping may use, including the corresponding names of contacts. */
export async function propertiesOf(context: Context<Settings>, kind: Kind): Promise<Property[]> {
  const fields = (await describedFields(context, kind)).flatMap((field) =>
    [...new Set([field.name, contactNameOf(field.name, kind.object)])].map((name) => ({ ...field, name })),
  );
  const derived = Object.entries(firstOf).map(([name, of]) => firstOfProperty({ name, of, type: 'string' }));
  return [...fields, ...derived];
}

/** The fields that the user may see. */
async function describedFields({ api, settings }: Context<Settings>, { object }: Kind): Promise<Property[]> {
  const fieldsIn = (json: Json | undefined) =>
    listOf(objectOf(json)['fields']).flatMap((field) => {
      const { name, label, type } = objectOf(field);
      const word = wordOf(name);
      return word === undefined
        ? []
        : [{ name: word, label: wordOf(label) ?? word, type: wordOf(type) ?? '' }];
    });
  const { status, json } = await api.request({
    path: dataPath(settings, `/sobjects/${object}/describe`),
    answers: [404],
    isAnswer: (json) => fieldsIn(json).some(({ name }) => name === 'Id'),
  });
  if (status === 404)
    throw new UnauthorizedError(
      `Salesforce does not show ${object} to the user of the app: grant read access to the object.`,
      { status },
    );
  return fieldsIn(json).filter(({ type }) => !compound.includes(type));
}

/**
 * The field names of leads and person accounts that correspond to one of contacts, so that one mapping serves all objects. A
 * field of the name itself comes first.
 */
function namesOf(property: string): string[] {
  const own = [property, `Person${property}`, property.replace(/__c$/, '__pc')];
  return property.startsWith('Mailing') ? [...own, property.slice('Mailing'.length)] : own;
}

function contactNameOf(name: string, object: string): string {
  if (object === 'Lead') return name.replace(/^(?=Street|City|State|PostalCode|Country)/, 'Mailing');
  return object === 'Account' ? name.replace(/^Person(?=[A-Z])/, '').replace(/__pc$/, '__c') : name;
}

/** Fields to select. */
export function fieldsOf(columns: Columns): string[] {
  return fieldsIn(columns, keys);
}
