// Who would enter and leave which segment, counted over many customers with the first of each. It reads no rows.
import type { Fields } from '../../connector.ts';
import type { BlastRadius, SegmentMoves } from '../../contract/segment.ts';
import { type Moved, movementOf, type Owns, untoldOf } from '../../customer/segments.ts';
import type { OrphanPolicy } from '../../tables/breaker.ts';
import type { KnownSegments } from './rules.ts';

export class BlastRadiusCount {
  readonly #known: KnownSegments;
  readonly #owns: Owns;
  readonly #samples: number;
  readonly #moves: readonly SegmentMoves[];

  constructor(known: KnownSegments, owns: Owns, samples = 5) {
    this.#known = known;
    this.#owns = owns;
    this.#samples = samples;
    const none = () => ({ count: 0, sourceIds: [] as string[] });
    this.#moves = known.segments.map((segment) => ({
      id: segment.id,
      name: segment.name,
      type: segment.type,
      size: segment.size,
      enters: none(),
      leaves: none(),
      unknown: none(),
      untold: untoldOf(segment, owns),
    }));
  }

  add(moved: Moved): void {
    for (const [index, segment] of this.#known.segments.entries()) {
      const movement = movementOf(segment, moved, this.#owns);
      if (movement === 'stays') continue;
      const movers = this.#moves[index]![movement];
      movers.count += 1;
      if (movers.sourceIds.length < this.#samples) movers.sourceIds.push(moved.sourceId);
    }
  }

  /** Those that are entered or left most first. */
  report(): BlastRadius {
    const { readAt, fault } = this.#known;
    const moving = ({ enters, leaves, unknown }: SegmentMoves) =>
      enters.count + leaves.count || unknown.count / 1e9;
    return { readAt, fault, segments: this.#moves.toSorted((a, b) => moving(b) - moving(a)) };
  }
}

/** What the destination will have of a customer. Null: nothing, since it is taken away. */
export function fieldsAfter(
  { fields, gone, acknowledged }: { fields: Fields; gone: boolean; acknowledged: Fields | null },
  onOrphaned: OrphanPolicy,
): Fields | null {
  if (!gone) return fields;
  if (onOrphaned === 'keep') return acknowledged;
  return onOrphaned === 'blank' && acknowledged !== null ? {} : null;
}
