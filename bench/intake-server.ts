// The door of webhooks as a process of its own, in one of four ways: kept as we do, with one insert a request, with one of a
// plan that the server keeps, or not kept at all. Everything before and after the keeping is the same. It prints its address.
import { type SQL, sql } from 'drizzle-orm';
import { connectors } from '../connectors/index.ts';
import { Tributary } from '../src/app/app.ts';
import { checkConfig } from '../src/config.ts';
import { json, openDatabase, toTimestamp } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';
import type { NewRequest } from '../src/tables/inbox.ts';
import { createApp } from '../src/web/app.ts';
import { serveApp } from '../src/web/server.ts';
import { intakeConfig } from '../test/support/intake.ts';

const { way, where } = JSON.parse(process.argv[2] ?? '{}') as {
  way: 'ours' | 'one insert a request' | 'one prepared insert' | 'no database';
  where: { url?: string; directory: string };
};

const database = await openDatabase(where);

const log = createLog({ level: 'error', write: (line) => process.stderr.write(line) });

const config = checkConfig('bench', intakeConfig, {}, connectors);

const tributary = new Tributary({ config, database, clock: systemClock, log });

if (way === 'no database') tributary.inbox.keep = async () => {};

if (way === 'one insert a request') tributary.inbox.keep = (request) => insertOne(request, database.rows);

if (way === 'one prepared insert') tributary.inbox.keep = (request) => insertOne(request, database.prepared);

const app = createApp(tributary, {
  apiToken: 'a-token-for-the-bench',
  version: '0',
  dataDir: where.directory,
});

const served = await serveApp(app, { host: '127.0.0.1', port: 0 });

console.log(served.url);

/** As anybody would write it. */
async function insertOne(
  { source, receivedAt, method, query, headers, body }: NewRequest,
  run: (statement: SQL) => Promise<unknown>,
): Promise<void> {
  await run(sql`
    insert into inbox (source, received_at, method, query, headers, body, due_at)
    values (${source}, ${toTimestamp(receivedAt)}, ${method}, ${json(query)}, ${json(headers)},
      decode(${Buffer.from(body).toString('base64')}, 'base64'), ${toTimestamp(receivedAt)})`);
}
