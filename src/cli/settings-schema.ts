// The JSON schema of the configuration, looked up by the path of a setting. It knows no command.
import { readFileSync } from 'node:fs';
import { nearestName } from '../customer/nearest.ts';
import { schemaFile } from './draft.ts';
import { CommandError, exitCodes } from './errors.ts';

export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  anyOf?: Schema[];
  items?: Schema;
  properties?: { [key: string]: Schema };
  additionalProperties?: boolean | Schema;
  required?: string[];
  definitions?: { [name: string]: Schema };
}

export function readSchema(): Schema {
  return JSON.parse(readFileSync(schemaFile, 'utf8')) as Schema;
}

/**
 * What the schema says of a setting such as `sources.crm.schedule`. `connectorOf`: the connector of `destination` or of
 * a source, which decides what there is below it. Throws CommandError where there is no such setting.
 */
export function settingAt(
  root: Schema,
  path: string,
  connectorOf: (name: string) => string | null,
): { schema: Schema; isRequired: boolean } {
  const keys = path.split('.').flatMap((key) => key.split(/(?=\[)/));
  let at = { schema: root, isRequired: true };
  keys.forEach((key, index) => {
    const isPart = (keys[0] === 'sources' && index === 1) || (keys[0] === 'destination' && index === 0);
    const before = keys.slice(0, index).join('.');
    at = stepOf(root, at.schema, key, before);
    if (!isPart) return;
    const connector = connectorOf(key);
    const kind = keys[0] === 'destination' ? 'destination' : 'source';
    const branch = connector === null ? undefined : root.definitions?.[`${kind}:${connector}`];
    if (branch) at = { ...at, schema: branch };
    else if (index < keys.length - 1) throw unknownConnector(before === '' ? key : `${before}.${key}`);
  });
  return at;
}

function stepOf(root: Schema, from: Schema, key: string, before: string) {
  const schema = objectIn(root, from);
  if (/^\[\d+\]$/.test(key) && schema.items)
    return { schema: resolved(root, schema.items), isRequired: false };
  const found = schema.properties?.[key];
  if (found) return { schema: resolved(root, found), isRequired: schema.required?.includes(key) ?? false };
  if (typeof schema.additionalProperties === 'object')
    return { schema: resolved(root, schema.additionalProperties), isRequired: false };
  const elsewhere = before === '' ? partsWith(root, key) : [];
  throw unknownSetting(key, before, elsewhere, Object.keys(schema.properties ?? {}));
}

/** Where a key stands that was named without its source or `destination`. */
function partsWith(root: Schema, key: string): string[] {
  const names = Object.entries(root.definitions ?? {})
    .filter(([, { properties = {} }]) => Object.hasOwn(properties, key))
    .map(([name]) => (name.startsWith('source:') ? `sources.NAME.${key}` : `destination.${key}`));
  return [...new Set(names)].sort();
}

/** Of alternatives the one that has keys. */
function objectIn(root: Schema, schema: Schema): Schema {
  const found = resolved(root, schema);
  const hasKeys = (one: Schema) =>
    one.properties !== undefined || typeof one.additionalProperties === 'object' || one.items !== undefined;
  if (hasKeys(found) || !found.anyOf) return found;
  return found.anyOf.map((one) => objectIn(root, one)).find(hasKeys) ?? found;
}

export function resolved(root: Schema, schema: Schema): Schema {
  const name = schema.$ref?.replace('#/definitions/', '');
  return name === undefined ? schema : { ...resolved(root, root.definitions![name]!), ...schema };
}

/** The keys below a setting, each with its description. */
export function keysBelow(root: Schema, schema: Schema): { key: string; description: string }[] {
  return Object.entries(objectIn(root, schema).properties ?? {}).map(([key, one]) => ({
    key,
    description: resolved(root, one).description ?? '',
  }));
}

/** What is allowed, in words: `text`, `a whole number from 1 to 9`, `"a" or "b"`. */
export function allowedWords(root: Schema, given: Schema): string {
  const schema = resolved(root, given);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map((one) => allowedWords(root, one)))].join(', or ');
  const { minimum, maximum, items } = schema;
  const range = [
    ...(minimum === undefined ? [] : [`from ${minimum}`]),
    ...(maximum === undefined ? [] : [`to ${maximum}`]),
  ];
  const words: { [type: string]: string } = {
    string: 'text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    object: 'an object',
    null: 'null',
    array: items ? `a list of: ${allowedWords(root, items)}` : 'a list',
  };
  const types = [schema.type ?? []].flat().map((type) => words[type] ?? type);
  return [types.join(', or ') || 'any value', ...range].join(' ');
}

function unknownSetting(
  key: string,
  before: string,
  elsewhere: readonly string[],
  known: readonly string[],
): CommandError {
  const where = before === '' ? 'the configuration' : before;
  const meant = nearestName(
    key,
    known.filter((name) => !name.startsWith('$')),
  );
  const hint =
    elsewhere.length > 0
      ? ` Did you mean ${elsewhere.join(' or ')}?`
      : meant !== null
        ? ` Did you mean "${meant}"?`
        : known.length > 0
          ? ` It has ${known.join(', ')}.`
          : '';
  return new CommandError(`There is no setting "${key}" in ${where}.${hint}`, exitCodes.notFound);
}

function unknownConnector(path: string): CommandError {
  return new CommandError(
    `The configuration has no ${path}, so its connector is not known. Name a connector in its place: sources.hubspot.schedule.`,
    exitCodes.notFound,
  );
}
