// What a person says of a HubSpot account, and the paths that follow from it. It does not know what is read.
import { z } from 'zod';

const window = z
  .strictObject({
    requests: z.int().min(1).describe('Calls allowed in the window.'),
    seconds: z.number().positive().describe('Length of the window, seconds.'),
    reserve: z
      .number()
      .min(0)
      .max(0.95)
      .optional()
      .describe('Share left to other apps of the account, 0 to 0.95.'),
  })
  .describe('At most this many calls in so many seconds.');

export const settings = z.strictObject({
  accessToken: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be the token alone, without blanks: "pat-eu1-…"')
    .describe('Token of a private app or a service key with the scope crm.objects.contacts.read.'),
  clientSecret: z.string().min(1).optional().describe("The app's client secret: it signs webhooks."),
  baseUrl: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://api.hubapi.com' })
    .transform((url) => url.replace(/\/+$/, ''))
    .default('https://api.hubapi.com')
    .describe('Where the API is; another one for a sandbox.'),
  apiVersion: z
    .string()
    .regex(/^(v3|20\d\d-(0[1-9]|1[0-2]))$/, 'must be "v3" or a dated version such as "2026-03"')
    .default('v3')
    .describe('"v3" (supported until September 2027) or a dated version such as "2026-03".'),
  portalId: z
    .union([z.string().regex(/^\d+$/, 'must be digits'), z.int().positive()])
    .transform(String)
    .optional()
    .describe("The account's ID (Hub ID): sources of one account then share its quotas."),
  quota: z
    .union([window, z.array(window).min(1)])
    .transform((given) => [given].flat())
    .optional()
    .describe('Windows that every call draws on, in place of 100 in 10 seconds and 250,000 a day.'),
  searchPerSecond: z.int().min(1).max(50).default(5).describe('Searches a second, for the whole account.'),
  settleLagSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(120)
    .describe('How long the search index may hide a change, seconds.'),
});

export type Settings = z.infer<typeof settings>;

/** Dated versions stand after `objects` (developers.hubspot.com, legacy migration guide). */
export function contactsPath({ apiVersion }: Settings, rest = ''): string {
  return apiVersion === 'v3'
    ? `/crm/v3/objects/contacts${rest}`
    : `/crm/objects/${apiVersion}/contacts${rest}`;
}

export function propertiesPath({ apiVersion }: Settings): string {
  return apiVersion === 'v3' ? '/crm/v3/properties/contacts' : `/crm/properties/${apiVersion}/contacts`;
}
