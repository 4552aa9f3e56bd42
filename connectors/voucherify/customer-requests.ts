// Requests for one customer, by source ID or by Voucherify's own ID.
import { type ApiRequest, type Context, type JsonObject, RejectedError } from '#connector';
import { isObject } from './payload.ts';
import type { Settings } from './settings.ts';

/** The body; null where Voucherify itself says that there is no such thing: a 404 from anyone else is no answer. */
export async function find({ api }: Context<Settings>, request: ApiRequest): Promise<JsonObject | null> {
  try {
    const { json } = await api.request(request);
    return isObject(json) ? json : {};
  } catch (error) {
    if (error instanceof RejectedError && error.status === 404) return null;
    throw error;
  }
}

/** The source ID as one segment, percent-encoded once. */
export function customerPath(sourceId: string): string {
  // A URL takes dot segments out of the path, encoded or not, and would ask for something else.
  if (sourceId === '' || sourceId === '.' || sourceId === '..')
    throw new RejectedError('Voucherify cannot look up a customer by this source ID.', {
      code: 'unreadable_source_id',
    });
  return `/v1/customers/${encodeURIComponent(sourceId)}`;
}
