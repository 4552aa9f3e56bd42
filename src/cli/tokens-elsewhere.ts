// Sources whose access tokens a check cannot use: beside a server that has the embedded database they are out of reach,
// and a token that is configured may be spent.
import type { Environment } from '../config.ts';
import type { App } from './deps.ts';

export const tokensElsewhereNote =
  'Its access tokens are in the embedded database, which a check leaves alone. "tributary status" shows whether the vendor takes them.';

export function tokensAreElsewhere(
  { endpoints }: App['tributary'],
  { databaseUrl }: Environment,
  name: string,
): boolean {
  return databaseUrl === undefined && (endpoints.get(name)?.tokens?.needsStored ?? false);
}
