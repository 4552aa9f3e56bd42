// Files over real loopback connections: streamed, bounded in time, and without credentials for strangers.
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Served, serve } from '../../../simulators/serve.ts';
import { RejectedError, TransientError, UnauthorizedError } from '../../../src/connector.ts';
import { systemClock } from '../../../src/engine/clock.ts';
import { type Download, download } from '../../../src/engine/http/download.ts';
import { Endpoint } from '../../../src/engine/http/endpoint.ts';
import { createLog } from '../../../src/engine/log/log.ts';
import { Budgets } from '../../../src/engine/quota/budgets.ts';
import { behaviour, type TestDatabase } from '../../support/databases.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const secret = 'pat-na1-0f9e8d7c6b5a';

describe('a download', () => {
  let database: TestDatabase;
  let [vendor, stranger]: Served[] = [];
  let answer: (request: Request) => Response | Promise<Response>;
  let seen: Request[];

  beforeAll(async () => {
    database = await behaviour[0].open();
    const app = () =>
      new Hono().all('*', async (c) => {
        seen.push(c.req.raw);
        return answer(c.req.raw);
      });
    vendor = await serve(app());
    stranger = await serve(app());
  });
  beforeEach(() => {
    seen = [];
  });
  afterAll(async () => {
    await vendor!.close();
    await stranger!.close();
    await database.close();
  });

  function endpointOf(
    clock = systemClock as typeof systemClock | ManualClock,
    quotas: { requests: number }[] = [],
  ) {
    const budgets = new Budgets({ database, clock, holder: randomUUID() });
    const account = randomUUID();
    const named = quotas.map(({ requests }) => ({ name: 'minute', requests, seconds: 60 }));
    return new Endpoint({
      name: 'vendor',
      description: {
        baseUrl: vendor!.url,
        headers: { Authorization: `Bearer ${secret}` },
        account,
        quotas: named,
      },
      budget: budgets.account(account, named),
      clock,
      log: createLog({ level: 'silent', write: () => {} }),
    });
  }

  async function text({ bytes }: Download): Promise<string> {
    const all: Uint8Array[] = [];
    for await (const piece of bytes) all.push(piece);
    return Buffer.concat(all).toString();
  }

  const get = (url: string, signal?: AbortSignal) =>
    endpointOf().api('backfill', { signal }).download({ url });

  it('streams a file of the vendor, with credentials', async () => {
    answer = () => new Response('a,b\n1,2\n');
    expect(await text(await get(`${vendor!.url}/files/1?token=t`))).toBe('a,b\n1,2\n');
    expect(seen[0]!.headers.get('authorization')).toBe(`Bearer ${secret}`);
    expect(new URL(seen[0]!.url).search).toBe('?token=t');
  });

  it('takes a path for one below the base URL, and gives the headers of the answer', async () => {
    answer = () => new Response('a', { headers: { 'Sforce-Locator': 'MTAwMDA' } });
    const { headers } = await get('/files/1?from=2');
    expect(headers['sforce-locator']).toBe('MTAwMDA');
    expect(new URL(seen[0]!.url)).toMatchObject({ pathname: '/files/1', search: '?from=2' });
  });

  it('unpacks gzip', async () => {
    answer = () => new Response(gzipSync('x'.repeat(500_000)), { headers: { 'content-encoding': 'gzip' } });
    expect(await text(await get(`${vendor!.url}/file`))).toHaveLength(500_000);
  });

  it('sends a stranger no credentials, be it named at once or in a redirect', async () => {
    answer = (request) =>
      request.url.includes('/go')
        ? new Response(null, { status: 302, headers: { location: `${stranger!.url}/there` } })
        : new Response('theirs');
    expect(await text(await get(`${stranger!.url}/there`))).toBe('theirs');
    expect(await text(await get(`${vendor!.url}/go`))).toBe('theirs');
    expect(seen.map((request) => request.headers.get('authorization'))).toEqual([
      null,
      `Bearer ${secret}`,
      null,
    ]);
  });

  it('gives up after five redirects', async () => {
    answer = () => new Response(null, { status: 302, headers: { location: '/again' } });
    await expect(get(`${vendor!.url}/go`)).rejects.toThrow(RejectedError);
    expect(seen).toHaveLength(6);
  });

  it.each([
    [404, RejectedError],
    [401, UnauthorizedError],
    [503, TransientError],
  ])('takes a %i as a request does', async (status, kind) => {
    answer = () => Response.json({ message: 'No such file' }, { status });
    const error = await get(`${vendor!.url}/file`).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toContain('No such file');
  });

  it('fetches nothing by another protocol', async () => {
    await expect(get('file:///etc/passwd')).rejects.toThrow('not fetched');
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://10.1.2.3/file',
    'http://[::1]/file',
    'http://[::ffff:127.0.0.1]/file',
    'http://2130706433/file',
    'http://db.internal./file',
    'http://0x7f.1/file',
    'http://017700000001/file',
    'http://127.1/file',
    'http://[64:ff9b::a9fe:a9fe]/file',
    'http://LOCALHOST/file',
    'http://user:password@10.0.0.1/file',
  ])('fetches nothing from a private network for a vendor of the open one: %s', async (url) => {
    const opened: URL[] = [];
    const room = {
      name: 'vendor',
      base: new URL('http://api.vendor.test'),
      clock: systemClock,
      signal: undefined,
      open: async (at: URL) => {
        opened.push(at);
        return { status: 302, headers: { location: url }, body: Readable.from([]) };
      },
      errorFor: () => new Error('refused'),
    };
    await expect(download({ url }, room)).rejects.toThrow('not fetched');
    expect(opened).toEqual([]);
    await expect(download({ url: 'http://files.vendor.test/a' }, room)).rejects.toThrow('not fetched');
    expect(opened).toHaveLength(1);
  });

  describe('at a name', () => {
    const named = (addresses: { [name: string]: string }, allowPrivateAddresses = false) => {
      const budgets = new Budgets({ database, clock: systemClock, holder: randomUUID() });
      const account = randomUUID();
      return new Endpoint({
        name: 'vendor',
        description: { baseUrl: 'http://api.vendor.test', headers: {}, account, quotas: [] },
        budget: budgets.account(account, []),
        clock: systemClock,
        log: createLog({ level: 'silent', write: () => {} }),
        allowPrivateAddresses,
        resolve: (name, _options, callback) => {
          const address = addresses[name];
          if (address !== undefined) return callback(null, [{ address, family: isIP(address) }]);
          callback(Object.assign(new Error(`no ${name}`), { code: 'ENOTFOUND' }), []);
        },
      });
    };
    const file = () => `http://files.vendor.test:${new URL(vendor!.url).port}/file`;
    const fetched = (endpoint: Endpoint) => endpoint.api('backfill').download({ url: file() }).then(text);

    it.each([
      '127.0.0.1',
      '10.1.2.3',
      '100.64.0.1',
      '169.254.169.254',
      '172.31.0.1',
      '192.168.1.1',
      '0.0.0.0',
      '::1',
      'fd00::1',
      'fe80::1',
      '::ffff:10.0.0.1',
      '::ffff:a9fe:a9fe',
      '64:ff9b::7f00:1',
      '64:ff9b::10.0.0.1',
      '2002:7f00:1::',
    ])('that resolves to %s it is not fetched', async (address) => {
      answer = () => new Response('a secret');
      const endpoint = named({ 'files.vendor.test': address, 'api.vendor.test': '93.184.215.14' });
      await expect(fetched(endpoint)).rejects.toMatchObject({ name: 'RejectedError', code: 'unsafe_url' });
      expect(seen).toEqual([]);
    });

    it('it is fetched from a private network where that is allowed, or where the API is in one', async () => {
      answer = () => new Response('a file');
      const address = '127.0.0.1';
      expect(await fetched(named({ 'files.vendor.test': address }, true))).toBe('a file');
      expect(await fetched(named({ 'files.vendor.test': address, 'api.vendor.test': '10.0.0.1' }))).toBe(
        'a file',
      );
    });

    it('that does not resolve it is tried again', async () => {
      await expect(fetched(named({}))).rejects.toBeInstanceOf(TransientError);
    });
  });

  describe('linked from an answer', () => {
    const linked = (
      url: string,
      more: { maxBytes?: number; timeoutSeconds?: number } = {},
      clock: typeof systemClock | ManualClock = systemClock,
    ) => {
      const { maxBytes = 1000, ...request } = more;
      return endpointOf(clock)
        .api('schedule')
        .request({ path: url, link: { maxBytes }, ...request });
    };

    it('is read whole as JSON, with no credentials for another host', async () => {
      answer = () => new Response('{"events":[9007199254740993]}');
      const { json } = await linked(`${stranger!.url}/file?signature=s`);
      expect(json).toEqual({ events: ['9007199254740993'] });
      expect(seen[0]!.headers.get('authorization')).toBeNull();
    });

    it('is refused beyond its size, packed or not', async () => {
      answer = () => new Response(`"${'x'.repeat(1000)}"`);
      await expect(linked(`${stranger!.url}/file`)).rejects.toMatchObject({ code: 'file_too_large' });
      answer = () =>
        new Response(gzipSync(`"${'x'.repeat(5000)}"`), { headers: { 'content-encoding': 'gzip' } });
      await expect(linked(`${stranger!.url}/file`)).rejects.toMatchObject({ code: 'file_too_large' });
    });

    it('is given up where it takes too long in all, however steadily it comes', async () => {
      const clock = new ManualClock(0);
      answer = () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              await clock.advance(10_000);
              controller.enqueue(Buffer.from(' '));
            },
          }),
        );
      await expect(linked(`${stranger!.url}/file`, { timeoutSeconds: 60 }, clock)).rejects.toThrow(
        'sent a file too slowly',
      );
    });

    it('is not fetched from where files are not', async () => {
      await expect(linked('file:///etc/passwd')).rejects.toMatchObject({ code: 'unsafe_url' });
    });

    it('is no answer where it holds something else', async () => {
      answer = () => new Response('<html>sign in</html>');
      const asked = endpointOf()
        .api('schedule')
        .request({
          path: `${stranger!.url}/file`,
          link: { maxBytes: 1000 },
          isAnswer: (json) => json !== undefined,
        });
      await expect(asked).rejects.toMatchObject({ name: 'TransientError', foreign: true });
    });
  });

  it('says that a file was cut off', async () => {
    answer = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            controller.enqueue(Buffer.from('half'));
            controller.error(new Error('cut'));
          },
        }),
        { headers: { 'content-length': '8' } },
      );
    await expect(get(`${vendor!.url}/file`).then(text)).rejects.toThrow(TransientError);
  });

  it('waits for each piece for so long, and for all of them as long as they come', async () => {
    const clock = new ManualClock(0);
    let more: ReadableStreamDefaultController<Uint8Array> | undefined;
    answer = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            more = controller;
          },
        }),
      );
    const pieces = endpointOf(clock)
      .api('backfill')
      .download({ url: `${vendor!.url}/file`, chunkTimeoutSeconds: 10 });
    while (!more) await new Promise(setImmediate);
    more.enqueue(Buffer.from('0'));
    const reader = (await pieces).bytes[Symbol.asyncIterator]();
    for (let piece = 0; piece < 3; piece += 1) {
      const next = reader.next();
      await clock.advance(9_000);
      if (piece > 0) more.enqueue(Buffer.from(String(piece)));
      expect(Buffer.from((await next).value!).toString()).toBe(String(piece));
    }
    const last = reader.next();
    await Promise.all([expect(last).rejects.toThrow('too slowly'), clock.advance(11_000)]);
  });

  it('ends when it is told to stop', async () => {
    const stop = new AbortController();
    answer = () =>
      new Response(new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('a')) }));
    const reader = (await get(`${vendor!.url}/file`, stop.signal)).bytes[Symbol.asyncIterator]();
    await reader.next();
    const next = reader.next();
    stop.abort();
    await expect(next).rejects.toThrow('stopped');
  });

  it('is paid for', async () => {
    answer = () => new Response('a');
    const endpoint = endpointOf(systemClock, [{ requests: 2 }]);
    const api = endpoint.api('backfill');
    await text(await api.download({ url: `${vendor!.url}/file` }));
    expect(endpoint.budget.status()[0]!.used).toBe(1);
    expect(endpoint.calls().byStatus).toEqual({ 200: 1 });
  });
});
