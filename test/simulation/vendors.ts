// The vendors of a simulation: what changes there, what they push, and what the destination should hold in the end. It knows no
// worker beyond the door at which webhooks come in.
import { createHubSpotSimulator, type HubSpotSimulator } from '../../simulators/hubspot.ts';
import { createVoucherifySimulator, type VoucherifySimulator } from '../../simulators/voucherify.ts';
import { held, truth } from '../support/sync-world.ts';
import type { Agenda } from './agenda.ts';
import { keys, publicUrl, quotas } from './configuration.ts';
import type { History, VendorEvent } from './history.ts';
import { type Random, streamOf } from './randomness.ts';
import { Shop, type ShopRequest } from './shop.ts';
import type { Trace } from './trace.ts';

export interface VendorsDeps {
  agenda: Agenda;
  trace: Trace;
  /** Takes a webhook to a worker: `number` says which. Never resolves where that dies over it. */
  send(number: number, request: Request): Promise<Response>;
}

/** What was sent, each time it is sent: signed anew. */
type Pushed = (attempt: number) => { source: string; headers: { [name: string]: string }; body: string };

export class Vendors {
  readonly hubspot: HubSpotSimulator;
  readonly voucherify: VoucherifySimulator;
  readonly #shop = new Shop();
  readonly #deps: VendorsDeps;
  readonly #traits: History['traits'];
  readonly #random: Random;
  /** What others have written to customers at the destination, by source ID. */
  readonly #others = new Map<string, number>();
  /** What a person has set by hand: points by source ID. */
  readonly pinned = new Map<string, number>();
  /** Who was erased, by source ID. */
  readonly erased = new Set<string>();
  /** By the ID of a contact into which others were merged: those, and what had been merged into them. */
  readonly #merged = new Map<string, readonly string[]>();
  /** Webhooks that were forged, and taken for real. */
  forgeriesTaken = 0;
  /** Webhooks are no longer lost. */
  isCalm = false;

  constructor({ seed, traits }: History, deps: VendorsDeps) {
    const { agenda } = deps;
    const now = () => Math.floor(agenda.now);
    this.#deps = deps;
    this.#traits = traits;
    this.#random = streamOf(seed, 'webhooks');
    const { accessToken, clientSecret, appId, appToken } = keys;
    this.hubspot = createHubSpotSimulator({
      now,
      accessToken,
      indexLagMs: traits.indexLagMs,
      survivorId: traits.survivorId,
      push: {
        clientSecret,
        url: `${publicUrl}/webhooks/hubspot`,
        duplicates: traits.duplicates / 100,
        seed,
      },
      // Mostly within a second or two, at times much later.
      onWrite: () => this.#soon(20_000 * this.#random() ** 3, () => this.#pushAll()),
    });
    this.hubspot.seed(traits.contacts, seed, agenda.now);
    this.voucherify = createVoucherifySimulator({
      now,
      appId,
      appToken,
      metadataWrites: traits.metadataWrites,
      badBulkRecord: traits.badBulkRecord,
      bulkProcessing: traits.bulk,
      nestedNulls: traits.nestedNulls,
      quotas,
      onWrite: (customer, kind) => {
        if (kind === 'deleted') this.#others.delete(customer.source_id!.replace(/_deleted.*$/, ''));
      },
    });
  }

  happen(event: VendorEvent): void {
    const now = Math.floor(this.#deps.agenda.now);
    switch (event.kind) {
      case 'create':
        this.hubspot.create(personOf(this.hubspot.size, event.value));
        return;
      case 'update':
        this.#withContact(event.contact, (id) => this.hubspot.update(id, changeOf(event.value)));
        return;
      case 'archive':
        this.#withContact(event.contact, (id) => this.hubspot.archive(id));
        return;
      case 'restore': {
        const gone = [...this.hubspot.contacts()].filter(({ archived }) => archived);
        const { id } = gone[event.contact % gone.length] ?? {};
        if (id !== undefined) this.hubspot.restore(id);
        return;
      }
      case 'merge':
        this.#withContact(event.contact, (id) =>
          this.#withContact(event.other, (other) => {
            if (id !== other) this.#merge(id, other);
          }),
        );
        return;
      case 'shop': {
        const id = this.#anyId(event.contact);
        const request = event.gone ? this.#shop.remove(id, now) : this.#shop.change(id, event.value, now);
        this.#pushShop(request, event.lateMs);
        return;
      }
      case 'others':
        this.#othersWrite(event.contact, event.value);
        return;
      case 'forgery':
        this.#forge(event.contact);
    }
  }

  /** What the destination should hold, by source ID, as `held` shows it. */
  expected(): Map<string, { [field: string]: unknown }> {
    const contacts = this.#contacts();
    const ids = [...new Set([...contacts.keys(), ...this.#shop.people.keys()])].sort();
    const none = { name: null, email: null, phone: null, city: null, stage: null, points: null };
    return new Map(
      ids
        .filter((id) => !this.erased.has(id))
        .map((id) => {
          const contact = contacts.get(id);
          const bought = this.#shop.people.get(id);
          const name = contact ? contact['name'] : (bought?.name ?? null);
          const others = this.#others.get(id) ?? null;
          const points = this.pinned.get(id) ?? contact?.['points'] ?? null;
          return [id, { ...none, ...contact, name, points, orders: bought?.orders ?? null, others }];
        }),
    );
  }

  /** As `expected`, for what is there. */
  held(): Map<string, { [field: string]: unknown }> {
    const found = held(this.voucherify);
    for (const [id, fields] of found) {
      const { metadata } = this.voucherify.bySourceId(id) ?? {};
      Object.assign(fields, { orders: metadata?.['orders'] ?? null, others: metadata?.['others'] ?? null });
    }
    return found;
  }

  /** Contacts by the source ID of their customer: one into which others were merged goes on as one of those. */
  #contacts(): ReturnType<typeof truth> {
    const byContact = truth(this.hubspot);
    const found: typeof byContact = new Map();
    for (const [id, contact] of byContact) {
      const names = [id, ...(this.#merged.get(id) ?? [])];
      // A person who was erased is not brought back by a merge.
      if (names.some((name) => this.erased.has(name))) continue;
      const isThere = (name: string) => {
        const customer = this.voucherify.bySourceId(name);
        return customer !== undefined && (customer.phone ?? customer.email ?? null) !== null;
      };
      found.set(names.find(isThere) ?? id, contact);
    }
    return found;
  }

  /** The source ID that a number means: of somebody the sources know. */
  customer(number: number): string {
    return this.#anyId(number);
  }

  // ── Who changes ─────────────────────────────────────────────────────────────────────────────────────────────────

  #withContact(number: number, change: (id: string) => void): void {
    const live = [...this.hubspot.contacts()].filter(({ archived }) => !archived);
    const { id } = live[number % live.length] ?? {};
    if (id !== undefined) change(id);
  }

  #merge(id: string, other: string): void {
    const survivor = this.hubspot.merge(id, other);
    const names = [id, other].flatMap((name) => [name, ...(this.#merged.get(name) ?? [])]);
    this.#merged.set(
      survivor,
      [...new Set(names)].filter((name) => name !== survivor),
    );
  }

  /** Mostly of a contact, now and then of somebody whom only the shop knows. */
  #anyId(number: number): string {
    if (number % 5 === 4) return `shop-${number % 7}`;
    const all = [...this.hubspot.contacts()];
    return all[number % all.length]!.id;
  }

  /** Another application writes to a customer that is there, what nobody of us writes. */
  #othersWrite(number: number, value: number): void {
    const ids = [...this.voucherify.customers()].map(({ source_id }) => source_id!).sort();
    const id = ids[number % ids.length];
    if (id === undefined) return;
    // It sends all that it has read, as any application must where what is left out is lost.
    const { metadata } = this.voucherify.bySourceId(id)!;
    this.voucherify.upsert({ source_id: id, metadata: { ...metadata, others: value } });
    this.#others.set(id, value);
  }

  // ── What is pushed ──────────────────────────────────────────────────────────────────────────────────────────────

  #soon(withinMs: number, run: () => void): void {
    const { agenda } = this.#deps;
    agenda.at(agenda.now + this.#random() * withinMs, run);
  }

  #pushAll(): void {
    const { agenda } = this.#deps;
    for (const request of this.hubspot.push!.take(Math.floor(agenda.now))) {
      if (!this.isCalm && this.#random() * 100 < this.#traits.lost) continue;
      let last = request;
      this.#push((attempt) => {
        if (attempt > 1) last = this.hubspot.push!.again(last, Math.floor(agenda.now));
        return { source: 'hubspot', headers: last.headers, body: Buffer.from(last.body).toString() };
      });
    }
  }

  /** It loses nothing, but is late, and repeats itself. */
  #pushShop(request: ShopRequest, lateMs: number): void {
    const { agenda } = this.#deps;
    const pushed: Pushed = () => ({ source: 'shop', ...request });
    agenda.at(agenda.now + lateMs, () => this.#push(pushed));
    if (this.#random() * 100 < this.#traits.duplicates)
      this.#soon(2 * lateMs + 5_000, () => this.#push(pushed));
  }

  /** As vendors do: what was not answered with success within ten seconds comes again. */
  #push(pushed: Pushed, attempt = 1): void {
    const { agenda, trace } = this.#deps;
    const again = agenda.at(agenda.now + 10_000, () => {
      if (attempt < 50) this.#push(pushed, attempt + 1);
    });
    void this.#post(pushed(attempt)).then((status) => {
      if (status === 200) agenda.cancel(again);
      trace.note(`a webhook is answered ${status}`);
    });
  }

  /** Requests of somebody who knows no secret, about people who are there. */
  #forge(number: number): void {
    const now = Math.floor(this.#deps.agenda.now);
    const id = this.#anyId(number);
    const other = createHubSpotSimulator({
      push: { clientSecret: 'a guess', url: `${publicUrl}/webhooks/hubspot` },
    });
    const event = { subscriptionType: 'contact.privacyDeletion', objectId: Number(id) || 1, occurredAt: now };
    const { headers, body } = other.push!.request([event], now);
    const forged = [
      { source: 'shop', ...this.#shop.forged(id, now) },
      { source: 'hubspot', headers, body: Buffer.from(body).toString() },
    ];
    for (const one of forged)
      void this.#post(one).then((status) => {
        if (status === 200) this.forgeriesTaken += 1;
      });
  }

  #post({ source, headers, body }: ReturnType<Pushed>): Promise<number> {
    const number = Math.floor(this.#random() * 1_000);
    const request = new Request(`http://10.0.0.7:3000/webhooks/${source}`, { method: 'POST', headers, body });
    return this.#deps.send(number, request).then(
      ({ status }) => status,
      () => 0,
    );
  }
}

const cities = ['Porto', 'Lyon', 'Łódź', 'Graz', ''];
const stages = ['lead', 'customer', 'evangelist'];

function changeOf(value: number): { [property: string]: string } {
  return {
    loyalty_points: String(value),
    ...(value % 3 === 0 && { city: cities[value % cities.length]! }),
    ...(value % 5 === 0 && { lifecyclestage: stages[value % stages.length]! }),
  };
}

const personOf = (number: number, value: number) => ({
  ...changeOf(value),
  firstname: `Person ${number}`,
  email: `person.${number}.${value}@example.com`,
});
