// What a person says of a customer file. It does not know what is in it.
import { z } from 'zod';
import { isField } from './columns.ts';
import { encodingOf } from './encoding.ts';
import { isDelimiter } from './header.ts';

const column = z.string().trim().min(1);

export const settings = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .optional()
      .describe('The file to read; leave it out where files only come by import.'),
    delimiter: z
      .string()
      .refine(
        (text) => text === 'auto' || isDelimiter(text),
        'one character such as , ; | or a tab, or "auto"',
      )
      .default('auto')
      .describe(
        'What separates the columns: a comma, a semicolon, a tab, "|" or another sign; "auto" finds out, and a first line such as sep=; names it.',
      ),
    recordId: column
      .optional()
      .describe('The column that tells rows apart; by default the one with the source ID.'),
    sourceIdColumn: column
      .optional()
      .describe(
        'The column with the source ID, in files that do not call it Source_id: its value is kept as Source_id.',
      ),
    columns: z
      .record(
        column,
        z
          .string()
          .refine(isField, 'a field such as email, address.city or metadata.plan, or null')
          .nullable(),
      )
      .optional()
      .describe(
        'What single columns mean, where their names do not say it: {"Tier": "metadata.tier", "Notes": null}. Null leaves a column out. Not used where the source has a mapping.',
      ),
    rename: z
      .record(column, column)
      .optional()
      .describe('Columns that the file calls otherwise than the mapping: {"E-Mail": "Email"}.'),
    extra: z
      .enum(['metadata', 'none'])
      .default('metadata')
      .describe('What becomes of columns that mean no field: metadata under their own names, or nothing.'),
    changedAt: column
      .optional()
      .describe("The column with a row's time of change (ISO 8601 or epoch); by default the file's own."),
    encoding: z
      .string()
      .refine((label) => encodingOf(label) !== null, {
        error:
          'not an encoding: write utf-8, utf-16le, windows-1250, windows-1252, iso-8859-2 or another label of the Encoding Standard',
      })
      .transform((label) => encodingOf(label) ?? label)
      .default('utf-8')
      .describe(
        'How the bytes are text: utf-8, windows-1250, iso-8859-2, utf-16le or another label of the Encoding Standard; a byte order mark of UTF-8 is obeyed.',
      ),
    pageRows: z.int().min(1).max(10_000).default(1000).describe('Rows taken in at a time.'),
    complete: z
      .boolean()
      .default(false)
      .describe(
        'True: the file at the path names everybody, so whoever is no longer in it has been deleted.',
      ),
    maxBadShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('The reading stops when more than this share of the rows, and at least ten, is rejected.'),
  })
  .refine(({ path, complete }) => path !== undefined || !complete, {
    path: ['complete'],
    error: 'only where there is a path: say of an imported file that it is complete when you import it',
  });

export type Settings = z.infer<typeof settings>;
