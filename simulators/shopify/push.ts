// What the simulated shop pushes: three shapes of body, signed over the body alone. It sends nothing itself.
import { createHmac, randomUUID } from 'node:crypto';
import type { ShopCustomer } from './customers.ts';

export type PushedRequest = { method: string; headers: Record<string, string>; body: string };

/** After so many failures in a row a subscription that was made by API is gone. */
const maxFailures = 8;

export class ShopifyPush {
  isRemoved = false;
  readonly #secret: string;
  readonly #shop: string;
  readonly #version: string;
  #failures = 0;

  constructor(options: { secret: string; shop: string; version: string }) {
    this.#secret = options.secret;
    this.#shop = options.shop;
    this.#version = options.version;
  }

  /** As REST has a customer, in the shop's own time, without tags and consent (since 2025-01). */
  customer(topic: string, customer: ShopCustomer, at: number): PushedRequest {
    const updated = Math.floor(customer.updatedMicros / 1000);
    return this.request(
      topic,
      {
        id: Number(customer.id),
        admin_graphql_api_id: `gid://shopify/Customer/${customer.id}`,
        email: customer.email,
        created_at: offset(customer.createdAt),
        updated_at: offset(updated),
        first_name: customer.firstName,
        last_name: customer.lastName,
        state: customer.state.toLowerCase(),
        note: customer.note ?? '',
        phone: customer.phone,
        addresses: customer.address ? [customer.address] : [],
      },
      at,
    );
  }

  /** It names no time. */
  deletion(id: string, at: number): PushedRequest {
    const body = { id: Number(id), tax_exemptions: [], admin_graphql_api_id: `gid://shopify/Customer/${id}` };
    return this.request('customers/delete', body, at);
  }

  merge(kept: string, lost: string, at: number, status = 'completed'): PushedRequest {
    return this.request(
      'customers/merge',
      {
        admin_graphql_api_customer_kept_id: `gid://shopify/Customer/${kept}`,
        admin_graphql_api_customer_deleted_id: `gid://shopify/Customer/${lost}`,
        admin_graphql_api_job_id: null,
        status,
        errors:
          status === 'completed'
            ? []
            : [{ customer_ids: [Number(kept), Number(lost)], field: 'merge_in_progress', message: 'Failed' }],
      },
      at,
    );
  }

  tagsAdded(id: string, tags: string[], at: number): PushedRequest {
    const customerId = `gid://shopify/Customer/${id}`;
    return this.request(
      'customer.tags_added',
      { customerId, tags, occurredAt: new Date(at).toISOString() },
      at,
    );
  }

  redaction(id: string, at: number): PushedRequest {
    const customer = { id: Number(id), email: null, phone: null };
    return this.request(
      'customers/redact',
      { shop_id: 1, shop_domain: this.#shop, customer, orders_to_redact: [] },
      at,
    );
  }

  test(at: number): PushedRequest {
    const address = { city: 'Ottawa', country: 'CA', country_code: 'CA', country_name: 'CA' };
    // Its ID is written as a number, which JavaScript cannot keep.
    const id = '706405506930370084';
    const body = {
      admin_graphql_api_id: `gid://shopify/Customer/${id}`,
      created_at: null,
      addresses: [],
      default_address: address,
    };
    return this.#signed('customers/update', `{"id":${id},${JSON.stringify(body).slice(1)}`, at);
  }

  request(topic: string, body: object, at: number): PushedRequest {
    return this.#signed(topic, JSON.stringify(body), at);
  }

  /** What the receiver answered. A retry is the same request again, with its old body. */
  answered(status: number): void {
    this.#failures = status >= 200 && status < 300 ? 0 : this.#failures + 1;
    this.isRemoved ||= this.#failures >= maxFailures;
  }

  #signed(topic: string, body: string, at: number): PushedRequest {
    return {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'X-Shopify-Topic': topic,
        'X-Shopify-Hmac-Sha256': createHmac('sha256', this.#secret).update(body).digest('base64'),
        'X-Shopify-Shop-Domain': this.#shop,
        'X-Shopify-API-Version': this.#version,
        'X-Shopify-Webhook-Id': randomUUID(),
        'X-Shopify-Event-Id': randomUUID(),
        'X-Shopify-Triggered-At': new Date(at).toISOString().replace('Z', '123456Z'),
      },
      body,
    };
  }
}

/** In the zone of a shop five and a half hours ahead. */
function offset(at: number): string {
  return `${new Date(at + 5.5 * 3_600_000).toISOString().slice(0, 19)}+05:30`;
}
