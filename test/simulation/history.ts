// A history: what happens around the workers of a simulation, as data that a seed writes, a person reads and a failure keeps.
// Every choice is in it, so that any part can be left out. It does not know how an event is carried out.
import { type Fault, faults } from './network.ts';
import { type Random, streamOf } from './randomness.ts';
import type { Loss } from './server.ts';

export type VendorName = 'hubspot' | 'voucherify';

/** What changes at the vendors. `contact` is any whole number: whom it means depends on who is there then. */
export type VendorEvent =
  | { kind: 'create'; value: number }
  | { kind: 'update'; contact: number; value: number }
  | { kind: 'archive'; contact: number }
  | { kind: 'restore'; contact: number }
  | { kind: 'merge'; contact: number; other: number }
  /** The shop tells of a customer, so much later. */
  | { kind: 'shop'; contact: number; value: number; gone: boolean; lateMs: number }
  /** Another application writes to a customer at the destination. */
  | { kind: 'others'; contact: number; value: number }
  | { kind: 'forgery'; contact: number };

/** What a person asks for. */
export type PersonEvent =
  | { kind: 'full' }
  | { kind: 'pause'; forMs: number }
  | { kind: 'rewind'; backMs: number }
  | { kind: 'erase'; contact: number }
  | { kind: 'verify'; heal: boolean }
  | { kind: 'retry' }
  | { kind: 'remap'; variant: number }
  /** Sets the points of a customer by hand, or leaves them to the records again. */
  | { kind: 'pin'; contact: number; value: number | null }
  /** All requests of a source are opened again. */
  | { kind: 'replay'; source: 'hubspot' | 'shop' }
  /** Undoes one of the newest runs; `back`: so many before the newest. It is withdrawn in the end. */
  | { kind: 'undo'; back: number; created: boolean }
  /** Releases whatever is held. */
  | { kind: 'release' };

/** What becomes of machines, network and database. `worker` is any whole number. */
export type MachineEvent =
  | { kind: 'fault'; vendor: VendorName; fault: Fault }
  /** The process dies after so many more statements and requests, and another is started later. */
  | { kind: 'kill'; worker: number; steps: number; downMs: number }
  /** The process stands still, and goes on as if nothing had happened. */
  | { kind: 'stop'; worker: number; forMs: number }
  /** Its clock shows another time from now on. */
  | { kind: 'clock'; worker: number; aheadMs: number }
  | { kind: 'session'; worker: number; loss: Loss };

export type Happening = VendorEvent | PersonEvent | MachineEvent;

/** `at`: milliseconds since the simulation began. */
export type Event = Happening & { at: number };

/** How the vendors of this history behave all along. */
export interface Traits {
  workers: number;
  contacts: number;
  metadataWrites: 'merge' | 'replace';
  nestedNulls: 'keep-null' | 'clear';
  survivorId: 'new' | 'primary';
  badBulkRecord: 'fails-alone' | 'fails-all';
  bulk: { waitMs: number; recordMs: number };
  indexLagMs: number;
  scheduleMinutes: number;
  /** Of a hundred webhooks so many come twice, and so many never. */
  duplicates: number;
  lost: number;
  /** So many customers may be deleted, or lose a field, by one run and in one hour; absent: any number. */
  maxLost?: number;
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
    nestedNulls: pick(random, ['keep-null', 'clear']),
    survivorId: pick(random, ['new', 'primary']),
    badBulkRecord: pick(random, ['fails-alone', 'fails-all']),
    bulk: { waitMs: pick(random, [0, 500, 20_000]), recordMs: pick(random, [0, 20]) },
    indexLagMs: pick(random, [0, 5_000, 60_000]),
    scheduleMinutes: pick(random, [10, 30, 60]),
    duplicates: pick(random, [0, 20]),
    lost: pick(random, [0, 5]),
    ...(random() < 0.4 && { maxLost: whole(random, 2) }),
  };
  const events: Event[] = [];
  const count = Math.round(hours * perHour * (0.5 + random()));
  for (let moment = 0; events.length < count; ) {
    moment = Math.floor(random() * hours * hourMs);
    // What happens comes in bursts: close together it meets the rest of the burst under way.
    for (let burst = 1 + whole(random, 4); burst > 0; burst -= 1) {
      events.push({ at: moment, ...happening(random) });
      moment += Math.floor(random() ** 3 * 60_000);
    }
  }
  return { seed, hours, traits, events: events.sort((one, other) => one.at - other.at) };
}

/** How often each kind of event happens among the others. */
const shares: { readonly [kind in Happening['kind']]: number } = {
  ...{ update: 30, create: 7, archive: 4, restore: 2, merge: 3, shop: 15, others: 4, forgery: 1 },
  ...{ full: 1, pause: 2, rewind: 2, erase: 2, verify: 1, retry: 1, remap: 1 },
  ...{ pin: 3, replay: 1, undo: 2, release: 1 },
  ...{ fault: 20, kill: 8, stop: 4, clock: 2, session: 5 },
};
const kinds = (Object.keys(shares) as Happening['kind'][]).flatMap((kind) =>
  Array.from({ length: shares[kind] }, () => kind),
);

function happening(random: Random): Happening {
  const kind = pick(random, kinds);
  const any = whole(random, 1_000);
  // Half of it is about the same few people: what meets in time should meet in a person.
  const other = whole(random, random() < 0.5 ? 2 : 1_000);
  const forMs = 1_000 * Math.ceil(120 * random() ** 2);
  switch (kind) {
    case 'create':
      return { kind, value: any };
    case 'update':
    case 'others':
      return { kind, contact: other, value: any };
    case 'archive':
    case 'restore':
    case 'forgery':
    case 'erase':
      return { kind, contact: any };
    case 'merge':
      return { kind, contact: any, other };
    case 'shop':
      return {
        ...{ kind, contact: other, value: any },
        gone: random() < 0.15,
        lateMs: pick(random, [0, 500, 5_000, 60_000, 1_800_000]),
      };
    case 'full':
    case 'retry':
    case 'release':
      return { kind };
    case 'pause':
      return { kind, forMs: 20 * forMs };
    case 'rewind':
      return { kind, backMs: 60 * forMs };
    case 'verify':
      return { kind, heal: random() < 0.5 };
    case 'remap':
      return { kind, variant: whole(random, 2) };
    case 'pin':
      return { kind, contact: other, value: random() < 0.7 ? any : null };
    case 'replay':
      return { kind, source: pick(random, ['hubspot', 'shop']) };
    case 'undo':
      return { kind, back: whole(random, 3), created: random() < 0.3 };
    case 'fault':
      return {
        kind,
        vendor: pick(random, ['hubspot', 'voucherify', 'voucherify']),
        fault: pick(random, faults),
      };
    case 'kill':
      return { kind, worker: any, steps: whole(random, 60), downMs: forMs };
    case 'stop':
      return { kind, worker: any, forMs };
    case 'clock':
      return {
        kind,
        worker: any,
        aheadMs: Math.round((random() - 0.5) * pick(random, [4_000, 600_000, 14_400_000])),
      };
    case 'session':
      return { kind, worker: any, loss: pick(random, ['before', 'after']) };
  }
}

const whole = (random: Random, below: number): number => Math.floor(random() * below);

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[whole(random, items.length)]!;
