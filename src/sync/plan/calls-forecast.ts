// How long so many calls take against the quotas of one account, simulated call by call. Pure: numbers in, forecast out.
import type { Lane } from '../../engine/quota/lanes.ts';
import { type QuotaNow, Windows } from './forecast-windows.ts';

/** Calls of one kind, some of them under way at once. */
export interface CallStep {
  what: string;
  bucket?: string | undefined;
  calls: number;
  atOnce: number;
}

export interface CallsInput {
  /** When the first is made, epoch milliseconds. */
  at: number;
  lane: Lane;
  quotas: readonly QuotaNow[];
  callMs: number;
  /** One after the other. */
  steps: readonly CallStep[];
}

const callsPerTurn = 20_000;

/** `rest`: others have their turn now and then. */
export async function forecastCalls(
  { at, lane, quotas, callMs, steps }: CallsInput,
  rest: () => Promise<void>,
) {
  const windows = new Windows(quotas, lane, at);
  let [now, made] = [at, 0];
  for (const { bucket, calls, atOnce } of steps) {
    const freeAt = Array.from({ length: Math.max(Math.min(atOnce, calls), 1) }, () => now);
    for (let call = 0; call < calls; call += 1) {
      const slot = freeAt.indexOf(Math.min(...freeAt));
      const wanted = freeAt[slot]!;
      const begins = windows.earliest(bucket, lane, wanted);
      if (begins > wanted) windows.wait(bucket, lane, { from: wanted, to: begins });
      freeAt[slot] = begins + callMs;
      windows.take(bucket, begins + callMs);
      made += 1;
      if (made % callsPerTurn === 0) await rest();
    }
    now = Math.max(...freeAt);
  }
  const lines = windows.result(now - at).filter(({ calls }) => calls > 0);
  const slowest = lines.reduce<(typeof lines)[number] | null>(
    (worst, line) => (line.waitMinutes > (worst?.waitMinutes ?? 0) ? line : worst),
    null,
  );
  return {
    calls: steps
      .filter((step) => step.calls > 0)
      .map(({ what, bucket, calls }) => ({ what, bucket: bucket ?? null, calls })),
    quotas: lines,
    minutes: (now - at) / 60_000,
    endsAt: now,
    bottleneck: slowest?.quota ?? null,
    fits: lines.every(({ fits }) => fits),
  };
}

export type CallsForecast = Awaited<ReturnType<typeof forecastCalls>>;
