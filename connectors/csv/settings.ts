// The settings of a customer file.
import { z } from 'zod';
import { encodingOf } from '#connector/csv-encoding';
import { flag, wholeNumber } from '#connector/settings';
import { isField } from './columns.ts';
import { isDelimiter } from './header.ts';

const column = z.string().trim().min(1);

export const settings = z
  .strictObject({
    path: z.string().min(1).optional().describe('The file to read. Omit it if files arrive only by import.'),
    delimiter: z
      .string()
      .refine(
        (text) => text === 'auto' || isDelimiter(text),
        'one character such as , ; | or a tab, or "auto"',
      )
      .default('auto')
      .describe(
        'The delimiter: a comma, a semicolon, a tab, "|" or another character. "auto" detects it, or reads it from a first line such as sep=;.',
      ),
    recordId: column
      .optional()
      .describe('The column that identifies a row. Default: the column with the source ID.'),
    sourceIdColumn: column
      .optional()
      .describe(
        'The column with the source ID, if it is not called Source_id. Its value is stored as Source_id.',
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
        'The fields of columns whose names do not say it: {"Tier": "metadata.tier", "Notes": null}. Null leaves a column out. Ignored if the source has a mapping.',
      ),
    rename: z
      .record(column, column)
      .optional()
      .describe('Columns to read under the name that the mapping uses: {"E-Mail": "Email"}.'),
    extra: z
      .enum(['metadata', 'none'])
      .default('metadata')
      .describe(
        'What to do with columns that are no known field: keep them as metadata under their own names, or leave them out.',
      ),
    empty: z
      .array(z.string().trim().min(1))
      .default([])
      .describe(
        'Cells that mean "no value", such as ["NULL", "N/A"]: they empty the field, as an empty cell does. Letter case does not matter. Default: none.',
      ),
    changedAt: column
      .optional()
      .describe(
        'The column with the time at which a row changed (ISO 8601 or Unix time). Default: the modification time of the file.',
      ),
    encoding: z
      .string()
      .refine((label) => encodingOf(label) !== null, {
        error:
          'not a known encoding: use utf-8, utf-16le, windows-1250, windows-1252, iso-8859-2, macintosh or another label of the Encoding Standard',
      })
      .transform((label) => encodingOf(label) ?? label)
      .default('utf-8')
      .describe(
        'The encoding of the file: utf-8, windows-1250, iso-8859-2, utf-16le or another label of the Encoding Standard. A UTF-8 byte order mark takes precedence.',
      ),
    pageRows: wholeNumber({ usual: 1000, min: 1, max: 10_000 }, 'The number of rows processed at a time.'),
    complete: flag(
      false,
      'True: the file lists every record, so records that are no longer in it are deleted.',
    ),
    maxBadShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe(
        'Reading stops when at least ten rows, and more than this share of all rows, are rejected. 0 to 1. Default: 0.5.',
      ),
  })
  .refine(({ path, complete }) => path !== undefined || !complete, {
    path: ['complete'],
    error: 'only with a path: for an imported file use "tributary import --complete"',
  });

export type Settings = z.infer<typeof settings>;
