// The segments of a destination: groups of its customers, by a list or by a filter over their fields.
import type { Context } from './api.ts';
import type { Json } from './json.ts';

/**
 * `active`: who enters or leaves it sets something off, such as a distribution. `passive`: nothing is set off. `static`: a list
 * of customers, which no change of a field alters.
 */
export type SegmentType = 'active' | 'passive' | 'static';

export interface Segment {
  id: string;
  name: string;
  type: SegmentType;
  /** Null where it has none, or none that can be read. */
  filter: SegmentFilter | null;
}

/** `and`: all conditions hold; `or`: at least one. */
export interface SegmentFilter {
  junction: 'and' | 'or';
  conditions: SegmentCondition[];
}

/** A condition on a field of the customer (`source_id` is its key), or `untold`: in the vendor's words one that says nothing of fields. */
export type SegmentCondition =
  | { field: string; operator: SegmentOperator; values: Json[] }
  | { untold: string };

export type SegmentOperator =
  | 'is'
  | 'is_not'
  | 'in'
  | 'not_in'
  | 'contains'
  | 'not_contains'
  | 'starts_with'
  | 'ends_with'
  | 'has_value'
  | 'has_no_value'
  | 'more_than'
  | 'more_than_equal'
  | 'less_than'
  | 'less_than_equal'
  | 'after'
  | 'before';

export interface Segments<Settings> {
  /** One page of all segments. `next`: the cursor of the following page; null: there is none. */
  page(context: Context<Settings>, cursor: Json | null): Promise<{ segments: Segment[]; next: Json | null }>;
  /** How many customers are in it; null where that is not said. */
  size(context: Context<Settings>, segmentId: string): Promise<number | null>;
}
