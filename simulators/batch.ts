// The simulated Batch project: profiles that are exported by a job into several files, with the attributes that were named and exist.
// Facts: the vendor's documentation. The shape of a row is not documented.
import { type Context, Hono } from 'hono';

export interface BatchOptions {
  now: () => number;
  apiKey: string;
  projectKey: string;
  /** Rows of a file. Default: 700. */
  rowsPerFile?: number;
  /** How a file is written. Default: a list. */
  rows?: 'list' | 'lines';
}

export interface BatchProfile {
  /** Absent from anonymous profiles. */
  custom_id?: string;
  attributes: { [name: string]: unknown };
}

interface Job {
  id: string;
  orderedAt: number;
  request: { attributes: string[] };
  files: { id: string; rows: object[] }[];
}

const states = ['CREATED', 'PENDING', 'RUNNING'];
const stateMs = 4_000;

export function createBatchSimulator(options: BatchOptions) {
  const { now, apiKey, projectKey, rowsPerFile = 700, rows = 'list' } = options;
  const app = new Hono();
  const profiles: BatchProfile[] = [];
  const jobs: Job[] = [];
  const state = { orders: 0, refuses: false, fails: false, stalls: false, expired: false };

  const failure = (c: Context, status: 400 | 401 | 403 | 404, code: string) =>
    c.json({ error_code: code, error_message: code.toLowerCase().replaceAll('_', ' ') }, status);

  app.use('/2.11/*', async (c, next) => {
    const isKnown =
      c.req.header('authorization') === `Bearer ${apiKey}` && c.req.header('x-batch-project') === projectKey;
    return isKnown ? next() : failure(c, 401, 'AUTHENTICATION_INVALID');
  });

  app.post('/2.11/profiles/export', async (c) => {
    if (state.refuses) return failure(c, 403, 'EXPORTS_NOT_ENABLED');
    const { export_type: type, attributes = [], identifiers = [] } = await c.req.json();
    if (type !== 'ATTRIBUTES' || attributes.length === 0 || !identifiers.includes('custom_id'))
      return failure(c, 400, 'MALFORMED_PARAMETER');
    state.orders += 1;
    const all = profiles.map(({ custom_id, attributes: own }, at) => ({
      identifiers: {
        ...(custom_id !== undefined && { custom_id }),
        installation_ids: [`installation-${at}`],
      },
      attributes: Object.fromEntries(Object.entries(own).filter(([name]) => attributes.includes(name))),
    }));
    const id = `export_${state.orders}`;
    const files = [];
    for (let from = 0; from < all.length; from += rowsPerFile)
      files.push({ id: `file_${state.orders}_${files.length}`, rows: all.slice(from, from + rowsPerFile) });
    jobs.unshift({ id, orderedAt: now(), request: { attributes }, files });
    return c.json({ id }, 201);
  });

  app.get('/2.11/exports/view', (c) => {
    const job = jobs.find(({ id }) => id === c.req.query('id'));
    return job ? c.json(shown(job)) : failure(c, 404, 'EXPORT_NOT_FOUND');
  });

  app.get('/2.11/exports/list', (c) =>
    c.json({ exports: jobs.map(shown), count: jobs.length, has_more: false, next_from: null }),
  );

  app.get('/2.11/exports/download', (c) => {
    const file = jobs.flatMap(({ files }) => files).find(({ id }) => id === c.req.query('id'));
    if (!file || state.expired) return failure(c, 404, 'FILE_NOT_FOUND');
    const texts = file.rows.map((row) => JSON.stringify(row));
    return c.body(rows === 'list' ? `[${texts.join(',\n')}]` : `${texts.join('\n')}\n`);
  });

  function shown({ id, orderedAt, request, files }: Job) {
    const step = state.stalls ? 2 : Math.floor((now() - orderedAt) / stateMs);
    const status = states[step] ?? (state.fails ? 'ERROR' : 'SUCCESS');
    return {
      id,
      request_date: new Date(orderedAt).toISOString(),
      scope: 'PROFILE_ATTRIBUTES',
      status,
      request: { export_type: 'ATTRIBUTES', ...request },
      // In no order.
      files:
        status === 'SUCCESS'
          ? files
              .map((file, part) => ({
                id: file.id,
                part,
                size: file.rows.length,
                url: `https://files.example/${file.id}`,
              }))
              .reverse()
          : [],
    };
  }

  return {
    app,
    state,
    profiles,
    create: (custom_id: string | undefined, attributes: BatchProfile['attributes'] = {}) =>
      profiles.push({ ...(custom_id !== undefined && { custom_id }), attributes }),
    change(id: string, attributes: BatchProfile['attributes']): void {
      Object.assign(profiles.find(({ custom_id }) => custom_id === id)!.attributes, attributes);
    },
    ids: (): string[] => profiles.flatMap(({ custom_id }) => custom_id ?? []),
  };
}
