// The settings of an Acme source.
import { z } from 'zod';
import { baseUrl, quota, secret, token } from '#connector/settings';

export const settings = z.strictObject({
  // TODO: how a token begins, and the permissions that it needs.
  apiToken: token('acme_…').describe('The API token of a user who can read people.'),
  webhookSecret: secret('The secret that signs webhooks.'),
  baseUrl: baseUrl('https://api.acme.example'),
  // TODO: the vendor's limits.
  quota: quota([{ requests: 100, seconds: 10 }]),
});

export type Settings = z.infer<typeof settings>;
