// The streams of contacts, leads and person accounts: all of them ordered by ID, then changes and deletions by time stamp.
import { z } from 'zod';
import type { Context, SourceRecord, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { readCursor } from '#connector/cursor';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { withMerges } from '#connector/merges';
import { isoSeconds } from '#connector/reading';
import { bulkExportOf } from './bulk.ts';
import { type Columns, describedColumns, isPersonAccount, type Kind, propertiesOf } from './columns.ts';
import { idOf } from './id.ts';
import { countOf, fits, maxIds, type Resource, rowsOf, statesById } from './rows.ts';
import type { ObjectName, Settings } from './settings.ts';

const pageSize = 2_000;

export const kinds: { readonly [name in ObjectName]: Kind } = {
  contacts: { object: 'Contact', prefix: '003' },
  leads: { object: 'Lead', prefix: '00Q' },
  personAccounts: { object: 'Account', prefix: '001', only: `${isPersonAccount} = true` },
};

/** The end of a page, and the columns that are read. */
const place = z.strictObject({
  id: z.string().regex(/^[0-9A-Za-z]{18}$/),
  stamp: z.int().min(0),
  columns: z.record(z.string(), z.array(z.string())),
});

interface PageQuery {
  from: Resource;
  order: string;
  where(at: z.infer<typeof place> | null): (string | undefined)[];
}

export function streamOf(
  name: ObjectName,
  { lateCommitSeconds }: Pick<Settings, 'lateCommitSeconds'>,
): Stream<Settings> {
  const kind = kinds[name];
  const { object, prefix, only } = kind;
  const stream: Stream<Settings> = {
    name,
    clock: 'second',
    ...pullsOf<Settings>({
      what: `Salesforce ${name}`,
      pageSize,
      settleLagSeconds: lateCommitSeconds,
      oldestFirst: true,
      count: (context, from) => {
        const tests = [from === null ? undefined : `SystemModstamp >= ${timeOf(from)}`, only];
        return countOf(context, object, from === null ? 'query' : 'queryAll', whereOf(tests));
      },
      all: (context, request) =>
        pageOf(context, kind, request, {
          from: 'query',
          order: 'Id',
          where: (at) => [at ? `Id > '${at.id}'` : undefined],
        }),
      changes: (context, { from, until, ...request }) =>
        pageOf(context, kind, request, {
          from: 'queryAll',
          order: 'SystemModstamp,Id',
          where: (at) => [
            at
              ? `((SystemModstamp = ${timeOf(at.stamp)} AND Id > '${at.id}') OR SystemModstamp > ${timeOf(at.stamp)})`
              : `SystemModstamp >= ${timeOf(from)}`,
            // A trailing reader stays behind.
            until < context.now ? `SystemModstamp <= ${timeOf(until)}` : undefined,
          ],
        }),
    }),
    bulkExport: bulkExportOf(kind),
    read: readsById<Settings, Columns>({
      maxIds,
      idOf: (written) => (written.startsWith(prefix) ? idOf(written) : undefined),
      known: async (context, properties) => (await describedColumns(context, kind, properties)).columns,
      some: (context, ids, _properties, columns) => statesById(context, { object, columns }, ids),
    }),
    sweeps: true,
    leftOut: ({ objects }, body) => {
      if (name === 'personAccounts' && body[isPersonAccount] !== true) return 'It is a business account.';
      return name === 'contacts' && objects.includes('personAccounts') && body[isPersonAccount] === true
        ? 'It is the contact of a person account, which is read as an account.'
        : null;
    },
    cost: (_settings, properties) => ({ full: { records: pageSize, calls: fits(properties) ? 1 : 2 } }),
    properties: (context) => propertiesOf(context, kind),
  };
  return withMerges(stream, ({ deleted, body }) => (deleted ? idOf(body['MasterRecordId']) : undefined));
}

/** The page after the one before. If a column of that one has been hidden since, the columns are looked up again. */
async function pageOf(
  context: Context<Settings>,
  kind: Kind,
  { page, limit, properties }: PageRequest,
  { from, order, where }: PageQuery,
): Promise<ListedPage> {
  const at = page === undefined ? null : readCursor(place, JSON.parse(page), 'Salesforce rows');
  const rest = `${whereOf([...where(at), kind.only])} ORDER BY ${order}`;
  const read = async (columns: Columns): Promise<ListedPage> => {
    const table = { object: kind.object, columns };
    const { records, last } = await rowsOf(context, table, { from, rest, limit });
    return { records, next: last && placeOf(last, columns) };
  };
  const readAnew = async () => read((await describedColumns(context, kind, properties)).columns);
  if (!at) return readAnew();
  return read(at.columns).catch((error: { code?: unknown }) => {
    if (error.code !== 'INVALID_FIELD') throw error;
    return readAnew();
  });
}

function whereOf(tests: readonly (string | undefined)[]): string {
  const given = tests.filter((test) => test !== undefined);
  return given.length > 0 ? `WHERE ${given.join(' AND ')}` : '';
}

function placeOf({ recordId: id, changedAt: stamp }: SourceRecord, columns: Columns): string {
  return JSON.stringify({ id, stamp, columns });
}

/** A time as SOQL writes it: whole seconds, without quotes. */
function timeOf(epochMs: number): string {
  return `${isoSeconds(epochMs)}Z`;
}
