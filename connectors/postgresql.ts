// A table or view of a PostgreSQL database.
import { type Context, defineConnector, type Permission } from '#connector';
import { tried } from '#connector/checking';
import { nullFault, relationOf, rows } from './postgresql/rows.ts';
import { type Settings, settings } from './postgresql/settings.ts';
import { faultOf, indexAdvice, nameOf } from './postgresql/shape.ts';

export const postgresql = defineConnector<Settings>({
  name: 'postgresql',
  settings,
  relation: ({ url, schema, table, statementTimeoutSeconds, rowSecurity }) => ({
    url,
    ...(schema !== undefined && { schema }),
    name: table,
    statementTimeoutSeconds,
    rowSecurity,
  }),
  source: {
    streams: [rows],
    mapping: { name: 'name', email: 'email', phone: 'phone' },
    sourceId: 'id',
    sourceIdFor: ({ key }) => (key.length === 1 ? key[0]! : 'id'),
    needsFullReadings: ({ deleted }) =>
      deleted
        ? 'Only full readings show rows that are removed from the table without being marked as deleted.'
        : 'Only full readings show rows that are removed from the table.',
  },
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { settings } = context;
  const what = ['read all rows', 'find changed rows', 'see running transactions'] as const;
  try {
    const relation = relationOf(context);
    const shape = await relation.describe();
    const fault = faultOf(shape, settings) ?? (await nullFault(relation, shape, settings));
    const readable = await tried(what[0], `${nameOf(shape)} can be read.`, () =>
      relation.rows({ columns: settings.key, order: settings.key, limit: 1 }),
    );
    const clock = { columns: settings.key, order: settings.key, anyNull: [settings.updatedAt], limit: 1 };
    const timeless = fault === null && readable.allowed ? await relation.rows(clock) : [];
    const { seesAll } = await relation.horizon();
    return [
      fault === null ? readable : { what: what[0], allowed: false, note: fault },
      {
        what: what[1],
        allowed: fault === null && timeless.length === 0,
        note:
          fault ??
          (timeless.length > 0
            ? `Rows whose ${settings.updatedAt} is null are rejected, because their changes cannot be found. Set a value, and alter the column to not null.`
            : (indexAdvice(shape, settings) ?? 'Changes are found by their time.')),
      },
      {
        what: what[2],
        allowed: seesAll ? true : null,
        note: seesAll
          ? 'Late commits of long transactions are not lost.'
          : 'The transactions of other users are not visible, so only full readings find a change that is committed more than overlapSeconds (default: 600) after its time. Grant the role pg_read_all_stats, and read the primary.',
      },
    ];
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return what.map((one) => ({ what: one, allowed: false, note }));
  }
}
