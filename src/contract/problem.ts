// What an answer says when something is wrong: RFC 9457 problem details.
import { z } from 'zod';
import { answer } from './parts.ts';
import type { ProblemKindName } from './problem-kinds.ts';

const faultShape = answer(
  {
    path: z.string().meta({ description: 'Where: `recordIds[0]`.', example: 'mode' }),
    found: z.string().meta({ description: 'The value that was found, as JSON.', example: '"partial"' }),
    allowed: z.string().meta({ description: 'What is allowed.' }),
  },
  'Fault',
  'One fault of the input.',
);
export type Fault = z.output<typeof faultShape>;

export const problemShape = answer(
  {
    type: z.string().meta({
      description:
        'A URI that names the kind of problem; `about:blank` if the status is sufficient. /docs/errors lists the kinds.',
    }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What happened and what to do, in a sentence.' }),
    faults: z.array(faultShape).optional().meta({ description: 'All faults of the input.' }),
    runId: z.int().optional().meta({ description: 'The run that is still running.' }),
    errorId: z.string().optional().meta({ description: 'The log names the error by this ID.' }),
  },
  'Problem',
  'What went wrong, as problem details (RFC 9457).',
);
export type ProblemBody = z.output<typeof problemShape>;

/** Keys of requests by the name that they had before. */
export const renamedKeys: { readonly [before: string]: string } = {
  what: 'change',
  faulty: 'rejected',
  before: 'cursor',
  after: 'cursor',
  from: 'since',
  to: 'until',
};

/** The kinds that programs tell apart, as the end of their URI. */
export const problemType = (name: ProblemKindName) => `urn:tributary:problem:${name}`;
