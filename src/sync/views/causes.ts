// Why letters are dead, in plain words, with what to do next: by kind, code and the words that were said. Pure; it knows
// no row. What it has no entry for gets the words of its kind.
import type { DeadLetterKind } from '../../contract/dead-letter.ts';

export interface Cause {
  /** What happened, one or two sentences. */
  plain: string;
  /** What a person does next. */
  next: string;
}

interface Entry extends Cause {
  kind: DeadLetterKind;
  code: string | RegExp;
  /** Found in the words that were said. */
  words?: RegExp;
}

/** The first that fits counts. */
const entries: readonly Entry[] = [
  {
    kind: 'delivery',
    code: 'metadata_validation_failed',
    plain:
      "The destination's metadata schema refuses a value: of another type, not allowed, or required and missing.",
    next: 'Look at the details of one letter for the key. Correct the value at its source or in the mapping, or change the schema: letters are sent again by themselves when the schema changes, else retry.',
  },
  {
    kind: 'delivery',
    code: 'invalid_payload',
    words: /null|non-?nullable/i,
    plain: 'The destination refuses null, which was sent to clear a value.',
    next: 'Run "tributary probe": it finds out how values are cleared there, and deliveries go by it. Then retry.',
  },
  {
    kind: 'delivery',
    code: 'invalid_payload',
    plain: 'The destination refuses the form of a value, such as a date that is none.',
    next: 'Look at the details of one letter for the field. Correct the value at its source or in the mapping, then retry.',
  },
  {
    kind: 'delivery',
    code: /^http_/,
    words: /Others were taken meanwhile/,
    plain:
      'A firewall, proxy or gateway before the destination, or the destination itself, refuses the values of this customer, while others were accepted.',
    next: 'Check its values for text that resembles an attack (tags, SQL, scripts) and correct them at the source, or have the firewall rule changed. Then retry.',
  },
  {
    kind: 'delivery',
    code: 'resource_conflict',
    plain: 'The destination reported a conflict each time, although it was tried several times.',
    next: 'Check whether something else updates the customer at the same time, then retry.',
  },
  {
    kind: 'delivery',
    code: /duplicate|conflict|already_exists|http_409/,
    plain: 'The destination has another customer with a value that only one may have.',
    next: 'Find the other customer at the destination, and merge or correct one of the two. Then retry.',
  },
  {
    kind: 'delivery',
    code: /^(not_found|http_404)$/,
    plain: 'The destination does not find what the write is about.',
    next: 'Check that the customer exists there and that the configuration names the right project. Then retry.',
  },
  {
    kind: 'delivery',
    code: /too_large|too_many|http_413/,
    plain: 'The customer by itself is larger than the destination takes.',
    next: 'Map fewer or shorter fields of it, then retry.',
  },
  {
    kind: 'delivery',
    code: 'other_customer',
    plain:
      'The destination answers to this source ID with another customer: the ID reads like one of its own.',
    next: 'Give the customer another source ID at its source. Discard the letter where the record is gone.',
  },
  {
    kind: 'delivery',
    code: 'unreadable_source_id',
    plain: 'The destination cannot be asked for this source ID.',
    next: 'Give the customer another source ID at its source, then discard the letter.',
  },
  {
    kind: 'delivery',
    code: 'no_remove',
    plain: 'The customer should be deleted, and the destination offers no way to.',
    next: 'Set "onOrphaned" to keep, blank or erase, then retry.',
  },
  {
    kind: 'delivery',
    code: 'given_up',
    plain:
      'It was tried for hours, and each time the destination failed or its answer proved nothing. It may have arrived.',
    next: 'See whether the destination is well again, then retry: all is sent anew.',
  },
  {
    kind: 'delivery',
    code: /required|missing/,
    plain: 'The destination demands a value that this customer does not have.',
    next: 'Fill it in at its source or map it, then retry.',
  },
  {
    kind: 'record',
    code: 'source_id',
    words: /characters, where at most/i,
    plain: 'The source ID is longer than a destination takes.',
    next: 'Choose another property for sourceId, or shorten it at its source. Records are taken in again by themselves when the rule changes.',
  },
  {
    kind: 'record',
    code: 'source_id',
    words: /control character|(broken|invalid) Unicode/i,
    plain: 'The source ID holds characters that nobody sees or that are broken.',
    next: 'Correct it at its source: the record comes again with the next sync.',
  },
  {
    kind: 'record',
    code: 'source_id',
    plain: 'The property that should be the source ID holds no text or whole number.',
    next: 'Choose another property for sourceId, or correct it at its source. Records are taken in again by themselves when the rule changes.',
  },
  {
    kind: 'record',
    code: 'bad_value',
    plain: 'A value does not have its type, and this source refuses such records whole.',
    next: 'Correct it at its source or in the mapping; or set badValues to "quarantine", and the record goes on without the value. Records are taken in again by themselves when the mapping changes.',
  },
  {
    kind: 'record',
    code: 'bad_row',
    words: / has no \S+ record /,
    plain: 'A record was asked for by its ID, and the vendor has none with this ID.',
    next: 'Compare the ID with the vendor. Sync the record again by the right one, and discard the letter.',
  },
  {
    kind: 'record',
    code: 'bad_row',
    words: / does not give it: /,
    plain: 'A record was asked for by its ID, and the vendor does not give it, for the reason it names.',
    next: 'Correct what it names at the vendor or in the credentials. Sync the record again by its ID, and discard the letter.',
  },
  {
    kind: 'record',
    code: 'bad_row',
    plain: 'A row of a file, or of what a vendor lists, could not be read as a record.',
    next: 'Correct it at its source. Then run a full sync, or correct the file and import it again, and discard the letter.',
  },
  {
    kind: 'record',
    code: 'unread',
    plain:
      'A webhook told of a record, or a full sync did not find it in the list, and the vendor did not give it when it was read by ID. It stays as it was.',
    next: 'See whether the record exists at the vendor and the credentials may read it, and whether a proxy answers for the vendor; then retry: it is read again. A full sync finds it too.',
  },
  {
    kind: 'inbox',
    code: 'unreadable',
    plain: 'The body of a webhook request is not what this vendor sends.',
    next: 'See the request with "tributary webhooks inbox --show". Where the webhook is set up for another vendor or form, correct that and discard the letter.',
  },
  {
    kind: 'inbox',
    code: 'given_up',
    plain: 'A webhook request could not be taken in, though it was tried again and again.',
    next: 'The log says what failed. When that is mended, retry: the request is opened again.',
  },
  {
    kind: 'inbox',
    code: 'unexpected',
    plain: 'A webhook held something that nobody expected, which is probably a defect of Tributary.',
    next: 'Report it with the error of the log. After an update, retry: the request is opened again.',
  },
  {
    kind: 'inbox',
    code: 'no_stream',
    plain: 'A webhook tells of a kind of record that this source does not read.',
    next: 'Turn that event off at the vendor, and discard the letters.',
  },
  {
    kind: 'inbox',
    code: /^no_(id|source_id|customer|person|address|object|list|group)$/,
    plain: 'A webhook does not say whom it is about.',
    next: 'See the request with "tributary webhooks inbox --show". Correct the event or the mapping of the webhook, and retry; or discard it, and a sync brings the record.',
  },
  {
    kind: 'inbox',
    code: /^no_(time|type|topic|event|call)$/,
    plain: 'A webhook lacks its time or its type: it is none that this vendor is known to send.',
    next: 'See the request with "tributary webhooks inbox --show". Correct the webhook at the vendor, or discard the letters.',
  },
];

const others: { readonly [kind in DeadLetterKind]: Cause } = {
  delivery: {
    plain: 'The destination refuses this customer, for the reason it gives.',
    next: 'Look at the details of one letter. Correct what it names at its source or in the mapping, then retry.',
  },
  record: {
    plain: 'A record could not be taken in, for the reason given.',
    next: 'Correct it at its source: the record comes again with the next sync. Or retry.',
  },
  inbox: {
    plain: 'An item of a webhook could not be taken in, for the reason given.',
    next: 'See the request with "tributary webhooks inbox --show", and retry when the reason is gone.',
  },
  writeBack: {
    plain: 'The vendor refuses what is written back to this person, for the reason it gives.',
    next: 'Correct what it names at the vendor, or the attribute in writeBack, then retry. The next change of the facts is written anyway.',
  },
};

/** Codes that have an entry of their own. */
export const literalCodes: readonly string[] = [
  ...new Set(entries.flatMap(({ code }) => (typeof code === 'string' ? [code] : []))),
];

/** `message`: the words that were said, or any of a group's. */
export function causeOf(letter: { kind: DeadLetterKind; code: string; message: string }): Cause {
  const entry = entries.find(
    ({ kind, code, words }) =>
      kind === letter.kind &&
      (typeof code === 'string' ? code === letter.code : code.test(letter.code)) &&
      (words?.test(letter.message) ?? true),
  );
  const { plain, next } = entry ?? others[letter.kind];
  return { plain, next };
}
