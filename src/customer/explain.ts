// Why a customer is as it is, in sentences: what was gathered of it goes in, English comes out. It knows no rows and no
// clock; times are epoch milliseconds and are told in UTC.
import type { Json } from '../connector.ts';
import type { ExplainedWriteBack } from './explain-write-back.ts';
import { moment, said, stopped, title } from './in-words.ts';
import { brief, sameJson } from './json.ts';
import { lossWords, segmentOf } from './losses.ts';

export interface RecordName {
  source: string;
  stream: string;
  recordId: string;
}

/** The run that brought a record; null where it came by a webhook, or was taken in again from a dead letter. */
export interface BringingRun {
  id: number;
  mode: string;
  trigger: string;
}

/** A record that speaks of a field: which state of it, and how it came here. */
export interface Candidate extends RecordName {
  /** The source's clock of this state. */
  changedAt: number;
  /** Of the body: the same for the same state. */
  version: string;
  receivedAt: number;
  run: BringingRun | null;
  /** The fingerprint of the mapping that reads it. */
  mapping: string;
}

/** What the winning record holds of a field, before anything was done to it. */
export interface RawValue {
  /** The record's properties that are read, as paths; none where a function gives the value. */
  properties: string[];
  /** Their values as the record has them, in the same order; what is absent is null. */
  values: Json[];
  /** What made the value of them, in words that follow "which was": `trimmed`, `lower-cased`, `read as a number`. */
  done: string[];
}

/** A value that failed its type or rule. */
export interface Quarantined extends RecordName {
  field: string;
  value: Json;
  reason: string;
  /** The last good value of this record speaks in its place. */
  hasLastGood: boolean;
}

/** A value that stands in place of what records say. `undoneBy`: the run that brought it back; null where a person pinned it. */
export interface Pinned {
  note: string;
  pinnedAt: number;
  undoneBy: number | null;
  /** What records gave then; the value stands while they do. */
  insteadOf: Json;
}

export interface ExplainedField {
  field: string;
  value: Json;
  /** `newest`, `precedence hubspot > klaviyo`, `first …`, `pin`. */
  rule: string;
  pin: Pinned | null;
  /** Null where a person pinned it, or no record gives it by the mapping of now. */
  winner: Candidate | null;
  /** The others that speak of it, the best first. */
  losers: (Candidate & { value: Json; reason: string })[];
  quarantined: Quarantined[];
  /** The winner's newest state does not give it: an older one of `changedAt` did. */
  kept: { because: 'empty' | 'absent'; changedAt: number | null } | null;
  /** Null where a person pinned it, or an older state gave it. */
  raw: RawValue | null;
  /** The revision that made it so, and by what, in words. */
  since: { revision: number; at: number; by: string };
  /** What the destination acknowledged of it. `value` is null where that is empty or was never sent. */
  acknowledged: { value: Json; isSame: boolean; isCertain: boolean; revision: number; at: number } | null;
  /** What it will be once the customer is computed again: the mapping or the configuration has changed since. */
  next: { value: Json } | null;
}

/** Records of one source and stream that claim the same source ID, the newest first. */
export interface Clash {
  source: string;
  stream: string;
  recordIds: string[];
}

/** The vendor merged `recordId` into `into`; or did, and a person parted them again. */
export interface TakeOver extends RecordName {
  into: string;
  /** The customers they speak of. */
  sourceId: string | null;
  intoSourceId: string | null;
  isUndone: boolean;
}

export interface IgnoredRecord extends RecordName {
  /** Why it says nothing of the customer, in words that follow "because". */
  because: string;
}

export interface CustomerExplanation {
  sourceId: string;
  revision: number;
  createdAt: number;
  updatedAt: number;
  /** No record contributes to it any more. */
  orphaned: boolean;
  /** The connector of the destination. */
  destination: string;
  fields: ExplainedField[];
  /** Fields that were there once and are in no record now. */
  dropped: string[];
  /** Fields that an undo left out again, though a record has them. */
  leftOut: (Pinned & { field: string })[];
  /** The undo that has it taken away from the destination; null where none has. */
  withheldBy: number | null;
  /** Quarantined values of fields that the customer does not have. */
  quarantined: Quarantined[];
  clashes: Clash[];
  takeOvers: TakeOver[];
  ignored: IgnoredRecord[];
  delivery: {
    state: 'waiting' | 'held' | 'delivered' | 'dead';
    revision: number;
    acknowledged: number | null;
    lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
    waitingSince: number | null;
    /** When it is tried next; null while it is carried, or nothing is to be done. */
    dueAt: number | null;
    deliveredAt: number | null;
    attempts: number;
    error: string | null;
  } | null;
  /** What the mass-change breaker holds until a person decides. */
  holds: { id: number; change: string; from: Json; heldAt: number }[];
  deadLetters: { id: number; kind: string; code: string; message: string; lastAt: number }[];
  /** By source, what the destination knows on its way back to the vendor. */
  writeBacks: ExplainedWriteBack[];
}

// ── The customer ────────────────────────────────────────────────────────────────────────────────────────────────

/** Everything but its fields, one idea to a sentence. */
export function customerSentences(customer: CustomerExplanation): string[] {
  const { sourceId, revision, createdAt, updatedAt, orphaned, dropped } = customer;
  return [
    `Customer ${sourceId} is at revision ${revision}, created ${moment(createdAt)}${revision > 1 ? ` and changed last ${moment(updatedAt)}` : ''}.`,
    ...(orphaned
      ? ['No record contributes to it any more. It keeps the fields of its last records, and its pins.']
      : []),
    ...(customer.withheldBy === null
      ? []
      : [
          `Run ${customer.withheldBy}, an undo, took it away from ${title(customer.destination)}. It comes back when a record of it changes, or when that undo is undone.`,
        ]),
    ...deliverySentences(customer),
    ...customer.holds.map(holdSentence),
    ...customer.deadLetters.map(
      ({ id, kind, code, message, lastAt }) =>
        `Dead letter ${id} (${kind}, ${code}) is open, last tried ${moment(lastAt)}: ${stopped(message)}`,
    ),
    ...customer.clashes.map(clashSentence),
    ...customer.takeOvers.map((takeOver) => takeOverSentence(takeOver, sourceId)),
    ...customer.ignored.map((record) => `${named(record)} is ignored, because ${record.because}.`),
    ...customer.quarantined.map((one) => `${one.field} is left out. ${quarantineSentence(one)}`),
    ...customer.leftOut.map((pin) => `${pin.field} is left out. ${undoneSentence(pin)}`),
    ...dropped
      .filter((field) => !customer.leftOut.some((pin) => pin.field === field))
      .map((field) => `${field} had a value once; no record supplies one now.`),
  ];
}

function deliverySentences({ delivery, destination }: CustomerExplanation): string[] {
  const who = title(destination);
  if (!delivery) return [`No delivery of it to ${who} was ever enqueued.`];
  const { state, revision, acknowledged, lane, waitingSince, dueAt, deliveredAt, attempts, error } = delivery;
  const had =
    acknowledged === null ? `${who} has no revision of it yet` : `${who} has revision ${acknowledged}`;
  const since = waitingSince === null ? '' : ` since ${moment(waitingSince)}`;
  const said = error === null ? [] : [`The last attempt failed: ${stopped(error)}`];
  if (state === 'delivered')
    return [
      `${who} has acknowledged revision ${revision}${deliveredAt === null ? '' : `, on ${moment(deliveredAt)}`}.`,
    ];
  if (state === 'dead') return [`The delivery of revision ${revision} was given up; ${had}.`, ...said];
  if (state === 'held')
    return [
      `The delivery of revision ${revision} is held${since}, until a person releases or refuses it; ${had}.`,
    ];
  const tries = attempts > 0 ? `, after ${attempts} failed attempt${attempts === 1 ? '' : 's'}` : '';
  const next = error === null || dueAt === null ? [] : [`The next attempt is at ${moment(dueAt)}.`];
  return [`Revision ${revision} waits in the lane ${lane}${since}${tries}; ${had}.`, ...said, ...next];
}

function holdSentence({ id, change, from, heldAt }: CustomerExplanation['holds'][number]): string {
  const isWhole = change === 'deleted' || segmentOf(change) !== null;
  const loss = isWhole
    ? `it would ${lossWords(change, from)}`
    : `${change} would be emptied (it is ${said(from)})`;
  return `Hold ${id} has been open since ${moment(heldAt)}: ${loss}.`;
}

function clashSentence({ source, stream, recordIds }: Clash): string {
  const [newest = ''] = recordIds;
  const all = recordIds.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const list = `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
  return `Records ${list} of ${source} (${stream}) ${all.length === 2 ? 'both' : 'all'} claim this source ID; ${newest} is ${all.length === 2 ? 'newer' : 'the newest'}.`;
}

function takeOverSentence(takeOver: TakeOver, sourceId: string): string {
  const { into, source, stream, recordId, isUndone } = takeOver;
  const other = (of: string | null) => (of === null || of === sourceId ? '' : ` of customer ${of}`);
  const mergedInto = `${named({ source, stream, recordId: into })}${other(takeOver.intoSourceId)}`;
  const taken = `record ${recordId}${other(takeOver.sourceId)}`;
  if (isUndone) return `${mergedInto} once took over ${taken}, and a person undid it.`;
  return `${mergedInto} took over ${taken} when ${source} merged them: record ${recordId} no longer counts.`;
}

// ── A field ─────────────────────────────────────────────────────────────────────────────────────────────────────

function pinSentence({ pinnedAt, note }: Pinned): string {
  return `A person pinned it ${moment(pinnedAt)}${note ? `: ${stopped(note)}` : '.'}`;
}

function undoneSentence({ undoneBy, pinnedAt, insteadOf }: Pinned): string {
  const given = insteadOf === null ? 'nothing' : said(insteadOf);
  return `Run ${undoneBy}, an undo, brought it back ${moment(pinnedAt)}. It stays so while the records give ${given}: as soon as they give anything else, that counts.`;
}

export function fieldSentences(field: ExplainedField, destination: string): string[] {
  const { winner, pin, since, next, quarantined } = field;
  return [
    `${field.field} is ${said(field.value)}.`,
    ...(pin ? [pin.undoneBy === null ? pinSentence(pin) : undoneSentence(pin)] : []),
    ...(winner ? winnerSentences(winner, field.rule) : []),
    ...(field.raw ? [rawSentence(field.raw)] : []),
    ...(field.kept ? [keptSentence(field.kept)] : []),
    ...quarantined.map(quarantineSentence),
    ...field.losers.map((loser) => loserSentence(loser, field.value)),
    `It has had this value since revision ${since.revision}, ${moment(since.at)}, ${since.by}.`,
    acknowledgedSentence(field, title(destination)),
    ...(next
      ? [
          `By the current mapping and rules it would be ${said(next.value)}; it changes when the customer is next recomputed.`,
        ]
      : []),
  ];
}

function winnerSentences(winner: Candidate, rule: string): string[] {
  const { changedAt, receivedAt, run, mapping, version } = winner;
  const [policy, order] = [rule.replace(/ .*/, ''), rule.replace(/^\w+ ?/, '').replaceAll(' > ', ' before ')];
  const brought =
    run === null
      ? 'It arrived without a run (by a webhook or a retried dead letter)'
      : `Run ${run.id} (${run.mode}, triggered by ${triggers[run.trigger] ?? run.trigger}) read it`;
  return [
    `It comes from ${named(winner)}, changed ${moment(changedAt)}, by the rule ${policy}${order ? ` (${order})` : ''}.`,
    `${brought}, ${moment(receivedAt)}.`,
    `The record's version is ${version}, the mapping's fingerprint ${mapping}.`,
  ];
}

function rawSentence({ properties, values, done }: RawValue): string {
  const [first, ...others] = properties;
  const made = done.length === 0 ? 'used as is' : listed(done);
  if (first === undefined) return 'A function of the mapping computes it.';
  if (others.length === 0)
    return `Its property ${first} holds ${quoted(values[0] ?? null)}, which was ${made}.`;
  const parts = properties.map((property, index) => `${property} ${quoted(values[index] ?? null)}`);
  return `Its properties hold ${listed(parts)}, which were ${made}.`;
}

/** As it is written, so that blanks and letter case show. */
function quoted(value: Json): string {
  return value === null ? 'nothing' : JSON.stringify(brief(value));
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

function keptSentence({ because, changedAt }: NonNullable<ExplainedField['kept']>): string {
  const why =
    because === 'empty'
      ? 'has no value for it (onNull: ignore)'
      : 'does not contain it, and missing values are kept';
  const since = changedAt === null ? '' : `, of ${moment(changedAt)}`;
  return `This is the last value${since}: the record's newest state ${why}.`;
}

const triggers: { readonly [trigger: string]: string } = {
  start: 'the start of the server',
  schedule: 'the schedule',
  manual: 'a person',
  mapping: 'a changed mapping',
};

function loserSentence(loser: ExplainedField['losers'][number], value: Json): string {
  const who = `${named(loser)} (changed ${moment(loser.changedAt)})`;
  if (loser.value === null && loser.reason.startsWith('It is empty'))
    return `${who} has no value for it, and this rule skips empty values.`;
  const says =
    loser.value === null
      ? 'says it is empty'
      : sameJson(loser.value, value)
        ? 'says the same'
        : `says ${said(loser.value)}`;
  return `${who} ${says}, but ${loser.reason.charAt(0).toLowerCase()}${stopped(loser.reason.slice(1))}`;
}

function quarantineSentence(one: Quarantined): string {
  const stands = one.hasLastGood ? ' Its last valid value is kept.' : '';
  return `${named(one)} now says ${said(one.value)}, which is rejected: ${stopped(one.reason)}${stands}`;
}

function acknowledgedSentence({ value, acknowledged }: ExplainedField, who: string): string {
  if (!acknowledged) return `${who} has acknowledged nothing of this customer yet.`;
  const { isSame, isCertain, at, revision } = acknowledged;
  const as = `as of ${moment(at)} (revision ${revision})`;
  if (!isCertain) return `It is not certain what ${who} holds: the outcome of an attempt is unknown.`;
  if (isSame)
    return value === null
      ? `${who} has no value for it, ${as}.`
      : `${who} has acknowledged this value, ${as}.`;
  if (acknowledged.value === null) return `${who} has acknowledged no value for it yet, ${as}.`;
  return `${who} has acknowledged ${said(acknowledged.value)}, ${as}.`;
}

// ── Words ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** `hubspot contact 951`. */
function named({ source, stream, recordId }: RecordName): string {
  const one = stream.endsWith('ies')
    ? `${stream.slice(0, -3)}y`
    : /[^s]s$/.test(stream)
      ? stream.slice(0, -1)
      : stream;
  return `${source} ${one} ${recordId}`;
}
