// The database of a process's simulations: one PGlite, migrated once and emptied for each.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { parsers } from '../../src/db/results.ts';
import { copyEmbedded } from '../support/embedded-template.ts';
import { Statements } from './statements.ts';

/** `statements`: of the product. What the simulation itself asks goes by `pglite`. */
export interface SimulatedDatabase {
  pglite: PGlite;
  statements: Statements;
}

let opened: Promise<SimulatedDatabase & { directory: string }> | null = null;

/** Empty, migrated, and random in one way only. */
export async function emptyDatabase(): Promise<SimulatedDatabase> {
  opened ??= open();
  const { pglite, statements } = await opened;
  const { rows } = await pglite.query<{ name: string }>(`
    select oid::regclass::text as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and pg_relation_size(oid) > 0`);
  if (rows.length > 0)
    await pglite.exec(`truncate ${rows.map(({ name }) => name).join(', ')} restart identity cascade`);
  await pglite.exec('select setseed(0.5)');
  await statements.forgetPlans();
  return { pglite, statements };
}

export async function closeDatabase(): Promise<void> {
  if (!opened) return;
  const { pglite, directory } = await opened;
  opened = null;
  await pglite.close();
  rmSync(directory, { recursive: true, force: true });
}

async function open() {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-simulation-'));
  await copyEmbedded(directory);
  const pglite = new PGlite({
    dataDir: join(directory, 'database'),
    relaxedDurability: true,
    parsers: { ...parsers },
  });
  await pglite.waitReady;
  return { pglite, statements: new Statements(pglite), directory };
}
