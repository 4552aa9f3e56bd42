// The settings of a CleverTap account. They do not know what is read.
import { z } from 'zod';
import { absentIsEmpty, otherUrl, quota, token, unknownWords, urlToken } from '#connector/settings';
import { webhookBasic, webhookHeader } from '#connector/webhook-credentials';
import { isTimezone } from '#connector/zone';

export const settings = z.strictObject({
  accountId: token('ABC-123-456Z').describe('The account ID (Settings, Project).'),
  passcode: token('a1b2c3…').describe('A passcode of the account (Settings, Passcodes).'),
  region: z
    .string()
    .regex(/^[a-z]+\d$/, 'must be a region such as "eu1"')
    .default('eu1')
    .describe(
      'The region, as in the address of the dashboard: eu1, in1, sg1, us1, aps3 or mec1. Default: eu1.',
    ),
  baseUrl: otherUrl('https://eu1.api.clevertap.com', 'The URL of the API. Default: that of the region.'),
  eventName: z
    .string()
    .default('App Launched')
    .describe(
      'The event by which profiles are found: only those of people who did it are read. Default: App Launched.',
    ),
  since: z.iso
    .date()
    .default('2015-01-01')
    .describe('The day from which a full reading looks for the event. Default: 2015-01-01.'),
  timezone: z
    .string()
    .refine(isTimezone, 'must be a time zone such as "Europe/Warsaw"')
    .default('UTC')
    .describe('The time zone of the account, which decides when a day begins. Default: UTC.'),
  absentIsEmpty,
  unknownProfile: unknownWords('not found'),
  webhookBasic,
  webhookHeader,
  urlToken,
  quota: quota([{ requests: 3, seconds: 1 }], 'CleverTap allows three reads at the same time.'),
});

export type Settings = z.infer<typeof settings>;
