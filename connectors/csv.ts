// Files of customers as comma-separated values, one row a customer: Voucherify's own import templates fit as they are.
import { type Context, defineConnector, type Permission } from '#connector';
import { findColumn, importColumns, mappingOf, sourceIdColumn } from './csv/columns.ts';
import { type Settings, settings } from './csv/settings.ts';
import { openedHeader, rows } from './csv/stream.ts';

export const csv = defineConnector<Settings>({
  name: 'csv',
  settings,
  source: {
    streams: [rows],
    mapping: mappingOf(importColumns, []),
    mappingFor: ({ recordId, changedAt }, columns) => {
      const keys = sourceIdColumn(columns) === undefined ? [recordId] : [];
      return mappingOf(
        columns,
        [...keys, changedAt].filter((key) => key !== undefined),
      );
    },
    sourceId: 'Source_id',
    sourceIdFor: ({ recordId = 'Source_id' }, columns) =>
      sourceIdColumn(columns) ?? findColumn(columns, recordId) ?? recordId,
  },
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { path } = context.settings;
  if (path === undefined) return [{ what: 'read files', allowed: true, note: 'Files come by import only.' }];
  try {
    const { columns } = await openedHeader(context);
    return [{ what: `read ${path}`, allowed: true, note: `Its columns are ${columns.join(', ')}.` }];
  } catch (error) {
    return [
      { what: `read ${path}`, allowed: false, note: error instanceof Error ? error.message : String(error) },
    ];
  }
}
