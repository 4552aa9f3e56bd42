// What a run would know of others' parts of customers before it writes: from an earlier reading of the destination, or from
// one call that says how many customers there are. It knows no quota.
import { anyAcknowledged } from '../../tables/acknowledgements.ts';
import { censusOf } from '../../tables/destination-censuses.ts';
import type { CensusForecast } from './forecast.ts';
import type { Planning } from './planning.ts';

/** Null where nothing need be known, or each customer is read. */
export async function plannedCensus(planning: Planning, customers: number): Promise<CensusForecast | null> {
  const { database, sending, descriptions, openQuestions } = planning;
  const { destination, settings } = sending;
  const { partialWrites } = destination.traits(settings);
  if (partialWrites === 'merge' || !destination.preserve || !destination.readBack?.changes) return null;
  const row = await censusOf(database, descriptions.destination.account);
  const listed = row?.state === 'listed';
  const total = (await countThere(planning)) ?? row?.total ?? null;
  const isFirst = !(await anyAcknowledged(database));
  const existing = isFirst ? Math.min((total ?? 0) / Math.max(customers, 1), 1) : 1;
  const learns = (by: 'single' | 'bulk') => openQuestions.some((question) => question.by === by);
  return {
    listed,
    total,
    existing,
    learns:
      existing < 1 && learns('bulk')
        ? // It is written again where it is found that others' parts were replaced, as is assumed until it is known.
          { before: learns('single') ? 2 : 1, after: 2 }
        : { before: 0, after: 0 },
  };
}

/** How many customers the destination has; null where it does not say. */
async function countThere({
  sending,
  destinationContext,
  log,
}: Pick<Planning, 'sending' | 'destinationContext' | 'log'>): Promise<number | null> {
  try {
    const { total } = await sending.destination.readBack!.list.page(destinationContext, null);
    return total ?? null;
  } catch (error) {
    log.info({ reason: (error as Error).message }, 'the customers of the destination could not be counted');
    return null;
  }
}
