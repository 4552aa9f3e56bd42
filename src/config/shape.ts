// What a configuration file may hold, beside the settings of its connectors.
import { z } from 'zod';
import type { Locale, Mapping } from '../connector.ts';
import { localeFaults } from '../customer/mapping.ts';
import { usualBodyRules } from '../engine/webhook/body.ts';
import { knownCharset } from '../engine/webhook/charset.ts';
import { scheduleFault, timezoneFault } from '../engine/work/schedule.ts';

const text = z.string().min(1);
const words = z.array(text).min(1).optional();
const units = ['seconds', 'milliseconds', 'microseconds', 'excel'] as const;
const decimals = ['.', ','] as const;
const phoneRules = ['valid', 'possible'] as const;
const localeWords = {
  unit: 'The unit of numbers that are read as dates or times: seconds, milliseconds or microseconds since 1970, or days as Excel counts them. Default: the unit of the vendor.',
  decimal:
    'The decimal separator. If set, groups of three digits may be separated too. Default: only numbers such as 1200.50 are read.',
  dates:
    'Date formats in addition to ISO 8601: "DD.MM.YYYY", "MM/DD/YYYY hh:mm A", "DD-MMM-YYYY" (a name of the month), or a list of them.',
  timezone: 'IANA time zone of times without an offset. Default: UTC.',
  true: 'Words for true in addition to true, yes and 1. Case-insensitive.',
  false: 'Words for false in addition to false, no and 0. Case-insensitive.',
};
const phoneWords =
  'Which phone numbers are accepted: those in a number range in use ("valid", the default), or all of a possible length ("possible").';
/** Of a mapping's entry: what is wrong with a part is told by the mapping, where the union of all entries would hide it. */
const entryLocale = {
  unit: text.meta({ enum: units }).optional().describe(localeWords.unit),
  decimal: text.meta({ enum: decimals }).optional().describe(localeWords.decimal),
  dates: z
    .union([text, z.array(text).min(1)])
    .optional()
    .describe(localeWords.dates),
  timezone: text.optional().describe(localeWords.timezone),
  true: words.describe(localeWords.true),
  false: words.describe(localeWords.false),
};
const locale = z
  .strictObject({
    unit: z.enum(units).optional().describe(localeWords.unit),
    decimal: z.enum(decimals).optional().describe(localeWords.decimal),
    dates: z
      .union([text, z.array(text).min(1)], 'a date format such as "DD.MM.YYYY", or a list of them')
      .superRefine(refine((dates) => partFault({ dates })))
      .optional()
      .describe(localeWords.dates),
    timezone: text
      .superRefine(refine((timezone) => partFault({ timezone })))
      .optional()
      .describe(localeWords.timezone),
    true: words.describe(localeWords.true),
    false: words.describe(localeWords.false),
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
const entryParts = {
  as: normaliser
    .optional()
    .describe(
      'The type of the value. Default: by the field, such as email for email and date for birthdate; "phone" if region is set.',
    ),
  region: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional()
    .describe('The country of phone numbers without a calling code, ISO 3166-1 alpha-2: "PL".'),
  onNull: z
    .enum(['clear', 'ignore'])
    .optional()
    .describe(
      'What an empty value does: "clear" (default) clears the field; "ignore" keeps the last value until the record is deleted or the mapping drops the field.',
    ),
  separator: text.optional().describe('The separator of the items of a list. Default: a semicolon.'),
  phones: text.meta({ enum: phoneRules }).optional().describe(phoneWords),
  ...entryLocale,
};

const paths = z.union([text, z.array(text).min(1)]);

export const mappingEntry = z.union(
  [
    text,
    z.array(text).min(1),
    z.strictObject({
      from: paths.describe('A path into the record, or a list of paths whose values are joined by blanks.'),
      ...entryParts,
    }),
    z
      .strictObject({
        association: text.describe('The kind of the associated record: "company".'),
        property: paths.describe(
          'A property of the associated record, or a list of them whose values are joined by blanks.',
        ),
        ...entryParts,
      })
      .transform(({ association, property, ...parts }) => {
        const names = [property].flat().map((name) => `${association}:${name}`);
        return { from: names, ...parts };
      }),
    z.custom<(body: never) => unknown>((value) => typeof value === 'function'),
  ],
  'a path, a list of paths, {from, as?, region?, onNull?, separator?, unit?, decimal?, dates?, timezone?, true?, false?, phones?}, {association, property, …} with the same parts, or in TypeScript a function of the record',
);

export const sourceShape = z.looseObject({
  connector: text.describe('The connector of the source: the vendor, webhook or csv.'),
  schedule: z
    .string()
    .superRefine(refine(scheduleFault))
    .optional()
    .describe(
      'When changes are read: five cron fields, six with seconds first, or a nickname such as @daily. Default: only on request and by webhook.',
    ),
  fullSchedule: z
    .string()
    .superRefine(refine(scheduleFault))
    .optional()
    .describe(
      'When everything is read, not only what changed: cron fields as in schedule, in the same time zone. It takes the place of an incremental reading of the same moment.',
    ),
  timezone: z
    .string()
    .superRefine(refine(timezoneFault))
    .default('UTC')
    .describe('The IANA time zone of schedule and fullSchedule. Default: UTC.'),
  sourceId: z
    .union(
      [
        text,
        z.strictObject({
          from: text.describe('A path into the record.'),
          policy: z
            .enum(['sticky', 'follow'])
            .default('sticky')
            .describe(
              'Which of several IDs that a record had counts: the first that arrived ("sticky", the default), or the newest ("follow").',
            ),
          lowerCase: z
            .boolean()
            .optional()
            .describe('Whether IDs are lower-cased. Default: true if the path ends in an e-mail address.'),
        }),
      ],
      'a path into the record, or {from, policy?: "sticky" | "follow", lowerCase?}',
    )
    .optional()
    .describe(
      'The property of the record that is the source ID of the customer, or {from, policy?, lowerCase?}. Default: chosen by the connector.',
    ),
  mapping: z
    .record(text, mappingEntry)
    .optional()
    .describe(
      'By field of the customer: a path into the record, a list of paths joined by blanks, or {from, as?, …}. Replaces the default mapping of the connector.',
    ),
  filter: z
    .union(
      [z.record(text, z.json()), z.custom<(body: never) => boolean>((value) => typeof value === 'function')],
      'values by property, or in TypeScript a function of the record',
    )
    .optional()
    .describe('The values of properties that admit a record. All others are counted as filtered.'),
  extraProperties: z
    .array(text)
    .default([])
    .describe('Properties to read in addition to those that the mapping uses.'),
  badValues: z
    .enum(['quarantine', 'reject'])
    .optional()
    .describe(
      'What is done with a value that fails its type: "quarantine" (default) leaves it out and keeps the last valid one; "reject" rejects the record, the default for CSV with a mapping or with the column names of Voucherify.',
    ),
  locale: locale
    .default({})
    .describe('The format of the values of the source, unless its mapping says otherwise.'),
  phones: z.enum(phoneRules).optional().describe(phoneWords),
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
        .describe('Requests per second; those beyond are answered 429. Default: 1000.'),
      keepDays: z
        .number()
        .min(0)
        .default(14)
        .describe('How long opened requests are kept, days. Default: 14.'),
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
        .describe('The maximum nesting depth of JSON and XML, levels. Default: 64.'),
      form: z
        .strictObject({
          maxFields: z
            .int()
            .min(1)
            .max(100_000)
            .default(usualBodyRules.form.maxFields)
            .describe('The maximum number of fields. Default: 2000.'),
          maxDepth: z
            .int()
            .min(0)
            .max(32)
            .default(usualBodyRules.form.maxDepth)
            .describe('The maximum nesting depth of bracketed names, levels. Default: 8.'),
          maxListItems: z
            .int()
            .min(1)
            .max(10_000)
            .default(usualBodyRules.form.maxListItems)
            .describe('The maximum number of items of a list. Default: 200.'),
        })
        .prefault({})
        .describe('The limits of a URL-encoded body: {maxFields?, maxDepth?, maxListItems?}.'),
    })
    .prefault({})
    .describe('The limits of webhook requests to the source, and how they are read.'),
  privacyDeletions: z
    .enum(['delete', 'erase'])
    .default('delete')
    .describe(
      'What is done with a person whom the vendor erased for privacy: "delete" (default), as for any deletion; "erase" removes them from every store, with a receipt.',
    ),
  renamedFrom: text
    .optional()
    .describe('The former name of this source. Everything stored under it moves to the new name.'),
});

const writeBackShape = z.strictObject({
  fields: z
    .record(text, text)
    .refine((fields) => Object.keys(fields).length > 0, 'at least one attribute')
    .describe(
      'The attributes to write, by their names at the vendor, and the value of each: a path such as "loyalty.points". docs/write-back.md lists the paths.',
    ),
  create: z
    .boolean()
    .default(false)
    .describe(
      'Whether people that the vendor does not know are created there. Default: false, they are left out until the source has them.',
    ),
  dryRun: z
    .boolean()
    .default(false)
    .describe(
      'Whether nothing is written yet: `tributary write-backs SOURCE` shows the exact bodies that would be sent. Default: false.',
    ),
});

/** A mapping alone, as a configuration would hold it. */
export const mappingShape = z.record(text, mappingEntry);

const bound = (words: string) => z.number().optional().describe(words);
const length = (words: string) => z.number().int().min(0).optional().describe(words);
const scalarDefinition = z.strictObject({
  type: z
    .enum(['string', 'number', 'boolean', 'date', 'datetime', 'image_url', 'geopoint', 'object'])
    .describe('The type of the value.'),
  array: z.boolean().default(false).describe('Whether the value is a list of this type. Default: false.'),
  required: z
    .boolean()
    .default(false)
    .describe('Whether a value is required: an empty one is rejected. Default: false.'),
  oneOf: z.array(z.json()).optional().describe('The only values allowed.'),
  noneOf: z.array(z.json()).optional().describe('Values that are not allowed.'),
  notEqual: bound('A number that is not allowed.'),
  lessThan: bound('The exclusive maximum of a number.'),
  atMost: bound('The maximum of a number.'),
  moreThan: bound('The exclusive minimum of a number.'),
  atLeast: bound('The minimum of a number.'),
  minLength: length('The minimum length of a text, characters.'),
  maxLength: length('The maximum length of a text, characters.'),
  exactLength: length('The exact length of a text, characters.'),
});
/** Objects nest one level deep, as Voucherify's schemas do. */
const metadataDefinition = scalarDefinition.extend({
  properties: z
    .record(text, scalarDefinition)
    .optional()
    .describe('The definitions of the keys of an object.'),
});

const alarmTarget = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'the address of an https or http endpoint' })
    .describe('The address that alarms are posted to.'),
  format: z
    .enum(['standard', 'slack'])
    .default('standard')
    .describe(
      '"standard" (default): JSON, signed as Standard Webhooks. "slack": a message as incoming webhooks of Slack, Mattermost and Google Chat take it.',
    ),
  secret: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, '"whsec_" and the base64 of at least 24 bytes')
    .optional()
    .describe('What "standard" alarms are signed with: "whsec_" and base64. Default: they are not signed.'),
});
export type AlarmTarget = z.infer<typeof alarmTarget>;
const breakerLimit = z.strictObject({
  share: z.number().min(0).max(1).describe('The share of all customers, 0 to 1.'),
  count: z.number().int().min(0).describe('The number of customers.'),
});
const policyName = z.enum(['newest', 'precedence', 'first']);
export const fileShape = z.strictObject({
  $schema: z
    .string()
    .optional()
    .describe('The JSON schema of this file, for editors: tributary.schema.json.'),
  destination: z
    .looseObject({ connector: text.describe('The connector of the destination: voucherify.') })
    .describe('Where customers are sent: the connector and its settings.'),
  sources: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'a name of a-z, 0-9, _ and -, beginning with a letter'),
      sourceShape,
    )
    .describe('Where customers come from, by a name of your choice: the connector and its settings.'),
  merge: z
    .strictObject({
      default: policyName
        .optional()
        .describe(
          'The policy of all fields that `fields` does not name: "newest" (default), "precedence" or "first".',
        ),
      sources: z
        .array(text)
        .optional()
        .describe(
          'The order of the sources for "precedence" and "first". Those left out follow in the order of the configuration.',
        ),
      fields: z
        .record(
          text,
          z.union([
            z.enum(['newest', 'first']),
            z.array(text),
            z.strictObject({
              policy: policyName.describe('The policy of the field: "newest", "precedence" or "first".'),
              sources: z
                .array(text)
                .optional()
                .describe('The order of the sources for this field. Default: that of `merge.sources`.'),
            }),
          ]),
        )
        .optional()
        .describe(
          'By field, or by prefix such as "metadata.*": a policy, a list of sources (precedence in that order), or {policy, sources?}. The longest match counts.',
        ),
    })
    .default({})
    .describe(
      'Which source decides on a field: the one that changed last ("newest"), the first in order that has the field ("precedence"), or the first in order that has a value ("first").',
    ),
  writeBack: z
    .record(text, writeBackShape)
    .default({})
    .describe(
      'What flows back from Voucherify to the vendors of sources (points, tiers, codes, segments), by source. Default: nothing.',
    ),
  facts: z
    .strictObject({
      everyHours: z
        .number()
        .min(1)
        .max(8760)
        .default(24)
        .describe(
          'How often everything that is written back is read from Voucherify in full, hours: it finds what no webhook reported. Default: 24.',
        ),
    })
    .prefault({})
    .describe('How what is written back is read from Voucherify. Only with writeBack.'),
  alarms: z
    .strictObject({
      to: z
        .record(
          z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'a name of a-z, 0-9, _ and -, beginning with a letter'),
          alarmTarget,
        )
        .default({})
        .describe(
          'Who is told when something begins to fail or needs a person, and when that is over, by a name of your choice.',
        ),
      behindMinutes: z
        .number()
        .min(1)
        .max(10_080)
        .default(60)
        .describe(
          'An alarm is raised when a customer has waited for delivery for so long, minutes. Default: 60.',
        ),
    })
    .prefault({})
    .describe('Alarms that Tributary sends. Default: none; `/metrics` and `/api/status` hold the same.'),
  metadataSchema: z
    .union(
      [
        z.enum(['destination', 'none']),
        z.strictObject({
          definedOnly: z
            .boolean()
            .default(false)
            .describe('Whether Voucherify rejects keys without a definition. Default: false.'),
          definitions: z.record(text, metadataDefinition).describe('The definition of each metadata key.'),
        }),
      ],
      'destination, none, or {definedOnly?, definitions: {KEY: {type, array?, required?, oneOf?, …}}}',
    )
    .default('destination')
    .describe(
      'The types of metadata: read from the destination (nothing is mapped before they are known), none, or declared.',
    ),
  unknownMetadata: z
    .enum(['send', 'hold', 'drop'])
    .optional()
    .describe(
      'What is done with metadata keys that the schema does not define: "send", "hold" (quarantine) or "drop". Default: "send", or "hold" if Voucherify rejects such keys.',
    ),
  onOrphaned: z
    .enum(['keep', 'blank', 'delete', 'erase'])
    .default('keep')
    .describe(
      'What is done with a customer whose records are all gone: "keep" (default), "blank" (clear what Tributary wrote), "delete" or "erase".',
    ),
  breaker: z
    .strictObject({
      deleted: breakerLimit
        .default({ share: 0.05, count: 1000 })
        .describe('The limit of deleted customers. Default: a share of 0.05, and 1000 customers.'),
      blanked: breakerLimit
        .default({ share: 0.2, count: 10_000 })
        .describe(
          'The limit of customers that lose the value of one field. Default: a share of 0.2, and 10000 customers.',
        ),
      segments: breakerLimit
        .default({ share: 0.2, count: 1000 })
        .describe(
          'The limit of customers that enter or leave one active segment of Voucherify; the share is of the customers in it, and 100 may always move. Default: a share of 0.2, and 1000 customers.',
        ),
      unknownSegments: z
        .enum(['send', 'hold'])
        .default('send')
        .describe(
          'What is done with customers of whom it cannot be told whether they enter or leave a segment: "send" (default), or "hold" beyond the limit of `segments`.',
        ),
    })
    .prefault({})
    .describe(
      'Mass changes beyond the smaller of share and count, per run and per hour, are held until you release them.',
    ),
  drift: z
    .enum(['report', 'heal'])
    .default('report')
    .describe(
      'What is done when Voucherify holds other values than it acknowledged: "report" (default), or "heal" by an ordinary delivery.',
    ),
  verify: z
    .strictObject({
      schedule: z
        .string()
        .superRefine(refine(scheduleFault))
        .describe('When to verify: five cron fields, six with seconds first, or a nickname such as @daily.'),
      timezone: z
        .string()
        .superRefine(refine(timezoneFault))
        .default('UTC')
        .describe('The IANA time zone of the schedule. Default: UTC.'),
      sample: z
        .int()
        .min(1)
        .max(10_000)
        .optional()
        .describe('How many random customers to read one by one. Default: all customers.'),
      full: z.literal(true).optional().describe('Read all customers: the default.'),
      heal: z.boolean().default(false).describe('Whether differences are sent again. Default: false.'),
      sources: z
        .union([z.literal('all'), z.array(z.string().min(1)).min(1)])
        .optional()
        .describe(
          'The sources whose vendors are read as well and compared with the stored records: "all" or a list of names. Default: none.',
        ),
    })
    .refine(({ sample, full }) => sample === undefined || full === undefined, {
      path: ['sample'],
      error: 'a sample, or full: true, not both',
    })
    .optional()
    .describe('Verification by schedule: Voucherify is read back and compared. Default: only on request.'),
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
  triggersPerMinute: z
    .int()
    .min(1)
    .max(100_000)
    .default(600)
    .describe(
      'How many requests a minute that change something, or that cost work, each token may send to the API. More are answered 429. Default: 600.',
    ),
  erasure: z
    .strictObject({
      permanent: z
        .boolean()
        .describe(
          'True: the customer is deleted permanently at Voucherify, with everything that belongs to it. False: the ID is free again.',
        ),
    })
    .default({ permanent: false })
    .describe('How a person is erased at Voucherify. Default: {permanent: false}.'),
  publicUrl: z
    .url({ protocol: /^https?$/, error: 'a URL such as https://sync.example.com' })
    .optional()
    .describe('The URL at which vendors reach this server. Some vendors sign it.'),
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
