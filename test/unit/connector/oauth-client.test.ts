// An OAuth app of a person's own, as settings and as credentials.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { access, keyOrOAuth, oauthClientAt, oauthInsteadOf, signedInAt } from '#connector/oauth-client';

const app = { clientId: 'id', clientSecret: 'secret' };

test('either a key or an app is set, and the fault says which', () => {
  const settings = z
    .strictObject({
      apiKey: z.string().optional(),
      oauth: oauthInsteadOf('apiKey', { client: oauthClientAt('https://a.example.com'), app: 'an app' }),
    })
    .superRefine(keyOrOAuth('apiKey', 'an API key'));
  expect(settings.safeParse({ apiKey: 'k' }).success).toBe(true);
  expect(settings.parse({ oauth: app }).oauth).toEqual({ ...app, baseUrl: 'https://a.example.com' });
  const message = 'either an API key, or oauth: {clientId, clientSecret, refreshToken?}';
  for (const given of [{}, { apiKey: 'k', oauth: app }])
    expect(settings.safeParse(given).error?.issues).toMatchObject([{ path: ['apiKey'], message }]);
});

test('people sign in below the address of the app, and what a vendor is like besides is kept', () => {
  const client = { ...app, refreshToken: 'r', baseUrl: 'https://a.example.com/x' };
  expect(
    signedInAt(client, { authorizePath: '/authorize', scopes: ['read'], lasting: true, lifeSeconds: null }),
  ).toEqual({
    kind: 'oauth',
    tokenUrl: 'https://a.example.com/x/oauth/token',
    client: { id: 'id', secret: 'secret', sentAs: 'form' },
    grant: {
      kind: 'refresh_token',
      token: 'r',
      lasting: true,
      signIn: { authorizeUrl: 'https://a.example.com/x/authorize', scopes: ['read'] },
    },
    lifeSeconds: null,
  });
});

test('quotas are those of the account, or else of the credentials, of which no secret shows', () => {
  const header = (value: string) => ({ kind: 'header', name: 'x-key', value }) as const;
  const bearer = { kind: 'bearer', token: 'a secret' } as const;
  expect(access('acme', '7', header('a secret'))).toEqual({ auth: header('a secret'), account: 'acme:7' });
  const own = access('acme', undefined, header('a secret')).account;
  expect(own).toMatch(/^acme:[\da-f]{8}$/);
  expect(access('acme', undefined, bearer).account).toBe(own);
  expect(access('acme', undefined, header('another')).account).not.toBe(own);
  const oauth = (clientId: string) =>
    signedInAt({ clientId, clientSecret: 's', baseUrl: 'https://a.example.com' }, { scopes: [] });
  expect(access('acme', undefined, oauth('a')).account).not.toBe(
    access('acme', undefined, oauth('b')).account,
  );
});
