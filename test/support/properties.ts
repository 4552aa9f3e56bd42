// fast-check as all tests use it: from our seed, and more often in a long run.
import fc from 'fast-check';
import { seed, times } from './random.ts';

fc.configureGlobal({ seed, numRuns: times(100) });

export { fc, times };
