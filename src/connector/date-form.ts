// A declared form of dates, such as `DD.MM.YYYY HH:mm`: checked, compiled, and read. It knows no zones and no fields.

/** What stands in a text, as it is written there. */
export interface WrittenDate {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** 0 to 999. */
  millisecond: number;
}

type Part = keyof WrittenDate | 'shortYear' | 'monthName' | 'hour12' | 'half';

interface Token {
  part: Part;
  /** Exactly as many digits as the token has letters, where another token follows without anything between. */
  exact: string;
  loose: string;
}

const name = '([^\\s\\d.,/-]+\\.?)';

const tokens: { readonly [token: string]: Token } = {
  YYYY: { part: 'year', exact: '(\\d{4})', loose: '(\\d{4})' },
  YY: { part: 'shortYear', exact: '(\\d{2})', loose: '(\\d{2})' },
  MMMM: { part: 'monthName', exact: name, loose: name },
  MMM: { part: 'monthName', exact: name, loose: name },
  MM: { part: 'month', exact: '(\\d{2})', loose: '(\\d{1,2})' },
  M: { part: 'month', exact: '(\\d{1,2})', loose: '(\\d{1,2})' },
  DD: { part: 'day', exact: '(\\d{2})', loose: '(\\d{1,2})' },
  D: { part: 'day', exact: '(\\d{1,2})', loose: '(\\d{1,2})' },
  HH: { part: 'hour', exact: '(\\d{2})', loose: '(\\d{1,2})' },
  H: { part: 'hour', exact: '(\\d{1,2})', loose: '(\\d{1,2})' },
  hh: { part: 'hour12', exact: '(\\d{2})', loose: '(\\d{1,2})' },
  h: { part: 'hour12', exact: '(\\d{1,2})', loose: '(\\d{1,2})' },
  mm: { part: 'minute', exact: '(\\d{2})', loose: '(\\d{2})' },
  ss: { part: 'second', exact: '(\\d{2})', loose: '(\\d{2})' },
  A: { part: 'half', exact: '([AaPp])\\.?[Mm]\\.?', loose: '([AaPp])\\.?[Mm]\\.?' },
};

const tokenSyntax = /YYYY|YY|MMMM|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|A/g;
/** What may stand between tokens: no digit, and of the Latin letters the T of ISO 8601 only. */
const literalSyntax = /^[^A-SU-Za-z\p{N}]*$/u;
const optionalTime = String.raw`(?:[T\s,]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?)?`;

interface Form {
  pattern: RegExp;
  parts: readonly Part[];
}

const forms = new Map<string, Form | string>();

/** What is wrong with a form, one sentence, or null. */
export function dateFormFault(form: string): string | null {
  const compiled = formOf(form);
  return typeof compiled === 'string' ? compiled : null;
}

/** Two forms that take the same texts for different days, such as `DD/MM/YYYY` and `MM/DD/YYYY`; null where there are none. */
export function twinForms(forms: readonly string[]): readonly [string, string] | null {
  for (const [index, form] of forms.entries())
    for (const other of forms.slice(index + 1)) {
      const [one, two] = [formOf(form), formOf(other)];
      if (typeof one === 'string' || typeof two === 'string') continue;
      if (one.pattern.source === two.pattern.source && one.parts.join() !== two.parts.join())
        return [form, other];
    }
  return null;
}

/** What a text says that is written in this form; null where it is not, whether or not there is such a day. */
export function readDateForm(text: string, form: string): WrittenDate | null {
  const compiled = formOf(form);
  if (typeof compiled === 'string') return null;
  const match = compiled.pattern.exec(text);
  if (!match) return null;
  const written: WrittenDate = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, millisecond: 0 };
  let isAfternoon: boolean | undefined;
  for (const [index, part] of compiled.parts.entries()) {
    const found = match[index + 1] ?? '0';
    if (part === 'half') isAfternoon = found.toLowerCase() === 'p';
    else if (part === 'monthName') written.month = months().get(monthKey(found)) ?? 0;
    else if (part === 'shortYear') written.year = centuryOf(Number(found));
    else if (part === 'hour12') written.hour = Number(found);
    else written[part] = Number(found);
  }
  if (compiled.parts.includes('monthName') && written.month === 0) return null;
  if (isAfternoon === undefined) return written;
  if (written.hour < 1 || written.hour > 12) return null;
  return { ...written, hour: (written.hour % 12) + (isAfternoon ? 12 : 0) };
}

/** Languages in which no name of a month, whole or shortened, is that of another month in another of them. */
const languages = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl'];
let monthsByName: ReadonlyMap<string, number> | undefined;

/** 1 to 12 by name: as it stands alone, and as a date has it (`październik`, `października`). */
function months(): ReadonlyMap<string, number> {
  monthsByName ??= new Map(
    languages.flatMap((language) =>
      (['long', 'short'] as const).flatMap((month) =>
        [{ month }, { month, day: 'numeric' as const }].flatMap((options) => {
          const format = new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' });
          return Array.from({ length: 12 }, (_, index) => {
            const parts = format.formatToParts(Date.UTC(2024, index, 15));
            return [monthKey(parts.find(({ type }) => type === 'month')!.value), index + 1] as const;
          });
        }),
      ),
    ),
  );
  return monthsByName;
}

function monthKey(month: string): string {
  return month
    .normalize('NFKD')
    .replace(/\p{M}|\.$/gu, '')
    .toLowerCase();
}

/** As spreadsheets take two digits: 00 to 29 are of this century, 30 to 99 of the last. */
function centuryOf(year: number): number {
  return year + (year < 30 ? 2000 : 1900);
}

/** Kept by form: there are as many as the configuration names. A text says what is wrong with it. */
function formOf(form: string): Form | string {
  const known = forms.get(form) ?? compile(form);
  forms.set(form, known);
  return known;
}

function compile(form: string): Form | string {
  const found = [...form.matchAll(tokenSyntax)];
  const parts: Part[] = [];
  let pattern = '';
  let at = 0;
  for (const [index, match] of found.entries()) {
    const between = form.slice(at, match.index);
    if (!literalSyntax.test(between)) return wrong(form);
    at = match.index + match[0].length;
    const token = tokens[match[0]]!;
    const isGlued = found[index + 1]?.index === at || (index > 0 && between === '');
    pattern += `${literal(between)}${isGlued ? token.exact : token.loose}`;
    parts.push(token.part);
  }
  if (!literalSyntax.test(form.slice(at))) return wrong(form);
  pattern += literal(form.slice(at));
  if (!isWhole(parts)) return wrong(form);
  if (!parts.some((part) => part === 'hour' || part === 'hour12')) {
    pattern += optionalTime;
    parts.push('hour', 'minute', 'second');
  }
  return { pattern: new RegExp(`^${pattern}$`), parts };
}

/** A day once, and a time of day either whole or not at all. */
function isWhole(parts: readonly Part[]): boolean {
  const has = (...any: Part[]) => parts.filter((part) => any.includes(part)).length;
  const isOnce = has('year', 'shortYear') === 1 && has('month', 'monthName') === 1 && has('day') === 1;
  const hours = has('hour', 'hour12');
  const hasTime = hours === 1 && has('minute') === 1 && has('second') <= 1 && has('half') === has('hour12');
  const hasNone = hours === 0 && has('minute', 'second', 'half') === 0;
  return isOnce && (hasTime || hasNone);
}

/** A blank stands for any blank, a no-break one too. */
function literal(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, '\\$&').replace(/\s+/g, '\\s+');
}

function wrong(form: string): string {
  return `"${form}" is not a date format: combine YYYY or YY, MM, M or MMM (a name), DD or D and, for a time, HH or hh, mm, ss and A (AM or PM), for example "DD.MM.YYYY" or "MM/DD/YYYY hh:mm A".`;
}
