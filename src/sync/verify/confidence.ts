// What a sample says of the whole: how large the share that differs may be. Exact (Clopper–Pearson), pure; it knows no
// customer.

/** So sure are we that the share is not larger. */
export const confidenceLevel = 0.95;

/**
 * The upper bound, at 95 %, of the share of all of whom `found` were met among `looked` chosen at random, 0 to 1. One-sided:
 * a larger share would have shown so few only once in twenty samples. A sample of none says nothing: 1.
 */
export function upperShare(found: number, looked: number): number {
  if (looked === 0 || found >= looked) return 1;
  let [low, high] = [found / looked, 1];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (atMost(found, looked, middle) > 1 - confidenceLevel) low = middle;
    else high = middle;
  }
  return high;
}

/** The probability of at most `found` among `looked` where each is met with probability `share`: the binomial's sum. */
function atMost(found: number, looked: number, share: number): number {
  if (share >= 1) return found >= looked ? 1 : 0;
  const [ln, ln1] = [Math.log(share), Math.log1p(-share)];
  let lnChoose = 0;
  let sum = 0;
  for (let count = 0; count <= found; count += 1) {
    if (count > 0) lnChoose += Math.log((looked - count + 1) / count);
    sum += Math.exp(lnChoose + count * (share === 0 ? 0 : ln) + (looked - count) * ln1);
  }
  return Math.min(sum, 1);
}

/** `0.3 %`, `0.02 %`, `12 %`: never rounded down. */
export function percent(share: number): string {
  const value = share * 100;
  const digits = value >= 10 ? 0 : value >= 1 ? 1 : value >= 0.1 ? 2 : 3;
  const rounded = Math.ceil(value * 10 ** digits - 1e-9) / 10 ** digits;
  return `${Math.min(rounded, 100)} %`;
}
