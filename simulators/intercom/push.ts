// What the simulated Intercom pushes: notifications, pings, health checks and probes, signed as each is. It sends nothing
// itself, and does not know who receives.
import { createHmac } from 'node:crypto';

/** One request as Intercom would send it. Header names in lower case. */
export type PushedRequest = {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
};

export type PushOptions = { url: string; clientSecret: string; appId?: string };

export type Notification = {
  type: 'notification_event';
  app_id: string;
  id: string;
  topic: string;
  data: { type: 'notification_event_data'; item: unknown };
  created_at: number;
  delivery_attempts: number;
} & Record<string, unknown>;

export class IntercomPush {
  readonly #options: PushOptions;
  #serial = 0;

  constructor(options: PushOptions) {
    this.#options = options;
  }

  /**
   * `at`: epoch milliseconds. `item`: the contact as webhooks show it. Topics of what ends hold identifiers only, that of
   * an unsubscription a contact in part (recorded).
   */
  notification(topic: string, item: object, at: number, appId = this.#options.appId): Notification {
    this.#serial += 1;
    const seconds = Math.floor(at / 1000);
    return {
      type: 'notification_event',
      app_id: appId ?? 'ecahpwf5',
      data: {
        type: 'notification_event_data',
        item: itemOf(topic, item as { [name: string]: unknown }, seconds),
      },
      links: {},
      id: `notif_${String(this.#serial).padStart(8, '0')}-4c29-11ed-9d0e-cd91d8e1c3b0`,
      topic,
      delivery_status: 'pending',
      delivery_attempts: 1,
      delivered_at: 0,
      first_sent_at: seconds,
      created_at: seconds,
      self: null,
    };
  }

  request(notification: Notification): PushedRequest {
    const body = JSON.stringify(notification);
    return this.#post(body, {
      'x-hub-signature': `sha1=${createHmac('sha1', this.#options.clientSecret).update(body).digest('hex')}`,
    });
  }

  /** The same once more, as after a try that failed. */
  again(request: PushedRequest): PushedRequest {
    const notification = JSON.parse(new TextDecoder().decode(request.body)) as Notification;
    const delivery_attempts = notification.delivery_attempts + 1;
    return this.request({ ...notification, delivery_attempts, delivery_status: 'retry' });
  }

  /** Sent when the subscription is saved. */
  ping(at: number): PushedRequest {
    const item = { type: 'ping', message: 'something something interzen' };
    return this.request(this.notification('ping', item, at));
  }

  /** And the word that the app was uninstalled. */
  healthCheck(): PushedRequest {
    const body = JSON.stringify({ workspace_id: this.#options.appId ?? 'ecahpwf5' });
    return this.#post(body, {
      'x-body-signature': createHmac('sha256', this.#options.clientSecret).update(body).digest('hex'),
    });
  }

  probe(): PushedRequest {
    return { method: 'HEAD', url: this.#options.url, headers: {}, body: new Uint8Array() };
  }

  #post(body: string, headers: Record<string, string>): PushedRequest {
    return {
      method: 'POST',
      url: this.#options.url,
      headers: { 'content-type': 'application/json', 'user-agent': 'intercom', ...headers },
      body: new TextEncoder().encode(body),
    };
  }
}

function itemOf(topic: string, item: { [name: string]: unknown }, seconds: number): unknown {
  const { id, type } = item;
  if (topic.endsWith('.deleted')) return { id, type: 'contact', deleted: true };
  if (/\.archived?$/.test(topic)) return { id, external_id: null, type: 'contact', archived: true };
  if (topic !== 'contact.unsubscribed' || type !== 'contact') return item;
  const { name, custom_attributes, ...contact } = item;
  return { type: 'contact_unsubscribe', created_at: seconds, contact };
}
