// What programs and spreadsheets write where they have no value. It says nothing of a person, and not that there is nothing
// to say either.

/** As they are written: `Null` is a family name. */
const words: ReadonlySet<string> = new Set([
  ...['NULL', 'null', '(null)', '<null>', '[NULL]', '\\N', 'undefined', 'NaN', '[object Object]'],
  ...['null null', 'undefined undefined', 'N/A', 'n/a', '-', '--', '–', '—'],
  ...['(No value)', '(no value)', '--No value--', '(blank)', '(empty)', '(none)', '(not set)', 'Loading...'],
]);
/** The day 0 of MySQL, PHP and SAP, and the first of .NET, alone or at midnight: they have no date. */
const noDate =
  /^(?:0000-00-00|00\.00\.0000|00\/00\/0000|0001-01-01|01\.01\.0001|0?1\/0?1\/0001)(?:[T ](?:00:00(?::00(?:\.0+)?)?Z?|12:00:00 AM))?$/;
/** Of these no ID is made, in whatever letter case. */
const noIds: ReadonlySet<string> = new Set([
  ...[...words].map((word) => word.toLowerCase()),
  ...['nil', 'none', 'unknown'],
]);
const maxLength = 30;

/** As Excel, Google Sheets, Numbers and LibreOffice show it in English, German, Polish, French, Spanish, Italian and Portuguese. */
const sheetErrors =
  /^#(?:#+|N\/[ADV]!?|NV!?|NB!?|(?:REF|BEZUG|ADR|RIF|VALUE|WERT|ARG|VALEUR|VALOR|VALORE|DIV\/0|NULL|NUL|NULO|NULLO|NUM|ZAHL|LICZBA|NOMBRE|SPILL|CALC|ERROR)!|(?:NAME|NAZWA|NOM|NOMBRE|NOME)\?)$/;

/** What a spreadsheet shows where it has no value, or too little room for one: `#N/A`, `#####`. */
export function isSheetError(text: string): boolean {
  return text.startsWith('#') && sheetErrors.test(text);
}

export function isLeftover(text: string): boolean {
  return text.length <= maxLength && (words.has(text) || isSheetError(text) || noDate.test(text));
}

/** A tag of a template that nobody filled in: `{{ person.id }}`, `*|EUID|*`, `%%id%%`, `${user.id}`. */
const tag = /^(?:\{\{.*\}\}|\{%.*%\}|\*\|.*\|\*|%%.*%%|\$\{.*\})$/s;

export function isTag(text: string): boolean {
  return tag.test(text);
}

/** True for what cannot be anybody's ID: what stands for a missing one, and punctuation alone. */
export function isNoId(text: string): boolean {
  if (isTag(text)) return true;
  if (text.length > maxLength) return false;
  return noIds.has(text.toLowerCase()) || isSheetError(text.toUpperCase()) || /^[\p{P}\s]+$/u.test(text);
}
