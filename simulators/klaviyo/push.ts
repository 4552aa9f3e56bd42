// What the simulated Klaviyo pushes: signed system webhooks of events, and webhooks of flows as a person wrote them. It sends
// nothing itself, and does not know who receives.
import { createHmac } from 'node:crypto';

/** One request as Klaviyo would send it. Header names in lower case. */
export type PushedRequest = {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
};

export type PushOptions = {
  url: string;
  secretKey: string;
  webhookId?: string;
  /** Whether events show the profile, as `include=profile` would: unverified. */
  included?: boolean;
};

export type PushedEvent = {
  external_id: string;
  topic: string;
  payload: { data: Record<string, unknown>; included?: unknown[] };
};

export class KlaviyoPush {
  readonly #options: PushOptions;
  readonly #profile: (id: string) => unknown;
  #serial = 0;

  constructor(options: PushOptions, profile: (id: string) => unknown) {
    this.#options = options;
    this.#profile = profile;
  }

  /** Something that happened to a profile. `at`: epoch milliseconds. */
  event(profileId: string, topic: string, at: number): PushedEvent {
    this.#serial += 1;
    const id = `evt${String(this.#serial).padStart(8, '0')}`;
    const { included } = this.#options;
    return {
      external_id: id,
      topic,
      payload: {
        data: {
          type: 'event',
          id,
          attributes: {
            timestamp: Math.floor(at / 1000),
            event_properties: {},
            datetime: new Date(at).toISOString().replace('.000Z', '+00:00'),
            uuid: '7c1d0a00-0000-11f0-8001-000000000000',
          },
          relationships: {
            profile: { data: { type: 'profile', id: profileId } },
            metric: { data: { type: 'metric', id: 'XyZ123' } },
          },
        },
        ...(included && {
          included: [{ type: 'metric', id: 'XyZ123', attributes: {} }, this.#profile(profileId)],
        }),
      },
    };
  }

  /** `now`: epoch milliseconds. The same events again, as after a try that failed, are signed anew. */
  system(events: readonly unknown[], now: number): PushedRequest {
    const { url, secretKey, webhookId = '01KWEBHOOK' } = this.#options;
    const timestamp = new Date(now).toUTCString();
    const body = JSON.stringify({
      data: events,
      meta: {
        klaviyo_account_id: 'AbC123',
        klaviyo_webhook_id: webhookId,
        timestamp,
        version: '2026-07-15',
      },
    });
    const signature = createHmac('sha256', secretKey).update(body).update(timestamp).digest('hex');
    return {
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json',
        'klaviyo-signature': signature,
        'klaviyo-timestamp': timestamp,
        'klaviyo-webhook-id': webhookId,
      },
      body: new TextEncoder().encode(body),
    };
  }

  /** A flow's webhook: `template` with its tags filled from `values`, unsigned. */
  flow(
    template: string,
    values: Record<string, string>,
    options: { url?: string; headers?: Record<string, string> } = {},
  ): PushedRequest {
    const body = template.replaceAll(
      /\{\{ *([\w.]+)(?:\|default:'([^']*)')? *\}\}/g,
      (_tag, name, otherwise) => {
        return values[name] ?? otherwise ?? '';
      },
    );
    const { url = this.#options.url, headers = {} } = options;
    return {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      body: new TextEncoder().encode(body),
    };
  }
}
