// `npm run schema` also writes the tables of settings in docs/connectors/, between two marks of a page. They are made of the
// JSON schema of the configuration.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from './schema.ts';

const folder = join(import.meta.dirname, '../docs/connectors');

const block = /<!-- settings: (\w+) -->\n[\s\S]*?<!-- end of settings -->/g;

interface Schema {
  const?: unknown;
  $ref?: string;
  description?: string;
  properties?: { [key: string]: Schema };
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

/** The pages of connectors, by path. */
export function connectorPages(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => join(folder, name));
}

/** The page with each table as the settings are now. Throws where there is no such connector. */
export function withSettings(page: string): string {
  const { definitions } = configSchema() as { definitions: { [name: string]: Schema } };
  return page.replace(block, (_block, name: string) => {
    const schema = definitions[`source:${name}`] ?? definitions[`destination:${name}`];
    if (!schema) throw new Error(`There is no connector ${name}.`);
    const rows = ['| key | means |', '| --- | --- |', ...keysOf(schema, '')];
    return `<!-- settings: ${name} -->\n${rows.join('\n')}\n<!-- end of settings -->`;
  });
}

/** Keys below keys are written as paths, those of a list with `[]`, those of one kind of object with it in brackets. */
function keysOf({ properties = {}, required = [] }: Schema, under: string): string[] {
  return Object.entries(properties).flatMap(([key, property]) => {
    if (property.$ref !== undefined || property.const !== undefined) return [];
    const need = under === '' && required.includes(key) ? ' (required)' : '';
    const said = (property.description ?? '').replaceAll('|', '\\|');
    return [`| \`${under}${key}\`${need} | ${said} |`, ...below(property, `${under}${key}`)];
  });
}

function below(property: Schema, path: string): string[] {
  const { anyOf = [], oneOf = [], allOf = [], items } = property;
  const rows = [
    ...keysOf(property, `${path}.`),
    ...[...anyOf, ...oneOf, ...allOf].flatMap((one) => ofKind(one, path)),
    ...(items ? below(items, `${path}[]`) : []),
  ];
  return [...new Set(rows)];
}

/** What tells one kind of object from the others, and what the kind has besides. */
function ofKind(one: Schema, path: string): string[] {
  const kind = Object.values(one.properties ?? {}).find((property) => property.const !== undefined);
  if (!kind) return below(one, path);
  const named = `${path} (${String(kind.const)})`;
  return [`| \`${named}\` | ${kind.description ?? ''} |`, ...below(one, named)];
}

if (import.meta.main)
  for (const path of connectorPages()) writeFileSync(path, withSettings(readFileSync(path, 'utf8')));
