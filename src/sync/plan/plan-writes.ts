// How many customers a run would write, and how large and how complete each write is: by a dry run, else by the ratio of
// recent runs. It knows no quota, and reads rows only.

import type { Run } from '../../contract/run.ts';
import { firstCustomers } from '../../tables/customers.ts';
import { waitingCustomers } from '../../tables/deliveries.ts';
import { listForecasts } from '../../tables/forecasts.ts';
import { nestedShare } from '../../tables/revisions.ts';
import { counted } from '../../words.ts';
import type { DryRunReport } from '../preview/dry-run.ts';
import type { PlannedRecords } from './plan-records.ts';
import type { Planning } from './planning.ts';

export interface PlannedWrites {
  customers: number;
  /** Where the number comes from. */
  sentence: string;
  /** Of a payload. */
  bytesEach: number;
  /** Of the customers, how many are read before they are written, 0 to 1. */
  readFirst: number;
  /** Customers of earlier runs that wait to be written. */
  waiting: number;
  /** As often as of late; null where no forecast that was carried out shows it. */
  pollsPerBulk: number | null;
  notes: string[];
}

const bytesPerField = 28;

const sampled = 200;

export async function plannedWrites(
  planning: Planning,
  { records, exact }: { records: PlannedRecords; exact: DryRunReport | undefined },
): Promise<PlannedWrites> {
  const waiting = await waitingCustomers(planning.database);
  const pollsPerBulk = await pollsOf(planning);
  const notes =
    waiting > 0
      ? [`${counted(waiting, 'customer')} already waiting ${waiting === 1 ? 'is' : 'are'} written too.`]
      : [];
  if (exact) {
    const { customers, removed, payloadBytes, calls } = exact.writes;
    return {
      customers: customers + removed,
      sentence: 'The number of customers to write is that of the dry run.',
      bytesEach: customers > 0 ? payloadBytes / customers : 0,
      readFirst: customers > 0 ? Math.min(calls.reads / customers, 1) : 0,
      waiting,
      pollsPerBulk,
      notes,
    };
  }
  return {
    ...customersOf(records),
    bytesEach: await bytesOf(planning),
    readFirst: await readFirstOf(planning, records.first),
    waiting,
    pollsPerBulk,
    notes,
  };
}

function customersOf(records: PlannedRecords): { customers: number; sentence: string } {
  const { first, recent, steps } = records;
  const bring = steps.reduce((sum, step) => sum + (step.brings ? step.records : 0), 0);
  if (first) return { customers: bring, sentence: 'Every record is assumed to be a new customer.' };
  const isFull = steps.some(({ what }) => what === 'everything');
  const alike = recent
    .filter(({ mode, received }) => (mode === 'full') === isFull && received > 0)
    .slice(0, 10);
  if (alike.length > 0) {
    const ratio = sum(alike, 'customers') / sum(alike, 'received');
    return {
      customers: Math.min(Math.ceil(ratio * records.count), bring),
      sentence: `As in recent runs, ${Math.round(ratio * 100)} % of the records read are assumed to change their customer.`,
    };
  }
  const whose = isFull
    ? 'No full run has shown how many customers one changes: all'
    : 'All records that changed';
  return { customers: bring, sentence: `${whose} are assumed to change their customer.` };
}

const sum = (runs: readonly Run[], what: 'customers' | 'received') =>
  runs.reduce((total, run) => total + run[what], 0);

/** Of whole payloads: what is written of a change is less. */
async function bytesOf(planning: Planning): Promise<number> {
  const { database, sending } = planning;
  const { destination, settings } = sending;
  const rows = await firstCustomers(database, sampled);
  if (rows.length === 0) return 80 + bytesPerField * fieldsOf(planning).length;
  const bytes = rows.map(({ sourceId, fields }) =>
    Buffer.byteLength(JSON.stringify(destination.payload(sourceId, fields, settings))),
  );
  return bytes.reduce((total, size) => total + size, 0) / rows.length;
}

/** Read are those of whom an object is written in part, where the destination would lose what others keep in it. */
async function readFirstOf(planning: Planning, first: boolean): Promise<number> {
  const { destination, settings } = planning.sending;
  if (destination.traits(settings).partialWrites === 'merge' || !destination.preserve) return 0;
  if (!fieldsOf(planning).some((field) => field.includes('.'))) return 0;
  if (first) return 1;
  return (await nestedShare(planning.database, sampled)) ?? 1;
}

/** Where a run wrote in bulk alone, all other calls to the destination were polls. */
async function pollsOf({ database, sending }: Planning): Promise<number | null> {
  const bucket = sending.destination.traits(sending.settings).bulk?.bucket;
  if (bucket === undefined) return null;
  for (const { forecast, actual } of await listForecasts(database, { limit: 20 })) {
    const isAlone = forecast.calls.every(({ side, what }) => side === 'source' || telling.has(what));
    if (!actual || !isAlone) continue;
    const made = (isBulk: boolean) =>
      Math.max(
        ...forecast.quotas
          .filter(
            (quota) => quota.side === 'destination' && !quota.all && (quota.bucket === bucket) === isBulk,
          )
          .map(({ quota }) => actual.quotas.find((one) => one.side === 'destination' && one.quota === quota))
          .map((quota) => quota?.calls ?? 0),
        0,
      );
    if (made(true) > 0) return Math.max(Math.round(made(false) / made(true)), 1);
  }
  return null;
}

const telling = new Set(['bulk writes', 'polls']);

function fieldsOf({ source }: Planning): string[] {
  return Object.keys(source.config.mapping ?? source.config.connector.source?.mapping ?? {});
}
