// What a request asks for as a hash, so that it is recognised when it comes again. Only who knows the key of the hash can tell from it
// what was asked for.
import { createHash, createHmac, type Hash } from 'node:crypto';
import type { Context } from 'hono';
import type { Caller } from './caller.ts';
import type { Env } from './env.ts';
import { importPath } from './import-path.ts';

/** A body that is hashed as it is read. */
interface PassingBody {
  readonly hash: Hash;
  stream: ReadableStream<Uint8Array> | null;
  isRead: boolean;
}

export class RequestPrint {
  /** Of what is known before a large body is read. */
  readonly head: string;
  readonly #key: Buffer;
  readonly #body: PassingBody | null;

  private constructor(key: Buffer, head: string, body: PassingBody | null = null) {
    this.#key = key;
    this.head = head;
    this.#body = body;
  }

  /** The body is read whole, but for a file that is imported: that is hashed as it passes by. */
  static async of(c: Context<Env>, { role, isMasked }: Caller, key: Buffer): Promise<RequestPrint> {
    const { pathname, search } = new URL(c.req.url);
    const said = JSON.stringify([c.req.method, pathname, search, role, isMasked]);
    if (!importPath.test(c.req.path))
      return new RequestPrint(key, hashed(key, said, Buffer.from(await c.req.arrayBuffer())));
    const hash = createHash('sha256');
    const body: PassingBody = { hash, stream: null, isRead: false };
    const passing = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        hash.update(chunk);
        controller.enqueue(chunk);
      },
      flush() {
        body.isRead = true;
      },
    });
    if (c.req.raw.body) {
      body.stream = c.req.raw.body.pipeThrough(passing);
      c.req.raw = new Request(c.req.raw, { body: body.stream, duplex: 'half' } as RequestInit);
    } else body.isRead = true;
    return new RequestPrint(key, hashed(key, said), body);
  }

  /** Null where the body was not read to its end. */
  get whole(): string | null {
    if (this.#body === null) return this.head;
    return this.#body.isRead ? hashed(this.#key, this.head, this.#body.hash.copy().digest()) : null;
  }

  /** The whole, for which the body is read and let go where nobody else reads it. */
  async read(): Promise<string | null> {
    for await (const _chunk of this.#body?.stream ?? []);
    return this.whole;
  }
}

function hashed(key: Buffer, head: string, rest: Uint8Array = Buffer.alloc(0)): string {
  return createHmac('sha256', key).update(head).update('\0').update(rest).digest('base64url');
}
