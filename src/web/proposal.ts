// A configuration proposed over HTTP into one that a preview can use, or all its faults. Neither the environment nor a
// file is read for it: anyone who may ask for a preview could otherwise have any secret shown as a mapped value.

import { associationFaults } from '../config/associations.ts';
import { ConfigError } from '../config/faults.ts';
import { checkMerge } from '../config/merge.ts';
import { hasReference } from '../config/references.ts';
import { mappingShape, mergeShape, sourceShape } from '../config/shape.ts';
import { type Config, checkConfig } from '../config.ts';
import type { Connector, Mapping } from '../connector.ts';
import type { Fault } from '../contract/problem.ts';
import { mappingFaults } from '../customer/mapping.ts';
import type { MergeConfig } from '../customer/merge.ts';
import { faultsOf, Problem } from './problem.ts';

/** Keys of a source that are not its connector's own settings. */
const ourKeys: ReadonlySet<string> = new Set(Object.keys(sourceShape.shape));
/** Stands for a setting that the environment holds. No preview sends anything, so no setting of a vendor's is needed. */
const unread = 'https://not-read.invalid/';

/**
 * The whole configuration as a file would hold it. A setting of a connector that refers to the environment is the one
 * that the present configuration has in its place, else a stand-in; anywhere else a reference is a fault. Throws Problem.
 */
export function proposedWhole(raw: object, present: Config, connectors: readonly Connector[]): Config {
  const faults: Fault[] = [];
  const filled = withoutReferences(raw, present, faults);
  try {
    const config = checkConfig('proposed', filled, {}, connectors);
    if (faults.length === 0) return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const hidden = settingsOf(present);
    // A value that stands in for a reference is the server's own: it is not said back.
    faults.push(
      ...error.faults.map((fault) => ({
        ...fault,
        found: hidden.some((value) => fault.found.includes(value)) ? '(not shown)' : fault.found,
      })),
    );
  }
  throw refusal(
    faults.map((fault) => ({
      ...fault,
      path: fault.path === '(the whole)' ? 'config' : `config.${fault.path}`,
    })),
  );
}

/** The present configuration with these mappings, by source, and this merge. Throws Problem. */
export function proposedParts(
  parts: { mapping?: { [source: string]: unknown } | undefined; merge?: unknown },
  present: Config,
): Config {
  const faults: Fault[] = [];
  const names = present.sources.map(({ name }) => name);
  const mappings = new Map<string, Mapping>();
  for (const [source, raw] of Object.entries(parts.mapping ?? {})) {
    const path = `mapping.${source}`;
    if (!names.includes(source))
      faults.push({ path, found: JSON.stringify(source), allowed: `names of sources: ${names.join(', ')}` });
    const connector = present.sources.find(({ name }) => name === source)?.connector;
    for (const { field, ...fault } of connector ? associationFaults(raw, connector) : [])
      faults.push({ path: `${path}.${field}`, ...fault });
    const mapping = checkMapping(raw, path, faults);
    if (mapping) mappings.set(source, mapping);
  }
  const { merge } = present;
  const read = parts.merge === undefined ? { merge, warnings: [] } : readMerge(parts.merge, names, faults);
  if (faults.length > 0 || !read) throw refusal(faults);
  const sources = present.sources.map((source) => ({
    ...source,
    mapping: mappings.get(source.name) ?? source.mapping,
  }));
  return { ...present, sources, ...read };
}

function checkMapping(raw: unknown, path: string, faults: Fault[]): Mapping | null {
  const parsed = mappingShape.safeParse(raw);
  if (!parsed.success) {
    faults.push(...faultsOf(parsed.error, raw).map((fault) => ({ ...fault, path: below(path, fault.path) })));
    return null;
  }
  const mapping = parsed.data as Mapping;
  for (const { field, reason } of mappingFaults(mapping))
    faults.push({
      path: `${path}.${field}`,
      found: JSON.stringify(mapping[field]) ?? 'nothing',
      allowed: reason,
    });
  return mapping;
}

function readMerge(
  raw: unknown,
  names: readonly string[],
  faults: Fault[],
): Pick<Config, 'merge' | 'warnings'> | null {
  const parsed = mergeShape.safeParse(raw);
  if (!parsed.success) {
    faults.push(
      ...faultsOf(parsed.error, raw).map((fault) => ({ ...fault, path: below('merge', fault.path) })),
    );
    return null;
  }
  const merge = parsed.data as MergeConfig;
  return { merge, warnings: checkMerge(parsed.data, names, faults) };
}

function below(path: string, rest: string): string {
  return rest === '(the whole)' ? path : `${path}.${rest}`;
}

function refusal(faults: Fault[]): Problem {
  const lines = faults.map(({ path, found, allowed }) => `${path}: found ${found}; allowed: ${allowed}`);
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  return new Problem(400, `The proposed configuration has ${count}:\n${lines.join('\n')}.`, {
    type: 'bad-config',
    faults,
  });
}

// ── References to the environment ───────────────────────────────────────────────────────────────────────────────

function withoutReferences(raw: object, present: Config, faults: Fault[]): unknown {
  const replace = (value: unknown, path: readonly string[]): unknown => {
    if (typeof value === 'string' && hasReference(value)) {
      const known = presentSetting(path, raw, present);
      if (known !== undefined) return known;
      faults.push({
        path: path.join('.'),
        found: value,
        allowed:
          "no reference to the environment or a file: over HTTP, only a connector's settings may have one",
      });
      return unread;
    }
    if (Array.isArray(value)) return value.map((item, index) => replace(item, [...path, String(index)]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, replace(item, [...path, key])]),
    );
  };
  return replace(raw, []);
}

/** What stands for a reference at this path; undefined where none may be. */
function presentSetting(path: readonly string[], raw: object, present: Config): unknown {
  const [top, ...below] = path;
  const isSource = top === 'sources';
  const [name, key] = isSource ? below : [undefined, below[0]];
  const rest = isSource ? below.slice(1) : below;
  if (key === undefined || ourKeys.has(key) || (top !== 'destination' && !isSource)) return undefined;
  const given = (isSource ? valueAt(raw, ['sources', name!]) : valueAt(raw, ['destination'])) as
    | { connector?: unknown }
    | undefined;
  const known = isSource ? present.sources.find((source) => source.name === name) : present.destination;
  if (!known || known.connector.name !== given?.connector) return unread;
  const value = valueAt(known.settings, rest);
  return typeof value === 'string' ? value : unread;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as { [key: string]: unknown })[key]
        : undefined,
    value,
  );
}

/** Every text among the settings that is long enough to be somebody's secret. */
function settingsOf(present: Config): string[] {
  const texts: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string' && value.length >= 4) texts.push(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
  };
  for (const { settings } of [...present.sources, present.destination]) walk(settings);
  return texts;
}
