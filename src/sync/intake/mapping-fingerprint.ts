// What the stored records of a source were mapped by, as a fingerprint: another one means that they are to be mapped again.
import { createHash } from 'node:crypto';
import type { Json } from '../../connector.ts';
import { canonicalJson } from '../../customer/json.ts';
import type { Queryable } from '../../db/database.ts';
import { listMappings } from '../../tables/mappings.ts';
import type { Rules } from './rules.ts';
import type { Source } from './source.ts';

/**
 * Changes when the source's stored records would make other customers: its mapping with the types of the metadata it
 * writes, the rule of its source IDs, its filter, what its connector leaves out, the merge, and which sources stand before it.
 */
export function rulesOf(rules: Rules, source: Source): string {
  const { config } = source;
  const { sources, merge, unknownMetadata } = rules.config;
  const defaults = config.connector.source;
  // A mapping made from a file's columns is not known before its rows: then all that it is made from counts.
  const byColumns =
    ((defaults?.mappingFor ?? defaults?.columnsFor) && config.mapping === null) ||
    (defaults?.sourceIdFor && config.sourceId.path === null)
      ? {
          settings: config.settings,
          schema: rules.schema,
          unknownMetadata,
          version: defaults?.mappingVersion,
        }
      : null;
  const { path, ...rule } = config.sourceId;
  const order = merge.sources ?? [];
  const before = sources.slice(
    0,
    sources.findIndex(({ name }) => name === source.name),
  );
  const rulesAsData = {
    mapping: source.fingerprint,
    byColumns,
    sourceId: { path: path ?? defaults?.sourceId, ...rule },
    filter: config.filter,
    ...leftOutRules(source),
    merge: { ...merge, sources: order },
    before: before.map(({ name }) => name).sort(),
  };
  return hashOf(rulesAsData);
}

/** What decides which records the connector leaves out. Texts among the settings are secrets and addresses: none of it. */
function leftOutRules({ streams, config }: Source): object {
  const deciding = streams.filter(({ leftOut, isProvisional }) => leftOut || isProvisional);
  if (deciding.length === 0) return {};
  const settings = JSON.stringify(config.settings, (_key, value) =>
    typeof value === 'string' ? undefined : value,
  );
  return {
    leftOut: deciding.map(({ name, leftOut, isProvisional }) => [name, leftOut, isProvisional]),
    settings,
  };
}

export function schemaOf(rules: Rules): string {
  return hashOf(rules.schema);
}

/** Functions count by their source text. */
function hashOf(value: unknown): string {
  const plain = JSON.parse(
    JSON.stringify(value, (_key, item) => (typeof item === 'function' ? String(item) : item)),
  ) as Json;
  return createHash('sha256').update(canonicalJson(plain)).digest('hex').slice(0, 16);
}

/** Configured sources whose stored records were last mapped by other rules than these. */
export async function sourcesToRemap(db: Queryable, rules: Rules): Promise<string[]> {
  const kept = new Map((await listMappings(db)).map((row) => [row.source, row.fingerprint.split(' ')[0]]));
  return rules.sources
    .filter((source) => kept.get(source.name) !== rulesOf(rules, source))
    .map(({ name }) => name);
}
