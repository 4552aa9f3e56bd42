// What the simulated Pipedrive pushes: webhooks v2, one event each, with HTTP Basic and no signature. It sends nothing itself.
import { randomUUID } from 'node:crypto';

export type PushOptions = { user: string; password: string };

export type PushedRequest = { method: string; headers: Record<string, string>; body: string };

type PushedPerson = { id: number; [name: string]: unknown };

export class PipedrivePush {
  readonly #options: PushOptions;
  readonly #companyId: number;

  constructor(options: PushOptions, companyId: number) {
    this.#options = options;
    this.#companyId = companyId;
  }

  /** IDs in `meta` are texts, those in `data` numbers; `data` may be in part, and is null of a deletion (recorded of a lead). */
  event(
    action: 'create' | 'change' | 'delete',
    person: PushedPerson,
    at: number,
    meta: { [name: string]: unknown } = {},
  ): PushedRequest {
    const timestamp = new Date(at).toISOString();
    const { id, name } = person;
    return this.request({
      meta: {
        action,
        entity: 'person',
        entity_id: String(id),
        id: randomUUID(),
        company_id: String(this.#companyId),
        correlation_id: randomUUID(),
        user_id: '1',
        timestamp,
        type: 'general',
        is_bulk_edit: false,
        change_source: 'app',
        version: '2.0',
        webhook_id: '4711',
        webhook_owner_id: '1',
        attempt: 1,
        host: 'acme.pipedrive.com',
        permitted_user_ids: ['1'],
        ...meta,
      },
      data: action === 'delete' ? null : { id, name, update_time: timestamp },
      previous: action === 'create' ? null : { name: 'Before', update_time: timestamp },
    });
  }

  /** Two events, which may come in either order. */
  merge(from: PushedPerson, into: PushedPerson, at: number): [PushedRequest, PushedRequest] {
    return [
      this.event('delete', from, at, { merged_to_id: String(into.id) }),
      this.event('change', into, at, { merged_from_id: String(from.id) }),
    ];
  }

  request(body: object): PushedRequest {
    const { user, password } = this.#options;
    const credentials = Buffer.from(`${user}:${password}`).toString('base64');
    return {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
  }
}
