// The webhook journal of a simulated HubSpot app: files of events under offsets, kept for three days, and the subscriptions that
// decide what is written. Files lie in a storage service with an address of its own, behind links that expire. What stands on
// documentation and on other people's code: paths, 204, the fields of entry, file and events, three days, 10,000 events a file.
// Not documented: what an offset gives that is no longer kept (`expired`), and the fields of a merge besides `objectId`.
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { createOAuthSimulator } from '../oauth.ts';
import type { Change, Contact } from './contacts.ts';
import { HubSpotError, unauthenticated } from './errors.ts';

export type JournalEvent = {
  type: string;
  portalId: number;
  occurredAt: string;
  action: string;
  objectTypeId: string;
  objectId: number | string;
} & { [more: string]: unknown };

export type Subscription = {
  id: number;
  subscriptionType: string;
  portalId: number;
  objectTypeId: string;
  actions: string[];
  properties: string[];
};

export type JournalOptions = {
  clientId: string;
  clientSecret: string;
  /** How long a link to a file is good. */
  linkSeconds?: number;
  maxEvents?: number;
  /** What the app has subscribed to from the start. Default: all of this account's contacts. */
  subscriptions?: Omit<Subscription, 'id'>[];
  /** What an offset gives that is no longer kept: 404, or the oldest entry as if nothing were missing. */
  expired?: 'notFound' | 'skips';
  /** The journal of an account also holds events of other accounts that installed the app. */
  leaks?: boolean;
  /** How long an access token lives. */
  tokenSeconds?: number;
};

type Entry = { offset: string; publishedAtMs: number; events: JournalEvent[] };

const keptMs = 3 * 86_400_000;
const path = '/webhooks-journal';
const version = ':version{20[0-9]{2}-[0-9]{2}}';
const readScope = 'developer.webhooks_journal.read';

export class HubSpotJournal {
  /** The part of HubSpot's API that takes a token of the app. */
  readonly app = new Hono();
  /** The storage service. It takes nobody's credentials. */
  readonly files = new Hono();
  readonly tokens: ReturnType<typeof createOAuthSimulator>;
  readonly subscriptions: Subscription[] = [];
  /** Requests by what was asked: `earliest next latest file subscriptions`. */
  readonly requests: { [what: string]: number } = {};
  /** Answers in the place of the journal, or of a file. */
  faults: ((request: Request) => Response | undefined) | undefined;
  /** Where the storage service is: `files` has to be served there. */
  filesUrl = 'https://journal-files.example.test';
  readonly #options: JournalOptions;
  readonly #portalId: number;
  readonly #now: () => number;
  #waiting: JournalEvent[] = [];
  #entries: Entry[] = [];

  constructor(options: JournalOptions, { portalId, now }: { portalId: number; now: () => number }) {
    this.#options = options;
    this.#portalId = portalId;
    this.#now = now;
    const { clientId, clientSecret, tokenSeconds: seconds = 1800 } = options;
    this.tokens = createOAuthSimulator({
      path: `/oauth/${version}/token`,
      clientId,
      clientSecret,
      seconds,
      clientCredentials: true,
      requiredScope: readScope,
      errors: 'hubspot',
      now,
    });
    const all = ['CREATE', 'UPDATE', 'DELETE', 'MERGE', 'RESTORE'];
    const ofContacts = { portalId, objectTypeId: '0-1', properties: [] };
    const usual = [
      { ...ofContacts, subscriptionType: 'OBJECT', actions: all },
      { ...ofContacts, subscriptionType: 'GDPR_PRIVACY_DELETION', actions: ['GDPR_DELETE'] },
    ];
    for (const one of options.subscriptions ?? usual) this.#subscribe(one);
    this.#route();
  }

  /** To be told of each write, as `onWrite` is. */
  note(contact: Contact, change: Change): void {
    for (const event of this.#eventsOf(contact, change)) if (this.#isSubscribed(event)) this.add(event);
  }

  /** An event of any kind, such as one of another account. */
  add(event: JournalEvent): void {
    this.#waiting.push(event);
  }

  /** What waits becomes files. Whoever reads the journal has this done first. */
  publish(): void {
    const { maxEvents = 10_000 } = this.#options;
    while (this.#waiting.length > 0)
      this.#entries.push({
        offset: randomUUID(),
        publishedAtMs: this.#now(),
        events: this.#waiting.splice(0, maxEvents),
      });
    this.#entries = this.#entries.filter(({ publishedAtMs }) => publishedAtMs > this.#now() - keptMs);
  }

  /** The same file once more, under an offset of its own. */
  repeatLast(): void {
    this.publish();
    const last = this.#entries.at(-1);
    if (last) this.#entries.push({ ...last, offset: randomUUID(), publishedAtMs: this.#now() });
  }

  /** The app was reset: no offset of before is known. */
  reset(): void {
    this.#waiting = [];
    this.#entries = [];
  }

  #route(): void {
    this.app.route('/', this.tokens.app);
    for (const journal of ['journal', 'journal-local']) {
      const at = `${path}/${journal}/${version}`;
      const visible = (c: Context) => this.#visible(journal === 'journal-local' ? c : null);
      this.#get(`${at}/earliest`, 'earliest', (c) => this.#show(c, visible(c)[0]));
      this.#get(`${at}/latest`, 'latest', (c) => this.#show(c, visible(c).at(-1)));
      this.#get(`${at}/offset/:offset/next`, 'next', (c) => this.#next(c, visible(c)));
    }
    const at = `${path}/subscriptions/${version}`;
    this.#get(at, 'subscriptions', (c) => c.json({ results: this.subscriptions }));
    this.app.post(at, async (c) => {
      this.#authorize(c);
      return c.json(this.#subscribe(await c.req.json()));
    });
    this.app.onError((error) => {
      if (!(error instanceof HubSpotError)) throw error;
      return Response.json(error.body, { status: error.status });
    });
    this.files.get('/:offset', (c) => this.faults?.(c.req.raw) ?? this.#file(c));
  }

  #get(at: string, what: string, answer: (c: Context) => Response): void {
    this.app.get(at, (c) => {
      this.requests[what] = (this.requests[what] ?? 0) + 1;
      const fault = this.faults?.(c.req.raw);
      if (fault) return fault;
      this.#authorize(c);
      this.publish();
      return answer(c);
    });
  }

  #authorize(c: Context): void {
    if (!this.tokens.isLive(c.req.header('authorization'))) throw unauthenticated();
  }

  /** `c`: a request for the journal of one account. */
  #visible(c: Context | null): Entry[] {
    if (c === null || this.#options.leaks) return this.#entries;
    const portalId = Number(c.req.query('installPortalId'));
    return this.#entries.flatMap((entry) => {
      const events = entry.events.filter((event) => event.portalId === portalId);
      return events.length > 0 ? [{ ...entry, events }] : [];
    });
  }

  #next(c: Context, visible: readonly Entry[]): Response {
    const offset = c.req.param('offset');
    const place = this.#entries.findIndex((entry) => entry.offset === offset);
    if (place === -1 && this.#options.expired !== 'skips')
      throw new HubSpotError(404, 'The offset was not found.', { category: 'OBJECT_NOT_FOUND' });
    const later = this.#entries.slice(place + 1);
    return this.#show(
      c,
      visible.find((entry) => later.some((one) => one.offset === entry.offset)),
    );
  }

  #show(c: Context, entry: Entry | undefined): Response {
    if (!entry) return c.body(null, 204);
    const { linkSeconds = 900 } = this.#options;
    const expiresAt = this.#now() + linkSeconds * 1000;
    const portal = c.req.query('installPortalId') ?? '';
    return c.json({
      url: `${this.filesUrl}/${entry.offset}?portal=${portal}&expires=${expiresAt}&signature=f00d`,
      expiresAt: new Date(expiresAt).toISOString(),
      currentOffset: entry.offset,
    });
  }

  /** As S3 answers: not in JSON, and a second set of credentials beside those of the link is an error. */
  #file(c: Context): Response {
    this.requests['file'] = (this.requests['file'] ?? 0) + 1;
    const xml = (status: 400 | 403 | 404, code: string) =>
      c.body(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`, status, {
        'content-type': 'application/xml',
      });
    if (c.req.header('authorization')) return xml(400, 'InvalidArgument');
    const { expires, signature, portal } = c.req.query();
    if (signature !== 'f00d' || Number(expires) < this.#now()) return xml(403, 'AccessDenied');
    const entry = this.#entries.find(({ offset }) => offset === c.req.param('offset'));
    if (!entry) return xml(404, 'NoSuchKey');
    const { offset, events, publishedAtMs } = entry;
    const isOf = (event: JournalEvent) => this.#options.leaks || !portal || event.portalId === Number(portal);
    const publishedAt = new Date(publishedAtMs).toISOString();
    return c.json({ offset, journalEvents: events.filter(isOf), publishedAt });
  }

  #subscribe(given: Omit<Subscription, 'id'>): Subscription {
    const subscription = { ...given, id: this.subscriptions.length + 1 };
    this.subscriptions.push(subscription);
    return subscription;
  }

  /** No property named: all of them. */
  #isSubscribed({ type, portalId, objectTypeId, action, propertyChanges }: JournalEvent): boolean {
    const kind = type === 'crmObject' ? 'OBJECT' : 'GDPR_PRIVACY_DELETION';
    const changed = Object.keys((propertyChanges ?? {}) as object);
    return this.subscriptions.some(
      (one) =>
        one.subscriptionType === kind &&
        one.portalId === portalId &&
        one.objectTypeId === objectTypeId &&
        one.actions.includes(action) &&
        (action !== 'UPDATE' ||
          one.properties.length === 0 ||
          changed.some((name) => one.properties.includes(name))),
    );
  }

  #eventsOf({ id, properties }: Contact, change: Change): JournalEvent[] {
    const event = (action: string, objectId = id, more: object = {}): JournalEvent => ({
      type: 'crmObject',
      portalId: this.#portalId,
      occurredAt: new Date(change.atMs).toISOString(),
      action,
      objectTypeId: '0-1',
      objectId: Number(objectId),
      ...more,
    });
    switch (change.type) {
      case 'creation':
        return [event('CREATE', id, { propertyChanges: properties })];
      case 'propertyChange': {
        const changed = change.properties.map((name) => [name, properties[name] ?? null]);
        return [event('UPDATE', id, { propertyChanges: Object.fromEntries(changed) })];
      }
      case 'merge': {
        const losers = change.mergedIds.filter((one) => one !== id);
        const merged = change.mergedIds.map(Number).filter((one) => one !== Number(id));
        return [
          event('MERGE', id, { mergedObjectIds: merged }),
          ...losers.map((loser) => event('DELETE', loser)),
        ];
      }
      case 'privacyDeletion':
        return [{ ...event('GDPR_DELETE'), type: 'gdprPrivacyDeletion' }, event('DELETE')];
      default:
        return [event(change.type === 'restore' ? 'RESTORE' : 'DELETE')];
    }
  }
}
