// The project webhooks of Voucherify (version v2024-01-01): envelope and signature. It does not know when one is sent.
import { createHmac } from 'node:crypto';
import { type Customer, responseOf } from './customer.ts';

export type WebhookType = 'customer.created' | 'customer.updated' | 'customer.deleted';

/** Events that only name their customer. */
export type ThinType =
  | 'customer.rewarded.loyalty_points'
  | 'customer.segment.entered'
  | 'customer.segment.left'
  | 'publication.succeeded'
  | 'redemption.succeeded';

export type WebhookEnvelope = {
  /** Of this sending. */
  id: string;
  project_id: string;
  created_at: string;
  type: WebhookType | ThinType;
  data: { customer: ReturnType<typeof responseOf> | ThinCustomer };
  source: { id: string; object: 'webhook'; target_url: string };
  event: {
    id: string;
    type: WebhookType | ThinType;
    created_at: string;
    entity_id: string;
    group_id: string;
    event_source: EventSource;
  };
};

export type ThinCustomer = { id: string; source_id?: string; object: 'customer' };

/** Who caused it: a key's own changes are known by `api_key.app_id`. */
export type EventSource =
  | { channel: 'API'; api_key: { name: string; app_id: string } }
  | { channel: 'USER_PORTAL'; user: { id: string } };

export function envelopeOf(
  serial: number,
  type: WebhookType | ThinType,
  customer: Customer,
  cause: { atMs: number; requestId: string; source: EventSource; targetUrl: string },
): WebhookEnvelope {
  const number = serial.toString(16).padStart(18, '0');
  const created_at = new Date(cause.atMs).toISOString();
  return {
    id: `whs_${number}`,
    project_id: 'proj_000000000000000001',
    created_at,
    type,
    data: {
      customer:
        type.split('.').length === 2 && type.startsWith('customer.') ? responseOf(customer) : thin(customer),
    },
    source: { id: 'wh_000000000000000001', object: 'webhook', target_url: cause.targetUrl },
    event: {
      id: `evred_${number}`,
      type,
      created_at,
      entity_id: customer.id,
      group_id: cause.requestId,
      event_source: cause.source,
    },
  };
}

function thin({ id, sourceId }: Customer): ThinCustomer {
  return { id, ...(sourceId !== undefined && { source_id: sourceId }), object: 'customer' };
}

/** `x-voucherify-signature` of a JSON body: hex HMAC-SHA256 of it without the whitespace outside its strings. */
export function signWebhook(body: string, secret: string): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify(JSON.parse(body)))
    .digest('hex');
}
