// Files of customers: how one is read.
import { z } from 'zod';
import { text } from './parts.ts';

/** A parameter that holds JSON. */
function jsonText<Shape extends z.ZodType>(shape: Shape) {
  return z
    .string()
    .max(10_000)
    .transform((given, context): unknown => {
      try {
        return JSON.parse(given);
      } catch {
        context.addIssue({ code: 'custom', message: 'JSON' });
        return z.NEVER;
      }
    })
    .pipe(shape)
    .optional();
}

export const importQuery = z.strictObject({
  name: text.min(1).max(200).default('import.csv').meta({ description: "The file's name, for messages." }),
  delimiter: text.optional().meta({
    description:
      "The delimiter of columns: `,`, `;`, `|`, `tab` or `auto`. Default: as the source's settings say.",
  }),
  encoding: text.optional().meta({
    description:
      "The file's encoding: `utf-8`, `windows-1250`, `utf-16le` or another label of the Encoding Standard. Default: as the source's settings say.",
  }),
  complete: z.enum(['true', 'false']).default('false').meta({
    description:
      '`true`: the file lists every record, so records of the source that are not in it are deleted.',
  }),
  sourceId: text.min(1).optional().meta({
    description: 'The column that identifies a customer, in a file that has no column `Source_id`.',
    example: 'Customer ID',
  }),
  map: jsonText(z.record(z.string(), text.min(1))).meta({
    description: 'The columns of fields that column names do not reveal, as JSON.',
    example: '{"email": "E-Mail (work)"}',
  }),
  settings: jsonText(z.record(z.string(), z.json())).meta({
    description: 'Settings of the source that apply to this file only, as JSON.',
    example: '{"pageRows": 500}',
  }),
  dryRun: z.enum(['true', 'false']).default('false').meta({
    description: 'Nothing is stored or sent: the run reports what the import would do.',
  }),
});
export type ImportQuery = z.output<typeof importQuery>;

export const importBody = z.string().meta({ format: 'binary' });
