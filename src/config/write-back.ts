// Whether what is to flow back can: the source has a writer, the paths exist, and no value comes back where it came from.
import type { Connector, MappingEntry } from '../connector.ts';
import { nearestName } from '../customer/nearest.ts';
import type { SourceConfig } from '../sync/intake/source.ts';
import { type Fault, shown } from './faults.ts';
import { objectOf } from './merge.ts';

interface Configured {
  /** Those without faults of their own. */
  sources: readonly SourceConfig[];
  /** All names of sources. */
  names: readonly string[];
  destination: { connector: Connector } | null;
}

/** `writeBack`: as it is written. */
export function writeBackFaults(writeBack: unknown, configured: Configured): Fault[] {
  return Object.entries(objectOf(writeBack)).flatMap(([name, entry]) => {
    const path = `writeBack.${name}`;
    if (!configured.names.includes(name))
      return [{ path, found: shown(name), allowed: meant(name, configured.names, 'the name of a source') }];
    const source = configured.sources.find((one) => one.name === name);
    if (!source) return [];
    const { fields, create } = objectOf(entry);
    const given = Object.entries(objectOf(fields));
    return [
      ...writerFaults(path, source, create),
      ...given.flatMap(([attribute, value]) => [
        ...attributeFaults(`${path}.fields.${attribute}`, attribute, source),
        ...valueFaults(`${path}.fields.${attribute}`, value, configured.destination),
      ]),
    ];
  });
}

function writerFaults(path: string, { connector, sourceId }: SourceConfig, create: unknown): Fault[] {
  const { writer, source } = connector;
  if (!writer)
    return [
      {
        path,
        found: `a source of ${connector.name}, which Tributary only reads`,
        allowed: 'a source whose connector writes back: docs/connectors/README.md lists them',
      },
    ];
  if (create !== true) return [];
  const at = `${path}.create`;
  if (!writer.creates)
    return [{ path: at, found: 'true', allowed: `false: ${connector.name} only writes people that it has` }];
  const { by } = writer.creates;
  const used = sourceId.path ?? source?.sourceId ?? 'id';
  if (used === by) return [];
  return [
    {
      path: at,
      found: `true, with "${used}" as the source ID`,
      allowed: `true where the source ID is "${by}", by which ${connector.name} creates people; or false`,
    },
  ];
}

function attributeFaults(path: string, attribute: string, source: SourceConfig): Fault[] {
  const { writer } = source.connector;
  if (!writer) return [];
  const fault = writer.attributeFault?.(attribute) ?? null;
  if (fault !== null) return [{ path, found: shown(attribute), allowed: fault }];
  const stands = writer.bodyPath(attribute).join('.');
  const readers = readersOf(source).filter(({ paths }) => paths.some((one) => overlap(one, stands)));
  return readers.map(({ field }) => ({
    path,
    found: `an attribute that sources.${source.name} reads as ${field}`,
    allowed: 'an attribute that the source does not read: what is written back must not come in again',
  }));
}

function valueFaults(path: string, value: unknown, destination: Configured['destination']): Fault[] {
  const facts = destination?.connector.destination?.facts;
  if (typeof value !== 'string' || !destination) return [];
  if (!facts)
    return [
      { path, found: shown(value), allowed: `nothing: ${destination.connector.name} has no such facts` },
    ];
  if (facts.groupsOf(value) !== null) return [];
  return [{ path, found: shown(value), allowed: meant(value, Object.keys(facts.paths), 'a path') }];
}

/** What the source reads of a record, and for which field. */
function readersOf({ connector, mapping, sourceId }: SourceConfig): { field: string; paths: string[] }[] {
  const entries = Object.entries(mapping ?? connector.source?.mapping ?? {});
  return [
    { field: 'its source ID', paths: [sourceId.path ?? connector.source?.sourceId ?? 'id'] },
    ...entries.map(([field, entry]) => ({ field, paths: pathsOf(entry) })),
  ];
}

function pathsOf(entry: MappingEntry): string[] {
  if (typeof entry === 'function') return [];
  return [typeof entry === 'object' && 'from' in entry ? entry.from : entry].flat();
}

/** One of them is the other, or holds it. */
function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
}

function meant(name: string, known: readonly string[], what: string): string {
  const nearest = nearestName(name, known);
  return nearest === null ? `${what}: one of ${known.join(', ')}` : `did you mean "${nearest}"?`;
}
