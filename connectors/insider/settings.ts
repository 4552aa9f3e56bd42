// The settings of an Insider account. They do not know what is read.
import { z } from 'zod';
import {
  absentIsEmpty,
  baseUrl,
  quota,
  token,
  unknownWords,
  urlToken,
  wholeNumber,
} from '#connector/settings';
import { webhookBasic, webhookHeader } from '#connector/webhook-credentials';

export const settings = z.strictObject({
  partnerName: z
    .string()
    .regex(/^[a-z0-9_-]+$/, 'must be the partner name in lower case, such as "acme"')
    .describe('The partner name, in lower case.'),
  requestToken: token('a1b2c3…').describe('The API key of the Unified Customer Database.'),
  baseUrl: baseUrl('https://unification.useinsider.com'),
  identifier: z
    .string()
    .regex(
      /^(uuid|email|phone_number|custom\.\w+)$/,
      'must be "uuid", "email", "phone_number" or "custom.NAME"',
    )
    .default('uuid')
    .describe(
      'The identifier that holds your customer ID: uuid, email, phone_number or custom.NAME. Default: uuid.',
    ),
  absentIsEmpty,
  unknownUser: unknownWords('no such user'),
  lagSeconds: wholeNumber(
    { usual: 60, min: 0, max: 3600 },
    'How long after a write Insider may still show the state before it, seconds.',
  ),
  webhookBasic,
  webhookHeader,
  urlToken,
  quota: quota([{ requests: 10, seconds: 1 }], 'Insider publishes none for reads.'),
});

export type Settings = z.infer<typeof settings>;
