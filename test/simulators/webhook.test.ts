// The simulated senders sign and write as the published vectors and the standard's own library say.
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { clevertap, github, outboundMessage, shopify, standard, stripe } from '../../simulators/webhook.ts';

const secret = 'test-secret-0123456789';
const body = '{"id":"42","email":"a@example.com"}';
const at = 1_700_000_000_000;

describe('the simulated senders', () => {
  test('sign as the vectors say', () => {
    expect(stripe(body, { secrets: [secret], at }).headers['stripe-signature']).toBe(
      't=1700000000,v1=9408760c721324ead7fa830f75dc890451739de37d0dfeb95b56b308e46b2516,v0=00ff',
    );
    expect(shopify(body, secret).headers['x-shopify-hmac-sha256']).toBe(
      'i5s0KjV7ZlmFOWVMe0+jcUJJL5yfHnQQqWk0r4gtQtE=',
    );
    expect(github('{"foo":"bar"}', 'mysecret').headers['x-hub-signature-256']).toBe(
      'sha256=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3',
    );
    expect(github('Hello, World!', "It's a Secret to Everybody").headers['x-hub-signature-256']).toBe(
      'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    );
  });

  test('sign as the standard publishes it, and so that its own library accepts it', () => {
    const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
    const published = standard('{"test": 2432232314}', { secret: key, id, at: 1_614_265_330_000 });
    expect(published.headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
    const now = standard(body, { secret: key, id, at: Date.now() });
    expect(new StandardWebhook(key).verify(Buffer.from(now.body).toString(), now.headers)).toEqual(
      JSON.parse(body),
    );
  });

  test('leave empty fields out of an outbound message, and escape the others', () => {
    const { body: xml } = outboundMessage(
      [{ id: '04l1', fields: { Id: '0031', Email: null, LastName: 'B & Co' } }],
      {
        organizationId: '00D',
        token: 'token',
      },
    );
    expect(Buffer.from(xml).toString()).toContain('<sf:LastName>B &amp; Co</sf:LastName>');
    expect(Buffer.from(xml).toString()).not.toContain('Email');
  });

  test('send many profiles in one list, or each in a request of its own', () => {
    const profiles = ['a', 'b'].map((objectId) => ({ objectId, profileData: {} }));
    expect(clevertap(profiles, {})).toHaveLength(1);
    const single = clevertap(profiles, {}, { broadcast: false, capitals: true });
    expect(single.map(({ body }) => JSON.parse(Buffer.from(body).toString()).profiles)).toEqual([
      { ObjectId: 'a', ProfileData: {} },
      { ObjectId: 'b', ProfileData: {} },
    ]);
  });
});
