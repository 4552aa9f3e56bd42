// An OAuth app of the person's own, as settings and as `Auth`. It knows no vendor.
import { z } from 'zod';
import type { OAuth } from './auth.ts';
import { baseUrl } from './settings.ts';

/** The app, and the refresh token where the person has one already. */
export const oauthClient = z.strictObject({
  clientId: z.string().min(1).describe("The app's client ID."),
  clientSecret: z.string().min(1).describe("The app's client secret."),
  refreshToken: z
    .string()
    .min(1)
    .optional()
    .describe('A refresh token of the app. Default: the one that `tributary connect` gets.'),
});

/** An app that acts for itself, so that nobody signs in. */
export const appClient = oauthClient.omit({ refreshToken: true });

/** The same with the address of the vendor's sign-in, which a sandbox may have elsewhere. */
export function oauthClientAt(usual: string) {
  const where = `Where people sign in and tokens are requested. Default: ${usual}.`;
  return oauthClient.extend({ baseUrl: baseUrl(usual).describe(where) });
}

export type OAuthClient = z.infer<typeof oauthClient>;

/** Where a vendor signs people in and issues tokens. Members are those of `OAuth`. */
export interface SignIn {
  tokenUrl: string;
  authorizeUrl: string;
  scopes: readonly string[];
  separator?: string;
  parameters?: { readonly [name: string]: string };
  /** Further fields of every token request of a person. */
  fields?: { readonly [name: string]: string };
  sentAs?: OAuth['client']['sentAs'];
  singleUse?: { graceSeconds: number };
  lasting?: true;
}

/** `Auth` of an app that acts for itself, or else of a person who has signed in to one. `appScopes`: of the first. */
export function appOrPerson(
  {
    app,
    oauth,
  }: { app?: Pick<OAuthClient, 'clientId' | 'clientSecret'> | undefined; oauth?: OAuthClient | undefined },
  { appScopes, ...signIn }: SignIn & { appScopes?: readonly string[] },
): OAuth {
  if (oauth) return signedIn(oauth, signIn);
  const { tokenUrl, sentAs } = signIn;
  return clientCredentials(app!, {
    tokenUrl,
    ...(sentAs && { sentAs }),
    ...(appScopes && { scopes: appScopes }),
  });
}

/** `Auth` of a person who has signed in to this app. */
export function signedIn(
  { clientId, clientSecret, refreshToken }: OAuthClient,
  { tokenUrl, sentAs = 'form', singleUse, lasting, fields, ...signIn }: SignIn,
): Pick<OAuth, 'kind' | 'tokenUrl' | 'client' | 'grant' | 'fields'> {
  return {
    kind: 'oauth',
    ...(fields && { fields }),
    tokenUrl,
    client: { id: clientId, secret: clientSecret, sentAs },
    grant: {
      kind: 'refresh_token',
      ...(refreshToken !== undefined && { token: refreshToken }),
      ...(singleUse && { singleUse }),
      ...(lasting && { lasting }),
      signIn,
    },
  };
}

/** What is no secret and tells one app and sign-in from another: for `fingerprint`. */
export function identityOf({ clientId, refreshToken }: OAuthClient): string {
  return `${clientId} ${refreshToken ?? ''}`;
}

/** `Auth` of an app that acts for itself. `scopes`: joined by blanks. */
export function clientCredentials(
  { clientId, clientSecret }: Pick<OAuthClient, 'clientId' | 'clientSecret'>,
  {
    tokenUrl,
    scopes = [],
    sentAs = 'form',
  }: Pick<SignIn, 'tokenUrl' | 'sentAs'> & { scopes?: readonly string[] },
): OAuth {
  return {
    kind: 'oauth',
    tokenUrl,
    client: { id: clientId, secret: clientSecret, sentAs },
    grant: { kind: 'client_credentials' },
    ...(scopes.length > 0 && { fields: { scope: scopes.join(' ') } }),
  };
}
