// The door's words for what a vendor's documents leave open: steps on throwaway customers, and what is made of their
// answers. All of it is pure: the engine carries out the steps, waits, and takes the customers away again.
import type { ApiRequest, ApiResponse } from './api.ts';
import type { CustomerWrite, DestinationCustomer, Outcome } from './customer.ts';
import type { MetadataSchema } from './metadata.ts';

/** One thing to do. `when`: it is left out where this says no of what was heard before. */
export type ProbeStep = { name: string; when?(heard: ProbeResults): boolean } & (
  | { write: CustomerWrite }
  /** The source ID to read. */
  | { read: string }
  | { bulk: readonly CustomerWrite[] }
  | { request: ApiRequest }
);

/** What came of a step. */
export type ProbeResult =
  | { is: 'accepted' }
  | { is: 'refused'; code: string; message: string }
  /** It failed again and again, or its answer proves nothing. */
  | { is: 'unclear'; message: string }
  | { is: 'read'; customer: DestinationCustomer | null }
  /** A bulk action came to its end. */
  | { is: 'ended'; outcomes: readonly Outcome[] }
  | { is: 'answered'; response: ApiResponse };

/** By the name of the step; a step that was left out is not in it. */
export type ProbeResults = { readonly [step: string]: ProbeResult | undefined };

export interface ProbeAnswer {
  /** One word or two: `merge`. */
  answer: string;
  /** What was seen, a sentence. No value of a person. */
  evidence: string;
}

/** By question: `metadataWrites`. A question that found no answer is left out. */
export type ProbeAnswers = { readonly [question: string]: ProbeAnswer };

export interface ProbeAbout<Settings> {
  settings: Settings;
  /** What metadata the throwaway customers must and may have. */
  schema: MetadataSchema | null;
}

export interface Probe<Settings> {
  /** How many throwaway customers it needs. */
  customers: number;
  /** In order. The first makes a customer: where it is not accepted the probe ends. */
  steps(sourceIds: readonly string[], about: ProbeAbout<Settings>): readonly ProbeStep[];
  answers(heard: ProbeResults, about: ProbeAbout<Settings>): ProbeAnswers;
  /** The settings with what was proven in place of what a person has left out; what is set stays. */
  proven(settings: Settings, answers: ProbeAnswers): Settings;
  /** What is set otherwise than was proven, a sentence each. */
  contradictions(settings: Settings, answers: ProbeAnswers): string[];
}
