// The simulated Dataverse environment: contacts by list, delta and ID; links to a second host; change tracking that needs sight of
// the whole organization; service protection limits. https://learn.microsoft.com/power-apps/developer/data-platform/webapi/
import { type Context, Hono } from 'hono';
import { columns, Environment, type Row } from './dynamics/environment.ts';
import { createOAuthSimulator, type OAuthOptions } from './oauth.ts';
import { QuotaWindows } from './quota-windows.ts';

export type DynamicsOptions = {
  now: () => number;
  /** A token that lives for good, in place of `oauth`. */
  accessToken?: string;
  oauth?: Pick<OAuthOptions, 'clientId' | 'clientSecret' | 'refreshToken' | 'clientCredentials'>;
  organizationId?: string;
  /** Calls of the user in five minutes. Default: 6,000. */
  callsPerWindow?: number;
  /** "Track changes" of the table. `refused`: a list with tracking gets a 400. Default: true. */
  tracked?: boolean | 'refused';
  /** How long a delta link is good. Default: 7. `silent`: afterwards it gives all rows and no deletions, as older servers do. */
  trackingDays?: number | 'silent';
  /** Answers in place of the environment's own. */
  faults?: (path: string) => Response | undefined;
};

const root = '/api/data/v9.2';
const dayMs = 86_400_000;

export function createDynamicsSimulator(options: DynamicsOptions) {
  const { now, organizationId = '11111111-aaaa-4bbb-8ccc-222222222222', callsPerWindow = 6_000 } = options;
  const environment = new Environment(options);
  const app = new Hono();
  const state = { asked: [] as string[], refusals: 0, expireAll: false };
  const windows = new QuotaWindows([{ name: 'calls', requests: callsPerWindow, seconds: 300 }]);
  const oauth = options.oauth
    ? createOAuthSimulator({ path: '/acme/oauth2/v2.0/token', seconds: 3_600, now, ...options.oauth })
    : null;

  const failure = (c: Context, status: 400 | 401 | 403 | 404 | 429, code: string, message: string) =>
    c.json({ error: { code, message } }, status);

  if (oauth) app.route('/', oauth.app);
  app.use(`${root}/*`, async (c, next) => {
    const url = new URL(c.req.url);
    state.asked.push(`${url.pathname}${decodeURIComponent(url.search.replaceAll('+', ' '))}`);
    const fault = options.faults?.(url.pathname + url.search);
    if (fault) return fault;
    const authorization = c.req.header('authorization');
    const isKnown = oauth
      ? oauth.isLive(authorization)
      : authorization === `Bearer ${options.accessToken ?? ''}`;
    if (!isKnown) return c.body(null, 401, { 'www-authenticate': 'Bearer authorization_uri=…' });
    if (!windows.admit(now()).admitted) {
      // Whoever goes on waits longer.
      state.refusals += 1;
      c.header('retry-after', String(30 * state.refusals));
      return failure(c, 429, '0x80072322', 'Number of requests exceeded the limit of 6000.');
    }
    await next();
    c.header('x-ms-ratelimit-burst-remaining-xrm-requests', String(windows.remaining(now())['calls']));
    c.header('odata-version', '4.0');
    return undefined;
  });

  /** What is null of a column that is secured may be filled. */
  function shown(row: Row, select: readonly string[]): object {
    const names = select.length > 0 ? select : Object.keys(row);
    const values = names.map((name) => [name, environment.secured.has(name) ? null : row[name]]);
    return {
      '@odata.etag': `W/"${environment.versions.get(row.contactid)}"`,
      ...Object.fromEntries(values),
      contactid: row.contactid,
    };
  }

  const selectOf = (c: Context) => (c.req.query('$select') ?? '').split(',').filter(Boolean);
  const unknown = (select: readonly string[]) =>
    select.find((name) => columns[name.replace(/^_(\w+)_value$/, '$1')] === undefined);
  const context = (c: Context, of: string) => `${serviceRoot(c)}/$metadata#${of}`;
  /** Links name the second host, which an IP address does not have. */
  function serviceRoot(c: Context): string {
    const { protocol, host } = new URL(c.req.url);
    return `${protocol}//${/[a-z]/.test(host) ? host.replace('.', '.api.') : host}${root}`;
  }

  app.get(`${root}/WhoAmI`, (c) =>
    c.json({
      '@odata.context': context(c, 'Microsoft.Dynamics.CRM.WhoAmIResponse'),
      OrganizationId: organizationId,
      UserId: '7ce1f0d2-0000-4000-8000-00000000000c',
    }),
  );

  app.get(`${root}/EntityDefinitions(LogicalName='contact')/Attributes`, (c) =>
    c.json({
      '@odata.context': context(c, "EntityDefinitions('contact')/Attributes"),
      value: [
        ...Object.entries(columns).map(([LogicalName, AttributeType]) => ({
          LogicalName,
          AttributeType,
          AttributeOf: null,
          IsValidForRead: true,
          IsSecured: environment.secured.has(LogicalName),
          DisplayName: { UserLocalizedLabel: { Label: LogicalName, LanguageCode: 1033 } },
        })),
        {
          LogicalName: 'parentcustomeridname',
          AttributeType: 'String',
          AttributeOf: 'parentcustomerid',
          IsValidForRead: true,
        },
      ],
    }),
  );

  app.get(`${root}/contacts`, (c) => {
    const { $filter, $orderby, $skiptoken, $deltatoken } = c.req.query();
    const prefer = c.req.header('prefer') ?? '';
    const size = Number(/odata\.maxpagesize=(\d+)/.exec(prefer)?.[1] ?? 5_000);
    if (!(size >= 1 && size <= 5_000)) return failure(c, 400, '0x0', 'The page size is invalid.');
    const tracks = prefer.includes('odata.track-changes');
    const select = selectOf(c);
    const wrong = unknown(select);
    if (wrong) return failure(c, 400, '0x0', `Could not find a property named '${wrong}'.`);
    if (tracks && ($filter || $orderby))
      return failure(c, 400, '0x80060888', 'The query is not supported with change tracking.');
    if (tracks && options.tracked === 'refused')
      return failure(c, 400, '0x80040265', 'Change tracking is not enabled for the entity contact.');
    const isGranted = tracks && options.tracked !== false && environment.hidden.size === 0;
    if (tracks && isGranted) c.header('preference-applied', prefer);
    const params = new URL(c.req.url).searchParams;
    if ($deltatoken !== undefined) return deltaOf(c, $deltatoken, { select, size, prefer });
    let rows = environment.visible();
    const matches = filterOf($filter);
    if (!matches) return failure(c, 400, '0x80060888', 'The filter is not supported.');
    const key = (row: Row) => ($orderby ? `${row.modifiedon} ${row.contactid}` : row.contactid);
    rows = rows.filter(matches).sort((a, b) => (key(a) < key(b) ? -1 : 1));
    if ($skiptoken !== undefined) {
      const cookie = /last="\{([^}]+)\}" time="([^"]*)" prefer="([^"]*)"/.exec($skiptoken);
      if (!cookie || cookie[3] !== prefer)
        return failure(c, 400, '0x80048d05', 'The paging cookie is invalid.');
      const after = $orderby ? `${cookie[2]} ${cookie[1]!.toLowerCase()}` : cookie[1]!.toLowerCase();
      rows = rows.filter((row) => key(row) > after);
    }
    const page = rows.slice(0, size);
    const last = page.at(-1);
    const link = (name: string, value: string) => {
      params.delete('$skiptoken');
      params.set(name, value);
      return `${serviceRoot(c)}/contacts?${params}`;
    };
    return c.json({
      '@odata.context': context(c, `contacts(${select.join(',')})`),
      '@Microsoft.Dynamics.CRM.totalrecordcount': -1,
      value: page.map((row) => shown(row, select)),
      ...(rows.length > page.length
        ? {
            '@odata.nextLink': link(
              '$skiptoken',
              `<cookie pagenumber="2" last="{${last!.contactid.toUpperCase()}}" time="${last!.modifiedon}" prefer="${prefer}"/>`,
            ),
          }
        : isGranted && {
            '@odata.deltaLink': link('$deltatoken', tokenOf(environment.version)),
          }),
    });
  });

  const tokenOf = (version: number, after = '') => `${version}!${now()}!${after}`;

  /** Changed rows with all columns, then tombstones. */
  function deltaOf(
    c: Context,
    token: string,
    { select, size }: { select: readonly string[]; size: number; prefer: string },
  ): Response {
    const [since, issued, after] = token.split('!').map(Number) as [number, number, number];
    const { trackingDays = 7 } = options;
    const isOver =
      state.expireAll || now() - issued > (trackingDays === 'silent' ? 90 : trackingDays) * dayMs;
    if (isOver && trackingDays !== 'silent')
      return failure(
        c,
        400,
        '0x80044352',
        'Version stamp associated with the client has expired. Please perform a full sync.',
      );
    const from = isOver ? 0 : since;
    const entries = [...environment.versions]
      .filter(([id, version]) => version > from && (environment.rows.has(id) || !isOver))
      .map(([id, version]) => ({ id, row: environment.rows.get(id), version }));
    const ordered = [...entries.filter(({ row }) => row), ...entries.filter(({ row }) => !row)];
    const page = ordered.slice(after, after + size);
    const more = after + size < ordered.length;
    const params = new URL(c.req.url).searchParams;
    params.set('$deltatoken', more ? `${since}!${issued}!${after + size}` : tokenOf(environment.version));
    return c.json({
      '@odata.context': context(c, `contacts(${select.join(',')})/$delta`),
      ...(page.length > 0 && {
        value: page.map(({ id, row }) =>
          row
            ? shown(row, select)
            : { '@odata.context': context(c, 'contacts/$deletedEntity'), id, reason: 'deleted' },
        ),
      }),
      [more ? '@odata.nextLink' : '@odata.deltaLink']: `${serviceRoot(c)}/contacts?${params}`,
    });
  }

  app.get(`${root}/:one{contacts\\(.+\\)}`, (c) => {
    const id = /\(([^)]+)\)/.exec(c.req.param('one'))?.[1]?.toLowerCase() ?? '';
    const row = environment.rows.get(id);
    if (!row) return failure(c, 404, '0x80040217', `Entity 'contact' With Id = ${id} Does Not Exist`);
    if (environment.hidden.has(id))
      return failure(c, 403, '0x80040220', 'Principal user is missing prvReadContact privilege.');
    const select = selectOf(c);
    const wrong = unknown(select);
    if (wrong) return failure(c, 400, '0x0', `Could not find a property named '${wrong}'.`);
    return c.json({ '@odata.context': context(c, 'contacts/$entity'), ...shown(row, select) });
  });

  app.notFound((c) => failure(c, 404, '0x8006088a', 'Resource not found for the segment.'));

  return { app, environment, state, oauth };
}

/** The three conditions that are understood; null where it is another. */
function filterOf(filter: string | undefined): ((row: Row) => boolean) | null {
  if (filter === undefined) return () => true;
  const ids =
    /^Microsoft\.Dynamics\.CRM\.In\(PropertyName='contactid',PropertyValues=\[('[\da-f-]{36}'(?:,'[\da-f-]{36}')*)\]\)$/.exec(
      filter,
    )?.[1];
  if (ids !== undefined) {
    const asked = new Set(ids.replaceAll("'", '').split(','));
    return ({ contactid }) => asked.has(contactid);
  }
  const time = String.raw`(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)`;
  const [, from, to = '9'] =
    new RegExp(`^modifiedon ge ${time}(?: and modifiedon le ${time})?$`).exec(filter) ?? [];
  return from === undefined ? null : ({ modifiedon }) => modifiedon >= from && modifiedon <= to;
}
