// What a verification found, counted as it goes and told at the end. Pure; it knows no rows and no vendor.
import type { Json } from '../../connector.ts';
import type { VerificationStatement } from '../../contract/receipt.ts';
import { foundIn } from '../../contract/source-proof.ts';
import type { Drift } from '../../customer/drift.ts';
import { salted } from '../../tables/report-chain.ts';
import type { DifferingFields, Report } from '../../tables/verifications.ts';
import { counted, iso, number } from '../../words.ts';
import { confidenceLevel, percent, upperShare } from './confidence.ts';

/** The first of each kind are named. */
const maxExamples = 100;

/** One customer compared. `stale`: where the stored records give something else than was acknowledged. */
export function countCompared(
  report: Report,
  sourceId: string,
  { fields, forms }: Drift,
  stale: DifferingFields = {},
): void {
  report.compared += 1;
  for (const { field, form } of forms) {
    const known = report.forms.find((one) => one.field === field && one.form === form);
    if (known) known.customers += 1;
    else report.forms.push({ field, form, customers: 1 });
  }
  if (Object.keys(fields).length > 0) countDifference(report.differing, sourceId, fields);
  else if (Object.keys(stale).length > 0) countDifference(report.stale, sourceId, stale);
  else report.matching += 1;
}

function countDifference(kind: Report['differing'], sourceId: string, fields: DifferingFields): void {
  kind.count += 1;
  for (const name of Object.keys(fields)) kind.fields[name] = (kind.fields[name] ?? 0) + 1;
  if (kind.examples.length < maxExamples) kind.examples.push(salted({ sourceId, fields }));
}

export function countNotCompared(report: Report, fields: readonly string[], why: string): void {
  for (const field of fields) {
    const known = report.notCompared.find((one) => one.field === field && one.why === why);
    if (known) known.customers += 1;
    else report.notCompared.push({ field, customers: 1, why });
  }
}

export function countMissing(
  report: Report,
  sourceId: string,
  { deletedThere }: { deletedThere: boolean },
): void {
  report.missing.count += 1;
  if (deletedThere) report.deletedThere += 1;
  if (report.missing.examples.length < maxExamples) report.missing.examples.push(salted({ sourceId }));
}

export function countUnknown(report: Report, sourceId: string): void {
  report.unknownToUs.count += 1;
  if (report.unknownToUs.examples.length < maxExamples)
    report.unknownToUs.examples.push(salted({ sourceId }));
}

export function countUnread(report: Report, why: string): void {
  report.unread[why] = (report.unread[why] ?? 0) + 1;
}

/** The report as it is told: with its sentence, and for a sample with what it says of all. */
export function concluded(report: Report, seconds: number): Report {
  const looked = report.compared + report.missing.count;
  const off = report.differing.count + report.stale.count + report.missing.count;
  const confidence = report.mode === 'sample' ? confidenceOf(off, looked, report.acknowledged) : null;
  return { ...report, seconds, confidence, summary: summaryOf(report, looked) };
}

/** What its receipt states: the counts, and the hash that covers the whole report. */
export function statementOf(
  { id, requestedAt }: { id: number; requestedAt: number },
  report: Report,
  {
    endedAt,
    ...chained
  }: { destination: string; endedAt: number; previousHash: string | null; hash: string },
): VerificationStatement {
  const { mode, acknowledged, compared, matching, inFlight, healed } = report;
  return {
    type: 'tributary.verification.1',
    id,
    requestedAt: iso(requestedAt),
    endedAt: iso(endedAt),
    mode,
    acknowledged,
    compared,
    matching,
    differing: report.differing.count,
    stale: report.stale.count,
    missing: report.missing.count,
    unknownToUs: report.unknownToUs.count,
    inFlight,
    unread: Object.values(report.unread).reduce((sum, customers) => sum + customers, 0),
    healed,
    ...chained,
  };
}

export function differs({
  differing,
  stale,
  missing,
}: Pick<Report, 'differing' | 'stale' | 'missing'>): boolean {
  return differing.count + stale.count + missing.count > 0;
}

function confidenceOf(off: number, looked: number, all: number): NonNullable<Report['confidence']> {
  const share = looked >= all && all > 0 ? off / looked : upperShare(off, looked);
  const sentence =
    looked === 0
      ? 'Nobody could be compared, which says nothing.'
      : looked >= all
        ? `All ${number(all)} customers were read: the share that differs is ${percent(share)}.`
        : `${number(looked)} of ${number(all)} customers were read, chosen at random, and ${number(off)} ${off === 1 ? 'differs' : 'differ'}: with ${confidenceLevel * 100} % confidence at most ${percent(share)} of all do.`;
  return { level: confidenceLevel, upperShare: share, sentence };
}

function summaryOf(report: Report, looked: number): string {
  const { differing, stale, missing, unknownToUs, inFlight } = report;
  const { streams = [] } = report;
  const found = foundIn(streams);
  const unproven = streams.filter(({ state }) => state === 'unproven').length;
  const parts = [
    found > 0
      ? `${counted(found, 'record')} ${found === 1 ? 'differs' : 'differ'} from the vendor`
      : streams.length > unproven
        ? 'records: all as their vendors have them'
        : null,
    unproven > 0 ? `${counted(unproven, 'stream')} not proven` : null,
    differing.count > 0
      ? `${counted(differing.count, 'customer')} ${differing.count === 1 ? 'differs' : 'differ'} (${topFields(differing.fields)})`
      : null,
    stale.count > 0
      ? `${counted(stale.count, 'customer')} ${stale.count === 1 ? 'is' : 'are'} stale: the stored records give something else than was delivered (${topFields(stale.fields)})`
      : null,
    missing.count > 0
      ? `${counted(missing.count, 'customer')} ${missing.count === 1 ? 'is' : 'are'} missing`
      : null,
    looked > 0 && !differs(report) ? `${counted(looked, 'customer')}: all match` : null,
    looked === 0 ? 'nobody could be compared' : null,
    unknownToUs.count > 0 ? `${number(unknownToUs.count)} unknown to us` : null,
    inFlight > 0 ? `${number(inFlight)} in flight set aside` : null,
  ];
  return parts.filter((part) => part !== null).join('; ');
}

function topFields(fields: Report['differing']['fields']): string {
  const names = Object.entries(fields).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const named = names.slice(0, 3).map(([name, count]) => `${name} ${number(count)}`);
  return names.length > 3 ? `${named.join(', ')}, …` : named.join(', ');
}

/** The fields that can be compared, and the names of those that cannot. */
export function comparable(
  acknowledged: { [field: string]: Json },
  shows: (field: string) => boolean,
): { fields: { [field: string]: Json }; hidden: string[] } {
  const hidden = Object.keys(acknowledged).filter((field) => !shows(field));
  if (hidden.length === 0) return { fields: acknowledged, hidden };
  const shown = Object.entries(acknowledged).filter(([field]) => shows(field));
  return { fields: Object.fromEntries(shown), hidden };
}
