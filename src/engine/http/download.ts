// A file that a vendor hands out by its URL, streamed: bounded in bytes, and in time from one piece to the next and in all.
// It knows neither what is in the file nor how a connection is opened.
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Json, RejectedError, TransientError, UnauthorizedError } from '../../connector.ts';
import type { Clock } from '../clock.ts';
import { reasonOf } from './connection-reasons.ts';
import { isPrivateHost, unsafeAddress } from './private-addresses.ts';

const defaultChunkTimeoutSeconds = 60;
/** Ten million customers are about 4 GB of JSON lines. */
const maxBytes = 16 * 1024 ** 3;
const maxHours = 12;
const maxRedirects = 5;
const maxErrorBytes = 65_536;

export interface DownloadRequest {
  /** Absolute, as the vendor named it; or a path below the base URL. */
  url: string;
  /** See `Quota.bucket`. */
  bucket?: string;
  /** See `ApiRequest.auth`. */
  auth?: string;
  /** Sent with POST: the file is the answer to a request of its own, and no redirect is followed. */
  json?: Json;
  /** How long the answer, and each piece of the file, may take. Default 60. */
  chunkTimeoutSeconds?: number;
}

export interface Download {
  /** Names in lower case. */
  headers: { [name: string]: string };
  bytes: AsyncIterable<Uint8Array>;
}

export interface Opened {
  status: number;
  /** Names in lower case. */
  headers: { [name: string]: string };
  body: AsyncIterable<Uint8Array>;
}

export interface DownloadDeps {
  /** The endpoint's name, for what errors say. */
  name: string;
  /** Where the vendor's API is: plain HTTP is believed only where that is plain too. */
  base: URL;
  /** Files in private networks too, wherever the API is. */
  allowPrivate?: boolean;
  clock: Clock;
  signal: AbortSignal | undefined;
  /** Opens one connection for one GET; the signal cuts it. */
  open(url: URL, signal: AbortSignal): Promise<Opened>;
  /** What an answer that is no success means. */
  errorFor(url: URL, opened: Opened, text: string): Error;
}

/** Throws as a request does. What is not read to its end must be left by `return`: the connection is cut then. */
export async function download(request: DownloadRequest, deps: DownloadDeps): Promise<Download> {
  const cut = new AbortController();
  const patience = new Patience(
    deps,
    cut,
    (request.chunkTimeoutSeconds ?? defaultChunkTimeoutSeconds) * 1000,
  );
  try {
    const first = urlOf(request.url, deps);
    const redirects = request.json === undefined ? maxRedirects : 0;
    const opened = await follow(first, deps, { patience, signal: cut.signal, redirects });
    return { headers: opened.headers, bytes: pieces(opened, deps, patience, cut) };
  } catch (error) {
    cut.abort();
    throw patience.told(error);
  }
}

/** The whole file, where it has at most so many bytes and is here by then (epoch milliseconds). Throws as `download` does. */
export async function collected(
  pieces: AsyncIterable<Uint8Array>,
  { name, clock, maxBytes, until }: { name: string; clock: Clock; maxBytes: number; until: number },
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (clock.now() > until) throw new TransientError(`${name} sent a file too slowly`);
    if (bytes > maxBytes)
      throw new RejectedError(`${name} named a file of more than ${maxBytes} bytes`, {
        code: 'file_too_large',
      });
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

async function follow(
  first: URL,
  deps: DownloadDeps,
  { patience, signal, redirects }: { patience: Patience; signal: AbortSignal; redirects: number },
): Promise<Opened> {
  let url = first;
  for (let left = redirects; ; left -= 1) {
    const opened = await patience.during(deps.open(url, signal));
    const { status, headers } = opened;
    if (status >= 200 && status < 300) return opened;
    const { location } = headers;
    if (status < 300 || status >= 400 || location === undefined || left === 0)
      throw deps.errorFor(url, opened, await patience.during(beginningOf(opened)));
    // What a redirect says besides is nothing to us, but its connection has to be freed.
    await patience.during(beginningOf(opened));
    url = urlOf(location, deps, url);
  }
}

function urlOf(text: string, deps: DownloadDeps, from?: URL): URL {
  const { base, name } = deps;
  const isPath = from === undefined && text.startsWith('/');
  const url = URL.parse(isPath ? base.href.replace(/\/+$/, '') + text : text, from?.href);
  const allowed = base.protocol === 'https:' ? ['https:'] : ['https:', 'http:'];
  // Where the vendor's own API is in a private network (a sandbox, a stub), its files may be too.
  const isReachable =
    url && (deps.allowPrivate || !isPrivateHost(url.hostname) || isPrivateHost(base.hostname));
  if (isReachable && allowed.includes(url.protocol)) return url;
  throw unsafeAddress(name);
}

async function* pieces(
  { headers, body }: Opened,
  deps: DownloadDeps,
  patience: Patience,
  cut: AbortController,
): AsyncGenerator<Uint8Array> {
  const bytes = headers['content-encoding'] === 'gzip' ? unzipped(body) : body;
  const reader = bytes[Symbol.asyncIterator]();
  const until = deps.clock.now() + maxHours * 3_600_000;
  let read = 0;
  try {
    for (;;) {
      const { done, value } = await patience.during(reader.next());
      if (done) return;
      read += value.length;
      if (read > maxBytes || deps.clock.now() > until)
        throw new RejectedError(
          `${deps.name} sent a file larger than ${maxBytes / 1024 ** 3} GB, or took more than ${maxHours} hours`,
          { code: 'file_too_large' },
        );
      yield value;
    }
  } catch (error) {
    throw patience.told(error, `${deps.name} ended a file early`);
  } finally {
    cut.abort();
    // Not waited for: a reader that hangs would hold whoever leaves.
    void reader.return?.().catch(() => {});
  }
}

function unzipped(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // What fails on the way comes out of the last stream.
  return pipeline(Readable.from(body), createGunzip(), () => {});
}

async function beginningOf({ body }: Opened): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxErrorBytes) break;
  }
  return Buffer.concat(chunks).toString();
}

/** Cuts when nothing comes for too long, or when the caller is told to stop; and says afterwards which it was. */
class Patience {
  readonly #clock: Clock;
  readonly #name: string;
  readonly #signal: AbortSignal | undefined;
  readonly #cut: AbortController;
  readonly #milliseconds: number;
  #why: 'timeout' | 'stopped' | null = null;

  constructor({ clock, name, signal }: DownloadDeps, cut: AbortController, milliseconds: number) {
    this.#clock = clock;
    this.#name = name;
    this.#signal = signal;
    this.#cut = cut;
    this.#milliseconds = milliseconds;
  }

  async during<Result>(waited: Promise<Result>): Promise<Result> {
    const over = new AbortController();
    const gaveUp = Promise.withResolvers<never>();
    const end = (why: 'timeout' | 'stopped') => {
      if (over.signal.aborted) return;
      this.#why = why;
      this.#cut.abort();
      gaveUp.reject(new Error(why));
    };
    const stop = () => end('stopped');
    if (this.#signal?.aborted) stop();
    this.#signal?.addEventListener('abort', stop, { once: true });
    void this.#clock.sleep(this.#milliseconds, over.signal).then(() => end('timeout'));
    try {
      waited.catch(() => {}); // it may fail after we have gone
      return await Promise.race([waited, gaveUp.promise]);
    } finally {
      over.abort();
      this.#signal?.removeEventListener('abort', stop);
    }
  }

  told(error: unknown, otherwise = `${this.#name} cannot be reached to download a file`): Error {
    if (this.#why === 'stopped') return new TransientError('stopped');
    if (this.#why === 'timeout') return new TransientError(`${this.#name} sent a file too slowly`);
    if (error instanceof TransientError || error instanceof RejectedError) return error;
    if (error instanceof UnauthorizedError) return error;
    return new TransientError(`${otherwise}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
