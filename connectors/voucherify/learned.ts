// What ordinary writes show about partial writes of an object: the open questions, and how an answer is stored beside
// those of a probe. Pure.
import type { LearnedBy, LearnedWrites, ObjectGroup, PartialWrites, ReplacedGroups } from '#connector';
import type { ProbeAnswers } from '#connector/probe';
import type { Settings } from './settings.ts';

const groups: readonly ObjectGroup[] = ['metadata', 'address'];
const questions: { readonly [by in LearnedBy]: { readonly [group in ObjectGroup]: string } } = {
  single: { metadata: 'metadataWrites', address: 'addressWrites' },
  bulk: { metadata: 'bulkMetadataWrites', address: 'bulkAddressWrites' },
};

/** Null where nothing has shown it. A probe asks of both objects in bulk at once. */
export function writesOf(answers: ProbeAnswers, by: LearnedBy, group: ObjectGroup): PartialWrites | null {
  const own = answers[questions[by][group]]?.answer;
  const answer = own ?? (by === 'bulk' ? answers['bulkWrites']?.answer : undefined);
  if (answer === undefined) return null;
  return answer === 'merge' ? 'merge' : 'replace';
}

/** The objects that a write may lose a part of, by how it is made. What is to go in bulk may go one by one after all. */
export function replacedGroups(answers: ProbeAnswers, usesBulk: boolean): ReplacedGroups {
  const replacedBy = (...ways: LearnedBy[]) =>
    groups.filter((group) => ways.some((by) => writesOf(answers, by, group) !== 'merge'));
  const single = replacedBy('single');
  return { single, bulk: usesBulk ? replacedBy('single', 'bulk') : single };
}

export const learned: LearnedWrites<Settings> = {
  open({ metadataWrites, bulk }, answers) {
    if (metadataWrites !== undefined) return [];
    const usesBulk = bulk !== false && answers['bulk']?.answer !== 'refused';
    const ways: LearnedBy[] = usesBulk ? ['single', 'bulk'] : ['single'];
    return ways.flatMap((by) =>
      groups.flatMap((group) => (writesOf(answers, by, group) === null ? [{ by, group }] : [])),
    );
  },

  merged: (answers, group) =>
    (['single', 'bulk'] as const)
      .filter((by) => writesOf(answers, by, group) === 'merge')
      .map((by) => ({ by, group })),

  answer: ({ by, group }, answer, evidence) => ({ [questions[by][group]]: { answer, evidence } }),
};
