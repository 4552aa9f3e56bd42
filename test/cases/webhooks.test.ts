// Webhook requests as senders and proxies really send them, through real sockets to the end: what the destination holds.
import { createHmac, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import zlib from 'node:zlib';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { braze } from '../../connectors/braze.ts';
import { customerio } from '../../connectors/customerio.ts';
import { iterable } from '../../connectors/iterable.ts';
import { klaviyo } from '../../connectors/klaviyo.ts';
import { segment } from '../../connectors/segment.ts';
import { webhook } from '../../connectors/webhook.ts';
import type { Webhook } from '../../src/connector/webhook.ts';
import type { Change, Json } from '../../src/connector.ts';
import type { Database } from '../../src/db/database.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { forgetInInbox } from '../../src/tables/inbox.ts';
import { type BodyLimits, usualBodyLimits } from '../../src/web/body-gate.ts';
import { type Served, serveApp } from '../../src/web/server.ts';
import { behaviour } from '../support/databases.ts';
import { until } from '../support/sync-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { openWorld, type World } from '../web/world.ts';

const [{ open }] = behaviour;

const json = { 'content-type': 'application/json' };

const secret = 'a-secret-for-the-tests';

describe('webhook requests of the real world', () => {
  let database: Database;
  let world: World;
  let served: Served;

  interface Given {
    source?: object;
    sources?: object;
    config?: object;
    bodyLimits?: Partial<BodyLimits>;
    maxConnections?: number;
  }

  async function start({ source, sources, config, bodyLimits, maxConnections }: Given = {}) {
    world = await openWorld(
      { ...database, close: async () => {} },
      {
        connectors: [webhook],
        sources: sources ?? {
          crm: {
            connector: 'webhook',
            authentication: 'open',
            mapping: { name: 'name', 'metadata.ref': 'ref' },
            ...source,
          },
        },
        ...(config && { config }),
        bodyLimits: { ...usualBodyLimits, ...bodyLimits },
      },
    );
    await world.tributary.start();
    served = await serveApp(world.app, {
      host: '127.0.0.1',
      port: 0,
      ...(maxConnections !== undefined && { maxConnections }),
    });
  }

  beforeEach(async () => {
    database = await open();
  });
  afterEach(async () => {
    await served?.close();
    await world?.close();
    await database.close();
  });

  /** Sends bytes as they are: no client adds or undoes anything. */
  function post(
    path: string,
    body: string | Uint8Array,
    headers: { [name: string]: string } = json,
    method = 'POST',
  ): Promise<{ status: number; headers: { [name: string]: string | string[] | undefined }; text: string }> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(`${served.url}`, { path, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  const opened = async () => {
    await until(async () => {
      const [row] = await database.rows<{ n: number }>(
        sql`select count(*)::int as n from inbox where state = 'waiting'`,
      );
      return row!.n === 0;
    });
    return database.rows<{ state: string; error: string | null; counts: { [name: string]: number } | null }>(
      sql`select state, error, counts from inbox order by id`,
    );
  };
  const nameOf = async (id: string) => {
    await until(() => world.truth.taken.has(id));
    return world.truth.taken.get(id)!['name'];
  };
  const warnings = () => world.logged.filter((line) => line.includes('"level":"warn"'));
  const errors = () => world.logged.filter((line) => line.includes('"level":"error"'));

  // ── Content encodings ─────────────────────────────────────────────────────────────────────────────────────────

  it('10-gzip-body: every content encoding is undone, and what is kept is the body unpacked', async () => {
    await start();
    const body = (id: string) => Buffer.from(JSON.stringify({ id, name: 'Zed' }));
    const cases: [encoding: string, pack: (body: Buffer) => Uint8Array][] = [
      ['gzip', (text) => zlib.gzipSync(text)],
      ['x-gzip', (text) => zlib.gzipSync(text)],
      ['GZIP', (text) => zlib.gzipSync(text)],
      ['deflate', (text) => zlib.deflateSync(text)],
      ['deflate', (text) => zlib.deflateRawSync(text)],
      ['br', (text) => zlib.brotliCompressSync(text)],
      ['zstd', (text) => zlib.zstdCompressSync(text)],
      ['identity', (text) => text],
      ['deflate, gzip', (text) => zlib.gzipSync(zlib.deflateSync(text))],
      // A proxy has undone it and left the header.
      ['gzip', (text) => text],
      ['br', (text) => text],
      ['deflate', (text) => text],
      ['zstd', (text) => text],
      // A charset in the wrong header.
      ['UTF-8', (text) => text],
      ['iso-8859-1', (text) => text],
      ['utf-8, gzip', (text) => zlib.gzipSync(text)],
      ['none', (text) => text],
    ];
    for (const [index, [encoding, pack]] of cases.entries()) {
      const answer = await post('/webhooks/crm', pack(body(`p${index}`)), {
        ...json,
        'content-encoding': encoding,
      });
      expect([encoding, answer.status]).toEqual([encoding, 200]);
    }
    for (const index of cases.keys()) expect(await nameOf(`p${index}`)).toBe('Zed');
    const kept = await database.rows<{ body: string; headers: { [name: string]: string } }>(
      sql`select convert_from(body, 'UTF8') as body, headers from inbox order by id`,
    );
    expect(kept[0]!.body).toBe(body('p0').toString());
    expect(kept[0]!.headers['content-encoding']).toBeUndefined();
    expect(kept[0]!.headers['x-tributary-unpacked']).toBe('gzip');
  });

  it('10-gzip-body: an unknown encoding is answered 415, and a body that unpacks to too much 413', async () => {
    await start({ source: { webhook: { maxBodyBytes: 100_000 } } });
    const unknown = await post('/webhooks/crm', '{"id":"1"}', { ...json, 'content-encoding': 'compress' });
    expect(unknown.status).toBe(415);
    expect(unknown.headers['accept-encoding']).toContain('gzip');
    const bomb = zlib.gzipSync(Buffer.alloc(20_000_000, 0x20));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await post('/webhooks/crm', bomb, { ...json, 'content-encoding': 'gzip' })).status).toBe(413);
    const bombInBomb = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(40_000_000, 0x20)));
    const twice = { ...json, 'content-encoding': 'gzip, gzip' };
    expect((await post('/webhooks/crm', bombInBomb, twice)).status).toBe(413);
    const many = { ...json, 'content-encoding': 'gzip, gzip, gzip, gzip' };
    expect((await post('/webhooks/crm', bombInBomb, many)).status).toBe(415);
    expect(await opened()).toEqual([]);
  });

  it('10-gzip-body: one that is cut short is kept and refused with an explanation', async () => {
    await start();
    const cut = zlib.gzipSync('{"id":"1","name":"Zed"}').subarray(0, -9);
    expect((await post('/webhooks/crm', cut, { ...json, 'content-encoding': 'gzip' })).status).toBe(200);
    expect(await opened()).toMatchObject([
      { state: 'dead', error: 'The body is not valid gzip, which its Content-Encoding names.' },
    ]);
  });

  it('10-gzip-body: a signature over the bytes as sent or as unpacked lets it in', async () => {
    const authentication = {
      type: 'signature',
      secret,
      header: 'x-sign',
      algorithm: 'hmac-sha256',
      encoding: 'hex',
    };
    await start({ source: { authentication: { ...authentication, message: ['body'] } } });
    const sign = (bytes: Uint8Array | string) => createHmac('sha256', secret).update(bytes).digest('hex');
    const send = (id: string, over: (plain: string, packed: Buffer) => string) => {
      const plain = JSON.stringify({ id, name: 'Zed' });
      const packed = zlib.gzipSync(plain);
      return post('/webhooks/crm', packed, {
        ...json,
        'content-encoding': 'gzip',
        'x-sign': over(plain, packed),
      });
    };
    expect((await send('a', (plain) => sign(plain))).status).toBe(200);
    expect((await send('b', (_, packed) => sign(packed))).status).toBe(200);
    expect((await send('c', () => sign('another'))).status).toBe(401);
    expect(await nameOf('a')).toBe('Zed');
    expect(await nameOf('b')).toBe('Zed');
  });

  it('10-gzip-body: one that an older version kept packed can be replayed', async () => {
    await start();
    const packed = zlib.gzipSync('{"id":"old","name":"Zed"}').toString('base64');
    await database.rows(sql`
      insert into inbox (source, received_at, method, query, headers, body, due_at)
      values ('crm', now(), 'POST', '{}', '{"content-encoding":"gzip"}', decode(${packed}, 'base64'), now())`);
    expect(await nameOf('old')).toBe('Zed');
  });

  // ── Charsets ──────────────────────────────────────────────────────────────────────────────────────────────────

  it('11-json-in-latin-1: a charset that the request names, a byte order mark and UTF-16 are honoured', async () => {
    await start();
    const text = (id: string) => `{"id":"${id}","name":"José"}`;
    const utf16be = (value: string) => Buffer.from(value, 'utf16le').swap16();
    const cases: [charset: string | null, body: Buffer][] = [
      ['iso-8859-1', Buffer.from(text('c0'), 'latin1')],
      ['"ISO-8859-1"', Buffer.from(text('c1'), 'latin1')],
      ['utf-8', Buffer.from(text('c2'))],
      [null, Buffer.from(`\ufeff${text('c3')}`)],
      ['utf-16', Buffer.from(text('c4'), 'utf16le')],
      ['utf-16', utf16be(text('c5'))],
      [null, utf16be(`\ufeff${text('c6')}`)],
      [null, Buffer.from(text('c7'), 'utf16le')],
      // What is no ASCII, and says so, is UTF-8 before it is what browsers take ASCII for.
      ['us-ascii', Buffer.from(text('c8'))],
      ['us-ascii', Buffer.from(text('c9'), 'latin1')],
      // Not a charset anybody knows, and none is needed.
      ['binary', Buffer.from('{"id":"c10","name":"Jos\\u00e9"}')],
    ];
    for (const [charset, body] of cases) {
      const type = charset === null ? 'application/json' : `application/json; charset=${charset}`;
      expect((await post('/webhooks/crm', body, { 'content-type': type })).status).toBe(200);
    }
    for (const index of cases.keys()) expect(await nameOf(`c${index}`)).toBe('José');
  });

  it('11-json-in-latin-1: without a charset it is kept, says what to set, and a replay with that setting reads it', async () => {
    await start();
    const body = Buffer.from('{"id":"l1","name":"José"}', 'latin1');
    expect((await post('/webhooks/crm', body)).status).toBe(200);
    expect(await opened()).toMatchObject([
      {
        state: 'dead',
        error:
          'The body is not valid UTF-8, and the request names no charset: set webhook.charset of the source to the charset that the sender uses, for example "windows-1252", and replay the request.',
      },
    ]);
    // A name that the runtime does not know, from outside, is shown only where it is harmless.
    await post('/webhooks/crm', body, { 'content-type': 'application/json; charset=klingon' });
    expect((await opened())[1]!.error).toContain('names the charset klingon, which is not supported');
    await served.close();
    await world.close();
    await start({ source: { webhook: { charset: 'windows-1252' } } });
    const headers = { authorization: 'Bearer a-token-for-the-tests', ...json };
    const replayed = await post('/api/inbox/replay', '{"all":true}', headers);
    expect(JSON.parse(replayed.text)).toMatchObject({ opened: 2, dead: 0 });
    expect(await nameOf('l1')).toBe('José');
  });

  it('12-form-in-latin-1: escapes are read in the charset of the request, and never half', async () => {
    await start({ source: { body: 'form' } });
    const form = 'application/x-www-form-urlencoded';
    await post('/webhooks/crm', 'id=f1&name=Jos%E9', { 'content-type': `${form}; charset=iso-8859-1` });
    expect(await nameOf('f1')).toBe('José');
    await post('/webhooks/crm', 'id=f2&name=Jos%C3%A9+50%+%26', { 'content-type': form });
    expect(await nameOf('f2')).toBe('José 50% &');
    await post('/webhooks/crm', Buffer.from('id=f3&name=José', 'latin1'), {
      'content-type': `${form};charset=windows-1252`,
    });
    expect(await nameOf('f3')).toBe('José');
    await post('/webhooks/crm', 'id=f4&name=%83%7E%83L', { 'content-type': `${form}; charset=shift_jis` });
    expect(await nameOf('f4')).toBe('ミキ');
    for (const bad of ['id=f5&name=Jos%E9', 'id=f6&name=Jos%u00E9', 'id=f7&Jos%E9=1'])
      expect((await post('/webhooks/crm', bad, { 'content-type': form })).status).toBe(200);
    const states = (await opened()).map(({ state }) => state);
    expect(states).toEqual(['opened', 'opened', 'opened', 'opened', 'dead', 'dead', 'dead']);
    expect([...world.truth.taken.keys()].sort()).toEqual(['f1', 'f2', 'f3', 'f4']);
  });

  it('12-form-in-latin-1: a form in parts (multipart/form-data) is read as any other form', async () => {
    await start({ source: { body: 'form', mapping: { name: 'name', 'metadata.ref': 'more.ref' } } });
    const part = (name: string, value: string, more = '') =>
      `--a b\r\ncontent-disposition: form-data; name=${name}${more}\r\n\r\n${value}\r\n`;
    const send = (parts: string, { type = '', encoding = 'utf8' as BufferEncoding } = {}) =>
      post('/webhooks/crm', Buffer.from(`Preamble.\r\n${parts}--a b--\r\n`, encoding), {
        'content-type': `Multipart/Form-Data; boundary="a b"${type}`,
      });
    const file = part('"name"', 'a file, no field', '; filename="a.txt"\r\ncontent-type: text/plain');
    await send(part('id', 'm1') + part('"name"', 'José & 50%\r\n--a') + part('"more[ref]"', '1+1=2') + file);
    expect(await nameOf('m1')).toBe('José & 50%\r\n--a');
    expect(world.truth.taken.get('m1')).toMatchObject({ 'metadata.ref': '1+1=2' });
    const latin1 = { type: '; charset=iso-8859-1', encoding: 'latin1' as const };
    await send(part('"id"', 'm2') + part('"name"', 'José'), latin1);
    expect(await nameOf('m2')).toBe('José');
    await post('/webhooks/crm', 'id=m3&name=X', { 'content-type': 'multipart/form-data; boundary=x' });
    await send(part('"id"', 'm4') + part('"name"', 'José'), { encoding: 'latin1' });
    expect((await opened()).slice(2)).toMatchObject([
      { state: 'dead', error: 'The body is not the multipart/form-data that its Content-Type names.' },
      { state: 'dead', error: expect.stringContaining('A form field is not valid UTF-8') },
    ]);
  });

  it('12-form-in-latin-1: XML is read in the encoding of its declaration', async () => {
    await start({ source: { body: 'soap', items: 'note' } });
    const xml = (id: string) =>
      Buffer.from(
        `<?xml version="1.0" encoding="ISO-8859-1"?><e:Envelope xmlns:e="x"><e:Body><note><id>${id}</id><name>José</name></note></e:Body></e:Envelope>`,
        'latin1',
      );
    await post('/webhooks/crm', xml('x1'), { 'content-type': 'text/xml' });
    expect(await nameOf('x1')).toBe('José');
    // The header wins over the declaration (RFC 7303).
    await post('/webhooks/crm', xml('x2'), { 'content-type': 'text/xml; charset=utf-8' });
    expect((await opened())[1]!.state).toBe('dead');
  });

  it('11-json-in-latin-1: a person who is erased is found in bodies of every charset', async () => {
    await start();
    const text = '{"id":"e1","email":"jos\u00e9@example.com"}';
    const bodies = [
      Buffer.from(text),
      Buffer.from(text, 'latin1'),
      Buffer.from(text, 'utf16le'),
      Buffer.from(text, 'utf16le').swap16(),
      Buffer.from(text.replace('\u00e9', String.raw`\u00E9`)),
      Buffer.from('id=e1&email=jos%E9%40example.com'),
    ];
    for (const body of bodies)
      await post('/webhooks/crm', body, { 'content-type': 'application/json; charset=x' });
    await opened();
    expect(await forgetInInbox(database, ['Jos\u00e9@example.com', 'nobody'])).toBe(bodies.length);
  });

  // ── Numbers and limits ────────────────────────────────────────────────────────────────────────────────────────

  it('13-integers-beyond-two-to-the-53 and webhook-numbers-beyond-2-53: every digit arrives', async () => {
    await start({ source: { mapping: { name: 'name', 'metadata.ref': { from: 'ref', as: 'text' } } } });
    await post('/webhooks/crm', '{"id":706405506930370084,"name":"Bo"}');
    await post('/webhooks/crm', '{"id":"n2","ref":9007199254740993}');
    await post('/webhooks/crm', '{"id":"n3","name":12345678901234567890}');
    expect(await nameOf('706405506930370084')).toBe('Bo');
    expect(await nameOf('n3')).toBe('12345678901234567890');
    await until(() => world.truth.taken.has('n2'));
    expect(world.truth.taken.get('n2')).toMatchObject({ 'metadata.ref': '9007199254740993' });
  });

  it('17-more-than-ten-thousand-items: they are opened in parts, whatever the number', async () => {
    await start({ source: { items: 'items', webhook: { maxBodyBytes: 4_000_000 } } });
    const items = Array.from({ length: 10_001 }, (_, n) => ({
      id: `i${n}`,
      name: `N${n}`,
      event_id: `e${n}`,
    }));
    // The same item again, parts away from the first, is a repeat; one without an ID is refused alone.
    const body = JSON.stringify({ items: [...items, items[0], { name: 'nobody' }] });
    expect((await post('/webhooks/crm', body)).status).toBe(200);
    const [row] = await opened();
    expect(row!.state).toBe('opened');
    expect(row!.counts).toMatchObject({ items: 10_003, taken: 10_001, duplicates: 1, unreadable: 1 });
    const [letters] = await database.rows<{ n: number; ref: string }>(
      sql`select count(*)::int as n, max(ref) as ref from dead_letters where settled_at is null`,
    );
    expect(letters).toEqual({ n: 1, ref: '1#10003' });
    const [records] = await database.rows<{ n: number }>(sql`select count(*)::int as n from records`);
    expect(records!.n).toBe(10_001);
  });

  it('17-more-than-ten-thousand-items: depth and the limits of forms have settings that a replay uses', async () => {
    const deep = `{"id":"d1","name":"Deep","in":${'['.repeat(80)}${']'.repeat(80)}}`;
    await start();
    await post('/webhooks/crm', deep);
    expect((await opened())[0]!.error).toBe(
      'The JSON is nested deeper than 64 levels: raise webhook.maxDepth of the source and replay the request.',
    );
    await served.close();
    await world.close();
    await start({ source: { webhook: { maxDepth: 100 } } });
    await post('/api/inbox/1/replay', '', { authorization: 'Bearer a-token-for-the-tests' });
    expect(await nameOf('d1')).toBe('Deep');
  });

  it('17-more-than-ten-thousand-items: one item of them that cannot be kept costs itself only', async () => {
    await start({ source: { items: 'items', webhook: { maxBodyBytes: 4_000_000 } } });
    // More than an index holds, and no compression makes it less.
    const poison = randomBytes(12_000).toString('base64');
    const items = Array.from({ length: 6_000 }, (_, n) => ({
      id: n === 5_555 ? poison : `i${n}`,
      name: `N${n}`,
    }));
    const good = JSON.stringify({ items: [{ id: 'later', name: 'Later' }] });
    for (const body of [JSON.stringify({ items }), good])
      expect((await post('/webhooks/crm', body)).status).toBe(200);
    const rows = await opened();
    expect(rows).toMatchObject([
      { state: 'opened', counts: { items: 6_000, taken: 5_999, unreadable: 1 } },
      { state: 'opened', counts: { taken: 1 } },
    ]);
    const letters = await database.rows<{ ref: string; message: string }>(
      sql`select ref, message from dead_letters where settled_at is null`,
    );
    expect(letters).toEqual([{ ref: '1#5556', message: expect.stringContaining('cannot be stored') }]);
    // A replay finds the same, and does not fail for it.
    const answer = await post('/api/inbox/1/replay', '', { authorization: 'Bearer a-token-for-the-tests' });
    expect(answer.status).toBe(200);
    expect((await opened())[0]).toMatchObject({ state: 'opened', counts: { unreadable: 1 } });
  });

  it('faults 03: names with NUL or lone surrogates cost no item, and two that would be one cost theirs only', async () => {
    await start({ source: { items: 'items', mapping: { name: 'name', 'metadata.plan': 'plan' } } });
    const items = [
      '{"id":"a","name":"A"}',
      '{"id":"nul","name":"N","x\\u0000":1,"pl\\u0000an":"gold"}',
      '{"id":"half","name":"H","x":{"\\ud800y":[{"\\u0000":1}]}}',
      '{"id":"two","name":"T","plan":"gold","pl\\u0000an":"silver"}',
      '{"id":"z","name":"Z"}',
    ];
    expect((await post('/webhooks/crm', `{"items":[${items.join(',')}]}`)).status).toBe(200);
    expect(await opened()).toMatchObject([
      { state: 'opened', counts: { taken: 4, unreadable: 1, changed: 4 } },
    ]);
    for (const [id, name] of Object.entries({ a: 'A', nul: 'N', half: 'H', z: 'Z' }))
      expect([id, await nameOf(id)]).toEqual([id, name]);
    expect(world.truth.taken.get('nul')).toMatchObject({ 'metadata.plan': 'gold' });
    const letters = await database.rows<{ ref: string; message: string }>(
      sql`select ref, message from dead_letters where settled_at is null`,
    );
    expect(letters).toEqual([{ ref: '1#4', message: expect.stringContaining('two of its property names') }]);
  });

  it('faults 03: an item that is nested too deeply costs itself only', async () => {
    await start({ source: { items: 'items' } });
    const deep = (levels: number) => `${'['.repeat(levels)}"\\"]}"${']'.repeat(levels)}`;
    const items = Array.from({ length: 300 }, (_, n) =>
      n === 17 || n === 170
        ? `{"id":"i${n}","name":"N","ref":{"a":${deep(6_000)},"b":${deep(70)}},"n":12345678901234567890}`
        : `{"id":"i${n}","name":"N${n}","ref":{"n":1.0}}`,
    );
    await post('/webhooks/crm', `{"items":[${items.join(',')}],"more":${deep(100)}}`);
    expect(await opened()).toMatchObject([
      { state: 'opened', counts: { items: 300, taken: 298, unreadable: 2, changed: 298 } },
    ]);
    expect(await nameOf('i299')).toBe('N299');
    const letters = await database.rows<{ ref: string; message: string }>(
      sql`select ref, message from dead_letters where settled_at is null order by ref`,
    );
    const message = expect.stringContaining('nested deeper than 64 levels');
    expect(letters).toEqual([
      { ref: '1#171', message },
      { ref: '1#18', message },
    ]);
    // Where nothing of it can be read, the request waits for the setting as a whole.
    await post('/webhooks/crm', `{"items":[{"id":"d","ref":${deep(100)}}]}`);
    expect((await opened())[1]).toMatchObject({
      state: 'dead',
      error: expect.stringContaining('raise webhook.maxDepth'),
    });
  });

  it('17-more-than-ten-thousand-items: a request of which every item fails keeps nobody waiting', async () => {
    await start({ source: { items: 'items' } });
    const items = Array.from({ length: 30 }, () => ({
      id: randomBytes(12_000).toString('base64'),
      name: 'x',
    }));
    await post('/webhooks/crm', JSON.stringify({ items }));
    await post('/webhooks/crm', JSON.stringify({ items: [{ id: 'later', name: 'Later' }] }));
    expect(await nameOf('later')).toBe('Later');
  });

  // ── Paths and methods ─────────────────────────────────────────────────────────────────────────────────────────

  it('16-slash-at-the-end: slashes, prefixes, escapes and letter case that can mean one thing only are understood', async () => {
    await start({ config: { publicUrl: 'https://hooks.example.com/in/' } });
    const paths = [
      '/webhooks/crm/',
      '//webhooks/crm',
      '//webhooks//crm//',
      '/in/webhooks/crm',
      '/in//webhooks/crm/',
      '/some/proxy/webhooks/crm',
      '/webhooks/c%72m',
      '/Webhooks/CRM',
      '/webhooks/crm?a=1',
      '/webhooks/crm/?a=1',
    ];
    for (const [index, path] of paths.entries()) {
      const { status } = await post(path, JSON.stringify({ id: `s${index}`, name: 'Slash' }));
      expect([path, status]).toEqual([path, 200]);
    }
    for (const index of paths.keys()) expect(await nameOf(`s${index}`)).toBe('Slash');
    expect(warnings()).toEqual([]);
  });

  it('16-slash-at-the-end: requests to no source are answered 404, counted, shown, and logged once', async () => {
    await start();
    const headers = { authorization: 'Bearer a-token-for-the-tests' };
    const strays = async () => JSON.parse((await post('/api/status', '', headers, 'GET')).text).strayWebhooks;
    expect(await strays()).toBeNull();
    for (let n = 0; n < 200; n += 1)
      expect((await post(`/webhooks/nobody${n}%00%1b[31m`, '{}')).status).toBe(404);
    expect((await post('/webhooks', '{}')).status).toBe(404);
    expect((await post('/webhooks/crm/a/b', '{}')).status).toBe(404);
    expect(await strays()).toMatchObject({ count: 202, lastName: 'crm' });
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toContain('nobody0');
    expect(warnings()[0]).not.toContain('u001b');
  });

  it('16-slash-at-the-end: a signature over the address is judged by the address as the vendor called it', async () => {
    const authentication = {
      ...{ type: 'signature', secret, header: 'x-sign', algorithm: 'hmac-sha256', encoding: 'hex' },
      message: ['method', 'url', 'body'],
    };
    await start({ source: { authentication }, config: { publicUrl: 'https://hooks.example.com/in/' } });
    const send = (called: string, path: string) => {
      const body = '{"id":"u1"}';
      const sign = createHmac('sha256', secret).update(`POST${called}${body}`).digest('hex');
      return post(path, body, { ...json, 'x-sign': sign });
    };
    const base = 'https://hooks.example.com';
    expect((await send(`${base}/in/webhooks/crm/?q=a'b`, `/webhooks/crm/?q=a'b`)).status).toBe(200);
    expect((await send(`${base}/in/webhooks/crm`, '/in/webhooks/crm')).status).toBe(200);
    expect((await send(`${base}/in//webhooks/crm`, '//webhooks/crm')).status).toBe(200);
    expect((await send(`${base}/webhooks/crm`, '/webhooks/crm')).status).toBe(401);
  });

  it('16-slash-at-the-end: OPTIONS, other methods and HTTP/1.0 are answered as they should be', async () => {
    await start();
    const options = await post('/webhooks/crm', '', {}, 'OPTIONS');
    expect([options.status, options.headers['allow']]).toEqual([204, 'POST, PUT, PATCH, OPTIONS']);
    for (const method of ['DELETE', 'TRACE', 'PROPFIND', 'GET', 'HEAD']) {
      const answer = await post('/webhooks/crm', '', {}, method);
      expect([method, answer.status, answer.headers['allow']]).toEqual([
        method,
        405,
        'POST, PUT, PATCH, OPTIONS',
      ]);
    }
    expect((await post('/webhooks/crm', '{"id":"put","name":"Put"}', json, 'PUT')).status).toBe(200);
    const answer = await raw(
      'POST /webhooks/crm HTTP/1.0\r\ncontent-length: 25\r\n\r\n{"id":"old","name":"Old"}',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await nameOf('old')).toBe('Old');
    expect(await nameOf('put')).toBe('Put');
  });

  /** All that comes back until the connection ends. */
  function raw(text: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(Number(new URL(served.url).port), '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('error', () => {}).on('close', () => resolve(answer));
    });
  }

  // ── Clocks, recipes, wrappings, refusals ──────────────────────────────────────────────────────────────────────

  it('14-back-to-what-it-was: no recipe that is printed lacks what tells a repeat from a return, or its notes say so', () => {
    const recipes: [name: string, Pick<Webhook<Change>, 'recipe' | 'notes'>][] = [
      ['braze', webhookOf(braze, { webhookToken: 't'.repeat(20) })],
      ['customerio', webhookOf(customerio, { webhookSecret: secret })],
      ['iterable', webhookOf(iterable, { webhookToken: 't'.repeat(20), key: 'userId' })],
      ['bloomreach', webhookOf(webhook, { template: 'bloomreach' })],
    ];
    for (const [name, { recipe }] of recipes)
      expect([name, recipe!.body]).toEqual([name, expect.stringContaining('"changed_at"')]);
    for (const [name, { recipe }] of recipes.slice(0, 2))
      expect([name, recipe!.body]).toEqual([name, expect.stringContaining('"event_id"')]);
    const flows = webhookOf(klaviyo, { apiKey: 'pk_test', urlToken: 't'.repeat(20) });
    expect(flows.notes!.join(' ')).toContain('neither a time of change nor an event ID');
  });

  it('14-back-to-what-it-was: A, B, A ends at A, and created, deleted, created is there', async () => {
    await start({ source: { record: { deleted: { path: 'deleted', equals: true } } } });
    const send = async (body: object) => {
      expect((await post('/webhooks/crm', JSON.stringify(body))).status).toBe(200);
      await opened();
    };
    for (const name of ['A', 'B', 'A']) await send({ id: 'aba', name });
    await until(() => world.truth.taken.get('aba')?.['name'] === 'A');
    for (const body of [{ name: 'Ann' }, { deleted: true }, { name: 'Ann' }])
      await send({ id: 'p', ...body });
    const [row] = await database.rows<{ deleted: boolean }>(
      sql`select deleted_at is not null and deleted_at >= changed_at as deleted from records where record_id = 'p'`,
    );
    expect(row!.deleted).toBe(false);
  });

  it('14-back-to-what-it-was: within one request without times, what comes last in it counts', async () => {
    await start({
      source: { items: 'items', record: { deleted: { path: 'deleted', equals: true } } },
      config: { onOrphaned: 'delete' },
    });
    const send = (...items: object[]) => post('/webhooks/crm', JSON.stringify({ items }));
    const others = Array.from({ length: 60 }, (_, n) => ({ id: `o${n}`, name: 'O' }));
    const known = ['back', 'gone', 'turns'].map((id) => ({ id, name: 'Ann' }));
    await send(...others, ...known);
    for (const { id } of known) expect(await nameOf(id)).toBe('Ann');
    const is = (id: string, name: string | null) => (name === null ? { id, deleted: true } : { id, name });
    await send(is('back', null), is('back', 'Bea'));
    await send(is('gone', 'Bea'), is('gone', null));
    await send(is('new', 'Ann'), is('new', null), is('new', 'Bea'));
    await send(
      is('turns', null),
      is('turns', 'Bea'),
      is('turns', null),
      is('turns', 'Cid'),
      is('turns', null),
    );
    await send(is('aba', 'A'), is('aba', 'B'), is('aba', 'A'));
    for (const row of await opened()) expect(row).toMatchObject({ state: 'opened', error: null });
    expect([await nameOf('back'), await nameOf('new'), await nameOf('aba')]).toEqual(['Bea', 'Bea', 'A']);
    await until(() => !world.truth.taken.has('gone') && !world.truth.taken.has('turns'));
  });

  it('segment-extensible-batch-is-wrapped: wrapped calls are read, and one alone may be signed as what is inside', () => {
    const call = (n: number) => ({
      ...{ type: 'identify', messageId: `m-${n}`, userId: `u-${n}`, anonymousId: null },
      ...{ traits: { email: `${n}@example.org` }, timestamp: '2026-03-01T10:00:00.000Z' },
    });
    const now = Date.parse('2026-03-01T10:00:05Z');
    const hear = (settings: object, body: Json, headers: { [name: string]: string }) =>
      heard(segment, settings, requestOf({ body, headers }), now);
    const bearer = { authorization: 'Bearer a-token-of-your-own' };
    const both = hear({ bearerToken: 'a-token-of-your-own' }, [{ json: call(1) }, { json: call(2) }], bearer);
    expect(both.keys).toEqual(['m-1', 'm-2']);
    expect(both.changes).toMatchObject([
      { kind: 'record', record: { recordId: 'u-1', body: { email: '1@example.org' } } },
      { kind: 'record', record: { recordId: 'u-2' } },
    ]);
    const sign = (inner: Json) => ({
      'x-signature': createHmac('sha1', secret).update(JSON.stringify(inner)).digest('hex'),
    });
    const signed = (body: Json, inner: Json) =>
      hear({ webhookSecret: secret }, body, sign(inner)).verdict.authentic;
    expect(signed([{ json: call(1) }], call(1))).toBe(true);
    expect(signed([call(1)], call(1))).toBe(true);
    expect(signed([{ json: call(1) }, { json: call(2) }], call(1))).toBe(false);
    expect(signed([{ json: call(2) }], call(1))).toBe(false);
    // As Segment's own API takes a batch, and senders that speak its language write it.
    const batch = { batch: [call(1), call(2)], sentAt: '2026-03-01T10:00:01.000Z', writeKey: 'w' };
    expect(hear({ bearerToken: 'a-token-of-your-own' }, batch, bearer).keys).toEqual(['m-1', 'm-2']);
    expect(signed(batch, batch)).toBe(true);
    expect(signed(batch, call(1))).toBe(false);
    // What is more than a wrapping is itself.
    expect(() =>
      hear({ bearerToken: 'a-token-of-your-own' }, [{ json: call(1), more: 1 }], bearer),
    ).toThrow();
  });

  it('16-slash-at-the-end: a connector says which status refuses, where its vendor stops for good after others', async () => {
    await start({
      sources: {
        shop: {
          connector: 'webhook',
          template: 'bloomreach',
          authentication: { type: 'bearer', token: secret },
        },
        own: { connector: 'webhook', refuseWith: 503, authentication: { type: 'bearer', token: secret } },
        plain: { connector: 'webhook', authentication: { type: 'bearer', token: secret } },
      },
    });
    const statuses = await Promise.all(
      ['shop', 'own', 'plain'].map(async (name) => (await post(`/webhooks/${name}`, '{"id":"1"}')).status),
    );
    expect(statuses).toEqual([500, 503, 401]);
    expect((await post('/webhooks/shop', '{}', { ...json, 'content-encoding': 'x' })).status).toBe(500);
    expect((await post('/webhooks/shop', '', {}, 'OPTIONS')).status).toBe(204);
  });

  // ── Floods ────────────────────────────────────────────────────────────────────────────────────────────────────

  const signedSource = { authentication: { type: 'github', secret }, webhook: { maxBodyBytes: 8_000_000 } };
  const forged = (bytes: number) =>
    `POST /webhooks/crm HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: sha256=${'0'.repeat(64)}\r\ncontent-length: ${bytes}\r\n\r\n`;

  /** Connections that each send so much of a body and then nothing. */
  async function stalled(count: number, sent: Buffer, declared: number): Promise<() => number> {
    let open = count;
    for (let n = 0; n < count; n += 1) {
      const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
      socket.on('error', () => {}).on('data', () => {});
      socket.on('close', () => {
        open -= 1;
      });
      socket.write(forged(declared));
      socket.write(sent);
    }
    return () => open;
  }

  it('faults-6: bodies without credentials hold bounded bytes, and a vendor gets in beside them', async () => {
    const maxHeldBytes = 4_000_000;
    await start({ source: signedSource, bodyLimits: { maxHeldBytes, maxIdleMs: 2_000, maxTotalMs: 4_000 } });
    const open = await stalled(40, Buffer.alloc(1_000_000, 0x20), 7_000_000);
    let peak = 0;
    const until2 = systemClock.now() + 1_500;
    while (systemClock.now() < until2) {
      peak = Math.max(peak, world.bodies.held);
      await systemClock.sleep(20);
    }
    expect(peak).toBeGreaterThan(1_000_000);
    expect(peak).toBeLessThanOrEqual(maxHeldBytes);
    const body = '{"id":"v1","name":"Vendor"}';
    const sign = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    expect((await post('/webhooks/crm', body, { ...json, 'x-hub-signature-256': sign })).status).toBe(200);
    await until(() => open() === 0);
    expect(world.bodies.held).toBe(0);
    expect(warnings().length).toBeLessThanOrEqual(5);
    expect(errors()).toEqual([]);
  });

  it('faults-6: aborted bodies are counted, and told in a line a minute', async () => {
    await start({ source: signedSource });
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(
        Array.from(
          { length: 40 },
          () =>
            new Promise<void>((resolve) => {
              const socket = connect(Number(new URL(served.url).port), '127.0.0.1', () => {
                socket.write(forged(100_000));
                socket.write(Buffer.alloc(10_000), () => socket.destroy());
              });
              socket.on('error', () => {}).on('close', () => resolve());
            }),
        ),
      );
    }
    const counted = async () => {
      const headers = { authorization: 'Bearer a-token-for-the-tests' };
      const { sources } = JSON.parse((await post('/api/status', '', headers, 'GET')).text);
      return sources[0].webhook.refusals;
    };
    await until(async () => (await counted())[0]?.count >= 190);
    expect((await counted())[0].reason).toBe('The connection ended before the body was complete.');
    expect(warnings().length).toBeLessThanOrEqual(2);
    expect(errors()).toEqual([]);
    expect(world.bodies.held).toBe(0);
  });

  it('faults-6: a large body without the header of its signature is refused before it is read', async () => {
    await start({ source: signedSource });
    const answer = await raw(
      'POST /webhooks/crm HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 7000000\r\n\r\nonly the beginning',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain('the header X-Hub-Signature-256 is missing');
  });

  it('faults-6: connections are bounded, and aborted logins write no stacks', async () => {
    await start({ maxConnections: 10 });
    const sockets = Array.from({ length: 30 }, () =>
      connect(Number(new URL(served.url).port), '127.0.0.1').on('error', () => {}),
    );
    let closed = 0;
    for (const socket of sockets)
      socket.on('close', () => {
        closed += 1;
      });
    await until(() => closed >= 20);
    for (const socket of sockets) socket.destroy();
    for (let n = 0; n < 30; n += 1) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(new URL(served.url).port), '127.0.0.1', () => {
          socket.write(
            'POST /login HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 5000\r\n\r\ntoken=',
            () => socket.destroy(),
          );
        });
        socket.on('error', () => {}).on('close', () => resolve());
      });
    }
    await until(() => warnings().length > 0);
    expect(warnings()).toHaveLength(1);
    expect(errors()).toEqual([]);
  });

  it('faults-6: a flood of forged requests costs a line a minute, however its reasons vary', async () => {
    await start({ source: { authentication: { type: 'stripe', secret } } });
    for (let n = 0; n < 300; n += 1) {
      const header = { ...json, 'stripe-signature': `t=${1_000 + n},v1=${'0'.repeat(64)}`, [`x-${n}`]: '1' };
      expect((await post('/webhooks/crm', '{"id":"1"}', header)).status).toBe(401);
    }
    expect(warnings()).toHaveLength(1);
    const { webhook: state } = JSON.parse(
      (await post('/api/sources', '', { authorization: 'Bearer a-token-for-the-tests' }, 'GET')).text,
    ).sources[0];
    expect(state.refusals).toHaveLength(1);
    expect(state.refusals[0].count).toBe(300);
  });
});
