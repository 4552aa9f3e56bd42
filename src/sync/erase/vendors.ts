// What was written back to vendors, on its way to be cleared: what each vendor answers for the receipt. It keeps nothing.
import { type Context, type Json, RejectedError, type WriteOutcome } from '../../connector.ts';
import { isOpen } from '../../contract/erasure.ts';
import { failureOf } from '../../engine/work/failures.ts';
import type { Answer, Answers } from '../../tables/erasures.ts';
import type { WriteBackRule } from '../facts/write-back-rules.ts';

/** The name of a vendor among the stores of a receipt. */
export const vendorStore = {
  of: (source: string) => `attributes at ${source}`,
  sourceOf: (store: string) => /^attributes at (.+)$/.exec(store)?.[1] ?? null,
};

/** What a vendor may hold of a person. */
export interface WrittenBackTo {
  source: string;
  /** Null: the source has no record of whom it was written to, which a write-back may have created. */
  recordId: string | null;
  attributes: string[];
  /** An attempt may be under way whose end nobody knows. */
  inDoubt: boolean;
  /** A job may still write the person. */
  inJob: boolean;
}

/** Answers of the vendors that may hold something, added to those that are given already. */
export function vendorAnswers(written: readonly WrittenBackTo[], before: Answers, now: number): Answers {
  return Object.fromEntries(
    written.flatMap(({ source, recordId, attributes, inDoubt, inJob }): [string, Answer][] => {
      const store = vendorStore.of(source);
      const known = before[store];
      if (attributes.length === 0) return known ? [] : [[store, { answer: 'nothing', at: now, rows: 0 }]];
      const rows = attributes.length;
      const note = 'the attributes are to be cleared';
      const doubt = inDoubt && { inDoubt: true, ...(inJob && { inJob: true as const }) };
      const clears = { recordId, attributes };
      if (known && isOpen(known.answer) && known.clears) return [];
      return [[store, { answer: 'waiting', at: now, rows, note, clears, ...doubt }]];
    }),
  );
}

/**
 * Clears the attributes of one person. `inDoubt` false: it was done once, and is done once more after what was under way. Where
 * the vendor's answer tells nothing of single people, they are read instead, and cleared again if they are still there.
 */
export async function clearAtVendor({
  rule,
  context,
  person,
  answer,
  now,
}: {
  rule: WriteBackRule;
  context: Context<unknown>;
  person: { sourceId: string; recordId: string | null; attributes: string[] };
  answer: Answer;
  now: number;
}): Promise<Answer> {
  const waiting = (note: string): Answer => ({ ...answer, answer: 'waiting', at: now, note });
  const rejected = (code: string): Answer => ({
    ...answer,
    answer: 'rejected',
    at: now,
    note: `it rejected the request (${code}); the request is sent again every hour`,
  });
  const nobody: Answer = { answer: 'nothing', at: now, rows: 0, note: 'it has no such person' };
  const erased: Answer = {
    answer: 'erased',
    at: now,
    rows: person.attributes.length,
    note: 'the attributes are cleared',
  };
  const { answers } = rule.writer.traits(rule.settings, { create: rule.create });
  const proves = rule.writer.single !== undefined || answers === 'each';
  try {
    const recordId = person.recordId ?? (await createdBy(rule, context, person.sourceId));
    if (recordId === null)
      return rule.writer.creates && answer.inDoubt === true
        ? {
            ...waiting(
              'it has no such person yet; it is asked once more, because a write may have been under way',
            ),
            inDoubt: false,
          }
        : nobody;
    const known = { ...person, recordId };
    if (!proves && answer.inDoubt === false) {
      const held = await readBack(rule, context, known);
      if (held !== 'filled') return held === 'nobody' ? nobody : erased;
    }
    const outcome = await written(rule, context, known);
    if (outcome.result === 'rejected') return rejected(outcome.code);
    if (outcome.result === 'unknown')
      return waiting('its answer does not confirm it; the request is sent again');
    if (outcome.result === 'missing') return nobody;
    if (!proves)
      return {
        ...waiting('the request was accepted; the attributes are read after some minutes'),
        inDoubt: false,
      };
    if (answer.inDoubt === true)
      return {
        ...waiting(
          'they were cleared; the request is sent once more, because a write may have been under way',
        ),
        inDoubt: false,
      };
    return erased;
  } catch (error) {
    if (error instanceof RejectedError) return rejected(error.code);
    if (failureOf('erasure', error).kind === 'refused')
      return { ...answer, answer: 'refused', at: now, note: 'it refuses the credentials; it is retried' };
    // Of an error only what cannot name the person.
    const status = (error as { status?: number }).status;
    return waiting(`the request failed (HTTP ${status ?? 'failed'}); it is sent again`);
  }
}

/** The vendor's ID of a person whom a write-back created and the source has not read since. Null: there is none. */
async function createdBy(
  { writer: { creates } }: WriteBackRule,
  context: Context<unknown>,
  sourceId: string,
): Promise<string | null> {
  if (!creates) return null;
  return creates.find ? creates.find(context, sourceId) : sourceId;
}

async function readBack(
  { writer }: WriteBackRule,
  context: Context<unknown>,
  { recordId, attributes }: { recordId: string; attributes: string[] },
): Promise<'nobody' | 'empty' | 'filled'> {
  const people = await writer.read.people(context, { recordIds: [recordId], attributes });
  const held = people.find((one) => one.recordId === recordId)?.attributes;
  if (!held) return 'nobody';
  return attributes.every((name) => isEmpty(held[name])) ? 'empty' : 'filled';
}

function isEmpty(value: Json | undefined): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

async function written(
  { writer }: WriteBackRule,
  context: Context<unknown>,
  { sourceId, recordId, attributes }: { sourceId: string; recordId: string; attributes: string[] },
): Promise<WriteOutcome> {
  const cleared = Object.fromEntries(attributes.map((name) => [name, null]));
  const write = { sourceId, recordId, attributes: cleared };
  if (writer.single) return writer.single.write(context, write);
  const answer = await writer.write(context, [write]);
  const unknown: WriteOutcome = { sourceId, result: 'unknown', message: 'it is under way' };
  return 'jobId' in answer ? unknown : (answer.find((one) => one.sourceId === sourceId) ?? unknown);
}
