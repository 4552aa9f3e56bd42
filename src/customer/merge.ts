// Contributions into one customer's fields, by a policy for each field, and the reasons for it. A pure fold: neither the
// order of the contributions nor a repeat of one changes what comes out.
import type { Fields, Json } from '../connector.ts';
import { canonicalJson } from './json.ts';

/** The fields that one record gives to one customer. */
export interface Contribution {
  source: string;
  stream: string;
  recordId: string;
  /** The source's own clock, epoch milliseconds. */
  changedAt: number;
  fields: Fields;
}

/**
 * `newest`: what changed last. `precedence`: the first source in the order that speaks of the field, even with null.
 * `first`: the first value in the order that is not null ("fill if empty").
 */
export type PolicyName = 'newest' | 'precedence' | 'first';

/** A list of sources is `precedence` in that order. Sources that a list leaves out come after it. */
export type FieldPolicy =
  | 'newest'
  | 'first'
  | readonly string[]
  | { readonly policy: PolicyName; readonly sources?: readonly string[] };

export interface MergeConfig {
  readonly default?: PolicyName;
  /** The order of all sources; what it leaves out follows in the order of the configuration. */
  readonly sources?: readonly string[];
  /** By field, or by the beginning of fields: `metadata.*`, `address.*`, `*`. The longest that fits counts. */
  readonly fields?: { readonly [field: string]: FieldPolicy };
}

interface Rule {
  policy: PolicyName;
  order: readonly string[];
  ranks: ReadonlyMap<string, number>;
}

export interface MergePolicy {
  rule(field: string): Rule;
}

/** Never throws: a source that is not among `sourceNames` stands last. */
export function compileMerge(config: MergeConfig, sourceNames: readonly string[]): MergePolicy {
  const everyone = [...(config.sources ?? []), ...sourceNames];
  const rules = new Map<string, Rule>();
  const patterns = Object.entries(config.fields ?? {}).map(([field, policy]) => ({
    begins: field.endsWith('*') ? field.slice(0, -1) : null,
    field,
    rule: ruleOf(policy, everyone),
  }));
  patterns.sort((a, b) => b.field.length - a.field.length);
  const standard = ruleOf({ policy: config.default ?? 'newest' }, everyone);
  const find = (field: string) =>
    patterns.find((pattern) => pattern.field === field) ??
    patterns.find(({ begins }) => begins !== null && field.startsWith(begins));
  return {
    rule(field) {
      const known = rules.get(field);
      if (known) return known;
      const rule = find(field)?.rule ?? standard;
      rules.set(field, rule);
      return rule;
    },
  };
}

function ruleOf(policy: FieldPolicy, everyone: readonly string[]): Rule {
  const { policy: name, sources = [] } =
    typeof policy === 'string'
      ? { policy }
      : 'policy' in policy
        ? policy
        : { policy: 'precedence' as const, sources: policy };
  const order = [...new Set([...sources, ...everyone])];
  return { policy: name, order, ranks: new Map(order.map((source, rank) => [source, rank])) };
}

// ── Choosing ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Code units, so that every machine sorts alike. */
function byText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function bySource(rule: Rule, a: Contribution, b: Contribution): number {
  const last = rule.order.length;
  return (
    (rule.ranks.get(a.source) ?? last) - (rule.ranks.get(b.source) ?? last) || byText(a.source, b.source)
  );
}

/** Negative where `a` wins the field over `b`: a total order over different records. */
function compare(rule: Rule, field: string, a: Contribution, b: Contribution): number {
  const time = b.changedAt - a.changedAt;
  const record = () => byText(a.stream, b.stream) || byText(a.recordId, b.recordId);
  if (rule.policy === 'newest') return time || bySource(rule, a, b) || record();
  const empty =
    rule.policy === 'first' ? Number(a.fields[field] === null) - Number(b.fields[field] === null) : 0;
  return empty || bySource(rule, a, b) || time || record();
}

function isSameRecord(a: Contribution, b: Contribution): boolean {
  return a.recordId === b.recordId && a.stream === b.stream && a.source === b.source;
}

/** True where `a` replaces `b`, another state of the same record. At the same moment their content decides. */
function replaces(a: Contribution, b: Contribution): boolean {
  if (a.changedAt !== b.changedAt) return a.changedAt > b.changedAt;
  return canonicalJson(a.fields) > canonicalJson(b.fields);
}

/** The newest state of each record: it replaces the older ones whole, also in the fields it no longer speaks of. */
function newestStates(contributions: readonly Contribution[]): readonly Contribution[] {
  if (contributions.length < 2) return contributions;
  const newest = new Map<string, Contribution[]>();
  for (const contribution of contributions) {
    const sameId = newest.get(contribution.recordId);
    if (!sameId) newest.set(contribution.recordId, [contribution]);
    else {
      const at = sameId.findIndex((other) => isSameRecord(contribution, other));
      if (at === -1) sameId.push(contribution);
      else if (replaces(contribution, sameId[at]!)) sameId[at] = contribution;
    }
  }
  return newest.size === contributions.length ? contributions : [...newest.values()].flat();
}

/** Who wins each field. */
function winners(states: readonly Contribution[], policy: MergePolicy): Map<string, Contribution> {
  const chosen = new Map<string, Contribution>();
  for (const state of states) {
    for (const field of Object.keys(state.fields)) {
      const holder = chosen.get(field);
      if (!holder || compare(policy.rule(field), field, state, holder) < 0) chosen.set(field, state);
    }
  }
  return chosen;
}

/** The customer's fields, sorted by name. `pins` are set by a person and win over all, also with null. */
export function merge(
  contributions: readonly Contribution[],
  policy: MergePolicy,
  pins: Fields = {},
): Fields {
  const chosen = winners(newestStates(contributions), policy);
  const names = [...chosen.keys()];
  for (const field of Object.keys(pins)) if (!chosen.has(field)) names.push(field);
  const fields: Fields = {};
  for (const field of names.sort()) {
    fields[field] = Object.hasOwn(pins, field) ? pins[field]! : chosen.get(field)!.fields[field]!;
  }
  return fields;
}

// ── Explaining ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Which record speaks, and of when. */
export type Origin = Omit<Contribution, 'fields'>;

export interface Explanation {
  value: Json;
  winner: Origin | 'pin';
  /** `newest`, `precedence hubspot > klaviyo`, `first hubspot > klaviyo`, `pin`. */
  rule: string;
  /** The others that speak of the field, the best first, each with the reason in words. */
  losers: (Origin & { value: Json; reason: string })[];
}

/** Why each field is what `merge` makes of it: by the same choice over the same states. */
export function explainMerge(
  contributions: readonly Contribution[],
  policy: MergePolicy,
  pins: Fields = {},
): { [field: string]: Explanation } {
  const states = newestStates(contributions);
  const chosen = winners(states, policy);
  const explained: { [field: string]: Explanation } = {};
  for (const [field, value] of Object.entries(merge(states, policy, pins))) {
    const rule = policy.rule(field);
    const isPinned = Object.hasOwn(pins, field);
    const winner = isPinned ? undefined : chosen.get(field);
    const losers = states
      .filter((state) => state !== winner && Object.hasOwn(state.fields, field))
      .sort((a, b) => compare(rule, field, a, b));
    explained[field] = {
      value,
      winner: winner ? originOf(winner) : 'pin',
      rule: isPinned
        ? 'pin'
        : rule.policy === 'newest'
          ? 'newest'
          : `${rule.policy} ${rule.order.join(' > ')}`,
      losers: losers.map((loser) => ({
        ...originOf(loser),
        value: loser.fields[field]!,
        reason: winner ? reasonFor(rule, field, winner, loser) : 'A person pinned this field.',
      })),
    };
  }
  return explained;
}

function originOf({ source, stream, recordId, changedAt }: Contribution): Origin {
  return { source, stream, recordId, changedAt };
}

/** The first difference that `compare` decides by, as words. */
function reasonFor(rule: Rule, field: string, winner: Contribution, loser: Contribution): string {
  const isNull = loser.fields[field] === null && winner.fields[field] !== null;
  if (rule.policy === 'first' && isNull) return 'It is empty, and another is not.';
  const isOlder = loser.changedAt !== winner.changedAt;
  if (rule.policy === 'newest' && isOlder) return 'It changed earlier.';
  const tie = rule.policy === 'newest' ? 'It changed at the same time, and ' : '';
  if (loser.source !== winner.source)
    return `${tie}${tie ? loser.source : `Source ${loser.source}`} comes after ${winner.source}.`;
  if (isOlder) return `It changed earlier than another record of ${winner.source}.`;
  return `Another record of ${winner.source} changed at the same time, and its name sorts before.`;
}
