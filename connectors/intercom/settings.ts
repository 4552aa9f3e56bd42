// What a person says of an Intercom workspace. It does not know what is read.
import { z } from 'zod';
import { baseUrl, quotaWindows, secrets, token } from '#connector/settings';

const workspaceId = z.string().min(1);

export const settings = z.strictObject({
  accessToken: token('dG9rOjEyMzQ1…').describe('Access token of an app that may read users and companies.'),
  clientSecret: secrets
    .optional()
    .describe("The app's client secret: it signs webhooks. A list while one takes over from another."),
  appId: z
    .union([workspaceId, z.array(workspaceId).min(1)])
    .transform((given) => [given].flat())
    .optional()
    .describe(
      'The ID of the workspace (app_id), or a list: what webhooks tell of other workspaces is left out.',
    ),
  leads: z
    .boolean()
    .default(false)
    .describe(
      'Whether leads may become customers. Intercom generates the external_id of a lead, so it is stored as lead_id instead: set sourceId to "id" or "email", or a lead is filtered until it becomes a user.',
    ),
  baseUrl: baseUrl('https://api.intercom.io').describe(
    'Where the API is: https://api.intercom.io, https://api.eu.intercom.io or https://api.au.intercom.io.',
  ),
  apiVersion: z
    .string()
    .regex(/^\d+\.\d+$/, 'must be a version such as "2.16"')
    .default('2.16')
    .describe('The version of the API that is spoken.'),
  settleLagSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(300)
    .describe('How long search may hide a new or changed contact, seconds.'),
  quota: quotaWindows
    .optional()
    .describe('Windows that every call draws on, in place of 1,666 in 10 seconds and 10,000 in a minute.'),
});

export type Settings = z.infer<typeof settings>;
