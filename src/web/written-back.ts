// How write-back to each vendor stands: what waits and since when, what was given up, and whether writing is paused and why.
import type { Tributary } from '../app/app.ts';
import type { WriteBackVendor } from '../contract/write-back.ts';
import type { Figures } from '../sync/views/status.ts';
import { type Pause, writeBackName } from '../tables/pauses.ts';

export function writtenBack(
  { writingBack }: Pick<Tributary, 'writingBack'>,
  { writeBacks, deadLetters }: Pick<Figures, 'writeBacks' | 'deadLetters'>,
  paused: ReadonlyMap<string, Pause>,
): WriteBackVendor[] {
  return writingBack.rules.rules.map(({ source, connector, fields, create, dryRun }) => {
    const ours = writeBacks.filter((one) => one.source === source);
    const of = (state: string) => ours.find((one) => one.state === state);
    const letters = deadLetters.filter((group) => group.kind === 'writeBack' && group.source === source);
    return {
      ...{ source, connector, create, dryRun },
      fields: { ...fields },
      unlinked: of('unlinked')?.count ?? 0,
      waiting: of('waiting')?.count ?? 0,
      delivered: of('delivered')?.count ?? 0,
      dead: of('dead')?.count ?? 0,
      deadLetters: letters.reduce((sum, { open }) => sum + open, 0),
      inJobs: of('waiting')?.inJobs ?? 0,
      oldestWaitingAt: of('waiting')?.oldestAt ?? null,
      lastDeliveredAt: ours.reduce<number | null>(
        (last, { lastAt }) => (lastAt !== null && lastAt > (last ?? 0) ? lastAt : last),
        null,
      ),
      paused: paused.get(writeBackName(source)) ?? paused.get(source) ?? null,
      failing: writingBack.circuit(source)?.reason ?? null,
    };
  });
}
