// IDs that a spreadsheet has damaged: `7.00E+10` was another number, `123.0` was 123. The ID alone does not always show
// this; the whole column does.
import { z } from 'zod';
import { isBlank, trimmed } from './csv-text.ts';
import { isNoId, isSheetError } from './leftovers.ts';

/** What the IDs of one column have in common, by the beginning of the file. */
export const keyProfiles = z.object({
  /** Their shapes; see `shapeOf`. */
  shapes: z.array(z.string()),
  /** Every one has a digit; none has a blank; every one has an @; none has. */
  digit: z.boolean(),
  spaceless: z.boolean(),
  mail: z.boolean(),
  mailless: z.boolean(),
  /** More than a tenth have letters, though none as in `7E10`. */
  lettered: z.boolean(),
  /** Some are whole numbers, and of how many digits. */
  integers: z.array(z.number()),
  /** Every one ends in `.0`. */
  floats: z.boolean(),
  /** Every one that has more than 15 digits has zeros after them: a spreadsheet keeps 15. */
  rounded: z.boolean(),
});

export type KeyProfile = z.infer<typeof keyProfiles>;

/** As spreadsheets show a long number: with a sign or a decimal sign. No ID is written so. */
const scientific = /^[+-]?\d+(?:[.,]\d*\s?e\s?[+-]?|\s?e\s?\+)\d{1,3}$/i;
/** So is a hexadecimal number that has one E. */
const maybeScientific = /^\d+e\d{1,3}$/i;
/** `1-2` as a spreadsheet shows it where it takes it for a day: `02.Jan`, `2-Jan`, `Jan 02`. */
const dayOfMonth = /^(?:\d{1,2}[-.\s]\s?\p{L}{3,4}\.?|\p{L}{3}[-.\s]\d{2})$/u;
/** Of two numbers with a sign between them. */
const pairShapes = ['9-9', '9/9', '9.9'];
/** `1,001`: a number as a spreadsheet shows it, with signs between its thousands. A full stop may be a part of an ID. */
const grouped = /^\d{1,3}(?:([,'’\u00a0\u202f])\d{3}(?:\1\d{3})*|(?:\.\d{3}){2,})$/;
const maybeGrouped = /^\d{1,3}\.\d{3}$/;
const float = /^(\d+)[.,]0+$/;
const integer = /^\d+$/;
const maxShapes = 50;
const exactDigits = 15;

export function profileOf(ids: readonly string[]): KeyProfile {
  const all = ids.map(trimmed).filter((id) => !isBlank(id) && !isNoId(id));
  const lettered = all.filter((id) => /\p{L}/u.test(id) && !scientific.test(id) && !maybeScientific.test(id));
  const every = (test: (id: string) => boolean) => all.length > 0 && all.every(test);
  const long = all.filter((id) => integer.test(id) && id.length > exactDigits);
  return {
    shapes: [...new Set(all.map(shapeOf))].slice(0, maxShapes),
    digit: every((id) => /\d/.test(id)),
    spaceless: every((id) => !/\s/.test(id)),
    mail: every((id) => id.includes('@')),
    mailless: every((id) => !id.includes('@')),
    lettered: lettered.length * 10 > all.length,
    integers: [...new Set(all.filter((id) => integer.test(id)).map((id) => id.length))].slice(0, maxShapes),
    floats: every((id) => float.test(id)),
    rounded: long.length > 2 && long.every((id) => /^0+$/.test(id.slice(exactDigits))),
  };
}

/** Runs of letters and of digits as one sign each: `sh-12` and `sh-7` are alike. Digits alone count. */
function shapeOf(id: string): string {
  if (integer.test(id)) return `9{${id.length}}`;
  return id
    .replace(/\p{L}+/gu, 'a')
    .replace(/\d+/g, '9')
    .slice(0, 40);
}

/** True where another ID could hardly look like this by chance. */
export function isSurelyKey(id: string, profile: KeyProfile): boolean {
  if (profile.mail) return /^[^\s@]+@[^\s@]+$/.test(id);
  const shape = shapeOf(id);
  const isTelling = integer.test(id) ? id.length >= 4 : shape.length > 1;
  return isTelling && profile.shapes.includes(shape);
}

/** True where this cannot be an ID of the column: all others have what it lacks. */
export function isNoKey(id: string, profile: KeyProfile): boolean {
  return (
    isBlank(id) ||
    (profile.digit && !/\d/.test(id)) ||
    (profile.spaceless && /\s/.test(id)) ||
    (profile.mail && !id.includes('@')) ||
    (profile.mailless && id.includes('@'))
  );
}

/** The ID as it was, or why it cannot be told. `wasFloat`: it was written as `123.0`. */
export function readId(
  id: string,
  profile: KeyProfile,
): { id: string; wasFloat: boolean } | { fault: string } {
  if (scientific.test(id) || (maybeScientific.test(id) && isAmongNumbers(id, profile))) {
    return {
      fault:
        'is a long number that a spreadsheet has shortened, so several people may share it: format the column as text and export the file again',
    };
  }
  if (isSheetError(id.toUpperCase())) {
    return {
      fault:
        'is an error that a spreadsheet shows in place of a value: correct the column and export the file again',
    };
  }
  if (isNoId(id))
    return {
      fault: 'stands for a missing value and identifies nobody: correct the column and export the file again',
    };
  if (dayOfMonth.test(id) && pairShapes.some((shape) => profile.shapes.includes(shape))) {
    return {
      fault:
        'is a day, while other IDs in the column are two numbers: a spreadsheet has changed it. Format the column as text and export the file again',
    };
  }
  if (!profile.lettered && (grouped.test(id) || (maybeGrouped.test(id) && isAmongWhole(profile)))) {
    return {
      fault:
        'is a number with separators between its thousands, as a spreadsheet shows it: format the column as text and export the file again',
    };
  }
  const [, whole] = float.exec(id) ?? [];
  if (whole !== undefined && profile.floats) {
    if (Number.isSafeInteger(Number(whole))) return { id: whole, wasFloat: true };
    return { fault: 'is a number with too many digits to be exact: export the column as text' };
  }
  if (whole !== undefined && profile.integers.length > 0 && !profile.lettered) {
    return {
      fault:
        'ends in ".0" while other IDs in the column do not, so it may be the same person as the ID without ".0". Export the column as text',
    };
  }
  if (profile.floats && integer.test(id)) {
    return {
      fault: 'is a whole number while the other IDs in the column end in ".0": export the column as text',
    };
  }
  return { id, wasFloat: false };
}

/** `1.001` beside `999` was 1001; so was `1.000` among numbers that all end so, or it was 1. */
function isAmongWhole({ integers, floats }: KeyProfile): boolean {
  return integers.length > 0 || floats;
}

/** `7E10` beside numbers of eleven digits was one of them; beside `4410` or `9AC2` it is an ID like the others. */
function isAmongNumbers(id: string, { lettered, integers }: KeyProfile): boolean {
  return !lettered && integers.length > 0 && !integers.includes(id.length);
}
