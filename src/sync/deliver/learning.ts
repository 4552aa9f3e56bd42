// Whether the destination merges or replaces the objects that a write carries in part, learned from the first customers that
// are written anyway: an object is written in two parts, and what is there afterwards is the answer. It sends nothing itself.

import type { ProbeAnswers } from '../../connector/probe.ts';
import type { Destination, Fields, JsonObject, LearnedBy, WritesQuestion } from '../../connector.ts';
import { groupOf } from '../../customer/fields.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import type { Writing } from './difference.ts';

export interface LearningDeps {
  clock: Clock;
  log: Log;
  destination: Destination<unknown>;
  /** As they are configured: what a person has set is not asked. */
  settings: unknown;
  /** What is known of the destination's account. */
  known(): ProbeAnswers;
  /** Keeps what was learned, and goes by it from now on. */
  keep(answers: ProbeAnswers): Promise<void>;
}

/** One object of a customer in two parts. */
export interface Split {
  question: WritesQuestion;
  /** Written again alone, or left out: whatever of the other part is there then was kept. */
  first: string;
  others: readonly string[];
}

/** For so long after a write the destination may show a customer as it was before: a copy of its data may be late, milliseconds. */
export const readsLagMs = 10_000;

/** So many customers may fail to show anything: then nothing more is tried for an hour, in this process. */
const maxTries = 3;
const noTriesMs = 3_600_000;

export class Learning {
  readonly #deps: LearningDeps;
  #tries = 0;
  /** When the first of them was made, epoch milliseconds. */
  #firstTryAt = 0;
  #isGoing = false;

  constructor(deps: LearningDeps) {
    this.#deps = deps;
  }

  /** The questions that this customer can answer, written by itself or in bulk. */
  splitsOf(writing: Writing, by: LearnedBy): Split[] {
    const { destination, settings, known, clock } = this.#deps;
    if (Math.abs(clock.now() - this.#firstTryAt) >= noTriesMs) this.#tries = 0;
    if (!destination.learned || this.#isGoing || this.#tries >= maxTries) return [];
    const fields = filledIn(writing.acknowledges ?? {});
    return destination.learned
      .open(settings, known())
      .filter((question) => question.by === by)
      .flatMap((question) => {
        const [first, ...others] = fields.filter((field) => groupOf(field) === question.group);
        return first === undefined || others.length === 0 ? [] : [{ question, first, others }];
      });
  }

  /** A customer is tried, and no other one meanwhile. Returns what `attempt` does. */
  async oneAtATime<Learned>(attempt: () => Promise<Learned>): Promise<Learned> {
    if (this.#tries === 0) this.#firstTryAt = this.#deps.clock.now();
    this.#tries += 1;
    this.#isGoing = true;
    try {
      return await attempt();
    } finally {
      this.#isGoing = false;
    }
  }

  /** The customer with the first part of each object alone. */
  firstParts({ sourceId, acknowledges }: Writing, splits: readonly Split[]): JsonObject {
    return this.#payload(
      sourceId,
      splits.map(({ first }) => first),
      acknowledges ?? {},
    );
  }

  /** The customer without the first part of each object. */
  withoutFirst({ sourceId, acknowledges }: Writing, splits: readonly Split[]): JsonObject {
    const leftOut = new Set(splits.map(({ first }) => first));
    const all = acknowledges ?? {};
    const fields = Object.keys(all).filter((field) => !leftOut.has(field));
    return this.#payload(sourceId, fields, all);
  }

  #payload(sourceId: string, fields: readonly string[], all: Fields): JsonObject {
    const { destination, settings } = this.#deps;
    return destination.payload(
      sourceId,
      Object.fromEntries(fields.map((field) => [field, all[field] ?? null])),
      settings,
    );
  }

  /** Fields of ours are gone: the objects that they are parts of are replaced after all, as far as we know. */
  async doubt(lost: readonly string[], foundBy: string): Promise<void> {
    const { destination, known, keep, log } = this.#deps;
    const { learned } = destination;
    const groups = unique(lost.map(groupOf)).filter((group) => group !== null);
    const doubted = groups.flatMap((group) => learned?.merged(known(), group) ?? []);
    if (doubted.length === 0 || !learned) return;
    const evidence = `The ${foundBy} found that parts of customers were gone.`;
    log.warn(
      { objects: groups, foundBy },
      'parts of customers are gone, so objects are taken to be replaced by writes again',
    );
    await keep(
      Object.assign({}, ...doubted.map((question) => learned.answer(question, 'replace', evidence))),
    );
  }

  /**
   * Takes in what a customer holds after a write without these fields. Returns whether all of them are there. Where some
   * of one object are and some are not, that says nothing.
   */
  async judge(by: LearnedBy, leftOut: readonly string[], found: Fields): Promise<boolean> {
    const { destination, settings, known, keep, log } = this.#deps;
    const isThere = (field: string) => (found[field] ?? null) !== null;
    const open = destination.learned?.open(settings, known()) ?? [];
    const answers: ProbeAnswers[] = [];
    for (const [group, fields] of Map.groupBy(leftOut, groupOf)) {
      const question = open.find((one) => one.by === by && one.group === group);
      const there = fields.filter(isThere).length;
      if (!question || (there > 0 && there < fields.length)) continue;
      const answer = there > 0 ? 'merge' : 'replace';
      const evidence = `After the first ${by === 'bulk' ? 'bulk' : 'single'} write that left a part of ${group} out, it was ${there > 0 ? 'still there' : 'gone'}.`;
      answers.push(destination.learned!.answer(question, answer, evidence));
      log.info({ by, object: group, answer }, 'it is known what writes do to an object of the destination');
    }
    if (answers.length > 0) await keep(Object.assign({}, ...answers) as ProbeAnswers);
    return leftOut.every(isThere);
  }
}

function unique<Item>(items: readonly Item[]): Item[] {
  return [...new Set(items)];
}

function filledIn(fields: Fields): string[] {
  return Object.keys(fields)
    .filter((field) => fields[field] !== null && fields[field] !== '')
    .sort();
}
