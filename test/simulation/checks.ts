// What must hold of a simulation once faults have stopped and the queues are drained. Each fault is a sentence.
import type { Person } from './person.ts';
import type { Vendors } from './vendors.ts';

export interface Drained {
  pglite: { query<Row>(text: string): Promise<{ rows: Row[] }> };
  vendors: Vendors;
  /** Who asks the API; somebody must let time pass meanwhile. */
  person: Person;
}

export async function faultsOf(drained: Drained): Promise<string[]> {
  return [
    ...differing(drained),
    ...quotasExceeded(drained),
    ...(await unsettled(drained)),
    ...(await unbalanced(drained)),
    ...(await unexplained(drained)),
    ...(await unverified(drained)),
  ];
}

/**
 * The destination holds whom it should, by what changed alone. Whom it should no longer hold only a full reading tells where
 * nothing announced it.
 */
export function missing(vendors: Vendors): string[] {
  const have = vendors.held();
  return [...vendors.expected()].flatMap(([id, fields]) => {
    const [wanted, holds] = [text(fields), text(have.get(id))];
    return wanted === holds
      ? []
      : [`without a full reading, customer ${id} should be ${wanted}, and is ${holds}`];
  });
}

/** The destination holds for every source ID exactly what the sources hold, and what others wrote. */
function differing({ vendors }: Drained): string[] {
  const [want, have] = [vendors.expected(), vendors.held()];
  const ids = [...new Set([...want.keys(), ...have.keys()])].sort();
  const found = ids.flatMap((id) => {
    const [wanted, holds] = [JSON.stringify(want.get(id)), JSON.stringify(have.get(id))];
    return wanted === holds ? [] : [`customer ${id} should be ${wanted}, and is ${holds}`];
  });
  return [
    ...found,
    ...vendors.voucherify.duplicates().map((id) => `customer ${id} is there twice`),
    ...(vendors.forgeriesTaken > 0 ? ['a forged webhook was taken for real'] : []),
  ];
}

/** As the vendors count. */
function quotasExceeded({ vendors: { hubspot, voucherify } }: Drained): string[] {
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
export async function unsettled({ pglite }: Pick<Drained, 'pglite'>): Promise<string[]> {
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
export async function unbalanced({ pglite }: Pick<Drained, 'pglite'>): Promise<string[]> {
  const { rows } = await pglite.query<{ what: string }>(`
    select 'run ' || id || ' received ' || received || ' and accounts for ' || changed + unchanged + superseded + filtered + rejected as what
    from runs where received <> changed + unchanged + superseded + filtered + rejected
    order by 1`);
  return rows.map(({ what }) => what);
}

type Fields = { [field: string]: unknown };
interface Explained {
  revision: number;
  fields: {
    field: string;
    value: unknown;
    winner: object | null;
    pin: object | null;
    acknowledged: { isSame: boolean } | null;
  }[];
}
interface Past {
  revisions: { revision: number; changed: { [field: string]: { from?: unknown; to?: unknown } } }[];
}

/** What is explained of each customer is what it is, and its history, done again from nothing, leads to it. */
export async function unexplained({ pglite, person }: Pick<Drained, 'pglite' | 'person'>): Promise<string[]> {
  const { rows } = await pglite.query<{ id: string; revision: number; fields: Fields }>(
    'select source_id as id, revision, fields from customers order by 1',
  );
  const found: string[] = [];
  for (const { id, revision, fields } of rows) {
    const { body } = await person.asks('GET', `/api/customers/${id}/explain`);
    const explained = Object.fromEntries(
      (body as Explained).fields.map(({ field, value }) => [field, value]),
    );
    if (!isSame(explained, fields))
      found.push(`customer ${id} is explained as ${text(explained)}, and is ${text(fields)}`);
    for (const { field, winner, pin } of (body as Explained).fields)
      if (winner === null && pin === null) found.push(`nobody gives ${field} of customer ${id}`);
    const past = await person.asks('GET', `/api/customers/${id}/history?limit=200`);
    if (past.status !== 200) throw new Error(text(past.body));
    let state: Fields = {};
    for (const entry of (past.body as Past).revisions.toReversed())
      for (const [field, change] of Object.entries(entry.changed)) {
        if (!isSame(state[field] ?? null, change.from ?? null))
          found.push(
            `revision ${entry.revision} of customer ${id} begins with another ${field} than was there`,
          );
        state = { ...state, [field]: change.to };
        if (!('to' in change)) delete state[field];
      }
    if (!isSame(state, fields) || (past.body as Past).revisions[0]?.revision !== revision)
      found.push(`the history of customer ${id} leads to ${text(state)}, and it is ${text(fields)}`);
  }
  return found;
}

/** The product's own verification finds no difference either. */
export async function unverified({ person }: Pick<Drained, 'person'>): Promise<string[]> {
  const { body } = await person.asks('POST', '/api/verify', {});
  let verification = body as {
    id: number;
    state: string;
    error: string | null;
    report: { [count: string]: { count: number } };
  };
  for (let look = 0; verification.state === 'requested' && look < 100; look += 1) {
    await person.pause(30_000);
    verification = (await person.asks('GET', `/api/verifications/${verification.id}`))
      .body as typeof verification;
  }
  if (verification.state !== 'finished')
    return [`the verification is ${verification.state}: ${verification.error}`];
  const { differing, missing, stale } = verification.report;
  const counts = { differing: differing?.count ?? 0, missing: missing?.count ?? 0, stale: stale?.count ?? 0 };
  return Object.entries(counts).flatMap(([what, count]) =>
    count === 0 ? [] : [`the verification finds ${count} ${what}`],
  );
}

const text = (value: unknown): string => JSON.stringify(value);

/** Whatever the order of keys. */
function isSame(one: unknown, other: unknown): boolean {
  return text(sorted(one)) === text(sorted(other));
}

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
