// The settings of a Segment workspace: how its webhooks authenticate.
import { z } from 'zod';
import { secrets } from '#connector/settings';

export const settings = z.strictObject({
  webhookSecret: secrets
    .optional()
    .describe(
      'The shared secret with which the webhook destination signs. A list while one replaces another.',
    ),
  urlToken: secrets
    .optional()
    .describe('A token of your own as the last segment of the webhook address. Batches need it or a header.'),
  bearerToken: secrets
    .optional()
    .describe('The token of an Extensible Webhook, or of the header "Authorization: Bearer TOKEN".'),
  basicAuth: z
    .string()
    .regex(/^[^:]+:.+$/, 'must be "user:password"')
    .transform((given) => [given])
    .optional()
    .describe('"user:password" of the header "Authorization: Basic …".'),
});

export type Settings = z.infer<typeof settings>;
