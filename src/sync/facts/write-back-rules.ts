// All that flows back, made ready: which attributes of which vendors hold which facts, and what has to be read for them. It
// knows no rows.
import { createHash } from 'node:crypto';
import type { Attributes, FactGroups, Facts, Writer } from '../../connector.ts';
import type { FactClock, FactClocks } from '../../tables/facts.ts';
import type { WriteBackTarget } from '../../tables/write-backs.ts';
import type { SourceConfig } from '../intake/source.ts';

/** What flows back to one vendor. */
export interface WriteBackRule extends WriteBackTarget {
  connector: string;
  writer: Writer<unknown>;
  settings: unknown;
  /** Nothing is written. */
  dryRun: boolean;
  /** The path of each attribute's fact. */
  fields: { readonly [attribute: string]: string };
  attributes: readonly string[];
  /** Changes when other facts or attributes flow. */
  fingerprint: string;
}

export class WriteBackRules {
  readonly rules: readonly WriteBackRule[];
  /** The groups that are read for what flows back. */
  readonly groups: readonly string[];
  readonly #facts: Facts<unknown> | null;

  constructor(sources: readonly SourceConfig[], facts: Facts<unknown> | undefined) {
    this.#facts = facts ?? null;
    this.rules = sources.flatMap((source) => ruleOf(source) ?? []);
    const paths = this.rules.flatMap(({ fields }) => Object.values(fields));
    this.groups = [...new Set(paths.flatMap((path) => facts?.groupsOf(path) ?? []))].sort();
  }

  /** Nothing flows back. */
  get isEmpty(): boolean {
    return this.rules.length === 0;
  }

  /** Only where something flows back. */
  get facts(): Facts<unknown> {
    if (!this.#facts) throw new Error('the destination knows nothing that could be written back');
    return this.#facts;
  }

  rule(source: string): WriteBackRule | undefined {
    return this.rules.find((rule) => rule.source === source);
  }

  /** What the value at a path is, as a sentence; null where nobody says. */
  meaning(path: string): string | null {
    const { paths } = this.facts;
    if (Object.hasOwn(paths, path)) return paths[path]!;
    const named = Object.keys(paths).find((one) => isNamed(path, one));
    return named === undefined ? null : paths[named]!;
  }

  /** As of when the value at a path is known: by the oldest of its groups. Null where one was not read. */
  knownSince(path: string, clocks: FactClocks): FactClock | null {
    const read = (this.facts.groupsOf(path) ?? []).map((group) => clocks[group]);
    if (read.length === 0 || read.some((clock) => clock === undefined)) return null;
    return (read as FactClock[]).reduce((oldest, clock) => (clock.at < oldest.at ? clock : oldest));
  }

  /** The attributes that can be told from these groups. What a group would tell that was never read stays as it is. */
  wanted({ fields }: WriteBackRule, groups: FactGroups): Attributes {
    return Object.fromEntries(
      Object.entries(fields).flatMap(([attribute, path]) => {
        const value = this.facts.value(path, groups);
        return value === undefined ? [] : [[attribute, value]];
      }),
    );
  }
}

/** Whether a path is one of those that a pattern with `NAME` stands for. */
function isNamed(path: string, pattern: string): boolean {
  const [before, after] = pattern.split('NAME');
  return after !== undefined && path.startsWith(before!) && path.endsWith(after);
}

function ruleOf({ name, connector, settings, writeBack }: SourceConfig): WriteBackRule | null {
  const { writer } = connector;
  if (!writer || !writeBack) return null;
  const { fields, create, dryRun } = writeBack;
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  const rules = JSON.stringify([sorted, create]);
  return {
    source: name,
    stream: writer.stream,
    create,
    connector: connector.name,
    writer,
    settings,
    dryRun,
    fields,
    attributes: Object.keys(fields),
    fingerprint: createHash('sha256').update(rules).digest('base64').slice(0, 27),
  };
}
