// Which action of the vendor's list a bulk call began whose answer was lost, from what calls have shown so far. Pure: it makes
// no call and knows no clock. Nothing is believed that another's action could show as well.
import type { ActionKind, ListedAction, ShownAction } from '../../connector.ts';
import type { Ahead } from '../../engine/http/vendor-clock.ts';

/** A bulk call whose answer was lost. Times are our clock, epoch milliseconds. */
export interface LostCall {
  kind: ActionKind;
  sourceIds: readonly string[];
  /** When it was sent, at the earliest. */
  sentAt: number;
  /** When it was known to be lost. */
  lostAt: number;
}

/** A customer of the call, read back. */
export interface Sample {
  sourceId: string;
  /** Whether all values are held as they were sent. */
  isHeld: boolean;
  /** Whether the destination had acknowledged other values before, or none, and no attempt was in doubt. */
  isNew: boolean;
  /** By the vendor's clock, epoch milliseconds. */
  writtenAt?: number;
}

export interface Evidence {
  /** Those of the list that `mayBeOurs`. */
  listed: readonly ListedAction[];
  /** Actions asked for by their ID; null: still going on. */
  shown: ReadonlyMap<string, ShownAction | null>;
  samples: readonly Sample[];
  /** How many customers could still be read back. */
  unread: number;
}

/** What to do next. `none`: no listed action is ours. `wait`: one that may be is not over. */
export type Step =
  | { step: 'show'; actionId: string }
  | { step: 'read' }
  | { step: 'believe'; actionId: string }
  | { step: 'wait' }
  | { step: 'none' };

/** The vendor's clock where no answer has told of it. */
const unknownAhead: Ahead = { least: -120_000, most: 120_000 };
/** Its parts need not agree to the second. */
const toleranceMs = 5_000;
/** A gateway that gave up may still hand the request on. */
const lateMs = 60_000;
/** Of two actions that the sample may have been written by, the nearer one is meant where the other is farther by so much. */
const distinctMs = 500;

/** When the vendor accepted the call, if it did: by its own clock. */
export function acceptedWithin(
  { sentAt, lostAt }: Pick<LostCall, 'sentAt' | 'lostAt'>,
  ahead: Ahead | null,
): { from: number; until: number } {
  const { least, most } = ahead ?? unknownAhead;
  return { from: sentAt + least - toleranceMs, until: lostAt + most + toleranceMs + lateMs };
}

/** How long after the call was sent, and after it was known to be lost, it is looked for; milliseconds. */
export const firstLookMs = { sent: 30_000, lost: 1_000 };
const laterLooksMs = { answered: [120_000], silent: [120_000, 285_000] };
/** A 503 says that nobody could take the call, so that waiting for its action costs more than sending the call once too often. */
const unavailableLooksMs = [1_000, 10_000];

/**
 * When it is looked for, epoch milliseconds; after the last it is given up. Not at once, since the list may lag. `answered`:
 * something answered in the vendor's place; then the request has not been on its way for long. `unavailable`: the
 * answer was a 503.
 */
export function looksAt({
  sentAt,
  lostAt,
  answered,
  unavailable = false,
}: Pick<LostCall, 'sentAt' | 'lostAt'> & { answered: boolean; unavailable?: boolean }): number[] {
  if (unavailable) return unavailableLooksMs.map((afterMs) => lostAt + afterMs);
  const first = Math.max(sentAt + firstLookMs.sent, lostAt + firstLookMs.lost);
  const later = laterLooksMs[answered ? 'answered' : 'silent'].map((afterMs) => lostAt + afterMs);
  return [first, ...later];
}

/** Whether every record of the action may be one of the call's. */
export function fits({ records, named }: ShownAction, sourceIds: readonly string[]): boolean {
  const ours = new Set(sourceIds);
  return records === sourceIds.length && named.every((sourceId) => ours.has(sourceId));
}

/**
 * Believed is an action that counts as many records as were sent and whose errors name customers of the call and nobody
 * else; or one that names nobody, where a customer of the call is proven to have been written by it.
 */
export function nextStep(sourceIds: readonly string[], evidence: Evidence): Step {
  const { listed, shown, samples, unread } = evidence;
  const possible = listed.filter(({ actionId }) => {
    const action = shown.get(actionId);
    return !action || fits(action, sourceIds);
  });
  if (possible.length === 0) return { step: 'none' };
  const named = possible.find(({ actionId }) => (shown.get(actionId)?.named.length ?? 0) > 0);
  if (named) return { step: 'believe', actionId: named.actionId };
  if (possible.some(({ actionId, isOver }) => !isOver || shown.get(actionId) === null))
    return { step: 'wait' };
  if (samples.length === 0 && unread > 0) return { step: 'read' };
  const proven = byNearness(possible, samples);
  const unshown = (samples.length === 0 ? possible : proven).find(({ actionId }) => !shown.has(actionId));
  const [nearest, second] = proven;
  // Without a customer to read only errors can prove it.
  if (!nearest) return samples.length === 0 && unshown ? show(unshown) : { step: 'none' };
  if (!shown.has(nearest.actionId)) return show(nearest);
  if (unshown && second!.awayMs - nearest.awayMs < distinctMs) return show(unshown);
  // Where several are left they all say the same: nobody was rejected.
  return { step: 'believe', actionId: nearest.actionId };
}

function show({ actionId }: { actionId: string }): Step {
  return { step: 'show', actionId };
}

/** The actions that a sample may have been written by, and how far from their end; the nearest first. */
function byNearness(
  possible: readonly ListedAction[],
  samples: readonly Sample[],
): { actionId: string; awayMs: number }[] {
  const sample = samples.find(({ isHeld }) => isHeld);
  if (!sample) return [];
  return possible
    .filter((action) => mayHaveWritten(action, sample, possible.length > 1 || !sample.isNew))
    .map(({ actionId, endedAt }) => {
      const awayMs =
        endedAt === undefined || sample.writtenAt === undefined ? 0 : Math.abs(endedAt - sample.writtenAt);
      return { actionId, awayMs };
    })
    .sort((a, b) => a.awayMs - b.awayMs);
}

/**
 * Whether the action may have written the sample. What was held before the call proves nothing unless it was written since.
 * `strictly`: not after its end either.
 */
function mayHaveWritten({ acceptedAt, endedAt }: ListedAction, sample: Sample, strictly: boolean): boolean {
  const { writtenAt, isNew } = sample;
  if (writtenAt === undefined) return isNew;
  if (writtenAt < acceptedAt - 1_000) return false;
  return !strictly || endedAt === undefined || writtenAt <= endedAt + 2_000;
}
