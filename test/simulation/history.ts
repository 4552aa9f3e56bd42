// A history: what happens around the workers of a simulation, as data that a seed writes, a person reads and a failure keeps.
// Every choice is in it, so that any part can be left out. It does not know how an event is carried out.
import { type Fault, faults } from './network.ts';
import { type Random, streamOf } from './randomness.ts';
import type { Loss } from './server.ts';

export type VendorName = 'hubspot' | 'voucherify';

/** `contact` and `worker` are any whole numbers: which they mean depends on who is there then. */
export type Happening =
  | { kind: 'create'; value: number }
  | { kind: 'update'; contact: number; value: number }
  | { kind: 'archive'; contact: number }
  | { kind: 'fault'; vendor: VendorName; fault: Fault }
  /** The process dies after so many more statements and requests, and another is started later. */
  | { kind: 'kill'; worker: number; steps: number; downMs: number }
  | { kind: 'session'; worker: number; loss: Loss };

/** `at`: milliseconds since the simulation began. */
export type Event = Happening & { at: number };

/** How the vendors of this history behave all along. */
export interface Traits {
  workers: number;
  contacts: number;
  metadataWrites: 'merge' | 'replace';
  badBulkRecord: 'fails-alone' | 'fails-all';
  bulk: { waitMs: number; recordMs: number };
  indexLagMs: number;
  scheduleMinutes: number;
  /** Of a hundred webhooks so many come twice, and so many never. */
  duplicates: number;
  lost: number;
}

export interface History {
  seed: number;
  hours: number;
  traits: Traits;
  events: Event[];
}

const hourMs = 3_600_000;

/** So many things happen in an hour. */
const perHour = 6;

export function historyOf(seed: number, hours: number): History {
  const random = streamOf(seed, 'history');
  const traits: Traits = {
    workers: 1 + whole(random, 3),
    contacts: 3 + whole(random, 12),
    metadataWrites: pick(random, ['merge', 'replace']),
    badBulkRecord: pick(random, ['fails-alone', 'fails-all']),
    bulk: { waitMs: pick(random, [0, 500, 20_000]), recordMs: pick(random, [0, 20]) },
    indexLagMs: pick(random, [0, 5_000, 60_000]),
    scheduleMinutes: pick(random, [10, 30, 60]),
    duplicates: pick(random, [0, 20]),
    lost: pick(random, [0, 5]),
  };
  const events: Event[] = [];
  const total = Math.round(hours * perHour * (0.5 + random()));
  for (let moment = 0; events.length < total; ) {
    moment = Math.floor(random() * hours * hourMs);
    // What happens comes in bursts: close together it meets the rest of the burst under way.
    for (let burst = 1 + whole(random, 4); burst > 0; burst -= 1) {
      events.push({ at: moment, ...happening(random) });
      moment += Math.floor(random() ** 3 * 60_000);
    }
  }
  return { seed, hours, traits, events: events.sort((one, other) => one.at - other.at) };
}

function happening(random: Random): Happening {
  const share = random();
  const contact = whole(random, 1_000);
  const value = whole(random, 1_000);
  const worker = whole(random, 3);
  if (share < 0.4) return { kind: 'update', contact, value };
  if (share < 0.5) return { kind: 'create', value };
  if (share < 0.55) return { kind: 'archive', contact };
  if (share < 0.8)
    return {
      kind: 'fault',
      vendor: pick(random, ['hubspot', 'voucherify', 'voucherify']),
      fault: pick(random, faults),
    };
  if (share < 0.9)
    return { kind: 'kill', worker, steps: whole(random, 60), downMs: 1_000 * whole(random, 60) };
  return { kind: 'session', worker, loss: pick(random, ['before', 'after']) };
}

const whole = (random: Random, below: number): number => Math.floor(random() * below);

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[whole(random, items.length)]!;
