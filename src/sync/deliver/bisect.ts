// A batch refused as a whole, halved until what causes it stands alone. Where k of n are bad that takes in the order of
// k × log(n) calls. Pure but for what it is handed; it knows neither customers nor a vendor.

/** Parts as small as this go one by one: halving them further would cost as many calls. */
export const smallest = 5;
/** The same while no call for a whole part may be made. */
export const smallestWithoutCalls = 25;

export interface Bisecting<Item> {
  /** Sends a part. `over`: it ended in another way, and was dealt with. */
  ask(part: readonly Item[]): Promise<'taken' | 'refused' | 'over'>;
  /** Sends these one by one. */
  alone(items: readonly Item[]): Promise<void>;
  /** Takes what no call is left for: it is to go one by one, later. */
  leave(items: readonly Item[]): Promise<void>;
  /** Whether a part can be sent now. */
  mayAsk(): boolean;
  /** Parts halved at once. */
  atOnce: number;
}

/** So many parts are sent at most; past that one by one is as cheap. */
export function callsMost(items: number): number {
  return Math.max(16, Math.ceil(items / 8));
}

/** `refused`: a part that was sent and refused. The largest are halved first: they hold the most that is not to blame. */
export async function bisect<Item>(refused: readonly Item[], bisecting: Bisecting<Item>): Promise<void> {
  const { ask, alone, leave, mayAsk, atOnce } = bisecting;
  let callsLeft = callsMost(refused.length);
  let parts: (readonly Item[])[] = [refused];
  const halve = async (part: readonly Item[]): Promise<void> => {
    if (part.length <= smallest) return alone(part);
    if (callsLeft < 2 || !mayAsk()) return part.length <= smallestWithoutCalls ? alone(part) : leave(part);
    const middle = Math.ceil(part.length / 2);
    const [first, second] = [part.slice(0, middle), part.slice(middle)];
    if (first.length <= smallest) return alone(part);
    callsLeft -= 2;
    const end = await ask(first);
    if (end === 'refused') parts.push(first);
    // Where the first half is good, the second is not: that need not be asked.
    if (end === 'taken') callsLeft += 1;
    if (second.length <= smallest) await alone(second);
    else if (end === 'taken' || (await ask(second)) === 'refused') parts.push(second);
  };
  while (parts.length > 0) {
    parts.sort((a, b) => b.length - a.length);
    const now = parts.slice(0, atOnce);
    parts = parts.slice(atOnce);
    await Promise.all(now.map(halve));
  }
}
