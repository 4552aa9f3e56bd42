// What a person says of a Mailchimp account and the audience that is read, and the paths that follow from it. It does not
// know what is read.
import { z } from 'zod';
import { baseUrl, quotaWindows, secrets, token } from '#connector/settings';

/** What stands behind the key's hyphen is the data centre: `us19`. */
const dataCentreIn = /-([a-z]{2,}\d+)$/;

/** What a member can be while it is there. Those that are archived are deletions. */
const memberStatuses = ['subscribed', 'unsubscribed', 'cleaned', 'pending', 'transactional'] as const;

export const settings = z
  .strictObject({
    apiKey: token('0123abcd…-us19').describe(
      'An API key of the account; what stands behind its hyphen names the data centre.',
    ),
    listId: z
      .string()
      .regex(/^[0-9A-Za-z]+$/, 'must be the audience ID alone, such as "a1b2c3d4e5"')
      .describe('The audience that is read: Audience → Settings → Audience name and defaults → Audience ID.'),
    baseUrl: baseUrl('https://us19.api.mailchimp.com')
      .removeDefault()
      .optional()
      .describe('Where the API is, in place of the data centre that the key names.'),
    webhookSecret: secrets
      .optional()
      .describe(
        'The signing_secret that creating a signed webhook returned. A list while one takes over from another.',
      ),
    urlToken: secrets
      .optional()
      .describe(
        'A long random text at the end of the webhook URL, for older webhooks that are not signed. Or a list.',
      ),
    statuses: z
      .array(z.enum(memberStatuses))
      .min(1, 'must name at least one status')
      .default([...memberStatuses])
      .describe(
        'Whose members are customers, by their status: "cleaned" are those whose address bounces, "pending" have not confirmed yet, "transactional" never subscribed. Archived members are gone.',
      ),
    toleranceSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(300)
      .describe('How far the time in a signature may be from our clock, seconds.'),
    overlapSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(300)
      .describe('How far each reading of changes goes back behind the end of the one before, seconds.'),
    quota: quotaWindows
      .default([{ requests: 10, seconds: 1 }])
      .describe(
        'Windows that every call draws on. Mailchimp itself counts connections at one time: ten for each user.',
      ),
  })
  .refine(({ apiKey, baseUrl }) => baseUrl !== undefined || dataCentreIn.test(apiKey), {
    path: ['apiKey'],
    error: 'must end in the data centre, such as "-us19"; without one baseUrl must say where the API is',
  });

export type Settings = z.infer<typeof settings>;

export function apiUrl({ apiKey, baseUrl }: Settings): string {
  return baseUrl ?? `https://${dataCentreIn.exec(apiKey)?.[1]}.api.mailchimp.com`;
}

export function audiencePath({ listId }: Settings, rest = ''): string {
  return `/3.0/lists/${listId}${rest}`;
}
