// The settings of a sender of webhooks: how it authenticates, how its body is read, and where the parts of a record
// are. Templates supply what is left out (templates.ts).
import { z } from 'zod';
import { headerName, itemPaths, path, paths } from '#connector/paths';
import { secrets } from '#connector/settings';
import { authentication } from './authentication.ts';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const scalars = z
  .union([scalar, z.array(scalar).min(1)], 'a value, or a list of values')
  .transform((given) => [given].flat());

const checks = z
  .array(
    z.union(
      [
        z.strictObject({
          header: headerName.describe('The name of the header.'),
          equalsField: path.describe('The path of the field of the body that must equal it.'),
        }),
        z.strictObject({
          field: path.describe('The path of the field of the body.'),
          oneOf: z.array(z.string().min(1)).min(1).describe('The values allowed.'),
        }),
      ],
      'a check is {header, equalsField} or {field, oneOf: […]}',
    ),
  )
  .default([])
  .describe('Further conditions that a request must meet: {header, equalsField} or {field, oneOf}.');

const handshake = z
  .strictObject({
    reachabilityCheck: z.literal(true).optional().describe('GET and HEAD get 200 without credentials.'),
    challenge: z
      .strictObject({
        query: z.string().min(1).describe('The query parameter whose value is returned.'),
        token: z
          .strictObject({
            query: z.string().min(1).describe('The name of the query parameter.'),
            value: secrets.describe('Its value, or a list of values of which any is accepted.'),
          })
          .optional()
          .describe('A query parameter that must hold a secret: {query, value}.'),
      })
      .optional()
      .describe('A GET is answered with the value of this parameter: {query, token?: {query, value}}.'),
    ping: z
      .strictObject({
        field: path.describe('The path of the field of the body.'),
        equals: z.string().min(1).describe('The value that marks a ping.'),
        echo: path.optional().describe('The path of the value that is returned. Default: none.'),
      })
      .optional()
      .describe('A POST whose field has this value is answered and not kept: {field, equals, echo?}.'),
  })
  .optional()
  .describe('How the sender checks the address before it sends.');

const record = z
  .strictObject({
    id: path
      .optional()
      .describe('The path of the record ID, the same in everything that is sent about the record.'),
    body: path.optional().describe('The path of the fields of the record. Default: the item itself.'),
    changedAt: paths
      .optional()
      .describe(
        'The path of the time of change, or a list of paths of which the first that exists counts. Default: the time of receipt.',
      ),
    unit: z
      .enum(['seconds', 'milliseconds', 'microseconds'])
      .default('seconds')
      .describe('The unit of a numeric changedAt, counted since 1970. Default: seconds.'),
    deleted: z
      .strictObject({
        path: path.describe('The path of the field in the item.'),
        equals: scalars.describe('The value, or a list of values, of a deleted record.'),
      })
      .optional()
      .describe('The record is deleted if this path has this value, or one of these values: {path, equals}.'),
    partial: z
      .boolean()
      .optional()
      .describe(
        'Default: properties that a body leaves out stay as they were. False: they have been removed. True: a body holds only what changed, and its objects replace former ones.',
      ),
    absentIsEmpty: z
      .array(z.string().min(1))
      .optional()
      .describe('Properties that the sender leaves out when they are empty.'),
    withoutId: z
      .enum(['reject', 'ignore'])
      .optional()
      .describe(
        'What is done with an item without an ID: "reject" (default) keeps it as a dead letter, "ignore" ignores it.',
      ),
  })
  .prefault({})
  .describe('The paths of the record in an item.');

export const settings = z
  .strictObject({
    template: z
      .enum(['custom', 'bloomreach', 'clevertap', 'salesforce'])
      .default('custom')
      .describe('The sender, which fills in every setting that you leave out. Default: custom.'),
    authentication,
    checks,
    handshake,
    body: z
      .enum(['json', 'form', 'soap'])
      .optional()
      .describe('The format of the body. Default: that of the template, which is json for "custom".'),
    items: itemPaths
      .optional()
      .describe(
        'The path of the items, or a list of paths of which the first that exists counts. Default: the whole body is one item, or a list of items.',
      ),
    stringified: z.array(path).default([]).describe('Paths in an item that hold JSON as a string.'),
    eventId: paths
      .optional()
      .describe(
        'The path of the event ID, or a list of paths that are joined. If absent, an item is a repeat only if it equals the present state of its record.',
      ),
    record,
    only: z
      .record(path, scalars)
      .default({})
      .describe(
        'By path: the value, or the list of values, of items that are accepted. Other items are ignored.',
      ),
    organizationId: z
      .string()
      .regex(
        /^00D[0-9A-Za-z]{12}([0-9A-Za-z]{3})?$/,
        'must be an ID of 15 or 18 characters that begins with 00D',
      )
      .optional()
      .describe('Salesforce: the only organisation that is accepted (Setup → Company Information).'),
    retryHours: z
      .number()
      .positive()
      .max(720)
      .optional()
      .describe('How long the sender may repeat a request, hours.'),
    reply: z
      .enum(['json', 'salesforce-ack'])
      .optional()
      .describe('The answer to a request: {} as JSON, or the Ack that Salesforce expects.'),
    refuseWith: z
      .int()
      .min(400)
      .max(599)
      .optional()
      .describe(
        'The status of every refused request, for example 503, for senders that stop permanently after certain statuses.',
      ),
    maxBodyBytes: z
      .int()
      .min(1024)
      .max(64 * 1024 * 1024)
      .optional()
      .describe('The maximum size of a body, bytes.'),
  })
  .superRefine((given, context) => {
    const fault = (at: string[], message: string) => context.addIssue({ code: 'custom', path: at, message });
    if (given.organizationId !== undefined && given.template !== 'salesforce') {
      fault(['organizationId'], 'requires template "salesforce"; otherwise, add it to checks');
    }
    const emptied = given.record.absentIsEmpty ?? [];
    if (given.record.partial && emptied.length > 0) {
      fault(
        ['record', 'absentIsEmpty'],
        'contradicts partial: an omitted property is either empty or unchanged',
      );
    }
    if (given.reply === 'salesforce-ack' && (given.body ?? 'soap') !== 'soap') {
      fault(['reply'], 'requires bodies of the form soap');
    }
  });

export type Settings = z.infer<typeof settings>;
