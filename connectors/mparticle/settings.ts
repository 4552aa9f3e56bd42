// The settings of an mParticle workspace. They do not know what is read.
import { z } from 'zod';
import { baseUrl, digits, quota, secret, token, unknownWords, urlToken } from '#connector/settings';

const types = ['customer_id', 'other', ...[2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => `other_id_${n}`)];

const profiles = z.strictObject({
  clientId: token('a1b2c3…').describe('The client ID of the Profile API.'),
  clientSecret: token('a1b2c3…').describe('The client secret of the Profile API.'),
  orgId: digits.describe('The ID of the organization.'),
  accountId: digits.describe('The ID of the account.'),
  workspaceId: digits.describe('The ID of the workspace.'),
});

export const settings = z.strictObject({
  webhookToken: secret('The whole value of the header Authorization in the event output "Webhook".'),
  urlToken,
  environment: z
    .enum(['production', 'development'])
    .default('production')
    .describe('The environment whose batches are used. Default: production.'),
  identityType: z
    .enum(types)
    .default('customer_id')
    .describe('The identity type that holds your customer ID. Default: customer_id.'),
  profiles: profiles.optional().describe('Access to the Profile API. If set, users can be read by ID.'),
  unknownProfile: unknownWords('profile is invalid'),
  baseUrl: baseUrl('https://api.mparticle.com'),
  tokenUrl: baseUrl('https://sso.auth.mparticle.com/oauth/token').describe('Where tokens are requested.'),
  quota: quota([{ requests: 15, seconds: 1 }]),
});

export type Settings = z.infer<typeof settings>;
