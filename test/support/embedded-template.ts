// A folder with an empty, migrated embedded database, kept from run to run: made again only when the migrations or PGlite
// change. Opening a copy of it takes a tenth of the time that a new one takes. It knows no table.
import { createHash } from 'node:crypto';
import {
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { openDatabase } from '../../src/db/database.ts';
import { keptFolder } from './postgres.ts';

/** Puts it where `openDatabase` will look for one in this folder. */
export async function copyEmbedded(directory: string): Promise<void> {
  cpSync(await template(), directory, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** Carries statements out in the embedded database of this folder, from which everything was taken before. */
export async function refillEmbedded(directory: string, statements: string): Promise<void> {
  const client = new PGlite(join(directory, 'database'));
  try {
    await client.exec('drop schema public cascade; drop schema drizzle cascade; create schema public');
    await client.exec(statements);
  } finally {
    await client.close();
  }
}

async function template(): Promise<string> {
  const path = join(keptFolder, `tributary-template-${migrationsHash()}`);
  if (existsSync(path)) return path;
  const directory = mkdtempSync(join(keptFolder, 'tributary-test-'));
  const database = await openDatabase({ directory });
  await database.close();
  try {
    renameSync(directory, path);
  } catch {
    rmSync(directory, { recursive: true, force: true }); // another process was first
  }
  return path;
}

function migrationsHash(): string {
  const hash = createHash('sha256');
  const root = new URL('../../', import.meta.url);
  const folder = new URL('drizzle/', root);
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.sql')) hash.update(name).update(readFileSync(new URL(name, folder)));
  }
  for (const file of ['drizzle/meta/_journal.json', 'node_modules/@electric-sql/pglite/package.json']) {
    hash.update(readFileSync(new URL(file, root)));
  }
  return hash.digest('hex').slice(0, 16);
}
