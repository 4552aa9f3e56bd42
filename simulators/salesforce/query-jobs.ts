// Query jobs of the simulated Bulk API 2.0: made in the background, read as CSV in files that a locator leads through. It knows
// the rows only as the org shows them.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
import { type Context, Hono } from 'hono';
import { longId, type Org, stampOf } from './org.ts';
import { parseSoql, type Row, type Soql } from './soql.ts';

export interface QueryJobOptions {
  /** How long a job takes, milliseconds. Default: 10 seconds. */
  makingMs?: number;
  /** Rows of a file, whatever was asked for. Default: no limit of its own. */
  rowsPerFile?: number;
  /** Jobs in 24 hours; refused beyond, with status 400. Default: 10,000. */
  jobsPerDay?: number;
  /** Whose token it is. Default: the user that userinfo names. */
  userId?: string;
}

interface Job {
  id: string;
  soql: Soql;
  operation: string;
  delimiter: string;
  lineEnding: string;
  createdAt: number;
  state: 'InProgress' | 'JobComplete' | 'Aborted' | 'Failed';
  errorMessage?: string;
  createdById: string;
  rows: Row[];
}

const delimiters: { readonly [name: string]: string } = {
  BACKQUOTE: '`',
  CARET: '^',
  COMMA: ',',
  PIPE: '|',
  SEMICOLON: ';',
  TAB: '\t',
};
const dayMs = 86_400_000;
const keptMs = 7 * dayMs;

export class QueryJobs {
  readonly jobs: Job[] = [];
  /** How many were ordered, with those that are no longer there. */
  ordered = 0;
  readonly app = new Hono();
  #isStalled = false;
  readonly #org: Org;
  readonly #now: () => number;
  readonly #options: QueryJobOptions;

  constructor(org: Org, now: () => number, options: QueryJobOptions = {}) {
    this.#org = org;
    this.#now = now;
    this.#options = options;
    this.#route();
  }

  /** From now on no job is made. */
  stall(): void {
    this.#isStalled = true;
  }

  /** What Salesforce does of its own accord. */
  fail(errorMessage: string): void {
    for (const job of this.jobs)
      if (job.state === 'InProgress') Object.assign(job, { state: 'Failed', errorMessage });
  }

  #route(): void {
    const { app } = this;
    const failure = (c: Context, status: 400 | 404, errorCode: string, message: string) =>
      c.json([{ errorCode, message }], status);
    const unknown = (c: Context) => failure(c, 404, 'NOT_FOUND', 'The requested resource does not exist');
    const isRecent = ({ createdAt }: Job) => this.#now() - createdAt < dayMs;

    app.post('/', async (c) => {
      const order = (await c.req.json()) as { [name: string]: string };
      const { query = '', operation = '', columnDelimiter = 'COMMA', lineEnding = 'LF' } = order;
      if (!['query', 'queryAll'].includes(operation))
        return failure(c, 400, 'INVALIDJOB', 'operation must be query or queryAll');
      if (this.jobs.filter(isRecent).length >= (this.#options.jobsPerDay ?? 10_000))
        return failure(c, 400, 'EXCEEDEDQUOTA', 'Maximum number of query jobs in 24 hours was exceeded');
      const soql = parseSoql(query, (object) => this.#org.typesOf(object));
      const types = this.#org.typesOf(soql.object)!;
      const compound = soql.fields.find((field) => types.get(field) === 'address');
      const job: Job = {
        id: longId(`750R00000${String(this.jobs.length).padStart(6, '0')}`),
        soql,
        operation,
        delimiter: columnDelimiter,
        lineEnding,
        createdAt: this.#now(),
        state: 'InProgress',
        createdById: this.#options.userId ?? '0055g00000ABCDEAA4',
        rows: [],
      };
      if (compound)
        Object.assign(job, { state: 'Failed', errorMessage: `FUNCTIONALITY_NOT_ENABLED: ${compound}` });
      this.jobs.push(job);
      this.ordered += 1;
      return c.json(shown(job));
    });

    app.get('/', (c) => {
      this.#make();
      return c.json({ done: true, records: this.jobs.map(shown), nextRecordsUrl: null });
    });

    app.get('/:id', (c) => {
      const job = this.#find(c.req.param('id'));
      if (!job) return unknown(c);
      const done = job.state === 'JobComplete';
      return c.json({
        ...shown(job),
        retries: 0,
        totalProcessingTime: 900,
        numberRecordsProcessed: done ? job.rows.length : 0,
        ...(job.errorMessage !== undefined && { errorMessage: job.errorMessage }),
      });
    });

    app.patch('/:id', async (c) => {
      const job = this.#find(c.req.param('id'));
      if (!job) return unknown(c);
      const { state } = (await c.req.json()) as { state?: string };
      if (state !== 'Aborted' || job.state !== 'InProgress')
        return failure(c, 400, 'INVALIDJOBSTATE', `Aborting is not allowed in state ${job.state}`);
      job.state = 'Aborted';
      return c.json(shown(job));
    });

    app.delete('/:id', (c) => {
      const job = this.#find(c.req.param('id'));
      if (!job) return unknown(c);
      if (job.state === 'InProgress')
        return failure(c, 400, 'INVALIDJOBSTATE', 'Deleting is not allowed in state InProgress');
      this.jobs.splice(this.jobs.indexOf(job), 1);
      return c.body(null, 204);
    });

    app.get('/:id/results', (c) => {
      const job = this.#find(c.req.param('id'));
      if (!job) return unknown(c);
      if (job.state !== 'JobComplete')
        return failure(c, 400, 'INVALIDJOBSTATE', `Results are not available in state ${job.state}`);
      const asked = Number(c.req.query('maxRecords') ?? Number.POSITIVE_INFINITY);
      const size = Math.min(asked, this.#options.rowsPerFile ?? Number.POSITIVE_INFINITY);
      const from = Number(atob(c.req.query('locator') ?? btoa('0')));
      const rows = job.rows.slice(from, from + size);
      const hasMore = from + rows.length < job.rows.length;
      c.header('Sforce-Locator', hasMore ? btoa(String(from + rows.length)) : 'null');
      c.header('Sforce-NumberOfRecords', String(rows.length));
      return c.body(csvOf(job, rows), 200, { 'content-type': 'text/csv; charset=UTF-8' });
    });
  }

  #find(id: string): Job | undefined {
    this.#make();
    return this.jobs.find(
      (job) => job.id.slice(0, 15) === id.slice(0, 15) && this.#now() - job.createdAt < keptMs,
    );
  }

  /** Jobs that are due: what they have is the state of that moment. */
  #make(): void {
    const { makingMs = 10_000 } = this.#options;
    for (const job of this.jobs) {
      if (this.#isStalled || job.state !== 'InProgress' || this.#now() - job.createdAt < makingMs) continue;
      job.rows = this.#org
        .visible(job.soql.object, job.operation === 'queryAll')
        .filter(job.soql.matches)
        // Chunks are made at once, so that no order is kept.
        .toSorted((one, other) => (one.Id.at(-4)! < other.Id.at(-4)! ? -1 : 1))
        .map((row) => ({ ...row }));
      job.state = 'JobComplete';
    }
  }
}

function shown(job: Job): { [name: string]: unknown } {
  const { id, soql, operation, delimiter, lineEnding, createdAt, state, createdById } = job;
  return {
    id,
    operation,
    object: soql.object,
    createdById,
    createdDate: stampOf(createdAt),
    systemModstamp: stampOf(createdAt),
    state: state === 'InProgress' && id.endsWith('0') ? 'UploadComplete' : state,
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: 68,
    jobType: 'V2Query',
    lineEnding,
    columnDelimiter: delimiter,
  };
}

/** Every value in quotes, an empty one for null; times end with Z, other than in answers of queries. */
function csvOf({ soql, delimiter, lineEnding }: Job, rows: readonly Row[]): string {
  const line = (values: readonly unknown[]) =>
    values.map((value) => `"${textOf(value).replaceAll('"', '""')}"`).join(delimiters[delimiter]) +
    (lineEnding === 'CRLF' ? '\r\n' : '\n');
  return [soql.fields, ...rows.map((row) => soql.fields.map((field) => row[field] ?? null))]
    .map(line)
    .join('');
}

function textOf(value: unknown): string {
  return value === null ? '' : String(value).replace(/^(\d{4}-\d\d-\d\dT[\d:.]{12})\+0000$/, '$1Z');
}
