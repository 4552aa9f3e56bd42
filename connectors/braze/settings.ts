// The settings of a Braze workspace.
import { z } from 'zod';
import { authoredBody } from '#connector/authored';
import { baseUrl, quotaWindows, secrets, token, urlToken } from '#connector/settings';
import { webhookBasic, webhookHeader } from '#connector/webhook-credentials';

const example = 'https://rest.iad-01.braze.com';

export const settings = z
  .strictObject({
    apiKey: token('a1b2c3…')
      .optional()
      .describe(
        'A REST API key with the permission users.export.ids. If set, users that Currents names are read.',
      ),
    baseUrl: baseUrl(example)
      .unwrap()
      .optional()
      .describe(`The REST endpoint of your instance, such as ${example}. Required with apiKey.`),
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
      .describe('The quota of calls, a window or a list of windows. Default: 250 calls per minute.'),
  })
  .superRefine(({ apiKey, baseUrl: url }, context) => {
    if (apiKey === undefined || url !== undefined) return;
    const message = `is needed with apiKey: the REST endpoint of your instance, such as ${example}`;
    context.addIssue({ code: 'custom', path: ['baseUrl'], message });
  });

export type Settings = z.infer<typeof settings>;

/** Stands where nothing is ever asked, for there is no key. */
export const noBaseUrl = example;
