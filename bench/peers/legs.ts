// What each goes through, with a bound on every wait, and what it took. After each leg both vendors are compared. It does not know who
// is measured, or how a table is made of it.
import { setTimeout as delay } from 'node:timers/promises';
import type { Plan } from '../plans.ts';
import { type Requests, Vendors, type Verdict } from '../vendors.ts';
import type { Installed, Peer, Said } from './peer.ts';

const syncMs = 600_000;
/** Of each hundred contacts one changes. */
const changedEvery = 100;
const failingShare = 0.05;
/** What was accepted in bulk may still be written after a sync has ended. */
const settleMs = 3_000;
export const measuredPlan: Plan = 'business';

export const legs = ['start', 'first', 'unchanged', 'changed', 'failing', 'killed', 'plan'] as const;
export type LegName = (typeof legs)[number];

export interface Leg {
  said: Said;
  wallMs: number;
  /** Of all its processes. */
  cpuSeconds: number;
  /** Null where it has no database server, or it cannot be told. */
  databaseCpuSeconds: number | null;
  peakMegabytes: number;
  requests: Requests;
  /** Of both vendors, afterwards. */
  verdict: Verdict;
}

/** Absent: not measured. A script has no start. */
export type Legs = { [Name in LegName]?: Leg };

interface World {
  contacts: number;
  plan: Plan | null;
}

/** All but the leg at a plan, each that needs one in a world of its own. Rejects where it cannot be started. */
export async function measureLegs(peer: Peer, contacts: number): Promise<Legs> {
  return {
    ...(await measureOrdinary(peer, contacts)),
    ...(await measureFailing(peer, contacts)),
    ...(await measureKilled(peer, contacts)),
  };
}

/** The same at once, for one that waits most of the time. */
export async function measureLegsAtOnce(peer: Peer, contacts: number): Promise<Legs> {
  const measures = [measureOrdinary, measureFailing, measureKilled];
  const found = await Promise.all(measures.map((measure) => measure(peer, contacts)));
  return Object.assign({}, ...found) as Legs;
}

function measureOrdinary(peer: Peer, contacts: number): Promise<Legs> {
  return inWorld(peer, { contacts, plan: null }, async (installed, vendors) => {
    const found: Legs = {};
    if (peer.isService) found.start = await leg(installed, vendors, syncMs, () => start(installed));
    if (found.start?.said.success === false) throw new Error(found.start.said.words);
    for (const name of ['first', 'unchanged', 'changed'] as const) {
      if (name === 'changed') await vendors.change(changedEvery);
      const mode = name === 'unchanged' ? 'full' : 'incremental';
      found[name] = await leg(installed, vendors, syncMs, () => installed.sync(mode));
      // It was killed, and does not run any more.
      if (found[name].said === stopped) break;
    }
    return found;
  });
}

function measureFailing(peer: Peer, contacts: number): Promise<Legs> {
  return inWorld(peer, { contacts, plan: null }, async (installed, vendors) => {
    await installed.start();
    await vendors.failing(failingShare);
    return { failing: await leg(installed, vendors, syncMs, () => installed.sync('incremental')) };
  });
}

function measureKilled(peer: Peer, contacts: number): Promise<Legs> {
  return inWorld(peer, { contacts, plan: null }, async (installed, vendors) => {
    await installed.start();
    return { killed: await leg(installed, vendors, syncMs, () => interrupted(installed, vendors, contacts)) };
  });
}

/** A first sync on the limits of a plan, stopped after `boundMs`. Nobody can do much then, so that several may be measured at once. */
export function measureAtPlan(peer: Peer, contacts: number, boundMs: number): Promise<Leg> {
  return inWorld(peer, { contacts, plan: measuredPlan }, async (installed, vendors) => {
    await installed.start();
    return leg(installed, vendors, boundMs, () => installed.sync('incremental'));
  });
}

async function inWorld<Result>(
  peer: Peer,
  { contacts, plan }: World,
  work: (installed: Installed, vendors: Vendors) => Promise<Result>,
): Promise<Result> {
  const vendors = await Vendors.start(contacts, undefined, { plan: plan ?? undefined });
  const installed = await peer.make(vendors.address, plan).catch(async (error: unknown) => {
    await vendors.end();
    throw error;
  });
  try {
    return await work(installed, vendors);
  } finally {
    await installed.processes.stop();
    await installed.end();
    await vendors.end();
  }
}

const stopped: Said = { success: false, words: 'stopped' };

async function leg(
  installed: Installed,
  vendors: Vendors,
  boundMs: number,
  work: () => Promise<Said>,
): Promise<Leg> {
  const { processes } = installed;
  const requestsBefore = await vendors.requests();
  const databaseBefore = await installed.databaseCpuSeconds();
  const cpuBefore = processes.cpuSeconds;
  processes.takePeakMegabytes();
  const startedAt = performance.now();
  const bound = new AbortController();
  const said = await Promise.race([
    work().catch((error: Error) => ({ success: false, words: error.message.slice(0, 80) })),
    delay(boundMs, stopped, { signal: bound.signal }),
  ]);
  bound.abort();
  const wallMs = performance.now() - startedAt;
  const cpuSeconds = processes.cpuSeconds - cpuBefore;
  const peakMegabytes = processes.takePeakMegabytes();
  if (said === stopped) await processes.kill();
  const databaseAfter = await installed.databaseCpuSeconds();
  return {
    said,
    wallMs,
    cpuSeconds,
    databaseCpuSeconds:
      databaseBefore === null || databaseAfter === null ? null : databaseAfter - databaseBefore,
    peakMegabytes,
    requests: await vendors.requestsSince(requestsBefore),
    verdict: await settledVerdict(vendors),
  };
}

async function start(installed: Installed): Promise<Said> {
  await installed.start();
  return { success: true, words: 'ready' };
}

/** A first sync that is killed once half of the customers are there, and is started and asked for once more. */
async function interrupted(installed: Installed, vendors: Vendors, contacts: number): Promise<Said> {
  let ended: Said | null = null;
  void installed.sync('incremental').then(
    (said) => {
      ended = said;
    },
    () => {},
  );
  while (ended === null && (await vendors.customers()) < contacts / 2) await delay(10);
  if (ended !== null) return { success: false, words: 'ended before half was there' };
  await installed.processes.kill();
  await installed.start();
  return installed.sync('incremental');
}

async function settledVerdict(vendors: Vendors): Promise<Verdict> {
  const deadline = Date.now() + settleMs;
  for (;;) {
    const verdict = await vendors.verdict();
    if ((verdict.differences === 0 && verdict.duplicated === 0) || Date.now() > deadline) return verdict;
    await delay(250);
  }
}
