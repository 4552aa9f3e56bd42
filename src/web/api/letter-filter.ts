// Which dead letters are meant, as every route about them is asked. It knows no route.
import type { DeadLetterFilter } from '../../tables/dead-letters.ts';
import type { Deps } from '../deps.ts';
import { requireCode, requireLetters, requireSource } from '../known.ts';

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
  deps: Deps,
  {
    ids,
    source,
    code,
  }: { ids?: number[] | undefined; source?: string | undefined; code?: string | undefined },
): Promise<void> {
  await requireLetters(deps, ids);
  await requireSource(deps, source);
  await requireCode(deps, code);
}
