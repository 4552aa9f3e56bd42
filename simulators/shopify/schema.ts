// The part of Shopify's GraphQL schema that tells of customers, and what a query costs by it. It holds no customers.
// https://shopify.dev/docs/api/admin-graphql and https://shopify.dev/docs/api/usage/limits
import { buildSchema, type DocumentNode, Kind, type SelectionSetNode } from 'graphql';

export const schema = buildSchema(`
  type Query {
    customers(first: Int, after: String, query: String, sortKey: CustomerSortKeys = ID, reverse: Boolean): CustomerConnection
    customer(id: ID!): Customer
    customersCount(query: String, limit: Int = 10000): Count
    nodes(ids: [ID!]!): [Node]!
    node(id: ID!): Node
    bulkOperations(first: Int, sortKey: BulkOperationsSortKeys = CREATED_AT, reverse: Boolean): BulkOperationConnection!
    shop: Shop!
  }
  type Mutation {
    bulkOperationRunQuery(query: String!, groupObjects: Boolean): BulkOperationPayload
    bulkOperationCancel(id: ID!): BulkOperationPayload
  }
  type BulkOperationPayload { bulkOperation: BulkOperation userErrors: [UserError!]! }
  type UserError { field: [String!] message: String! code: String }
  enum BulkOperationsSortKeys { COMPLETED_AT CREATED_AT ID STATUS }
  type BulkOperationConnection { nodes: [BulkOperation!]! }
  type BulkOperation implements Node {
    id: ID! query: String! status: String! errorCode: String createdAt: String! completedAt: String
    objectCount: String! rootObjectCount: String! url: String partialDataUrl: String
  }
  enum CustomerSortKeys { CREATED_AT ID LOCATION NAME RELEVANCE UPDATED_AT }
  interface Node { id: ID! }
  type Shop implements Node { id: ID! name: String! myshopifyDomain: String! }
  type CustomerEdge { node: Customer cursor: String! }
  type CustomerConnection { nodes: [Customer] edges: [CustomerEdge!] pageInfo: PageInfo! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Customer implements Node {
    id: ID! legacyResourceId: String! createdAt: String! updatedAt: String!
    displayName: String! firstName: String lastName: String note: String tags: [String!]! state: String!
    numberOfOrders: String! amountSpent: MoneyV2! locale: String! verifiedEmail: Boolean! taxExempt: Boolean!
    defaultEmailAddress: CustomerEmailAddress
    defaultPhoneNumber: CustomerPhoneNumber
    defaultAddress: MailingAddress
    metafield(namespace: String, key: String!): Metafield
  }
  type Count { count: Int! precision: String! }
  type MoneyV2 { amount: String! currencyCode: String! }
  type CustomerEmailAddress { emailAddress: String! marketingState: String! }
  type CustomerPhoneNumber { phoneNumber: String! marketingState: String! }
  type MailingAddress {
    company: String address1: String address2: String city: String province: String provinceCode: String
    zip: String country: String countryCodeV2: String phone: String
  }
  type Metafield { value: String! }
`);

type Variables = { readonly [name: string]: unknown };

/** Every object counts a point and every scalar none; a connection two, and its rows as often as are requested. */
export function requestedCost(document: DocumentNode, variables: Variables): number {
  const fragments = new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one.selectionSet] as const] : [],
    ),
  );
  const costOf = (set: SelectionSetNode | undefined): number => {
    let cost = 0;
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) cost += costOf(fragments.get(selection.name.value));
      else if (selection.kind === Kind.INLINE_FRAGMENT) cost += costOf(selection.selectionSet);
      else if (selection.selectionSet) {
        const inner = costOf(selection.selectionSet);
        const { value: name } = selection.name;
        if (name === 'customers') cost += 2 + Number(variables['first'] ?? 1) * inner;
        else if (name === 'nodes' && variables['ids'])
          cost += (variables['ids'] as unknown[]).length * (1 + inner);
        else if (name !== 'pageInfo') cost += 1 + inner;
      }
    }
    return cost;
  };
  const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  return costOf(operation?.selectionSet);
}

/** What of it was really there. */
export function actualCost(data: unknown): number {
  if (Array.isArray(data)) return data.reduce((sum: number, one) => sum + actualCost(one), 0);
  if (typeof data !== 'object' || data === null) return 0;
  return Object.entries(data).reduce(
    (sum, [name, value]) => sum + (name === 'pageInfo' ? 0 : actualCost(value)),
    1,
  );
}
