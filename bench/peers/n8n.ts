// n8n: a service on a folder of its own, told to sync by its production webhook. The folder is prepared once by its CLI and copied for
// each that is made.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '../plans.ts';
import { installTool } from './installation.ts';
import { readyPath, type Way, workflow, workflowName } from './n8n-workflow.ts';
import { type Peer, Processes } from './peer.ts';
import { ask, freePort, untilReady } from './service.ts';
import { installedForTheBench } from './versions.ts';

const ways: Way[] = ['single', 'bulk'];
const limits: (Plan | null)[] = [null, 'business'];
const commandMs = 180_000;

/** Both ways, and how what they share is removed. */
export function n8n(): { peers: Peer[]; end: () => void } {
  const program = join(installTool('n8n'), 'bin', 'n8n');
  const prepared = mkdtempSync(join(tmpdir(), 'tributary-peers-'));
  prepare(program, prepared);
  const peers = ways.map((way) => peerOf(program, prepared, way));
  return { peers, end: () => rmSync(prepared, { recursive: true, force: true }) };
}

function prepare(program: string, folder: string): void {
  const workflows = join(folder, 'workflows');
  mkdirSync(workflows);
  const names: string[] = [];
  for (const way of ways)
    for (const plan of limits) {
      const name = workflowName(way, plan);
      names.push(name);
      writeFileSync(join(workflows, `${name}.json`), JSON.stringify(workflow(way, plan)));
    }
  command(program, folder, ['import:workflow', '--separate', `--input=${workflows}`]);
  for (const name of names) command(program, folder, ['publish:workflow', `--id=${name}`]);
}

function command(program: string, folder: string, args: string[]): void {
  const env = { ...process.env, ...environment(folder) };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    timeout: commandMs,
    env,
  });
  if (status !== 0)
    throw new Error(`n8n ${args[0]} ended with ${status}: ${`${stdout}${stderr}`.slice(-500).trim()}`);
}

function peerOf(program: string, prepared: string, way: Way): Peer {
  return {
    name: way === 'single' ? 'n8n, one call a customer' : 'n8n, bulk calls',
    version: `n8n ${installedForTheBench.n8n}`,
    isService: true,
    async make({ hubspot, voucherify }, plan) {
      const directory = mkdtempSync(join(tmpdir(), 'tributary-peers-'));
      cpSync(prepared, directory, { recursive: true });
      const processes = new Processes();
      const [port, brokerPort] = [await freePort(), await freePort()];
      const address = `http://127.0.0.1:${port}`;
      return {
        processes,
        async start() {
          const tree = processes.start(process.execPath, [program, 'start'], {
            directory,
            environment: {
              ...environment(directory),
              N8N_PORT: String(port),
              N8N_RUNNERS_BROKER_PORT: String(brokerPort),
            },
          });
          await untilReady(tree, `${address}/webhook/${readyPath(way, plan)}`, 'Workflow was started');
        },
        async sync() {
          const url = `${address}/webhook/${workflowName(way, plan)}`;
          const { status, text } = await ask('POST', url, { body: { hubspot, voucherify } });
          return status === 200 && text.includes('"done"')
            ? { success: true, words: 'done' }
            : { success: false, words: `failed: ${text.slice(0, 60)}` };
        },
        databaseCpuSeconds: async () => null,
        end: async () => rmSync(directory, { recursive: true, force: true }),
      };
    },
  };
}

/** On loopback, and it asks nobody but the vendors. All else is as installed. */
const environment = (folder: string) => ({
  N8N_USER_FOLDER: folder,
  N8N_LISTEN_ADDRESS: '127.0.0.1',
  N8N_DIAGNOSTICS_ENABLED: 'false',
  N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
  N8N_TEMPLATES_ENABLED: 'false',
});
