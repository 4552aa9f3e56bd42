// What each error means for each kind of work.
import { describe, expect, it } from 'vitest';
import { RejectedError, TransientError, UnauthorizedError } from '../../../src/connector.ts';
import { DatabaseError } from '../../../src/db/database.ts';
import { failureOf, isUndone, type Work } from '../../../src/engine/work/failures.ts';

const errors: { [name: string]: unknown } = {
  'the credentials are refused': new UnauthorizedError('no', { status: 401 }),
  'the grant is taken back': new UnauthorizedError('no', { final: true }),
  'the vendor rejects it': new RejectedError('no', { code: 'invalid', status: 400 }),
  'a gateway may have refused': new RejectedError('no', { code: 'http_404', status: 404, unproven: true }),
  'the vendor answers 429': new TransientError('later', { status: 429, quota: 'calls' }),
  'a 429 names no quota': new TransientError('later', { status: 429 }),
  'our own quota is spent': new TransientError('later', { quota: 'calls', retryAfterMs: 1_000 }),
  'a conflict': new TransientError('later', { status: 404, rejectedAs: 'not_found' }),
  'the vendor answers 503': new TransientError('down', { status: 503, uncertain: true }),
  'no answer comes': new TransientError('timed out', { uncertain: true }),
  'a proxy answers': new TransientError('sign in', { status: 403, foreign: true }),
  'the server refuses a value': new DatabaseError('invalid byte sequence', '22021'),
  'our code fails at a value': new TypeError('cannot read properties of null'),
  'the database is away': new DatabaseError('terminated', '57P01'),
  'the database only reads': new DatabaseError('read-only transaction', '25006'),
  'a statement uses up memory': new DatabaseError('out of memory', '53200'),
  'anything else': new Error('oh'),
};

const expected = `
                              run          touch        delivery     batch     lostBatch  verification  erasure
  the credentials are refused pause        pause        pause        pause     give up    pause         pause
  the grant is taken back     pause        pause        pause        pause     give up    pause         pause
  the vendor rejects it       give up      give up      give up      give up   give up    give up       postpone
  a gateway may have refused  count        count alone  count alone  postpone  postpone   count         count
  the vendor answers 429      count alone  count alone  postpone     postpone  postpone   postpone      count
  a 429 names no quota        count alone  count alone  postpone     postpone  postpone   postpone      count
  our own quota is spent      count alone  count alone  postpone     postpone  postpone   postpone      count
  a conflict                  count alone  count alone  count        postpone  postpone   count         count
  the vendor answers 503      count alone  count alone  count alone  postpone  postpone   count         count
  no answer comes             count alone  count alone  count alone  postpone  postpone   count         count
  a proxy answers             count alone  count alone  count alone  postpone  postpone   count         count
  the server refuses a value  count        give up      count        postpone  postpone   count         count
  our code fails at a value   count        give up      count        postpone  postpone   count         count
  the database is away        postpone     postpone     postpone     postpone  postpone   postpone      postpone
  the database only reads     postpone     postpone     postpone     postpone  postpone   postpone      postpone
  a statement uses up memory  count        count        count        postpone  postpone   count         count
  anything else               count        count        count        postpone  postpone   count         count`;

describe('A failure', () => {
  const [head, ...rows] = expected.split('\n').filter((line) => line.trim() !== '');
  const works = head!.trim().split(/\s{2,}/) as Work[];

  it.each(rows.map((line) => [line.slice(2, 30).trim(), line.slice(30).split(/\s{2,}/)] as const))(
    'means for each kind of work, where %s, what the table says',
    (name, effects) => {
      expect(works.map((work) => failureOf(work, errors[name]).effect)).toEqual(
        effects.map((one) => one.trim()),
      );
    },
  );

  it('is listed for each error and each kind of work', () => {
    expect(rows).toHaveLength(Object.keys(errors).length);
    expect(works).toHaveLength(7);
  });

  it("carries the vendor's word on when to come back", () => {
    expect(failureOf('run', errors['our own quota is spent'])).toMatchObject({
      kind: 'quota',
      retryAfterMs: 1_000,
    });
    expect(failureOf('run', 'thrown as a string')).toMatchObject({
      kind: 'unexpected',
      message: 'thrown as a string',
      retryAfterMs: undefined,
    });
  });

  it('leaves nothing in doubt where the vendor refused, and everything where no answer came', () => {
    const undone = Object.keys(errors).filter((name) => isUndone(errors[name]));
    expect(undone).toEqual([
      ...['the credentials are refused', 'the grant is taken back', 'the vendor rejects it'],
      ...[
        'a gateway may have refused',
        'the vendor answers 429',
        'a 429 names no quota',
        'our own quota is spent',
        'a conflict',
        'a proxy answers',
      ],
    ]);
  });
});
