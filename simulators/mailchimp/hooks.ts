// The webhooks of an audience as they are sent: a form, signed where there is a secret. It knows no members' history.
import { createHmac } from 'node:crypto';
import { digest, type Member } from './audience.ts';
import { uniqueEmailId } from './showing.ts';

export interface HookRequest {
  method: 'POST';
  headers: { [name: string]: string };
  body: string;
}

type Fields = { [name: string]: string };

export class Hooks {
  readonly #listId: string;
  readonly #now: () => number;
  readonly #secret: string | undefined;
  #sent: HookRequest[] = [];

  constructor({
    listId,
    now,
    secret,
  }: {
    listId: string;
    now: () => number;
    secret: string | undefined;
  }) {
    this.#listId = listId;
    this.#now = now;
    this.#secret = secret;
  }

  /** With the merge fields: subscribe, unsubscribe, profile. */
  send(type: string, member: Member, more: Fields = {}): void {
    const { email, FNAME, LNAME, PHONE, ADDRESS } = member;
    // An address is a nested object (captured in 2018), or an empty text.
    const address = typeof ADDRESS === 'string' ? [['', ADDRESS]] : Object.entries(ADDRESS);
    this.#push(type, {
      ...more,
      id: uniqueEmailId(email),
      list_id: this.#listId,
      email,
      email_type: 'html',
      web_id: String(member.webId),
      'merges][EMAIL': email,
      'merges][FNAME': FNAME,
      'merges][LNAME': LNAME,
      'merges][PHONE': PHONE,
      ...Object.fromEntries(
        address.map(([part, value]) => [`merges][ADDRESS${part && `][${part}`}`, value!]),
      ),
    });
  }

  upemail(member: Member, before: string): void {
    this.#push('upemail', {
      list_id: this.#listId,
      new_id: uniqueEmailId(member.email),
      new_email: member.email,
      old_email: before,
    });
  }

  cleaned(member: Member): void {
    this.#push('cleaned', {
      list_id: this.#listId,
      campaign_id: digest('campaign').slice(0, 10),
      reason: 'hard',
      email: member.email,
    });
  }

  take(): HookRequest[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  #push(type: string, data: Fields): void {
    const named = Object.entries(data).map(([name, value]) => [`data[${name}]`, value]);
    this.#sent.push(this.request({ type, fired_at: this.#firedAt(), ...Object.fromEntries(named) }));
  }

  request(fields: Fields): HookRequest {
    return this.sign(new URLSearchParams(fields).toString());
  }

  sign(body: string): HookRequest {
    const headers: Fields = {
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'MailChimp',
    };
    if (this.#secret !== undefined) {
      const time = Math.floor(this.#now() / 1000);
      const code = createHmac('sha256', this.#secret).update(`${time}.${body}`).digest('hex');
      headers['X-Mailchimp-Signature'] = `t=${time},v1=${code}`;
    }
    return { method: 'POST', headers, body };
  }

  /** UTC, without saying so. */
  #firedAt(): string {
    return new Date(this.#now()).toISOString().slice(0, 19).replace('T', ' ');
  }
}
