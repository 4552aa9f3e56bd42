// Why a vendor has or lacks what the destination knows of a customer, in sentences: what was gathered of each write-back goes in, English
// comes out. It knows no rows and no clock; times are epoch milliseconds and are told in UTC.
import type { FactValue, Json } from '../connector.ts';
import { moment, said, stopped, title } from './in-words.ts';

/** An attribute of the vendor. */
export interface ExplainedAttribute {
  attribute: string;
  /** The path of its fact; null where it is declared no more. */
  path: string | null;
  /** What the path means, as a sentence. */
  meaning: string | null;
  /** As the facts are now. Undefined: they were not read yet. */
  wanted: FactValue | undefined;
  /** Undefined: it was never written. */
  acknowledged: FactValue | undefined;
  isSame: boolean;
  /** As of when the fact is known, and how; null where it was not read yet. */
  known: { at: number; by: 'read' | 'told' } | null;
}

/** What flows back of one customer to the vendor of one source. */
export interface ExplainedWriteBack {
  source: string;
  /** Null where nothing is known yet that could be written. */
  state: 'unlinked' | 'waiting' | 'delivered' | 'dead' | null;
  revision: number | null;
  acknowledgedRevision: number | null;
  /** The vendor's record that was written last. */
  recordId: string | null;
  lane: 'webhook' | 'manual' | 'schedule' | 'backfill' | null;
  waitingSince: number | null;
  /** When it is tried next; null while it is carried, or nothing is to be done. */
  dueAt: number | null;
  /** Who carries it now. */
  carriedBy: 'worker' | 'job' | null;
  deliveredAt: number | null;
  attempts: number;
  error: string | null;
  /** An attempt ended without an answer: the vendor may hold either value. */
  isUncertain: boolean;
  /** Why nothing is written to this vendor now, for any customer. */
  hindrance: string | null;
  attributes: ExplainedAttribute[];
}

/** What became of the whole, one idea to a sentence. */
export function writeBackSentences(writeBack: ExplainedWriteBack, destination: string): string[] {
  const { source, state, revision, deliveredAt, error, hindrance } = writeBack;
  const hindered = hindrance === null ? [] : [stopped(hindrance)];
  if (state === null)
    return [
      `Nothing flows back to ${source} yet: the facts of this customer have not been read at ${title(destination)}.`,
      ...hindered,
    ];
  const failed = error === null ? [] : [`The last attempt failed: ${stopped(error)}`];
  switch (state) {
    case 'delivered':
      return [
        deliveredAt === null
          ? `Nothing is to be written to ${source}: ${title(destination)} has no values for it.`
          : `${source} has acknowledged the newest values, on ${moment(deliveredAt)}.`,
      ];
    case 'unlinked':
      return [
        `Nothing is written to ${source}, because it has no record of this customer; it is written when the source brings one.`,
        ...hindered,
      ];
    case 'dead':
      return [
        `Write-back ${revision} to ${source} was given up${error === null ? '.' : `: ${stopped(error)}`} The next change of the facts is written anyway.`,
      ];
    case 'waiting':
      return [waitingSentence(writeBack), ...failed, ...hindered, ...nextSentence(writeBack)];
  }
}

function waitingSentence({ source, revision, lane, waitingSince, attempts, carriedBy }: ExplainedWriteBack) {
  const since = waitingSince === null ? '' : ` since ${moment(waitingSince)}`;
  const tries = attempts > 0 ? `, after ${attempts} failed attempt${attempts === 1 ? '' : 's'}` : '';
  const carried = { worker: ', and is being sent', job: ', and a job at the vendor carries it' };
  return `Write-back ${revision} to ${source} waits in the lane ${lane}${since}${tries}${carriedBy === null ? '' : carried[carriedBy]}.`;
}

function nextSentence({ hindrance, attempts, dueAt }: ExplainedWriteBack): string[] {
  return hindrance === null && attempts > 0 && dueAt !== null
    ? [`The next attempt is at ${moment(dueAt)}.`]
    : [];
}

/** An attribute at the vendor: which fact it is, and what the vendor has acknowledged of it. */
export function attributeSentences(
  attribute: ExplainedAttribute,
  writeBack: Pick<ExplainedWriteBack, 'source' | 'isUncertain' | 'deliveredAt'>,
  destination: string,
): string[] {
  const { attribute: name, path, meaning, wanted, known } = attribute;
  const { source } = writeBack;
  const there = `${name} at ${source}`;
  if (path === null)
    return [
      `${there} is declared no more: it stays as it was written, ${said(jsonOf(attribute.acknowledged))}.`,
    ];
  const from = `${path} of ${title(destination)}${meaning === null ? '' : ` (${lowered(meaning)})`}`;
  if (wanted === undefined || known === null)
    return [`${there} comes from ${from}, which has not been read yet.`];
  const how = known.by === 'read' ? 'read' : 'reported by a webhook';
  return [
    `${there} is ${said(jsonOf(wanted))}, from ${from}, ${how} ${moment(known.at)}.`,
    acknowledgedSentence(attribute, writeBack),
  ];
}

function acknowledgedSentence(
  { wanted, acknowledged, isSame }: ExplainedAttribute,
  { source, isUncertain, deliveredAt }: Pick<ExplainedWriteBack, 'source' | 'isUncertain' | 'deliveredAt'>,
): string {
  if (isUncertain) return `It is not certain what ${source} holds: the outcome of an attempt is unknown.`;
  const at = deliveredAt === null ? '' : `, last written ${moment(deliveredAt)}`;
  if (acknowledged === undefined)
    return wanted === null
      ? `It was never written: an empty value does not blank what others keep there.`
      : `${source} has acknowledged no value for it yet.`;
  if (isSame) return `${source} has acknowledged this value${at}.`;
  return `${source} has acknowledged ${said(jsonOf(acknowledged))}${at}.`;
}

function jsonOf(value: FactValue | undefined): Json {
  return (value ?? null) as Json;
}

/** A sentence as part of another. */
function lowered(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1).replace(/\.$/, '')}`;
}
