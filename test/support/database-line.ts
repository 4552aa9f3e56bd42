// A line to the database that can go dead: it holds back what is sent, or is cut. It knows no protocol.
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

export interface DatabaseLine {
  /** The server's URL, by way of this line. */
  url: string;
  readonly isHeld: boolean;
  /** From now on nothing gets through, and nobody is told. */
  hold(): void;
  /** Resets every connection; others are taken. */
  reset(): void;
  /** Ends every connection and takes no other. */
  cut(): void;
  /** All is as before; what was held back goes on. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function openLine(server: string): Promise<DatabaseLine> {
  const target = new URL(server);
  const sockets = new Set<Socket>();
  let isHeld = false;
  const link = (client: Socket) => {
    const up = dial(Number(target.port || 5432), target.hostname);
    for (const [one, other] of [
      [client, up],
      [up, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('data', (bytes) => void other.write(bytes));
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      if (isHeld) one.pause();
    }
  };
  let listening: Server | null = createServer(link);
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      listening!.once('error', reject);
      listening!.listen(port, '127.0.0.1', () => resolve((listening!.address() as { port: number }).port));
    });
  const port = await listen(0);
  const cut = () => {
    listening?.close();
    listening = null;
    for (const socket of sockets) socket.destroy();
  };
  const own = new URL(server);
  own.hostname = '127.0.0.1';
  own.port = String(port);
  return {
    url: own.href,
    get isHeld() {
      return isHeld;
    },
    hold() {
      isHeld = true;
      for (const socket of sockets) socket.pause();
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    cut,
    async mend() {
      isHeld = false;
      for (const socket of sockets) socket.resume();
      if (listening) return;
      listening = createServer(link);
      await listen(port);
    },
    close: async () => cut(),
  };
}
