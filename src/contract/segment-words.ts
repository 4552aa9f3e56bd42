// Who enters and leaves segments, in sentences for a person.
import { counted, number } from '../words.ts';
import type { BlastRadius, SegmentMoves } from './segment.ts';

/** One sentence for each segment that would change, and one for what cannot be told. None where there is no segment. */
export function segmentSentences({ readAt, fault, segments }: BlastRadius): string[] {
  if (readAt === null)
    return [
      `Who enters or leaves a segment cannot be told: ${fault ?? 'the segments have not been read yet.'}`,
    ];
  const dynamic = segments.filter(({ type }) => type !== 'static');
  const moving = dynamic.filter(
    ({ enters, leaves, unknown }) => enters.count + leaves.count + unknown.count > 0,
  );
  const untold = dynamic.filter((segment) => segment.untold.length > 0);
  return [
    ...moving.map(movesOf),
    ...(dynamic.length > 0 && moving.length === 0
      ? [`No customer enters or leaves any of ${counted(dynamic.length, 'segment')}.`]
      : []),
    ...untold.map(
      ({ name, untold: parts }) =>
        `Segment “${name}” cannot be told in full: it depends on ${parts.join(', ')}.`,
    ),
    ...(fault === null ? [] : [`The segments may be out of date: ${fault}`]),
  ];
}

/** `Segment “VIP” (active): 40 customers enter, 3 leave.` */
function movesOf({ name, type, size, enters, leaves, unknown }: SegmentMoves): string {
  const clauses = [
    { count: enters.count, words: ['enters', 'enter'] },
    { count: leaves.count, words: ['leaves', 'leave'] },
    { count: unknown.count, words: ['may enter or leave', 'may enter or leave'] },
  ]
    .filter(({ count }) => count > 0)
    .map(({ count, words: [one, more] }, index) => {
      const subject = index === 0 ? counted(count, 'customer') : number(count);
      return `${subject} ${count === 1 ? one : more}`;
    });
  return `Segment “${name}” (${type}${size === null ? '' : `, ${counted(size, 'customer')} now`}): ${clauses.join(', ')}.`;
}
