// The streams of contacts, leads and person accounts: all of them ordered by ID, then changes and deletions by time stamp.
import { type Context, RejectedError, type Stream } from '#connector';
import { readsById } from '#connector/by-id';
import type { Columns } from '#connector/columns';
import { pullsByKeyset } from '#connector/keyset';
import { withMerges } from '#connector/merges';
import { isoSeconds } from '#connector/reading';
import { bulkExportOf } from './bulk.ts';
import { describedColumns, isPersonAccount, type Kind, propertiesOf } from './columns.ts';
import { idOf } from './id.ts';
import { countOf, fits, maxIds, readPage, statesById } from './rows.ts';
import type { ObjectName, Settings } from './settings.ts';

const pageSize = 2_000;

export const kinds: { readonly [name in ObjectName]: Kind } = {
  contacts: { object: 'Contact', prefix: '003' },
  leads: { object: 'Lead', prefix: '00Q' },
  personAccounts: { object: 'Account', prefix: '001', only: `${isPersonAccount} = true` },
};

const myDomain = /\.my\.salesforce\.com$/;

/**
 * Under the host of Lightning, which the My Domain names; sign-in hosts name no org.
 * https://developer.salesforce.com/docs/atlas.en-us.lightning.meta/lightning/components_navigation_page_definitions.htm
 */
export function recordPage(
  { baseUrl }: Settings,
  { stream, recordId }: { stream: string; recordId: string },
): string | null {
  const { host } = new URL(baseUrl);
  const kind = kinds[stream as ObjectName] as Kind | undefined;
  if (!kind || !myDomain.test(host)) return null;
  return `https://${host.replace(myDomain, '.lightning.force.com')}/lightning/r/${kind.object}/${encodeURIComponent(recordId)}/view`;
}

export function streamOf(
  name: ObjectName,
  { lateCommitSeconds }: Pick<Settings, 'lateCommitSeconds'>,
): Stream<Settings> {
  const kind = kinds[name];
  const { object, prefix } = kind;
  const columns = async (context: Context<Settings>, properties: readonly string[]) =>
    (await describedColumns(context, kind, properties)).columns;
  const stream: Stream<Settings> = {
    name,
    clock: 'second',
    ...pullsByKeyset<Settings>({
      what: `Salesforce ${name}`,
      pageSize,
      settleLagSeconds: lateCommitSeconds,
      id: 'Id',
      time: 'SystemModstamp',
      isId: (id) => /^[0-9A-Za-z]{18}$/.test(id),
      // Whole seconds, without quotes.
      timeOf: (epochMs) => `${isoSeconds(epochMs)}Z`,
      columns,
      isColumnRefused: (error) => error instanceof RejectedError && error.code === 'INVALID_FIELD',
      read: (context, query) => readPage(context, kind, query),
      count: (context, query) => countOf(context, kind, query),
    }),
    bulkExport: bulkExportOf(kind),
    read: readsById<Settings, Columns>({
      maxIds,
      idOf: (written) => (written.startsWith(prefix) ? idOf(written) : undefined),
      known: columns,
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
