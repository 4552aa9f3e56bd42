// Interprets a call of Segment: it is about a user, about a group of a user, or ignored.
// Sources: segment.com/docs/connections/spec and /connections/destinations/catalog/webhooks.
import { type Change, type Json, type JsonObject, RejectedError } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import type { Received } from '#connector/webhook';
import { readTraits } from './traits.ts';

const behaviour = ['track', 'page', 'screen'];

export function changesOf(item: Json, received: Received): readonly Change[] {
  const call = objectOf(item);
  const type = wordOf(call['type']);
  if (type === undefined)
    throw new RejectedError('This is not a call of Segment: it has no type, such as identify.', {
      code: 'no_call',
    });
  if (behaviour.includes(type)) return [ignored('It describes an action of a user, not the user.')];
  const read = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (!read) return [ignored('Its type does not describe a user.')];
  const userId = userIn(call);
  if (userId === undefined) return [ignored('It has no userId: the user is anonymous.')];
  return read(call, { recordId: userId, changedAt: changedAt(call, received.receivedAt) });
}

interface Named {
  recordId: string;
  /** Epoch milliseconds. */
  changedAt: number;
}

type Reader = (call: JsonObject, named: Named) => readonly Change[];

const readers: { readonly [type: string]: Reader } = {
  identify(call, named) {
    const body = { ...readTraits(objectOf(call['traits'])), userId: named.recordId };
    return [{ kind: 'record', stream: 'users', record: { ...named, body }, partial: true }];
  },
  group(call, named) {
    const groupId = wordOf(call['groupId']);
    if (groupId === undefined)
      throw new RejectedError('The group call has no groupId.', {
        code: 'no_group',
      });
    const body = { userId: named.recordId, groupId, group: readTraits(objectOf(call['traits'])) };
    return [{ kind: 'record', stream: 'groups', record: { ...named, body } }];
  },
  alias(call, named) {
    const previousId = wordOf(call['previousId'] ?? call['Previous ID']);
    if (previousId === undefined) return [ignored('It has no previousId, so it merges nothing.')];
    if (previousId === named.recordId) return [ignored('It merges a user with itself.')];
    const record = { ...named, body: {}, merged: [previousId] };
    return [{ kind: 'record', stream: 'users', record, partial: true }];
  },
  delete(_call, named) {
    return ['users', 'groups'].map((stream) => ({
      kind: 'record',
      stream,
      record: { ...named, deleted: true, body: {} },
    }));
  },
};

/** The page on webhooks spells the keys of an alias with blanks; the specification does not. */
function userIn(call: JsonObject): string | undefined {
  return wordOf(call['userId'] ?? call['User ID']);
}

/** Segment's `timestamp` is already corrected for the device's clock. */
function changedAt(call: JsonObject, receivedAt: number): number {
  const said = ['timestamp', 'originalTimestamp', 'receivedAt'].map((name) => momentOf(call[name]));
  return said.find((moment) => moment !== undefined) ?? receivedAt;
}

function ignored(reason: string): Change {
  return { kind: 'ignored', reason };
}
