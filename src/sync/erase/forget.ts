// Every trace of one customer, taken out of every table by the file that owns it, in the caller's transaction. It knows
// no receipt, and nothing outside the database.
import type { Json, JsonObject } from '../../connector.ts';
import type { DeadLetter as KeptLetter } from '../../contract/dead-letter.ts';
import { sourceIdOf } from '../../customer/identity.ts';
import type { Queryable } from '../../db/database.ts';
import { forgetAcknowledgement } from '../../tables/acknowledgements.ts';
import { forgetInAudit } from '../../tables/audit.ts';
import { forgetInBatches } from '../../tables/batch-items.ts';
import { forgetCheckedOf } from '../../tables/checked-records.ts';
import { forgetCustomer } from '../../tables/customers.ts';
import { forgetLetters, lettersHolding } from '../../tables/dead-letters.ts';
import { type Carried, dropDelivery, keepFromOthers, lockDelivery } from '../../tables/deliveries.ts';
import { forgetParts } from '../../tables/destination-customers.ts';
import { endDrifts } from '../../tables/drifts.ts';
import { dropExportedFacts } from '../../tables/exported-facts.ts';
import { dropFacts } from '../../tables/facts.ts';
import { dropHolds } from '../../tables/holds.ts';
import { forgetInInbox } from '../../tables/inbox.ts';
import { destinationName } from '../../tables/pauses.ts';
import { forgetPins } from '../../tables/pins.ts';
import { forgetRecords } from '../../tables/records.ts';
import { forgetRevisions } from '../../tables/revisions.ts';
import { forgetInRuns } from '../../tables/runs.ts';
import { forgetSpared } from '../../tables/spared-values.ts';
import type { Trait } from '../../tables/suppressions.ts';
import { forgetTouches } from '../../tables/touches.ts';
import { forgetInVerifications } from '../../tables/verifications.ts';
import { forgetVerified } from '../../tables/verified-customers.ts';
import { forgetWriteBackEvents } from '../../tables/write-back-events.ts';
import { forgetInJobs } from '../../tables/write-back-jobs.ts';
import { dropWriteBacks, lockWriteBacks } from '../../tables/write-backs.ts';
import { factStreams } from '../facts/fact-touches.ts';
import { emailsOf } from '../intake/erased-records.ts';
import type { Rules } from '../intake/rules.ts';
import type { WrittenBackTo } from './vendors.ts';

export interface Forgotten {
  /** Rows deleted or changed, by what they were. */
  rows: {
    customer: number;
    records: number;
    history: number;
    pins: number;
    holds: number;
    deadLetters: number;
    acknowledgement: number;
    delivery: number;
    runs: number;
    inbox: number;
    facts: number;
  };
  /** What vendors may hold of what was written back. */
  writeBacks: WrittenBackTo[];
  /** What the person may be known by when a source sends them again. */
  traits: Trait[];
  emails: string[];
  /** What carries the delivery still: it has to end before the destination is told. */
  carried: Carried | null;
  /** An attempt whose end nobody knows may still write the customer for a few minutes. */
  inDoubt: boolean;
  /** Bulk actions under way that may still write the customer. */
  bulkActions: number;
  /** Runs under way that were asked for the customer's records by name. */
  runsGoing: number;
}

/**
 * Forgets one customer, known or not. Who holds the fence of the suppressions is sure that no page writes it anew.
 * `stillCarried`: whether what carries the delivery has to be waited for.
 */
export async function forget(
  db: Queryable,
  rules: Rules,
  who: { sourceId: string; emails: readonly string[]; now: number },
  stillCarried: (carried: Carried) => boolean,
): Promise<Forgotten> {
  const { sourceId } = who;
  // The customer first: whoever folds it now commits before the rest is deleted.
  const fields = await forgetCustomer(db, sourceId);
  // Before its records: they name whom the vendors know.
  const writeBacks = await forgetWriteBacks(db, sourceId);
  const records = await forgetRecords(db, sourceId);
  const addresses = [fields?.['email'], ...records.flatMap((record) => emailsIn(rules, record))];
  const emails = [...new Set([...who.emails, ...addresses.flatMap(normal)])];
  const carrier = await lockDelivery(db, sourceId);
  const carried =
    carrier && (carrier.lease ?? carrier.batchId) !== null && stillCarried(carrier) ? carrier : null;
  if (carried) await keepFromOthers(db, sourceId, who.now + maxAttemptMs);
  else await dropDelivery(db, sourceId);
  const letters = (await lettersHolding(db, [sourceId, ...emails])).filter((letter) =>
    isAbout(rules, letter, sourceId, emails),
  );
  const runs = await forgetInRuns(db, { sourceId, emails }, records);
  await forgetTouches(db, [
    ...records,
    ...Object.keys(factStreams).map((stream) => ({ source: destinationName, stream, recordId: sourceId })),
  ]);
  await endDrifts(db, [sourceId]);
  await forgetSpared(db, sourceId);
  await forgetParts(db, [sourceId]);
  await dropExportedFacts(db, [sourceId]);
  await forgetInVerifications(db, {
    sourceId,
    emails,
    recordIds: records.map(({ recordId }) => recordId),
  });
  await forgetCheckedOf(db, sourceId, records);
  await forgetVerified(db, sourceId);
  const names = [sourceId, ...records.map(({ recordId }) => recordId), ...emails];
  await forgetInAudit(db, names);
  return {
    rows: {
      customer: fields ? 1 : 0,
      records: records.length,
      history: await forgetRevisions(db, sourceId),
      pins: await forgetPins(db, sourceId),
      holds: await dropHolds(db, [sourceId]),
      deadLetters: await forgetLetters(db, sourceId, { ids: letters.map(({ id }) => id), records }),
      acknowledgement: await forgetAcknowledgement(db, sourceId),
      delivery: carrier && !carried ? 1 : 0,
      runs: runs.changed,
      inbox: await forgetInInbox(db, names.filter(isTelling)),
      facts: await dropFacts(db, [sourceId]),
    },
    writeBacks,
    traits: [
      { sourceId },
      ...records.map(({ source, stream, recordId }) => ({ source, stream, recordId })),
      ...emails.map((email) => ({ email })),
    ],
    emails,
    carried,
    inDoubt: carrier !== null && !carried && (carrier.uncertain || carrier.lease !== null),
    bulkActions: await forgetInBatches(db, sourceId),
    runsGoing: runs.going,
  };
}

/** Of what was never written nothing is to be cleared. */
async function forgetWriteBacks(db: Queryable, sourceId: string): Promise<WrittenBackTo[]> {
  const rows = await lockWriteBacks(db, sourceId);
  const jobs = await forgetInJobs(db, sourceId);
  await dropWriteBacks(db, sourceId);
  await forgetWriteBackEvents(db, sourceId);
  return rows.map(({ source, recordId, acknowledged, wanted, uncertain, lease, jobId }) => {
    const inDoubt = uncertain || lease !== null || jobId !== null || jobs > 0;
    const attributes = Object.keys({ ...acknowledged, ...(inDoubt && wanted) });
    return { source, recordId, attributes, inDoubt, inJob: jobs > 0 };
  });
}

/** A short name stands in any body, of anybody. */
const shortestName = 5;

const isTelling = (name: string) => name.length >= shortestName;

/** Longer than a lease and the longest request together: an attempt that has not ended by then has no end. */
export const maxAttemptMs = 900_000;

function emailsIn(rules: Rules, record: { source: string; body: JsonObject }): string[] {
  const source = rules.source(record.source);
  return source ? emailsOf(source, record).map(({ email }) => email) : [];
}

function normal(email: Json | undefined): string[] {
  return typeof email === 'string' && email.trim() !== '' ? [email.trim().toLowerCase()] : [];
}

/** Whether a letter is about the person: its record names them, or one of the words of what was kept does. */
function isAbout(rules: Rules, letter: KeptLetter, sourceId: string, emails: readonly string[]): boolean {
  const detail = letter.detail as JsonObject;
  const { body, ...rest } = detail;
  if (isObject(body)) {
    const source = rules.source(letter.source);
    if (source) {
      const found = sourceIdOf(body, source.sourceIdPath(body), {
        lowerCase: source.config.sourceId.lowerCase,
      });
      if ('value' in found && found.value === sourceId) return true;
    }
    const leaves = new Set(textsOf(body).map((text) => text.trim().toLowerCase()));
    return emails.some((email) => leaves.has(email)) || (!source && leaves.has(sourceId.toLowerCase()));
  }
  const words = new Set(
    [letter.ref, letter.message, ...textsOf(rest)].flatMap((text) => [
      text.trim().toLowerCase(),
      ...text.toLowerCase().split(/[\s",;|<>()]+/),
    ]),
  );
  return [sourceId.toLowerCase(), ...emails].some((name) => words.has(name));
}

function textsOf(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
