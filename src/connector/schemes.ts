// How requests of a webhook are known, from settings that may be missing: an empty list then, which lets nobody in. It knows
// no vendor.
import type { CredentialScheme, SignatureScheme } from './webhook.ts';

/** A secret that is sent as it is. */
export function credential(
  at: CredentialScheme['at'],
  values: readonly string[] | undefined,
): CredentialScheme[] {
  return values?.length ? [{ kind: 'credential', at, values }] : [];
}

/** A header of one's own, as `secretHeader` of the settings gives it. */
export function ownHeader(
  header: { name: string; value: readonly string[] } | undefined,
): CredentialScheme[] {
  return header ? credential({ header: header.name }, header.value) : [];
}

/** A signature with any of these secrets. Default: HMAC with SHA-256 of the body as it was sent. */
export function signature(
  secrets: readonly string[] | undefined,
  scheme: Pick<SignatureScheme, 'header' | 'encoding'> & Partial<SignatureScheme>,
): SignatureScheme[] {
  if (!secrets?.length) return [];
  return [{ algorithm: 'hmac-sha256', message: ['body'], ...scheme, kind: 'signature', secrets }];
}

/**
 * A signature as Standard Webhooks describes it (https://www.standardwebhooks.com). `prefix`: of the headers' names, `svix` from
 * before there was a standard. `toleranceSeconds`: null where a repeat only has a record read again.
 */
export function standardSignature(
  secrets: readonly string[] | undefined,
  {
    prefix = 'webhook',
    toleranceSeconds = null,
    ...key
  }: { prefix?: 'webhook' | 'svix'; toleranceSeconds?: number | null } & Pick<
    SignatureScheme,
    'secretEncoding' | 'secretPrefix'
  > = {},
): SignatureScheme[] {
  return signature(secrets, {
    message: [{ header: `${prefix}-id` }, { literal: '.' }, 'timestamp', { literal: '.' }, 'body'],
    header: `${prefix}-signature`,
    form: { tagged: 'v1' },
    encoding: 'base64',
    timestamp: { from: { header: `${prefix}-timestamp` }, unit: 'seconds', toleranceSeconds },
    ...key,
  });
}
