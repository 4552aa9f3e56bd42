// What undoing a run would do, counted with the first of each, before it is done. It reads by keyset and writes nothing.
import type { Fields } from '../../connector.ts';
import type { Group } from '../../contract/preview.ts';
import type { Run } from '../../contract/run.ts';
import type { Undo, UndoPreview } from '../../contract/undo.ts';
import type { Changed } from '../../customer/undo.ts';
import type { Queryable } from '../../db/database.ts';
import { countWithheld } from '../../tables/customers.ts';
import { countUndone } from '../../tables/pins.ts';
import { countSpared } from '../../tables/spared-values.ts';
import { counted, number } from '../../words.ts';
import type { Sending } from '../deliver/difference.ts';
import { BlastRadiusCount, fieldsAfter } from '../intake/blast-radius.ts';
import type { Rules } from '../intake/rules.ts';
import { undoCustomersAfter } from '../views/undo-customers.ts';
import { isBack, type Looked, look, undoing } from './look.ts';

const pageCustomers = 500;

/** So many spared values are listed before the undo; afterwards all of them are. */
const maxSpared = 200;

const samples = 5;

const noGroup = (): Group => ({ count: 0, samples: [] });

export async function previewUndo(
  db: Queryable,
  { rules, sending }: { rules: Rules; sending: Sending },
  run: Run,
  { takesCreated, signal }: { takesCreated: boolean; signal?: AbortSignal },
): Promise<UndoPreview> {
  const what = await undoing(db, run.id, takesCreated);
  const found = new UndoCount(rules, sending);
  for (let after = ''; ; ) {
    signal?.throwIfAborted();
    const ids = await undoCustomersAfter(db, what.family, after, pageCustomers);
    for (const one of await look(db, rules, what, ids)) found.add(one);
    if (ids.length < pageCustomers) break;
    after = ids.at(-1)!;
  }
  return found.preview(run, takesCreated);
}

class UndoCount {
  readonly #sending: Sending;
  readonly #segments: BlastRadiusCount;
  readonly #fields = new Map<string, Group>();
  readonly #spared = new Map<Undo['spared'][number]['because'], number>();
  readonly #values: UndoPreview['spared']['values'] = [];
  readonly #customers = {
    looked: 0,
    back: 0,
    kept: noGroup(),
    takenAway: noGroup(),
    broughtBack: noGroup(),
  };

  constructor(rules: Rules, sending: Sending) {
    this.#sending = sending;
    this.#segments = new BlastRadiusCount(rules.segments, rules.owns, samples);
  }

  add(looked: Looked): void {
    const { row, plan } = looked;
    const { sourceId } = row;
    this.#customers.looked += 1;
    for (const one of plan.spared) {
      this.#spared.set(one.because, (this.#spared.get(one.because) ?? 0) + 1);
      if (this.#values.length < maxSpared) this.#values.push({ sourceId, ...one });
    }
    if (!isBack(looked)) return;
    this.#customers.back += 1;
    if (plan.keep === true) put(this.#customers.kept, { sourceId });
    if (plan.keep === false || plan.withhold === true) put(this.#customers.takenAway, { sourceId });
    if (plan.withhold === false) put(this.#customers.broughtBack, { sourceId });
    for (const [field, { from, to }] of Object.entries(plan.fields)) {
      if (!this.#fields.has(field)) this.#fields.set(field, noGroup());
      const sides = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
      put(this.#fields.get(field)!, { sourceId, ...sides });
    }
    this.#segments.add({ sourceId, before: row.acknowledged, after: this.#after(looked) });
  }

  /** What the destination will have of a customer. */
  #after({ row, plan }: Looked): Fields | null {
    const isWithheld = plan.withhold ?? row.withheldBy !== null;
    if (isWithheld) return null;
    const gone = row.orphaned && !(plan.keep ?? row.deletionRefused);
    const fields = withFields(row.fields, plan.fields);
    return fieldsAfter({ fields, gone, acknowledged: row.acknowledged }, this.#sending.onOrphaned);
  }

  preview(run: Run, takesCreated: boolean): UndoPreview {
    const { back } = this.#customers;
    const fields = [...this.#fields]
      .map(([field, changed]) => ({ field, changed }))
      .sort((a, b) => b.changed.count - a.changed.count || (a.field < b.field ? -1 : 1));
    const counts = [...this.#spared].map(([because, count]) => ({ because, count }));
    const created = this.#spared.get('created') ?? 0;
    return {
      runId: run.id,
      differs: back > 0,
      summary: this.#summary(run),
      customers: this.#customers,
      fields,
      spared: { counts: counts.sort((a, b) => b.count - a.count), values: this.#values },
      segments: this.#segments.report(),
      notes: [
        ...(fields.length > 0
          ? [
              'Each value stays as it was before the run while the records give what they give now. As soon as they give anything else, that counts. Undo the undo to take back what the records give.',
            ]
          : []),
        ...(created > 0 && !takesCreated
          ? [`The run created ${counted(created, 'customer')}, who stay. Ask for it to have them taken away.`]
          : []),
      ],
    };
  }

  #summary(run: Run): string {
    const { looked, back, kept, takenAway, broughtBack } = this.#customers;
    const spared = [...this.#spared.values()].reduce((sum, count) => sum + count, 0);
    if (looked === 0) return `Run ${run.id} changed no customer.`;
    const parts = [
      `${counted(back, 'customer')} of ${number(looked)} would be as before run ${run.id}`,
      ...(kept.count + broughtBack.count > 0
        ? [`${number(kept.count + broughtBack.count)} would come back`]
        : []),
      ...(takenAway.count > 0 ? [`${number(takenAway.count)} would be taken away`] : []),
      ...(spared > 0 ? [`${counted(spared, 'value')} spared`] : []),
    ];
    return `${parts.join('; ')}.`;
  }
}

function put(group: Group, sample: Group['samples'][number]): void {
  group.count += 1;
  if (group.samples.length < samples) group.samples.push(sample);
}

function withFields(fields: Fields, back: Changed): Fields {
  const next = { ...fields };
  for (const [field, { to }] of Object.entries(back)) {
    if (to === undefined) delete next[field];
    else next[field] = to;
  }
  return next;
}

/** Undos with what each still keeps, and what it left. */
export async function undosOf(db: Queryable, runs: readonly Run[]): Promise<Undo[]> {
  const ids = runs.map(({ id }) => id);
  const [standing, withheld, spared] = [
    await countUndone(db, ids),
    await countWithheld(db, ids),
    await countSpared(db, ids),
  ];
  return runs.map((run) => ({
    run,
    undoes: run.request.undo!,
    standing: standing.get(run.id) ?? { values: 0, customers: 0 },
    withheld: withheld.get(run.id) ?? 0,
    spared: spared.get(run.id) ?? [],
  }));
}
