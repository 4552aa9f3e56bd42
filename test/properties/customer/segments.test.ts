// What is told of segments is true: whatever filters and customers there are, a verdict that is not "unknown" agrees with a
// Voucherify that compares as the simulated one does.
import { describe, expect, it } from 'vitest';
import { segments as voucherifySegments } from '../../../connectors/voucherify/segments.ts';
import { createVoucherifySimulator } from '../../../simulators/voucherify.ts';
import type { Fields, Json, Segment } from '../../../src/connector.ts';
import { type Movement, movementOf, untoldOf } from '../../../src/customer/segments.ts';
import { fc } from '../../support/properties.ts';

const [appId, appToken] = ['app', 'token'];

const text = fc.constantFrom<Json>('Gold', 'gold', 'Silver', 'Go', '41', '', 'x@y.test');
const figure = fc.constantFrom<Json>(0, 41, 42.5, -1);
const asked = fc.oneof(text, figure, fc.constantFrom<Json>(true, '2026-01-01', '2026-06-01T10:00:00.000Z'));
const operator = fc.constantFrom(
  ...['$is', '$is_not', '$in', '$not_in', '$contains', '$not_contain', '$starts_with', '$ends_with'],
  ...['$has_value', '$is_unknown', '$more_than', '$more_than_equal', '$less_than', '$after', '$before'],
);
const conditions = fc.record({ operator, values: fc.array(asked, { minLength: 1, maxLength: 2 }) }).map(
  // As the dashboard writes them: these two ask for nothing.
  ({ operator, values }) => ({
    conditions: { [operator]: /has_value|is_unknown/.test(operator) ? [true] : values },
  }),
);
const filter = fc
  .record({
    junction: fc.constantFrom('and', 'or'),
    parts: fc.uniqueArray(
      fc.tuple(
        fc.constantFrom('name', 'metadata.tier', 'metadata.points', 'city', 'orders.total_count'),
        conditions,
      ),
      { minLength: 1, maxLength: 3, selector: ([field]) => field },
    ),
  })
  .map(({ junction, parts }) => ({ junction, ...Object.fromEntries(parts) }));

/** What we supply. */
const owned = ['name', 'metadata.tier', 'metadata.points', 'address.city'];
const values = { name: text, 'metadata.tier': text, 'metadata.points': figure, 'address.city': text };
const fields: fc.Arbitrary<Fields> = fc
  .record(values, { requiredKeys: [] })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')));

const simulated = createVoucherifySimulator({
  now: () => 0,
  appId,
  appToken,
  metadataWrites: 'replace',
  nullWrites: 'keep-null',
});

async function read(filter: object): Promise<Segment> {
  simulated.setSegments([{ id: 'seg', name: 'S', type: 'auto-update', filter: { ...filter } }]);
  const response = await simulated.app.request('/v1/segments?limit=100', {
    headers: { 'x-app-id': appId, 'x-app-token': appToken },
  });
  const json = (await response.json()) as Json;
  const api = { request: async () => ({ status: 200, headers: {}, json }) };
  const page = await voucherifySegments.page({ api } as never, null);
  return page.segments[0]!;
}

/** Whether a customer with these fields is in it. */
function isIn(held: Fields | null): boolean {
  for (const { id } of [...simulated.customers()]) simulated.remove(id);
  if (held === null) return false;
  const part = (group: string) =>
    Object.fromEntries(
      Object.entries(held).flatMap(([field, value]) =>
        field.startsWith(group) ? [[field.slice(group.length), value]] : [],
      ),
    );
  simulated.upsert({
    source_id: 'c',
    name: (held['name'] as string | undefined) ?? null,
    metadata: part('metadata.'),
    address: part('address.') as never,
  });
  return simulated.membersOf('seg').has('c');
}

describe('who enters and leaves a segment', () => {
  it('agrees with Voucherify wherever it is told', async () => {
    const told = { enters: 0, leaves: 0, stays: 0, unknown: 0 } satisfies Record<Movement, number>;
    await fc.assert(
      fc.asyncProperty(filter, fc.option(fields), fc.option(fields), async (filter, before, after) => {
        const segment = await read(filter);
        const movement = movementOf(segment, { sourceId: 'c', before, after }, (field) =>
          owned.includes(field),
        );
        told[movement] += 1;
        if (movement === 'unknown') return;
        const [was, is] = [isIn(before), isIn(after)];
        expect(movement).toBe(was === is ? 'stays' : is ? 'enters' : 'leaves');
      }),
      { numRuns: 1_000 },
    );
    // It would agree as well if it never said anything. Three in a hundred come out each way, give or take.
    for (const count of Object.values(told)) expect(count).toBeGreaterThan(10);
  });

  it('names what cannot be told, and does not guess what others hold', () => {
    const segment: Segment = {
      ...{ id: 's', name: 'Buyers', type: 'active' },
      filter: {
        junction: 'and',
        conditions: [
          { field: 'metadata.tier', operator: 'is', values: ['gold'] },
          { field: 'metadata.of_the_shop', operator: 'is', values: ['yes'] },
          { untold: 'orders.total_count' },
        ],
      },
    };
    const owns = (field: string) => field === 'metadata.tier';
    const moved = (before: Fields, after: Fields) =>
      movementOf(segment, { sourceId: 'c', before, after }, owns);
    expect(untoldOf(segment, owns)).toEqual([
      'metadata.of_the_shop, which no mapping supplies',
      'orders.total_count',
    ]);
    // Orders may let the customer in or not; while the tier is not gold, they do not matter.
    expect(moved({ 'metadata.tier': 'silver' }, { 'metadata.tier': 'gold' })).toBe('unknown');
    expect(moved({ 'metadata.tier': 'silver' }, { 'metadata.tier': 'bronze' })).toBe('stays');
    // A change of something else moves nobody, whatever the orders are.
    expect(moved({ 'metadata.tier': 'gold', name: 'A' }, { 'metadata.tier': 'gold', name: 'B' })).toBe(
      'stays',
    );
  });
});
