// Credentials of webhooks that their vendor does not sign: as settings, and as ways to show that a request is the vendor's. It
// knows no vendor.
import { z } from 'zod';
import { credential, ownHeader } from './schemes.ts';
import { basicUser, secretHeader, secrets } from './settings.ts';
import type { CredentialScheme } from './webhook.ts';

export const webhookBasic = z
  .strictObject({
    user: basicUser,
    password: secrets.describe('The password, or a list of which any is accepted.'),
  })
  .optional()
  .describe('The webhook header "Authorization: Basic …": {user, password}.');

export const webhookHeader = secretHeader
  .optional()
  .describe('Any other header of the webhook: {name, value}.');

export interface WebhookCredentials {
  /** Bearer tokens. */
  webhookToken?: readonly string[] | undefined;
  webhookBasic?: z.infer<typeof webhookBasic>;
  webhookHeader?: z.infer<typeof webhookHeader>;
  urlToken?: readonly string[] | undefined;
}

/** One way for each credential that is set: any of them is accepted. */
export function credentialSchemes(set: WebhookCredentials): CredentialScheme[] {
  const { webhookToken, webhookBasic: basic, webhookHeader: header, urlToken } = set;
  return [
    ...credential('bearer', webhookToken),
    ...credential(
      'basic',
      basic?.password.map((password) => `${basic.user}:${password}`),
    ),
    ...ownHeader(header),
    ...credential('path', urlToken),
  ];
}
