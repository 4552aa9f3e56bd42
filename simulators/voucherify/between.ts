// What stands between a caller and Voucherify may answer in its place: proxies, firewalls, gateways, portals. Each answer as
// such a thing gives it, and the vendor's own ones that pass. It does not know when they are given.

const page = (status: number, title: string) =>
  new Response(`<html><head><title>${status} ${title}</title></head><body>${title}</body></html>\n`, {
    status,
    headers: { 'content-type': 'text/html' },
  });
const redirect = (status: number) => () =>
  new Response(null, { status, headers: { location: 'https://status.example.test/' } });
const own = (code: number, key: string, message: string, headers: { [name: string]: string } = {}) =>
  Response.json(
    { code, key, message, details: message, request_id: 'v-0000000000000001' },
    { status: code, headers },
  );

const answers = {
  'redirect-301': redirect(301),
  'redirect-302': redirect(302),
  'redirect-303': redirect(303),
  'redirect-307': redirect(307),
  'redirect-308': redirect(308),
  'nginx-400': () => page(400, 'Bad Request'),
  'nginx-404': () => page(404, 'Not Found'),
  'nginx-405': () => page(405, 'Not Allowed'),
  'nginx-411': () => page(411, 'Length Required'),
  'nginx-413': () => page(413, 'Request Entity Too Large'),
  'nginx-414': () => page(414, 'Request-URI Too Large'),
  'nginx-415': () => page(415, 'Unsupported Media Type'),
  'nginx-431': () => page(431, 'Request Header Fields Too Large'),
  'nginx-502': () => page(502, 'Bad Gateway'),
  'firewall-403': () => page(403, 'Forbidden'),
  'firewall-406': () => page(406, 'Not Acceptable'),
  'legal-451': () => page(451, 'Unavailable For Legal Reasons'),
  'firewall-200': () => page(200, 'Request Rejected'),
  'empty-400': () => new Response(null, { status: 400 }),
  'empty-409': () => new Response(null, { status: 409 }),
  'empty-412': () => new Response(null, { status: 412 }),
  'aws-400': () => Response.json({ message: 'Bad Request' }, { status: 400 }),
  'aws-403': () => Response.json({ message: 'Forbidden' }, { status: 403 }),
  'google-400': () =>
    Response.json({ code: 400, message: 'INVALID_ARGUMENT: not this body' }, { status: 400 }),
  'kong-404': () => Response.json({ message: 'no Route matched with those values' }, { status: 404 }),
  'kong-413': () => Response.json({ message: 'Request size limit exceeded' }, { status: 413 }),
  'cloudflare-403': () =>
    Response.json({ title: 'Error 1020: Access denied', status: 403, error_code: 1020 }, { status: 403 }),
  'envoy-404': () =>
    new Response('no healthy upstream', { status: 404, headers: { 'content-type': 'text/plain' } }),
  'object-200': () => Response.json({}),
  'stranger-200': () =>
    Response.json({ id: 'cust_stranger', source_id: 'somebody-else', object: 'customer', metadata: {} }),
  unauthorized: () => own(401, 'unauthorized', 'Unauthorized'),
  forbidden: () => own(403, 'missing_required_permission', 'Missing permission'),
  conflict: () => own(409, 'resource_conflict', 'Concurrent modification, try again'),
  invalid: () => own(400, 'invalid_payload', 'Invalid payload'),
} as const;

/** An answer of something in between, or one of Voucherify's that has nothing to do with the customer. */
export type BetweenAnswer = keyof typeof answers;

export const betweenAnswers = Object.keys(answers) as BetweenAnswer[];

export function answerBetween(name: BetweenAnswer): Response {
  return answers[name]();
}
