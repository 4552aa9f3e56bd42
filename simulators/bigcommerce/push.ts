// What the simulated store pushes: thin, signed as Standard Webhooks by the secret as it stands, with a header of the receiver's
// own. It sends nothing itself.
import { createHash, createHmac, randomUUID } from 'node:crypto';

export type PushedRequest = { method: string; headers: Record<string, string>; body: string };

/** After so many retries a webhook is deactivated. */
const maxRetries = 11;

export class BigcommercePush {
  isActive = true;
  readonly #secret: string;
  readonly #storeHash: string;
  readonly #headers: { readonly [name: string]: string };
  #failures = 0;

  constructor(options: { secret: string; storeHash: string; headers?: { readonly [name: string]: string } }) {
    this.#secret = options.secret;
    this.#storeHash = options.storeHash;
    this.#headers = options.headers ?? {};
  }

  customer(event: 'created' | 'updated' | 'deleted', id: number, at: number): PushedRequest {
    return this.event(`store/customer/${event}`, { type: 'customer', id }, at);
  }

  /** `data.id` is the address. */
  address(event: 'created' | 'updated' | 'deleted', id: number, customer: number, at: number): PushedRequest {
    const data = { type: 'customer', id, address: { customer_id: customer } };
    return this.event(`store/customer/address/${event}`, data, at);
  }

  /** Neither ID nor type. */
  channelAccess(customer: number, at: number): PushedRequest {
    const data = { customer_id: customer, channel_ids: [1] };
    return this.event('store/customer/channel/login/access/updated', data, at);
  }

  /** The hash is of the data alone: two updates of one customer share it. */
  event(scope: string, data: object, at: number): PushedRequest {
    const seconds = Math.floor(at / 1000);
    const body = JSON.stringify({
      scope,
      store_id: '1001',
      data,
      hash: createHash('sha1').update(JSON.stringify(data)).digest('hex'),
      created_at: seconds,
      producer: `stores/${this.#storeHash}`,
    });
    const id = `msg_${randomUUID()}`;
    const signature = createHmac('sha256', this.#secret).update(`${id}.${seconds}.${body}`).digest('base64');
    return {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': `v1,${signature}`,
        ...this.#headers,
      },
      body,
    };
  }

  answered(status: number): void {
    this.#failures = status === 200 ? 0 : this.#failures + 1;
    if (this.#failures > maxRetries) this.isActive = false;
  }
}
