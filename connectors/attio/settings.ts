// The settings of an Attio source. They do not know what is read.
import { z } from 'zod';
import { oauthClientAt } from '#connector/oauth-client';
import { baseUrl, exactlyOne, quota, secret, token } from '#connector/settings';

const shape = z.strictObject({
  accessToken: token('0123abc…')
    .optional()
    .describe(
      'An API key of the workspace with the scopes record_permission:read and object_configuration:read.',
    ),
  oauth: oauthClientAt('https://app.attio.com')
    .optional()
    .describe(
      'Instead of accessToken: {clientId, clientSecret} of an app with these scopes. Sign in with `tributary connect`.',
    ),
  workspaceId: z
    .uuid()
    .toLowerCase()
    .optional()
    .describe(
      'The ID of the workspace. People of others are not read, and their webhooks are ignored. Sources with the same ID share its quotas.',
    ),
  objectId: z
    .uuid()
    .toLowerCase()
    .optional()
    .describe(
      'The ID of the object "people", which webhooks name it by: `tributary check` prints it. Required for webhooks.',
    ),
  webhookSecret: secret('The secret of the webhook, which Attio shows once: in the answer that creates it.'),
  createdBy: z
    .array(z.enum(['workspace-member', 'api-token', 'app', 'system']))
    .min(1)
    .optional()
    .describe(
      'Whose people are customers: of members, API tokens, apps, or Attio itself (system). Default: those of all, including the correspondents of synced mailboxes.',
    ),
  baseUrl: baseUrl('https://api.attio.com/v2'),
  quota: quota([{ requests: 100, seconds: 1 }]),
});

export const settings = shape.superRefine(
  exactlyOne(['accessToken', 'oauth'], 'either an API key, or oauth: {clientId, clientSecret} of an app'),
);

export type Settings = z.infer<typeof settings>;
