// What a source proof will take, by the records that are stored. It asks no vendor.
import type { ProofForecast } from '../../contract/source-proof.ts';
import type { Queryable } from '../../db/database.ts';
import { countStandingOf } from '../../tables/checked-records.ts';
import type { Rules } from '../intake/rules.ts';
import { listsClocks } from './proof-listing.ts';
import { callsOf, targetsOf } from './source-proof.ts';

export async function forecastProof(
  db: Queryable,
  rules: Rules,
  { sources, contents }: { sources: readonly string[]; contents: 'sample' | 'all' },
): Promise<ProofForecast[]> {
  const forecasts: ProofForecast[] = [];
  for (const target of targetsOf(rules, sources)) {
    const source = rules.source(target.source)!;
    const stream = source.stream(target.stream)!;
    const records = await countStandingOf(db, target);
    forecasts.push({
      ...target,
      by: !stream.pull && !stream.inventory ? null : listsClocks(stream, contents) ? 'inventory' : 'pages',
      records,
      calls: callsOf(source, target.stream, records, contents),
    });
  }
  return forecasts;
}
