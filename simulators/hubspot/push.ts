// What the simulated HubSpot pushes: each write as the thin events of HubSpot's webhooks, in signed requests. Facts:
// reference/crm/hubspot.md §5. It sends nothing itself, and does not know who receives.
import { createHash, createHmac } from 'node:crypto';
import type { Change, Contact } from './contacts.ts';
import { type Random, randomOf } from './people.ts';

/** One request as HubSpot would send it. Header names in lower case. */
export type PushedRequest = {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
};

export type PushedEvent = {
  eventId: number;
  subscriptionId: number;
  portalId: number;
  appId: number;
  occurredAt: number;
  subscriptionType: string;
  attemptNumber: number;
  objectId: number;
} & { [more: string]: string | number | boolean | number[] };

export type PushOptions = {
  clientSecret: string;
  /** The app's target URL. */
  url: string;
  appId?: number;
  /** Property changes are told of these only; by default of all. */
  properties?: readonly string[];
  /** `contact.creation`, or `object.creation` with the kind of object beside it. */
  subscriptions?: 'contact' | 'object';
  /** Which signatures a request carries; `webhook` is v3 and v1, as webhooks do. */
  signature?: 'v1' | 'v2' | 'v3' | 'webhook';
  /** Whether v3 signs the URL as it is called or with its escapes decoded: the guide and the client disagree. */
  signedUrl?: 'called' | 'decoded';
  maxEvents?: number;
  /** The share of events that come twice. */
  duplicates?: number;
  seed?: number;
};

const decodable = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/g;

export class HubSpotPush {
  readonly #options: PushOptions;
  readonly #portalId: number;
  readonly #random: Random;
  #waiting: PushedEvent[] = [];

  constructor(options: PushOptions, portalId: number) {
    this.#options = options;
    this.#portalId = portalId;
    this.#random = randomOf(options.seed ?? 1, 0);
  }

  /** To be told of each write, as `onWrite` is. */
  note(contact: Contact, change: Change): void {
    this.#waiting.push(...this.#eventsOf(contact, change));
  }

  /** An event of any kind, such as of a company. */
  add(event: Partial<PushedEvent> & Pick<PushedEvent, 'subscriptionType' | 'objectId' | 'occurredAt'>): void {
    this.#waiting.push({ ...this.#common(), ...event } as PushedEvent);
  }

  /** Everything that waits, in no order, some of it twice; nothing waits then. `now`: epoch milliseconds. */
  take(now: number): PushedRequest[] {
    const { duplicates = 0, maxEvents = 100 } = this.#options;
    const events = this.#waiting.flatMap((event) =>
      this.#random() < duplicates ? [event, { ...event }] : [event],
    );
    this.#waiting = [];
    const shuffled = events
      .map((event) => ({ event, place: this.#random() }))
      .sort((a, b) => a.place - b.place)
      .map(({ event }) => event);
    const requests: PushedRequest[] = [];
    for (let from = 0; from < shuffled.length; from += maxEvents)
      requests.push(this.request(shuffled.slice(from, from + maxEvents), now));
    return requests;
  }

  /** The same events once more, as after a try that failed: counted on, and signed anew. */
  again(request: PushedRequest, now: number): PushedRequest {
    const events = JSON.parse(new TextDecoder().decode(request.body)) as PushedEvent[];
    return this.request(
      events.map((event) => ({ ...event, attemptNumber: event.attemptNumber + 1 })),
      now,
    );
  }

  request(events: readonly unknown[], now: number): PushedRequest {
    const { url } = this.#options;
    const body = JSON.stringify(events);
    return {
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'HubSpot Connect 2.0',
        ...this.#signed(body, now),
      },
      body: new TextEncoder().encode(body),
    };
  }

  #signed(body: string, now: number): Record<string, string> {
    const { clientSecret: secret, url, signature = 'webhook', signedUrl = 'called' } = this.#options;
    const signedAs = signedUrl === 'called' ? url : url.replace(decodable, decodeURIComponent);
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    const v1 = { 'x-hubspot-signature': hash(secret + body), 'x-hubspot-signature-version': 'v1' };
    const v2 = {
      'x-hubspot-signature': hash(`${secret}POST${url}${body}`),
      'x-hubspot-signature-version': 'v2',
    };
    const v3 = {
      'x-hubspot-signature-v3': createHmac('sha256', secret)
        .update(`POST${signedAs}${body}${now}`)
        .digest('base64'),
      'x-hubspot-request-timestamp': String(now),
    };
    return { v1, v2, v3, webhook: { ...v1, ...v3 } }[signature];
  }

  #common() {
    return {
      // Documented as not unique, so now and then it is not.
      eventId: 1 + Math.floor(this.#random() * 50),
      subscriptionId: 12_345,
      portalId: this.#portalId,
      appId: this.#options.appId ?? 54_321,
      attemptNumber: 0,
      changeSource: 'CRM',
    };
  }

  #eventsOf(contact: Contact, change: Change): PushedEvent[] {
    const event = (type: string, id: string, more: { [name: string]: string | number[] | number } = {}) => ({
      ...this.#common(),
      occurredAt: change.atMs,
      ...this.#kind(type),
      objectId: Number(id),
      ...more,
    });
    switch (change.type) {
      case 'propertyChange':
        return change.properties
          .filter((name) => this.#options.properties?.includes(name) ?? true)
          .map((propertyName) =>
            event('propertyChange', contact.id, {
              propertyName,
              propertyValue: contact.properties[propertyName] ?? '',
            }),
          );
      case 'privacyDeletion':
        return [event('privacyDeletion', contact.id), event('deletion', contact.id)];
      case 'merge': {
        const losers = change.mergedIds.filter((id) => id !== contact.id);
        const merged = change.mergedIds.filter((id) => id !== change.primaryId).map(Number);
        const merge = event('merge', contact.id, {
          primaryObjectId: Number(change.primaryId),
          mergedObjectIds: merged,
          newObjectId: Number(contact.id),
          numberOfPropertiesMoved: 0,
        });
        return [merge, ...losers.map((id) => event('deletion', id))];
      }
      case 'creation':
        return [event('creation', contact.id, { changeFlag: 'NEW' })];
      default:
        return [event(change.type, contact.id)];
    }
  }

  /** There is no `object.privacyDeletion`. */
  #kind(type: string): { subscriptionType: string; objectTypeId?: string } {
    if (this.#options.subscriptions !== 'object' || type === 'privacyDeletion')
      return { subscriptionType: `contact.${type}` };
    return { subscriptionType: `object.${type}`, objectTypeId: '0-1' };
  }
}
