// The name that was probably meant. It knows names and nothing of what they name.

/** The known name most like this one, or null where none is like it. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const wanted = pairsOf(name);
  let best: string | null = null;
  let most = 0.4; // below it, names have no more than a few letters in common
  for (const candidate of known) {
    const likeness = likenessOf(wanted, pairsOf(candidate));
    if (likeness > most) [best, most] = [candidate, likeness];
  }
  return best;
}

/** Letters and digits, two by two, with the word's ends. */
function pairsOf(name: string): string[] {
  const plain = `^${name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')}$`;
  return Array.from({ length: plain.length - 1 }, (_, index) => plain.slice(index, index + 2));
}

/** Dice's coefficient, 0 to 1. */
function likenessOf(a: readonly string[], b: readonly string[]): number {
  const rest = [...b];
  let shared = 0;
  for (const pair of a) {
    const at = rest.indexOf(pair);
    if (at === -1) continue;
    rest.splice(at, 1);
    shared += 1;
  }
  return (2 * shared) / (a.length + b.length);
}
