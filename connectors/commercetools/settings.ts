// The settings of a commercetools project.
import { z } from 'zod';
import { flag, otherUrl, quota, token, urlToken } from '#connector/settings';

export const settings = z.strictObject({
  projectKey: z
    .string()
    .regex(/^[a-z0-9_-]{2,36}$/i, 'must be the key of a project, such as "acme-prod"')
    .describe('The key of the project.'),
  clientId: token('Ab1…').describe(
    'The ID of an API client of the whole project, with the scope view_customers.',
  ),
  clientSecret: token('Xy9…').describe("The API client's secret."),
  region: z
    .string()
    .regex(/^[a-z0-9-]+\.(gcp|aws)$/, 'must be a region and a cloud, such as "europe-west1.gcp"')
    .default('europe-west1.gcp')
    .describe('The region of the project, as its API host names it. Default: europe-west1.gcp.'),
  messages: flag(
    false,
    'Whether deletions are read from the messages of the project, which must be enabled there; the API client needs the scope view_messages.',
  ),
  urlToken,
  baseUrl: otherUrl(
    'https://api.europe-west1.gcp.commercetools.com',
    'The URL of the API, for a sandbox. Default: that of the region.',
  ),
  authUrl: otherUrl(
    'https://auth.europe-west1.gcp.commercetools.com',
    'The URL where tokens are requested, for a sandbox. Default: baseUrl, or else that of the region.',
  ),
  // commercetools names none: few enough not to be noticed.
  quota: quota([{ requests: 25, seconds: 1 }]),
});

export type Settings = z.infer<typeof settings>;
