// The database of a process's simulations: one PGlite, migrated once and emptied for each. It is held in memory: emptying it makes new
// files for tables and indexes, which took a third of the time on a disk.
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

let opened: Promise<SimulatedDatabase> | null = null;

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
  const { pglite } = await opened;
  opened = null;
  await pglite.close();
}

async function open(): Promise<SimulatedDatabase> {
  const loadDataDir = await migratedFiles();
  const pglite = new PGlite({ loadDataDir, relaxedDurability: true, parsers: { ...parsers } });
  await pglite.waitReady;
  return { pglite, statements: new Statements(pglite) };
}

async function migratedFiles(): Promise<Blob> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-simulation-'));
  try {
    await copyEmbedded(directory);
    const onDisk = new PGlite(join(directory, 'database'));
    await onDisk.waitReady;
    const files = await onDisk.dumpDataDir('none');
    await onDisk.close();
    return files;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
