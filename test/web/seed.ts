// Rows for the web's tests, made by the path's own statements.
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { JsonObject } from '../../src/connector.ts';
import type { Database } from '../../src/db/database.ts';
import { ingest } from '../../src/sync/intake/ingest.ts';
import { keepAcknowledged } from '../../src/tables/acknowledgements.ts';
import { keepDeadLetters } from '../../src/tables/dead-letters.ts';
import { claim, DueBounds, settle } from '../../src/tables/deliveries.ts';
import type { World } from './world.ts';

export const noon = Date.parse('2026-03-01T12:00:00Z');

/** As it was when it was opened. */
export function empty(database: Database) {
  return database.rows(sql`
    truncate acknowledgements, batches, checkpoints, customers, dead_letters, deliveries, pauses, quota_slices, quota_states,
      records, revisions, runs restart identity`);
}

/** Takes in records of the source `crm`, as a page would. */
export function takeIn(
  { tributary, database }: World,
  people: { id: string; changedAt?: number; body?: JsonObject }[],
  now = noon,
) {
  const records = people.map(({ id, changedAt = noon - 60_000, body = {} }) => ({
    recordId: id,
    changedAt,
    body: { id, ...body },
  }));
  const source = tributary.rules.source('crm')!;
  return database.transaction((tx) =>
    ingest(
      tx,
      tributary.rules,
      { source, stream: 'people', lane: 'schedule', runId: null, now },
      { records },
    ),
  );
}

/** Delivers everything that waits; those of `refused` are refused with these words. */
export async function deliverAll(
  { database }: World,
  refused: { [sourceId: string]: string } = {},
  now = noon + 5_000,
) {
  const lease = randomUUID();
  const claimed = await claim(database, {
    lease,
    now,
    leaseMs: 60_000,
    most: [1000, 1000, 1000, 1000],
    bounds: new DueBounds(),
  });
  await settle(
    database,
    { lease },
    claimed.map(({ sourceId, revision }) => {
      const message = refused[sourceId];
      return message === undefined
        ? { sourceId, revision, end: 'delivered' as const }
        : { sourceId, revision, end: 'dead' as const, code: 'invalid_customer', message, uncertain: false };
    }),
    now,
  );
  const accepted = claimed.filter(({ sourceId }) => !(sourceId in refused));
  await keepAcknowledged(
    database,
    accepted.map(({ sourceId, revision }) => ({ sourceId, revision, fields: { email: 'old@example.com' } })),
    now,
  );
  await keepDeadLetters(
    database,
    Object.entries(refused).map(([ref, message]) => ({
      kind: 'delivery',
      source: 'destination',
      ref,
      code: 'invalid_customer',
      message,
    })),
    now,
  );
}
