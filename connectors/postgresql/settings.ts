// The settings of a table or view.
import { z } from 'zod';
import { deletedValues } from '#connector/settings';

const column = z.string().min(1).max(63);

export const settings = z.strictObject({
  url: z
    .string()
    .regex(/^postgres(ql)?:\/\//i, 'must be an address such as postgres://user:password@host:5432/database')
    .describe(
      'The address of the database: postgres://user:password@host:5432/database. A user with read access is sufficient. Connections are encrypted as sslmode says.',
    ),
  schema: column
    .optional()
    .describe(
      "The schema of the table or view. Default: the first schema in the user's search path that has it.",
    ),
  table: column.describe('The name of the table or view, in its exact letter case.'),
  key: z
    .union([column, z.array(column).min(1).max(8)], 'a column, or a list of columns')
    .transform((given) => [given].flat())
    .describe(
      'The column that identifies a row, or a list of columns: unique, never null, and never changed. Integers, numeric, text and uuid are possible.',
    ),
  updatedAt: column.describe(
    'The column of type timestamptz that every insert and update sets to the current time, preferably by a trigger.',
  ),
  updatedAtZone: z
    .literal('UTC')
    .optional()
    .describe(
      'Required if updatedAt is a timestamp without time zone: "UTC" declares that its values are in UTC.',
    ),
  deleted: z
    .strictObject({
      column: column.describe('The column, such as deleted_at or is_deleted.'),
      equals: deletedValues('a deleted row'),
    })
    .optional()
    .describe(
      'The column that marks deleted rows: {column, equals?}. The update that sets it must also set updatedAt. Full readings find rows that are removed, with or without it.',
    ),
  overlapSeconds: z
    .number()
    .min(0)
    .max(86_400)
    .optional()
    .describe(
      'How far before the oldest running transaction changes are read again, seconds; must be more than the clocks that set updatedAt differ. Default: 10, or 600 if running transactions are not visible (on a standby, or for a user without the role pg_read_all_stats).',
    ),
  rowSecurity: z
    .boolean()
    .default(false)
    .describe(
      'False (default): a row-level security policy that would hide rows is an error. True: rows that are not visible count as deleted.',
    ),
  statementTimeoutSeconds: z
    .number()
    .min(1)
    .max(3600)
    .default(60)
    .describe('The statement timeout, seconds. Default: 60.'),
});

export type Settings = z.infer<typeof settings>;
