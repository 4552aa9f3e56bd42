// How long pages and answers of the API take with a million customers: all in one process, without a network. It does not
// know how a page is made.
import { tmpdir } from 'node:os';
import { connectors } from '../connectors/index.ts';
import { Tributary } from '../src/app/app.ts';
import { checkConfig } from '../src/config.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';
import { createApp } from '../src/web/app.ts';
import { LoginCodes } from '../src/web/login-codes.ts';
import { timeless } from '../test/support/databases.ts';
import { onServer } from '../test/support/postgres.ts';
import { openSyncWorld } from '../test/support/sync-world.ts';
import { type Figure, median } from './figures.ts';
import { onMigratedDatabase } from './own-database.ts';

const customers = 1_000_000;
/** Synced as usual; the others are copies of them. */
const synced = 1_000;
const times = 7;
const mostMs = 100;
const token = 'a-token-for-the-bench-of-pages';

/** Those that read lists, counts or one of the million. What one page shows is never more than a screen or two. */
const paths: readonly string[] = [
  '/',
  '/?range=7d',
  '/sources',
  '/sources/hubspot',
  '/runs',
  '/runs/1',
  '/runs/1?records=true',
  '/customers',
  '/customers?state=dead',
  '/customers?state=waiting',
  '/customers?q=1001-500',
  '/customers?q=person-1001-500@example.org',
  '/customers?q=Kowalska',
  '/customers?q=nobody-of-that-name',
  '/customers/1001-500',
  '/customers/1001-500?field=name',
  '/problems',
  '/problems?show=letters',
  '/problems?show=drift',
  '/problems?show=quarantine',
  '/deliveries',
  '/inbox',
  '/verification',
  '/mapping?source=hubspot',
  '/spend',
  '/audit',
  '/access',
  '/api/status',
  '/api/customers?limit=100',
  '/api/customers?state=dead&limit=100',
  '/api/dead-letters',
  '/api/dead-letters/groups',
  '/api/drifts',
  '/api/inbox',
  '/api/balance',
  '/metrics',
];

/** Asked for by a person who knows what it costs: it reads all customers. */
const searches: readonly string[] = ['/customers?q=nobody-of-that-name&all=true'];

export async function pagesFigures(server: string | null): Promise<Figure[]> {
  if (!server) return [];
  return onMigratedDatabase(server, async (url, database) => {
    const world = await openSyncWorld(timeless(database));
    world.hubspot.seed(synced, 7);
    await world.tributary.start();
    await world.sync();
    await world.close();
    await fill(url);
    // The world's own clock leaps ahead where nothing is simulated.
    const tributary = new Tributary({
      config: checkConfig('the bench of pages', world.raw, {}, connectors),
      database,
      clock: systemClock,
      log: createLog({ level: 'error' }),
      secretKey: null,
    });
    const app = createApp(tributary, {
      apiToken: token,
      version: '1.0.0',
      sandbox: null,
      dataDir: tmpdir(),
      loginCodes: new LoginCodes(systemClock),
    });
    const ask = async (path: string) => {
      const begun = performance.now();
      const response = await app.request(path, { headers: { authorization: `Bearer ${token}`, cookie } });
      const text = await response.text();
      // A search that finds one customer leads there.
      if (response.status >= 400) throw new Error(`${path} was answered with ${response.status}`);
      return { ms: performance.now() - begun, isCounting: text.includes('id="counting"') };
    };
    const cookie = await logIn(app);
    const figures: Figure[] = [];
    for (const path of [...paths, ...searches]) {
      const first = await ask(path);
      for (let last = first; last.isCounting; ) last = await ask(path);
      const taken: number[] = [];
      for (let time = 0; time < times; time += 1) taken.push((await ask(path)).ms);
      const usual = median(taken);
      figures.push({
        name: path,
        ours: `${Math.round(usual)} ms`,
        against: `${Math.round(first.ms)} ms at first, ${Math.round(Math.max(...taken))} ms at most`,
        ratio: null,
        bar: searches.includes(path) ? null : { value: Math.round(usual), most: mostMs, unit: ' ms' },
      });
    }
    return figures;
  });
}

async function logIn(app: ReturnType<typeof createApp>): Promise<string> {
  const response = await app.request('/login', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    body: `token=${token}`,
  });
  const [cookie] = response.headers.getSetCookie();
  if (!cookie) throw new Error(`the login was answered with ${response.status}`);
  return cookie.split(';')[0]!;
}

/** The customers that were synced, a thousand times, with problems of each kind; and what weeks of work leave behind. */
function fill(url: string): Promise<void> {
  const copies = customers / synced - 1;
  return onServer(url, async (sql) => {
    await sql`
    insert into customers (source_id, revision, fields, dropped, orphaned, deletion_refused, clash, created_at, updated_at, created_run_id)
    select source_id || '-' || copy, revision, fields || jsonb_build_object('email', 'person-' || source_id || '-' || copy || '@example.org'),
      dropped, orphaned, deletion_refused, clash, created_at, updated_at - copy * interval '1 minute', created_run_id
    from customers, generate_series(1, ${copies}::int) as copy`;
    await sql`
    insert into records (source, stream, record_id, source_id, changed_at, hash, body, run_id, received_at, faults)
    select source, stream, record_id || '-' || copy, source_id || '-' || copy, changed_at, hash, body, run_id, received_at,
      case when copy % 200 = 0 then '[{"field": "email", "reason": "is not an email address"}]'::jsonb end
    from records, generate_series(1, ${copies}::int) as copy`;
    await sql`
    insert into acknowledgements (source_id, revision, fields, acknowledged_at)
    select source_id || '-' || copy, revision, fields, acknowledged_at
    from acknowledgements, generate_series(1, ${copies}::int) as copy`;
    await sql`
    insert into deliveries (source_id, revision, acknowledged, state, lane, due_at, waiting_since, attempts, delivered_at, error_code, error)
    select source_id || '-' || copy, revision, acknowledged,
      case when copy % 250 = 0 then 'dead' when copy % 100 = 1 then 'waiting' else 'delivered' end,
      lane,
      case when copy % 100 = 1 then now() + interval '1 hour' end,
      case when copy % 250 = 0 or copy % 100 = 1 then now() - interval '1 hour' end,
      case when copy % 250 = 0 then 3 else 0 end,
      delivered_at,
      case when copy % 250 = 0 then 'invalid_phone' end,
      case when copy % 250 = 0 then 'The phone number of customer ' || source_id || ' is invalid.' end
    from deliveries, generate_series(1, ${copies}::int) as copy`;
    await sql`
    insert into drifts (source_id, kind, fields, by, found_at)
    select source_id, 'differs', '{"email": {"expected": "a@example.org", "found": "b@example.org"}}'::jsonb, 'verification 7', now()
    from customers where source_id like '%-77' or source_id like '%-78'`;
    await sql`
    insert into inbox (source, state, received_at, method, query, headers, body, opened_at)
    select 'hubspot', case when n % 1000 = 0 then 'dead' else 'opened' end, now() - n * interval '1 second', 'POST', '{}', '{}',
      convert_to('[{"objectId":' || n || '}]', 'utf8'), case when n % 1000 > 0 then now() end
    from generate_series(1, 300000) as n`;
    await sql`
    insert into runs (source, mode, lane, trigger, state, requested_at, started_at, ended_at, due_at, pages, received, changed, unchanged)
    select source, mode, lane, 'schedule', state, requested_at, started_at, ended_at, due_at, pages, received, changed, unchanged
    from runs, generate_series(1, 20000)`;
    await sql`analyze`;
  });
}
