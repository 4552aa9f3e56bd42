// The settings of a Mailchimp account and its audience, and the paths that follow from them.
import { z } from 'zod';
import { baseUrl, quotaWindows, secrets, token, wholeNumber } from '#connector/settings';

/** What stands behind the key's hyphen is the data centre: `us19`. */
const dataCentreIn = /-([a-z]{2,}\d+)$/;

/** What a member can be while it is there. Those that are archived are deletions. */
const memberStatuses = ['subscribed', 'unsubscribed', 'cleaned', 'pending', 'transactional'] as const;

export const settings = z
  .strictObject({
    apiKey: token('0123abcd…-us19').describe(
      'An API key of the account. The part after its hyphen names the data centre.',
    ),
    listId: z
      .string()
      .regex(/^[0-9A-Za-z]+$/, 'must be the audience ID alone, such as "a1b2c3d4e5"')
      .describe('The ID of the audience: Audience → Settings → Audience name and defaults → Audience ID.'),
    baseUrl: baseUrl('https://us19.api.mailchimp.com')
      .removeDefault()
      .optional()
      .describe('The URL of the API. Default: the data centre that the key names.'),
    webhookSecret: secrets
      .optional()
      .describe(
        'The signing_secret that was returned when the signed webhook was created. A list while one replaces another.',
      ),
    urlToken: secrets
      .optional()
      .describe(
        'A long random text at the end of the webhook URL, for older webhooks that are not signed, or a list of texts.',
      ),
    statuses: z
      .array(z.enum(memberStatuses))
      .min(1, 'must name at least one status')
      .default([...memberStatuses])
      .describe(
        'The statuses of members that are customers: "subscribed", "unsubscribed", "cleaned" (the address bounces), "pending" (not confirmed yet) and "transactional" (never subscribed). Archived members count as deleted. Default: all.',
      ),
    toleranceSeconds: wholeNumber(
      { usual: 300, min: 1, max: 86_400 },
      'The maximum difference between the time of a signature and the clock of the server, seconds.',
    ),
    overlapSeconds: wholeNumber(
      { usual: 300, min: 1, max: 86_400 },
      'The overlap between readings of changes, seconds.',
    ),
    quota: quotaWindows
      .default([{ requests: 10, seconds: 1 }])
      .describe(
        'The quota of calls, a window or a list of windows. Default: 10 calls per second. Mailchimp itself limits simultaneous connections: ten per user.',
      ),
  })
  .refine(({ apiKey, baseUrl }) => baseUrl !== undefined || dataCentreIn.test(apiKey), {
    path: ['apiKey'],
    error: 'must end with the data centre, such as "-us19"; otherwise set baseUrl',
  });

export type Settings = z.infer<typeof settings>;

export function apiUrl({ apiKey, baseUrl }: Settings): string {
  return baseUrl ?? `https://${dataCentreIn.exec(apiKey)?.[1]}.api.mailchimp.com`;
}

export function audiencePath({ listId }: Settings, rest = ''): string {
  return `/3.0/lists/${listId}${rest}`;
}
