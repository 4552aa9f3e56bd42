// The truth of an audience: its members, by contact ID. It knows no requests.
import { createHash } from 'node:crypto';

export type Status = 'subscribed' | 'unsubscribed' | 'cleaned' | 'pending' | 'transactional' | 'archived';

export interface Member {
  /** Stays when the address changes. */
  readonly contactId: string;
  /** The ID in Mailchimp's own screens. */
  readonly webId: number;
  email: string;
  status: Status;
  FNAME: string;
  LNAME: string;
  PHONE: string;
  CUSTOMERID: string;
  ADDRESS: string | { [part: string]: string };
  /** Further merge fields of the audience, by tag. */
  merges: { [tag: string]: string | number };
  language: string;
  tags: string[];
  signedUpAt: number;
  /** Epoch milliseconds, a whole second. */
  changedAt: number;
}

export type Draft = Partial<Omit<Member, 'contactId' | 'webId' | 'signedUpAt' | 'changedAt'>> & {
  email: string;
};

/** A merge field that somebody added. */
export interface MergeField {
  tag: string;
  type: 'text' | 'number' | 'date';
  /** A write without a value of it is refused, unless it says otherwise. */
  required?: boolean;
}

export class Audience {
  readonly #now: () => number;
  readonly fields: MergeField[] = [];
  readonly #members = new Map<string, Member>();
  #nextWebId = 84_001;

  constructor(now: () => number) {
    this.#now = now;
  }

  create(draft: Draft, changedAt = this.#now()): Member {
    const webId = this.#nextWebId;
    this.#nextWebId += 1;
    const at = wholeSecond(changedAt);
    const member: Member = {
      contactId: digest(`contact ${webId}`),
      webId,
      status: 'subscribed',
      FNAME: '',
      LNAME: '',
      PHONE: '',
      CUSTOMERID: '',
      ADDRESS: '',
      merges: this.#emptyMerges(),
      language: 'en',
      tags: [],
      signedUpAt: at,
      changedAt: at,
      ...draft,
    };
    this.#members.set(member.contactId, member);
    return member;
  }

  update(contactId: string, changed: Partial<Draft>, changedAt = this.#now()): Member {
    return Object.assign(this.get(contactId), changed, { changedAt: wholeSecond(changedAt) });
  }

  /** Every member has it from then on, without a value. */
  define(field: MergeField): void {
    this.fields.push(field);
    for (const member of this.all()) member.merges = { ...this.#emptyMerges(), ...member.merges };
  }

  #emptyMerges(): { [tag: string]: string } {
    return Object.fromEntries(this.fields.map(({ tag }) => [tag, '']));
  }

  /** Takes a merge field away from the audience, and so from all of its members. None of them changes by that. */
  removeMergeField(tag: string): void {
    for (const member of this.all())
      member.merges = Object.fromEntries(Object.entries(member.merges).filter(([name]) => name !== tag));
  }

  remove(contactId: string): Member {
    const member = this.get(contactId);
    this.#members.delete(contactId);
    return member;
  }

  get(contactId: string): Member {
    const member = this.#members.get(contactId);
    if (!member) throw new Error(`the audience has no member ${contactId}`);
    return member;
  }

  /** By contact ID, hash of the address, or the address itself. */
  find(asked: string, withoutContactIds: boolean): Member | undefined {
    const byId = withoutContactIds ? undefined : this.#members.get(asked);
    const hash = asked.includes('@') ? hashOf(asked) : asked;
    return byId ?? this.all().find(({ email }) => hashOf(email) === hash);
  }

  all(): Member[] {
    return [...this.#members.values()];
  }
}

/** `id` of a member: MD5 of the address in lower case. */
export function hashOf(email: string): string {
  return digest(email.toLowerCase());
}

export function digest(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function wholeSecond(time: number): number {
  return Math.floor(time / 1000) * 1000;
}
