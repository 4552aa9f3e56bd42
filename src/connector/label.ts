// Normalises the label of a column: letter case, accents, spaces and punctuation do not matter.

/** Letters that do not decompose into a base letter and a mark. */
const baseLetters: { readonly [letter: string]: string } = { ł: 'l', ß: 'ss', ø: 'o', đ: 'd', æ: 'ae' };

/** The words of a label, in lower case without accents: `State/Region (CET)` is `state`, `region`, `cet`. */
export function wordsOf(label: string): string[] {
  return label
    .replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[łßøđæ]/g, (letter) => baseLetters[letter] ?? letter)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** What forms write behind the name of a column. */
const demand =
  /[([](?:required|optional|mandatory|pflichtfeld|wymagane|opcjonalne|obligatoire|facultatif|obligatorio|opcional)[)\]]/giu;

/** Equal for two labels that differ only in case, accents, blanks and punctuation. */
export function labelKey(label: string): string {
  return wordsOf(label.replaceAll(demand, '')).join('') || label.trim().toLowerCase();
}
