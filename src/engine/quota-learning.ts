// What refusals teach of a quota that others draw on too: the share of its limit that is ours for now. Each refusal cuts
// it, each clean window that was used adds to it, and time adds to it anyhow. Pure: it knows neither calls nor rows.

/** What is known since the last cut. */
export interface Learned {
  /** Of the limit, 0 to 1: what the cut left, and what clean windows have added since. */
  share: number;
  /** When it was cut, epoch milliseconds. */
  at: number;
}

/** A refusal leaves this part of the share. */
export const cutTo = 0.7;
/** Refusals that have another reason than the rate must not bring us to rest. */
export const leastShare = 0.05;
/** What a clean window gives back, of the whole limit. */
export const grownPerWindow = 0.02;
/** A window proves something only where so much of what we allow ourselves was used. */
export const usedEnough = 0.8;
/** In this time the whole limit comes back by itself: who was in our way may be long gone. */
export const fadeMs = 24 * 3_600_000;

export function shareAt(learned: Learned | null, now: number): number {
  if (!learned) return 1;
  return Math.min(1, learned.share + Math.max(now - learned.at, 0) / fadeMs);
}

/**
 * A refusal teaches nothing that an earlier one has not where its call was sent before that one's cut, or where the
 * window of that cut is not over: a burst of refusals is one. Returns the last moment (epoch milliseconds) of an earlier
 * cut that lets this one count.
 */
export function cutsAfter(refusal: { sentAt: number; now: number; windowMs: number }): number {
  return Math.min(refusal.sentAt - 1, refusal.now - refusal.windowMs);
}

/** The newer of two: cuts only follow each other, and between them the later reading has what was added. */
export function newest(known: Learned | null, read: Learned | null): Learned | null {
  return read && (!known || read.at >= known.at) ? read : known;
}
