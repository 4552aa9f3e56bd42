// A world to try Tributary in: a simulated CRM, newsletter and app over the same people, who keep changing, and a simulated Voucherify,
// all on loopback. It survives restarts and kills by journals. It does not know Tributary.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAccounts } from './sandbox/accounts.ts';
import { Breaks, controlApp, type Vendor } from './sandbox/breaks.ts';
import { sandboxConfig } from './sandbox/config.ts';
import { Courier } from './sandbox/courier.ts';
import { Life } from './sandbox/life.ts';
import { serve } from './serve.ts';

export { sandboxConfig } from './sandbox/config.ts';

const contacts = 3_000;

/** The world grows to so many times the contacts that it began with. */
const growth = 2;

const latencyMs = 30;

const lifeMs = 1_500;

const controlFile = 'control.json';

export interface Sandbox {
  /** A configuration that reads and writes it, as a file would hold it. */
  config: object;
  /** Where it is told what to do. */
  control: string;
  vendors(): Vendor[];
  close(): Promise<void>;
}

export interface SandboxOptions {
  /** The world kept in it is opened, or a new one. */
  directory: string;
  /** Where Tributary takes webhooks. */
  address: string;
  /** Kills who reads and writes the vendors. */
  kill: () => void;
  /** Contacts at HubSpot in the beginning. Default: 3,000. */
  people?: number;
  /** Nobody changes anything unless asked to. */
  still?: boolean;
}

export async function startSandbox({
  directory,
  address,
  kill,
  people = contacts,
  still = false,
}: SandboxOptions): Promise<Sandbox> {
  mkdirSync(directory, { recursive: true });
  const courier = new Courier();
  const voucherifyFault = () => breaks.voucherifyFault();
  const accounts = openAccounts({ directory, people, courier, address, voucherifyFault });
  const { hubspot, klaviyo, segment, voucherify } = accounts;
  const breaks: Breaks = new Breaks({ hubspot, voucherify, kill });
  hubspot.faults = breaks.hubspotFault;
  courier.isLosing = () => breaks.lasts('lost-webhooks');
  const served = await Promise.all(
    [hubspot, klaviyo, voucherify].map(({ app }) => serve(app, { latencyMs })),
  );
  const [crm, newsletter, destination] = served.map(({ url }) => url) as [string, string, string];
  const config = sandboxConfig({
    hubspot: crm,
    klaviyo: newsletter,
    voucherify: destination,
    door: address,
  });
  const vendors = (): Vendor[] => [
    {
      name: 'HubSpot',
      url: crm,
      says: 'The CRM. Polled every 10 seconds, and it sends webhooks.',
      people: hubspot.size,
      noun: 'contacts',
    },
    {
      name: 'Klaviyo',
      url: newsletter,
      says: 'The newsletter. Polled every 15 seconds, and it sends webhooks.',
      people: klaviyo.ids().length,
      noun: 'profiles',
    },
    {
      name: 'Segment',
      url: '',
      says: 'The app. It only sends webhooks.',
      people: segment.users.size,
      noun: 'users seen',
    },
    {
      name: 'Voucherify',
      url: destination,
      says: 'The destination. Points, tiers and codes flow back to HubSpot and Klaviyo.',
      people: voucherify.count,
      noun: 'customers',
    },
  ];
  const control = await serve(controlApp(breaks, { vendors, config }));
  // By it a command finds the sandbox that runs.
  writeFileSync(join(directory, controlFile), JSON.stringify({ url: control.url }));
  const life = new Life(accounts, courier, { maxContacts: growth * people });
  const living = still ? undefined : setInterval(() => life.go(), lifeMs);
  return {
    config,
    control: control.url,
    vendors,
    async close() {
      clearInterval(living);
      courier.close();
      rmSync(join(directory, controlFile), { force: true });
      await Promise.all([...served, control].map((one) => one.close()));
    },
  };
}
