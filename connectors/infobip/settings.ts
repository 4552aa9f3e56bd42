// The settings of an Infobip account. They do not know what is read.
import { z } from 'zod';
import { absentIsEmpty, baseUrl, quota, token, unknownWords, urlToken } from '#connector/settings';
import { webhookBasic, webhookHeader } from '#connector/webhook-credentials';

export const settings = z.strictObject({
  apiKey: token('0123abc…').describe('An API key with the scope people:read.'),
  types: z
    .array(z.string().min(1))
    .min(1)
    .default(['CUSTOMER'])
    .describe('The types of persons who are customers: "CUSTOMER", "LEAD". Default: CUSTOMER.'),
  orderBy: z
    .string()
    .min(1)
    .default('modifiedAt:asc')
    .describe('How the API is asked for the order of change, the oldest first. Default: modifiedAt:asc.'),
  zone: z
    .string()
    .regex(/^(Z|[+-]\d\d:\d\d)$/, 'must be Z or an offset such as "+01:00"')
    .default('Z')
    .describe('The offset of the times of the API, which have none. Default: Z, UTC.'),
  unknownWords: unknownWords('not found'),
  absentIsEmpty,
  webhookBasic,
  webhookHeader,
  urlToken,
  baseUrl: baseUrl('https://api.infobip.com'),
  quota: quota([{ requests: 5, seconds: 1 }]),
});

export type Settings = z.infer<typeof settings>;
