// The destination's metadata schema: asked for until it is known, kept for the next start, and asked for again whenever it
// may have changed. Until it is known nothing is mapped. It maps no record itself.
import { type Json, type MetadataSchema, TransientError, UnauthorizedError } from '../../connector.ts';
import { canonicalJson } from '../../customer/json.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import { isRefusal, messageOf } from '../../engine/work/failures.ts';
import { backoffMs } from '../../engine/work/retry.ts';
import { keepSchema, keptSchema } from '../../tables/destination-schemas.ts';
import type { Rules } from './rules.ts';

/** The longest wait before it is asked for again, and the shortest after a refusal that a changed schema would explain. */
const longestWaitMs = 60_000;

/** How often a worker looks whether another one has read a changed schema. */
const lookMs = 10_000;

/** So many answers in a row that there is no such path are believed, where the destination answers otherwise. */
const notFoundMost = 4;

const settingSentence =
  'To go on without it, set "metadataSchema" in the configuration and restart: "none" sends metadata without types, {"definitions": {"KEY": {"type": "number"}}} declares the types of the keys.';

/** Why the schema is not known, or could not be read again. */
export interface SchemaFault {
  /** What was answered, and what to do where a person can do something. */
  reason: string;
  /** Epoch milliseconds. */
  since: number;
  attempts: number;
  /** When it is asked for again, epoch milliseconds. */
  nextAt: number;
  /** It does not pass by itself. */
  lasting: boolean;
}

export interface SchemaDeps {
  database: Database;
  clock: Clock;
  log: Log;
  rules: Rules;
  /** The account whose schema it is, and the connector's name, for sentences. */
  account: string;
  vendor: string;
  /** Null where the configuration declares a schema or wants none, or the destination has none. */
  read: (() => Promise<MetadataSchema | null>) | null;
  /** Whether the destination answers something else than the schema. */
  reaches(): Promise<boolean>;
  /** The credentials were refused. */
  onRefused(error: UnauthorizedError): Promise<void>;
}

export class DestinationSchema {
  readonly #deps: SchemaDeps;
  #fault: SchemaFault | null = null;
  #isRead: boolean;
  #askedAt = Number.NEGATIVE_INFINITY;
  #doubted = false;
  #notFound = 0;
  #asking: Promise<void> | null = null;

  constructor(deps: SchemaDeps) {
    this.#deps = deps;
    this.#isRead = deps.read === null;
    if (deps.read !== null) deps.rules.awaitSchema();
  }

  /** False where nobody needs to be asked. */
  get isAsked(): boolean {
    return this.#deps.read !== null;
  }

  /** True once this process has read it itself, or knows that it cannot be read before a person does something. */
  get isSettled(): boolean {
    return this.#isRead || this.#fault?.lasting === true;
  }

  /** Why it could not be read the last time; null where it could. */
  get fault(): SchemaFault | null {
    return this.#fault;
  }

  /** The sentence for whatever waits for it; null where nothing does. */
  get waitSentence(): string | null {
    const { rules, vendor } = this.#deps;
    if (rules.schemaIsKnown) return null;
    if (this.#fault === null)
      return `Customers wait for the metadata schema of ${vendor}, which is being read.`;
    const { reason, nextAt } = this.#fault;
    return `Customers wait for the metadata schema of ${vendor}: ${reason} It is asked for again at ${new Date(nextAt).toISOString()}.`;
  }

  /** A customer was refused, perhaps because the schema has changed: it is read again soon. */
  doubt(): void {
    this.#doubted = true;
  }

  /** Takes what was read of this account before, by whatever process. */
  async takeKept(): Promise<void> {
    const { database, account, rules, read } = this.#deps;
    if (read === null) return;
    const kept = await keptSchema(database, account);
    if (kept && !(rules.schemaIsKnown && sameSchema(kept.schema, rules.schema))) rules.schema = kept.schema;
  }

  /** Asks now. Who asks at the same time is given the same answer. */
  refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** Asks where it is time to, else looks whether another worker has. Returns when to look again, in milliseconds. */
  async step(): Promise<number> {
    const { clock } = this.#deps;
    if (this.#dueAt() <= clock.now()) await this.refresh();
    else await this.takeKept();
    return Math.min(Math.max(this.#dueAt() - clock.now(), 50), lookMs);
  }

  #dueAt(): number {
    if (this.#fault !== null) return this.#fault.nextAt;
    if (!this.#isRead) return Number.NEGATIVE_INFINITY;
    return this.#doubted ? this.#askedAt + longestWaitMs : Number.POSITIVE_INFINITY;
  }

  async #ask(): Promise<void> {
    const { read, clock } = this.#deps;
    if (read === null) return;
    await this.takeKept();
    this.#doubted = false;
    this.#askedAt = clock.now();
    let schema: MetadataSchema | null;
    try {
      schema = await read();
    } catch (error) {
      return this.#failed(error);
    }
    await this.#taken(schema);
  }

  async #taken(schema: MetadataSchema | null): Promise<void> {
    const { database, account, rules, log, clock } = this.#deps;
    await keepSchema(database, account, schema, clock.now());
    const fault = this.#fault;
    this.#fault = null;
    this.#notFound = 0;
    this.#isRead = true;
    if (!(rules.schemaIsKnown && sameSchema(schema, rules.schema))) rules.schema = schema;
    if (fault)
      log.info(
        { attempts: fault.attempts, waitedMs: clock.now() - fault.since },
        'the metadata schema of the destination was read',
      );
  }

  async #failed(error: unknown): Promise<void> {
    const { clock, log, rules } = this.#deps;
    if (error instanceof UnauthorizedError) await this.#deps.onRefused(error);
    const status = isRefusal(error) || error instanceof TransientError ? error.status : undefined;
    this.#notFound = status === 404 ? this.#notFound + 1 : 0;
    // The destination's own word, again and again.
    if (isRefusal(error) && this.#notFound >= notFoundMost) return this.#taken(null);
    const before = this.#fault;
    const attempts = (before?.attempts ?? 0) + 1;
    const retryAfterMs = error instanceof TransientError ? error.retryAfterMs : undefined;
    const waitMs = backoffMs(attempts, {
      capMs: longestWaitMs,
      retryAfterMs: retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, longestWaitMs),
    });
    // What only a person can change. A 403 may be a firewall's, but what to do about the key's is told all the same.
    const lasting = isRefusal(error) || status === 401 || status === 403 || this.#notFound >= notFoundMost;
    this.#fault = {
      reason: lasting ? `${stopped(error)} ${settingSentence}` : stopped(error),
      since: before?.since ?? clock.now(),
      attempts,
      nextAt: clock.now() + waitMs,
      lasting,
    };
    if (!rules.schemaIsKnown && this.#notFound >= notFoundMost && (await this.#deps.reaches())) {
      log.warn(
        { reason: stopped(error) },
        'the destination answers, but has no metadata schema at this address: metadata is sent without types',
      );
      rules.schema = null;
    } else if (before === null || before.lasting !== lasting) this.#tell(this.#fault);
  }

  #tell({ reason, nextAt }: SchemaFault): void {
    const { log, rules } = this.#deps;
    const fields = { reason, nextAt: new Date(nextAt).toISOString() };
    if (rules.schemaIsKnown)
      log.warn(fields, 'the metadata schema could not be read again, so the one known is used');
    else log.warn(fields, 'customers wait for the metadata schema of the destination');
  }
}

function sameSchema(a: MetadataSchema | null, b: MetadataSchema | null): boolean {
  return plain(a) === plain(b);
}

/** The same for what was read and for what the database gives back of it. */
function plain(schema: MetadataSchema | null): string {
  return canonicalJson(JSON.parse(JSON.stringify(schema)) as Json);
}

function stopped(error: unknown): string {
  const message = messageOf(error);
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
