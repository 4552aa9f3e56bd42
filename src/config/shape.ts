// What a configuration file may hold, beside the settings of its connectors.
import { z } from 'zod';
import type { Locale, Mapping } from '../connector.ts';
import { localeFaults } from '../customer/mapping.ts';
import { usualBodyRules } from '../engine/webhook/body.ts';
import { knownCharset } from '../engine/webhook/charset.ts';
import { scheduleFault, timezoneFault } from '../engine/work/schedule.ts';

const text = z.string().min(1);
const words = z.array(text).min(1).optional();
/** Of a mapping's entry: what is wrong with a part is told by the mapping, where the union of all entries would hide it. */
const entryLocale = {
  unit: text.optional(),
  decimal: text.optional(),
  dates: z.union([text, z.array(text).min(1)]).optional(),
  timezone: text.optional(),
  true: words,
  false: words,
};
const locale = z
  .strictObject({
    unit: z
      .enum(['seconds', 'milliseconds', 'microseconds', 'excel'])
      .optional()
      .describe('The unit of numbers that are read as dates or times. Default: the unit of the vendor.'),
    decimal: z
      .enum(['.', ','])
      .optional()
      .describe('The decimal separator. If set, groups of three digits may be separated too.'),
    dates: z
      .union([text, z.array(text).min(1)], 'a form of dates such as "DD.MM.YYYY", or a list of them')
      .superRefine(refine((dates) => partFault({ dates })))
      .optional()
      .describe('Date formats in addition to ISO 8601: "DD.MM.YYYY", "MM/DD/YYYY hh:mm A".'),
    timezone: text
      .superRefine(refine((timezone) => partFault({ timezone })))
      .optional()
      .describe('IANA time zone of times without an offset. Default: UTC.'),
    true: words.describe('Words for true in addition to true, yes and 1. Case-insensitive.'),
    false: words.describe('Words for false in addition to false, no and 0. Case-insensitive.'),
  })
  .superRefine(({ true: yes, false: no }, context) => {
    const message = partFault({ true: yes, false: no });
    if (message !== null) context.addIssue({ code: 'custom', path: ['true'], message });
  });

/** The first fault of a locale, or null. */
function partFault(part: Locale): string | null {
  return localeFaults(part)[0]?.reason ?? null;
}

const normaliser = z.enum(['text', 'email', 'phone', 'date', 'datetime', 'number', 'boolean', 'list']);
export const mappingEntry = z.union(
  [
    text,
    z.array(text).min(1),
    z.strictObject({
      from: z.union([text, z.array(text).min(1)]),
      as: normaliser.optional(),
      region: z
        .string()
        .regex(/^[A-Z]{2}$/)
        .optional(),
      onNull: z.enum(['clear', 'ignore']).optional(),
      separator: text.optional(),
      phones: text.optional(),
      ...entryLocale,
    }),
    z.custom<(body: never) => unknown>((value) => typeof value === 'function'),
  ],
  'a path, a list of paths, {from, as?, region?, onNull?, separator?, unit?, decimal?, dates?, timezone?, true?, false?, phones?}, or in TypeScript a function of the record',
);

export const sourceShape = z.looseObject({
  connector: text.describe('the name of a connector'),
  schedule: z.string().superRefine(refine(scheduleFault)).optional(),
  fullSchedule: z
    .string()
    .superRefine(refine(scheduleFault))
    .optional()
    .describe(
      'When everything is read, not only what changed: cron fields as in schedule, in the same time zone. It takes the place of an incremental reading of the same moment.',
    ),
  timezone: z.string().superRefine(refine(timezoneFault)).default('UTC'),
  sourceId: z
    .union(
      [
        text,
        z.strictObject({
          from: text,
          policy: z.enum(['sticky', 'follow']).default('sticky'),
          lowerCase: z.boolean().optional(),
        }),
      ],
      'a path into the record, or {from, policy?: "sticky" | "follow", lowerCase?}',
    )
    .optional(),
  mapping: z.record(text, mappingEntry).optional(),
  filter: z
    .union(
      [z.record(text, z.json()), z.custom<(body: never) => boolean>((value) => typeof value === 'function')],
      'values by property, or in TypeScript a function of the record',
    )
    .optional(),
  keep: z.array(text).default([]),
  badValues: z.enum(['quarantine', 'reject']).optional(),
  locale: locale
    .default({})
    .describe('The format of the values of the source, unless its mapping says otherwise.'),
  phones: z
    .enum(['valid', 'possible'])
    .optional()
    .describe(
      'Which phone numbers are accepted: those in a number range in use (default), or all of a possible length.',
    ),
  webhook: z
    .strictObject({
      maxBodyBytes: z
        .int()
        .min(1)
        .max(64 * 1024 * 1024)
        .optional()
        .describe(
          'The maximum size of a body after decompression, bytes. Default: the limit of the connector, else 1 MiB.',
        ),
      requestsPerSecond: z
        .number()
        .positive()
        .default(1000)
        .describe('Requests beyond this rate are answered 429.'),
      keepDays: z.number().min(0).default(14).describe('How long opened requests are kept, days.'),
      charset: z
        .string()
        .refine((label) => knownCharset(label) !== null, 'a charset such as "windows-1252" or "shift_jis"')
        .optional()
        .describe(
          'The charset of bodies; overrides the request. Default: the charset that the request names, else UTF-8.',
        ),
      maxDepth: z
        .int()
        .min(1)
        .max(512)
        .default(usualBodyRules.maxDepth)
        .describe('The maximum nesting depth of JSON and XML.'),
      form: z
        .strictObject({
          maxFields: z.int().min(1).max(100_000).default(usualBodyRules.form.maxFields),
          maxDepth: z.int().min(0).max(32).default(usualBodyRules.form.maxDepth),
          maxListItems: z.int().min(1).max(10_000).default(usualBodyRules.form.maxListItems),
        })
        .prefault({})
        .describe('The limits of a URL-encoded body: {maxFields?, maxDepth?, maxListItems?}.'),
    })
    .prefault({})
    .describe('The limits of webhook requests to the source, and how they are read.'),
  privacyDeletions: z.enum(['delete', 'erase']).default('delete'),
  renamedFrom: text
    .optional()
    .describe('The former name of this source. Everything stored under it moves to the new name.'),
});

/** A mapping alone, as a configuration would hold it. */
export const mappingShape = z.record(text, mappingEntry);

const bound = z.number().optional();
const length = z.number().int().min(0).optional();
const scalarDefinition = z.strictObject({
  type: z.enum(['string', 'number', 'boolean', 'date', 'datetime', 'image_url', 'geopoint', 'object']),
  array: z.boolean().default(false),
  required: z.boolean().default(false),
  oneOf: z.array(z.json()).optional(),
  noneOf: z.array(z.json()).optional(),
  notEqual: bound,
  lessThan: bound,
  atMost: bound,
  moreThan: bound,
  atLeast: bound,
  minLength: length,
  maxLength: length,
  exactLength: length,
});
/** Objects nest one level deep, as Voucherify's schemas do. */
const metadataDefinition = scalarDefinition.extend({
  properties: z.record(text, scalarDefinition).optional(),
});

const policyName = z.enum(['newest', 'precedence', 'first']);
export const fileShape = z.strictObject({
  $schema: z.string().optional(),
  destination: z.looseObject({ connector: text }),
  sources: z.record(
    z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'a name of a-z, 0-9, _ and -, beginning with a letter'),
    sourceShape,
  ),
  merge: z
    .strictObject({
      default: policyName.optional(),
      sources: z.array(text).optional(),
      fields: z
        .record(
          text,
          z.union([
            z.enum(['newest', 'first']),
            z.array(text),
            z.strictObject({ policy: policyName, sources: z.array(text).optional() }),
          ]),
        )
        .optional(),
    })
    .default({}),
  metadataSchema: z
    .union(
      [
        z.enum(['destination', 'none']),
        z.strictObject({
          definedOnly: z.boolean().default(false),
          definitions: z.record(text, metadataDefinition),
        }),
      ],
      'destination, none, or {definedOnly?, definitions: {KEY: {type, array?, required?, oneOf?, …}}}',
    )
    .default('destination')
    .describe(
      'The types of metadata: read from the destination (nothing is mapped before they are known), none, or declared.',
    ),
  unknownMetadata: z.enum(['send', 'hold', 'drop']).optional(),
  deletes: z.enum(['keep', 'blank', 'delete', 'erase']).default('keep'),
  breaker: z
    .strictObject({
      deleted: z
        .strictObject({ share: z.number().min(0).max(1), count: z.number().int().min(0) })
        .default({ share: 0.05, count: 1000 }),
      blanked: z
        .strictObject({ share: z.number().min(0).max(1), count: z.number().int().min(0) })
        .default({ share: 0.2, count: 10_000 }),
    })
    .prefault({}),
  drift: z.enum(['report', 'heal']).default('report'),
  verify: z
    .strictObject({
      schedule: z.string().superRefine(refine(scheduleFault)),
      timezone: z.string().superRefine(refine(timezoneFault)).default('UTC'),
      sample: z.int().min(1).max(10_000).optional(),
      full: z.literal(true).optional(),
      heal: z.boolean().default(false),
    })
    .refine(({ sample, full }) => sample === undefined || full === undefined, {
      path: ['sample'],
      error: 'a sample, or full: true, not both',
    })
    .optional(),
  removedSources: z
    .array(text)
    .default([])
    .describe('Sources that are permanently gone. Their contributions are withdrawn.'),
  allowPrivateAddresses: z
    .boolean()
    .default(false)
    .describe(
      'Files that a vendor names (exports, redirects) are fetched from private networks too. Otherwise only where its own API is in one.',
    ),
  erasure: z.strictObject({ permanent: z.boolean() }).default({ permanent: false }),
  publicUrl: z.url({ protocol: /^https?$/, error: 'a URL such as https://sync.example.com' }).optional(),
});

/** A merge alone, as a configuration would hold it. */
export const mergeShape = fileShape.shape.merge;

/** A configuration as it is written. Besides the keys named here, sources and destination take their connector's own. */
export type ConfigFile = Omit<z.input<typeof fileShape>, 'sources'> & {
  sources: { [name: string]: Omit<z.input<typeof sourceShape>, 'mapping'> & { mapping?: Mapping } };
};

function refine<Value>(fault: (value: Value) => string | null) {
  return (value: Value, context: z.RefinementCtx) => {
    const message = fault(value);
    if (message !== null) context.addIssue({ code: 'custom', message });
  };
}
