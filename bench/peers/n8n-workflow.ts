// The workflows that are run in n8n, as its CLI imports them: a webhook, HubSpot's list by the HTTP Request node's own paging, the
// mapping in a Code node, and the calls to Voucherify: one a customer, or some in bulk. Addresses come with the request.
import { customerOf, properties } from '../customer-of.ts';
import { type Plan, plans } from '../plans.ts';
import { customersInBulk } from './scripts.ts';

export type Way = 'single' | 'bulk';

/** In its address, and its ID. */
export const workflowName = (way: Way, plan: Plan | null) => `sync-${way}${plan ? `-${plan}` : ''}`;

/** Answers once workflows are active, which is later than n8n says that it is ready. */
export const readyPath = (way: Way, plan: Plan | null) => `${workflowName(way, plan)}-ready`;

/** The most that the node's settings take. */
const retrying = { retryOnFail: true, maxTries: 5, waitBetweenTries: 5000 };

interface Node {
  name: string;
  [more: string]: unknown;
}

const webhook = (name: string, httpMethod: 'GET' | 'POST', path: string, responseMode: string): Node => ({
  name,
  type: 'n8n-nodes-base.webhook',
  typeVersion: 2.1,
  webhookId: path,
  parameters: { httpMethod, path, responseMode, options: {} },
});

const contacts: Node = {
  name: 'Contacts',
  type: 'n8n-nodes-base.httpRequest',
  typeVersion: 4.2,
  parameters: {
    url: '={{ $json.body.hubspot }}/crm/v3/objects/contacts',
    sendQuery: true,
    queryParameters: {
      parameters: [
        { name: 'limit', value: '100' },
        { name: 'properties', value: properties.join(',') },
      ],
    },
    sendHeaders: true,
    headerParameters: { parameters: [{ name: 'Authorization', value: 'Bearer bench' }] },
    options: {
      pagination: {
        pagination: {
          paginationMode: 'updateAParameterInEachRequest',
          parameters: {
            parameters: [{ type: 'qs', name: 'after', value: '={{ $response.body?.paging?.next?.after }}' }],
          },
          paginationCompleteWhen: 'other',
          completeExpression: '={{ !$response.body?.paging?.next }}',
          limitPagesFetched: false,
          requestInterval: 0,
        },
      },
    },
  },
  ...retrying,
};

const code = (name: string, jsCode: string): Node => ({
  name,
  type: 'n8n-nodes-base.code',
  typeVersion: 2,
  parameters: { jsCode },
});

const customers = code(
  'Customers',
  `${customerOf.toString()}
return $input.all().flatMap(({ json }) => json.results).map(({ id, properties }) => ({ json: customerOf(id, properties) }));`,
);

const batches = code(
  'Batches',
  `const customers = $input.all().map(({ json }) => json);
const batches = [];
while (customers.length > 0) batches.push({ json: { customers: customers.splice(0, ${customersInBulk}) } });
return batches;`,
);

const send = (name: string, path: string, jsonBody: string, options: object): Node => ({
  name,
  type: 'n8n-nodes-base.httpRequest',
  typeVersion: 4.2,
  parameters: {
    method: 'POST',
    url: `={{ $('Webhook').first().json.body.voucherify }}${path}`,
    sendHeaders: true,
    headerParameters: {
      parameters: [
        { name: 'X-App-Id', value: 'bench' },
        { name: 'X-App-Token', value: 'bench' },
      ],
    },
    sendBody: true,
    specifyBody: 'json',
    jsonBody,
    options,
  },
  ...retrying,
});

/** By the node's batching: 50 calls each tenth of a second, or as many as the plan has, evenly. */
function upsert(plan: Plan | null): Node {
  const calls = plan && plans[plan].apiCalls;
  const batch = calls
    ? { batchSize: 1, batchInterval: Math.ceil((calls.seconds * 1000) / calls.requests) + 20 }
    : { batchSize: 50, batchInterval: 100 };
  return send('Upsert', '/v1/customers', '={{ JSON.stringify($json) }}', { batching: { batch } });
}

const loop: Node = {
  name: 'Loop',
  type: 'n8n-nodes-base.splitInBatches',
  typeVersion: 3,
  parameters: { batchSize: 1, options: {} },
};
const bulk = send('Bulk', '/v1/customers/bulk/async', '={{ JSON.stringify($json.customers) }}', {});
/** What the webhook answers with. */
const end = code('End', 'return [{ json: { done: true } }];');

export function workflow(way: Way, plan: Plan | null): object {
  const id = workflowName(way, plan);
  const first = [
    webhook('Ready', 'GET', readyPath(way, plan), 'onReceived'),
    webhook('Webhook', 'POST', id, 'lastNode'),
    contacts,
    customers,
  ];
  const nodes = way === 'single' ? [...first, upsert(plan), end] : [...first, batches, loop, bulk, end];
  const to = (...names: string[]) => names.map((node) => ({ node, type: 'main', index: 0 }));
  const shared = { Webhook: { main: [to('Contacts')] }, Contacts: { main: [to('Customers')] } };
  const connections =
    way === 'single'
      ? { ...shared, Customers: { main: [to('Upsert')] }, Upsert: { main: [to('End')] } }
      : {
          ...shared,
          Customers: { main: [to('Batches')] },
          Batches: { main: [to('Loop')] },
          // Its first way out is for when it is done.
          Loop: { main: [to('End'), to('Bulk')] },
          Bulk: { main: [to('Loop')] },
        };
  return {
    id,
    name: id,
    active: false,
    settings: { executionOrder: 'v1' },
    nodes: nodes.map((node, index) => ({ id: `${id}-${index}`, position: [index * 200, 0], ...node })),
    connections,
  };
}
