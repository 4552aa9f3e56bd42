// The flow that is run in Node-RED: reads a page of contacts, sends its customers all at once, and when the last of them has been
// answered reads the next. A failed call is sent again after a second, four times at most. Addresses come with the request.
import { customerOf, properties } from '../customer-of.ts';
import { type Plan, plans } from '../plans.ts';

const maxAttempts = 5;

const nextPage = `
msg.method = 'GET';
msg.headers = { authorization: 'Bearer bench' };
const after = msg.after ? '&after=' + encodeURIComponent(msg.after) : '';
msg.url = msg.vendors.hubspot + '/crm/v3/objects/contacts?limit=100&properties=${properties.join(',')}' + after;
return msg;`;

/** To Voucherify, each customer in a message of its own. What asked is kept until all are answered. */
const customers = `
${customerOf.toString()}
if (msg.statusCode !== 200) {
  msg.statusCode = 502;
  msg.payload = { error: 'HubSpot answered ' + msg.statusCode };
  return [null, msg];
}
const { vendors, payload } = msg;
msg.after = payload.paging && payload.paging.next && payload.paging.next.after;
flow.set('asked', msg);
flow.set('open', payload.results.length);
return [payload.results.map((contact) => ({
  url: vendors.voucherify + '/v1/customers',
  customer: customerOf(contact.id, contact.properties),
  attempts: 0,
})), null];`;

/** The node that sends it replaces payload and headers by those of the answer. */
const attempt = `
msg.attempts += 1;
msg.payload = msg.customer;
msg.headers = { 'X-App-Id': 'bench', 'X-App-Token': 'bench', 'content-type': 'application/json' };
return msg;`;

/** Again, the next page, or the answer. */
const outcome = `
if (msg.statusCode !== 200 && msg.attempts < ${maxAttempts}) return [msg, null, null];
if (msg.statusCode !== 200) flow.set('failed', (flow.get('failed') || 0) + 1);
const open = flow.get('open') - 1;
flow.set('open', open);
if (open > 0) return null;
const asked = flow.get('asked');
if (asked.after) return [null, asked, null];
const failed = flow.get('failed') || 0;
asked.statusCode = failed > 0 ? 500 : 200;
asked.payload = { failed };
return [null, null, asked];`;

const begin = `
msg.vendors = msg.payload;
msg.after = undefined;
flow.set('failed', 0);
return msg;`;

/** As its editor exports it. `plan`: calls are spread over time by the delay node, as its documentation has it for such limits. */
export function nodeRedFlow(plan: Plan | null): object[] {
  const node = (id: string, type: string, wires: string[][], more: object = {}) => ({
    id,
    type,
    z: 'sync',
    name: '',
    x: 0,
    y: 0,
    wires,
    ...more,
  });
  const code = (id: string, func: string, wires: string[][]) =>
    node(id, 'function', wires, {
      func,
      outputs: wires.length,
      timeout: 0,
      noerr: 0,
      initialize: '',
      finalize: '',
      libs: [],
    });
  const request = (id: string, method: string, wires: string[][]) =>
    node(id, 'http request', wires, {
      method,
      ret: 'obj',
      paytoqs: 'ignore',
      url: '',
      tls: '',
      persist: true,
      proxy: '',
      insecureHTTPParser: false,
      authType: '',
      senderr: false,
      headers: [],
    });
  const delay = (id: string, more: object, wires: string[][]) =>
    node(id, 'delay', wires, {
      pauseType: 'delay',
      timeout: '1',
      timeoutUnits: 'seconds',
      rate: '1',
      nbRateUnits: '1',
      rateUnits: 'minute',
      randomFirst: '1',
      randomLast: '5',
      randomUnits: 'seconds',
      drop: false,
      allowrate: false,
      outputs: 1,
      ...more,
    });
  const send = plan ? 'paced' : 'attempt';
  return [
    { id: 'sync', type: 'tab', label: 'HubSpot to Voucherify', disabled: false, info: '' },
    node('asked', 'http in', [['begin']], { url: '/sync', method: 'post', upload: false, swaggerDoc: '' }),
    node('ready', 'http in', [['answer']], { url: '/ready', method: 'get', upload: false, swaggerDoc: '' }),
    code('begin', begin, [['page']]),
    code('page', nextPage, [['list']]),
    request('list', 'GET', [['customers']]),
    code('customers', customers, [[send], ['answer']]),
    ...(plan
      ? [delay('paced', { pauseType: 'rate', rate: String(plans[plan].apiCalls.requests) }, [['attempt']])]
      : []),
    code('attempt', attempt, [['upsert']]),
    request('upsert', 'POST', [['outcome']]),
    code('outcome', outcome, [['later'], ['page'], ['answer']]),
    delay('later', {}, [[send]]),
    node('answer', 'http response', [], { statusCode: '', headers: {} }),
  ];
}
