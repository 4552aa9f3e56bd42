// A world to try Tributary in: a simulated HubSpot whose people keep changing and a simulated Voucherify, both on
// loopback. It survives restarts and kills by a journal. It does not know Tributary.

import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { personProperties, randomOf, whole } from './hubspot/people.ts';
import {
  type Change,
  type Contact,
  createHubSpotSimulator,
  type HubSpotSimulator,
  type PushedRequest,
} from './hubspot.ts';
import { Breaks, breaksApp } from './sandbox-breaks.ts';
import { serve } from './serve.ts';
import type { TruthCustomer } from './voucherify/customer-body.ts';
import type { StoredCustomer } from './voucherify/truth.ts';
import { createVoucherifySimulator, type Fault } from './voucherify.ts';

const accessToken = 'pat-sandbox-00000000';

const clientSecret = 'sandbox-client-secret';

const appId = 'sandbox-app';

const appToken = 'sandbox-token';

const people = 5_000;

export const controlFile = 'control.json';

export interface Sandbox {
  /** A configuration that reads and writes it, as a file would hold it. */
  config: object;
  /** What it is, for a person to read. */
  summary: string[];
  close(): Promise<void>;
}

/** Opens the world kept in `directory`, or a new one. `address`: where Tributary takes webhooks; null: it is not known. */
export async function startSandbox({
  directory,
  address,
}: {
  directory: string;
  address: string | null;
}): Promise<Sandbox> {
  mkdirSync(directory, { recursive: true });
  const hubspot = openHubSpot(directory, address);
  const voucherify = openVoucherify(directory, () => breaks.voucherifyFault());
  const [source, destination] = [
    await serve(hubspot.app, { latencyMs: 30 }),
    await serve(voucherify.app, { latencyMs: 30 }),
  ];
  const breaks: Breaks = new Breaks({ hubspot, voucherify });
  hubspot.faults = breaks.hubspotFault;
  const control = await serve(breaksApp(breaks));
  // By it a command finds the sandbox that runs.
  writeFileSync(join(directory, controlFile), JSON.stringify({ url: control.url }));
  const life = setInterval(() => live(hubspot), 1_500);
  const pushing = setInterval(() => void push(hubspot), 1_000);
  return {
    config: sandboxConfig(source.url, destination.url, address),
    summary: [
      `simulated HubSpot    ${source.url}  ${hubspot.size.toLocaleString('en')} contacts that keep changing`,
      `simulated Voucherify ${destination.url}  ${voucherify.count.toLocaleString('en')} customers`,
      'To hurt it and watch: tributary sandbox break',
    ],
    async close() {
      clearInterval(life);
      clearInterval(pushing);
      rmSync(join(directory, controlFile), { force: true });
      await Promise.all([source.close(), destination.close(), control.close()]);
    },
  };
}

/** A configuration that reads and writes simulated vendors at these addresses. */
export function sandboxConfig(hubspotUrl: string, voucherifyUrl: string, address: string | null): object {
  return {
    ...(address !== null && { publicUrl: address }),
    destination: {
      connector: 'voucherify',
      appId,
      appToken,
      baseUrl: voucherifyUrl,
      quota: { requests: 2000, seconds: 60, reserve: 0.2 },
      bulkQuota: { requests: 60, seconds: 3600 },
      metadataWrites: 'merge',
    },
    sources: {
      hubspot: {
        connector: 'hubspot',
        accessToken,
        clientSecret,
        baseUrl: hubspotUrl,
        schedule: '*/10 * * * * *',
        mapping: {
          name: ['firstname', 'lastname'],
          email: 'email',
          phone: { from: 'phone', as: 'text' },
          'address.city': 'city',
          'address.postal_code': 'zip',
          'address.country': 'country',
          'metadata.lifecycle_stage': 'lifecyclestage',
          'metadata.company': 'company',
          'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
          'metadata.newsletter': { from: 'newsletter_opt_in', as: 'boolean' },
        },
      },
    },
  };
}

// ── HubSpot ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function openHubSpot(directory: string, address: string | null): HubSpotSimulator {
  const journal = new Journal<{ contact: Contact; change: Change }>(join(directory, 'hubspot.jsonl'));
  const hubspot = createHubSpotSimulator({
    accessToken,
    plan: 'professional',
    indexLagMs: 2_000,
    ...(address !== null && { push: { clientSecret, url: `${address}/webhooks/hubspot` } }),
    onWrite: (contact, change) => journal.add({ contact, change }),
  });
  hubspot.seed(people, 1, bornAt(directory));
  for (const { contact, change } of journal.read()) hubspot.replay(contact, change);
  return hubspot;
}

/** When this world began: the same people are seeded again at each start. */
function bornAt(directory: string): number {
  const file = join(directory, 'born.json');
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(Date.now()));
  return JSON.parse(readFileSync(file, 'utf8')) as number;
}

/** Requests that were not answered with success: HubSpot sends them again. */
let unanswered: PushedRequest[] = [];

/** Sends what has happened, signed, as HubSpot does: most of it. Now and then one is lost, and a poll has to find it. */
async function push(hubspot: HubSpotSimulator): Promise<void> {
  const requests = [...unanswered, ...(hubspot.push?.take(Date.now()) ?? [])];
  unanswered = [];
  for (const request of requests) {
    if (turn % 20 === 19) continue;
    const again = hubspot.push!.again(request, Date.now());
    const { url, method, headers, body } = request;
    const answer = await fetch(url, { method, headers, body: Buffer.from(body) }).catch(() => null);
    if (!answer?.ok && unanswered.length < 100) unanswered.push(again);
  }
}

const stages = ['subscriber', 'lead', 'marketingqualifiedlead', 'opportunity', 'customer', 'evangelist'];

let turn = 0;

/** What people do in a moment: some change, sometimes one comes, rarely one goes. */
function live(hubspot: HubSpotSimulator): void {
  turn += 1;
  const random = randomOf(Date.now() & 0xffff, turn);
  const ids: string[] = [];
  for (const { id, archived } of hubspot.contacts()) if (!archived) ids.push(id);
  const someone = () => ids[whole(random, 0, ids.length - 1)]!;
  for (let count = whole(random, 1, 4); count > 0; count -= 1) {
    hubspot.update(someone(), {
      lifecyclestage: stages[whole(random, 0, stages.length - 1)]!,
      loyalty_points: whole(random, 0, 5_000),
    });
  }
  if (turn % 4 === 0)
    hubspot.update(someone(), { city: ['Kraków', 'Łódź', 'Lyon', 'Porto', 'Leeds'][whole(random, 0, 4)]! });
  if (turn % 8 === 0) {
    const [firstname, lastname] = [personProperties[1]!, personProperties[2]!].map(
      (name) => hubspot.get(someone())?.properties[name] ?? 'Robin',
    );
    hubspot.create({
      firstname: firstname!,
      lastname: lastname!,
      email: `new.${Date.now()}@example.org`,
      lifecyclestage: 'subscriber',
    });
  }
  if (turn % 40 === 0) hubspot.archive(someone());
}

// ── Voucherify ──────────────────────────────────────────────────────────────────────────────────────────────────────

function openVoucherify(directory: string, faults: () => Fault) {
  const journal = new Journal<{ customer: TruthCustomer; kind: string }>(join(directory, 'voucherify.jsonl'));
  const voucherify = createVoucherifySimulator({
    now: Date.now,
    appId,
    appToken,
    metadataWrites: 'merge',
    faults,
    quotas: { apiCalls: { requests: 2000, seconds: 60 }, bulkCalls: { requests: 60, seconds: 3600 } },
    bulkProcessing: { waitMs: 300, recordMs: 0.2 },
    metadataSchema: {
      allow_defined_only: false,
      properties: {
        lifecycle_stage: { type: 'string' },
        company: { type: 'string' },
        loyalty_points: { type: 'number' },
        newsletter: { type: 'boolean' },
      },
    },
    onWrite: (customer, kind) => journal.add({ customer, kind }),
  });
  const customers = new Map<string, StoredCustomer>();
  for (const { customer, kind } of journal.read()) {
    if (kind === 'deleted') customers.delete(customer.id);
    else customers.set(customer.id, stored(customer));
  }
  const empty = voucherify.snapshot();
  voucherify.restoreSnapshot({
    ...empty,
    truth: { ...empty.truth, customers: [...customers.values()], ids_given: journal.lines },
  });
  return voucherify;
}

function stored({ created_at, updated_at, ...customer }: TruthCustomer): StoredCustomer {
  const updated = updated_at ? { updated_at_ms: Date.parse(updated_at) } : {};
  return { ...(customer as StoredCustomer), created_at_ms: Date.parse(created_at), ...updated, writes: 1 };
}

// ── What happened ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Lines that outlive a kill: each is in the file before the answer that tells of it. */
class Journal<Entry> {
  readonly #file: string;
  lines = 0;

  constructor(file: string) {
    this.#file = file;
  }

  *read(): Iterable<Entry> {
    if (!existsSync(this.#file)) return;
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      this.lines += 1;
      try {
        if (line) yield JSON.parse(line) as Entry;
      } catch {
        // The last line of a killed world may be torn: its write was never answered.
      }
    }
  }

  add(entry: Entry): void {
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }
}
