// The simulated Shopify shop: customers by GraphQL with a bucket of cost points, refusals with status 200, fields that an app may
// not see, and versions that fall forward. https://shopify.dev/docs/api/admin-graphql
import { execute, GraphQLError, parse, validate } from 'graphql';
import { Hono } from 'hono';
import { BulkOperations, type BulkOptions } from './shopify/bulk-operations.ts';
import { InvalidCursorError, type ShopCustomer, ShopCustomers } from './shopify/customers.ts';
import { ShopifyPush } from './shopify/push.ts';
import { actualCost, requestedCost, schema } from './shopify/schema.ts';

export type ShopifyOptions = {
  now: () => number;
  /** Default: acme.myshopify.com. */
  shop?: string;
  accessToken?: string;
  /** In place of the token: whether a request with this one is let in. */
  isLive?: (accessToken: string | undefined) => boolean;
  secret?: string;
  /** Points per second; the bucket holds twenty times as many. Default: 100. False: no limit. */
  pointsPerSecond?: number | false;
  /** How long the index of changes lags, milliseconds. Default: 0. */
  lagMs?: number;
  bulk?: BulkOptions;
  /** Answers in place of the shop's own. */
  faults?: () => Response | undefined;
};

const versions = ['2026-01', '2026-04', '2026-07', '2026-10'];
const maxQueryCost = 1_000;

export function createShopifySimulator(options: ShopifyOptions) {
  const { now, shop = 'acme.myshopify.com', pointsPerSecond = 100 } = options;
  const app = new Hono();
  const customers = new ShopCustomers(now, options.lagMs ?? 0);
  const push = new ShopifyPush({
    secret: options.secret ?? 'client-secret-00',
    shop,
    version: versions.at(-1)!,
  });
  const bucket = { available: (pointsPerSecond || 0) * 20, at: now() };
  const state = {
    calls: 0,
    throttled: 0,
    /** The most points that one query was requested with. */
    maxCost: 0,
    /** Names of types or fields that the app is not approved for. */
    denied: new Set<string>(),
    /** The search leaves its filter out, as in 2024-07. */
    ignoresFilter: false,
    /** The shop has no bulk operations for this app. */
    refusesBulk: false,
    origin: '',
  };
  const bulkOperations = new BulkOperations(now, nodesOf, options.bulk);

  app.post('/admin/api/:version/graphql.json', async (c) => {
    state.calls += 1;
    const fault = options.faults?.();
    if (fault) return fault;
    const token = c.req.header('x-shopify-access-token');
    const isKnown = options.isLive ? options.isLive(token) : token === options.accessToken;
    if (!isKnown)
      return c.json(
        { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' },
        401,
      );
    const asked = c.req.param('version');
    if (asked > versions.at(-1)!) return c.json({ errors: 'Not Found' }, 404);
    const version = asked < versions[0]! ? versions[0]! : asked;
    c.header('x-shopify-api-version', version);
    if (version !== asked)
      c.header('x-shopify-api-version-warning', 'https://shopify.dev/concepts/about-apis/versioning');
    state.origin = new URL(c.req.url).origin;
    return c.json(answer(await c.req.json()));
  });

  app.get('/bulk/:number', (c) => {
    const file = bulkOperations.file(c.req.param('number'));
    if (file === null) return c.text('<Error><Code>ExpiredToken</Code></Error>', 400);
    return c.body(file, 200, { 'content-type': 'application/jsonl' });
  });

  /** Every answer has status 200. */
  function answer({
    query,
    variables = {},
  }: {
    query: string;
    variables?: { [name: string]: unknown };
  }): object {
    let document: ReturnType<typeof parse>;
    try {
      document = parse(query);
    } catch (error) {
      return { errors: [{ message: (error as Error).message }] };
    }
    const [wrong] = validate(schema, document);
    if (wrong)
      return {
        errors: [{ message: wrong.message, path: ['query'], extensions: { code: 'undefinedField' } }],
      };
    const requestedQueryCost = requestedCost(document, variables);
    state.maxCost = Math.max(state.maxCost, requestedQueryCost);
    if (requestedQueryCost > maxQueryCost)
      return {
        errors: [
          {
            message: `Query cost is ${requestedQueryCost}, which exceeds the single query max cost limit (1000).`,
            extensions: { code: 'MAX_COST_EXCEEDED', cost: requestedQueryCost, maxCost: maxQueryCost },
          },
        ],
      };
    if (!spend(requestedQueryCost)) {
      state.throttled += 1;
      return {
        errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
        extensions: cost(requestedQueryCost, null),
      };
    }
    const result = execute({ schema, document, rootValue: root, variableValues: variables }) as {
      data?: unknown;
      errors?: readonly GraphQLError[];
    };
    const actualQueryCost = Math.min(actualCost(result.data), requestedQueryCost);
    if (pointsPerSecond) bucket.available += requestedQueryCost - actualQueryCost;
    return {
      data: result.data ?? null,
      ...(result.errors && { errors: result.errors }),
      extensions: cost(requestedQueryCost, actualQueryCost),
    };
  }

  function spend(points: number): boolean {
    if (!pointsPerSecond) return true;
    const restored = ((now() - bucket.at) / 1000) * pointsPerSecond;
    Object.assign(bucket, {
      available: Math.min(bucket.available + restored, pointsPerSecond * 20),
      at: now(),
    });
    if (points > bucket.available) return false;
    bucket.available -= points;
    return true;
  }

  function cost(requestedQueryCost: number, actualQueryCost: number | null) {
    const restoreRate = pointsPerSecond || 2_000;
    const throttleStatus = {
      maximumAvailable: restoreRate * 20,
      currentlyAvailable: pointsPerSecond ? Math.floor(bucket.available) : restoreRate * 20,
      restoreRate,
    };
    return { cost: { requestedQueryCost, actualQueryCost, throttleStatus } };
  }

  function denial(name: string): GraphQLError | null {
    if (!state.denied.has(name)) return null;
    const what = name === 'Customer' ? 'the Customer object' : `the ${name} field`;
    return new GraphQLError(
      `This app is not approved to access ${what}. See https://shopify.dev/docs/apps/launch/protected-customer-data for more details.`,
      { extensions: { code: 'ACCESS_DENIED' } },
    );
  }

  const iso = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;

  function shown(customer: ShopCustomer) {
    const { id, email, phone, address, firstName, lastName, metafields } = customer;
    const guarded = <Value>(name: string, value: Value) => denial(name) ?? value;
    const name = [firstName, lastName].filter(Boolean).join(' ');
    return (
      denial('Customer') ?? {
        __typename: 'Customer',
        ...customer,
        id: `gid://shopify/Customer/${id}`,
        legacyResourceId: id,
        createdAt: iso(customer.createdAt),
        updatedAt: iso(customer.updatedMicros / 1000),
        firstName: guarded('firstName', firstName),
        lastName: guarded('lastName', lastName),
        displayName: name || email || phone || '',
        numberOfOrders: String(customer.numberOfOrders),
        amountSpent: { amount: customer.amountSpent, currencyCode: 'EUR' },
        locale: 'en',
        verifiedEmail: true,
        taxExempt: false,
        defaultEmailAddress: guarded(
          'defaultEmailAddress',
          email === null ? null : { emailAddress: email, marketingState: 'SUBSCRIBED' },
        ),
        defaultPhoneNumber: guarded(
          'defaultPhoneNumber',
          phone === null ? null : { phoneNumber: phone, marketingState: 'NOT_SUBSCRIBED' },
        ),
        defaultAddress: guarded('defaultAddress', address),
        metafield: ({ namespace, key }: { namespace: string; key: string }) => {
          const value = metafields[`${namespace}.${key}`];
          return value === undefined ? null : { value };
        },
      }
    );
  }

  function found(gid: string) {
    const customer = customers.all.get(/^gid:\/\/shopify\/Customer\/(\d+)$/.exec(gid)?.[1] ?? '');
    return customer ? shown(customer) : null;
  }

  /** A bulk operation has no variables, and stops at the first field that is denied. */
  function nodesOf(query: string): unknown[] | { errorCode: string } {
    const document = parse(query);
    if (validate(schema, document).length > 0 || !query.includes('edges'))
      return { errorCode: 'INTERNAL_SERVER_ERROR' };
    const everybody = {
      customers: () => ({ edges: [...customers.all.values()].map((one) => ({ node: shown(one) })) }),
    };
    const { data, errors } = execute({ schema, document, rootValue: everybody }) as {
      data?: { customers: { edges: { node: unknown }[] } };
      errors?: readonly GraphQLError[];
    };
    if (errors) return { errorCode: 'ACCESS_DENIED' };
    return data!.customers.edges.map(({ node }) => node);
  }

  const root = {
    bulkOperationRunQuery({ query }: { query: string }) {
      if (state.refusesBulk)
        throw new GraphQLError('Access denied for bulkOperationRunQuery field.', {
          extensions: { code: 'ACCESS_DENIED' },
        });
      return bulkOperations.order(query);
    },
    bulkOperationCancel: ({ id }: { id: string }) => bulkOperations.cancel(id),
    bulkOperations: ({ first = 10 }: { first?: number }) => ({
      nodes: bulkOperations
        .recent()
        .slice(0, first)
        .map((one) => bulkOperations.shown(one, state.origin)),
    }),
    node({ id }: { id: string }) {
      const operation = bulkOperations.find(id);
      return operation ? bulkOperations.shown(operation, state.origin) : null;
    },
    shop: { __typename: 'Shop', id: 'gid://shopify/Shop/1', name: 'Acme', myshopifyDomain: shop },
    customers(request: {
      first?: number;
      after?: string;
      query?: string;
      sortKey: string;
      reverse?: boolean;
    }) {
      const { first, after = null, query = null, sortKey, reverse = false } = request;
      if (!first || first > 250) throw new GraphQLError('first must be between 1 and 250');
      try {
        const asked = { first, after, sortKey, reverse, query: state.ignoresFilter ? null : query };
        const { nodes, ...pageInfo } = customers.page(asked);
        return { nodes: nodes.map(shown), pageInfo };
      } catch (error) {
        if (!(error instanceof InvalidCursorError)) throw error;
        throw new GraphQLError(error.message, { extensions: { code: 'BAD_REQUEST' } });
      }
    },
    customersCount({ query = null, limit }: { query?: string | null; limit: number | null }) {
      const asked = { first: Number.MAX_SAFE_INTEGER, after: null, sortKey: 'ID', reverse: false, query };
      const { length } = customers.page(asked).nodes;
      const isMore = limit !== null && length > limit;
      return { count: isMore ? limit : length, precision: isMore ? 'AT_LEAST' : 'EXACT' };
    },
    customer: ({ id }: { id: string }) => found(id),
    /** Of one that is denied there is an error beside the null. */
    nodes: ({ ids }: { ids: string[] }) => ids.map(found),
  };

  return {
    app,
    bulkOperations,
    customers,
    push,
    state,
    /** Twenty of each second, the last ones of now. */
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) {
        const at = now() - Math.floor((count - 1 - i) / 20) * 1000;
        customers.create({ createdAt: at, updatedMicros: at * 1000 + i, beforeMicros: at * 1000 + i });
      }
    },
    ids: (): string[] => [...customers.all.keys()],
    /** Customers with orders cannot be deleted. */
    remove(id: string): boolean {
      if (customers.all.get(id)!.numberOfOrders > 0) return false;
      return customers.all.delete(id);
    },
    merge(kept: string, lost: string): void {
      customers.all.delete(lost);
      customers.change(kept, {});
    },
  };
}
