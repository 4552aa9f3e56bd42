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

/** A signature with any of these secrets. */
export function signature(
  secrets: readonly string[] | undefined,
  scheme: Omit<SignatureScheme, 'kind' | 'secrets'>,
): SignatureScheme[] {
  return secrets?.length ? [{ kind: 'signature', secrets, ...scheme }] : [];
}
