// A world to measure in: both vendors, simulated, in a process of their own, and a third port to ask it questions. It
// does not know who is measured.
import { Hono } from 'hono';
import { randomOf } from '../simulators/hubspot/people.ts';
import { type Contact, createHubSpotSimulator } from '../simulators/hubspot.ts';
import { serve } from '../simulators/serve.ts';
import { createVoucherifySimulator, type TruthCustomer } from '../simulators/voucherify.ts';
import { type Plan, plans } from './plans.ts';
import { replayed } from './replayed.ts';
import type { Requests, Verdict, WorldAddress } from './vendors.ts';

const [contacts = 0, latencyMs = 0] = process.argv.slice(2, 4).map(Number);
/** Voucherify's limits; without a plan there are none. */
const plan = (process.argv[4] || undefined) as Plan | undefined;
/** Whether HubSpot's answers are given again as they were. */
const isReplayed = process.argv[5] === 'replayed';
const seedNumber = 7;

const hubspot = createHubSpotSimulator({ quotas: false });
// Old enough that no contact falls into the minutes before the first reading, which are searched again afterwards.
hubspot.seed(contacts, seedNumber, Date.now() - 3_600_000);
let failingShare = 0;
let callsSinceFailing = 0;
const draw = randomOf(seedNumber, 0);
const voucherify = createVoucherifySimulator({
  now: Date.now,
  faults: fault,
  ...(plan && { quotas: plans[plan] }),
  appId: 'bench',
  appToken: 'bench',
  metadataWrites: 'merge',
  bulkProcessing: { waitMs: 20, recordMs: 0.1 },
});

const control = new Hono();
const counted = (): Requests => ({
  ...Object.fromEntries(
    Object.entries(hubspot.requests.toJSON()).map(([route, { calls }]) => [`hubspot ${route}`, calls]),
  ),
  ...Object.fromEntries([...voucherify.requests].map(([route, calls]) => [`voucherify ${route}`, calls])),
});
control.get('/requests', (c) => c.json(counted()));
control.get('/verdict', (c) => c.json(compare()));
control.get('/customers', (c) => c.json({ customers: voucherify.count }));
/** This share of Voucherify's calls fails from now on. */
control.post('/failing', (c) => {
  failingShare = Number(c.req.query('share'));
  callsSinceFailing = 0;
  return c.json({ failingShare });
});
/** Every so many contacts gets another company. */
control.post('/changes', (c) => {
  const every = Number(c.req.query('every'));
  const ids = Array.from(hubspot.contacts(), ({ id }) => id).filter((_, index) => index % every === 0);
  for (const id of ids) hubspot.update(id, { company: `Company of ${id} at ${Date.now()}` });
  return c.json({ changed: ids.length });
});

/** By chance and as often 503 as 429. The second call always fails, so that whoever makes few calls meets a failure too. */
function fault(): Response | undefined {
  callsSinceFailing += 1;
  if (draw() >= failingShare && !(failingShare > 0 && callsSinceFailing === 2)) return undefined;
  if (draw() < 0.5) return Response.json({ code: 503, message: 'Service unavailable' }, { status: 503 });
  const headers = { 'Retry-After': '1' };
  return Response.json({ code: 429, message: 'Too many requests' }, { status: 429, headers });
}

/** Does Voucherify hold every contact, each with every field, and nobody else? An absent value and null are the same. */
function compare(): Verdict {
  const differences: string[] = [];
  const customers = voucherify.count;
  const held = new Map(Array.from(voucherify.customers(), (customer) => [customer.source_id, customer]));
  let missing = 0;
  for (const contact of hubspot.contacts()) {
    const customer = held.get(contact.id);
    if (!customer) missing += 1;
    const [wanted, found] = [wantedOf(contact), foundOf(customer)];
    held.delete(contact.id);
    if (wanted !== found) differences.push(`${contact.id}: ${found} instead of ${wanted}`);
  }
  for (const sourceId of held.keys()) differences.push(`${sourceId}: nobody in HubSpot`);
  return {
    contacts: hubspot.size,
    customers,
    differences: differences.length,
    missing,
    duplicated: customers - (hubspot.size - missing),
    examples: differences.slice(0, 3),
  };
}

function wantedOf({ properties: p }: Contact): string {
  const name = [p['firstname'], p['lastname']].filter(Boolean).join(' ');
  const points = p['loyalty_points'] ? Number(p['loyalty_points']) : null;
  const optIn = p['newsletter_opt_in'] ? p['newsletter_opt_in'] === 'true' : null;
  return written(
    [name, p['email'], p['phone'], p['city'], p['zip'], p['country']],
    [p['lifecyclestage'], p['company'], points, optIn],
  );
}

function foundOf(customer: TruthCustomer | undefined): string {
  if (!customer) return 'nobody';
  const { name, email, phone, address, metadata = {} } = customer;
  return written(
    [name, email, phone, address?.['city'], address?.['postal_code'], address?.['country']],
    ['lifecycle_stage', 'company', 'loyalty_points', 'newsletter'].map((key) => metadata[key]),
  );
}

const written = (attributes: unknown[], metadata: unknown[]) =>
  JSON.stringify([...attributes, ...metadata].map((value) => value ?? null));

const [servedHubSpot, servedVoucherify, servedControl] = await Promise.all([
  serve(isReplayed ? replayed(hubspot.app) : hubspot.app, { latencyMs }),
  serve(voucherify.app, { latencyMs }),
  serve(control),
]);
const address: WorldAddress = {
  hubspot: servedHubSpot.url,
  voucherify: servedVoucherify.url,
  control: servedControl.url,
};
console.log(JSON.stringify(address));
