// A command line over a connection that is lost: what it asked for is carried out once, and it gets the answer.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Client, overNetwork } from '../../src/cli/client.ts';
import { classify } from '../../src/cli/errors.ts';
import { repeating } from '../../src/cli/repeating.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** Each request is handled by the next of these, the last ones by the last. */
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const answered: Handler = (_request, response) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"done":true}');
const lost: Handler = (request) => request.socket.destroy();
const cutShort: Handler = (request, response) => {
  response.writeHead(200, { 'content-length': '100' }).write('{"done"', () => request.socket.destroy());
};
const underWay: Handler = (_request, response) =>
  response
    .writeHead(409, { 'content-type': 'application/problem+json' })
    .end('{"type":"urn:tributary:problem:key-in-use","status":409,"detail":"It goes on."}');

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(...handlers: Handler[]) {
  const keys: (string | undefined)[] = [];
  server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key'] as string | undefined);
    request
      .resume()
      .on('end', () => handlers[Math.min(keys.length, handlers.length) - 1]!(request, response));
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const clock = new ManualClock(0);
  const transport = overNetwork(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const client = new Client({
    whom: 'Tributary',
    transport,
    repeat: repeating(clock),
    token: 't',
  });
  return { client, clock, keys };
}

/** Moves the clock on until it is settled. */
async function inTime<Result>(clock: ManualClock, asked: Promise<Result>): Promise<Result> {
  let isSettled = false;
  const settled = asked.finally(() => {
    isSettled = true;
  });
  settled.catch(() => {});
  while (!isSettled) await clock.advance(250);
  return settled;
}

const shape = z.object({ done: z.boolean() });

describe('a request of a command', () => {
  it('is repeated with the same key when the connection is lost, before the answer or in the middle of it', async () => {
    const { client, clock, keys } = await serve(lost, cutShort, answered);
    expect(await inTime(clock, client.send(shape, 'post', '/api/destination/pause', { body: {} }))).toEqual({
      done: true,
    });
    expect(keys).toHaveLength(3);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}-1$/);
    expect(new Set(keys).size).toBe(1);
    await inTime(clock, client.send(shape, 'post', '/api/destination/resume'));
    expect(keys[3]).toBe(keys[0]!.replace(/1$/, '2'));
  });

  it('waits for the answer of the first where that is still carried out', async () => {
    const { client, clock, keys } = await serve(lost, underWay, underWay, answered);
    expect(await inTime(clock, client.send(shape, 'post', '/api/destination/pause', { body: {} }))).toEqual({
      done: true,
    });
    expect(keys).toHaveLength(4);
  });

  it('waits as long as it is told to where the token has sent too many', async () => {
    const limited: Handler = (_request, response) =>
      response
        .writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '7' })
        .end('{"type":"urn:tributary:problem:too-many-triggers","status":429,"detail":"Too many."}');
    const { client, clock, keys } = await serve(limited, answered);
    expect(await inTime(clock, client.send(shape, 'post', '/api/destination/pause', { body: {} }))).toEqual({
      done: true,
    });
    expect(clock.now()).toBeGreaterThanOrEqual(7_000);
    expect(new Set(keys).size).toBe(1);
  });

  it('that only reads has no key, and is repeated too', async () => {
    const { client, clock, keys } = await serve(lost, answered);
    expect(await inTime(clock, client.send(shape, 'get', '/api/status'))).toEqual({ done: true });
    expect(keys).toEqual([undefined, undefined]);
  });

  it('is given up after a minute, and says that it may have been carried out', async () => {
    const { client, clock } = await serve(lost);
    const asked = inTime(clock, client.send(shape, 'post', '/api/destination/pause', { body: {} }));
    await expect(asked).rejects.toThrow(
      /^The connection to Tributary at .* was lost: .*within 60 seconds.*may have been done/,
    );
    expect(clock.now()).toBeLessThanOrEqual(61_000);
  });

  it('is not repeated where it was never sent, or was answered', async () => {
    const refused = await serve(underWay);
    await expect(refused.client.send(shape, 'post', '/api/destination/pause', { body: {} })).rejects.toThrow(
      'It goes on.',
    );
    expect(refused.keys).toHaveLength(1);
    server!.close();
    const transport = overNetwork('http://127.0.0.1:9');
    const client = new Client({
      whom: 'Tributary',
      transport,
      repeat: repeating(refused.clock),
      token: 't',
    });
    await expect(client.send(shape, 'post', '/api/destination/pause', { body: {} })).rejects.toThrow(
      /Cannot reach Tributary/,
    );
  });

  it.each([
    [200, /answered 200 without JSON: is it Tributary\?/],
    [403, /answered 403 without problem details: something in between answered/],
    [404, /answered 404 without problem details/],
    [502, /answered 502 without problem details/],
  ])('that a proxy answers %i with a page of its own fails with a sentence', async (status, sentence) => {
    const page: Handler = (_request, response) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html><h1>Gateway</h1></html>');
    const { client } = await serve(page);
    const error = await client.send(shape, 'get', '/api/status').catch((thrown) => thrown);
    expect(classify(error)).toMatchObject({
      exitCode: 1,
      code: 'failed',
      message: expect.stringMatching(sentence),
    });
  });

  it('for a route that the server does not have, or for what nobody has named, ends with 4', async () => {
    const problem = {
      type: 'about:blank',
      title: 'Not found',
      status: 404,
      detail: 'There is no route /api/x.',
    };
    const unknown: Handler = (_request, response) =>
      response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    const { client } = await serve(unknown);
    const error = await client.send(shape, 'get', '/api/status').catch((thrown) => thrown);
    expect(classify(error)).toMatchObject({ exitCode: 4, code: 'not_found', message: problem.detail });
  });

  it('that streams a file is not repeated, as the file is read already', async () => {
    const { client, keys } = await serve(lost);
    const body = new Blob(['a,b']).stream();
    await expect(
      client.send(shape, 'post', '/api/sources/{source}/imports', { path: { source: 'files' }, body }),
    ).rejects.toThrow(/was lost/);
    expect(keys).toHaveLength(1);
  });
});
