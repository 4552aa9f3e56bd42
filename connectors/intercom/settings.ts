// The settings of an Intercom workspace.
import { z } from 'zod';
import { apiVersion, baseUrl, flag, quotaWindows, secrets, token, wholeNumber } from '#connector/settings';

const workspaceId = z.string().min(1);

export const settings = z.strictObject({
  accessToken: token('dG9rOjEyMzQ1…').describe(
    'The access token of an app that may read users and companies.',
  ),
  clientSecret: secrets
    .optional()
    .describe('The client secret of the app, which signs webhooks. A list while one replaces another.'),
  appId: z
    .union([workspaceId, z.array(workspaceId).min(1)])
    .transform((given) => [given].flat())
    .optional()
    .describe('The ID of the workspace (app_id), or a list. Webhooks of other workspaces are ignored.'),
  leads: flag(
    false,
    'Whether leads may become customers. Intercom generates the external_id of a lead, so it is stored as lead_id instead: set sourceId to "id" or "email", or a lead is filtered until it becomes a user.',
  ),
  baseUrl: baseUrl('https://api.intercom.io').describe(
    'The URL of the API: https://api.intercom.io (default), https://api.eu.intercom.io or https://api.au.intercom.io.',
  ),
  apiVersion: apiVersion('2.16', /^\d+\.\d+$/),
  settleLagSeconds: wholeNumber(
    { usual: 300, min: 0, max: 86_400 },
    'How long a new or changed contact may be missing from search, seconds.',
  ),
  quota: quotaWindows
    .optional()
    .describe(
      'The quota of calls, a window or a list of windows. Default: 1,666 calls per 10 seconds and 10,000 per minute.',
    ),
});

export type Settings = z.infer<typeof settings>;
