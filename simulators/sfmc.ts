// The simulated business unit of Salesforce Marketing Cloud: one data extension, whose rows are text under lower-case names, results
// that a token pins and that expire, and no word of a row that is empty. https://developer.salesforce.com/docs/marketing
import { type Context, Hono } from 'hono';
import { QuotaWindows } from './quota-windows.ts';

export type SfmcOptions = {
  now: () => number;
  /** Whether an access token is accepted. Default: any is. */
  isLive?: (accessToken: string) => boolean;
  /** How long a result lives, seconds. */
  resultSeconds?: number;
  /** The package may not read data extensions. */
  lacksScope?: boolean;
  /** Calls in a second. Default: no limit. */
  perSecond?: number;
  /** Answers in place of Marketing Cloud's own. */
  faults?: (path: string) => Response | undefined;
};

export type SfmcRow = { [column: string]: string };

export const dataExtension = 'Customers_For_Vouchers';
const keyColumn = 'SubscriberKey';

export function createSfmcSimulator(options: SfmcOptions) {
  const { now } = options;
  const app = new Hono();
  const rows = new Map<string, SfmcRow>();
  const results = new Map<string, { rows: SfmcRow[]; expiresAt: number }>();
  const calls = options.perSecond
    ? new QuotaWindows([{ name: 'second', requests: options.perSecond, seconds: 1 }])
    : null;
  const state = { refused: 0, calls: 0 };
  let serial = 0;

  const failure = (c: Context, status: 400 | 401 | 403 | 404 | 429, message: string, errorcode: number) =>
    c.json({ message, errorcode, documentation: '' }, status);

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    const token = c.req.header('authorization')?.replace(/^Bearer /, '') ?? '';
    if (options.isLive?.(token) === false) return failure(c, 401, 'Not Authorized', 1);
    if (calls?.admit(now()).admitted === false) {
      state.refused += 1;
      return failure(c, 429, 'Your requests are temporarily blocked.', 50200);
    }
    state.calls += 1;
    // Before any look at the key.
    if (options.lacksScope) return failure(c, 403, 'Insufficient privileges to complete this action.', 0);
    return next();
  });

  app.get('/data/v1/customobjectdata/key/:key/rowset', (c) => {
    if (c.req.param('key') !== dataExtension)
      return failure(c, 404, 'Unable to find data extension by key', 10004);
    const [, wanted] = /^SubscriberKey eq '(.*)'$/s.exec(c.req.query('$filter') ?? '') ?? [];
    const key = wanted?.replaceAll("''", "'");
    const found = [...rows.values()].filter((row) => key === undefined || row[keyColumn] === key);
    const requestToken = `token-${results.size + 1}`;
    const pinned = { rows: found, expiresAt: now() + (options.resultSeconds ?? 1_079) * 1000 };
    results.set(requestToken, pinned);
    return page(c, requestToken, pinned);
  });

  app.get('/data/v1/customobjectdata/token/:token/rowset', (c) => {
    const pinned = results.get(c.req.param('token'));
    if (!pinned || pinned.expiresAt <= now()) return failure(c, 404, 'Request token is invalid', 10005);
    return page(c, c.req.param('token'), pinned);
  });

  app.notFound((c) => failure(c, 404, 'Not Found', 404));

  function page(
    c: Context,
    requestToken: string,
    { rows: found, expiresAt }: { rows: SfmcRow[]; expiresAt: number },
  ) {
    const number = Number(c.req.query('$page') ?? 1);
    const size = Math.min(Number(c.req.query('$pagesize') ?? 2_500), 2_500);
    const items = found.slice((number - 1) * size, number * size).map(shown);
    const self = `/v1/customobjectdata/token/${requestToken}/rowset?$page=${number}`;
    return c.json({
      // Without /data.
      links: {
        self,
        ...(number * size < found.length && { next: self.replace(/\d+$/, String(number + 1)) }),
      },
      requestToken,
      // UTC, though nothing says so.
      tokenExpireDateUtc: new Date(expiresAt).toISOString().slice(0, 23),
      customObjectId: 'b0d6a3f2-0000-0000-0000-000000000000',
      customObjectKey: dataExtension,
      pageSize: size,
      page: number,
      count: found.length,
      top: 0,
      ...(items.length > 0 && { items }),
    });
  }

  function shown(row: SfmcRow) {
    const lower = Object.entries(row).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
    const isKey = ([name]: [string, string]) => name === keyColumn.toLowerCase();
    return {
      keys: Object.fromEntries(lower.filter(isKey)),
      values: Object.fromEntries(lower.filter((column) => !isKey(column))),
    };
  }

  function create(values: SfmcRow = {}): string {
    serial += 1;
    const key = values[keyColumn] ?? `shop-${serial}`;
    rows.set(key, {
      SubscriberKey: key,
      FirstName: 'Person',
      LastName: String(serial),
      EmailAddress: `p${serial}@example.com`,
      BirthDate: '6/13/2005 12:00:00 AM',
      Newsletter: 'True',
      Points: '22.1',
      City: '',
      ...values,
    });
    return key;
  }

  return {
    app,
    rows,
    state,
    create,
    change: (key: string, values: SfmcRow) => rows.set(key, { ...rows.get(key), ...values }),
    remove: (key: string) => rows.delete(key),
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create();
    },
    ids: (): string[] => [...rows.keys()],
  };
}
