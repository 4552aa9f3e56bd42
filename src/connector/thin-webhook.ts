// Webhooks whose items only name records, which are then read. It knows no vendor.
import type { Json, JsonObject } from './json.ts';
import { objectOf, valueAt, wordOf } from './reading.ts';
import type { Change } from './source.ts';
import { ignored, touches } from './touches.ts';
import type { Decoding, Received, Webhook } from './webhook.ts';

/** Which records an item names. */
export interface Naming {
  ids: Json | readonly (Json | undefined)[] | undefined;
  /** When they changed by the vendor's clock, epoch milliseconds. Default: when the request was received. */
  changedAt?: number | undefined;
  /** Whether the vendor says that they are gone: reading them proves it. */
  gone?: 'deleted' | 'erased' | false | undefined;
  /** The records that the only one of `ids`, which is known already, has taken over. */
  merged?: readonly string[] | undefined;
}

/** A webhook, and what it names: the members that are not below are those of `Webhook`. */
export interface ThinWebhook extends Omit<Webhook<Change>, 'decoding' | 'key' | 'changes' | 'sample'> {
  stream: string;
  /** What each record is, for the error of an item that names none. */
  noun: string;
  /** What an ID of the vendor looks like. Default: any word or whole number. */
  isId?(id: string): boolean;
  /** Default: the body is one item, in JSON. */
  decoding?: Decoding;
  /** The path of what names an item, or how it is made of the item. */
  key?: string | ((item: JsonObject) => string | null);
  /** Which records it names; or why it names none of ours, in a sentence without values. */
  naming(item: JsonObject, received: Received): Naming | string;
  sample: string | JsonObject;
}

export function thinWebhook({ stream, noun, isId, naming, ...thin }: ThinWebhook): Webhook<Change> {
  const { key, sample, decoding = { form: 'json' }, ...webhook } = thin;
  return {
    ...webhook,
    decoding,
    ...(key !== undefined && {
      key: (item) => (typeof key === 'string' ? (wordOf(valueAt(item, key)) ?? null) : key(objectOf(item))),
    }),
    sample: typeof sample === 'string' ? sample : JSON.stringify(sample),
    changes(item, received) {
      const named = naming(objectOf(item), received);
      if (typeof named === 'string') return ignored(named);
      const { ids, changedAt = received.receivedAt, gone, merged } = named;
      const about = { noun, changedAt, gone: gone || undefined, ...(isId && { isId }) };
      const touched = touches(stream, ids, about);
      return merged ? [...takesOver(touched, merged), ...touched] : touched;
    },
  };
}

/** That it did is told here only: reading it shows no trace of the others. */
function takesOver(touched: readonly Change[], merged: readonly string[]): Change[] {
  return touched.flatMap((change): Change[] => {
    if (change.kind !== 'touch') return [];
    const { stream, recordId, changedAt } = change;
    return [
      {
        kind: 'record',
        stream,
        partial: true,
        record: { recordId, changedAt, body: {}, merged: [...merged] },
      },
    ];
  });
}
