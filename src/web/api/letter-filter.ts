// Which dead letters are meant, as every route about them is asked. It knows no route.
import { z } from '@hono/zod-openapi';
import type { DeadLetterFilter } from '../../tables/dead-letters.ts';
import { requireCode, requireLetters, requireSource } from '../known.ts';
import type { Room } from '../room.ts';
import { text } from './shapes.ts';

const moment = z.iso.datetime({ offset: true }).optional();

export const letterKind = z.enum(['inbox', 'record', 'delivery']);

/** Every part that is given must hold. */
export const letterFilter = {
  kind: letterKind.optional(),
  source: text.optional().openapi({ description: 'The source, or `destination` for deliveries.' }),
  code: text.optional(),
  since: moment.openapi({ description: 'Given up at this time or later.' }),
  until: moment.openapi({ description: 'Given up before this time.' }),
  text: text.min(1).optional().openapi({
    description: 'In what it is about, or in the words that were said, whatever its letter case.',
  }),
};

type Given = Omit<DeadLetterFilter, 'since' | 'until'> & {
  since?: string | undefined;
  until?: string | undefined;
};

export function letterFilterOf({ ids, kind, source, code, since, until, text }: Given): DeadLetterFilter {
  const timeOf = (written: string | undefined) => (written === undefined ? undefined : Date.parse(written));
  return { ids, kind, source, code, since: timeOf(since), until: timeOf(until), text };
}

/** Throws the problem where the filter names what is not known. */
export async function requireKnown(
  room: Room,
  {
    ids,
    source,
    code,
  }: { ids?: number[] | undefined; source?: string | undefined; code?: string | undefined },
): Promise<void> {
  await requireLetters(room, ids);
  await requireSource(room, source);
  await requireCode(room, code);
}

export const letterIds = z
  .array(z.int().min(1))
  .min(1, '1 to 1000 IDs')
  .max(1000, '1 to 1000 IDs')
  .optional();
