// Sessions on a PostgreSQL server, and small pools of them. A session is one connection, made once: a client of the driver
// (postgres 3.4.9) is not used again after its connection has closed, because it may then
// - keep what it had not sent yet, and never send the first message of its next connection;
// - never answer a statement that it was given between the connection's error and its close;
// - connect in an endless loop where connections are accepted and closed at once,
// - take as long as it is given to end a connection that the server ends at the same moment.
// Every promise here settles when the connection is gone, whatever the driver does.
import { Socket } from 'node:net';
import type { Options, ReservedSql, Sql } from 'postgres';

type DriverOptions = Options<Record<string, never>>;
export type Connect = (options: DriverOptions) => Sql;

/** What the driver has made of the address. */
interface Target {
  host: string[];
  port: number[];
  path: string | false;
}

/** Which of the address's hosts is tried first: the one that was reached last. */
export interface HostChoice {
  index: number;
}

/** How long an idle session may take to end. */
const endingSeconds = 5;
/** After about so long a session is ended when it is idle, and the server frees what it has cached for it. */
const lifetimeMs = 45 * 60_000;

/** `code`: as the driver's, CONNECTION_CLOSED, CONNECTION_DESTROYED, CONNECTION_ENDED or CONNECT_TIMEOUT. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
  readonly code: string;
  constructor(code: string) {
    super('The connection to the database was lost.');
    this.code = code;
  }
}

export class Session {
  /** Whether statements are prepared by name, once for the session. */
  readonly prepares: boolean;
  /** Resolves when statements can be run. Rejects where the driver's `connect_timeout` has passed. */
  readonly opened: Promise<void>;
  readonly #client: Sql;
  readonly #hosts: HostChoice;
  #host: number;
  readonly #onLost: () => void;
  readonly #unsettled = new Set<(reason: Error) => void>();
  readonly #expiresAt = performance.now() + lifetimeMs * (0.7 + 0.6 * Math.random());
  #connection: ReservedSql | null = null;
  #socket: Socket | null = null;
  #dials = 0;
  #isOver = false;
  readonly #closed = Promise.withResolvers<void>();

  /**
   * `onLost`: called once, when the connection is gone and nobody has ended it here. `onNotification`: with the payload, on
   * channels that the session listens on.
   */
  constructor(
    connect: Connect,
    options: {
      hosts: HostChoice;
      onLost: () => void;
      onNotification?: ((payload: string) => void) | undefined;
      prepares?: boolean | undefined;
    },
  ) {
    this.prepares = options.prepares ?? true;
    this.#hosts = options.hosts;
    this.#host = options.hosts.index;
    this.#onLost = options.onLost;
    this.#client = connect({
      max: 1,
      max_lifetime: null,
      onclose: () => {
        this.#closed.resolve();
        this.#lost('CONNECTION_CLOSED');
      },
      onnotify: (_channel: string, payload: string) => options.onNotification?.(payload),
      socket: (target: Target) => this.#dial(target),
    } as DriverOptions);
    this.opened = this.#open();
  }

  get isExpired(): boolean {
    return performance.now() > this.#expiresAt;
  }

  /** Rejects with the driver's error, and where the connection is gone in any case. */
  run<Result>(statement: (connection: ReservedSql) => PromiseLike<Result>): Promise<Result> {
    return this.#settled(() => statement(this.#connection!));
  }

  /** Ends an idle session. The server has released its locks when this resolves, or 5 s have passed. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connection?.release();
    // The driver may not notice that the server has ended the session meanwhile.
    await Promise.race([this.#closed.promise, this.#client.end({ timeout: endingSeconds })]);
    this.#socket?.destroy();
  }

  /** Lets statements run on until `idle`, but no longer than the grace, and closes the connection. */
  async endBusy(idle: Promise<void>, graceSeconds: number): Promise<void> {
    // The driver waits in vain for the connection to be given back, until its timer ends.
    await Promise.race([idle, this.#client.end({ timeout: graceSeconds })]);
    this.destroy();
  }

  /** Closes the connection. Unanswered statements reject. */
  destroy(): void {
    this.#over('CONNECTION_DESTROYED');
  }

  async #open(): Promise<void> {
    try {
      // Reserved before it is open, the driver would not say when it is (with fetch_types off).
      await this.#settled(() => this.#client`select 1`);
      this.#connection = await this.#settled(() => this.#client.reserve());
      this.#hosts.index = this.#host;
    } catch (error) {
      if (this.#hosts.index === this.#host) this.#hosts.index += 1;
      this.#lost('CONNECTION_CLOSED');
      throw error;
    }
  }

  /** The driver asks for a socket again where a host could not be reached, and where it would connect a second time. */
  #dial({ host, port, path }: Target): Socket | Promise<never> {
    if (this.#socket !== null) this.#host += 1;
    this.#dials += 1;
    if (this.#isOver || this.#dials > (path ? 1 : host.length)) {
      this.#lost('CONNECTION_CLOSED');
      return new Promise(() => {}); // the driver waits for it, and nobody for the driver
    }
    const socket = new Socket();
    this.#socket = socket;
    if (path) return socket.connect(path);
    const [name, number] = [host[this.#host % host.length]!, port[this.#host % port.length]!];
    // The driver compares the server's certificate with this name.
    return Object.assign(socket.connect(number, name), { host: name, port: number });
  }

  #settled<Result>(work: () => PromiseLike<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) {
        reject(new ConnectionError('CONNECTION_CLOSED'));
        return;
      }
      this.#unsettled.add(reject);
      const result = work();
      result.then(
        (value) => {
          this.#unsettled.delete(reject);
          resolve(value);
        },
        (error: unknown) => {
          this.#unsettled.delete(reject);
          reject(error);
        },
      );
    });
  }

  #lost(code: string): void {
    if (this.#over(code)) this.#onLost();
  }

  #over(code: string): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    // The driver's own error is a little later and says more.
    setImmediate(() => {
      for (const reject of this.#unsettled) reject(new ConnectionError(code));
      this.#unsettled.clear();
    });
    void this.#client.end({ timeout: 0 }).then(() => this.#socket?.destroy());
    return true;
  }
}

/** A place of a pool: no session or one, and how many use it. */
class Place {
  users = 0;
  #session: Session | null = null;
  #isLeft = false;
  readonly #onGone: () => void;
  readonly #idle = Promise.withResolvers<void>();

  constructor(onGone: () => void) {
    this.#onGone = onGone;
  }

  /** The lowest is used next. */
  get rank(): number {
    return this.users * 2 + (this.#session === null ? 1 : 0);
  }

  async use<Result>(
    open: (onLost: () => void) => Session,
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    this.users += 1;
    try {
      this.#session ??= open(() => {
        this.#session = null;
        this.#onGone();
      });
      const session = this.#session;
      await session.opened;
      return await work(session);
    } finally {
      this.users -= 1;
      if (this.users === 0) this.#rest();
    }
  }

  /** It is used no more, but by those who use it now: they have so long. */
  async leave(graceSeconds: number): Promise<void> {
    this.#isLeft = true;
    if (this.users === 0) return this.#end();
    this.#onGone();
    await this.#session?.endBusy(this.#idle.promise, graceSeconds);
  }

  #rest(): void {
    if (this.#isLeft) this.#idle.resolve();
    else if (this.#session?.isExpired) void this.#end();
  }

  async #end(): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    this.#session = null;
    this.#onGone();
    await session.end();
  }
}

export interface SessionsOptions {
  max: number;
  hosts: HostChoice;
  /** Whether statements are prepared by name. */
  prepares?: boolean;
  /** On channels that a session listens on. */
  onNotification?: (payload: string) => void;
  /** A session is no more: it was lost, or it was ended and may be replaced. */
  onGone?: () => void;
}

export class Sessions {
  readonly #max: number;
  readonly #onGone: () => void;
  readonly #open: (onLost: () => void) => Session;
  #places: Place[];
  #isEnded = false;

  constructor(connect: Connect, options: SessionsOptions) {
    const { max, hosts, prepares, onNotification, onGone = () => {} } = options;
    this.#max = max;
    this.#onGone = onGone;
    this.#open = (onLost) => new Session(connect, { hosts, onLost, onNotification, prepares });
    this.#places = this.#fresh();
  }

  /** Gives the session with the fewest users: one of their own, where these are no more than sessions. */
  use<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    if (this.#isEnded) return Promise.reject(new ConnectionError('CONNECTION_ENDED'));
    const place = this.#places.reduce((best, one) => (one.rank < best.rank ? one : best));
    return place.use(this.#open, work);
  }

  /** Gives new sessions from now on. The present ones are ended, at the latest after the grace. */
  async replace(graceSeconds: number): Promise<void> {
    const left = this.#places;
    this.#places = this.#fresh();
    await Promise.all(left.map((place) => place.leave(graceSeconds)));
  }

  /** As `replace`, but gives none any more. */
  async end(graceSeconds: number): Promise<void> {
    this.#isEnded = true;
    await this.replace(graceSeconds);
  }

  #fresh(): Place[] {
    return Array.from({ length: this.#max }, () => new Place(this.#onGone));
  }
}
