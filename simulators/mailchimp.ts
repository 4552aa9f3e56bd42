// A simulated Mailchimp account with one audience: its members behind the Marketing API, and the webhooks that it sends.
// Facts: reference/cep/mailchimp.md. It does not know who reads it, or what a customer is.

import { type Context, Hono } from 'hono';
import { Audience, type Draft, type Member, type MergeField } from './mailchimp/audience.ts';
import { badRequest, invalidKey, MailchimpError, notFound, tooMany } from './mailchimp/errors.ts';
import { type HookRequest, Hooks } from './mailchimp/hooks.ts';
import type { Fault, MailchimpOptions } from './mailchimp/options.ts';
import { listed, selected, shown } from './mailchimp/showing.ts';

export type { HookRequest } from './mailchimp/hooks.ts';

export class MailchimpSimulator {
  readonly app = new Hono();
  readonly listId: string;
  /** Every request, as `GET /3.0/lists/x/members?…`, without the host. */
  readonly requests: string[] = [];
  /** Most requests under way at one time. */
  busiest = 0;
  faults: Fault | undefined;
  readonly options: MailchimpOptions;
  readonly #audience: Audience;
  readonly #hooks: Hooks;
  #underWay = 0;

  constructor(options: MailchimpOptions = {}) {
    this.options = options;
    this.listId = options.listId ?? 'a1b2c3d4e5';
    this.faults = options.faults;
    const now = options.now ?? Date.now;
    this.#audience = new Audience(now);
    this.#hooks = new Hooks({ listId: this.listId, now, secret: options.signingSecret });
    this.#route('/3.0/lists/:list', () => ({ id: this.listId, name: 'Readers' }));
    this.#route('/3.0/lists/:list/merge-fields', () => ({
      merge_fields: [
        ...mergeFields,
        ...this.#audience.fields.map((field) => ({ name: field.tag, ...field })),
      ],
    }));
    this.#route('/3.0/lists/:list/members', (c) => this.#list(c));
    this.#route('/3.0/lists/:list/members/:member', (c) => this.#one(c));
    this.app.patch('/3.0/lists/:list/members/:member', (c) => this.#answer(c, () => this.#write(c)));
    this.app.notFound((c) => this.#answer(c, () => Promise.reject(notFound())));
  }

  // -- the truth: each change takes the time `now`, and is told by webhook ------------------------------------------

  /** The contact_id. `changedAt`: epoch milliseconds, kept in whole seconds. */
  create(draft: Draft, changedAt?: number): string {
    const member = this.#audience.create(draft, changedAt);
    this.#hooks.send('subscribe', member);
    return member.contactId;
  }

  update(contactId: string, changed: Partial<Draft>, changedAt?: number): void {
    this.#hooks.send('profile', this.#audience.update(contactId, changed, changedAt));
  }

  changeEmail(contactId: string, email: string): void {
    const { email: before } = this.#audience.get(contactId);
    this.#hooks.upemail(this.#audience.update(contactId, { email }), before);
  }

  unsubscribe(contactId: string): void {
    const member = this.#audience.update(contactId, { status: 'unsubscribed' });
    this.#hooks.send('unsubscribe', member, { action: 'unsub', reason: 'manual' });
  }

  clean(contactId: string): void {
    this.#hooks.cleaned(this.#audience.update(contactId, { status: 'cleaned' }));
  }

  archive(contactId: string): void {
    const member = this.#audience.update(contactId, { status: 'archived' });
    if (this.options.archiveHook ?? true)
      this.#hooks.send('unsubscribe', member, { action: 'delete', reason: 'manual' });
  }

  deletePermanently(contactId: string): void {
    const member = this.#audience.remove(contactId);
    this.#hooks.send('unsubscribe', member, { action: 'delete', reason: 'manual' });
  }

  /** Adds so many members, each changed some seconds before the one after it, the last a day ago. No webhook tells. */
  seed(count: number, secondsApart = 1): void {
    const last = (this.options.now ?? Date.now)() - 86_400_000;
    for (let index = 0; index < count; index += 1) {
      const changedAt = last - (count - 1 - index) * secondsApart * 1000;
      this.#audience.create({ email: `Reader.${index}@Example.com`, FNAME: `Reader ${index}` }, changedAt);
    }
  }

  define(field: MergeField): void {
    this.#audience.define(field);
  }

  removeMergeField(tag: string): void {
    this.#audience.removeMergeField(tag);
  }

  get(contactId: string): Member {
    return this.#audience.get(contactId);
  }

  /** Contact IDs of those not archived. */
  ids(): string[] {
    return this.#audience.all().flatMap(({ contactId, status }) => (status === 'archived' ? [] : contactId));
  }

  // -- webhooks -----------------------------------------------------------------------------------------------------

  /** What was sent since this was last asked. */
  sent(): HookRequest[] {
    return this.#hooks.take();
  }

  /** An event of any kind, for what the truth does not do by itself. */
  hook(fields: { [name: string]: string }): HookRequest {
    return this.#hooks.request(fields);
  }

  /** The same event once more, signed anew or as it was. */
  retry(request: HookRequest, how: 'stamped anew' | 'as it was'): HookRequest {
    return how === 'as it was' ? request : this.#hooks.sign(request.body);
  }

  // -- requests -----------------------------------------------------------------------------------------------------

  #route(path: string, answer: (c: Context) => unknown): void {
    this.app.get(path, (c) => this.#answer(c, async () => Response.json(answer(c))));
  }

  async #answer(c: Context, respond: () => Promise<Response>): Promise<Response> {
    const { pathname, search } = new URL(c.req.url);
    this.requests.push(`${c.req.method} ${pathname}${search}`);
    this.#underWay += 1;
    this.busiest = Math.max(this.busiest, this.#underWay);
    try {
      await Promise.resolve();
      const fault = this.faults?.(c.req.raw);
      if (fault) return fault;
      if (this.#underWay > (this.options.connections ?? 10)) throw tooMany();
      if (!this.#isAllowed(c)) throw invalidKey();
      if (c.req.param('list') !== this.listId) throw notFound();
      return await respond();
    } catch (error) {
      if (!(error instanceof MailchimpError)) throw error;
      return Response.json(error.body, { status: error.status });
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Basic, with any user name. */
  #isAllowed(c: Context): boolean {
    const [scheme, credentials = ''] = (c.req.header('authorization') ?? '').split(' ');
    const [, key] = Buffer.from(credentials, 'base64').toString().split(':');
    return scheme === 'Basic' && (this.options.apiKey === undefined || key === this.options.apiKey);
  }

  #list(c: Context): unknown {
    const query = c.req.query();
    const count = Number(query['count'] ?? 10);
    const offset = Number(query['offset'] ?? 0);
    if (!(count >= 0 && count <= 1000 && offset >= 0))
      throw badRequest('count', 'Schema describes number 0 to 1000');
    const found = listed(this.#audience.all(), query, this.options);
    const page = found.slice(offset, offset + count);
    const members = page.map((member) => shown(member, this.listId, this.options));
    return selected({ members, list_id: this.listId, total_items: found.length, _links: links }, query);
  }

  #one(c: Context): unknown {
    const asked = c.req.param('member') ?? '';
    const member = this.#audience.find(asked, this.options.withoutContactIds ?? false);
    if (!member) throw notFound();
    return selected(shown(member, this.listId, this.options), c.req.query());
  }

  /** Merge fields that are not sent stay; an empty text empties one, and a tag that the audience does not have is ignored. */
  async #write(c: Context): Promise<Response> {
    if (this.options.mayWrite === false)
      throw new MailchimpError(403, 'Forbidden', 'The user may not change audiences.');
    const member = this.#audience.find(c.req.param('member') ?? '', this.options.withoutContactIds ?? false);
    if (!member) throw notFound();
    const fault = this.options.writeFault?.(member.contactId);
    if (fault !== undefined) throw new MailchimpError(400, fault, 'The member cannot be changed.');
    const body = (await c.req.json()) as {
      merge_fields?: { [tag: string]: string | number };
      status?: string;
    };
    const merges = { ...member.merges };
    for (const { tag, type } of this.#audience.fields) {
      const value = body.merge_fields?.[tag];
      if (value === undefined) continue;
      if (String(value).length > 255 || (type !== 'text' && value !== '' && !fits(type, value)))
        throw badRequest(tag, `Please enter a ${type}`);
      merges[tag] = value !== '' && type === 'number' ? Number(value) : value;
    }
    const lacking = this.#audience.fields.find(({ tag, required }) => required && merges[tag] === '');
    if (lacking && c.req.query('skip_merge_validation') !== 'true')
      throw badRequest(lacking.tag, 'This value should not be blank.');
    const changed = this.#audience.update(member.contactId, { merges });
    if (this.options.tellsApi) this.#hooks.send('profile', changed);
    return Response.json(shown(changed, this.listId, this.options));
  }
}

function fits(type: 'number' | 'date', value: string | number): boolean {
  return type === 'number' ? Number.isFinite(Number(value)) : /^\d{4}-\d\d-\d\d$/.test(String(value));
}

const links = [
  { rel: 'self', href: 'https://us19.api.mailchimp.com/3.0/lists/a1b2c3d4e5/members', method: 'GET' },
];

const mergeFields = [
  { tag: 'FNAME', name: 'First Name', type: 'text' },
  { tag: 'LNAME', name: 'Last Name', type: 'text' },
  { tag: 'PHONE', name: 'Phone Number', type: 'phone' },
  { tag: 'ADDRESS', name: 'Address', type: 'address' },
  { tag: 'CUSTOMERID', name: 'Customer ID', type: 'text' },
];
