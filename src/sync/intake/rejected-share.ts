// When so many rows of a reading are rejected that they are not what they were taken for: another layout, another
// encoding, another locale. It knows no table.
import type { Page, SourceRecord, Stream } from '../../connector.ts';
import { sourceIdOf } from '../../customer/identity.ts';
import type { Counts } from '../../tables/counts.ts';
import type { Source } from './source.ts';

/** Fewer rejected rows stop nothing: each is a dead letter that a person reads. */
const minRejected = 10;

const maxReasons = 3;

type Seen = Pick<Counts, 'received' | 'rejected'>;

/**
 * The sentence with which reading stops, where more of what was read `before` and on this page was rejected than the stream
 * allows; else null. `refused`: the records of the page that were rejected. The sentence holds no values.
 */
export function rejectedShareFault(
  { source, stream, settings }: { source: Source; stream: Stream<unknown>; settings: unknown },
  before: Seen,
  counts: Seen,
  page: Pick<Page, 'rejected'>,
  refused: readonly SourceRecord[],
): string | null {
  const maxShare = stream.maxRejectedShare?.(settings);
  const received = before.received + counts.received;
  const rejected = before.rejected + counts.rejected;
  if (maxShare === undefined || rejected < minRejected || rejected / received <= maxShare) return null;
  const reasons = reasonsOf(source, page, refused);
  return `${rejected} of the ${received} ${stream.name} read so far were rejected, more than "maxBadShare" allows (${Math.round(maxShare * 100)} %), so reading stopped and the last ${counts.received} were not imported. Most frequent reasons: ${reasons}. Correct the rows or the settings of the source, and read them again.`;
}

/** The most frequent reasons, each with how often and where it was met first. */
function reasonsOf(source: Source, page: Pick<Page, 'rejected'>, refused: readonly SourceRecord[]): string {
  const found = [
    ...(page.rejected ?? []).map(({ reason, position }) => ({
      // What stands in quotes may be a value of a person.
      text: reason.replaceAll(/"[^"]*"/g, '"…"').replace(/\.$/, ''),
      where: position,
    })),
    ...refused.flatMap((record) => faultsOf(source, record).map((text) => ({ text, where: null }))),
  ];
  const groups = [...Map.groupBy(found, ({ text }) => text)].toSorted(([, a], [, b]) => b.length - a.length);
  return groups
    .slice(0, maxReasons)
    .map(
      ([text, all]) =>
        `${text} (${all[0]!.where === null ? '' : `first in ${all[0]!.where}, `}${all.length} in all)`,
    )
    .join('; ');
}

function faultsOf(source: Source, { body }: SourceRecord): string[] {
  const path = source.sourceIdPath(body);
  if ('fault' in sourceIdOf(body, path, { lowerCase: source.config.sourceId.lowerCase }))
    return [`no usable source ID in ${path}`];
  return source.contribute(body).faults.map(({ field, reason }) => `${field}: ${withoutValue(reason)}`);
}

/** `Found "yesterday", where a date is allowed.` without what was found. */
function withoutValue(reason: string): string {
  const [, rest = 'that fails its type'] = /^.*, ((?:where|(?:in )?which) .*)$/s.exec(reason) ?? [];
  return `found a value ${rest.replace(/\.$/, '')}`;
}
