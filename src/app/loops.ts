// The loops of a process as one list: what each does, over and over, and by which name it is woken. It knows no step's work.
import type { Notification } from '../db/notifications.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import { type FailingLoop, type Next, Worker } from '../engine/work/worker.ts';
import { agendaLoops } from './agenda.ts';

const loopNames = [
  'database',
  'agenda',
  'schema',
  'pull',
  'deliver',
  'deliverUrgent',
  'poll',
  'erase',
  'open',
  'verify',
  'hydrate',
  'facts',
  'writeBack',
  'forecasts',
  'subscriptions',
  'housekeeping',
] as const;
export type LoopName = (typeof loopNames)[number];

/** One turn of a loop. */
export type Step = (signal: AbortSignal) => Promise<Next>;

/** `labels`: one loop for each, as the log and the status name it. */
export interface Loop {
  name: LoopName;
  label: string;
  step: Step;
}

/** What waits for the metadata schema is woken when it is known; this is the second line. */
const untypedRestMs = 1_000;

/** How often loops look for work that no notification told of: where notifications arrive, that is the second line. */
const pollMs = { listening: 5_000, alone: 1_000 };

/** Those that the agenda looks for look by themselves no more often than this. */
const agendaPollMs = 3_600_000;

const loopsByNotification: { readonly [notification in Notification]: readonly LoopName[] } = {
  open: ['open'],
  hydrate: ['hydrate', 'facts'],
  deliver: ['deliver', 'deliverUrgent'],
  deliverLater: ['deliver'],
  pull: ['pull'],
  erase: ['erase'],
  verify: ['verify'],
  writeBack: ['writeBack'],
};

/** What a run brings wakes delivery with every page: it looks no more often than this, milliseconds. */
const deliverPaceMs = 250;

/** More sources than this are pulled in turn. */
const pullsMax = 4;

/** What the loops do. Absent: there is no such loop. */
export interface Steps {
  database: Step;
  agenda: Step;
  schema?: Step | undefined;
  pull: Step;
  /** How many sources may be pulled. */
  pulled: number;
  /** Values can be typed: what maps records waits for it. */
  canMap(): boolean;
  /** Left out where only dry runs are carried out. */
  others?: {
    deliver: Step;
    deliverUrgent: Step;
    poll: Step;
    erase: Step;
    open: Step;
    verify: Step;
    /** By source. */
    hydrate: ReadonlyMap<string, Step>;
    /** By label. */
    facts: ReadonlyMap<string, Step>;
    writeBack: ReadonlyMap<string, Step>;
    forecasts: Step;
    subscriptions?: Step | undefined;
    housekeeping: Step;
  };
}

/** The loops in the order in which they are started. */
export function loopsOf({ database, agenda, schema, pull, pulled, canMap, others }: Steps): Loop[] {
  const mapping =
    (step: Step): Step =>
    async (signal) =>
      canMap() ? step(signal) : { again: false, afterMs: untypedRestMs };
  const pulls = Array.from({ length: Math.min(pulled, pullsMax) }, (_, index) => `pull ${index + 1}`);
  const loops: Loop[] = [
    ...(schema ? [{ name: 'schema' as const, label: 'schema', step: schema }] : []),
    { name: 'database', label: 'watch the database', step: database },
    { name: 'agenda', label: 'look for work', step: agenda },
    ...pulls.map((label) => ({ name: 'pull' as const, label, step: mapping(pull) })),
  ];
  if (!others) return loops;
  return [
    ...loops,
    { name: 'deliver', label: 'deliver', step: others.deliver },
    { name: 'deliverUrgent', label: 'deliver urgent', step: others.deliverUrgent },
    { name: 'poll', label: 'poll', step: others.poll },
    { name: 'erase', label: 'erase', step: others.erase },
    { name: 'open', label: 'open', step: mapping(others.open) },
    { name: 'verify', label: 'verify', step: mapping(others.verify) },
    ...[...others.hydrate].map(([source, step]) => ({
      name: 'hydrate' as const,
      label: `hydrate ${source}`,
      step: mapping(step),
    })),
    ...(['facts', 'writeBack'] as const).flatMap((name) =>
      [...others[name]].map(([label, step]) => ({ name, label, step })),
    ),
    { name: 'forecasts', label: 'forecasts', step: others.forecasts },
    ...(others.subscriptions
      ? [{ name: 'subscriptions' as const, label: 'renew subscriptions', step: others.subscriptions }]
      : []),
    { name: 'housekeeping', label: 'keep house', step: others.housekeeping },
  ];
}

export interface LoopsDeps {
  clock: Clock;
  log: Log;
  /** Notifications of other processes arrive. */
  isListening(): boolean;
  /** The agenda fails: what it looks for has to be looked for by each loop. */
  lacksAgenda(): boolean;
}

export class Loops {
  /** There may be something to do: the loops of that name look at once. */
  readonly wake: { readonly [name in LoopName]: () => void };
  readonly #deps: LoopsDeps;
  readonly #running = new Map<LoopName, Worker[]>();
  #activity = 0;

  constructor(deps: LoopsDeps) {
    this.#deps = deps;
    this.wake = Object.fromEntries(
      loopNames.map((name) => [name, () => this.#wake(this.#running.get(name) ?? [])]),
    ) as Record<LoopName, () => void>;
  }

  start(loops: readonly Loop[]): void {
    const { clock, log, isListening, lacksAgenda } = this.#deps;
    const looksEach = () => (isListening() ? pollMs.listening : pollMs.alone);
    for (const { name, label, step } of loops) {
      const paceMs = name === 'deliver' ? deliverPaceMs : 0;
      const isOnAgenda = agendaLoops.some((other) => other === name);
      const counted: Step = async (signal) => {
        const next = await step(signal);
        if (next.again) this.#activity += 1;
        return next;
      };
      const worker = new Worker({
        name: label,
        step: counted,
        clock,
        log,
        pollMs: () => (isOnAgenda && !lacksAgenda() ? agendaPollMs : looksEach()),
        paceMs,
      }).start();
      this.#running.set(name, [...(this.#running.get(name) ?? []), worker]);
    }
  }

  /** Grows whenever a loop has worked or is woken. */
  get activity(): number {
    return this.#activity;
  }

  get areRunning(): boolean {
    return this.#running.size > 0;
  }

  wakeAll(): void {
    this.#wake(this.#workers);
  }

  /**
   * A process has committed work. Null: for which loops is not known. A loop whose last step failed rests its time: others'
   * work is no reason to believe that the next would succeed.
   */
  wakeFor(notification: Notification | null): void {
    this.wakeThose(notification === null ? loopNames : (loopsByNotification[notification] ?? []));
  }

  /** The same for the loops of these names. */
  wakeThose(names: readonly LoopName[]): void {
    const workers = names.flatMap((name) => this.#running.get(name) ?? []);
    this.#wake(workers.filter((worker) => worker.failing === null));
  }

  /** Those whose last step failed, the first to fail first. */
  get failing(): FailingLoop[] {
    return this.#workers.flatMap(({ failing }) => failing ?? []).sort((a, b) => a.since - b.since);
  }

  /** Resolves when no step runs any more. */
  async drain(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.drain()));
  }

  forget(): void {
    this.#running.clear();
  }

  get #workers(): Worker[] {
    return [...this.#running.values()].flat();
  }

  #wake(workers: readonly Worker[]): void {
    this.#activity += 1;
    for (const worker of workers) worker.wake();
  }
}
