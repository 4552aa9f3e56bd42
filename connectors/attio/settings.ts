// The settings of an Attio source. They do not know what is read.
import { z } from 'zod';
import { keyOrOAuth, oauthClientAt, oauthInsteadOf } from '#connector/oauth-client';
import { accountId, baseUrl, quota, secret, token } from '#connector/settings';

const id = z.uuid().toLowerCase();

const shape = z.strictObject({
  accessToken: token('0123abc…')
    .optional()
    .describe('An API key with the scopes record_permission:read and object_configuration:read.'),
  oauth: oauthInsteadOf('accessToken', {
    client: oauthClientAt('https://app.attio.com'),
    app: 'an app with these scopes',
  }),
  workspaceId: accountId('workspace', id, 'People of others are not read, and their webhooks are ignored.'),
  objectId: id
    .optional()
    .describe('The ID of the object "people", which `tributary check` prints. Required for webhooks.'),
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

export const settings = shape.superRefine(keyOrOAuth('accessToken', 'an API key'));

export type Settings = z.infer<typeof settings>;
