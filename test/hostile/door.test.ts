// The server under connections that mean to hold it up, on real sockets: each is ended in time, and others are answered meanwhile.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Served, serveApp } from '../../src/web/server.ts';
import { behaviour } from '../support/databases.ts';
import { openWorld, type World } from '../web/world.ts';

describe('the server', () => {
  let world: World;
  let served: Served;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    world = await openWorld(await behaviour[0].open());
    served = await serveApp(world.app, { host: '127.0.0.1', port: 0, headersMs: 250, requestMs: 500 });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await served.close();
    await world.close();
  });

  async function open(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(served.url).port) });
    sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  }

  /** Ended in whatever way: a reset is one. */
  const ended = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

  it('closes connections whose headers never end, while others are answered', async () => {
    const slow = await Promise.all(Array.from({ length: 50 }, open));
    const closed = slow.map((socket) => ended(socket.resume()));
    const drip = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('x: y\r\n');
    }, 20);
    for (const socket of slow) socket.write('POST /webhooks/crm HTTP/1.1\r\nhost: x\r\n');
    expect((await fetch(`${served.url}/healthz`)).status).toBe(200);
    await Promise.all(closed);
    clearInterval(drip);
    expect((await fetch(`${served.url}/healthz`)).status).toBe(200);
  });

  it('closes connections that say nothing at all, or send a body drop by drop where no token was shown', async () => {
    const [silent, dripping] = [await open(), await open()];
    const closed = [silent, dripping].map((socket) => ended(socket.resume()));
    dripping.write('POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 10000\r\n\r\n');
    const drip = setInterval(() => dripping.writable && dripping.write('x'), 20);
    await Promise.all(closed);
    clearInterval(drip);
  });

  it.each([
    ['no HTTP', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000'],
    ['two lengths', 'POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello'],
    [
      'a length and chunks',
      'POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a header with a line feed alone', 'GET / HTTP/1.1\nhost: x\nx: y\n\n'],
    ['an endless address', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`],
  ])('refuses %s, and ends the connection', async (_what, bytes) => {
    const socket = await open();
    const said: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => said.push(chunk));
    const closed = ended(socket);
    socket.write(bytes, 'latin1');
    await closed;
    expect(Buffer.concat(said).toString()).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  });
});
