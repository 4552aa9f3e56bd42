// What a person says of something that pushes: how it is known, how its body is read, and where a record stands in it.
// What they leave out the template says (templates.ts). It knows no requests.
import { z } from 'zod';
import { secrets } from '#connector/settings';
import { authentication } from './authentication.ts';
import { headerName, itemPaths, path, paths } from './paths.ts';

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
  .describe('What must hold besides: {header, equalsField} or {field, oneOf}.');

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
      .describe("A GET is answered with this parameter's value: {query, token?: {query, value}}."),
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
  .describe('How the sender tries the address before it sends.');

const record = z
  .strictObject({
    id: path.optional().describe('The ID of the record: the same in everything that is sent of it.'),
    body: path.optional().describe('Where the fields of the record stand, if below the item.'),
    changedAt: paths
      .optional()
      .describe('When it changed, the first of these that is there; else the time at which it came.'),
    unit: z
      .enum(['seconds', 'milliseconds', 'microseconds'])
      .default('seconds')
      .describe('The unit of a numeric changedAt, counted since 1970.'),
    deleted: z
      .strictObject({
        path: path.describe('The path of the field in the item.'),
        equals: scalars.describe('The value, or a list of values, of a deleted record.'),
      })
      .optional()
      .describe('The record is gone where this path has this value, or one of these.'),
    partial: z
      .boolean()
      .optional()
      .describe(
        'What a body leaves out stays as it was. False: it has been removed. True: what is sent holds only what changed, and its objects replace those of before.',
      ),
    absentIsEmpty: z
      .array(z.string().min(1))
      .optional()
      .describe('Names of the body that the sender leaves out when they are empty.'),
    withoutId: z
      .enum(['reject', 'ignore'])
      .optional()
      .describe('What becomes of an item without an ID: kept as a dead letter (default), or ignored.'),
  })
  .prefault({})
  .describe('Where the record stands in an item.');

export const settings = z
  .strictObject({
    template: z
      .enum(['custom', 'bloomreach', 'clevertap', 'salesforce'])
      .default('custom')
      .describe('Whose bodies they are: it says all that you do not.'),
    authentication,
    checks,
    handshake,
    body: z.enum(['json', 'form', 'soap']).optional().describe('How the body is written.'),
    items: itemPaths
      .optional()
      .describe('Where the items are; by default the whole body is one, or a list of them.'),
    stringified: z.array(path).default([]).describe('Paths in an item that hold JSON written as a string.'),
    eventId: paths
      .optional()
      .describe(
        'What names one sending, joined where it is a list. Where one is absent, only what repeats the present state of its record is a repeat.',
      ),
    record,
    only: z
      .record(path, scalars)
      .default({})
      .describe('By path: the value, or the values, of items that are taken; others are ignored.'),
    organizationId: z
      .string()
      .regex(
        /^00D[0-9A-Za-z]{12}([0-9A-Za-z]{3})?$/,
        'must be an ID of 15 or 18 characters that begins with 00D',
      )
      .optional()
      .describe('Salesforce: the organisation that alone is heard (Setup → Company Information).'),
    retryHours: z
      .number()
      .positive()
      .max(720)
      .optional()
      .describe('How long the same may be sent again after the first time, hours.'),
    reply: z
      .enum(['json', 'salesforce-ack'])
      .optional()
      .describe('The answer: {} as JSON, or the Ack that Salesforce waits for.'),
    refuseWith: z
      .int()
      .min(400)
      .max(599)
      .optional()
      .describe(
        'The status of every refusal, for senders that stop permanently after certain statuses, for example 503.',
      ),
    maxBodyBytes: z
      .int()
      .min(1024)
      .max(64 * 1024 * 1024)
      .optional()
      .describe('A longer body is refused, bytes.'),
  })
  .superRefine((given, context) => {
    const fault = (at: string[], message: string) => context.addIssue({ code: 'custom', path: at, message });
    if (given.organizationId !== undefined && given.template !== 'salesforce') {
      fault(['organizationId'], 'goes with template "salesforce"; for others, write it as one of the checks');
    }
    const emptied = given.record.absentIsEmpty ?? [];
    if (given.record.partial && emptied.length > 0) {
      fault(
        ['record', 'absentIsEmpty'],
        'says the opposite of partial: what is left out is empty, or it stays',
      );
    }
    if (given.reply === 'salesforce-ack' && (given.body ?? 'soap') !== 'soap') {
      fault(['reply'], 'is for bodies that are soap');
    }
  });

export type Settings = z.infer<typeof settings>;
