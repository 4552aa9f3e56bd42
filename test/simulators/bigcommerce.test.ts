// The simulated BigCommerce store against the sheet of facts: there is no official client of its management API.
import { describe, expect, test } from 'vitest';
import { type BigcommerceOptions, createBigcommerceSimulator } from '../../simulators/bigcommerce.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const accessToken = 'token-of-the-store';

type Body = {
  data: { id: number; addresses?: object[] }[];
  meta: { pagination?: object; cursor_pagination: { end_cursor?: string } };
};

function simulate(options: Partial<BigcommerceOptions> = {}) {
  const clock = { ms: start };
  const simulator = createBigcommerceSimulator({ now: () => clock.ms, accessToken, ...options });
  const get = async (query: string) => {
    const response = await simulator.app.request(`/stores/abc123/v3/customers?${query}`, {
      headers: { 'x-auth-token': accessToken },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  };
  return { clock, simulator, get };
}

const idsOf = ({ body }: { body: Body }) => body.data.map(({ id }) => id);

describe('the simulated BigCommerce store', () => {
  test('lists the newest first, and names a cursor on its last page, but not on a second numbered one', async () => {
    const { simulator, get } = simulate();
    simulator.seed(5);
    const first = await get('limit=3');
    expect(idsOf(first)).toEqual([5, 4, 3]);
    expect(first.body.meta.pagination).toMatchObject({ total: 5, total_pages: 2 });
    const { end_cursor: after } = first.body.meta.cursor_pagination;
    simulator.create();
    // A numbered page repeats a row, where a customer came before the first one.
    expect(idsOf(await get('limit=3&page=2'))).toEqual([3, 2, 1]);
    const last = await get(`limit=3&after=${after}`);
    expect(idsOf(last)).toEqual([2, 1]);
    expect(last.body.meta.cursor_pagination.end_cursor).toBeDefined();
    expect((await get('limit=3&page=2')).body.meta.cursor_pagination.end_cursor).toBeUndefined();
  });

  test('shows "" for nothing, addresses only if asked and ten at most, and lists everybody for no IDs', async () => {
    const { simulator, get } = simulate();
    simulator.seed(2);
    for (let id = 1; id <= 12; id += 1) simulator.setAddress(id, 1, { city: `City ${id}` });
    expect((await get('id:in=1')).body.data[0]).toMatchObject({ phone: '', customer_group_id: 0 });
    expect((await get('id:in=1')).body.data[0]).not.toHaveProperty('addresses');
    expect((await get('id:in=1,9&include=addresses')).body.data).toHaveLength(1);
    expect((await get('id:in=1&include=addresses')).body.data[0]?.addresses).toHaveLength(10);
    expect(idsOf(await get('id:in='))).toEqual([2, 1]);
    expect((await get('limit=251')).status).toBe(422);
  });

  test('counts the calls of all apps in a window of 30 seconds', async () => {
    const { clock, simulator, get } = simulate({ quota: 5 });
    simulator.others(4);
    expect((await get('')).headers.get('X-Rate-Limit-Requests-Left')).toBe('0');
    const refused = await get('');
    expect([refused.status, refused.headers.get('X-Rate-Limit-Time-Reset-Ms')]).toEqual([429, '30000']);
    clock.ms += 30_000;
    expect((await get('')).status).toBe(200);
    simulator.state.isOverloaded = true;
    expect((await get('')).headers.get('X-Rate-Limit-Time-Reset-Ms')).toBeNull();
  });

  test('gives two updates of one customer one hash, and gives up after eleven retries', () => {
    const { push } = simulate().simulator;
    const [one, other] = [push.customer('updated', 7, start), push.customer('updated', 7, start + 60_000)];
    expect(JSON.parse(one.body).hash).toBe(JSON.parse(other.body).hash);
    for (let turn = 0; turn < 11; turn += 1) push.answered(500);
    expect(push.isActive).toBe(true);
    push.answered(500);
    expect(push.isActive).toBe(false);
  });
});
