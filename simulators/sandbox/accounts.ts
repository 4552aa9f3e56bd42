// The sandbox's accounts at vendors, over the same people, kept in journals: a CRM, a newsletter, an app, and Voucherify. Who a
// person is everywhere says the ID of the contact at HubSpot. It does not know Tributary.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomOf, whole } from '../hubspot/people.ts';
import { type Change, type Contact, createHubSpotSimulator, type HubSpotSimulator } from '../hubspot.ts';
import {
  type Attributes,
  createKlaviyoSimulator,
  type KlaviyoSimulator,
  type StoredProfile,
} from '../klaviyo.ts';
import { SegmentSimulator } from '../segment.ts';
import type { TruthCustomer } from '../voucherify/customer-body.ts';
import type { CustomerFacts } from '../voucherify/customer-facts.ts';
import type { StoredCustomer } from '../voucherify/truth.ts';
import {
  createVoucherifySimulator,
  type Fault,
  signWebhook,
  type VoucherifySimulator,
  type WebhookEnvelope,
} from '../voucherify.ts';
import type { Courier } from './courier.ts';
import { Journal } from './journal.ts';
import { keys, type Own, own } from './keys.ts';

export interface Accounts {
  hubspot: HubSpotSimulator;
  klaviyo: KlaviyoSimulator;
  /** Only pushes. */
  segment: SegmentSimulator;
  voucherify: VoucherifySimulator;
  /** What the shop gave customers, by source ID. */
  facts: ReadonlyMap<string, CustomerFacts>;
  /** What the shop gives a customer; it is told by a webhook. */
  give(sourceId: string, facts: CustomerFacts, told: Parameters<VoucherifySimulator['setFacts']>[2]): void;
}

export interface Opening {
  directory: string;
  /** Contacts at HubSpot in the beginning. */
  people: number;
  courier: Courier;
  /** Where webhooks are taken, without a slash at the end. */
  address: string;
  voucherifyFault: () => Fault;
}

export function openAccounts(opening: Opening): Accounts {
  const { hubspot, replay } = openHubSpot(opening);
  const klaviyo = openKlaviyo(opening, hubspot);
  replay();
  const segment = new SegmentSimulator({
    now: Date.now,
    url: `${opening.address}/webhooks/segment`,
    sharedSecret: keys.segment.sharedSecret,
  });
  return { hubspot, klaviyo, segment, ...openVoucherify(opening) };
}

/** `replay`: brings what it was seeded with to where the world stood. */
function openHubSpot({ directory, people, address }: Opening): {
  hubspot: HubSpotSimulator;
  replay: () => void;
} {
  const journal = new Journal<{ contact: Contact; change: Change }>(
    join(directory, 'hubspot.jsonl'),
    ({ contact, change }) => (change.type === 'merge' ? `merge ${contact.id}` : contact.id),
  );
  const hubspot = createHubSpotSimulator({
    accessToken: keys.hubspot.accessToken,
    plan: 'professional',
    indexLagMs: 2_000,
    push: { clientSecret: keys.hubspot.clientSecret, url: `${address}/webhooks/hubspot` },
    onWrite: (contact, change) => journal.add({ contact, change }),
  });
  hubspot.seed(people, 1, bornAt(directory));
  for (const [name, { type, label }] of Object.entries(own))
    hubspot.define({ name: inHubSpot(name), type, label });
  return {
    hubspot,
    replay() {
      const kept = journal.read();
      // Only the last state of each is known: on the way there nobody may stand where another one stood before.
      for (const { contact, change } of kept)
        hubspot.replay(contact, { type: 'privacyDeletion', atMs: change.atMs });
      for (const { contact, change } of kept) hubspot.replay(contact, change);
    },
  };
}

/** The property of HubSpot that a value of ours is written back to. */
export function inHubSpot(name: Own | string): string {
  return `voucherify_${name}`;
}

/** When this world began: the same people are seeded again at each start. */
function bornAt(directory: string): number {
  const file = join(directory, 'born.json');
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(Date.now()));
  return JSON.parse(readFileSync(file, 'utf8')) as number;
}

/** Who takes the newsletter is a profile. Of `hubspot` what it was seeded with. */
function openKlaviyo({ directory, address }: Opening, hubspot: HubSpotSimulator): KlaviyoSimulator {
  const journal = new Journal<StoredProfile>(join(directory, 'klaviyo.jsonl'), ({ id }) => id);
  let isOpen = false;
  const klaviyo = createKlaviyoSimulator({
    apiKey: keys.klaviyo.apiKey,
    onWrite: (profile) => isOpen && journal.add(profile),
    push: { url: `${address}/webhooks/klaviyo`, secretKey: keys.klaviyo.webhookSecret },
  });
  for (const contact of hubspot.contacts()) {
    const profile = profileOf(contact);
    if (profile) klaviyo.create(profile, Date.parse(contact.updatedAt));
  }
  for (const profile of journal.read()) klaviyo.replay(profile);
  isOpen = true;
  return klaviyo;
}

export const languages = ['pl-PL', 'de-DE', 'en-US', 'fr-FR', 'es-ES'];

export const categories = ['Books', 'Garden', 'Music', 'Sport', 'Travel'];

/** What a subscriber typed in at the newsletter; null for somebody who takes none. */
export function profileOf({ id, properties }: Contact): Attributes | null {
  if (!properties['email'] || properties['newsletter_opt_in'] !== 'true') return null;
  const random = randomOf(7, Number(id));
  const some = (list: readonly string[]) => list[whole(random, 0, list.length - 1)]!;
  const day = (most: number) => String(whole(random, 1, most)).padStart(2, '0');
  // Some read their mail elsewhere than the CRM knows: this is why the configuration takes Klaviyo's word for it.
  const email = random() < 0.1 ? `reader.${id}@mail.example` : properties['email'];
  return {
    external_id: id,
    email,
    first_name: properties['firstname'],
    last_name: properties['lastname'],
    locale: some(languages),
    properties: {
      favourite_category: some(categories),
      ...(random() < 0.6 && { birthday: `${whole(random, 1950, 2005)}-${day(12)}-${day(28)}` }),
    },
  };
}

function openVoucherify({ directory, courier, address, voucherifyFault }: Opening) {
  const journal = new Journal<{ customer: TruthCustomer; kind: string }>(
    join(directory, 'voucherify.jsonl'),
    ({ customer }) => customer.id,
  );
  const given = new Journal<{ sourceId: string; facts: CustomerFacts }>(
    join(directory, 'facts.jsonl'),
    ({ sourceId }) => sourceId,
  );
  const url = `${address}/webhooks/destination`;
  const voucherify = createVoucherifySimulator({
    now: Date.now,
    appId: keys.voucherify.appId,
    appToken: keys.voucherify.appToken,
    metadataWrites: 'merge',
    faults: voucherifyFault,
    quotas: { apiCalls: { requests: 2000, seconds: 60 }, bulkCalls: { requests: 60, seconds: 3600 } },
    bulkProcessing: { waitMs: 300, recordMs: 0.2 },
    metadataSchema: {
      allow_defined_only: false,
      properties: {
        lifecycle_stage: { type: 'string' },
        company: { type: 'string' },
        newsletter: { type: 'boolean' },
        language: { type: 'string' },
        favourite_category: { type: 'string' },
        last_viewed_category: { type: 'string' },
        app_version: { type: 'string' },
      },
    },
    onWrite: (customer, kind) => journal.add({ customer, kind }),
    webhookTargetUrl: url,
    webhooks: (envelope) => courier.post(() => signed(url, envelope), { found: false }),
  });
  const customers = new Map<string, StoredCustomer>();
  const kept = journal.read();
  for (const { customer, kind } of kept) if (kind !== 'deleted') customers.set(customer.id, stored(customer));
  const idsGiven = kept.reduce((most, { customer }) => Math.max(most, numberIn(customer.id)), 0);
  const empty = voucherify.snapshot();
  voucherify.restoreSnapshot({
    ...empty,
    truth: { ...empty.truth, customers: [...customers.values()], ids_given: idsGiven },
  });
  const held = new Map<string, CustomerFacts>();
  const keep = (sourceId: string, facts: CustomerFacts, told: Parameters<Accounts['give']>[2]) => {
    held.set(sourceId, { ...held.get(sourceId), ...facts });
    voucherify.setFacts(sourceId, facts, told);
  };
  for (const { sourceId, facts } of given.read())
    if (voucherify.bySourceId(sourceId)) keep(sourceId, facts, null);
  return {
    voucherify,
    facts: held,
    give(...[sourceId, facts, told]: Parameters<Accounts['give']>) {
      keep(sourceId, facts, told);
      given.add({ sourceId, facts: held.get(sourceId)! });
    },
  };
}

/** `cust_…01c` is the number that it was created by, to the base of 36. */
function numberIn(id: string): number {
  return Number.parseInt(id.slice(id.indexOf('_') + 1), 36) || 0;
}

function signed(url: string, envelope: WebhookEnvelope) {
  const body = JSON.stringify(envelope);
  const signature = signWebhook(body, keys.voucherify.webhookSecret);
  const headers = { 'content-type': 'application/json', 'x-voucherify-signature': signature };
  return { method: 'POST', url, headers, body };
}

function stored({ created_at, updated_at, ...customer }: TruthCustomer): StoredCustomer {
  const updated = updated_at ? { updated_at_ms: Date.parse(updated_at) } : {};
  return { ...(customer as StoredCustomer), created_at_ms: Date.parse(created_at), ...updated, writes: 1 };
}
