// How the simulated Mailchimp may be told to behave.

export type MailchimpOptions = {
  /** Epoch milliseconds. */
  now?: () => number;
  /** The only key accepted; without it any is. */
  apiKey?: string;
  listId?: string;
  /** Where it is unverified what Mailchimp does. */
  sinceIncludes?: boolean;
  beforeIncludes?: boolean;
  listsArchived?: boolean;
  archiveHook?: boolean;
  /** Members have no `contact_id`: accounts of old. */
  withoutContactIds?: boolean;
  /** The list takes no notice of this parameter. */
  ignores?: 'since_last_changed' | 'sort_field';
  /** Requests answered at one time, for the user. */
  connections?: number;
  /** Without it webhooks are not signed, as those of before 2026. */
  signingSecret?: string;
  /** Whether the webhook tells of writes through the API. Default: false. */
  tellsApi?: boolean;
  /** Why a member cannot be written, by contact ID: a title of Mailchimp's. */
  writeFault?: (contactId: string) => string | undefined;
  /** False: the user of the key may only read. */
  mayWrite?: boolean;
  faults?: Fault;
};

/** Run before the route: a response takes its place; `Response.error()` cuts the connection. */
export type Fault = (request: Request) => Response | undefined;
