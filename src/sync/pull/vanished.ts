// Sources that the configuration does not name any more, and whose records still speak: what they contributed stands until
// a person withdraws it, or gives the source its new name. It knows no vendor.
import type { Connector, Json, JsonObject, Mapping } from '../../connector.ts';
import type { Queryable } from '../../db/database.ts';
import { usualBodyRules } from '../../engine/webhook/body.ts';
import { dropCheckpoints, renameSourceInCheckpoints } from '../../tables/checkpoints.ts';
import { renameSourceInCoverage } from '../../tables/coverage.ts';
import { renameSourceInDeadLetters } from '../../tables/dead-letters.ts';
import { renameSourceInHolds } from '../../tables/holds.ts';
import { renameSourceInInbox } from '../../tables/inbox.ts';
import { renameSourceInItemKeys } from '../../tables/item-keys.ts';
import {
  dropMapping,
  keepDefinitions,
  listMappings,
  removedRules,
  renameSourceInMappings,
  withdrawMapping,
} from '../../tables/mappings.ts';
import { renamePause } from '../../tables/pauses.ts';
import { renameSourceInReadCounts } from '../../tables/read-counts.ts';
import { countStanding, hasRecords, renameSourceInRecords } from '../../tables/records.ts';
import { renameSourceInRuns } from '../../tables/runs.ts';
import { renameSourceInTouches } from '../../tables/touches.ts';
import { renameSourceInWriteBackEvents } from '../../tables/write-back-events.ts';
import { renameSourceInWriteBacks } from '../../tables/write-backs.ts';
import { counted } from '../../words.ts';
import type { Rules } from '../intake/rules.ts';
import type { Filter, Source, SourceConfig } from '../intake/source.ts';

/** The rules that a source's records were mapped by, as far as they can be kept as data. No credentials are among them. */
interface Definition {
  connector: string;
  mapping: Mapping | null;
  sourceId: SourceConfig['sourceId'];
  filter: Filter | null;
  badValues: SourceConfig['badValues'];
  locale: SourceConfig['locale'];
  phones: SourceConfig['phones'];
  /** Those that the default mapping depends on, as that of files does. */
  settings: JsonObject | null;
  /** Where it stood among the sources: merges may go by their order. */
  position: number;
}

export interface Vanished {
  name: string;
  /** Records of it that stand. */
  records: number;
  /** Customers that they speak of. */
  customers: number;
  /** Fields that its mapping names. */
  fields: string[];
  /**
   * True where its rules cannot be applied any more (a mapping or filter in TypeScript): its customers stay as they are,
   * also for other sources, until a person decides.
   */
  frozen: boolean;
}

/** By which each table takes over the new name of a source. */
const renames = [
  renameSourceInRecords,
  renameSourceInCheckpoints,
  renameSourceInRuns,
  renameSourceInHolds,
  renameSourceInDeadLetters,
  renameSourceInInbox,
  renameSourceInItemKeys,
  renameSourceInTouches,
  renameSourceInWriteBacks,
  renameSourceInWriteBackEvents,
  renameSourceInCoverage,
  renameSourceInReadCounts,
  renameSourceInMappings,
  renamePause,
];

/** Keeps the rules of every configured source, so that its records can be mapped when it is configured no longer. */
export async function noteDefinitions(db: Queryable, rules: Rules, now: number): Promise<void> {
  const rows = rules.sources.map((source, position) => ({
    source: source.name,
    definition: definitionOf(source, position),
  }));
  await keepDefinitions(db, rows as unknown as { source: string; definition: Json }[], now);
}

/** Null where a function is among the rules: code is not kept. */
function definitionOf({ config }: Source, position: number): Definition | null {
  const { connector, mapping, sourceId, filter, badValues, locale, phones, settings } = config;
  const hasCode = typeof filter === 'function' || Object.values(mapping ?? {}).some(isFunction);
  if (hasCode) return null;
  const stored = connector.source?.storedSettings;
  // The settings hold credentials, so what is kept of them is the path that they come to.
  const path = sourceId.path ?? (stored ? null : (connector.source?.sourceIdFor?.(settings, []) ?? null));
  return {
    connector: connector.name,
    mapping,
    sourceId: { ...sourceId, path },
    filter,
    badValues,
    locale,
    phones,
    settings: stored ? chosen(settings as JsonObject, stored) : null,
    position,
  };
}

/** Only those of the settings that are named. */
function chosen(settings: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => names.includes(name)));
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/**
 * Renames sources whose configuration says so (`renamedFrom`), with all that is stored of them, before anything is mapped.
 * A source that already has records under its new name keeps them apart. Returns what was renamed, what was not for that reason, and
 * what was not because nothing is stored under either name, as when the former one is misspelt.
 */
export async function renameSources(
  db: Queryable,
  rules: Rules,
): Promise<{ [outcome in 'renamed' | 'refused' | 'unknown']: [from: string, to: string][] }> {
  const known = new Set((await listMappings(db)).map(({ source }) => source));
  const renamed: [string, string][] = [];
  const refused: [string, string][] = [];
  const unknown: [string, string][] = [];
  for (const [name, from] of renamesOf(rules, known)) {
    const isSettled = await hasRecords(db, name);
    if (!known.has(from)) {
      if (!isSettled) unknown.push([from, name]);
      continue;
    }
    if (isSettled) {
      refused.push([from, name]);
      continue;
    }
    await dropMapping(db, name);
    await dropCheckpoints(db, name);
    for (const rename of renames) await rename(db, from, name);
    renamed.push([from, name]);
  }
  return { renamed, refused, unknown };
}

/**
 * What is to be renamed. A former name may be that of another source by now, which takes it over once what is stored under it has gone:
 * the longest way from source to source comes first.
 */
function renamesOf(rules: Rules, known: ReadonlySet<string>): [name: string, from: string][] {
  /** How many renames free the name; null where it is in use. The configuration has no circles. */
  const renamesBehind = (from: string): number | null => {
    const source = rules.source(from);
    if (!source) return 0;
    const before = source.config.renamedFrom;
    const behind = before == null || before === from || !known.has(before) ? null : renamesBehind(before);
    return behind === null ? null : behind + 1;
  };
  return rules.sources
    .flatMap(({ name, config: { renamedFrom: from } }) => {
      const behind = from == null ? null : renamesBehind(from);
      return behind === null ? [] : [{ rename: [name, from!] as [string, string], behind }];
    })
    .toSorted((a, b) => b.behind - a.behind)
    .map(({ rename }) => rename);
}

/** A person's word that a source is gone for good. False where no such source has vanished. */
export async function withdrawSource(
  db: Queryable,
  rules: Rules,
  name: string,
  now: number,
): Promise<boolean> {
  return !rules.source(name) && withdrawMapping(db, name, now);
}

/**
 * The sources that have vanished and are not withdrawn, as configurations that map their stored records; null where their
 * rules are not known as data.
 */
export async function vanishedSources(
  db: Queryable,
  rules: Rules,
  connectors: readonly Connector[],
): Promise<{ name: string; position: number; config: SourceConfig | null }[]> {
  const rows = await listMappings(db);
  return rows
    .filter(({ withdrawn, fingerprint }) => !withdrawn && !fingerprint.startsWith(removedRules))
    .filter(({ source }) => !rules.source(source) && !rules.config.removedSources?.includes(source))
    .map(({ source, definition: kept }) => {
      const definition = kept as unknown as Definition | null;
      return {
        name: source,
        position: definition?.position ?? 0,
        config: definition && configOf(source, definition, connectors),
      };
    });
}

/** What of a source maps records, and nothing that would reach its vendor. */
function configOf(
  name: string,
  definition: Definition,
  connectors: readonly Connector[],
): SourceConfig | null {
  const connector = connectors.find((known) => known.name === definition.connector);
  if (!connector?.source) return null;
  const { webhook: _webhook, journal: _journal, streamsFor: _streamsFor, ...source } = connector.source;
  return {
    name,
    connector: { name: connector.name, settings: connector.settings, source },
    settings: definition.settings,
    sourceId: definition.sourceId,
    mapping: definition.mapping,
    filter: definition.filter as Exclude<Filter, (body: JsonObject) => boolean> | null,
    extraProperties: [],
    badValues: definition.badValues,
    ...(definition.locale && { locale: definition.locale }),
    phones: definition.phones,
    schedule: null,
    timezone: 'UTC',
    webhook: { maxBodyBytes: null, requestsPerSecond: 0, keepDays: 0, reading: usualBodyRules },
    privacyDeletions: 'delete',
  };
}

/** How much each of them still says, for people. */
export async function describeVanished(db: Queryable, rules: Rules): Promise<Vanished[]> {
  const names = rules.vanished.map(({ name }) => name);
  if (names.length === 0) return [];
  const rows = await countStanding(db, names);
  const counted = new Map(rows.map((row) => [row.name, row]));
  return rules.vanished.map(({ name, fields, frozen }) => {
    const { records = 0, customers = 0 } = counted.get(name) ?? {};
    return { name, records, customers, fields, frozen };
  });
}

/** The sentence that a person is told. */
export function vanishedSentence({ name, customers, fields, frozen }: Vanished): string {
  const said = fields.length > 0 ? ` (${fields.join(', ')})` : '';
  const stays = frozen
    ? 'Its mapping used functions, so these customers stay as they are and other sources do not change them either'
    : 'Its contributions remain';
  return `The configuration no longer names the source ${name}, which has contributed to ${counted(customers, 'customer')}${said}. ${stays}. If it has a new name, set "renamedFrom": "${name}" there; if it is gone, run: tributary sources withdraw ${name}`;
}
