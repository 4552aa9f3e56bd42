// What a reading proves of people who were written, where the vendor's answer tells nothing of single people. Pure.
import type { Attributes, Json, WriteOutcome, Writer } from '../../connector.ts';
import { attemptsMax } from '../../engine/work/retry.ts';
import { isHeld } from './difference.ts';

interface Written {
  sourceId: string;
  recordId: string | null;
  attributes: Attributes;
  /** How often it was tried before. Default: 0. */
  attempts?: number;
}

/** The people that are read back: as many as one call takes. */
export function sampleOf<Person extends Written>(
  written: readonly Person[],
  { read }: Pick<Writer<unknown>, 'read'>,
): { sample: Person[]; request: { recordIds: string[]; attributes: string[] } } {
  const sample = written.slice(0, read.maxIds);
  const request = {
    recordIds: sample.flatMap(({ recordId }) => recordId ?? []),
    attributes: [...new Set(sample.flatMap(({ attributes }) => Object.keys(attributes)))],
  };
  return { sample, request };
}

/**
 * The first few tell of all: where one of them is not as it was sent, the others are in doubt. A vendor may only be late, so it is
 * sent again; who differs time after time is rejected, and many such people pause writing as any other rejections do.
 */
export function judgeReadBack(
  written: readonly Written[],
  found: readonly { recordId: string; attributes: { [attribute: string]: Json } }[],
  writer: Pick<Writer<unknown>, 'read' | 'stored'>,
): WriteOutcome[] {
  const { sample } = sampleOf(written, writer);
  const byId = new Map(found.map(({ recordId, attributes }) => [recordId, attributes]));
  const stored = writer.stored ?? ((value) => value as Json);
  const judged = sample.map(({ sourceId, recordId, attributes, attempts = 0 }): WriteOutcome => {
    const held = byId.get(recordId ?? '');
    if (!held) return { sourceId, result: 'missing', message: 'the vendor has no such person' };
    const differs = Object.entries(attributes).find(([name, value]) => !isHeld(value, held[name], stored));
    if (!differs) return { sourceId, result: 'accepted' };
    const message = `${differs[0]} was not stored as it was sent`;
    if (attempts + 1 < attemptsMax.conflict) return { sourceId, result: 'unknown', message };
    return { sourceId, result: 'rejected', code: 'not_stored', message };
  });
  const isBelieved = judged.every(({ result }) => result === 'accepted' || result === 'missing');
  const message = 'others of the request were not stored as they were sent';
  const others = written
    .slice(sample.length)
    .map(
      ({ sourceId }): WriteOutcome =>
        isBelieved ? { sourceId, result: 'accepted' } : { sourceId, result: 'unknown', message },
    );
  return [...judged, ...others];
}
