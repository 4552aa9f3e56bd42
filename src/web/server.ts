// Serves the app on a port, and stops quickly. It does not know what is served.

import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { systemClock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import type { Env } from './env.ts';
import { importPath } from './import-path.ts';

/** What is still being answered when the server closes has so long to end. */
const graceMs = 700;

export interface Served {
  /** `http://127.0.0.1:3000`, no slash at the end. */
  url: string;
  /** Takes no more requests; ends streams and idle connections at once, the rest within a second. */
  close(): Promise<void>;
}

export interface ConnectionLimits {
  /** More are closed as they come. */
  maxConnections: number;
  /** The headers of a request must be complete by then. */
  headersMs: number;
  /** A request must be complete by then, but for imports. */
  requestMs: number;
  /** Told of connections that were closed as they came. */
  log?: Log | undefined;
}

/** A connection takes some 50 kB while it sends a body; the bodies of webhooks have limits of their own. */
const usualConnectionLimits: ConnectionLimits = {
  maxConnections: 1_000,
  headersMs: 20_000,
  requestMs: 300_000,
};

/** The server could not begin to listen; the message says why and what to do. */
export class ListenError extends Error {
  override name = 'ListenError';
}

/** `port` 0 takes any free one. Throws ListenError. */
export async function serveApp(
  app: OpenAPIHono<Env>,
  { host, port, ...given }: { host: string; port: number } & Partial<ConnectionLimits>,
): Promise<Served> {
  const limits = { ...usualConnectionLimits, ...given };
  const closing = new AbortController();
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, { ...env, closing: closing.signal }),
    // HTTP/1.0 names no host.
    hostname: 'localhost',
    serverOptions: {
      headersTimeout: limits.headersMs,
      // An import of 2 GiB may take long: it has shown the API token first. All else has `requestMs`.
      requestTimeout: 3_600_000,
      connectionsCheckingInterval: Math.min(limits.headersMs, 5_000),
      keepAliveTimeout: 10_000,
    },
  }) as Server;
  server.maxConnections = limits.maxConnections;
  tellOfDropped(server, limits);
  endSlowRequests(server, limits.requestMs, closing.signal);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, host, port);
  let closed: Promise<void> | null = null;
  return {
    url: urlOf(host, (server.address() as AddressInfo).port),
    close: () => {
      closed ??= close(server, sockets, closing);
      return closed;
    },
  };
}

function tellOfDropped(server: Server, { maxConnections, log }: ConnectionLimits): void {
  server.on('drop', () => {
    log?.warn({ maxConnections }, 'new connections are closed because the maximum number is open');
  });
}

/** One look for all requests that are still coming in. */
function endSlowRequests(server: Server, requestMs: number, closing: AbortSignal): void {
  const begun = new Map<IncomingMessage, number>();
  server.prependListener('request', (request: IncomingMessage) => {
    if (request.complete || importPath.test(request.url ?? '')) return;
    begun.set(request, systemClock.now());
    request.once('end', () => begun.delete(request)).once('close', () => begun.delete(request));
  });
  void (async () => {
    while (!closing.aborted) {
      await systemClock.sleep(Math.min(requestMs, 5_000), closing);
      const now = systemClock.now();
      for (const [request, at] of begun) if (now - at > requestMs) request.socket.destroy();
    }
  })();
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    throw new ListenError(sentence(cause as NodeJS.ErrnoException, host, port), { cause });
  }
}

function sentence({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use. Stop the process that uses it, or set PORT to another port.`;
  if (code === 'EACCES')
    return `Port ${port} requires privileges that this user does not have. Set PORT to a port above 1023.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `This machine has no address ${host}. Set HOST to one of its addresses: 127.0.0.1 for local connections only, 0.0.0.0 for all.`;
  return `Cannot listen on port ${port} of ${host}: ${message}`;
}

async function close(server: Server, sockets: ReadonlySet<Socket>, closing: AbortController): Promise<void> {
  const ended = new Promise<void>((resolve) => server.close(() => resolve()));
  closing.abort();
  server.closeIdleConnections();
  const over = new AbortController();
  void systemClock.sleep(graceMs, over.signal).then(() => {
    for (const socket of sockets) socket.destroy();
  });
  await ended;
  over.abort();
}

function urlOf(host: string, port: number): string {
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}
