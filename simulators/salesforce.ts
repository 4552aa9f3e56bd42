// The simulated Salesforce org: SOQL, describe, records by ID, tokens without an end, and the calls of the whole org.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
import { type Context, Hono } from 'hono';
import { createOAuthSimulator, type OAuthOptions } from './oauth.ts';
import { longId, Org, type OrgOptions } from './salesforce/org.ts';
import { type QueryJobOptions, QueryJobs } from './salesforce/query-jobs.ts';
import { compare, parseSoql, type Row, type Soql, SoqlError } from './salesforce/soql.ts';

export type SalesforceOptions = OrgOptions & {
  /** A token that lives for good, in place of `oauth`. */
  accessToken?: string;
  oauth?: Pick<
    OAuthOptions,
    'clientId' | 'clientSecret' | 'refreshToken' | 'rotates' | 'jwt' | 'clientCredentials'
  >;
  organizationId?: string;
  /** Calls in 24 hours of everybody; refused beyond. Default: 15,000. */
  callsPerDay?: number;
  /** Rows of an answer, whatever was asked for: wide rows make it smaller. Default: 2,000. */
  batch?: number;
  /** Whether the user may see all contacts. Default: true. */
  viewsAll?: boolean;
  queryJobs?: QueryJobOptions;
  /** Answers in place of the org's own. */
  faults?: (path: string) => Response | undefined;
};

const maxUri = 16_384;
const maxIds = 2_000;
const locatorMs = 2 * 86_400_000;

export function createSalesforceSimulator(options: SalesforceOptions) {
  const { now, organizationId = '00D5g000004XyZ1', callsPerDay = 15_000, batch = 2_000 } = options;
  const org = new Org(options);
  const queryJobs = new QueryJobs(org, now, options.queryJobs);
  const app = new Hono();
  const state = { calls: 0, asked: [] as string[] };
  const locators = new Map<string, { rows: Row[]; soql: Soql; at: number }>();
  const oauth = options.oauth
    ? createOAuthSimulator({
        path: '/services/oauth2/token',
        authorizePath: '/services/oauth2/authorize',
        seconds: null,
        now,
        ...options.oauth,
        extra: (origin) => ({
          instance_url: origin,
          id: `https://login.salesforce.com/id/${longId(organizationId)}/0055g00000ABCDEAA4`,
          issued_at: String(now()),
          signature: 'c2lnbmVk',
          scope: 'api refresh_token',
        }),
      })
    : null;

  const failure = (c: Context, status: 400 | 401 | 403 | 404, errorCode: string, message: string) =>
    c.json([{ message, errorCode }], status);

  if (oauth) app.route('/', oauth.app);
  app.use('/services/*', async (c, next) => {
    const { path } = c.req;
    const { search } = new URL(c.req.url);
    state.asked.push(`${path}${decodeURIComponent(search.replaceAll('+', ' '))}`);
    const fault = options.faults?.(path);
    if (fault) return fault;
    if (path.length + search.length > maxUri) return c.html('<h1>414 URI Too Long</h1>', 414);
    const authorization = c.req.header('authorization');
    const isLive = oauth
      ? oauth.isLive(authorization)
      : authorization === `Bearer ${options.accessToken ?? ''}`;
    if (!isLive) return failure(c, 401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    if (state.calls >= callsPerDay)
      return failure(c, 403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
    state.calls += 1;
    await next();
    // Of the whole org, and not in order where calls are answered at once (recorded).
    const shown = state.calls - (state.calls % 7 === 0 ? 3 : 0);
    c.header('sforce-limit-info', `api-usage=${shown}/${callsPerDay}`);
    return undefined;
  });

  app.get('/services/oauth2/userinfo', (c) =>
    c.json({
      user_id: '0055g00000ABCDEAA4',
      organization_id: longId(organizationId),
      zoneinfo: 'Europe/Warsaw',
    }),
  );

  const data = new Hono();
  data.get('/sobjects/:object/describe', (c) => {
    const object = c.req.param('object');
    const types = org.typesOf(object);
    if (!types) return failure(c, 404, 'NOT_FOUND', 'The requested resource does not exist');
    const isPart = (name: string) => /^Mailing/.test(name) && types.get(name) !== 'address';
    const fields = [...types].map(([name, type]) => ({
      name,
      label: name.replaceAll(/([a-z])([A-Z])/g, '$1 $2'),
      type,
      soapType: `xsd:${type === 'datetime' ? 'dateTime' : 'string'}`,
      calculated: false,
      custom: name.endsWith('__c'),
      compoundFieldName: isPart(name) ? 'MailingAddress' : null,
    }));
    return c.json({ name: object, queryable: true, fields });
  });

  const query = (withDeleted: boolean) => (c: Context) => {
    const text = c.req.query('q') ?? '';
    if (/ FROM ObjectPermissions /.test(text)) {
      const records =
        options.viewsAll === false
          ? []
          : ['Contact', 'Lead', 'Account'].map((SobjectType) => ({ SobjectType }));
      return c.json({ totalSize: records.length, done: true, records });
    }
    if (/ FROM Organization$/.test(text))
      return c.json({ totalSize: 1, done: true, records: [{ Id: longId(organizationId) }] });
    const soql = parseSoql(text, (object) => org.typesOf(object));
    const rows = shuffled(org.visible(soql.object, withDeleted).filter(soql.matches)).sort(by(soql.order));
    const found = rows.slice(0, soql.limit ?? rows.length);
    if (soql.fields.length === 0) return c.json({ totalSize: found.length, done: true, records: [] });
    return page(c, { rows: found, soql, at: now() }, 0);
  };
  data.get('/query', query(false));
  data.get('/queryAll', query(true));
  data.get('/query/:locator', (c) => {
    const [name = '', from = ''] = c.req.param('locator').split('-');
    const known = locators.get(name);
    if (!known || now() - known.at > locatorMs)
      return failure(c, 400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
    return page(c, known, Number(from));
  });

  function page(c: Context, found: { rows: Row[]; soql: Soql; at: number }, from: number): Response {
    const { rows, soql } = found;
    const asked = /batchSize=(\d+)/.exec(c.req.header('sforce-query-options') ?? '')?.[1];
    const size = Math.min(batch, Math.max(Number(asked ?? 2_000), 200));
    const to = from + size;
    const done = to >= rows.length;
    const name = `0r85g00000${locators.size}`;
    if (!done) locators.set(name, found);
    const records = rows.slice(from, to).map((row) => shown(row, soql.object, soql.fields));
    const nextRecordsUrl = `/services/data/v68.0/query/${name}-${to}`;
    return c.json({ totalSize: rows.length, done, ...(!done && { nextRecordsUrl }), records });
  }

  /** In the order asked; null alike of what is deleted, hidden, or never was. */
  data.post('/composite/sobjects/:object', async (c) => {
    const object = c.req.param('object');
    const { ids, fields } = (await c.req.json()) as { ids: string[]; fields: string[] };
    const types = org.typesOf(object);
    if (!types) return failure(c, 400, 'INVALID_TYPE', `sObject type '${object}' is not supported.`);
    if (ids.length > maxIds) return failure(c, 400, 'EXCEEDED_ID_LIMIT', 'record limit reached');
    const wrong = fields.find((field) => !types.has(field));
    if (wrong !== undefined)
      return failure(c, 400, 'INVALID_FIELD', `No such column '${wrong}' on entity '${object}'`);
    const rows = new Map(org.visible(object, false).map((row) => [row.Id.slice(0, 15), row]));
    if (ids.some((id) => !/^[0-9A-Za-z]{15}([0-9A-Za-z]{3})?$/.test(id)))
      return failure(c, 400, 'MALFORMED_ID', 'malformed id');
    const answer = ids.map((id) => rows.get(id.slice(0, 15)));
    return c.json(answer.map((row) => (row ? shown(row, object, ['Id', ...fields]) : null)));
  });

  data.get('/sobjects/:object/:id', (c) => {
    const { object, id } = c.req.param();
    const row = org.visible(object, true).find((one) => compare(longId(one.Id), longId(id)) === 0);
    if (!row) return failure(c, 404, 'NOT_FOUND', 'The requested resource does not exist');
    if (row['IsDeleted'] === true) return failure(c, 404, 'ENTITY_IS_DELETED', 'entity is deleted');
    return c.json(shown(row, object, [...(org.typesOf(object) ?? new Map()).keys()]));
  });

  data.get('/limits', (c) =>
    c.json({ DailyApiRequests: { Max: callsPerDay, Remaining: callsPerDay - state.calls } }),
  );

  data.route('/jobs/query', queryJobs.app);
  app.route('/services/data/v68.0', data);
  app.onError((error, c) => {
    if (error instanceof SoqlError) return failure(c, 400, error.code, error.message);
    throw error;
  });
  app.notFound((c) => failure(c, 404, 'NOT_FOUND', 'The requested resource does not exist'));

  return { app, org, oauth, queryJobs, state };
}

function shown(row: Row, object: string, fields: readonly string[]): { [field: string]: unknown } {
  const attributes = { type: object, url: `/services/data/v68.0/sobjects/${object}/${row.Id}` };
  return { attributes, ...Object.fromEntries(fields.map((field) => [field, row[field] ?? null])) };
}

function by(order: readonly string[]): (one: Row, other: Row) => number {
  return (one, other) =>
    order.map((field) => compare(one[field] ?? null, other[field] ?? null)).find((sign) => sign !== 0) ?? 0;
}

/** Of rows that are equal by the order nobody knows which comes first. */
function shuffled(rows: readonly Row[]): Row[] {
  return rows
    .map((row) => ({ row, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ row }) => row);
}
