// Load for the door: requests over raw sockets that are kept, so that the one who asks costs little beside the one who
// answers. Bounded in time. It knows no database.
import { connect, type Socket } from 'node:net';
import type { Signed } from '../test/support/intake.ts';

export interface Load {
  /** Answers with 200 in a second. */
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers with anything else. */
  refused: number;
}

export interface LoadOptions {
  url: string;
  connections: number;
  seconds: number;
  /** Requests in a second, evenly; absent: as fast as answers come. Latency then counts from when a request was due. */
  rate?: number;
  events: readonly Signed[];
}

export async function load({ url, connections, seconds, rate, events }: LoadOptions): Promise<Load> {
  const { hostname, port } = new URL(url);
  const requests = events.map((event) => requestBytes(hostname, event));
  const latencies: number[] = [];
  let refused = 0;
  let next = 0;
  const clients = await Promise.all(
    Array.from({ length: connections }, () => Client.open(hostname, Number(port))),
  );
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const one = async (client: Client, dueAt: number) => {
    const status = await client.ask(requests[next++ % requests.length]!);
    if (status === 200) latencies.push(performance.now() - dueAt);
    else refused += 1;
  };
  if (rate === undefined) {
    await Promise.all(
      clients.map(async (client) => {
        while (performance.now() < end) await one(client, performance.now());
      }),
    );
  } else await paced(clients, { begin, end, rate }, one);
  const took = (performance.now() - begin) / 1000;
  for (const client of clients) client.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(Math.floor(latencies.length * share), latencies.length - 1)] ?? 0;
  return { perSecond: latencies.length / took, p50Ms: at(0.5), p99Ms: at(0.99), refused };
}

async function paced(
  clients: readonly Client[],
  { begin, end, rate }: { begin: number; end: number; rate: number },
  one: (client: Client, dueAt: number) => Promise<void>,
): Promise<void> {
  const idle = [...clients];
  const underWay = new Set<Promise<void>>();
  for (let sent = 0; ; ) {
    const now = performance.now();
    if (now >= end) break;
    const due = Math.floor(((now - begin) / 1000) * rate);
    while (sent < due && idle.length > 0) {
      const client = idle.pop()!;
      const asking = one(client, begin + (sent / rate) * 1000).finally(() => {
        idle.push(client);
        underWay.delete(asking);
      });
      underWay.add(asking);
      sent += 1;
    }
    // Not busily: the server and the database need the cores.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(underWay);
}

function requestBytes(host: string, { body, signature }: Signed): Buffer {
  return Buffer.from(
    `POST /webhooks/events HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-signature: ${signature}\r\n\r\n${body}`,
  );
}

/** One connection; our answers are short and end with their body. */
class Client {
  readonly #socket: Socket;
  #answered: ((status: number) => void) | null = null;
  #text = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk.toString('latin1')));
    socket.on('close', () => this.#answered?.(0));
    socket.on('error', () => this.#answered?.(0));
  }

  static open(host: string, port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port }, () => resolve(new Client(socket)));
      socket.once('error', reject);
    });
  }

  ask(request: Buffer): Promise<number> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    this.#text += chunk;
    const head = this.#text.indexOf('\r\n\r\n');
    if (head === -1) return;
    const length = /content-length: (\d+)/i.exec(this.#text.slice(0, head))?.[1];
    const isWhole =
      length === undefined
        ? this.#text.endsWith('0\r\n\r\n')
        : this.#text.length >= head + 4 + Number(length);
    if (!isWhole) return;
    const status = Number(this.#text.slice(9, 12));
    this.#text = '';
    const answered = this.#answered;
    this.#answered = null;
    answered?.(status);
  }
}
