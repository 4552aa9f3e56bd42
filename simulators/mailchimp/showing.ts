// Members as the API lists and shows them: filters, order and selected fields. It knows no requests.
import { digest, hashOf, type Member } from './audience.ts';
import type { MailchimpOptions } from './options.ts';

type Query = { readonly [name: string]: string };

type Shown = { [name: string]: unknown };

/** Those that the query asks for, in its order. */
export function listed(members: readonly Member[], query: Query, options: MailchimpOptions): Member[] {
  const since = options.ignores === 'since_last_changed' ? null : timeIn(query['since_last_changed']);
  const before = timeIn(query['before_last_changed']);
  const { status } = query;
  const found = members.filter(
    (member) =>
      (status === undefined
        ? member.status !== 'archived' || (options.listsArchived ?? true)
        : member.status === status) &&
      (since === null || member.changedAt > since || (options.sinceIncludes && member.changedAt === since)) &&
      (before === null ||
        member.changedAt < before ||
        (options.beforeIncludes && member.changedAt === before)),
  );
  if (query['sort_field'] !== 'last_changed' || options.ignores === 'sort_field') return found;
  const sign = query['sort_dir'] === 'DESC' ? -1 : 1;
  return found.sort((a, b) => sign * (a.changedAt - b.changedAt) || a.webId - b.webId);
}

/** A time that is not written in full, with its offset, is taken no notice of: everyone is given then. */
function timeIn(text: string | undefined): number | null {
  if (!text || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/.test(text)) return null;
  return Date.parse(text);
}

export function shown(member: Member, listId: string, options: MailchimpOptions): Shown {
  const { FNAME, LNAME, PHONE, CUSTOMERID, ADDRESS, merges } = member;
  return {
    id: hashOf(member.email),
    email_address: member.email,
    unique_email_id: uniqueEmailId(member.email),
    ...(!options.withoutContactIds && { contact_id: member.contactId }),
    full_name: `${FNAME} ${LNAME}`.trim(),
    web_id: member.webId,
    email_type: 'html',
    status: member.status,
    merge_fields: { FNAME, LNAME, PHONE, CUSTOMERID, ADDRESS, ...merges },
    // Empty texts where there is nothing, as recorded in 2026.
    sms_phone_number: '',
    ip_signup: '',
    ip_opt: '',
    interests: { '9f2a1c0b7d': true },
    stats: { avg_open_rate: 0.25, avg_click_rate: 0 },
    timestamp_signup: '',
    timestamp_opt: textOf(member.signedUpAt),
    member_rating: 2,
    last_changed: textOf(member.changedAt),
    language: member.language,
    vip: false,
    source: 'Admin Add',
    tags_count: member.tags.length,
    tags: member.tags.map((name, index) => ({ id: index + 1, name })),
    list_id: listId,
    _links: [{ rel: 'self', href: 'https://us19.api.mailchimp.com/3.0/x', method: 'GET' }],
  };
}

export function uniqueEmailId(email: string): string {
  return digest(`address ${email.toLowerCase()}`).slice(0, 10);
}

function textOf(time: number): string {
  return new Date(time).toISOString().replace('.000Z', '+00:00');
}

/** `fields` and `exclude_fields`: paths of names, those of a list's elements behind the list's own. */
export function selected(answer: Shown, query: Query): Shown {
  const { fields, exclude_fields: excluded } = query;
  const kept = fields ? only(answer, fields.split(',')) : answer;
  return excluded ? without(kept, excluded.split(',')) : kept;
}

function only(value: Shown, paths: readonly string[]): Shown {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => {
      if (paths.includes(name)) return [[name, inner]];
      const deeper = below(paths, name);
      return deeper.length ? [[name, each(inner, (one) => only(one, deeper))]] : [];
    }),
  );
}

function without(value: Shown, paths: readonly string[]): Shown {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => {
      if (paths.includes(name)) return [];
      const deeper = below(paths, name);
      return [[name, deeper.length ? each(inner, (one) => without(one, deeper)) : inner]];
    }),
  );
}

function below(paths: readonly string[], name: string): string[] {
  return paths.filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1));
}

function each(value: unknown, change: (one: Shown) => Shown): unknown {
  if (Array.isArray(value)) return value.map((one) => change(one as Shown));
  return value !== null && typeof value === 'object' ? change(value as Shown) : value;
}
