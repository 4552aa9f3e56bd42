// All faults that the tests are held to.
import { deliveryMutants } from './delivery.ts';
import { edgeMutants } from './edges.ts';
import { intakeMutants } from './intake.ts';
import type { Mutant } from './mutant.ts';

export const mutants: readonly Mutant[] = [...deliveryMutants, ...intakeMutants, ...edgeMutants];

/** The text of a file with the fault in it. Throws where what it replaces does not stand there once. */
export function mutated(text: string, { file, name, find, replace }: Mutant): string {
  const at = text.indexOf(find);
  if (at === -1 || text.includes(find, at + 1))
    throw new Error(`${file}: what "${name}" replaces stands there ${at === -1 ? 'no more' : 'twice'}`);
  return text.slice(0, at) + replace + text.slice(at + find.length);
}
