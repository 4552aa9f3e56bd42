// Node-RED: a service on a folder of its own, told to sync by its flow's address.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installTool } from './installation.ts';
import { nodeRedFlow } from './node-red-flow.ts';
import { type Peer, Processes } from './peer.ts';
import { ask, freePort, untilReady } from './service.ts';
import { installedForTheBench } from './versions.ts';

export function nodeRed(): Peer {
  const installed = installTool('node-red');
  return {
    name: 'Node-RED, one call a customer',
    version: `node-red ${installedForTheBench['node-red']}`,
    isService: true,
    async make({ hubspot, voucherify }, plan) {
      const directory = mkdtempSync(join(tmpdir(), 'tributary-peers-'));
      const processes = new Processes();
      const port = await freePort();
      writeFileSync(join(directory, 'flows.json'), JSON.stringify(nodeRedFlow(plan)));
      writeFileSync(join(directory, 'settings.js'), settings(port));
      const address = `http://127.0.0.1:${port}`;
      return {
        processes,
        async start() {
          const args = [join(installed, 'red.js'), '--userDir', directory, 'flows.json'];
          await untilReady(processes.start(process.execPath, args, { directory }), `${address}/ready`);
        },
        async sync() {
          const { status, text } = await ask('POST', `${address}/sync`, { body: { hubspot, voucherify } });
          return status === 200
            ? { success: true, words: 'done' }
            : { success: false, words: `failed: ${text.slice(0, 60)}` };
        },
        databaseCpuSeconds: async () => null,
        end: async () => rmSync(directory, { recursive: true, force: true }),
      };
    },
  };
}

const settings = (port: number) => `module.exports = {
  uiHost: '127.0.0.1',
  uiPort: ${port},
  flowFile: 'flows.json',
  credentialSecret: false,
  telemetry: { enabled: false },
  logging: { console: { level: 'warn', metrics: false, audit: false } },
};
`;
