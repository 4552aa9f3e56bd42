// The export of data of the simulated Iterable project: jobs that queue, files that appear, addresses that expire, and rows in no
// order. It knows users only as rows. https://api.iterable.com/api/docs#export_startExport
import type { Context, Hono } from 'hono';

export interface ExportOptions {
  /** How long a job takes, milliseconds. Default: 20 seconds. */
  makingMs?: number;
  /** Rows of a file. Default: 100. */
  rowsPerFile?: number;
}

interface Job {
  id: number;
  from: number;
  to: number;
  startedAt: number;
  state: 'Enqueued' | 'Running' | 'Completed' | 'Failed';
  isTruncated: boolean;
  files: { name: string; lines: string[] }[];
}

const addressMs = 30 * 60_000;
const form = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d( [+-]\d\d:\d\d)?$/;

export class IterableExports {
  readonly jobs: Job[] = [];
  /** The key may not export. */
  isRefused = false;
  /** The next job that is ordered comes to nothing. */
  failsNext = false;
  #isStalled = false;
  readonly #now: () => number;
  readonly #options: ExportOptions;
  /** Users as exports show them by now, each with the time of its last change. */
  readonly #rows: () => { row: object; changedAt: number }[];

  constructor(
    now: () => number,
    rows: () => { row: object; changedAt: number }[],
    options: ExportOptions = {},
  ) {
    this.#now = now;
    this.#rows = rows;
    this.#options = options;
  }

  /** `answer` checks the key and the quota. */
  route(
    app: Hono,
    answer: (c: Context, handler: () => Response | Promise<Response>) => Response | Promise<Response>,
  ): void {
    const refusal = (c: Context, status: 400 | 403 | 404, msg: string) =>
      c.json({ msg, code: status === 403 ? 'Forbidden' : 'BadParams', params: null }, status);
    app.post('/api/export/start', (c) =>
      answer(c, async () => {
        if (this.isRefused) return refusal(c, 403, 'This API key has no permission to export data');
        const { dataTypeName, outputFormat, startDateTime, endDateTime } = await c.req.json();
        if (dataTypeName !== 'user' || outputFormat !== 'application/x-json-stream')
          return refusal(c, 400, 'Invalid parameters');
        if (!form.test(startDateTime) || !form.test(endDateTime))
          return refusal(c, 400, 'Invalid date format');
        const job: Job = {
          id: 3_562 + this.jobs.length,
          from: Date.parse(startDateTime),
          to: Date.parse(endDateTime),
          startedAt: this.#now(),
          state: this.failsNext ? 'Failed' : 'Enqueued',
          isTruncated: false,
          files: [],
        };
        this.failsNext = false;
        this.jobs.push(job);
        return c.json({ jobId: job.id });
      }),
    );
    app.get('/api/export/jobs', (c) =>
      answer(c, () => {
        if (this.isRefused) return refusal(c, 403, 'This API key has no permission to export data');
        const jobs = this.jobs.map(({ id, state }) => ({ id, dataTypeName: 'user', jobState: state }));
        return c.json({ jobs });
      }),
    );
    app.get('/api/export/:id/files', (c) =>
      answer(c, () => {
        this.#work();
        const job = this.jobs.find(({ id }) => String(id) === c.req.param('id'));
        if (!job) return refusal(c, 404, 'There is no such job');
        const after = c.req.query('startAfter') ?? '';
        const { origin } = new URL(c.req.url);
        const until = this.#now() + addressMs;
        const files = job.files
          .filter(({ name }) => name > after)
          .slice(0, 2)
          .map(({ name }) => ({ file: name, url: `${origin}/files/${job.id}/${name}?Expires=${until}` }));
        return c.json({ exportTruncated: job.isTruncated, files, jobId: job.id, jobState: job.state });
      }),
    );
    // Another host's, which knows no keys.
    app.get('/files/:id/:name', (c) => {
      const job = this.jobs.find(({ id }) => String(id) === c.req.param('id'));
      const file = job?.files.find(({ name }) => name === c.req.param('name'));
      if (!file || Number(c.req.query('Expires')) < this.#now())
        return c.text('<Error>AccessDenied</Error>', 403);
      return c.body(file.lines.map((line) => `${line}\n`).join(''));
    });
  }

  fail(): void {
    for (const job of this.jobs) if (job.state !== 'Completed') job.state = 'Failed';
  }

  truncate(): void {
    for (const job of this.jobs) job.isTruncated = true;
  }

  stall(): void {
    this.#isStalled = true;
  }

  #work(): void {
    const { makingMs = 20_000, rowsPerFile = 100 } = this.#options;
    for (const job of this.jobs) {
      if (this.#isStalled || job.state === 'Completed' || job.state === 'Failed') continue;
      const age = this.#now() - job.startedAt;
      // A job that runs may be queued once more.
      job.state = age > makingMs / 3 && age < (makingMs * 2) / 3 ? 'Running' : 'Enqueued';
      if (age < makingMs) continue;
      const rows = this.#rows().filter(({ changedAt }) => changedAt >= job.from && changedAt < job.to);
      const lines = rows
        .map(({ row }) => JSON.stringify(row))
        .toSorted((a, b) => (a.at(-9)! < b.at(-9)! ? -1 : 1));
      for (let from = 0; from < lines.length; from += rowsPerFile)
        job.files.push({
          name: `file-${String(job.files.length).padStart(5, '0')}.json`,
          lines: lines.slice(from, from + rowsPerFile),
        });
      job.state = 'Completed';
    }
  }
}
