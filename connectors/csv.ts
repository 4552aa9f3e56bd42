// Files of customers as comma-separated values, one customer per row. Voucherify's import templates and the exports of
// common vendors are read as they are.
import { type Context, defineConnector, type Permission } from '#connector';
import { columnIdentity } from '#connector/person-columns';
import { importColumns, keyColumn, mappingOf, planOf, sourceIdColumn } from './csv/columns.ts';
import { type Settings, settings } from './csv/settings.ts';
import { openedHeader, rows } from './csv/stream.ts';

export const csv = defineConnector<Settings>({
  name: 'csv',
  settings,
  source: {
    streams: [rows],
    importDefaults: { complete: false },
    mapping: mappingOf(importColumns),
    mappingVersion: 2,
    columnsFor: (given, columns) => planOf(columns, given),
    storedSettings: ['columns', 'changedAt', 'recordId', 'sourceIdColumn', 'rename', 'extra'],
    // The Unix time of exports and scripts; milliseconds, and days of a spreadsheet, are refused and not misread.
    timeUnit: 'unknown',
    identityOf: columnIdentity,
    decimal: 'unknown',
    sourceId: 'Source_id',
    sourceIdFor: (given, columns) =>
      sourceIdColumn(columns) ?? keyColumn(columns, given) ?? given.recordId ?? 'Source_id',
  },
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { path } = context.settings;
  if (path === undefined)
    return [{ what: 'read files', allowed: null, note: 'Files arrive only by import.' }];
  try {
    const { columns } = await openedHeader(context);
    return [{ what: `read ${path}`, allowed: true, note: `Its columns are ${columns.join(', ')}.` }];
  } catch (error) {
    return [
      { what: `read ${path}`, allowed: false, note: error instanceof Error ? error.message : String(error) },
    ];
  }
}
