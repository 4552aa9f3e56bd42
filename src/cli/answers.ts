// What commands read of the API's answers. Times are ISO 8601 in UTC.

export interface Run {
  id: number;
  source: string;
  mode: string;
  state: 'requested' | 'finished' | 'failed' | 'cancelled';
  /** A worker has it in hand. */
  working: boolean;
  endedAt: string | null;
  dueAt: string;
  received: number;
  changed: number;
  unchanged: number;
  superseded: number;
  filtered: number;
  rejected: number;
  customers: number;
  expected: number | null;
  step: string | null;
  error: string | null;
  /** Observations about the reading that need attention although no row was rejected. */
  notes: Note[];
  /** Of a run that reads a file; only where a single run was asked for. */
  columns?: Columns | null;
}

/** What became of each column of a file. */
export interface Columns {
  recognised: string | null;
  mappedBy: 'configuration' | 'names';
  sourceId: string | null;
  fields: { field: string; columns: string[] }[];
  leftOut: { column: string; reason: string }[];
  missing: { field: string; column: string; meant: string | null }[];
  mapping: { [field: string]: string | string[] };
}

export interface Note {
  code: string;
  message: string;
  /** How often it was found. */
  count: number;
}

export interface Pause {
  reason: string;
  /** When it is tried again without a person. */
  trialAt: string | null;
}

interface Budget {
  quota: string;
  limit: number;
  seconds: number;
  used: number;
  exhaustedUntil: string | null;
}

interface Spending {
  budget: Budget[];
  calls: { total: number } | null;
}

/** How the changes of one channel became known. */
export interface Seen {
  changes: number;
  p50Seconds: number | null;
  p99Seconds: number | null;
}

/** How the webhooks of one source stand. */
export interface WebhookState {
  configured: boolean;
  missing: string | null;
  waiting: number;
  dead: number;
  toRead: number;
  coverage: { share: number | null; webhook: Seen; poll: Seen } | null;
  refusals: { status: number; reason: string; count: number; lastAt: string }[];
}

export interface SourceStatus extends Spending {
  name: string;
  connector: string;
  schedule: string | null;
  fullSchedule: string | null;
  paused: Pause | null;
  going: Run[];
  lastRun: Run | null;
  records: number;
  /** It takes files. */
  imports: boolean;
  /** False where the vendor only pushes. */
  pulls: boolean;
  webhook: WebhookState | null;
}

/** By the state of their delivery. */
export interface Customers {
  total: number;
  delivered: number;
  waiting: number;
  held: number;
  dead: number;
}

/** As of now, unlike the figures of the status. */
export interface Deliveries extends Customers {
  /** Values of the records of the runs asked about that were left out. */
  quarantined?: number;
  /** Records that webhooks named, of sources that are not paused: only when they are read is known who is to be delivered. */
  toRead: number;
}

export interface Status {
  /** How far the destination is in step; `next`: a command. */
  headline: { state: string; sentence: string; next: string | null };
  version: string;
  now: string;
  /** Why lines of the log are lost; null where they arrive. */
  log: { code: string; since: string } | null;
  /** What is wrong with the database although it answers. */
  databaseFault: { kind: string; since: string; reason: string } | null;
  /** Other workers of this database that are set up in another way. */
  differingWorkers: { note: string }[];
  /** Loops whose last step failed. */
  loops: { name: string; failingSince: string; failures: number; lastError: string }[];
  customers: Customers;
  freshness: {
    oldestWaitSeconds: number | null;
    lastDeliveredAt: string | null;
    lastDay: { lane: string; deliveries: number; p50Seconds: number; p99Seconds: number }[];
  };
  putOff: { customers: number; nextAt: string; lastAt: string; why: string | null } | null;
  backlog: { lane: string; waiting: number; due: number; oldestWaitSeconds: number | null }[];
  destination: Spending & {
    connector: string;
    paused: Pause | null;
    circuit: { state: string; failures: number; openUntil: string | null; reason: string | null };
    batches: { underWay: number; customers: number };
    /** Why no record is taken in; absent in answers of older servers. */
    schemaWait?: { sentence: string; attempts: number; lasting: boolean } | null;
    webhook: WebhookState | null;
  };
  /** Customers that the destination holds otherwise than it acknowledged. */
  drifts: { kind: string; count: number }[];
  deadLetters: { open: number; groups: { kind: string; source: string; code: string; open: number }[] };
  /** Values left out. */
  quarantined: number;
  /** Customers that two records of one source and stream claim. */
  clashes: number;
  /** Requests to addresses of webhooks behind which there is no source. */
  strayWebhooks: { count: number; lastAt: string; lastName: string } | null;
  sources: SourceStatus[];
  /** Sources that are no longer in the configuration and whose contributions remain. */
  vanished: { name: string; note: string }[];
}

/** What became of dead letters that were tried again. */
export interface Retried {
  deliveries: { due: number; waiting: number };
  records: { received: number; changed: number; rejected: number };
  /** Records that are read again. */
  touched: number;
  requests: { replayed: number; faulty: number };
  cannot: { reason: string; letters: number; ids: number[] }[];
}

/** What became of the items of webhook requests. */
export interface ItemCounts {
  items: number;
  duplicates: number;
  ignored: number;
  refused: number;
  taken: number;
  touched: number;
  received: number;
  changed: number;
  unchanged: number;
  superseded: number;
  filtered: number;
  rejected: number;
}

export interface InboxRequest {
  id: number;
  source: string;
  state: 'waiting' | 'opened' | 'dead';
  receivedAt: string;
  openedAt: string | null;
  method: string;
  bytes: number;
  attempts: number;
  counts: ItemCounts | null;
  error: string | null;
}
