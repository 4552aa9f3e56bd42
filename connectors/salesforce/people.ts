// The streams of contacts, leads and person accounts: all of them ordered by ID, then changes and deletions by time stamp.
import { z } from 'zod';
import { type Context, RejectedError, type Stream } from '#connector';
import { readCursor } from '#connector/cursor';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { isoSeconds } from '#connector/reading';
import { bulkExportOf } from './bulk.ts';
import { type Columns, isPersonAccount, propertiesOf } from './columns.ts';
import { idOf } from './id.ts';
import { mergedStates } from './merges.ts';
import {
  byVisibleColumns,
  countOf,
  fits,
  maxIds,
  type Row,
  rowsOf,
  statesById,
  statesOf,
  type Table,
} from './rows.ts';
import type { ObjectName, Settings } from './settings.ts';

const pageSize = 2_000;

interface Kind {
  object: string;
  /** The beginning of its IDs. */
  prefix: string;
  /** The condition for rows that are people. */
  only?: string;
}

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

export function streamOf(
  name: ObjectName,
  { lateCommitSeconds }: Pick<Settings, 'lateCommitSeconds'>,
): Stream<Settings> {
  const { object, prefix, only } = kinds[name];

  function check(columns: Columns): void {
    if (!only || columns[isPersonAccount]) return;
    throw new RejectedError('This org has no person accounts: remove "personAccounts" from objects.', {
      code: 'no_person_accounts',
    });
  }

  async function byColumns<Read>(
    context: Context<Settings>,
    wanted: { properties: readonly string[]; known?: Columns | undefined },
    read: (table: Table) => Promise<Read>,
  ): Promise<{ read: Read; columns: Columns }> {
    return byVisibleColumns(context, object, wanted, async (table) => {
      check(table.columns);
      return read(table);
    });
  }

  /** The page after the one before. */
  async function page(
    context: Context<Settings>,
    { page: behind, limit, properties }: PageRequest,
    from: 'query' | 'queryAll',
    {
      order,
      where,
    }: { order: string; where: (at: { id: string; stamp: number } | null) => (string | undefined)[] },
  ): Promise<ListedPage> {
    const at = behind === undefined ? null : readCursor(place, JSON.parse(behind), 'Salesforce rows');
    const rest = `${whereOf([...where(at), only])} ORDER BY ${order} LIMIT ${limit}`;
    const asked = { properties, known: at?.columns };
    const { read, columns } = await byColumns(context, asked, async (table) => {
      const { rows, hasMore } = await rowsOf(context, table, from, rest);
      const states = await statesOf(context, table, rows);
      return {
        ...(await mergedStates(context, table, states)),
        last: hasMore || rows.length === limit ? rows.at(-1) : undefined,
      };
    });
    const { last, ...records } = read;
    return { ...records, next: last && placeOf(last, columns) };
  }

  return {
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
        page(context, request, 'query', { order: 'Id', where: (at) => [at ? `Id > '${at.id}'` : undefined] }),
      changes: (context, { from, until, ...request }) =>
        page(context, request, 'queryAll', {
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
    bulkExport: bulkExportOf(object, { only, check }),
    read: {
      maxIds,
      idOf: (written) => idOf(written) ?? written,
      async records(context, { recordIds, properties }) {
        const ids = [...new Set(recordIds.flatMap((id) => (id.startsWith(prefix) ? (idOf(id) ?? []) : [])))];
        if (ids.length === 0) return { records: [], missing: [...recordIds] };
        const readStates = async (table: Table) =>
          mergedStates(context, table, await statesById(context, table, ids));
        const { read } = await byColumns(context, { properties }, readStates);
        const given = new Set(read.records.map(({ recordId }) => recordId));
        return {
          records: [...read.records, ...read.beside],
          missing: recordIds.filter((id) => !given.has(id)),
        };
      },
    },
    sweeps: true,
    leftOut: ({ objects }, body) => {
      if (name === 'personAccounts' && body[isPersonAccount] !== true) return 'It is a business account.';
      return name === 'contacts' && objects.includes('personAccounts') && body[isPersonAccount] === true
        ? 'It is the contact of a person account, which is read as an account.'
        : null;
    },
    cost: (_settings, properties) => ({ full: { records: pageSize, calls: fits(properties) ? 1 : 2 } }),
    properties: (context) => propertiesOf(context, object),
  };
}

function whereOf(tests: readonly (string | undefined)[]): string {
  const given = tests.filter((test) => test !== undefined);
  return given.length > 0 ? `WHERE ${given.join(' AND ')}` : '';
}

function placeOf({ recordId: id, changedAt: stamp }: Row, columns: Columns): string {
  return JSON.stringify({ id, stamp, columns });
}

/** A time as SOQL writes it: whole seconds, without quotes. */
function timeOf(epochMs: number): string {
  return `${isoSeconds(epochMs)}Z`;
}
