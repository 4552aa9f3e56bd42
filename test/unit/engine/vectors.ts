// Published and computed signatures of many vendors, with the schemes that fit them declared as a connector would.
import type { SignatureScheme } from '#connector/webhook';
import type { WebhookRequest } from '../../../src/engine/webhook/authenticity.ts';
import { requestOf } from '../../support/webhook.ts';

export interface Vector {
  name: string;
  scheme: SignatureScheme;
  request: WebhookRequest;
  /** Epoch milliseconds of the signing. */
  now: number;
}

const octets = (text: string) => Array.from(Buffer.from(text), (octet) => `%${octet.toString(16)}`);
/** HubSpot/hubspot docs, "validating requests": the escapes that are decoded in the URL. */
const hubspotUrl = { url: 'decoded', escapes: octets(":/?@!$'()*,;") } as const;

const key = 'test-secret-0123456789';
const body = '{"id":"42","email":"a@example.com"}';
const seconds = '1700000000';
const now = 1_700_000_000_000;

const hex: Pick<SignatureScheme, 'kind' | 'algorithm' | 'encoding' | 'secrets'> = {
  kind: 'signature',
  algorithm: 'hmac-sha256',
  encoding: 'hex',
  secrets: [key],
};

export const svix: SignatureScheme = {
  ...hex,
  secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  secretPrefix: 'whsec_',
  secretEncoding: 'base64',
  message: [{ header: 'webhook-id' }, { literal: '.' }, 'timestamp', { literal: '.' }, 'body'],
  header: 'Webhook-Signature',
  form: { tagged: 'v1' },
  encoding: 'base64',
  timestamp: { from: { header: 'Webhook-Timestamp' }, unit: 'seconds', toleranceSeconds: 300 },
};

export const github: SignatureScheme = {
  ...hex,
  message: ['body'],
  header: 'X-Hub-Signature-256',
  form: { prefix: 'sha256=' },
};

export const klaviyo: SignatureScheme = {
  ...hex,
  message: ['body', 'timestamp'],
  header: 'Klaviyo-Signature',
  timestamp: { from: { header: 'Klaviyo-Timestamp' }, unit: 'seconds', toleranceSeconds: null },
};

export const stripe: SignatureScheme = {
  ...hex,
  message: ['timestamp', { literal: '.' }, 'body'],
  header: 'Stripe-Signature',
  form: { pairs: 'v1' },
  timestamp: { from: { pair: 't' }, unit: 'seconds', toleranceSeconds: 300 },
};

export const segment: SignatureScheme = {
  ...hex,
  algorithm: 'hmac-sha1',
  message: ['body'],
  header: 'X-Signature',
};

export const shopify: SignatureScheme = {
  ...hex,
  message: ['body'],
  header: 'X-Shopify-Hmac-Sha256',
  encoding: 'base64',
};

export const hubspotV1: SignatureScheme = {
  ...hex,
  algorithm: 'sha256',
  message: ['secret', 'body'],
  header: 'X-HubSpot-Signature',
};
export const hubspotV2: SignatureScheme = { ...hubspotV1, message: ['secret', 'method', hubspotUrl, 'body'] };
export const hubspotV3: SignatureScheme = {
  ...hex,
  message: ['method', hubspotUrl, 'body', 'timestamp'],
  header: 'X-HubSpot-Signature-v3',
  encoding: 'base64',
  timestamp: {
    from: { header: 'X-HubSpot-Request-Timestamp' },
    unit: 'milliseconds',
    toleranceSeconds: 300,
  },
};

const hubspotSecret = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const hubspotBody =
  '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]';
const hook = 'https://example.com/hooks/hubspot?x=1';

function vector(
  name: string,
  scheme: SignatureScheme,
  signature: string,
  request: Parameters<typeof requestOf>[0] = {},
  signedAt = now,
): Vector {
  const headers = { ...request.headers, [scheme.header]: signature };
  return { name, scheme, request: requestOf({ body, ...request, headers }), now: signedAt };
}
const of = (scheme: SignatureScheme, ...secrets: string[]): SignatureScheme => ({ ...scheme, secrets });

/** webhook-signatures §5: what vendors have published. */
const published: Vector[] = [
  vector(
    'Standard Webhooks',
    svix,
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    {
      headers: { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330' },
      body: '{"test": 2432232314}',
    },
    1_614_265_330_000,
  ),
  vector(
    'GitHub',
    of(github, 'mysecret'),
    'sha256=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3',
    { body: '{"foo":"bar"}' },
  ),
  vector(
    'GitHub, in its documentation',
    of(github, "It's a Secret to Everybody"),
    'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    { body: 'Hello, World!' },
  ),
  vector(
    'HubSpot v1',
    of(hubspotV1, hubspotSecret),
    '232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de',
    { body: hubspotBody },
  ),
  vector(
    'HubSpot v2, without a body',
    of(hubspotV2, hubspotSecret),
    'eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e',
    { method: 'GET', url: 'https://www.example.com/webhook_uri', body: '' },
  ),
  vector(
    'HubSpot v2',
    of(hubspotV2, hubspotSecret),
    '9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900',
    { url: 'https://www.example.com/webhook_uri', body: '{"example_field":"example_value"}' },
  ),
];

/** webhook-signatures §6 and hubspot §5: computed once from the vendors' recipes, by other code than ours. */
const computed: Vector[] = [
  vector('Klaviyo', klaviyo, 'fb6fff69f8a7d34fdba0a2e0e1b8998e9f2e188da3fafe245b166361ed8c3811', {
    headers: { 'Klaviyo-Timestamp': seconds },
  }),
  vector(
    'Customer.io',
    {
      ...hex,
      message: [{ literal: 'v0:' }, 'timestamp', { literal: ':' }, 'body'],
      header: 'X-CIO-Signature',
      timestamp: { from: { header: 'X-CIO-Timestamp' }, unit: 'seconds', toleranceSeconds: 300 },
    },
    '35c314de9f990677ded9d9ad1d00cc97a4530959cb0502b0089df5a09e19902d',
    { headers: { 'X-CIO-Timestamp': seconds } },
  ),
  vector(
    'Stripe',
    stripe,
    `t=${seconds},v1=9408760c721324ead7fa830f75dc890451739de37d0dfeb95b56b308e46b2516`,
  ),
  vector(
    'Mailchimp',
    { ...stripe, header: 'X-Mailchimp-Signature' },
    `t=${seconds},v1=717f6969652cd56a4d0b41d55f62f3e94176fdd895765582df06956fcfdbd8f8`,
    { body: 'type=subscribe&data%5Bid%5D=8a25ff1d98' },
  ),
  vector('Segment', segment, '30440ecc1423536661d0a551364df4ff71587aeb'),
  vector(
    'Intercom',
    { ...segment, header: 'X-Hub-Signature', form: { prefix: 'sha1=' } },
    'sha1=30440ecc1423536661d0a551364df4ff71587aeb',
  ),
  vector(
    'Intercom, its second scheme',
    { ...hex, message: ['body'], header: 'X-Body-Signature' },
    '8b9b342a357b66598539654c7b4fa37142492f9c9f1e7410a96934af882d42d1',
  ),
  vector('Shopify', shopify, 'i5s0KjV7ZlmFOWVMe0+jcUJJL5yfHnQQqWk0r4gtQtE='),
  vector('HubSpot v3', hubspotV3, 'OOcQBGeJKmu6CnoHrKoEOb+s5RRnHjpD9inilxLZ2vs=', {
    url: 'https://example.com/hook?x=1',
    headers: { 'X-HubSpot-Request-Timestamp': String(now) },
  }),
  vector(
    'MoEngage',
    { ...hubspotV1, header: 'Signature' },
    '1f8de8a68835e1a048f5d20e9e290ab5e95058dea949caa7ac0147a897c78946',
  ),
  vector(
    'HubSpot v3 of a hook',
    of(hubspotV3, 'test-secret'),
    'lq+rd4x4/km6eWnlpZ3QbEEiM2ZpPYN3SmwuYDdLyTs=',
    {
      url: hook,
      body: '[{"eventId":1}]',
      headers: { 'X-HubSpot-Request-Timestamp': String(now) },
    },
  ),
  vector(
    'HubSpot v1 of a hook',
    of(hubspotV1, 'test-secret'),
    '2b91b41c3e76e55376ae3f5a8af722adad128904ac6fcb9ce66267a63783fe0a',
    { url: hook, body: '[{"eventId":1}]' },
  ),
  vector(
    'HubSpot v2 of a hook',
    of(hubspotV2, 'test-secret'),
    'aac6d43784c8cecb1970e6a0407d5b4787b05aff2369e48865b01460914ccda7',
    { url: hook, body: '[{"eventId":1}]' },
  ),
];

export const vectors: readonly Vector[] = [...published, ...computed];
