// A first configuration, drawn from the examples: which settings of a vendor are asked for, and what is written of the answers.
// It asks nobody.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { home } from '../home.ts';

const folder = fileURLToPath(new URL('examples', home));
export const schemaFile = fileURLToPath(new URL('tributary.schema.json', home));

type Node = { [key: string]: unknown };

/** One setting that the example shows and a person knows. */
export interface Field {
  /** Its keys: `['sources', 'shopify', 'app', 'clientId']`. */
  keys: readonly string[];
  path: string;
  /** Of a secret: the environment variable that holds it. */
  variable: string | null;
  /** What stands in the example. */
  example: string;
  means: string;
}

/** Keys of a source that the example settles well enough to begin with. */
const settled = new Set(['connector', 'schedule', 'fullSchedule', 'timezone', 'mapping', 'sourceId']);

const reference = /^\$\{env:(\w+)\}$/;

/** Vendors that have an example. */
export function vendorsWithExamples(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** The examples of these vendors as one configuration, without the URL at which vendors would push. */
export function draftOf(vendors: readonly string[]): Node {
  const examples = vendors.map(
    (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Node,
  );
  const { destination } = examples[0] as { destination: unknown };
  const sources = Object.assign({}, ...examples.map((example) => example['sources'])) as Node;
  return { destination, sources };
}

/** What is asked for, in the order of the configuration. */
export function fieldsOf(draft: Node): Field[] {
  const { definitions } = JSON.parse(readFileSync(schemaFile, 'utf8')) as { definitions: Definitions };
  const destination = leavesOf(draft['destination'], ['destination']);
  const sources = Object.entries(draft['sources'] as { [name: string]: Node }).flatMap(([name, source]) =>
    Object.entries(source)
      .filter(([key]) => !settled.has(key))
      .flatMap(([key, value]) => leavesOf(value, ['sources', name, key])),
  );
  return [...destination, ...sources]
    .filter(({ keys }) => keys.at(-1) !== 'connector')
    .map(({ keys, value }) => ({
      keys,
      path: keys.join('.'),
      variable: reference.exec(value)?.[1] ?? null,
      example: value,
      means: meaningOf(definitions, draft, keys),
    }));
}

function leavesOf(value: unknown, keys: readonly string[]): { keys: readonly string[]; value: string }[] {
  if (typeof value === 'string') return [{ keys, value }];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...keys, key]));
}

interface Schema {
  description?: string;
  properties?: { [key: string]: Schema };
  anyOf?: Schema[];
}

type Definitions = { [name: string]: Schema };

/** The sentence of the JSON schema, of the nearest key that has one. */
function meaningOf(definitions: Definitions, draft: Node, keys: readonly string[]): string {
  const depth = keys[0] === 'sources' ? 2 : 1;
  const party = keys.slice(0, depth).reduce<unknown>((at, key) => (at as Node)[key], draft) as Node;
  const kind = depth === 2 ? 'source' : 'destination';
  let at: Schema | undefined = definitions[`${kind}:${party['connector']}`];
  let means = '';
  for (const key of keys.slice(depth)) {
    at = [at, ...(at?.anyOf ?? [])].map((one) => one?.properties?.[key]).find((one) => one !== undefined);
    means = at?.description ?? means;
  }
  return means;
}

/** A copy in which this setting has this value. Objects on the way are made. */
export function withValue(config: Node, [key = '', ...rest]: readonly string[], value: unknown): Node {
  if (rest.length === 0) return { ...config, [key]: value };
  const inner = config[key];
  const object = typeof inner === 'object' && inner !== null ? (inner as Node) : {};
  return { ...config, [key]: withValue(object, rest, value) };
}

/** A copy without the setting, whole: of `app.clientId` without `app`. */
export function withoutSetting(config: Node, keys: readonly string[]): Node {
  const depth = keys[0] === 'sources' ? 3 : 2;
  return without(config, keys.slice(0, depth));
}

function without(config: Node, [key = '', ...rest]: readonly string[]): Node {
  if (rest.length === 0) {
    const { [key]: _, ...others } = config;
    return others;
  }
  return { ...config, [key]: without(config[key] as Node, rest) };
}

/** Telephone numbers without a country code are of this region; null: such numbers are left as they are. */
export function withRegion(draft: Node, region: string | null): Node {
  const sources = Object.entries(draft['sources'] as { [name: string]: Node }).map(([name, source]) => {
    const mapping = source['mapping'] as Node | undefined;
    if (!mapping) return [name, source];
    return [
      name,
      {
        ...source,
        mapping: Object.fromEntries(
          Object.entries(mapping).map(([to, from]) => [to, ofRegion(from, region)]),
        ),
      },
    ];
  });
  return { ...draft, sources: Object.fromEntries(sources) };
}

function ofRegion(entry: unknown, region: string | null): unknown {
  if (typeof entry !== 'object' || entry === null || !('region' in entry)) return entry;
  const { region: _, ...rest } = entry as Node;
  return region === null ? rest : { ...rest, region };
}

/** Whether a mapping of the draft asks for the region of telephone numbers. */
export function hasRegion(draft: Node): boolean {
  return JSON.stringify(draft).includes('"region":');
}
