// A source set back to a time: its readers read again what changed since. It knows no cursor; the connector makes them.
import { isPulled } from '../../connector/source.ts';
import type { Run } from '../../contract/run.ts';
import type { Queryable } from '../../db/database.ts';
import { checkpoint, moveCheckpoint, type Reader } from '../../tables/checkpoints.ts';
import { blockRunClaims, goingRun, readingBegan, requestRun, someGoingRun } from '../../tables/runs.ts';
import type { Source } from '../intake/source.ts';
import { rewoundCursor } from './exporting.ts';

export type Rewound =
  | { rewound: true; run: Run }
  /** The connector offers no way, for these streams. */
  | { rewound: false; because: 'cannot'; streams: string[] }
  | { rewound: false; because: 'going'; run: Run }
  /** A reading of everything has not come to its end: there is nothing to go back in. */
  | { rewound: false; because: 'never read'; streams: string[] }
  /** Changes up to `until` have surely been read; to begin later could leave some out. */
  | { rewound: false; because: 'too late'; until: number };

/**
 * Sets the readers of every stream back to `to` and asks for an incremental run. While it does so no worker can take up
 * a run of any source.
 */
export async function rewind(
  tx: Queryable,
  source: Source,
  wish: { to: number; now: number },
): Promise<Rewound> {
  const { to, now } = wish;
  // What is only pushed has no reader to set back.
  const pulled = source.streams.filter(isPulled);
  const { settings } = source.config;
  const cannot = pulled.filter((stream) => rewoundCursor(stream, settings, to) === null);
  if (cannot.length > 0 || pulled.length === 0)
    return { rewound: false, because: 'cannot', streams: cannot.map((stream) => stream.name) };
  await blockRunClaims(tx);
  const going = await someGoingRun(tx, source.name);
  if (going) return { rewound: false, because: 'going', run: going };
  const never: string[] = [];
  for (const stream of pulled)
    if (!(await checkpoint(tx, source.name, stream.name, 'lead'))) never.push(stream.name);
  if (never.length > 0) return { rewound: false, because: 'never read', streams: never };
  const until = await surelyReadUntil(tx, source);
  if (to > until) return { rewound: false, because: 'too late', until };
  for (const stream of pulled) {
    const cursor = rewoundCursor(stream, settings, to)!;
    for (const reader of readersOf(stream)) {
      const key = { source: source.name, stream: stream.name, reader };
      await moveCheckpoint(tx, key, { cursor, done: false, now });
    }
  }
  const wanted = { source: source.name, mode: 'incremental', trigger: 'manual', lane: 'schedule' } as const;
  // The schedule may have asked for one in this very moment: it finds the readers where we put them.
  const run =
    (await requestRun(tx, { ...wanted, request: { rewoundTo: to }, now })) ??
    (await goingRun(tx, source.name, 'incremental'))!;
  return { rewound: true, run };
}

function readersOf(stream: Source['streams'][number]): Reader[] {
  return stream.settleLagSeconds === undefined ? ['lead'] : ['lead', 'trail'];
}

/**
 * The time up to which every reader has read every change: a cursor set later than that could jump over some. A reader
 * that came to rest has read all until the run began in which it did, less the lag of the vendor's index; a backfill may
 * have been begun by an earlier run that did not finish.
 */
async function surelyReadUntil(db: Queryable, source: Source): Promise<number> {
  let until = Number.POSITIVE_INFINITY;
  for (const stream of source.streams.filter(isPulled)) {
    for (const reader of readersOf(stream)) {
      const known = await checkpoint(db, source.name, stream.name, reader);
      const beganAt = known?.restedAt == null ? 0 : await readingBegan(db, source.name, known.restedAt);
      const lagSeconds = stream.settleLagSeconds ?? stream.bulkExport?.changes?.lagSeconds ?? 0;
      until = Math.min(until, beganAt - lagSeconds * 1000);
    }
  }
  return Math.max(until, 0);
}
