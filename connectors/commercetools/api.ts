// Access to the API of commercetools: credentials, and the meaning of its errors.
// https://docs.commercetools.com/api/authorization and https://docs.commercetools.com/api/errors
import { type ApiDescription, type ApiResponse, UnauthorizedError } from '#connector';
import { windowQuotas } from '#connector/quotas';
import { objectOf, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

/** No limit is published: few enough not to be noticed. */
const defaultWindows = [{ requests: 25, seconds: 1 }];

export function describeApi(settings: Settings): ApiDescription {
  const { projectKey, clientId, clientSecret, region, baseUrl, messages } = settings;
  const tokenHost = settings.authUrl ?? baseUrl ?? `https://auth.${region}.commercetools.com`;
  const scopes = ['view_customers', ...(messages ? ['view_messages'] : [])];
  return {
    baseUrl: baseUrl ?? `https://api.${region}.commercetools.com`,
    headers: {},
    auth: {
      kind: 'oauth',
      tokenUrl: `${tokenHost}/oauth/token`,
      client: { id: clientId, secret: clientSecret, sentAs: 'basic' },
      grant: { kind: 'client_credentials' },
      // A client that is limited to a Store has no scope of the whole project, and gets no token.
      fields: { scope: scopes.map((scope) => `${scope}:${projectKey}`).join(' ') },
    },
    account: `commercetools:${projectKey}`,
    quotas: windowQuotas(settings.quota ?? defaultWindows),
    isOwn,
    errorFor,
  };
}

/** Every error of theirs repeats its status. */
function isOwn({ status, json }: ApiResponse): boolean {
  return status === 401 || objectOf(json)['statusCode'] === status;
}

function errorFor({ status, json }: ApiResponse): UnauthorizedError | undefined {
  if (status !== 403) return undefined;
  const said = wordOf(objectOf(json)['message']);
  return new UnauthorizedError(
    `commercetools answered 403${said ? `: ${said}` : ''}. Give the API client the scope view_customers of the project, and view_messages where \`messages\` is set.`,
    { status },
  );
}
