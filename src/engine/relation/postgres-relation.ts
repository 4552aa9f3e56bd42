// A table or view of a PostgreSQL database, read as the door says. Names that a person wrote are values of statements;
// what stands in the text of one was quoted by the server. It opens no connection.

import { parseExactJson } from '../../connector/json.ts';
import {
  type Horizon,
  RejectedError,
  type Relation,
  type RelationDescription,
  type RelationShape,
  type Row,
  type RowQuery,
} from '../../connector.ts';
import type { ReadOnlyDatabase, RunStatement } from './read-only.ts';

export class PostgresRelation implements Relation {
  readonly #database: ReadOnlyDatabase;
  readonly #description: RelationDescription;

  constructor(database: ReadOnlyDatabase, description: RelationDescription) {
    this.#database = database;
    this.#description = description;
  }

  describe(): Promise<RelationShape> {
    return this.#database.read(async (run) => shapeOf(await catalogOf(run, this.#description)));
  }

  horizon(): Promise<Horizon> {
    return this.#database.read(async (run) => {
      const [found] = await run<Horizon>(horizonStatement, []);
      return found!;
    });
  }

  rows(query: RowQuery): Promise<Row[]> {
    return this.#database.read(async (run) => {
      const { text, values } = statementOf(await catalogOf(run, this.#description), query);
      const rows = await run<{ at: string; body: string }>(text, values);
      return rows.map(({ at, body }) => ({
        at: JSON.parse(at) as Row['at'],
        body: parseExactJson(body) as Row['body'],
      }));
    });
  }
}

// ── The catalog ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What statements are made of. Everything quoted is the server's own text. */
interface Catalog {
  schema: string;
  name: string;
  kind: string;
  quoted: string;
  columns: {
    name: string;
    quoted: string;
    type: string;
    /** The type as a cast names it. */
    cast: string;
    nullable: boolean;
    readable: boolean;
  }[];
  uniqueKeys: string[][];
  indexed: string[];
}

const kinds: { readonly [relkind: string]: RelationShape['kind'] } = {
  r: 'table',
  p: 'table',
  m: 'materialised view',
  v: 'view',
  f: 'foreign table',
};

/** Indexes that hold for every row: valid, of columns alone. Included columns are no part of a key. */
const indexedColumns = `
  select index.indisunique, (
    select json_agg(attname order by position)
    from unnest(index.indkey::int2[]) with ordinality as key (attnum, position)
    join pg_attribute using (attnum)
    where attrelid = index.indrelid and position <= index.indnkeyatts
  ) as columns
  from pg_index as index
  where index.indrelid = class.oid and index.indisvalid and index.indpred is null and index.indexprs is null`;

const catalogStatement = `
  select json_build_object(
    'schema', nspname, 'name', relname, 'kind', relkind, 'quoted', format('%I.%I', nspname, relname),
    'columns', (
      select json_agg(json_build_object(
        'name', attname, 'quoted', quote_ident(attname), 'type', base.typname,
        'cast', format_type(base.oid, -1), 'nullable', relkind not in ('r', 'p') or not attnotnull,
        'readable', has_column_privilege(class.oid, attnum, 'select')) order by attnum)
      from pg_attribute
      join pg_type as type on type.oid = atttypid
      join pg_type as base on base.oid = case when type.typtype = 'd' then type.typbasetype else type.oid end
      where attrelid = class.oid and attnum > 0 and not attisdropped),
    'uniqueKeys', coalesce((select json_agg(columns) from (${indexedColumns}) as found where indisunique), '[]'),
    'indexed', coalesce((select json_agg(columns->0) from (${indexedColumns}) as found), '[]')
  )::text as catalog
  from pg_class as class join pg_namespace on pg_namespace.oid = relnamespace
  where class.oid = $1::text::oid`;

async function catalogOf(run: RunStatement, { schema, name }: RelationDescription): Promise<Catalog> {
  const [relation] = await run<{ oid: string | null }>(
    `select pg_catalog.to_regclass(case when $1::text = '' then '' else pg_catalog.quote_ident($1::text) || '.' end
       || pg_catalog.quote_ident($2::text))::pg_catalog.oid::text as oid`,
    [schema ?? '', name],
  );
  await run('set local search_path = pg_catalog', []);
  const said = schema === undefined ? name : `${schema}.${name}`;
  if (relation?.oid == null)
    throw new RejectedError(
      `There is no table or view ${said}, or the user may not use its schema. Names are case-sensitive.`,
      { code: 'no_relation' },
    );
  const [row] = await run<{ catalog: string }>(catalogStatement, [relation.oid]);
  const catalog = JSON.parse(row!.catalog) as Catalog;
  if (kinds[catalog.kind] === undefined)
    throw new RejectedError(`${said} is neither a table nor a view.`, { code: 'no_relation' });
  return catalog;
}

function shapeOf({ schema, name, kind, columns, uniqueKeys, indexed }: Catalog): RelationShape {
  return {
    schema,
    name,
    kind: kinds[kind]!,
    columns: columns.map(({ name, type, nullable, readable }) => ({ name, type, nullable, readable })),
    uniqueKeys,
    indexed,
  };
}

// ── Transactions ────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Asked before rows are read, in a transaction of its own: a transaction that ends in between is then among the running ones,
 * or its rows are seen. A session shows its transaction until after its rows are visible (xact.c, CommitTransaction).
 * Of a prepared transaction the time is known at which it was prepared.
 */
const horizonStatement = `
  select
    (extract(epoch from case
      when pg_catalog.pg_is_in_recovery()
        then coalesce(pg_catalog.pg_last_xact_replay_timestamp(), pg_catalog.clock_timestamp())
      else pg_catalog.clock_timestamp() end) * 1000)::float8 as now,
    (extract(epoch from least(
      (select min(xact_start) from pg_catalog.pg_stat_activity
       where datname = pg_catalog.current_database() and pid <> pg_catalog.pg_backend_pid()
         and backend_type not in ('autovacuum worker', 'walsender')),
      (select min(prepared) from pg_catalog.pg_prepared_xacts where database = pg_catalog.current_database())
    )) * 1000)::float8 as oldest,
    not pg_catalog.pg_is_in_recovery()
      and pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'usage') as "seesAll"`;

// ── Rows ────────────────────────────────────────────────────────────────────────────────────────────────────────

function statementOf(catalog: Catalog, query: RowQuery): { text: string; values: string[] } {
  const { columns, order, after, from, positions, anyNull, limit } = query;
  const values: string[] = [];
  const columnOf = (name: string) => {
    const found = catalog.columns.find((column) => column.name === name);
    if (found) return { ...found, quoted: `t.${found.quoted}` };
    throw new RejectedError(`${catalog.schema}.${catalog.name} has no column "${name}".`, {
      code: 'no_column',
    });
  };
  /** A parameter of a column's type. It is sent as a text, since drivers shorten values of other types. */
  const value = (text: string, cast: string) => `$${values.push(text)}::text::${cast}`;
  const ordered = order.map(columnOf);
  const rowOf = (parts: readonly string[]) => `(${parts.join(', ')})`;
  const keys = rowOf(ordered.map(({ quoted }) => quoted));
  const conditions: string[] = [];
  if (from) {
    const { quoted, cast } = columnOf(from.column);
    conditions.push(`${quoted} >= ${value(from.value, cast)}`);
  }
  if (after) {
    const position = after.map((text, index) => value(text, ordered[index]!.cast));
    conditions.push(`row${keys} > row${rowOf(position)}`);
  }
  if (positions) {
    const fields = ordered.map(({ cast }, index) => `(one->>${index})::${cast}`);
    const list = value(JSON.stringify(positions), 'jsonb');
    conditions.push(`${keys} in (select ${fields.join(', ')} from jsonb_array_elements(${list}) as one)`);
  }
  if (anyNull) conditions.push(`(${anyNull.map((name) => `${columnOf(name).quoted} is null`).join(' or ')})`);
  const inBody = catalog.columns.filter(({ name, readable }) => columns?.includes(name) ?? readable);
  const at = ordered.map(({ quoted }) => `to_json(${quoted}) #>> '{}'`);
  const text = `
    select array_to_json(array[${at.join(', ')}]::text[])::text as at,
      (select row_to_json(body.*) from (select ${inBody.map(({ quoted }) => `t.${quoted}`).join(', ')}) as body)::text as body
    from ${catalog.quoted} as t
    ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
    order by ${ordered.map(({ quoted }) => quoted).join(', ')}
    limit ${value(String(limit), 'int')}`;
  return { text, values };
}
