// The name that was probably meant. It knows names and nothing of what they name.

/** The known name most like this one, or null where none is like it. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const wanted = pairsOf(name);
  // Of a short word, two letters that changed places leave few pairs as they were.
  const letters = lettersOf(name);
  const names = [...known];
  const swapped = letters === '' ? undefined : names.find((candidate) => lettersOf(candidate) === letters);
  if (swapped !== undefined) return swapped;
  let best: string | null = null;
  let most = 0.4; // below it, names have no more than a few letters in common
  for (const candidate of names) {
    const likeness = likenessOf(wanted, pairsOf(candidate));
    if (likeness > most) [best, most] = [candidate, likeness];
  }
  return best;
}

function lettersOf(name: string): string {
  return plainOf(name).split('').sort().join('');
}

function plainOf(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** Letters and digits, two by two, with the word's ends. */
function pairsOf(name: string): string[] {
  const plain = `^${plainOf(name)}$`;
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
