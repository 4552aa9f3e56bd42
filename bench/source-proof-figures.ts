// Figures of a source proof beside a full sync of the same source: the SDK's own loop over the list is the yardstick for its time, the
// pages of the list for its calls, and the same at a tenth of the contacts for its memory. It does not know how a proof works.
import { sourceFlags } from '../bin/launch.mjs';
import { type Figure, megabytes, seconds } from './figures.ts';
import { onOwnDatabase } from './own-database.ts';
import { spawnScript } from './processes.ts';
import { Vendors } from './vendors.ts';

const [few, many] = [20_000, 200_000];
const pageContacts = 100;
const maxSeconds = 60;
/** Calls beside the pages of the list. */
const maxMoreCalls = 10;
/** More than this much more memory for ten times the contacts is not flat. */
const maxGrowth = 1.15;

interface Proven {
  listed: number;
  proofMs: number;
  calls: number;
  peakMegabytes: number;
}

/** On PostgreSQL only: a service that has so many contacts runs on it. */
export async function sourceProofFigures(
  server: string | null,
  contacts: readonly [number, number] = [few, many],
): Promise<Figure[]> {
  if (!server) return [];
  const small = await proofOf(contacts[0], server);
  const large = await proofOf(contacts[1], server);
  const growth = large.peakMegabytes / small.peakMegabytes;
  const pages = large.listed / pageContacts;
  const written = contacts[1].toLocaleString('en-US');
  return [
    {
      name: `source proof of ${written} contacts beside a full sync`,
      ours: seconds(large.proofMs),
      against: `${maxSeconds} s allowed`,
      ratio: large.proofMs / 1000 / maxSeconds,
      bar: { value: large.proofMs / 1000 / maxSeconds, most: 1, unit: '×' },
    },
    {
      name: "against the SDK's loop over the list, with nothing beside it",
      ours: seconds(large.proofMs),
      against: seconds(large.listMs),
      ratio: large.proofMs / large.listMs,
      bar: null,
    },
    {
      name: 'calls of it beyond the pages of the list',
      ours: String(large.calls - pages),
      against: `${pages.toLocaleString('en-US')} pages of the list`,
      ratio: large.calls / pages,
      bar: { value: large.calls - pages, most: maxMoreCalls, unit: '' },
    },
    {
      name: 'peak memory of both',
      ours: megabytes(large.peakMegabytes),
      against: `${megabytes(small.peakMegabytes)} over ${contacts[0].toLocaleString('en-US')}`,
      ratio: growth,
      bar: { value: growth, most: maxGrowth, unit: '×' },
    },
  ];
}

async function proofOf(contacts: number, server: string): Promise<Proven & { listMs: number }> {
  const vendors = await Vendors.start(contacts);
  try {
    const { hubspot, voucherify } = vendors.address;
    const list = spawnScript('source-proof-yardstick.ts', ['--hubspot', hubspot], {
      flags: [...sourceFlags],
    });
    const { listMs } = JSON.parse(await list.line) as { listMs: number };
    await list.exit;
    const proven = await onOwnDatabase(server, async (database) => {
      const args = ['--hubspot', hubspot, '--voucherify', voucherify, '--database', database];
      const fill = spawnScript('source-proof.ts', [...args, '--fill'], { flags: [...sourceFlags] });
      await fill.line;
      await fill.exit;
      const script = spawnScript('source-proof.ts', args, { flags: [...sourceFlags] });
      return JSON.parse(await script.line) as Proven;
    });
    return { ...proven, listMs };
  } finally {
    await vendors.end();
  }
}
