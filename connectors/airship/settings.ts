// The settings of an Airship project. They do not know what is read.
import { z } from 'zod';
import { absentIsEmpty, baseUrl, exactlyOne, quota, token } from '#connector/settings';

export const settings = z
  .strictObject({
    appKey: token('abc123…').describe('The app key of the project: Settings → Project Details.'),
    masterSecret: token('xyz789…')
      .optional()
      .describe('The app master secret of the project. Either this or token.'),
    token: token('0123…')
      .optional()
      .describe('A bearer token with the role "All Access". Either this or masterSecret.'),
    absentIsEmpty,
    baseUrl: baseUrl('https://go.urbanairship.com'),
    quota: quota([{ requests: 5, seconds: 1 }]),
  })
  .superRefine(exactlyOne(['masterSecret', 'token'], 'set either masterSecret or token'));

export type Settings = z.infer<typeof settings>;
