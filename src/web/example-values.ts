// What stands for a value in the examples of the OpenAPI document, by the name of its property. The numbers add up where they must.

interface Values {
  readonly [name: string]: unknown;
}

export const values: Values = {
  // What a format is like.
  uuid: '6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e',
  uri: 'https://app.example.com/',
  date: '2027-03-01',
  'date-time': '2026-03-01T12:00:00.000Z',
  // Names.
  name: 'hubspot',
  source: 'hubspot',
  connector: 'hubspot',
  stream: 'contacts',
  sourceId: '951',
  recordId: '951',
  fromSourceId: '952',
  ref: '951',
  field: 'metadata.plan',
  attribute: 'points',
  column: 'E-Mail',
  email: 'anna@example.com',
  destination: 'voucherify',
  account: 'project-1',
  quota: 'calls',
  version: '1.0.0',
  timezone: 'UTC',
  schedule: '*/5 * * * *',
  fullSchedule: '0 3 * * 0',
  nextCursor: null,
  cursor: '1200',
  method: 'POST',
  path: '/webhooks/hubspot',
  url: 'https://sync.example.com/webhooks/hubspot',
  redirectUri: 'http://127.0.0.1:8414/callback',
  // IDs and counts.
  id: 12,
  runId: 12,
  revision: 3,
  acknowledgedRevision: 3,
  pages: 3,
  received: 250,
  changed: 12,
  unchanged: 236,
  superseded: 0,
  filtered: 2,
  rejected: 0,
  customers: 12,
  expected: 250,
  attempts: 1,
  limit: 1600,
  seconds: 60,
  used: 240,
  bytes: 812,
  total: 250,
  delivered: 238,
  waiting: 12,
  held: 0,
  dead: 0,
  length: 7,
  // States without trouble.
  state: 'finished',
  trigger: 'schedule',
  lane: 'schedule',
  step: null,
  dropped: ['phone'],
  notes: [],
  targets: ['hubspot'],
  error: null,
  errorCode: null,
  fault: null,
  paused: null,
  deletedAt: null,
  cancelRequestedAt: null,
  trialAt: null,
  databaseFault: null,
  // Sentences.
  sentence: 'All 250 customers are in step.',
  summary: 'All match.',
  reason: 'The CRM is being moved.',
  detail: 'The destination refuses the e-mail address.',
  message: 'The e-mail address is not valid.',
  note: 'Asked for by telephone.',
  plain: 'The destination refuses the e-mail address.',
  next: 'Correct it at the source.',
  title: 'Conflict',
  by: 'anna',
  value: 'gold',
  wanted: { points: 120 },
  payload: { source_id: '951', metadata: { plan: 'gold' } },
  plan: 'gold',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};

/** Values of a shape with a name, in which a word means something else. */
export const contextual: { readonly [component: string]: Values } = {
  Token: { name: 'anna' },
  NewToken: { name: 'anna', token: 'trb_3pTn1cQeZkX0a9vVb2m5yGJr7uWdLhSfEoKtIxNzMqA' },
  AuditEntry: { status: 202 },
  CustomerLine: { name: 'Anna Nowak', acknowledged: 3, state: 'delivered' },
  Customer: {
    acknowledged: 3,
    state: 'delivered',
    dueAt: null,
    waitingSince: null,
    carriedBy: null,
    filtered: null,
    faults: null,
  },
  Call: { path: '/crm/v3/objects/contacts/search', status: 200 },
  LogLine: { message: 'a run has ended' },
  Drift: { by: 'verification' },
};

/** Records of values by name. */
export const records: Values = {
  fields: { email: 'anna@example.com', 'metadata.plan': 'gold' },
  body: { id: '951', email: 'anna@example.com' },
  mapping: { email: 'email', 'metadata.plan': 'plan' },
  payload: { source_id: '951', metadata: { plan: 'gold' } },
};

/** Bodies that are no JSON. */
export const texts: { readonly [type: string]: string } = {
  'text/csv': 'Source_id,Email\n951,anna@example.com\n',
  'application/jsonl':
    '{"id":12,"kind":"record","source":"hubspot","ref":"951","message":"The e-mail address is not valid."}\n',
  'text/plain':
    '# HELP tributary_customers Customers by state of delivery.\n# TYPE tributary_customers gauge\ntributary_customers{state="delivered"} 250\n',
};
