// What the destination's own webhooks say, against what it acknowledged: our own changes end here, anybody else's that
// touch what we own are drift. What changed of the facts that flow back is kept, or read. It knows no vendor.
import type { Received, Webhook } from '../../connector/webhook.ts';
import { type DestinationChange, type Json, RejectedError } from '../../connector.ts';
import { driftOf } from '../../customer/drift.ts';
import type { Queryable } from '../../db/database.ts';
import { heldCustomers } from '../../tables/acknowledgements.ts';
import { redeliver } from '../../tables/deliveries.ts';
import { type DriftRow, endDrifts, keepDrifts } from '../../tables/drifts.ts';
import { destinationName } from '../../tables/pauses.ts';
import { touchFacts } from '../facts/fact-touches.ts';
import { type KeepFactsDeps, keepFacts } from '../facts/keep-facts.ts';
import type { DestinationOpening } from './open.ts';

type FactsChange = Extract<DestinationChange, { kind: 'facts' }> & { traceparent: string | undefined };
type CustomerChange = Extract<DestinationChange, { kind: 'customer' }>;

/** What is done with drift: told of, or written over by what we hold. */
export type DriftPolicy = 'report' | 'heal';

export function destinationOpening(
  webhook: Webhook<DestinationChange>,
  { drift, ...flowing }: { drift: DriftPolicy } & KeepFactsDeps,
): DestinationOpening {
  return {
    name: destinationName,
    webhook,
    read: (item: Json, received: Received) => {
      const said = webhook.changes(item, received);
      for (const change of said)
        if (change.kind === 'customer' && change.customer.sourceId === '')
          throw new RejectedError('The customer has no source ID.', { code: 'no_source_id' });
      return [...said];
    },
    take: async (tx, said, now) => {
      const all = said.map(({ changes }) => changes as readonly DestinationChange[]);
      const theirs = all.map((changes) =>
        changes.filter((change): change is CustomerChange => change.kind === 'customer' && !change.ours),
      );
      await compare(tx, newestOfEach(theirs.flat()), drift, now);
      const facts = all.map((changes, index) =>
        flowing.rules.isEmpty ? [] : factsIn(changes, said[index]!.traceparent),
      );
      await takeFacts(tx, facts.flat(), flowing, now);
      return theirs.map((changes, index) => changes.length + facts[index]!.length > 0);
    },
  };
}

function factsIn(changes: readonly DestinationChange[], traceparent: string | undefined): FactsChange[] {
  return changes.filter((change) => change.kind === 'facts').map((change) => ({ ...change, traceparent }));
}

/** Facts that an item holds whole are kept as they are; the others are read. */
async function takeFacts(
  tx: Queryable,
  changes: readonly FactsChange[],
  flowing: KeepFactsDeps,
  now: number,
): Promise<void> {
  if (changes.length === 0) return;
  const { groups } = flowing.rules;
  const known = changes.flatMap(({ reading, changedAt, traceparent }) => {
    const sourceId = reading?.sourceId ?? null;
    if (!reading || sourceId === null) return [];
    const told = { at: changedAt, by: 'told' as const, changedAt, traceparent };
    return [{ sourceId, groups: reading.groups, ...told }];
  });
  const inOrder = known.toSorted((a, b) => a.at - b.at);
  const { doubtful } = await keepFacts(tx, flowing, inOrder, { lane: 'webhook', now });
  const toRead = changes.filter(({ customer, reading, ours }) => {
    if (doubtful.has(reading?.sourceId ?? customer)) return true;
    return !ours && groups.some((group) => !Object.hasOwn(reading?.groups ?? {}, group));
  });
  await touchFacts(tx, 'facts', toRead, now);
}

/** Of several words about one customer the newest counts. */
function newestOfEach(changes: readonly CustomerChange[]): CustomerChange[] {
  const newest = new Map<string, CustomerChange>();
  for (const change of changes) {
    const known = newest.get(change.customer.sourceId);
    if (!known || change.changedAt >= known.changedAt) newest.set(change.customer.sourceId, change);
  }
  return [...newest.values()];
}

async function compare(
  tx: Queryable,
  changes: readonly CustomerChange[],
  drift: DriftPolicy,
  now: number,
): Promise<void> {
  if (changes.length === 0) return;
  const held = await heldCustomers(
    tx,
    changes.map(({ customer }) => customer.sourceId),
  );
  const drifted: DriftRow[] = [];
  const well: string[] = [];
  for (const { customer, changedAt, deleted } of changes) {
    const ours = held.get(customer.sourceId);
    // Of a customer we never sent nothing is ours; what is older than our last delivery was written over by it.
    if (!ours?.acknowledged || ours.waits || (ours.deliveredAt ?? 0) > changedAt) continue;
    const { fields } = deleted ? { fields: {} } : driftOf(ours.acknowledged, customer.fields);
    if (!deleted && Object.keys(fields).length === 0) well.push(customer.sourceId);
    else
      drifted.push({
        sourceId: customer.sourceId,
        kind: deleted ? 'deleted' : 'differs',
        fields,
        by: 'webhook',
      });
  }
  await endDrifts(tx, well);
  await keepDrifts(tx, drifted, now);
  // What was deleted there was perhaps meant to be: only a person brings it back.
  const healed = drifted.filter((row) => row.kind === 'differs').map((row) => row.sourceId);
  if (drift === 'heal') await redeliver(tx, healed, { lane: 'schedule', now });
}
