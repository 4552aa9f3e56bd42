// A Hono app on a loopback port, with a network's delay if wanted. It does not know which vendor it serves.
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Hono } from 'hono';

export type ServeOptions = {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Added to every request: half on the way in, half on the way out. */
  latencyMs?: number;
};

export type Served = {
  /** `http://127.0.0.1:<port>`, no slash at the end. */
  url: string;
  /** Stops listening, ends idle connections at once and busy ones after their response. */
  close(): Promise<void>;
};

/**
 * Serves until `close()`. An app that answers `Response.error()`, the fetch standard's network error, has the
 * connection cut without an answer.
 */
export async function serve(app: Pick<Hono, 'fetch'>, options: ServeOptions = {}): Promise<Served> {
  const halfLatencyMs = (options.latencyMs ?? 0) / 2;
  const server = createAdaptorServer({
    fetch: async (request, env) => {
      if (halfLatencyMs > 0) await delay(halfLatencyMs);
      const response = await app.fetch(request, env);
      if (halfLatencyMs > 0) await delay(halfLatencyMs);
      if (response.type !== 'error') return response;
      (env as HttpBindings).outgoing.destroy();
      return RESPONSE_ALREADY_SENT;
    },
    // Node refuses a request line of 16 KB by itself; a vendor's own URL limit has to be reached first.
    serverOptions: { maxHeaderSize: 256 * 1024, keepAliveTimeout: 60_000 },
  }) as Server;
  const endConnections = followConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  let closed: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        endConnections();
      });
      return closed;
    },
  };
}

/** Node's own `closeIdleConnections` spares connections that never sent a request, so they are followed here. */
function followConnections(server: Server): () => void {
  const requestsOpen = new Map<Socket, number>();
  let ending = false;
  const change = (socket: Socket, by: number) => {
    const open = (requestsOpen.get(socket) ?? 0) + by;
    requestsOpen.set(socket, open);
    if (ending && open === 0) socket.end(() => socket.destroy());
  };
  server.on('connection', (socket: Socket) => {
    requestsOpen.set(socket, 0);
    socket.once('close', () => requestsOpen.delete(socket));
  });
  server.on('request', (request, response) => {
    change(request.socket, 1);
    response.once('close', () => change(request.socket, -1));
  });
  return () => {
    ending = true;
    for (const [socket, open] of requestsOpen) if (open === 0) socket.destroy();
  };
}
