// Webhooks whose items only name records, which are then read. It knows no vendor.
import type { ReadAccount } from './checking.ts';
import type { Json, JsonObject } from './json.ts';
import { objectOf, valueAt, wholeSecond, wordOf } from './reading.ts';
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
  /** The record that the only one of `ids`, which is known already, has taken over. */
  merged?: string | undefined;
}

/** A webhook, and what it names: the members that are not below are those of `Webhook`. */
export interface ThinWebhook extends Omit<Webhook<Change>, 'decoding' | 'key' | 'changes' | 'sample'> {
  stream: string;
  /** What each record is, for the error of an item that names none. */
  noun: string;
  /** What an ID of the vendor looks like. Default: any word or whole number. */
  isId?(id: string): boolean;
  /** Where an item names its account: items of others are ignored. */
  account?: ReadAccount;
  /** True where the vendor's other answers name whole seconds of the same state. */
  wholeSeconds?: true;
  /** Default: the body is one item, in JSON. */
  decoding?: Decoding;
  /** The path of what names an item, or how it is made of the item. */
  key?: string | ((item: JsonObject) => string | null);
  /** The records that it names, or a sentence without values that says why it names none. */
  naming(item: JsonObject, received: Received): Naming | string;
  sample: string | JsonObject;
}

export function thinWebhook({ stream, noun, isId, account, naming, ...thin }: ThinWebhook): Webhook<Change> {
  const { key, sample, wholeSeconds, decoding = { form: 'json' }, ...webhook } = thin;
  return {
    ...webhook,
    decoding,
    ...(key !== undefined && {
      key: (item) => (typeof key === 'string' ? (wordOf(valueAt(item, key)) ?? null) : key(objectOf(item))),
    }),
    sample: typeof sample === 'string' ? sample : JSON.stringify(sample),
    changes(item, received) {
      if (account?.id !== undefined && wordOf(valueAt(item, account.at)) !== account.id)
        return ignored(`It is about another ${account.noun} than ${account.noun}Id.`);
      const named = naming(objectOf(item), received);
      if (typeof named === 'string') return ignored(named);
      const { ids, changedAt = received.receivedAt, gone, merged } = named;
      const about = {
        noun,
        changedAt: wholeSeconds ? wholeSecond(changedAt) : changedAt,
        gone: gone || undefined,
        ...(isId && { isId }),
      };
      const touched = touches(stream, ids, about);
      return merged === undefined ? touched : [...takesOver(touched, merged), ...touched];
    },
  };
}

/** That it did is told here only: reading it shows no trace of the others. */
function takesOver(touched: readonly Change[], merged: string): Change[] {
  return touched.flatMap((change): Change[] => {
    if (change.kind !== 'touch') return [];
    const { stream, recordId, changedAt } = change;
    return [
      {
        kind: 'record',
        stream,
        partial: true,
        record: { recordId, changedAt, body: {}, merged: [merged] },
      },
    ];
  });
}
