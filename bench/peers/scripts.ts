// The two scripts: what most people write first, and what a good engineer writes in an afternoon.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Peer, Processes } from './peer.ts';
import { packageVersion } from './versions.ts';

/** In a bulk call of everyone who makes some by hand: 5,000 contacts are then well within a plan's 10 bulk calls an hour. */
export const customersInBulk = 1000;

const sdks = () =>
  ['@hubspot/api-client', '@voucherify/sdk'].map((name) => `${name} ${packageVersion(name)}`).join(', ');

export const plainScript = (): Peer => script('plain script', 'plain-script.ts', () => []);

/** It asks what became of its bulk calls, as one must who wants to know that they were written. */
export const goodScript = (): Peer =>
  script('good script', '../yardstick.ts', (directory) => [
    '--poll',
    ...['--batch', String(customersInBulk)],
    ...['--hashes', join(directory, 'hashes.json')],
  ]);

function script(name: string, file: string, args: (directory: string) => string[]): Peer {
  return {
    name,
    version: sdks(),
    isService: false,
    async make({ hubspot, voucherify }) {
      const directory = mkdtempSync(join(tmpdir(), 'tributary-peers-'));
      const processes = new Processes();
      const path = fileURLToPath(new URL(file, import.meta.url));
      const environment = { HUBSPOT_TOKEN: 'bench', VOUCHERIFY_APP_ID: 'bench', VOUCHERIFY_TOKEN: 'bench' };
      const options = [path, '--hubspot', hubspot, '--voucherify', voucherify, ...args(directory)];
      return {
        processes,
        start: async () => {},
        async sync() {
          const tree = processes.start(process.execPath, options, { environment });
          const how = await tree.exit;
          if (how === 0) return { success: true, words: 'done' };
          const reason = /(?:code|status(?:Code)?): (\d{3})/i.exec(tree.output)?.[1];
          return { success: false, words: `failed${reason ? `, ${reason}` : ` with ${how}`}` };
        },
        databaseCpuSeconds: async () => null,
        end: async () => rmSync(directory, { recursive: true, force: true }),
      };
    },
  };
}
