// What must hold of a simulation once faults have stopped and the queues are drained. Each fault is a sentence.
import type { PGlite } from '@electric-sql/pglite';
import type { HubSpotSimulator } from '../../simulators/hubspot.ts';
import type { VoucherifySimulator } from '../../simulators/voucherify.ts';
import { held, truth } from '../support/sync-world.ts';

export interface Drained {
  pglite: PGlite;
  hubspot: HubSpotSimulator;
  voucherify: VoucherifySimulator;
}

export async function faultsOf(drained: Drained): Promise<string[]> {
  return [
    ...differing(drained),
    ...quotasExceeded(drained),
    ...(await unsettled(drained)),
    ...(await unbalanced(drained)),
  ];
}

/** The destination holds for every source ID exactly what the sources hold. */
function differing({ hubspot, voucherify }: Drained): string[] {
  const [want, have] = [truth(hubspot), held(voucherify)];
  const ids = [...new Set([...want.keys(), ...have.keys()])].sort();
  const found = ids.flatMap((id) => {
    const [wanted, holds] = [JSON.stringify(want.get(id)), JSON.stringify(have.get(id))];
    return wanted === holds ? [] : [`customer ${id} should be ${wanted}, and is ${holds}`];
  });
  return [...found, ...voucherify.duplicates().map((id) => `customer ${id} is there twice`)];
}

/** As the vendors count. */
function quotasExceeded({ hubspot, voucherify }: Drained): string[] {
  const refused = [
    ...Object.entries(hubspot.quotas?.violations ?? {}).map(
      ([name, times]) => [`HubSpot's ${name}`, times] as const,
    ),
    ["Voucherify's", voucherify.violations] as const,
  ];
  return refused.flatMap(([whose, times]) =>
    times === 0 ? [] : [`${whose} quota was exceeded ${times} times`],
  );
}

/** Nothing waits, and nothing was given up. */
async function unsettled({ pglite }: Drained): Promise<string[]> {
  const { rows } = await pglite.query<{ what: string }>(`
    select 'delivery of ' || source_id || ' is ' || state || ': revision ' || revision || ', acknowledged ' || coalesce(acknowledged::text, 'none')
      || coalesce(', ' || error, '') as what
    from deliveries where state <> 'delivered' or acknowledged is distinct from revision
    union all select 'batch ' || id || ' is under way' from batches
    union all select 'run ' || id || ' of ' || source || ' is requested' from runs where state = 'requested'
    union all select 'run ' || id || ' failed: ' || coalesce(error, '') from runs where state = 'failed' and error like '%balance%'
    union all select 'touch of ' || record_id || ' waits' from touches
    union all select 'request ' || id || ' is ' || state from inbox where state <> 'opened'
    union all select 'dead letter of ' || kind || ' ' || ref || ': ' || coalesce(code, '') || ' ' || coalesce(message, '') from dead_letters where settled_at is null
    order by 1`);
  return rows.map(({ what }) => what);
}

/** Every record received is accounted for. */
async function unbalanced({ pglite }: Drained): Promise<string[]> {
  const { rows } = await pglite.query<{ what: string }>(`
    select 'run ' || id || ' received ' || received || ' and accounts for ' || changed + unchanged + superseded + filtered + rejected as what
    from runs where received <> changed + unchanged + superseded + filtered + rejected
    order by 1`);
  return rows.map(({ what }) => what);
}
