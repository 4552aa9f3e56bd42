// What `tributary problems list` tells beside its detailed rows.
import { expect, it } from 'vitest';
import { failuresOf } from '../../src/cli/problems.ts';
import type { OpenProblem } from '../../src/contract/status.ts';

const schemaUnknown: OpenProblem = {
  subject: null,
  state: 'schema_unknown',
  sentence: 'Customers wait for the metadata schema.',
  next: 'tributary check',
};
const paused: OpenProblem = {
  state: 'paused',
  subject: 'destination',
  sentence: 'Deliveries are paused.',
  next: null,
};

it('lists a state that no detailed row tells, with the command that helps', () => {
  const pause = { kind: 'pause' as const, source: 'destination', count: 1, cause: 'Ada', next: 'resume' };
  expect(failuresOf({ problems: [schemaUnknown, paused] }, [pause])).toEqual([
    { kind: 'failure', source: '', count: 1, cause: schemaUnknown.sentence, next: 'tributary check' },
  ]);
  expect(failuresOf({ problems: [paused] }, [])).toMatchObject([{ next: 'tributary status' }]);
});
