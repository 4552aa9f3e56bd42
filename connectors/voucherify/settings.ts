// The settings of a Voucherify project.
// Vendor facts: https://docs.voucherify.io/guides/limits (limits), /api-reference/introduction-api (regions, headers).
import { z } from 'zod';
import type { ReplacedGroups } from '#connector';
import { secrets } from '#connector/settings';

/** What a request body may hold, bytes (413 above it; bulk and metadata endpoints). */
export const bodyLimitBytes = 10_485_760;

const quotaWindow = z.strictObject({
  requests: z.int().positive().describe('The number of calls allowed in the window.'),
  seconds: z
    .int()
    .positive()
    .describe('The length of the window, seconds: 60 for a minute, 3600 for an hour.'),
  reserve: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe('The share left to your shop and other users of the project, 0 to 1. Default: 0.'),
});

const quotaWindows = z.union([
  quotaWindow,
  z
    .array(quotaWindow)
    .min(1)
    .refine(
      (windows) => new Set(windows.map(({ seconds }) => seconds)).size === windows.length,
      'Two windows have the same length: use each length once.',
    ),
]);

export const settings = z.strictObject({
  appId: z
    .string()
    .trim()
    .min(1)
    .describe('The application ID of a server-side key: Project settings > API keys.'),
  appToken: z.string().trim().min(1).describe('The secret key that belongs to the application ID.'),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://api.voucherify.io')
    .describe(
      'The URL of the API, as the settings of the project show it. Europe: https://api.voucherify.io (default); ' +
        'United States: https://us1.api.voucherify.io; Asia: https://as1.api.voucherify.io; a dedicated cluster ' +
        'has its own.',
    ),
  quota: quotaWindows
    .default({ requests: 100, seconds: 60, reserve: 0.2 })
    .describe(
      'The quota of API calls of the plan, a window or a list of windows. Default: 100 per minute, the smallest ' +
        'current plan (Business), of which a fifth is left to the shop. Organization: 2000 per minute. A sandbox ' +
        'project: 100 per hour.',
    ),
  bulkQuota: quotaWindows
    .default({ requests: 10, seconds: 3600 })
    .describe(
      'The quota of bulk calls of the plan, which are counted separately. Current plans publish no figure. ' +
        'Default: 10 per hour, the smallest paid plan that published one (Startup; Growth 20, Professional 50, ' +
        'Free 1). The dashboard shows yours.',
    ),
  cycleQuota: z
    .strictObject({
      requests: z.int().positive().describe('The number of calls allowed in a billing cycle.'),
      seconds: z.int().positive().describe('The length of the cycle, seconds: 2592000 for 30 days.'),
    })
    .optional()
    .describe('The quota of API calls of a billing cycle. Default: not counted.'),
  bulk: z
    .union([
      z.boolean(),
      z.strictObject({
        records: z.int().positive().describe('The maximum number of customers in one bulk call.'),
        bytes: z
          .int()
          .positive()
          .max(bodyLimitBytes)
          .describe('The maximum size of one bulk body, bytes. Voucherify rejects more than 10485760.'),
      }),
    ])
    .optional()
    .describe(
      'Whether many changes are sent in bulk, or the limits of a bulk call. True: as many customers as 10000000 bytes ' +
        'hold, at most 25000. False: single writes only. Bulk writes cause no `customer.updated` webhook in Voucherify. ' +
        'Default: true, or false if a probe found that bulk is refused.',
    ),
  firstLoad: z
    .enum(['bulk', 'csv'])
    .default('bulk')
    .describe(
      'How an empty project is loaded. "bulk" (default): by bulk calls. "csv": as one file of up to 50000 ' +
        'customers, which costs one bulk call instead of several. The import of files may overwrite whole customers, so ' +
        'it is used only while the project has no customers; nobody else should write customers meanwhile. What a ' +
        'file cannot carry unchanged is sent in bulk. Requires `bulk`.',
    ),
  singlesAtOnce: z
    .int()
    .positive()
    .default(8)
    .describe('The number of concurrent single writes. Default: 8. Voucherify publishes no limit.'),
  metadataWrites: z
    .enum(['merge', 'replace'])
    .optional()
    .describe(
      'What the project does with metadata keys and address parts that a write omits, which Voucherify does not ' +
        'document. "replace": they may be lost, so Tributary learns what others own in a customer and sends it along, ' +
        'and nothing is lost. "merge": they stay, so only what changed is sent; if the project replaces after all, ' +
        'what others wrote there is lost. Default: as "replace", until the first writes or `tributary probe` have shown ' +
        'that the project merges.',
    ),
  clearWith: z
    .union([z.null(), z.literal('')])
    .optional()
    .describe(
      'What is written to clear a standard attribute or a part of the address: null, or an empty text if the ' +
        'project refuses null. A birthdate and metadata keys are always cleared with null. Default: null, or an ' +
        'empty text if a probe found that only that clears.',
    ),
  webhookSecret: secrets
    .optional()
    .describe(
      'The secret of the project webhook, which reports changes made at Voucherify. A list while one replaces another.',
    ),
  apiVersion: z
    .string()
    .trim()
    .min(1)
    .default('v2018-08-01')
    .describe('The version of the API, whatever the project is set to. Default: v2018-08-01.'),
});

/** `replacedGroups`: what was learned of the project, where `metadataWrites` is not set and not all of it merges. */
export type Settings = z.infer<typeof settings> & { replacedGroups?: ReplacedGroups };

/** One window as a person writes it. */
export type QuotaWindow = z.infer<typeof quotaWindow>;
