// What a person says of a customer file. It does not know what is in it.
import { z } from 'zod';
import { isField } from './columns.ts';
import { delimiters } from './header.ts';

const column = z.string().trim().min(1);

export const settings = z.strictObject({
  path: z.string().min(1).optional().describe('The file to read; absent where files only come by import.'),
  delimiter: z
    .enum(['auto', ...delimiters])
    .default('auto')
    .describe('What parts the columns: a comma, a semicolon or a tab; "auto" finds out.'),
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
      z.string().refine(isField, 'a field such as email, address.city or metadata.plan, or null').nullable(),
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
  encoding: z.literal('utf-8').default('utf-8').describe('The only encoding read is UTF-8.'),
  pageRows: z.int().min(1).max(10_000).default(1000).describe('Rows taken in at a time.'),
});

export type Settings = z.infer<typeof settings>;
