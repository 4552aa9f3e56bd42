// The settings of a Brevo source. They do not know what is read.
import { z } from 'zod';
import { baseUrl, quota, secret, token, urlToken } from '#connector/settings';
import { webhookBasic, webhookHeader } from '#connector/webhook-credentials';

export const settings = z.strictObject({
  apiKey: token('xkeysib-…').describe('An API key of the account: Settings → SMTP & API → API Keys.'),
  webhookToken: secret('The bearer token that the webhook sends.'),
  webhookBasic,
  webhookHeader,
  urlToken,
  baseUrl: baseUrl('https://api.brevo.com/v3'),
  quota: quota([{ requests: 10, seconds: 1 }]),
});

export type Settings = z.infer<typeof settings>;
