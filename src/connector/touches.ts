// What an item of a webhook says that names records, which are then read. It knows no vendor.
import { RejectedError } from './errors.ts';
import type { Json } from './json.ts';
import { wordOf } from './reading.ts';
import type { Change } from './source.ts';

/** An item without effect. `reason`: a sentence without values. */
export function ignored(reason: string): Change[] {
  return [{ kind: 'ignored', reason }];
}

/**
 * A touch of each of these records. `noun`: what each one is, for the error where an item names none, or one by what is no ID.
 * `changedAt`: epoch milliseconds.
 */
export function touches(
  stream: string,
  ids: Json | readonly (Json | undefined)[] | undefined,
  {
    noun,
    changedAt,
    gone,
    isId = () => true,
  }: {
    noun: string;
    changedAt: number;
    gone?: 'deleted' | 'erased' | undefined;
    isId?: (id: string) => boolean;
  },
): Change[] {
  const words = [ids].flat().map((id) => wordOf(id as Json | undefined));
  if (words.length === 0 || !words.every((id) => id !== undefined && isId(id)))
    throw new RejectedError(`The webhook names no ${noun}.`, { code: 'no_id' });
  return words.map((recordId) => ({
    kind: 'touch',
    stream,
    recordId: recordId!,
    changedAt,
    ...(gone && { gone }),
  }));
}
