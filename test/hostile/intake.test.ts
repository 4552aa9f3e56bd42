// Hostile texts through the other ways in: webhooks, files, the configuration. Each item and row costs itself at most, and what could
// not be kept can be opened or imported again.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/index.ts';
import { readConfigFile } from '../../src/config/file.ts';
import { checkConfig } from '../../src/config.ts';
import { runById } from '../../src/tables/runs.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { naughtyTexts } from '../support/naughty.ts';
import { openPushWorld, type PushWorld, signed } from '../support/push-world.ts';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.ts';

describe('webhooks with hostile texts', () => {
  let database: TestDatabase;
  let world: PushWorld;

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  async function start(source: object = {}): Promise<void> {
    database = await behaviour[0].open();
    world = await openPushWorld(database, { source });
    await world.tributary.start();
  }

  const changed = (id: string, name: string, at = Date.now()) => ({
    type: 'changed',
    id,
    at,
    body: { id, name, email: name, ['__proto__']: { name: 'polluted' } },
  });

  it('deliver what can be kept of them, each under its own ID, and lose none', async () => {
    await start();
    const items = Object.values(naughtyTexts).map((text, index) => changed(`person-${index}`, text));
    // Each alone, so that one request cannot hide the fault of another.
    for (const item of items) expect((await world.push(item)).status).toBe(200);
    await world.rest();
    const open = await database.rows(sql`select state, count(*)::int as count from inbox group by state`);
    expect(open).toEqual([{ state: 'opened', count: items.length }]);
    const rejected = await database.rows<{ ref: string }>(
      sql`select ref from dead_letters where settled_at is null`,
    );
    const taken = new Set(world.truth.taken.map(({ sourceId }) => sourceId));
    expect(taken.size + rejected.length).toBe(items.length);
    expect(rejected).toEqual([]);
    expect(JSON.stringify(world.truth.taken)).not.toContain('polluted');
    expect('name' in {}).toBe(false);
  });

  it('take the last of keys that a body has twice, wherever it is looked at', async () => {
    await start();
    const [one, other] = [JSON.stringify(changed('one', 'One')), JSON.stringify(changed('other', 'Other'))];
    const body = `${one.slice(0, -1)},${other.slice(1)}`;
    expect((await world.push(body)).status).toBe(200);
    await world.rest();
    expect(world.truth.taken).toMatchObject([{ sourceId: 'other', payload: { name: 'Other' } }]);
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])(
    'that decompress from a few kB by %s to hundreds of MB are refused within their limit',
    async (encoding, pack) => {
      await start({ webhook: { maxBodyBytes: 1_000_000 } });
      const bomb = pack(Buffer.alloc(200_000_000, 0x20));
      expect(bomb.length).toBeLessThan(1_000_000);
      const before = process.memoryUsage().rss;
      const answer = await world.app.request('/webhooks/pusher', {
        method: 'POST',
        body: bomb,
        headers: { 'content-type': 'application/json', 'content-encoding': encoding, ...signed(bomb) },
      });
      expect(answer.status).toBe(413);
      expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
      expect(await database.rows(sql`select 1 from inbox`)).toEqual([]);
    },
  );
});

describe('a file with hostile cells', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-hostile-'));
  let database: TestDatabase;
  let world: SyncWorld;

  afterEach(async () => {
    await world?.close();
    await database?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is imported: each row arrives or has a dead letter with the reason, such as one of 15 MB', async () => {
    database = await behaviour[0].open();
    world = await openSyncWorld(database, { sources: { files: { connector: 'csv' } } });
    await world.tributary.start();
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const texts = [...Object.values(naughtyTexts), 'long '.repeat(1_000_000)];
    const rows = texts.map((text, index) =>
      [`row-${index}`, text, `row-${index}@example.test`, text, text]
        .map((cell) => quoted(cell.toWellFormed()))
        .join(','),
    );
    const path = join(folder, 'people.csv');
    writeFileSync(path, ['Source_id,Name,Email,Phone,__proto__', ...rows].join('\r\n'));
    const begun = performance.now();
    const run = (await world.tributary.request({
      source: 'files',
      mode: 'import',
      trigger: 'manual',
      lane: 'backfill',
      request: { path, host: world.tributary.host },
    }))!;
    await world.rest();
    expect(performance.now() - begun).toBeLessThan(60_000);
    const ended = (await runById(database, run.id))!;
    expect(ended).toMatchObject({ state: 'finished', received: texts.length });
    const dead = await database.rows<{ message: string }>(
      sql`select message from dead_letters where settled_at is null`,
    );
    expect(dead).toHaveLength(ended.rejected);
    expect(dead.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('the row is longer than 1048576 bytes'),
    );
    expect(world.voucherify.count + dead.length).toBe(texts.length);
    expect('Source_id' in {}).toBe(false);
  });
});

describe('a configuration with hostile names', () => {
  const source = { connector: 'csv' };
  const destination = { connector: 'voucherify', appId: 'a', appToken: 'b' };

  async function read(text: string): Promise<unknown> {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-hostile-config-'));
    const path = join(folder, 'tributary.config.json');
    writeFileSync(path, text);
    try {
      const { content } = await readConfigFile(path);
      return checkConfig(path, content, {}, connectors);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  it.each(['__proto__', 'constructor', 'prototype', 'a/b', '..', 'destination', '', 'x'.repeat(300)])(
    'refuses a source called %j, or has it as any other',
    async (name) => {
      const text = `{"destination":${JSON.stringify(destination)},"sources":{${JSON.stringify(name)}:${JSON.stringify(source)}}}`;
      const config = await read(text).catch((error: Error) => error);
      if (config instanceof Error) expect(config.name).toBe('ConfigError');
      else expect((config as { sources: { name: string }[] }).sources.map((one) => one.name)).toEqual([name]);
      expect('connector' in {}).toBe(false);
    },
  );

  it('is refused where it is nested beyond any sense, and the process goes on', async () => {
    const deep = `${'{"sources":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    await expect(read(deep)).rejects.toThrow();
  });
});
