// How many lines of code a connector may have, all its files together, without comments and blank lines.

export const usualLines = 200;

/** A writer, `writer.ts`, is counted by itself. */
export const writerLines = 170;

/** How far a number below may be above the lines that there are: it goes down with the connector. */
export const spareLines = 25;

interface MoreLines {
  lines: number;
  why: string;
  /** Its files below its folder, by what they read or do: none of these has more than the usual lines (docs/decisions/0057). */
  parts?: { readonly [part: string]: readonly string[] };
}

/** More than the usual lines, and why. A number here only ever goes down; what repeats in two connectors belongs to the door. */
export const moreLines: { readonly [connector: string]: MoreLines } = {
  braze: { lines: 480, why: 'it exports users as files, and has two kinds of webhooks that a person writes' },
  close: {
    lines: 274,
    why: 'contacts are read within their leads, and deletions from an event log',
    parts: { access: ['settings'], pages: ['contacts', 'deletions'], webhooks: ['webhook'] },
  },
  commercetools: {
    lines: 234,
    why: 'it brings addresses into one form, and reads deletions from messages',
    parts: { access: ['settings'], pages: ['customer', 'customers'], webhooks: ['webhook'] },
  },
  csv: { lines: 1_780, why: 'it recognises the files of many programs, and says what is wrong with a row' },
  customerio: {
    lines: 535,
    why: 'it lists people by segments and exports, takes two kinds of webhooks, and is written by another API',
  },
  dynamics: {
    lines: 440,
    why: 'it signs in in two ways, describes its columns, and reads by delta links and by time',
    parts: {
      access: ['settings', 'api'],
      pages: ['contact', 'contacts'],
      webhooks: ['webhook'],
    },
  },
  http: { lines: 800, why: 'a person declares the API, by GET or POST, in seven styles of paging' },
  hubspot: {
    lines: 1_150,
    why: 'it searches in windows, and reads associations, a journal, merges and an inventory',
  },
  intercom: { lines: 375, why: 'it reads contacts of two roles, and takes webhooks with whole contacts' },
  iterable: { lines: 410, why: 'it reads exports of users, and keeps lists of fields' },
  klaviyo: {
    lines: 410,
    why: 'its webhooks hold profiles in another shape than its API',
  },
  mailchimp: { lines: 555, why: 'it reads several audiences, whose members share a customer' },
  postgresql: { lines: 490, why: 'it reads a database, and refuses what it cannot read safely' },
  salesforce: {
    lines: 740,
    why: 'it reads three objects by one mapping, by queries and by jobs, and signs in in three ways',
    parts: {
      access: ['settings', 'api'],
      fields: ['columns', 'id'],
      pages: ['people', 'rows'],
      'query jobs': ['bulk'],
      webhooks: ['webhook'],
    },
  },
  segment: { lines: 235, why: 'it takes five kinds of calls' },
  shopify: {
    lines: 500,
    why: 'its customers are selected by GraphQL, it signs in in three ways, and reads by bulk operations',
    parts: {
      access: ['settings', 'api'],
      pages: ['customer', 'customers'],
      'bulk operations': ['bulk'],
      webhooks: ['webhook'],
    },
  },
  voucherify: {
    lines: 2_440,
    why: 'it is the destination, and knows what flows back, by reading and by exports, and its segments',
  },
  webhook: { lines: 855, why: 'a person declares the webhook, in any of the ways that vendors sign' },
  zoho: {
    lines: 510,
    why: 'it queries more fields than one request may name, and opens a channel',
    parts: {
      access: ['settings', 'api'],
      fields: ['contact'],
      pages: ['contacts'],
      webhooks: ['webhook', 'channel'],
    },
  },
};

/** Connectors in which something is awaited in a loop, and why. */
export const loops: { readonly [connector: string]: string } = {
  csv: 'the parts of a file',
  voucherify: 'the parts of an export',
  braze: 'profiles that an export answered without their IDs, one by one',
  customerio: 'people that can be read one by one only',
};

export function codeLines(text: string): number {
  return text.split('\n').filter((line) => !/^\s*(\/\/|\/\*|\*|$)/.test(line)).length;
}
