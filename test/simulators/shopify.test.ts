// The simulated shop, asked by Shopify's own client.
import { createAdminApiClient } from '@shopify/admin-api-client';
import { describe, expect, test } from 'vitest';
import { createShopifySimulator, type ShopifyOptions } from '../../simulators/shopify.ts';

const accessToken = 'shpat_0123456789abcdef';
const start = Date.parse('2026-11-02T08:00:00.000Z');

function simulate(options: Partial<ShopifyOptions> = {}, apiVersion = '2026-10') {
  const clock = { ms: start };
  const simulator = createShopifySimulator({ now: () => clock.ms, accessToken, ...options });
  const clientOf = (token: string) =>
    createAdminApiClient({
      storeDomain: 'acme.myshopify.com',
      apiVersion,
      accessToken: token,
      customFetchApi: async (url, init) =>
        simulator.app.request(new URL(String(url)).pathname, init as RequestInit),
      logger: () => {},
    });
  return { clock, simulator, client: clientOf(accessToken), clientOf };
}

const list = `query ($first: Int!, $after: String, $query: String, $sortKey: CustomerSortKeys!) {
  customers(first: $first, after: $after, query: $query, sortKey: $sortKey) {
    nodes { id displayName updatedAt defaultEmailAddress { emailAddress } }
    pageInfo { hasNextPage endCursor }
  }
}`;

describe('the simulated shop, by the official client', () => {
  test('lists everybody by pages, whose cursors hold microseconds', async () => {
    const { simulator, client } = simulate();
    simulator.seed(250);
    const ids: string[] = [];
    for (let after: string | null = null; ; ) {
      const variables: { [name: string]: unknown } = { first: 100, after, sortKey: 'UPDATED_AT' };
      const { data } = await client.request(list, { variables });
      ids.push(...data.customers.nodes.map(({ id }: { id: string }) => id));
      after = data.customers.pageInfo.endCursor;
      if (!data.customers.pageInfo.hasNextPage) break;
    }
    expect(new Set(ids).size).toBe(250);
    const { data } = await client.request(list, { variables: { first: 1, sortKey: 'UPDATED_AT' } });
    expect(Buffer.from(data.customers.pageInfo.endCursor, 'base64').toString()).toMatch(
      /"last_value":"2026-11-02 07:59:\d\d\.\d{6}"/,
    );
  });

  test('ignores filters that it does not know, and takes the whole day of a time without quotes', async () => {
    const { clock, simulator, client } = simulate();
    simulator.seed(3);
    clock.ms += 3_600_000;
    const { id } = simulator.customers.create();
    const found = async (query: string) => {
      const { data } = await client.request(list, { variables: { first: 9, sortKey: 'ID', query } });
      return data.customers.nodes.length;
    };
    expect(await found("updated_at:>='2026-11-02T08:30:00Z'")).toBe(1);
    expect(await found('updated_at:>=2026-11-02T08:30:00Z')).toBe(4);
    expect(await found("changed_at:>='2026-11-02T08:30:00Z'")).toBe(4);
    simulator.customers.change(id, { firstName: null, email: 'anna@example.com' });
    const { data } = await client.request(list, { variables: { first: 9, sortKey: 'UPDATED_AT' } });
    // A name that falls back to the address.
    expect(data.customers.nodes.at(-1)).toMatchObject({ displayName: 'anna@example.com' });
  });

  test('refuses with status 200: points that are spent, fields that are denied, fields that do not exist', async () => {
    const { clock, simulator, client } = simulate();
    simulator.seed(250);
    const variables = { first: 200, sortKey: 'ID' };
    const codes = async () => {
      const { errors } = await client.request(list, { variables });
      return errors?.graphQLErrors?.map(({ extensions }) => extensions?.['code']);
    };
    for (let turn = 0; (await codes()) === undefined; turn += 1) expect(turn).toBeLessThan(9);
    expect(await codes()).toEqual(['THROTTLED']);
    expect(simulator.state.throttled).toBe(2);
    clock.ms += 20_000;
    simulator.state.denied.add('defaultEmailAddress');
    const { data, errors } = await client.request(list, { variables: { first: 2, sortKey: 'ID' } });
    expect(data.customers.nodes[0]).toMatchObject({ defaultEmailAddress: null });
    expect(errors?.graphQLErrors).toMatchObject([
      { extensions: { code: 'ACCESS_DENIED' } },
      { extensions: { code: 'ACCESS_DENIED' } },
    ]);
    expect((await client.request('{ shop { owner } }')).errors?.graphQLErrors).toMatchObject([
      { extensions: { code: 'undefinedField' } },
    ]);
  });

  test('answers null for missing customers, and with an error for those it does not show', async () => {
    const { simulator, client } = simulate();
    const { id } = simulator.customers.create();
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Customer { legacyResourceId } } }';
    const variables = { ids: [`gid://shopify/Customer/${id}`, 'gid://shopify/Customer/1'] };
    expect((await client.request(query, { variables })).data.nodes).toEqual([
      { id: variables.ids[0], legacyResourceId: id },
      null,
    ]);
    simulator.state.denied.add('Customer');
    const { data, errors } = await client.request(query, { variables });
    expect(data.nodes).toEqual([null, null]);
    expect(errors?.graphQLErrors).toHaveLength(1);
  });

  test('answers an old version by the oldest that it has, and a wrong token with 401', async () => {
    const { client, clientOf } = simulate({}, '2025-10');
    const response = await client.fetch('{ shop { name } }');
    expect(response.headers.get('x-shopify-api-version')).toBe('2026-01');
    expect((await clientOf('another').request('{ shop { name } }')).errors).toMatchObject({
      networkStatusCode: 401,
    });
  });

  test('removes a subscription after eight failures in a row', () => {
    const { push } = simulate().simulator;
    for (let turn = 0; turn < 7; turn += 1) push.answered(500);
    push.answered(200);
    for (let turn = 0; turn < 7; turn += 1) push.answered(500);
    expect(push.isRemoved).toBe(false);
    push.answered(500);
    expect(push.isRemoved).toBe(true);
  });
});
