// The stream of contacts: all of them, then changes by delta links, or by the time of last change where tracking is not granted.
// https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
import type { Context, Json, Query, SourceRecord, Stream } from '#connector';
import { readsById, requestOne } from '#connector/by-id';
import { pullsByDelta, type TrackedPage } from '#connector/delta';
import { gone, withMerges } from '#connector/merges';
import { codeIn, deletedIn, type ODataList, requestODataPage } from '#connector/odata';
import { httpDate, isoSeconds, requestList } from '#connector/reading';
import { toRecords } from '#connector/rows';
import { noRecord } from './api.ts';
import { type Columns, columnsOf, guidOf, propertiesOf, recordReader } from './contact.ts';
import { dataPath, type Settings } from './settings.ts';

const dayMs = 86_400_000;
const pageSize = 2_000;
/** They fit into an address. */
const maxIds = 100;

/** A contact that was merged stays as an inactive row. */
export const contacts: Stream<Settings> = withMerges(
  {
    name: 'contacts',
    // Whole seconds, and some changes move no clock.
    clock: 'second',
    ...pullsByDelta<Settings, Columns>({
      what: 'Dynamics 365 contacts',
      pageSize,
      // How late a long transaction may commit.
      settleLagSeconds: 300,
      isTracked: ({ changeTracking }) => changeTracking,
      lastsMs: ({ changeTrackingDays }) => changeTrackingDays * dayMs,
      columns: columnsOf,
      all: pageOf,
      changes(context, { from, until, ...request }) {
        const late = until < context.now ? ` and modifiedon le ${timeOf(until)}` : '';
        const $filter = `modifiedon ge ${timeOf(from)}${late}`;
        return pageOf(context, { ...request, query: { $filter, $orderby: 'modifiedon asc,contactid asc' } });
      },
      since: (context, request) => pageOf(context, { ...request, tracked: true, isDelta: true }),
    }),
    read: readsById<Settings, Columns>({
      maxIds,
      known: columnsOf,
      idOf: guidOf,
      some: readSome,
      one({ api, settings }, id, _properties, columns) {
        const request = { path: `${contactsPath(settings)}(${id})`, query: selected(columns) };
        const isMissing = (json: Json | undefined) => noRecord.includes(codeIn(json) ?? '');
        return requestOne(api, {
          id,
          request,
          vendor: 'Dynamics 365',
          recordIn: recordReader(columns),
          isMissing,
        });
      },
    }),
    sweeps: true,
    leftOut: ({ activeOnly }, { statecode }) => (activeOnly && statecode === 1 ? 'It is inactive.' : null),
    cost: () => ({ full: { records: pageSize, calls: 2 } }),
    properties: propertiesOf,
  },
  ({ body }) => (body['merged'] === true ? guidOf(body['_masterid_value']) : undefined),
);

type PageAsked = Pick<ODataList, 'limit' | 'page' | 'tracked' | 'isDelta'> & {
  columns: Columns;
  query?: Query;
};

async function pageOf(context: Context<Settings>, asked: PageAsked): Promise<TrackedPage> {
  const path = contactsPath(context.settings);
  const { rows, next, delta, headers } = await requestContacts(context, asked);
  const deletedAt = httpDate(headers['date'] ?? '') ?? context.now;
  const read = recordReader(asked.columns);
  const recordOf = (row: Json) => {
    const recordId = guidOf(deletedIn(row, path));
    return recordId === undefined ? read(row) : gone({ recordId, changedAt: deletedAt });
  };
  return { ...toRecords(rows, recordOf, { noun: 'contact', id: 'contactid' }), next, delta };
}

/** Links name a second host of the environment. */
export function requestContacts(
  { api, settings }: Context<Settings>,
  { columns, query, ...asked }: PageAsked,
) {
  const { baseUrl } = settings;
  const site = { baseUrl, hosts: [new URL(baseUrl).host.replace('.', '.api.')] };
  const list = { ...asked, path: contactsPath(settings), query: { ...selected(columns), ...query } };
  return requestODataPage(api, site, list);
}

/** Those of these contacts that the user sees. */
async function readSome(
  { api, settings }: Context<Settings>,
  ids: readonly string[],
  _properties: readonly string[],
  columns: Columns,
): Promise<SourceRecord[]> {
  const values = ids.map((id) => `'${id}'`).join(',');
  const $filter = `Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=[${values}])`;
  const query = { ...selected(columns), $filter };
  const { list } = await requestList(api, { path: contactsPath(settings), query }, 'value');
  return list.flatMap((row) => recordReader(columns)(row) ?? []);
}

function contactsPath(settings: Settings): string {
  return dataPath(settings, '/contacts');
}

function selected({ select }: Columns): Query {
  return select === '' ? {} : { $select: select };
}

/** Whole seconds. */
function timeOf(epochMs: number): string {
  return `${isoSeconds(epochMs)}Z`;
}
