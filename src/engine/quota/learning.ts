// What refusals teach of a quota that others draw on too: the share of its limit that is ours for now. Refusals that are
// more than noise cut it, each clean window that was used adds to it, and time adds to it anyhow. It knows no rows.

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
export const minShare = 0.05;
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

/** Answers that are remembered, so that a refusal is weighed against what was taken. */
const remembered = 200;
/** Beyond this share of refusals they are not noise; vendors refuse about one call in a hundred for no reason of the rate. */
const noiseShare = 0.04;
/** With so few answers a single refusal counts: too little was taken to hold against it. */
const fewAnswers = 10;
const minRefusals = 3;
/** A limit that is lower than ours shows by refusals in so many windows in a row, each after about as many calls. */
const alikeWindows = 3;
const alikeShare = 0.1;

/** What is known of a quota's answers, in this process: whether a refusal says something of the limit, or is noise. */
export class Evidence {
  /** True where refused; the newest last. */
  #answers: boolean[] = [];
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** Refusals since a call was taken that was sent after one. */
  #inRow = 0;
  /** The last refusals, one a window: when, and how many calls lay in the window. */
  #windows: { at: number; sent: number }[] = [];

  taken(sentAt: number): void {
    this.#note(false);
    if (sentAt > this.#refusedAt) this.#inRow = 0;
  }

  /**
   * Whether this refusal is worth a cut. `sent`: our calls in the vendor's window now; `limit`: what we allow ourselves in one.
   */
  refused(refusal: { sentAt: number; now: number; windowMs: number; sent: number; limit: number }): boolean {
    const { sentAt, now } = refusal;
    this.#note(true);
    const isRepeated = this.#inRow > 0 && sentAt > this.#refusedAt;
    this.#inRow += 1;
    this.#refusedAt = now;
    const isWorth = isRepeated || this.#isManyOf() || this.#isAlike(refusal);
    if (isWorth) this.#answers = [];
    return isWorth;
  }

  /** How long to leave the vendor alone that named no time, milliseconds: the longer the more refusals came in a row. */
  waitMs(windowMs: number): number {
    const firstMs = Math.min(Math.max(windowMs / 60, 50), 1_000);
    return Math.ceil(Math.min(firstMs * 4 ** Math.min(Math.max(this.#inRow, 0), 10), windowMs, 60_000));
  }

  #note(isRefused: boolean): void {
    this.#answers.push(isRefused);
    if (this.#answers.length > remembered) this.#answers.shift();
  }

  #isManyOf(): boolean {
    const refusals = this.#answers.filter(Boolean).length;
    if (refusals <= this.#answers.length * noiseShare) return false;
    return this.#answers.length < fewAnswers || refusals >= minRefusals;
  }

  #isAlike({ now, windowMs, sent, limit }: { now: number; windowMs: number; sent: number; limit: number }) {
    const last = this.#windows.at(-1);
    if (last && now - last.at < windowMs) return false;
    if (last && now - last.at > 3 * windowMs) this.#windows = [];
    this.#windows = [...this.#windows.slice(1 - alikeWindows), { at: now, sent }];
    if (this.#windows.length < alikeWindows || sent > limit * (1 - alikeShare)) return false;
    const counts = this.#windows.map((one) => one.sent);
    const isAlike = Math.max(...counts) - Math.min(...counts) <= limit * alikeShare;
    if (isAlike) this.#windows = [];
    return isAlike;
  }
}
