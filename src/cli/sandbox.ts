// What `tributary start` runs where nothing is configured: simulated vendors on this machine, and a worker in a process of its own
// beside them, so that it can be killed. It knows where the vendors lie and nothing of what they simulate.
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Sandbox } from '../contract/sandbox.ts';
import { lockHolder } from '../db/lock.ts';
import { ownFolder } from '../db/own-folder.ts';
import { home } from '../home.ts';
import { CommandError, UsageError } from './errors.ts';

/** The vendors, in this process. */
export interface OpenSandbox {
  /** Where they are told what to do. */
  control: string;
  vendors(): Sandbox['vendors'];
  close(): Promise<void>;
}

export interface SandboxOptions {
  directory: string;
  /** Where simulated webhooks are sent. */
  address: string;
  /** Kills the worker. */
  kill(): void;
  /** Contacts in a new sandbox. */
  people?: number;
}

interface SandboxModule {
  startSandbox(options: SandboxOptions): Promise<OpenSandbox>;
}

/** It comes with the repository, not with the package or the container image. */
const module = new URL('simulators/sandbox.ts', home);

export const howToConfigure = `To connect real accounts, run "tributary init", which asks for the vendors and their keys. Or write tributary.config.json here
(or set TRIBUTARY_CONFIG to its path) and start again:

  {
    "$schema": "./tributary.schema.json",
    "destination": { "connector": "voucherify", "appId": "\${env:VOUCHERIFY_APP_ID}", "appToken": "\${env:VOUCHERIFY_APP_TOKEN}" },
    "sources": { "hubspot": { "connector": "hubspot", "accessToken": "\${env:HUBSPOT_ACCESS_TOKEN}", "schedule": "*/5 * * * *" } }
  }

"tributary check" then tries what the credentials allow.`;

/** The sandbox's folder: what was simulated and what was read of it go on from the last time. Delete it to begin anew. */
export function sandboxFolder(dataDir: string): string {
  const directory = join(dataDir, 'sandbox');
  const pid = lockHolder(join(directory, 'database'));
  if (pid !== null) {
    throw new CommandError(
      `The sandbox in ${directory} is in use by process ${pid}. Stop it first; every other command talks to it.`,
    );
  }
  ownFolder(directory);
  return directory;
}

export async function startSandbox(options: SandboxOptions): Promise<OpenSandbox> {
  const { startSandbox: start } = (await import(module.href)) as SandboxModule;
  return start(options);
}

/** Whether this installation has it. */
export const hasSandbox = (): boolean => existsSync(module);

/** Throws a UsageError where this installation has none. */
export function requireSandbox(): void {
  if (!hasSandbox())
    throw new UsageError(
      'This installation has no sandbox: it comes with a checkout of the repository, and is neither in the package nor in the image.',
    );
}

/** Webhooks need to know the port before the worker listens. */
export async function portFor(wanted: number): Promise<number> {
  if (wanted !== 0) return wanted;
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
