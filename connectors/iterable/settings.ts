// The settings of an Iterable project.
import { z } from 'zod';
import { authoredBody } from '#connector/authored';
import { baseUrl, quotaWindows, secretHeader, secrets, token, urlToken } from '#connector/settings';

export const settings = z.strictObject({
  apiKey: token('a1b2c3…')
    .optional()
    .describe(
      'A server-side API key. If set, users that system webhooks name are read, and with a schedule all users are exported.',
    ),
  baseUrl: baseUrl('https://api.iterable.com'),
  key: z
    .enum(['userId', 'email'])
    .default('userId')
    .describe(
      'The property that identifies users: "userId" (default), or "email" for a project that is based on e-mail and has no userId.',
    ),
  webhookToken: secrets
    .optional()
    .describe('The token entered for the webhook at Iterable, whether its type is Basic or OAuth2.'),
  webhookHeader: secretHeader
    .optional()
    .describe('A header entered for the webhook at Iterable: {name, value}.'),
  urlToken,
  authored: authoredBody
    .unwrap()
    .extend({
      id: z
        .string()
        .min(1)
        .optional()
        .describe('The path of the record ID. Default: the property that "key" names.'),
    })
    .prefault({})
    .describe('The paths of the parts of a journey body: {id?, changedAt?, unit?, eventId?, deleted?}.'),
  quota: quotaWindows
    .optional()
    .describe('The quota of calls, a window or a list of windows. Default: 100 calls per second.'),
});

export type Settings = z.infer<typeof settings>;
