// Voucherify's segments, and their filters in the words of the door.
// Endpoint: https://docs.voucherify.io/api-reference/segments/list-segments. Filters have the shape
// `{junction, FIELD: {conditions: {$OPERATOR: [values]}}}`; which fields and operators there are is documented by examples and by
// the filters of exports.
import {
  type Json,
  type JsonObject,
  type Segment,
  type SegmentCondition,
  type SegmentFilter,
  type SegmentOperator,
  type Segments,
  type SegmentType,
  TransientError,
} from '#connector';
import { isObject } from './payload.ts';
import { isCustomerList } from './read-back.ts';
import type { Settings } from './settings.ts';

/** The most that one call lists. A project has at most 100 that are filtered, and any number of static ones. */
const pageSegments = 100;

const types: { readonly [type: string]: SegmentType } = {
  'auto-update': 'active',
  passive: 'passive',
  static: 'static',
};

const operators: { readonly [operator: string]: SegmentOperator } = {
  $is: 'is',
  $is_not: 'is_not',
  $in: 'in',
  $not_in: 'not_in',
  $contains: 'contains',
  $not_contain: 'not_contains',
  $starts_with: 'starts_with',
  $ends_with: 'ends_with',
  $has_value: 'has_value',
  $is_unknown: 'has_no_value',
  $more_than: 'more_than',
  $more_than_equal: 'more_than_equal',
  $less_than: 'less_than',
  $less_than_equal: 'less_than_equal',
  $after: 'after',
  $before: 'before',
};

/** Orders, redemptions, points, events and times of Voucherify's own are no fields of ours. */
const ofFields = /^(?:name|email|phone|birthdate|description|source_id|address\..+|metadata\..+)$/;

export const segments: Segments<Settings> = {
  /** Newest first; a later page lists what was created before the last of this one. */
  async page({ api }, cursor) {
    const { json } = await api.request({
      path: '/v1/segments',
      query: {
        limit: pageSegments,
        ...(typeof cursor === 'string' && { 'filters[created_at][conditions][$before]': cursor }),
      },
      isAnswer: (json) => isObject(json) && Array.isArray(json['data']) && json['data'].every(isObject),
      timeoutSeconds: 20,
    });
    const listed = (json as { data: JsonObject[] }).data;
    const last = listed.at(-1)?.['created_at'];
    const isFull = listed.length >= pageSegments;
    if (isFull && typeof last !== 'string')
      throw new TransientError('A segment was listed without its creation time.');
    return { segments: listed.map(segmentOf), next: isFull ? last! : null };
  },

  async size({ api }, segmentId) {
    const { json } = await api.request({
      path: '/v1/customers',
      query: { segment_id: segmentId, limit: 1 },
      isAnswer: isCustomerList,
      timeoutSeconds: 20,
    });
    const total = isObject(json) ? json['total'] : undefined;
    return typeof total === 'number' ? total : null;
  },
};

function segmentOf({ id, name, type, filter }: JsonObject): Segment {
  return {
    id: String(id),
    name: typeof name === 'string' && name !== '' ? name : String(id),
    // A type that is newer than this file may set something off.
    type: types[String(type)] ?? 'active',
    filter: isObject(filter) ? filterOf(filter) : null,
  };
}

function filterOf({ junction, ...fields }: JsonObject): SegmentFilter {
  const isAny = junction === 'or';
  const conditions = Object.entries(fields).flatMap(([field, condition]) =>
    conditionsOf(field, condition, isAny),
  );
  const isTold = isAny || junction === 'and' || conditions.length < 2;
  return {
    junction: isAny ? 'or' : 'and',
    conditions: isTold ? conditions : [{ untold: `junction ${JSON.stringify(junction ?? null)}` }],
  };
}

function conditionsOf(field: string, filter: Json, isAny: boolean): SegmentCondition[] {
  const conditions = isObject(filter) ? filter['conditions'] : undefined;
  const named = field === 'city' ? 'address.city' : field;
  if (!isObject(conditions) || !ofFields.test(named)) return [{ untold: field }];
  const entries = Object.entries(conditions);
  // Whether all of them must hold, or one of them, is not documented.
  if (isAny && entries.length > 1) return [{ untold: `${field} with several operators` }];
  return entries.map(([operator, values]) => {
    const known = operators[operator];
    if (known === undefined) return { untold: `${field} ${operator}` };
    return { field: named, operator: known, values: Array.isArray(values) ? values : [values ?? null] };
  });
}
