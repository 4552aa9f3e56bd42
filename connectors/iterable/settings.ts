// What a person says of an Iterable project. It does not know what is read.
import { z } from 'zod';
import { authoredBody } from '#connector/authored';
import { baseUrl, quotaWindows, secrets, token } from '#connector/settings';

export const settings = z.strictObject({
  apiKey: token('a1b2c3…')
    .optional()
    .describe('A key for servers. With it users are read whom system webhooks name.'),
  baseUrl: baseUrl('https://api.iterable.com'),
  key: z
    .enum(['userId', 'email'])
    .default('userId')
    .describe('What tells users apart: "email" for a project that is based on e-mail and has no userId.'),
  webhookToken: secrets
    .optional()
    .describe('The token typed into the webhook at Iterable, whether its type is Basic or OAuth2.'),
  webhookHeader: z
    .strictObject({
      name: z
        .string()
        .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header')
        .describe('The name of the header.'),
      value: secrets.describe('Its value, or a list of values of which any is accepted.'),
    })
    .optional()
    .describe('A header typed into the webhook at Iterable: {name, value}.'),
  urlToken: secrets.optional().describe('A secret as the last segment of the webhook address.'),
  authored: authoredBody
    .unwrap()
    .extend({
      id: z.string().min(1).optional().describe('The ID of the record; by default at what "key" says.'),
    })
    .prefault({})
    .describe('Where the parts of a journey body stand: {id?, changedAt?, eventId?, deleted?}.'),
  quota: quotaWindows.optional().describe('Windows that every call draws on, in place of 100 in a second.'),
});

export type Settings = z.infer<typeof settings>;
