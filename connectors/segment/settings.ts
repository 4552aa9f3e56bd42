// What a person says of a Segment workspace: how its webhooks show who they are. It does not know what they say.
import { z } from 'zod';
import { secrets } from '#connector/settings';

export const settings = z.strictObject({
  webhookSecret: secrets
    .optional()
    .describe('The shared secret of the webhook destination: it signs. A list while one takes over.'),
  urlToken: secrets
    .optional()
    .describe(
      'A token of your own that ends the URL, behind the name of the source. Batches need it or a header.',
    ),
  bearerToken: secrets
    .optional()
    .describe('The token of an Extensible Webhook, or of a header "Authorization: Bearer <token>".'),
  basicAuth: z
    .string()
    .regex(/^[^:]+:.+$/, 'must be "user:password"')
    .transform((given) => [given])
    .optional()
    .describe('"user:password" of a header "Authorization: Basic …".'),
});

export type Settings = z.infer<typeof settings>;
