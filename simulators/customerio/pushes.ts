// What a workspace sends: events of its reporting webhook, and bodies of webhook actions; each signed with its product's
// key. It knows no API.

import { createHmac } from 'node:crypto';
import type { CustomerIoOptions } from './options.ts';
import type { Person } from './people.ts';

export interface PushRequest {
  method: 'POST';
  headers: { [name: string]: string };
  body: string;
  product: 'reporting' | 'journeys';
}

export class Pushes {
  readonly #now: () => number;
  readonly #options: CustomerIoOptions;
  #sent: PushRequest[] = [];
  #events = 0;
  /** Nothing is sent before, epoch milliseconds. */
  #blockedUntil = 0;

  constructor(now: () => number, options: CustomerIoOptions) {
    this.#now = now;
    this.#options = options;
  }

  customer(person: Person, metric: string, channel: string): void {
    this.#report({ object_type: channel, metric, data: this.#whom(person) });
  }

  message(person: Person, metric: string): void {
    const { email_address, ...whom } = this.#whom(person);
    const data = {
      ...whom,
      recipient: email_address,
      subject: 'Hello {{customer.first_name}}',
      delivery_id: this.#deliveryId(),
      campaign_id: 5,
      action_id: 96,
      ...(metric === 'sent' && { content: '<html>no JSON</html>' }),
    };
    this.#report({ object_type: 'email', metric, data });
  }

  preferences(person: Person, topics: object, channel: string): void {
    const content = (this.#options.includesContent ?? true) && { content: JSON.stringify({ topics }) };
    const data = { ...this.#whom(person), ...content, delivery_id: this.#deliveryId(), campaign_id: 5 };
    const typeKey = this.#options.preferencesType ?? 'object_type_type';
    this.#report({ [typeKey]: channel, metric: 'cio_subscription_preferences_changed', data });
  }

  journey({ cioId, values }: Person, template: string): void {
    const body = template
      .replaceAll(/\{\{\s*customer\.(\w+)\s*\}\}/g, (_tag, name) =>
        String(name === 'cio_id' ? cioId : (values[name] ?? '')),
      )
      .replaceAll(/\{\{\s*delivery_id\s*\}\}/g, () => this.#deliveryId())
      .replaceAll(/\{\{\s*'now' \| date: '%s'\s*\}\}/g, () => this.#seconds());
    this.#sent.push(this.sign(body, 'journeys'));
  }

  take(): PushRequest[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  async deliver(send: (request: PushRequest) => Promise<number>): Promise<void> {
    while (this.#sent.length > 0 && this.#now() >= this.#blockedUntil) {
      const status = await send(this.#sent[0]!);
      if (status >= 200 && status < 300) this.#sent.shift();
      else this.#blockedUntil = this.#now() + 3_600_000;
    }
  }

  sign(body: string, product: PushRequest['product']): PushRequest {
    const { reportingSecret = '', journeysSecret = '' } = this.#options;
    const secret = product === 'reporting' ? reportingSecret : journeysSecret;
    const time = this.#seconds();
    const signature = createHmac('sha256', secret)
      .update('v0:')
      .update(time)
      .update(':')
      .update(body)
      .digest('hex');
    return {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'X-CIO-Signature': signature,
        'X-CIO-Timestamp': time,
      },
      body,
      product,
    };
  }

  #report(event: object): void {
    this.#events += 1;
    const event_id = `01E4C4CT6YDC7Y5M7FE1${String(this.#events).padStart(6, '0')}`;
    const body = JSON.stringify({ event_id, timestamp: Number(this.#seconds()), ...event });
    this.#sent.push(this.sign(body, 'reporting'));
  }

  #whom({ cioId, values }: Person) {
    const [id, email] = [values['id'] ?? null, values['email'] ?? null];
    const identifiers = { id, email, ...(!this.#options.withoutCioIds && { cio_id: cioId }) };
    return { customer_id: String(id ?? ''), email_address: email, identifiers };
  }

  #deliveryId(): string {
    this.#events += 1;
    return `ZAIAAVTJVG0QcCok0-${this.#events}`;
  }

  #seconds(): string {
    return String(Math.floor(this.#now() / 1000));
  }
}
