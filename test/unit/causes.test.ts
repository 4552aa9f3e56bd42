// Plain words and a next step for every cause, known or not.
import { describe, expect, it } from 'vitest';
import { deadLetterKinds } from '../../src/contract/dead-letter.ts';
import { causeOf } from '../../src/sync/views/causes.ts';

const cause = (kind: (typeof deadLetterKinds)[number], code: string, message = 'said') =>
  causeOf({ kind, code, message });

describe('a cause', () => {
  it.each([
    ['delivery', 'metadata_validation_failed', '', /metadata schema refuses/, /when the schema changes/],
    ['delivery', 'invalid_payload', 'Property .name is null', /refuses null/, /tributary probe/],
    [
      'delivery',
      'invalid_payload',
      'Property .birthdate is no date',
      /form of a value/,
      /details of one letter/,
    ],
    ['delivery', 'duplicate_found', '', /only one may have/, /merge or correct/],
    ['delivery', 'http_413', '', /larger than/, /fewer or shorter/],
    ['delivery', 'given_up', 'given up after 30 attempts: HTTP 503', /may have arrived/, /retry/],
    ['delivery', 'no_remove', '', /no way to/, /"onOrphaned"/],
    [
      'record',
      'source_id',
      'The source ID has 300 characters, where at most 255 are allowed.',
      /longer/,
      /sourceId/,
    ],
    [
      'record',
      'source_id',
      'The source ID is ["x"], where a text is allowed.',
      /no text or whole number/,
      /sourceId/,
    ],
    ['record', 'bad_value', '', /type/, /quarantine/],
    ['record', 'bad_row', '', /row of a file/, /import it again/],
    ['record', 'bad_row', 'hubspot has no contacts record 9', /asked for by its ID/, /Compare the ID/],
    ['record', 'bad_row', 'hubspot does not give it: it is locked', /does not give it/, /by its ID/],
    ['record', 'unread', '', /read by ID/, /full sync/],
    ['inbox', 'unreadable', '', /not what this vendor sends/, /inbox --show/],
    ['inbox', 'no_id', '', /whom it is about/, /retry/],
    ['inbox', 'no_topic', '', /its time or its type/, /at the vendor/],
    ['inbox', 'unexpected', '', /defect/, /Report it/],
  ] as const)('of %s %s (%s) says what happened and what to do', (kind, code, message, plain, next) => {
    const found = cause(kind, code, message);
    expect(found.plain).toMatch(plain);
    expect(found.next).toMatch(next);
  });

  it.each(deadLetterKinds)('that nobody has foreseen, of kind %s, is explained in general', (kind) => {
    const found = cause(kind, 'something_new');
    expect(found.plain).toMatch(/reason/);
    expect(found.next).toMatch(/retry/i);
    expect(cause(kind, '')).toEqual(found);
  });

  it('of one kind is not mistaken for that of another with the same code', () => {
    expect(cause('inbox', 'given_up')).not.toEqual(cause('delivery', 'given_up'));
  });
});
