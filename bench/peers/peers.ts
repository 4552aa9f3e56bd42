// `npm run bench -- --peers`: everyone in turn, and who mostly waits at once. It does not know how any of them works.
import { type Legs, measureAtPlan, measuredPlan, measureLegs, measureLegsAtOnce } from './legs.ts';
import { n8n } from './n8n.ts';
import { nodeRed } from './node-red.ts';
import type { Peer } from './peer.ts';
import { goodScript, plainScript } from './scripts.ts';
import { type Compared, falseReports, losses, peersTables } from './table.ts';
import { tributaryAtDefaults, tributaryWithoutLimits } from './tributary.ts';

export const sizes = { full: { contacts: 5_000, planMs: 300_000 }, quick: { contacts: 300, planMs: 20_000 } };

/** The tables, as Markdown. */
export async function comparePeers(server: string | null, quick: boolean): Promise<string> {
  const { contacts, planMs } = quick ? sizes.quick : sizes.full;
  const { busy, plain, faults, end } = contestants(server);
  const found = new Map<Peer, Legs>([...busy, plain].map((peer) => [peer, {}]));
  const note = async (peer: Peer, measured: Promise<Legs>) => {
    try {
      Object.assign(found.get(peer)!, await measured);
      console.log(`  ${peer.name}: measured`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      faults.push(`${peer.name} could not be measured: ${reason.replaceAll(/\s+/g, ' ').slice(0, 300)}`);
      console.log(`  ${faults.at(-1)}`);
    }
  };
  try {
    for (const peer of busy) await note(peer, measureLegs(peer, contacts));
    console.log(`  At the plan ${measuredPlan}, all at once, and the plain script beside them …`);
    const atPlan = async (peer: Peer) => ({ plan: await measureAtPlan(peer, contacts, planMs) });
    await Promise.all([
      note(plain, measureLegsAtOnce(plain, contacts)),
      ...[...busy, plain].map((peer) => note(peer, atPlan(peer))),
    ]);
  } finally {
    end();
  }
  const compared = [...found].map(([peer, legs]): Compared => ({ name: peer.name, legs }));
  const ours = busy.find(({ name }) => name.startsWith('Tributary'))!.name;
  return [
    ...[...found.keys()].map(({ name, version }) => `- ${name}: ${version}`),
    ...faults.map((fault) => `- ${fault}`),
    '',
    peersTables(compared, contacts),
    list('Success was reported, though not all was right', falseReports(compared, contacts)),
    list(`Where ${ours} is behind`, losses(compared, ours, contacts)),
  ].join('\n');
}

interface Contestants {
  /** They keep the machine busy, so that they are measured one after the other. */
  busy: Peer[];
  /** It waits most of the time. */
  plain: Peer;
  /** Who could not be installed. */
  faults: string[];
  end: () => void;
}

function contestants(server: string | null): Contestants {
  const ours = [...(server ? [tributaryWithoutLimits(server)] : []), tributaryAtDefaults()];
  const faults: string[] = [];
  const installed = <Result>(install: () => Result): Result | null => {
    try {
      return install();
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
      console.log(`  ${faults.at(-1)}`);
      return null;
    }
  };
  const flows = installed(nodeRed);
  const workflows = installed(n8n);
  const busy = [...ours, goodScript(), ...(workflows?.peers ?? []), ...(flows ? [flows] : [])];
  return { busy, plain: plainScript(), faults, end: () => workflows?.end() };
}

function list(heading: string, items: readonly string[]): string {
  const lines = items.length > 0 ? items.map((item) => `- ${item}`) : ['Nowhere.'];
  return [`## ${heading}`, '', ...lines, ''].join('\n');
}
