// The export of segments of the simulated Braze workspace: one at a time for each segment, a ZIP of many files behind an address that
// is refused until they are there and after some hours. It knows users only as rows.
import type { Context, Hono } from 'hono';
import { zip } from '../zip.ts';

export interface SegmentOptions {
  /** How long an export takes, milliseconds. Default: 60 seconds. */
  makingMs?: number;
  /** Users of a file. Default: 100. */
  usersPerFile?: number;
  /** Exports go to a storage of the customer's own. */
  ownStorage?: boolean;
}

interface Export {
  id: number;
  segment: string;
  fields: string[];
  orderedAt: number;
  archive: Buffer | null;
}

type Row = { [field: string]: unknown };

const keptMs = 4 * 3_600_000;

export class SegmentExports {
  readonly all: Export[] = [];
  /** The key has no permission to export segments. */
  isRefused = false;
  #isStalled = false;
  readonly #now: () => number;
  readonly #options: SegmentOptions;
  /** The users of a segment with these fields, as exports show them by now; null of no segment. */
  readonly #rows: (segment: string, fields: readonly string[]) => Row[] | null;

  constructor(
    now: () => number,
    rows: (segment: string, fields: readonly string[]) => Row[] | null,
    options: SegmentOptions = {},
  ) {
    this.#now = now;
    this.#rows = rows;
    this.#options = options;
  }

  /** `answer` checks the key and the quota. */
  route(app: Hono, answer: (c: Context, handler: () => Promise<Response>) => Promise<Response>): void {
    app.post('/users/export/segment', (c) =>
      answer(c, async () => {
        if (this.isRefused) return c.json({ message: 'The API key lacks the permission' }, 403);
        const { segment_id: segment = '', fields_to_export: fields = [] } = await c.req.json();
        if (fields.length === 0) return c.json({ message: 'fields_to_export is required' }, 400);
        if (this.#rows(segment, fields) === null) return c.json({ message: 'Invalid segment ID' }, 400);
        const { makingMs = 60_000, ownStorage = false } = this.#options;
        const isRunning = this.all.some(
          (one) => one.segment === segment && this.#now() - one.orderedAt < makingMs,
        );
        if (isRunning) return c.json({ message: 'The segment is being exported already' }, 400);
        const made: Export = {
          id: this.all.length + 1,
          segment,
          fields,
          orderedAt: this.#now(),
          archive: null,
        };
        this.all.push(made);
        const { origin } = new URL(c.req.url);
        return c.json(
          {
            message: 'success',
            object_prefix: `${segment}-${made.id}`,
            ...(!ownStorage && { url: `${origin}/storage/${made.id}.zip?Signature=abc` }),
          },
          201,
        );
      }),
    );
    // Another host's, which knows no keys.
    app.get('/storage/:name', (c) => {
      const found = this.all.find(({ id }) => `${id}.zip` === c.req.param('name'));
      const archive = found && this.#archiveOf(found);
      if (!archive) return c.text('<Error><Code>AccessDenied</Code></Error>', 403);
      return c.body(new Uint8Array(archive), 200, { 'content-type': 'application/zip' });
    });
  }

  expire(): void {
    for (const one of this.all) one.orderedAt -= keptMs;
  }

  stall(): void {
    this.#isStalled = true;
  }

  /** Made when it is first asked for after its time. */
  #archiveOf(found: Export): Buffer | null {
    const { makingMs = 60_000, usersPerFile = 100 } = this.#options;
    const age = this.#now() - found.orderedAt;
    if (age >= keptMs || (found.archive === null && (this.#isStalled || age < makingMs))) return null;
    const rows = this.#rows(found.segment, found.fields) ?? [];
    const files = Array.from({ length: Math.ceil(rows.length / usersPerFile) }, (_, at) => ({
      name: `part-${at}.txt`,
      text: rows
        .slice(at * usersPerFile, (at + 1) * usersPerFile)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    }));
    found.archive ??= zip(files);
    return found.archive;
  }
}
