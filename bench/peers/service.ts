// What services have in common: a port of their own, and an address that answers once they are ready. It knows none of them.
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessTree } from './process-tree.ts';

const startMs = 180_000;

export interface Answer {
  status: number;
  text: string;
}

/** One that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Until it answers 200 with these words. Rejects where it ends, or is not ready after three minutes. */
export async function untilReady(tree: ProcessTree, url: string, words = ''): Promise<void> {
  let ended: number | string | null = null;
  void tree.exit.then((how) => {
    ended = how;
  });
  const deadline = Date.now() + startMs;
  for (;;) {
    const answer = await ask('GET', url).catch(() => null);
    if (answer?.status === 200 && answer.text.includes(words)) return;
    if (ended !== null) throw new Error(`It ended with ${ended} while it started. ${tree.output}`);
    if (Date.now() > deadline) throw new Error(`It was not ready in time. ${tree.output}`);
    await delay(100);
  }
}

/** Waits for the answer as long as it takes, which fetch does not. */
export function ask(
  method: 'GET' | 'POST',
  url: string,
  { body, headers = {} }: { body?: object; headers?: { [name: string]: string } } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const typed = sent === undefined ? {} : { 'content-type': 'application/json' };
    const asked = request(url, { method, headers: { ...typed, ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.once('error', reject);
    });
    asked.once('error', reject);
    asked.end(sent);
  });
}
