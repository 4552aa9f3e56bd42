// What people do in the sandbox: agents edit contacts, readers edit their profiles, some use the app, some buy and get points. Each
// change is told by the vendor's webhook. It does not know Tributary.
import { personProperties, type Random, randomOf, whole } from '../hubspot/people.ts';
import type { CustomerFacts } from '../voucherify/customer-facts.ts';
import { type Accounts, categories, languages, profileOf } from './accounts.ts';
import type { Courier } from './courier.ts';

const stages = ['subscriber', 'lead', 'marketingqualifiedlead', 'opportunity', 'customer', 'evangelist'];

const cities = ['Kraków', 'Łódź', 'Lyon', 'Porto', 'Leeds'];

const versions = ['7.1.0', '7.2.0', '7.2.1'];

/** By the points from which it is reached. */
const tiers: readonly [points: number, name: string][] = [
  [2_000, 'Gold'],
  [750, 'Silver'],
  [0, 'Bronze'],
];

export class Life {
  readonly #accounts: Accounts;
  readonly #courier: Courier;
  readonly #maxContacts: number;
  #turn = 0;

  /** `maxContacts`: with so many, those included who left, nobody comes or leaves any more. */
  constructor(accounts: Accounts, courier: Courier, { maxContacts }: { maxContacts: number }) {
    this.#accounts = accounts;
    this.#courier = courier;
    this.#maxContacts = maxContacts;
  }

  /** A moment of it. */
  go(): void {
    this.#turn += 1;
    const random = randomOf(Date.now() & 0xffff, this.#turn);
    this.#editContacts(random);
    if (this.#turn % 2 === 0) this.#editProfile(random);
    if (this.#turn % 2 === 1) this.#useApp(random);
    this.#buy(random);
    this.#push();
  }

  #editContacts(random: Random): void {
    const { hubspot } = this.#accounts;
    const ids: string[] = [];
    for (const { id, archived } of hubspot.contacts()) if (!archived) ids.push(id);
    const someone = () => one(ids, random);
    for (let count = whole(random, 1, 3); count > 0; count -= 1)
      hubspot.update(someone(), { lifecyclestage: one(stages, random) });
    if (this.#turn % 4 === 0) hubspot.update(someone(), { city: one(cities, random) });
    if (hubspot.size >= this.#maxContacts) return;
    if (this.#turn % 8 === 0) this.#welcome(someone);
    if (this.#turn % 40 === 0) hubspot.archive(someone());
  }

  /** Somebody new, with a name that is already known, who takes the newsletter. */
  #welcome(someone: () => string): void {
    const { hubspot, klaviyo } = this.#accounts;
    const [firstname = 'Robin', lastname = 'Smith'] = [personProperties[1]!, personProperties[2]!].map(
      (name) => hubspot.get(someone())?.properties[name] ?? undefined,
    );
    const id = hubspot.create({
      firstname,
      lastname,
      email: `new.${Date.now()}@example.org`,
      lifecyclestage: 'subscriber',
      newsletter_opt_in: 'true',
    });
    const contact = hubspot.get(id);
    const profile = contact && profileOf(contact);
    if (profile) klaviyo.create(profile);
  }

  #editProfile(random: Random): void {
    const { klaviyo } = this.#accounts;
    const id = one(klaviyo.ids(), random);
    const { properties } = klaviyo.get(id)!.attributes;
    const changed =
      this.#turn % 4 === 0
        ? { properties: { ...(properties as object), favourite_category: one(categories, random) } }
        : { locale: one(languages, random) };
    klaviyo.update(id, changed);
    const event = klaviyo.push!.event(id, 'event:klaviyo.consented_email', Date.now());
    this.#courier.post(() => klaviyo.push!.system([event], Date.now()), { found: true });
  }

  /** The app knows whom the CRM knows. */
  #useApp(random: Random): void {
    const { hubspot, segment } = this.#accounts;
    const contacts = [...hubspot.contacts()].filter(({ archived }) => !archived);
    segment.identify(one(contacts, random).id, {
      last_viewed_category: one(categories, random),
      app_version: one(versions, random),
    });
  }

  /** Two customers get points, and with them a tier; every fourth purchase earns a code. */
  #buy(random: Random): void {
    const { voucherify } = this.#accounts;
    if (voucherify.count === 0) return;
    const buyers = [...voucherify.customers()].filter(({ source_id }) => source_id !== undefined);
    for (let count = 2; count > 0; count -= 1) {
      const sourceId = one(buyers, random).source_id!;
      const points = (this.#accounts.facts.get(sourceId)?.points ?? 0) + whole(random, 50, 900);
      const earned = whole(random, 1, 4) === 4;
      this.#accounts.give(
        sourceId,
        { ...membership(sourceId, points), ...(earned && { vouchers: [voucher(sourceId, this.#turn)] }) },
        earned ? 'publication.succeeded' : 'customer.rewarded.loyalty_points',
      );
    }
  }

  /** What HubSpot and Segment have to say of it. */
  #push(): void {
    const { hubspot, segment } = this.#accounts;
    for (const request of hubspot.push?.take(Date.now()) ?? []) {
      const letter = (attempt: number) =>
        attempt === 0 ? request : hubspot.push!.again(request, Date.now());
      this.#courier.post(letter, { found: true });
    }
    for (const request of segment.take()) this.#courier.post(() => request, { found: false });
  }
}

function membership(sourceId: string, points: number): CustomerFacts {
  const [, tier = ''] = tiers.find(([from]) => points >= from) ?? [];
  return { points, campaigns: { 'Loyalty Program': points }, tiers: [tier], card: `CARD-${sourceId}` };
}

function voucher(sourceId: string, turn: number): NonNullable<CustomerFacts['vouchers']>[number] {
  return {
    code: `THANKS-${sourceId}-${turn}`,
    campaign: 'Thank you',
    assignedAt: new Date().toISOString(),
  };
}

function one<Thing>(list: readonly Thing[], random: Random): Thing {
  return list[whole(random, 0, list.length - 1)]!;
}
