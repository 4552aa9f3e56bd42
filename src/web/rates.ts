// How fast counts grow, from when they were looked at. It belongs to one process and is only for showing.

/** What is older says nothing of now. */
const windowMs = 6_000;

export class Rates {
  readonly #samples = new Map<number, { at: number; count: number }[]>();

  /**
   * Notes the count of a run at `now`; returns its growth per second over the last seconds, or since `from` where it was
   * not looked at before. Null where no time has passed.
   */
  note(run: { id: number; count: number; from: number | null }, now: number): number | null {
    const samples = (this.#samples.get(run.id) ?? []).filter(
      (sample) => now - sample.at <= windowMs && sample.count <= run.count,
    );
    if (samples.at(-1)?.at !== now) samples.push({ at: now, count: run.count });
    this.#samples.set(run.id, samples);
    const first = samples[0]!;
    if (now - first.at >= 1_000) return ((run.count - first.count) * 1000) / (now - first.at);
    return run.from === null || now <= run.from ? null : (run.count * 1000) / (now - run.from);
  }

  /** Forgets every run but these. */
  keep(ids: readonly number[]): void {
    for (const id of this.#samples.keys()) if (!ids.includes(id)) this.#samples.delete(id);
  }
}
