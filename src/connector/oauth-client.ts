// An OAuth app of the person's own, as settings and as `Auth`. It knows no vendor.
import { z } from 'zod';
import type { ApiDescription } from './api.ts';
import type { Auth, OAuth } from './auth.ts';
import { fingerprint } from './checking.ts';
import { baseUrl, exactlyOne } from './settings.ts';

/** The app, and the refresh token where the person has one already. */
export const oauthClient = z.strictObject({
  clientId: z.string().min(1).describe("The app's client ID."),
  clientSecret: z.string().min(1).describe("The app's client secret."),
  refreshToken: z
    .string()
    .min(1)
    .optional()
    .describe('A refresh token of the app. Default: the one that `tributary sources connect` gets.'),
});

/** An app that acts for itself, so that nobody signs in. */
export const appClient = oauthClient.omit({ refreshToken: true });

/** The same with the address of the vendor's sign-in, which a sandbox may have elsewhere. */
export function oauthClientAt(usual: string) {
  const where = `Where people sign in and tokens are requested. Default: ${usual}.`;
  return oauthClient.extend({ baseUrl: baseUrl(usual).describe(where) });
}

export type OAuthClient = z.infer<typeof oauthClient>;

/** The setting `oauth` of a vendor that takes something else as well. `other`: the names of those settings. `app`: `an OAuth app`. */
export function oauthInsteadOf<Client extends z.ZodType>(
  other: string,
  { client, app }: { client: Client; app: string },
) {
  const means = `Instead of ${other}: {clientId, clientSecret, refreshToken?} of ${app}.`;
  return client.optional().describe(`${means} Sign in with \`tributary sources connect\`.`);
}

/** A check for `superRefine`: either the setting `key`, which is `what`, or `oauth`. */
export function keyOrOAuth<Key extends string>(key: Key, what: string) {
  const message = `either ${what}, or oauth: {clientId, clientSecret, refreshToken?}`;
  return exactlyOne<{ [name in Key | 'oauth']?: unknown }>([key, 'oauth'], message);
}

/** Where a vendor signs people in and issues tokens. Members are those of `OAuth`. */
export interface SignIn extends Partial<Pick<OAuth, Described>> {
  tokenUrl: string;
  authorizeUrl: string;
  scopes: readonly string[];
  separator?: string;
  parameters?: { readonly [name: string]: string };
  sentAs?: OAuth['client']['sentAs'];
  singleUse?: { graceSeconds: number };
  lasting?: true;
}

type Described = 'fields' | 'scheme' | 'header' | 'baseUrl' | 'lifeSeconds' | 'errors' | 'tenantOf';

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
  { tokenUrl, sentAs = 'form', singleUse, lasting, ...rest }: SignIn,
): OAuth {
  const { authorizeUrl, scopes, separator, parameters, ...described } = rest;
  const signIn = {
    authorizeUrl,
    scopes,
    ...(separator !== undefined && { separator }),
    ...(parameters && { parameters }),
  };
  return {
    ...described,
    kind: 'oauth',
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

/**
 * The same of `oauthClientAt`, by paths below its address. Default: `/oauth/authorize` and `/oauth/token`, and the scopes of the app.
 */
export function signedInAt(
  { baseUrl, ...client }: OAuthClient & { baseUrl: string },
  {
    authorizePath = '/oauth/authorize',
    tokenPath = '/oauth/token',
    ...signIn
  }: Partial<Omit<SignIn, 'tokenUrl' | 'authorizeUrl'>> & { authorizePath?: string; tokenPath?: string },
): OAuth {
  const [authorizeUrl, tokenUrl] = [`${baseUrl}${authorizePath}`, `${baseUrl}${tokenPath}`];
  return signedIn(client, { authorizeUrl, tokenUrl, scopes: [], ...signIn });
}

/**
 * Credentials, and the account whose quotas they draw on: that of this `id`, or, where it is not set, one of its own for these
 * credentials. `vendor`: what the account's name begins with.
 */
export function access(
  vendor: string,
  id: string | undefined,
  auth: Auth,
): Required<Pick<ApiDescription, 'auth' | 'account'>> {
  return { auth, account: `${vendor}:${id ?? fingerprint(holderOf(auth))}` };
}

function holderOf(auth: Auth): string {
  if (auth.kind === 'bearer') return auth.token;
  if (auth.kind === 'basic') return auth.user;
  if (auth.kind !== 'oauth') return auth.value;
  const { client, grant } = auth;
  const refreshToken = grant.kind === 'refresh_token' ? grant.token : undefined;
  return identityOf({ clientId: client.id, refreshToken });
}

/** What is no secret and tells one app and sign-in from another: for `fingerprint`. */
export function identityOf({
  clientId,
  refreshToken,
}: Pick<OAuthClient, 'clientId' | 'refreshToken'>): string {
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
