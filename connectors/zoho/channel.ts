// The channel that notifications of contacts come by, which lasts seven days at most.
// https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html
import type { Api, Context, Json, JsonObject, Subscription } from '#connector';
import { fingerprint } from '#connector/checking';
import { isoSeconds, listOf, momentOf, objectOf, valueAt } from '#connector/reading';
import { root } from './api.ts';
import type { Settings } from './settings.ts';

const path = `${root}/actions/watch`;

/** An hour less than a channel may last, because the clocks may differ. */
const lastsSeconds = 7 * 86_400 - 3_600;

export function subscription({ renewChannel, webhookToken }: Settings): Subscription<Settings> | null {
  if (!renewChannel || !webhookToken) return null;
  return {
    lastsSeconds,
    async renew({ api }, { address, until }) {
      // A number of our own, the same for the same address: of a second channel everything would come twice.
      const channel_id = String(1_000_000_000 + Number.parseInt(fingerprint(address), 16));
      const isOpen = (await channels(api)).some((channel) => channel['channel_id'] === channel_id);
      // Milliseconds are refused.
      const channel_expiry = `${isoSeconds(until)}+00:00`;
      const terms = {
        events: ['Contacts.all'],
        token: webhookToken[0]!,
        notify_url: address,
        channel_expiry,
      };
      const { json } = await api.request({
        // A PUT would drop what it does not repeat.
        method: isOpen ? 'PATCH' : 'POST',
        path,
        json: { watch: [{ channel_id, ...terms }] },
        isAnswer: (json) => valueAt(json, 'watch.0.status') === 'success',
      });
      return momentOf(valueAt(json, 'watch.0.details.events.0.channel_expiry')) ?? until;
    },
  };
}

/** When the last channel for contacts ends, epoch milliseconds; 0 where there is none. */
export async function channelExpiry({ api }: Context<Settings>): Promise<number> {
  const expiries = (await channels(api)).map((channel) => momentOf(channel['channel_expiry']) ?? 0);
  return Math.max(0, ...expiries);
}

async function channels(api: Api): Promise<JsonObject[]> {
  const isAnswer = (json: Json | undefined) => json === undefined || Array.isArray(objectOf(json)['watch']);
  const { json } = await api.request({ path, query: { module: 'Contacts' }, isAnswer });
  return listOf(objectOf(json)['watch']).map(objectOf);
}
