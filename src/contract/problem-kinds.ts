// The kinds of problems that programs tell apart: with which status they come, what they mean, and what to do. Problems are made by
// these names, and docs/errors.md is made of this table.

interface ProblemKind {
  statuses: readonly number[];
  meaning: string;
  action: string;
}

const kinds = {
  ambiguous: {
    statuses: [400],
    meaning: 'An ID means several customers.',
    action: 'Use the source ID of one of those that the error lists.',
  },
  'bad-config': {
    statuses: [400],
    meaning: 'A proposed configuration has faults, which `faults` lists.',
    action: 'Correct each fault.',
  },
  'bad-input': {
    statuses: [400],
    meaning:
      'A value of the path, query, body or key is not allowed. `faults` says where, what was found and what is allowed.',
    action: 'Correct the request; repeated as it is, it fails again.',
  },
  'bad-json': {
    statuses: [400],
    meaning: 'The body is not valid JSON.',
    action: 'Correct the body.',
  },
  'cannot-fit': {
    statuses: [409],
    meaning: 'A run would take more calls than a quota of a day or longer has left.',
    action: 'Wait until the quota is renewed, or set `force` to see when the run would end.',
  },
  'cannot-rewind': {
    statuses: [400],
    meaning: 'The connector cannot read changes since a time.',
    action: 'Request a full run.',
  },
  database: {
    statuses: [503],
    meaning: 'The database does not answer, or takes no writes.',
    action: 'Repeat the request after `Retry-After`; [runbook](runbook.md) says what to look at.',
  },
  'dry-run': {
    statuses: [409],
    meaning: 'The run that is to be undone was a dry run and changed nothing.',
    action: 'Name another run.',
  },
  ended: {
    statuses: [409],
    meaning: 'What is to be cancelled has ended.',
    action: 'Nothing: read it to see how it ended.',
  },
  'key-in-use': {
    statuses: [409],
    meaning: 'The first request with this idempotency key is still being carried out.',
    action: 'Repeat the request after `Retry-After`: it then gets the answer of the first.',
  },
  'key-reused': {
    statuses: [422],
    meaning: 'Another request had this idempotency key.',
    action: 'Use a new key for each request.',
  },
  'never-read': {
    statuses: [409],
    meaning: 'The source that is to be rewound has never been read completely.',
    action: 'Sync it first.',
  },
  'no-files': {
    statuses: [409],
    meaning: 'The source takes no files.',
    action: 'Name a source with the connector csv.',
  },
  'no-report': {
    statuses: [409],
    meaning: 'The run is not a finished dry run of this source and mode.',
    action: 'Request a dry run, and wait for its end.',
  },
  'no-sign-in': {
    statuses: [400],
    meaning: 'The source has no sign-in, because its credentials are configured.',
    action: 'Set the credentials in the configuration.',
  },
  nobody: {
    statuses: [404],
    meaning: 'Nobody is known by this ID.',
    action: 'Search with `GET /api/customers?search=`.',
  },
  'not-a-source-id': {
    statuses: [409],
    meaning: 'The ID means a customer and is not a source ID, which an erasure requires.',
    action: 'Erase by the source ID that the error names.',
  },
  'not-authentic': {
    statuses: [401],
    meaning: 'A webhook request is not authenticated: its signature, secret or time is wrong.',
    action: 'Compare the settings at the vendor with `tributary webhooks setup SOURCE`.',
  },
  'other-origin': {
    statuses: [403],
    meaning: 'A request with the cookie of the pages did not come from a page of this server.',
    action: 'Send a bearer token.',
  },
  paused: {
    statuses: [409],
    meaning: 'The source is paused.',
    action: 'Resume it first.',
  },
  'probe-refused': {
    statuses: [409],
    meaning: 'The probe could not be carried out at the destination.',
    action: 'Delete the customers that the error names, if any, and correct what it says.',
  },
  role: {
    statuses: [403],
    meaning: 'The role of the token does not allow this.',
    action: 'Use a token with the role that the error names. See [access](access.md).',
  },
  'schema-unknown': {
    statuses: [503],
    meaning: "The destination's metadata schema is not known yet.",
    action: 'Wait: it is read again within a minute. `tributary check` says why it cannot be read.',
  },
  'secret-key': {
    statuses: [409],
    meaning:
      'Erasing and lifting an erasure require `TRIBUTARY_SECRET_KEY`, or the key by which it was erased.',
    action: 'Set the variable and restart.',
  },
  'sign-in-failed': {
    statuses: [409],
    meaning: 'The vendor refused the sign-in, or it was not begun here.',
    action: 'Begin the sign-in again.',
  },
  'still-erasing': {
    statuses: [409],
    meaning: 'The erasure that is to be lifted has not ended.',
    action: 'Wait until its receipt is complete.',
  },
  'still-going': {
    statuses: [409],
    meaning: 'The same is being done already; `runId` names the run if it is one.',
    action: 'Wait for its end, or cancel it.',
  },
  'too-large': {
    statuses: [413],
    meaning: 'The body has too many bytes.',
    action: 'Send less at a time; the error names the limit.',
  },
  'too-many-triggers': {
    statuses: [429],
    meaning: 'The token has sent more requests within a minute than `triggersPerMinute` allows.',
    action: 'Repeat the request after `Retry-After`.',
  },
  'too-many-wrong-tokens': {
    statuses: [429],
    meaning:
      'Too many wrong tokens were sent to this server within a minute. Right tokens are still accepted.',
    action: 'Correct the token.',
  },
  'unknown-name': {
    statuses: [400],
    meaning: 'A filter or a body names a source, code, field, run or dead letter that does not exist.',
    action: 'Use a name that the error suggests.',
  },
  'unknown-size': {
    statuses: [409],
    meaning: 'The number of records of the source is not known, so the run cannot be forecast.',
    action: 'Give `records`.',
  },
  'vendor-unavailable': {
    statuses: [503],
    meaning: 'The vendor does not answer.',
    action: 'Repeat the request later.',
  },
} as const satisfies { readonly [name: string]: ProblemKind };

export type ProblemKindName = keyof typeof kinds;
export const problemKinds: { readonly [name in ProblemKindName]: ProblemKind } = kinds;
