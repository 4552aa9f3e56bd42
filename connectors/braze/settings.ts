// The settings of a Braze workspace.
import { z } from 'zod';
import { authoredBody } from '#connector/authored';
import { baseUrl, quotaWindows, secrets, token, urlToken } from '#connector/settings';
import { webhookBasic, webhookHeader } from '#connector/webhook-credentials';

const example = 'https://rest.iad-01.braze.com';

const identifier = z
  .string()
  .regex(/^[\w-]{8,64}$/, 'must be an API identifier, such as "a1b2c3d4-…": Settings, APIs and Identifiers');

export const settings = z
  .strictObject({
    apiKey: token('a1b2c3…')
      .optional()
      .describe(
        'A REST API key with the permission users.export.ids. If set, users that Currents names are read. Write-back needs the permission users.track as well.',
      ),
    baseUrl: baseUrl(example)
      .unwrap()
      .optional()
      .describe(`The REST endpoint of your instance, such as ${example}. Required with apiKey.`),
    segmentId: identifier
      .optional()
      .describe(
        'The API identifier of a segment with all users that have an external ID. If set, a schedule exports it; the key then needs the permission users.export.segment.',
      ),
    changedSegment: z
      .strictObject({
        id: identifier.describe('The API identifier of the segment.'),
        hours: z.int().min(2).describe('For how many hours a user stays in it after a change.'),
      })
      .optional()
      .describe(
        'A segment with the users that changed in the last hours, which increments export: {id, hours}. Default: only full readings export users.',
      ),
    webhookToken: secrets
      .optional()
      .describe('The token of the Currents connector, or of the webhook header "Authorization: Bearer …".'),
    webhookBasic,
    webhookHeader,
    urlToken,
    authored: authoredBody
      .unwrap()
      .extend({
        id: z
          .string()
          .min(1)
          .default('external_id')
          .describe('The path of the record ID, which is the external ID of the user. Default: external_id.'),
      })
      .prefault({})
      .describe(
        'The paths of the parts of a body that you write: {id?, changedAt?, unit?, eventId?, deleted?}.',
      ),
    quota: quotaWindows
      .optional()
      .describe('The quota of exports, a window or a list of windows. Default: 250 calls per minute.'),
  })
  .superRefine(({ apiKey, segmentId, changedSegment }, context) => {
    const message = (needed: string) => `needs ${needed} as well`;
    if (segmentId !== undefined && apiKey === undefined)
      context.addIssue({ code: 'custom', path: ['segmentId'], message: message('apiKey') });
    if (changedSegment && segmentId === undefined)
      context.addIssue({ code: 'custom', path: ['changedSegment'], message: message('segmentId') });
  })
  .superRefine(({ apiKey, baseUrl: url }, context) => {
    if (apiKey === undefined || url !== undefined) return;
    const message = `is needed with apiKey: the REST endpoint of your instance, such as ${example}`;
    context.addIssue({ code: 'custom', path: ['baseUrl'], message });
  });

export type Settings = z.infer<typeof settings>;

/** Stands where nothing is ever asked, for there is no key. */
export const noBaseUrl = example;
