// What a person says of an Acme account. It does not know what is read.
import { z } from 'zod';
import { baseUrl, quotaWindows, token } from '#connector/settings';

export const settings = z.strictObject({
  apiKey: token('acme_…').describe('An API key with the scope people:read.'),
  baseUrl: baseUrl('https://api.acme.example'),
  quota: quotaWindows.optional().describe('Windows that every call draws on. Default: 10 calls per second.'),
});

export type Settings = z.infer<typeof settings>;
