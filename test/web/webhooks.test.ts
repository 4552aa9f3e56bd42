// The door of webhooks: who gets in, what is answered, and that nothing sent at it makes it fall.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { fc, times } from '../support/properties.ts';
import { openPushWorld, type PushWorld, signed } from '../support/push-world.ts';
import { until } from '../support/sync-world.ts';

const [{ open }] = behaviour;

describe('the webhook route', () => {
  let world: PushWorld;
  let database: TestDatabase;

  async function start(options: Parameters<typeof openPushWorld>[1] = {}): Promise<PushWorld> {
    database = await open();
    world = await openPushWorld(database, options);
    return world;
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const kept = () =>
    database.rows<{ method: string; query: object; headers: Record<string, string>; body: string }>(
      sql`select method, query, headers, encode(body, 'base64') as body from inbox order by id`,
    );

  it('keeps the request as it came, byte by byte, before it answers', async () => {
    await start();
    const body = '{"type":"noise",  "weird":"\\u0000\\ud800 ż"}';
    const answer = await world.push(body, signed(body), '/webhooks/pusher?a=1&b=%20x');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/json/);
    const [row] = await kept();
    expect(Buffer.from(row!.body, 'base64').toString()).toBe(body);
    expect(row).toMatchObject({ method: 'POST', query: { a: '1', b: ' x' } });
    expect(row!.headers['x-signature']).toBe(signed(body)['x-signature']);
  });

  it('keeps no credential: headers that hold one are masked', async () => {
    await start();
    const body = '{"eventId":"e","sourceId":"a","fields":{},"at":1}';
    const headers = { authorization: 'Bearer a-secret-for-the-tests', cookie: 'tributary_session=abc' };
    expect((await world.push(body, headers, '/webhooks/destination')).status).toBe(200);
    expect((await kept())[0]!.headers).toMatchObject({ authorization: '[hidden]', cookie: '[hidden]' });
  });

  it('refuses what is not authentic with 401, says why without a secret, and writes nothing', async () => {
    await start();
    for (const headers of [{}, { 'x-signature': 'ab' }, signed('another body')]) {
      const answer = await world.push('{"type":"noise"}', headers);
      expect(answer.status).toBe(401);
      const problem = await answer.json();
      expect(problem).toMatchObject({ type: 'urn:tributary:problem:not-authentic', status: 401 });
      expect(JSON.stringify(problem)).not.toContain('a-secret-for-the-tests');
    }
    expect(await kept()).toEqual([]);
  });

  it('does not write to the database, nor a line of the log each, for a flood that is not authentic', async () => {
    await start();
    const written = async () => {
      const [row] = await database.rows<{ last: number }>(
        sql`select coalesce(pg_sequence_last_value('inbox_id_seq'), 0)::int as last`,
      );
      return row!.last;
    };
    const before = await written();
    for (let n = 0; n < 300; n += 1) expect((await world.push(`{"n":${n}}`, {})).status).toBe(401);
    expect(await written()).toBe(before);
    expect(world.logged.filter((line) => line.includes('a webhook was refused')).length).toBeLessThan(5);
  });

  it('answers a vendor that tries the address, and a ping, and keeps neither', async () => {
    await start();
    for (const method of ['GET', 'HEAD'])
      expect((await world.app.request('/webhooks/pusher', { method })).status).toBe(200);
    expect((await world.app.request('/webhooks/destination')).status).toBe(405);
    expect((await world.push('{"type":"ping"}')).status).toBe(200);
    expect((await world.push('{"type":"ping"}', {})).status).toBe(401);
    expect(await kept()).toEqual([]);
  });

  it('answers a request with what must not be stored, and stores nothing of it', async () => {
    await start();
    const secret = '{"events":[{"type":"noise"},{"type":"secret"}]}';
    expect((await world.push(secret, {})).status).toBe(401);
    expect((await world.push(secret)).status).toBe(200);
    expect(await kept()).toEqual([]);
    await world.push('{"events":[{"type":"noise"}]}');
    expect(await kept()).toHaveLength(1);
  });

  it('lets a sender of CloudEvents ask whether it may send', async () => {
    await start();
    const headers = { 'WebHook-Request-Origin': 'eventgrid.azure.net' };
    const answer = await world.app.request('/webhooks/pusher', { method: 'OPTIONS', headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('webhook-allowed-origin')).toBe('eventgrid.azure.net');
    const plain = await world.app.request('/webhooks/pusher', { method: 'OPTIONS' });
    expect(plain.status).toBe(204);
    expect(plain.headers.get('webhook-allowed-origin')).toBeNull();
  });

  it('knows its sources, and does not reveal their names', async () => {
    await start();
    const answer = await world.push('{}', {}, '/webhooks/nobody');
    expect(answer.status).toBe(404);
    expect(((await answer.json()) as { detail: string }).detail).toBe(
      'No source nobody accepts webhooks here.',
    );
  });

  it('takes bodies up to the limit of the source, said or not said in advance', async () => {
    await start({ source: { webhook: { maxBodyBytes: 1_000 } } });
    const body = (bytes: number) => JSON.stringify({ type: 'noise', pad: 'x'.repeat(bytes - 25) });
    const fits = body(1_000);
    expect(Buffer.byteLength(fits)).toBe(1_000);
    expect((await world.push(fits)).status).toBe(200);
    const over = body(1_001);
    expect((await world.push(over)).status).toBe(413);
    const streamed = new Request('http://localhost/webhooks/pusher', {
      method: 'POST',
      body: new Blob([over]).stream(),
      headers: signed(over),
      duplex: 'half',
    } as RequestInit);
    expect((await world.app.request(streamed)).status).toBe(413);
  });

  it('sends authentic requests past the ceiling of the source back with Retry-After, and others never', async () => {
    await start({ source: { webhook: { requestsPerSecond: 5 } }, factor: 0.001 });
    const statuses: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      await world.push(`{"n":${n}}`, {}); // these do not use it up
      const answer = await world.push(`{"type":"noise","n":${n}}`);
      statuses.push(answer.status);
      if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  });

  it('tells the vendor to come again when the database cannot keep it', async () => {
    await start();
    await database.rows(sql`alter table inbox rename to away`);
    const answer = await world.push('{"type":"noise"}');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('10');
    expect(JSON.stringify(await answer.json())).not.toMatch(/relation|inbox_/);
    await database.rows(sql`alter table away rename to inbox`);
    expect((await world.push('{"type":"noise"}')).status).toBe(200);
  });

  it('opens what one source was sent while another one is flooded', async () => {
    await start({ config: { sources: { pusher: { connector: 'pusher' }, other: { connector: 'pusher' } } } });
    const flood = Array.from({ length: 3_000 }, (_, n) => ({ type: 'noise', eventId: `f${n}` }));
    await Promise.all(flood.map((event) => world.push(event)));
    const calm = JSON.stringify({ type: 'noise', eventId: 'calm' });
    await world.push(calm, signed(calm), '/webhooks/other');
    const { opener } = world.tributary;
    await opener.step(new AbortController().signal);
    const opened = await database.rows<{ source: string; count: number }>(
      sql`select source, count(*)::int as count from inbox where state = 'opened' group by source order by source`,
    );
    expect(opened.find(({ source }) => source === 'other')).toEqual({ source: 'other', count: 1 });
    expect(opened.find(({ source }) => source === 'pusher')!.count).toBeLessThan(3_000);
  });

  it('never fails, whatever it receives', async () => {
    await start({ source: { webhook: { requestsPerSecond: 1_000_000 } } });
    await world.tributary.start();
    const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const nasty = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom(
        '',
        'null',
        '[]',
        '{"events":[]}',
        '{"events":null}',
        '{"__proto__":{"polluted":true},"type":"changed","id":"p","at":1}',
        '{"type":"changed","id":"\\u0000","at":1,"body":{"name":"\\ud800\\u0000"}}',
        '{"type":"changed","id":"p","at":1e308}',
        '{"type":"changed","id":"p","at":-1}',
        '{"type":"traits","id":"p","at":5,"body":{"__proto__":1,"constructor":{"a":[]}}}',
        deep(1_000_000 / 2),
        `{"events":${deep(5_000)}}`,
        `{"events":[${'{},'.repeat(20_000)}{}]}`,
        `"${'\\ud800'.repeat(1_000)}"`,
      ),
      fc
        .record({
          type: fc.constantFrom('changed', 'touched', 'gone', 'erased', 'traits', 'forgotten', 'noise'),
          id: fc.anything(),
          eventId: fc.anything(),
          at: fc.anything(),
          body: fc.dictionary(fc.string(), fc.anything()),
        })
        .map((event) => {
          try {
            return JSON.stringify(event) ?? '';
          } catch {
            return '';
          }
        }),
    );
    const header = fc.dictionary(
      fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
      fc.stringMatching(/^[\x20-\x7e]{0,80}$/),
      { maxKeys: 4 },
    );
    await fc.assert(
      fc.asyncProperty(nasty, header, fc.boolean(), async (body, more, isSigned) => {
        const bytes = Buffer.from(body);
        const answer = await world.app.request('/webhooks/pusher', {
          method: 'POST',
          body: bytes,
          headers: { ...more, ...(isSigned ? signed(bytes) : {}) },
        });
        expect([200, 401, 413]).toContain(answer.status);
        if (isSigned) expect(answer.status).toBe(200);
        expect(await answer.text()).not.toContain('a-secret-for-the-tests');
      }),
      { numRuns: times(400) },
    );
    const waiting = async () =>
      (
        await database.rows<{ n: number }>(sql`select count(*)::int as n from inbox where state = 'waiting'`)
      )[0]!.n;
    await until(async () => (await waiting()) === 0);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const unexpected = await database.rows(
      sql`select message from dead_letters where code in ('unexpected', 'given_up')`,
    );
    expect(unexpected).toEqual([]);
  });
});
