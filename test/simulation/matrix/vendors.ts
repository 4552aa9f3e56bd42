// The vendors of the crash matrix: what changes there, what they push until it is answered, and what the destination should hold.
// Nothing goes wrong with them: the process is what dies. It knows no worker beyond the door at which webhooks come in.
import { createHubSpotSimulator } from '../../../simulators/hubspot.ts';
import { createSalesforceSimulator } from '../../../simulators/salesforce.ts';
import { createVoucherifySimulator, signWebhook } from '../../../simulators/voucherify.ts';
import { held, truth } from '../../support/sync-world.ts';
import type { Agenda } from '../agenda.ts';
import { keys, origins, publicUrl, quotas } from '../configuration.ts';
import { Shop, type ShopRequest } from '../shop.ts';
import { type Choices, salesforceApp, salesforceOrigin, webhookSecret } from './configuration.ts';

/** What was not answered with success comes again after so long. */
const againMs = 10_000;
const maxPushes = 50;

type Fields = { [field: string]: unknown };

export interface VendorsDeps {
  agenda: Agenda;
  /** Takes a webhook to the worker. Never resolves where that dies over it. */
  send(request: Request): Promise<Response>;
}

export class Vendors {
  readonly hubspot;
  readonly voucherify;
  readonly salesforce;
  readonly #deps: VendorsDeps;
  readonly #shop = new Shop();
  readonly #choices: Choices;
  /** Source IDs of people who were erased. */
  readonly erased = new Set<string>();
  /** What a customer should hold in place of what the sources say, by source ID. */
  readonly instead = new Map<string, Fields>();
  /** How often each customer was written since it was last asked. */
  #writes = new Map<string, number>();
  /** Pushes that nobody has answered yet. */
  underWay = 0;
  /** The newest number that HubSpot was seen to hold is never followed by an older one. */
  readonly wentBack: string[] = [];

  constructor(deps: VendorsDeps, { seed, choices }: { seed: number; choices: Choices }) {
    const { agenda } = deps;
    const now = () => Math.floor(agenda.now);
    const { accessToken, clientSecret, appId, appToken } = keys;
    this.#deps = deps;
    this.#choices = choices;
    const shown = new Map<string, number>();
    this.hubspot = createHubSpotSimulator({
      now,
      accessToken,
      indexLagMs: 0,
      push: { clientSecret, url: `${publicUrl}/webhooks/hubspot`, seed },
      onWrite: ({ id, properties }, change) => {
        if (change.type !== 'propertyChange' || !change.properties.includes('vf_points')) return;
        const points = Number(properties['vf_points'] || 0);
        if (points < (shown.get(id) ?? 0)) this.wentBack.push(id);
        shown.set(id, points);
      },
    });
    this.hubspot.define({ name: 'vf_points', type: 'number', label: 'Points' });
    this.voucherify = createVoucherifySimulator({
      now,
      appId,
      appToken,
      metadataWrites: 'merge',
      bulkProcessing: { waitMs: 500, recordMs: 20 },
      quotas,
      onWrite: ({ source_id }) => {
        const id = source_id ?? '';
        this.#writes.set(id, (this.#writes.get(id) ?? 0) + 1);
      },
      ...(choices.writesBack && {
        webhooks: (envelope) => {
          const body = JSON.stringify(envelope);
          this.#push('destination', () => ({
            headers: { 'x-voucherify-signature': signWebhook(body, webhookSecret) },
            body,
          }));
        },
      }),
    });
    this.salesforce = createSalesforceSimulator({ now, oauth: { ...salesforceApp, rotates: true } });
  }

  /** By their origins, for the network. */
  get byOrigin() {
    const { hubspot, voucherify, salesforce } = this;
    return {
      [origins.hubspot]: hubspot.app,
      [origins.voucherify]: voucherify.app,
      [salesforceOrigin]: salesforce.app,
    };
  }

  /** Contacts that are there, by ID. */
  get contacts(): string[] {
    return [...this.hubspot.contacts()].filter(({ archived }) => !archived).map(({ id }) => id);
  }

  /** The shop tells of a customer. */
  shopTells(id: string, orders: number): void {
    const request: ShopRequest = this.#shop.change(id, orders, Math.floor(this.#deps.agenda.now));
    this.#push('shop', () => request);
  }

  /** HubSpot tells of all that has changed since it last told. */
  hubspotTells(): void {
    for (const request of this.hubspot.push!.take(Math.floor(this.#deps.agenda.now))) {
      let last = request;
      this.#push('hubspot', (attempt) => {
        if (attempt > 1) last = this.hubspot.push!.again(last, Math.floor(this.#deps.agenda.now));
        return { headers: last.headers, body: Buffer.from(last.body).toString() };
      });
    }
  }

  /** What has changed is not told of. */
  hubspotKeepsQuiet(): void {
    this.hubspot.push!.take(Math.floor(this.#deps.agenda.now));
  }

  /** What does not hold of what the vendors have, as sentences. `maxWrites`: of one customer since it was last asked. */
  faults(maxWrites: number): string[] {
    const [want, have] = [this.#expected(), this.#held()];
    const ids = [...new Set([...want.keys(), ...have.keys()])].sort();
    const differing = ids.flatMap((id) => {
      const [wanted, holds] = [JSON.stringify(want.get(id)), JSON.stringify(have.get(id))];
      return wanted === holds ? [] : [`customer ${id} should be ${wanted}, and is ${holds}`];
    });
    const often = [...this.#writes].flatMap(([id, times]) =>
      times > maxWrites ? [`customer ${id} was written ${times} times`] : [],
    );
    this.#writes = new Map();
    const refused = { ...this.hubspot.quotas?.violations, Voucherify: this.voucherify.violations };
    return [
      ...differing,
      ...often,
      ...this.voucherify.duplicates().map((id) => `customer ${id} is there twice`),
      ...this.wentBack.splice(0).map((id) => `the points of contact ${id} went back`),
      ...Object.entries(refused).flatMap(([whose, times]) =>
        times ? [`the quota ${whose} was exceeded ${times} times`] : [],
      ),
    ];
  }

  #expected(): Map<string, Fields> {
    const expected = new Map<string, Fields>();
    const none = { name: null, email: null, phone: null, city: null, stage: null, points: null };
    for (const [id, contact] of truth(this.hubspot))
      expected.set(id, { ...contact, code: this.#choices.isMappedTwice ? contact['stage'] : null });
    for (const [id, { orders }] of this.#shop.people)
      expected.set(id, { ...none, code: null, ...expected.get(id), orders });
    for (const { Id, FirstName, Email } of this.#choices.hasSalesforce ? this.#people() : [])
      expected.set(Id, { ...none, code: null, name: FirstName ?? null, email: Email ?? null });
    for (const id of this.erased) expected.delete(id);
    for (const [id, fields] of this.instead)
      if (expected.has(id)) expected.set(id, { ...expected.get(id), ...fields });
    return expected;
  }

  #people() {
    return this.salesforce.org.visible('Contact', false) as unknown as {
      Id: string;
      FirstName: string | null;
      Email: string | null;
    }[];
  }

  #held(): Map<string, Fields> {
    const found = held(this.voucherify);
    for (const [id, fields] of found) {
      const { metadata } = this.voucherify.bySourceId(id) ?? {};
      fields['code'] = metadata?.['stage_code'] ?? null;
      if (metadata?.['orders'] !== undefined) fields['orders'] = metadata['orders'];
    }
    return found;
  }

  /** As vendors do: what was not answered with success comes again. */
  #push(source: string, pushed: (attempt: number) => ShopRequest, attempt = 1): void {
    const { agenda, send } = this.#deps;
    if (attempt === 1) this.underWay += 1;
    const again = agenda.at(agenda.now + againMs, () => {
      if (attempt < maxPushes) this.#push(source, pushed, attempt + 1);
    });
    agenda.after(1, async () => {
      const { headers, body } = pushed(attempt);
      const url = `http://10.0.0.7:3000/webhooks/${source}`;
      const answered = send(new Request(url, { method: 'POST', headers, body }));
      void answered.then(({ status }) => {
        if (status !== 200) return;
        agenda.cancel(again);
        this.underWay -= 1;
      });
    });
  }
}
