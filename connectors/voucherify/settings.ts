// What a person says of their Voucherify project. It does not know what the settings do.
// Vendor facts: https://docs.voucherify.io/guides/limits (limits), /api-reference/introduction-api (regions, headers).
import { z } from 'zod';
import { secrets } from '#connector/settings';

/** What a request body may hold, bytes (413 above it; bulk and metadata endpoints). */
export const bodyLimitBytes = 10_485_760;

const quotaWindow = z.strictObject({
  requests: z.int().positive().describe('Calls allowed in any span of `seconds`.'),
  seconds: z.int().positive().describe('Length of the span in seconds: 60 for a minute, 3600 for an hour.'),
  reserve: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe('Share of the calls left to your shop and others who use the same project, 0 to 1. Default 0.'),
});

const quotaWindows = z.union([
  quotaWindow,
  z
    .array(quotaWindow)
    .min(1)
    .refine(
      (windows) => new Set(windows.map(({ seconds }) => seconds)).size === windows.length,
      'Two windows have the same length: name each length once.',
    ),
]);

export const settings = z.strictObject({
  appId: z
    .string()
    .trim()
    .min(1)
    .describe('Application ID of a server-side key: Project settings > API keys.'),
  appToken: z.string().trim().min(1).describe('Secret key that belongs to the application ID.'),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://api.voucherify.io')
    .describe(
      'API endpoint of the project, as its settings show it. Europe: https://api.voucherify.io; United States: ' +
        'https://us1.api.voucherify.io; Asia: https://as1.api.voucherify.io; a dedicated cluster has its own.',
    ),
  quota: quotaWindows
    .default({ requests: 100, seconds: 60, reserve: 0.2 })
    .describe(
      'API calls of the plan, one window or a list of windows. The default is the smallest current plan, 100 per minute ' +
        '(Business), with a fifth left to the shop. Organization: 2000 per minute. A sandbox project: 100 per hour.',
    ),
  bulkQuota: quotaWindows
    .default({ requests: 10, seconds: 3600 })
    .describe(
      'Bulk calls of the plan, which are counted apart. Current plans publish no figure: the default is the smallest ' +
        'paid plan that did, 10 per hour (Startup; Growth 20, Professional 50, Free 1). The dashboard charts yours.',
    ),
  cycleQuota: z
    .strictObject({
      requests: z.int().positive().describe('Calls allowed in a billing cycle.'),
      seconds: z.int().positive().describe('Length of the cycle in seconds: 2592000 for 30 days.'),
    })
    .optional()
    .describe(
      'API calls of a billing cycle, to be spent with care. Absent: only the vendor watches over them.',
    ),
  bulk: z
    .union([
      z.boolean(),
      z.strictObject({
        records: z.int().positive().describe('Most customers in one bulk call.'),
        bytes: z
          .int()
          .positive()
          .max(bodyLimitBytes)
          .describe('Most bytes of one bulk body; 10485760 is refused above.'),
      }),
    ])
    .optional()
    .describe(
      'Whether many changes at once are sent in bulk, and how many: true is 2000 customers and 10000000 bytes a call. ' +
        'False sends singles only. Bulk raises no `customer.updated` webhook in Voucherify. Absent: true, or false where ' +
        'a probe found that bulk is refused.',
    ),
  firstLoad: z
    .enum(['bulk', 'csv'])
    .default('bulk')
    .describe(
      'How the first load of an empty project goes. `csv`: as one file of up to 50000 customers, which costs one bulk call ' +
        'instead of 25. The import of files may write over whole customers, so it is used only while the project holds ' +
        'nobody; nobody else should write customers meanwhile. What a file cannot carry safely goes in bulk. Needs `bulk`.',
    ),
  singlesAtOnce: z
    .int()
    .positive()
    .default(8)
    .describe('Single writes under way at once. Voucherify publishes no limit of its own.'),
  metadataWrites: z
    .enum(['merge', 'replace'])
    .optional()
    .describe(
      'What the project does with metadata keys and address parts that a write leaves out; Voucherify does not document it. ' +
        '`replace`: they may be lost, so a customer is read and completed before it is written: one more call each, and ' +
        'nothing is ever lost. `merge`: they stay, so only what changed is sent: no more calls, but where the project ' +
        'replaces after all, what others wrote there is gone. Absent: `replace`, or `merge` where `tributary probe` has ' +
        'proven it.',
    ),
  clearWith: z
    .union([z.null(), z.literal('')])
    .optional()
    .describe(
      'What is written to clear a standard attribute or a part of the address: null, or an empty text where the project ' +
        'refuses null. A birthdate is always cleared with null, for an empty text is no date; so are metadata keys. ' +
        'Absent: null, or an empty text where a probe found that only that clears.',
    ),
  webhookSecret: secrets
    .optional()
    .describe(
      'Secret of the project webhook: its requests tell of changes made there. A list while one takes over.',
    ),
  apiVersion: z
    .string()
    .trim()
    .min(1)
    .default('v2018-08-01')
    .describe('Version of the API that is asked for, whatever the project is set to.'),
});

export type Settings = z.infer<typeof settings>;

/** One window as a person writes it. */
export type QuotaWindow = z.infer<typeof quotaWindow>;
