// Requests to a vendor's API: the only file that opens a connection. It knows statuses, but no vendor's meaning of them
// beyond what the connector's description says.
import type { Dispatcher } from 'undici';
import manifest from '../../../package.json' with { type: 'json' };
import { parseJson } from '../../connector/json.ts';
import {
  type Api,
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type Json,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '../../connector.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import { type Budget, UnsentError } from '../quota/budgets.ts';
import type { Lane } from '../quota/lanes.ts';
import { PrioritySemaphore } from '../quota/priority-semaphore.ts';
import { changes, errorOf, isOwn, type Secrets, wordsOf } from './answer-error.ts';
import { inPieces, isLong } from './body-pieces.ts';
import { isOfProxy, reasonOf } from './connection-reasons.ts';
import { type Connect, connectionsTo, type Proxies, proxyOf } from './connections.ts';
import { authOf, credentialsOf, secretsOf } from './credentials.ts';
import { collected, type Download, type DownloadRequest, download, type Opened } from './download.ts';
import { OAuthTokens, type Exchange as TokenExchange, type Vault } from './oauth.ts';
import { isPrivateHost, publicLookup, type Resolve } from './private-addresses.ts';
import { RecentCalls } from './recent-calls.ts';
import { bodyOf, type RequestBody } from './request-body.ts';
import { SignIn } from './sign-in.ts';
import { exchangeToken } from './token-exchange.ts';
import type { Token } from './token-request.ts';
import { type Seen, traced } from './traced-call.ts';
import { BodyTooLargeError, bodyLimits, unpacked } from './unpacking.ts';
import { untilAborted } from './until-aborted.ts';
import { type Ahead, VendorClock } from './vendor-clock.ts';

const defaultTimeoutSeconds = 30;
/** A linked file comes from a storage service, and may be large. */
const defaultLinkSeconds = 300;
const limits = bodyLimits();

/** The code of the RejectedError for an answer that is more than this process can hold. */
export const tooLargeCode = 'response_too_large';

/** A response whose body is read, or the reason why there is none. */
type Exchange =
  | { status: number; headers: { [name: string]: string }; body: Buffer }
  | { failed: 'timeout' | 'stopped' | 'lost' | 'too large' | 'connection'; sent: boolean; cause?: Error };

/** The API as the engine has it: files are its own to fetch. */
export interface EngineApi extends Api {
  /** Streams a file, paid for as one call. Credentials go to the origin of the base URL only. Throws as `request` does. */
  download(request: DownloadRequest): Promise<Download>;
}

interface CallOptions {
  lane: Lane;
  signal: AbortSignal | undefined;
  discreet: boolean;
  /** Where access tokens expire. */
  token: Token | null;
  seen: Seen;
  isOurs: () => boolean;
}

/** Where requests go. */
interface Host {
  base: URL;
  pool: Dispatcher;
}

export class Endpoint {
  readonly name: string;
  readonly budget: Budget;
  readonly #description: ApiDescription;
  readonly #clock: Clock;
  readonly #log: Log;
  #secrets: Secrets;
  /** Null where the credentials do not expire. */
  readonly tokens: OAuthTokens | null;
  /** The same of `otherAuths`, by name. */
  readonly #otherTokens = new Map<string, OAuthTokens>();
  /** The last token of each, by name; the account's under undefined. */
  readonly #lastTokens = new Map<string | undefined, Token>();
  /** How a person grants them; null where tokens do not expire. */
  readonly signIn: SignIn | null;
  /** Of every request, whatever its credentials. */
  readonly #headers: { [name: string]: string };
  /** As described; of a vendor whose tokens name it, the one of the last token. */
  #base: URL;
  #pool: Dispatcher;
  /** Other hosts of the vendor, by the name of their credentials. */
  readonly #others: ReadonlyMap<string, Host>;
  readonly #maxConnections: number;
  readonly #proxies: Proxies | null;
  readonly #connect: Connect;
  readonly #allowPrivate: boolean;
  readonly #resolve: Resolve | undefined;
  #isClosed = false;
  /** So that better lanes also go first where all connections are busy. */
  readonly #connections: PrioritySemaphore;
  readonly #vendorClock = new VendorClock();
  /** The last calls of this process, but those that name whom is to be forgotten. */
  readonly recentCalls = new RecentCalls((text) => this.#secrets.hide(text));
  readonly #counts = { total: 0, byStatus: {} as { [status: string]: number } };

  /** Throws where the description's base URL is none. */
  constructor(options: {
    name: string;
    description: ApiDescription;
    budget: Budget;
    clock: Clock;
    log: Log;
    /** Where access tokens that run out are kept. Without it none can be got. */
    vault?: Vault | undefined;
    maxConnections?: number;
    proxies?: Proxies | null;
    /** How connections are opened. Default: through sockets of this machine. */
    connect?: Connect;
    /** Files that the vendor names are fetched from private networks too. */
    allowPrivateAddresses?: boolean;
    /** How names in addresses of files are resolved. Default: by the system. */
    resolve?: Resolve;
  }) {
    const {
      name,
      description,
      vault,
      maxConnections = 16,
      proxies = null,
      connect = connectionsTo,
    } = options;
    const { allowPrivateAddresses = false, resolve } = options;
    const base = checkedUrl(name, description.baseUrl);
    this.name = name;
    this.budget = options.budget;
    this.#description = description;
    this.#clock = options.clock;
    this.#log = options.log.child({ endpoint: name });
    this.#secrets = secretsOf(description, this.#lastTokens);
    const { auth, otherAuths = {} } = description;
    const expire = [auth, ...Object.values(otherAuths)].some((one) => one?.kind === 'oauth');
    if (expire && !vault)
      throw new Error(
        `${name} uses access tokens that expire: set TRIBUTARY_SECRET_KEY, which encrypts them.`,
      );
    const exchange: TokenExchange = (request) =>
      exchangeToken(request, { name, clock: this.#clock, connect, proxies });
    const { account } = description;
    const shared = { name, clock: options.clock, exchange };
    this.tokens =
      auth?.kind === 'oauth' && vault ? new OAuthTokens({ ...shared, vault, account, oauth: auth }) : null;
    for (const [other, oauth] of Object.entries(otherAuths))
      if (oauth.kind === 'oauth' && vault)
        this.#otherTokens.set(
          other,
          new OAuthTokens({ ...shared, vault, account: `${account}:${other}`, oauth }),
        );
    this.signIn = this.tokens && vault ? new SignIn({ ...shared, vault, tokens: this.tokens }) : null;
    this.#headers = {
      accept: 'application/json',
      'accept-encoding': 'gzip',
      'user-agent': `tributary/${manifest.version}`,
    };
    this.#base = base;
    this.#maxConnections = maxConnections;
    this.#connections = new PrioritySemaphore(maxConnections);
    this.#proxies = proxies;
    this.#connect = connect;
    this.#allowPrivate = allowPrivateAddresses || isPrivateHost(base.hostname);
    this.#resolve = resolve;
    this.#pool = connect(base.origin, { connections: maxConnections, proxies });
    this.#others = new Map(
      Object.entries(description.otherBaseUrls ?? {}).map(([other, url]): [string, Host] => {
        const base = checkedUrl(name, url);
        return [other, { base, pool: connect(base.origin, { connections: maxConnections, proxies }) }];
      }),
    );
  }

  /**
   * The API as a connector sees it, for calls of this lane. The signal ends waits and requests with TransientError
   * `stopped`. `discreet`: the log does not tell the paths, which may name a person. `isOurs`: whether what the call is
   * for is still held by us, asked when nothing comes any more between that and the request: a process that was stopped
   * in between sends nothing.
   */
  api(
    lane: Lane,
    options: { signal?: AbortSignal | undefined; discreet?: boolean; isOurs?: () => boolean } = {},
  ): EngineApi {
    const { signal, discreet = false, isOurs = () => true } = options;
    const api: EngineApi = {
      request: async (request) => {
        if (request.link) return this.#linked(api, request, request.link);
        checkPath(this.name, request);
        const call = { lane, bucket: request.bucket, signal, semaphore: this.#connections };
        return this.#authorized(request, signal, (token, seen) =>
          this.budget.run(call, (hasSlots) =>
            this.#traced(request, seen, () =>
              this.#call(request, {
                lane,
                signal,
                discreet,
                token,
                seen,
                isOurs: () => hasSlots() && isOurs(),
              }),
            ),
          ),
        );
      },
      // It has a connection of its own: a long file holds none of those that others wait for.
      download: (request) =>
        this.#authorized(request, signal, (token, seen) =>
          this.budget.run({ lane, bucket: request.bucket, signal }, (hasSlots) =>
            download(request, {
              name: this.name,
              base: this.#base,
              allowPrivate: this.#allowPrivate,
              clock: this.#clock,
              signal,
              open: async (url, cut) => {
                if (!hasSlots()) throw new UnsentError('stopped', { uncertain: false });
                const asked: Seen = { status: 0, calls: 0 };
                const method = request.json === undefined ? 'GET' : 'POST';
                const opened = await traced({ endpoint: this.name, method, url, seen: asked }, () =>
                  this.#open(url, { lane, request, cut, token, seen: asked }),
                );
                if (url.origin === this.#base.origin) seen.status = opened.status;
                return opened;
              },
              errorFor: (url, opened, text) => this.#fileError(url, opened, text, request.bucket),
            }),
          ),
        ),
    };
    return api;
  }

  #traced<Result>(request: ApiRequest, seen: Seen, call: () => Promise<Result>): Promise<Result> {
    const { method = 'GET' } = request;
    return traced({ endpoint: this.name, method, url: this.#hostOf(request).base, seen }, call);
  }

  async #linked(
    api: EngineApi,
    { path, bucket, auth, isAnswer, timeoutSeconds }: ApiRequest,
    { maxBytes }: NonNullable<ApiRequest['link']>,
  ): Promise<ApiResponse> {
    const until = this.#clock.now() + (timeoutSeconds ?? defaultLinkSeconds) * 1000;
    const { bytes } = await api.download({
      url: path,
      ...(bucket !== undefined && { bucket }),
      ...(auth !== undefined && { auth }),
    });
    const file = await collected(bytes, {
      name: this.name,
      clock: this.#clock,
      maxBytes: Math.min(maxBytes, limits.bytes),
      until,
    });
    const json = parsed(file.toString());
    if (isAnswer?.(json) === false)
      throw new TransientError(
        `${this.name} named a file that holds something other than what was asked for`,
        {
          status: 200,
          foreign: true,
        },
      );
    return { status: 200, headers: {}, json };
  }

  /** Requests made so far, by status; `failed` where no response came. */
  calls(): { total: number; byStatus: { [status: string]: number } } {
    return { total: this.#counts.total, byStatus: { ...this.#counts.byStatus } };
  }

  /** How far the vendor's clock is ahead of ours; null until an answer has told. */
  get clockAhead(): Ahead | null {
    return this.#vendorClock.ahead;
  }

  /** The proxy through which the vendor is reached, without credentials; null where it is reached directly. */
  get proxy(): string | null {
    const proxy = proxyOf(this.#proxies, this.#base.origin);
    return proxy === null ? null : new URL(proxy).host;
  }

  /** Waits for what is under way and ends the connections. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([this.tokens, ...this.#otherTokens.values()].map((tokens) => tokens?.settled()));
    const others = [...this.#others.values()].map(({ pool }) => pool);
    await Promise.all([this.#pool, ...others].map((pool) => pool.close()));
  }

  async #call(
    request: ApiRequest,
    { lane, signal, discreet, token, seen, isOurs }: CallOptions,
  ): Promise<ApiResponse> {
    const startedAt = this.#clock.now();
    const { query } = credentialsOf(authOf(this.#description, request.auth), token);
    const path = pathOf(this.#hostOf(request).base, { ...request, query: { ...request.query, ...query } });
    const sent = await bodyOf(request);
    // Others have their turn while a long body is written.
    if (signal?.aborted) throw new UnsentError('stopped', { uncertain: false });
    const exchange = await this.#exchange(request, path, { sent, token, signal, isOurs });
    if ('status' in exchange) seen.status = exchange.status;
    this.#report(
      request,
      discreet ? '(not told)' : path,
      lane,
      'status' in exchange ? exchange.status : null,
      startedAt,
    );
    const note = (answered: string | null, failure: string | null) => {
      if (discreet) return;
      this.recentCalls.note({
        ...{ at: startedAt, method: request.method ?? 'GET', lane, tookMs: this.#clock.now() - startedAt },
        path: pathOf(this.#hostOf(request).base, request),
        status: 'status' in exchange ? exchange.status : null,
        sent: sent === null || request.file ? null : sent.content,
        ...{ answered, failure },
      });
    };
    if ('failed' in exchange) {
      const failure = this.#failure(exchange, request);
      note(null, failure.message);
      throw failure;
    }
    const text = await this.#textOf(exchange, request);
    note(text, null);
    const { status, headers } = exchange;
    const json = parsed(text);
    const response: ApiResponse = { status, headers, json };
    const now = this.#clock.now();
    const readings = this.#description.readQuotas?.(response, request, now) ?? [];
    this.budget.observe(readings);
    const isSuccess = status >= 200 && status < 300;
    // A gateway has a clock of its own.
    if (isSuccess) this.#vendorClock.note(headers['date'], startedAt, now);
    const refusal = isSuccess && json !== undefined && this.#description.errorInSuccess?.(response, request);
    if (refusal) throw this.#secrets.hideInError(refusal);
    const isPage = json === undefined && wantsJson(request, { status, text, headers });
    if (isSuccess && (isPage || request.isAnswer?.(json) === false)) {
      const what = isPage ? 'something other than JSON' : 'something other than what was asked for';
      throw new TransientError(`${this.name} answered ${status} with ${what}`, {
        status,
        foreign: true,
        uncertain: changes(request),
      });
    }
    const answer = { response, text, request, readings, now };
    if (isSuccess) return response;
    if (request.answers?.includes(status) && isOwn(answer, this.#description))
      return { ...response, words: this.#secrets.hide(wordsOf(answer)) };
    throw errorOf(answer, { name: this.name, description: this.#description, secrets: this.#secrets });
  }

  /** With an access token where they expire; one that the vendor no longer takes is replaced once. */
  async #authorized<Result>(
    { auth }: { auth?: string },
    signal: AbortSignal | undefined,
    send: (token: Token | null, seen: Seen) => Promise<Result>,
  ): Promise<Result> {
    const seen: Seen = { status: 0, calls: 0 };
    const tokens = auth === undefined ? this.tokens : this.#otherTokens.get(auth);
    if (!tokens) return send(null, seen);
    const token = await this.#token(tokens, { auth, signal });
    try {
      return await send(token, seen);
    } catch (error) {
      // A 403 is a missing scope, and stays one with a new token.
      if (!(error instanceof UnauthorizedError) || seen.status !== 401) throw error;
      return send(await this.#token(tokens, { auth, signal, refused: token.accessToken }), seen);
    }
  }

  /** The token is for all who ask: one who stops does not end the others' waiting. */
  async #token(
    tokens: OAuthTokens,
    {
      auth,
      signal,
      refused = null,
    }: { auth: string | undefined; signal: AbortSignal | undefined; refused?: string | null },
  ): Promise<Token> {
    try {
      const token = await untilAborted(tokens.token(refused), signal);
      this.#lastTokens.set(auth, token);
      this.#secrets = secretsOf(this.#description, this.#lastTokens);
      if (auth === undefined && token.baseUrl !== null) this.#moveTo(token.baseUrl);
      return token;
    } catch (error) {
      throw signal?.aborted ? new UnsentError('stopped', { uncertain: false }) : error;
    }
  }

  /** With the account's credentials, or with others and then nothing of the account's. */
  #headersWith(auth: string | undefined, token: Token | null): { [name: string]: string } {
    const { headers } = credentialsOf(authOf(this.#description, auth), token);
    const accounts = auth === undefined ? lowerCased(this.#description.headers ?? {}) : {};
    return { ...this.#headers, ...accounts, ...headers };
  }

  #hostOf({ auth }: ApiRequest): Host {
    return this.#others.get(auth ?? '') ?? { base: this.#base, pool: this.#pool };
  }

  /** Calls go where the newest token says; those under way end where they began. */
  #moveTo(baseUrl: string): void {
    const before = this.#base;
    this.#base = new URL(baseUrl);
    if (this.#base.origin === before.origin) return;
    const { origin } = this.#base;
    void this.#pool.close().catch(() => {});
    this.#pool = this.#connect(origin, { connections: this.#maxConnections, proxies: this.#proxies });
  }

  #exchange(
    request: ApiRequest,
    path: string,
    {
      sent: written,
      token,
      signal,
      isOurs,
    }: Pick<CallOptions, 'token' | 'signal' | 'isOurs'> & { sent: RequestBody | null },
  ): Promise<Exchange> {
    const { promise, resolve } = Promise.withResolvers<Exchange>();
    const { content: body, contentType } = written ?? { content: null, contentType: '' };
    const goesInPieces = body !== null && isLong(body);
    const over = new AbortController();
    let controller: Dispatcher.DispatchController | undefined;
    let sent = false;
    const end = (exchange: Exchange) => {
      // A reason that nobody reads: without one Node makes an error and its stack, 0.1 ms for each call.
      over.abort('over');
      signal?.removeEventListener('abort', stop);
      resolve(exchange);
    };
    const cut = (failed: 'timeout' | 'stopped' | 'lost' | 'too large') => {
      if (over.signal.aborted) return;
      end({ failed, sent });
      controller?.abort(new Error(failed));
    };
    const stop = () => cut('stopped');
    signal?.addEventListener('abort', stop, { once: true });
    void this.#clock
      .sleep((request.timeoutSeconds ?? defaultTimeoutSeconds) * 1000, over.signal)
      // A process that was stopped meanwhile finds its timers due before it has read what has long arrived.
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .then(() => cut('timeout'));
    const chunks: Buffer[] = [];
    let bytes = 0;
    let head = { status: 0, headers: {} as { [name: string]: string } };
    const { base, pool } = this.#hostOf(request);
    const dispatched = {
      origin: base.origin,
      path,
      method: request.method ?? 'GET',
      headers: {
        ...(body !== null && { 'content-type': contentType }),
        ...(goesInPieces && { 'content-length': String(body.length) }),
        ...this.#headersWith(request.auth, token),
        ...request.headers,
        // A form's type names its boundary, and goes before what the connector says of all requests.
        ...(request.file && { 'content-type': contentType }),
        ...credentialsOf(authOf(this.#description, request.auth), token).headers,
      },
      body: goesInPieces ? inPieces(body, isOurs, () => cut('lost')) : body,
    };
    try {
      pool.dispatch(dispatched, {
        onRequestStart(started) {
          // Cut or lost while it was still connecting: nothing is sent any more.
          controller = started;
          if (over.signal.aborted) return started.abort(new Error('cut'));
          if (!isOurs()) return cut('lost');
          sent = true;
        },
        onResponseStart(_controller, status, headers) {
          head = { status, headers: joined(headers) };
        },
        onResponseData(_controller, chunk) {
          bytes += chunk.length;
          if (bytes > limits.bytes) cut('too large');
          else chunks.push(chunk);
        },
        onResponseEnd: () => end({ ...head, body: Buffer.concat(chunks) }),
        onResponseError: (_controller, cause) => end({ failed: 'connection', sent, cause }),
      });
    } catch (error) {
      end({ failed: 'connection', sent, cause: error as Error });
    }
    return promise;
  }

  async #open(
    url: URL,
    {
      lane,
      request: { bucket, auth, json },
      cut,
      token,
      seen,
    }: { lane: Lane; request: DownloadRequest; cut: AbortSignal; token: Token | null; seen: Seen },
  ): Promise<Opened> {
    const isOurs = url.origin === this.#base.origin;
    const headers = isOurs ? this.#headersWith(auth, token) : this.#headers;
    const lookup = publicLookup(this.name, {
      base: this.#base.hostname,
      allowPrivate: this.#allowPrivate,
      resolve: this.#resolve,
    });
    const client = this.#connect(url.origin, { connections: 1, proxies: this.#proxies, lookup });
    const startedAt = this.#clock.now();
    const tell = (status: number | null) =>
      this.#report(
        { path: url.pathname, ...(bucket !== undefined && { bucket }) },
        url.pathname,
        lane,
        status,
        startedAt,
      );
    try {
      const opened = await client.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        ...(json === undefined ? { method: 'GET' } : { method: 'POST', body: JSON.stringify(json) }),
        headers: {
          ...headers,
          accept: '*/*',
          ...(json !== undefined && { 'content-type': 'application/json' }),
        },
        signal: cut,
      });
      const { statusCode, body } = opened;
      seen.status = statusCode;
      tell(statusCode);
      body.once('close', () => void client.destroy().catch(() => {}));
      return { status: statusCode, headers: joined(opened.headers), body };
    } catch (error) {
      tell(null);
      void client.destroy().catch(() => {});
      throw this.#secrets.hideInError(error as Error);
    }
  }

  #fileError(url: URL, { status, headers }: Opened, text: string, bucket: string | undefined): Error {
    const request: ApiRequest = { path: url.pathname, ...(bucket !== undefined && { bucket }) };
    const response: ApiResponse = { status, headers, json: parsed(text) };
    const now = this.#clock.now();
    const isOurs = url.origin === this.#base.origin;
    const readings = isOurs ? (this.#description.readQuotas?.(response, request, now) ?? []) : [];
    this.budget.observe(readings);
    const answer = { response, text, request, readings, now };
    // A storage service speaks for itself: its refusal is about this file, and not about our credentials.
    const isAboutFile = status >= 300 && status < 500 && status !== 408 && status !== 429;
    if (isAboutFile && !(isOurs && isOwn(answer, this.#description)))
      return new RejectedError(`${this.name} named a file at ${url.host}, which answered ${status}`, {
        status,
        code: `http_${status}`,
      });
    return errorOf(answer, { name: this.name, description: this.#description, secrets: this.#secrets });
  }

  #failure(exchange: Exclude<Exchange, { status: number }>, request: ApiRequest): Error {
    const { failed } = exchange;
    if (failed === 'too large') return tooLarge(this.name);
    const cause = exchange.cause && this.#secrets.hideInError(exchange.cause);
    // What a proxy refuses has not come to the vendor.
    const sent = exchange.sent && !isOfProxy(cause);
    const code = (cause as { code?: string } | undefined)?.code;
    if (code === 'UND_ERR_INVALID_ARG' && !isOfProxy(cause)) {
      return new UnauthorizedError(
        `The credentials of ${this.name} contain characters that are not allowed in a header.`,
      );
    }
    const why =
      failed === 'connection'
        ? `${this.name} ${sent ? 'cut the connection' : 'cannot be reached'}: ${reasonOf(cause)}`
        : failed === 'timeout'
          ? `${this.name} ${sent ? 'did not answer' : 'could not be reached'} in time`
          : failed === 'lost'
            ? `a call to ${this.name} was abandoned: this worker was suspended for longer than its lease`
            : 'stopped';
    if (!sent) return new UnsentError(why, { uncertain: false, cause });
    return new TransientError(why, { uncertain: changes(request), cause });
  }

  async #textOf(
    { headers, body }: Extract<Exchange, { status: number }>,
    request: ApiRequest,
  ): Promise<string> {
    try {
      return (await unpacked(body, headers['content-encoding'], limits)).toString();
    } catch (cause) {
      if (cause instanceof BodyTooLargeError) throw tooLarge(this.name);
      throw new TransientError(`${this.name} sent a body that cannot be decompressed`, {
        foreign: true,
        uncertain: changes(request),
        cause,
      });
    }
  }

  #report(request: ApiRequest, path: string, lane: Lane, status: number | null, startedAt: number): void {
    const milliseconds = this.#clock.now() - startedAt;
    const { method = 'GET' } = request;
    const key = String(status ?? 'failed');
    this.#counts.total += 1;
    this.#counts.byStatus[key] = (this.#counts.byStatus[key] ?? 0) + 1;
    this.#log.debug(
      { method, path: this.#secrets.hide(path.split('?')[0] ?? ''), status, milliseconds, lane },
      'called',
    );
  }
}

/** Throws where a segment of the path is none: it would lead to another resource. */
function checkedUrl(name: string, url: string): URL {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new Error(`The base URL of ${name} must begin with http:// or https://.`);
  return new URL(url);
}

function checkPath(name: string, { path }: ApiRequest): void {
  const [before = ''] = path.split('?');
  if (!/^\/[\x21-\x7e]*$/.test(path) || /\/(\.|%2e){1,2}(\/|$)/i.test(before))
    throw new RejectedError(`${name} does not accept an ID such as this in its paths`, {
      code: 'unsafe_path',
    });
}

/** The request's path and query below the base URL. */
function pathOf(base: URL, { path, query = {} }: ApiRequest): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one): [string, string] => [name, String(one)]),
  );
  const search = new URLSearchParams(pairs).toString();
  const joint = search ? (path.includes('?') ? '&' : '?') : '';
  return `${base.pathname.replace(/\/+$/, '')}${path}${joint}${search}`;
}

/** An error of this code asks for smaller pages. */
function tooLarge(name: string): RejectedError {
  const megabytes = Math.floor(limits.bytes / 1024 / 1024);
  return new RejectedError(
    `${name} sent a response that is larger than this process can hold: about ${megabytes} MB after decompression`,
    { code: tooLargeCode },
  );
}

function lowerCased(headers: { [name: string]: string }): { [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function joined(headers: { [name: string]: string | string[] | undefined }): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/**
 * Whether a success without JSON is no answer. Who reads is owed a body; a write may be answered by none. A web page (of a
 * proxy, of a wrong address) and what calls itself JSON are never an answer.
 */
function wantsJson(
  { method = 'GET' }: ApiRequest,
  { status, text, headers }: { status: number; text: string; headers: { [name: string]: string } },
): boolean {
  const type = headers['content-type'];
  if (text.trim() !== '' && (!type || /json|html/i.test(type))) return true;
  return status === 200 && (method === 'GET' || method === 'POST');
}
