// What a log line says, and what it never says.
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RejectedError, TransientError } from '../../../src/connector.ts';
import { DatabaseError } from '../../../src/db/database.ts';
import { createLog } from '../../../src/engine/log/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function logTo(pretty = false) {
  const lines: string[] = [];
  return { lines, log: createLog({ level: 'info', pretty, write: (line) => lines.push(line) }) };
}

describe('The log', () => {
  it('writes one JSON object a line, with what its child was told', () => {
    const { lines, log } = logTo();
    log.child({ source: 'hubspot', run: 12 }).info({ pages: 3 }, 'run finished');
    log.debug('not at this level');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/\n$/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      source: 'hubspot',
      run: 12,
      pages: 3,
      msg: 'run finished',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  it('hides what names a secret, however deep and wherever it was said', () => {
    const { lines, log } = logTo();
    const deep = {
      a: [{ b: { headers: { Authorization: 'Bearer hush-hush' }, clientSecret: 'hush-hush' } }],
    };
    log
      .child({ apiKey: 'hush-hush' })
      .info({ ...deep, access_token: 'hush-hush', password: 'hush-hush' }, 'x');
    log.error(
      { err: Object.assign(new Error('x', { cause: Object.assign(new Error('y'), deep) }), deep) },
      'x',
    );
    log.warn('sent with Bearer hush-hush');
    log.error(new Error('refused Basic aHVzaC1odXNo='));
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toMatch(/hush-hush|aHVzaC1odXNo/);
    expect(lines.join('')).toContain('[hidden]');
  });

  it('keeps what an error says of itself and of its causes', () => {
    const { lines, log } = logTo();
    log.error({ err: new Error('cut', { cause: new Error('socket') }) }, 'a step failed');
    expect(JSON.parse(lines[0] ?? '').err).toMatchObject({
      name: 'Error',
      message: 'cut',
      stack: expect.stringContaining('log.test.ts'),
      cause: { message: 'socket' },
    });
  });

  it('gives no stack to an error that was to be expected, nor to its causes', () => {
    const { lines, log } = logTo();
    const outage = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const expected = [
      new TransientError('cut', { status: 502, cause: new Error('socket', { cause: outage }) }),
      new RejectedError('no', { code: 'no' }),
      new DatabaseError('terminating connection', '57P01'),
      outage,
    ];
    for (const err of expected) log.error({ err }, 'a step failed');
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain('stack');
    expect(JSON.parse(lines[0]!).err).toMatchObject({
      name: 'TransientError',
      status: 502,
      cause: { message: 'socket', cause: { code: 'ECONNREFUSED' } },
    });
  });

  it.each([false, true])('holds text from outside as one clean line (for a person: %s)', (pretty) => {
    const { lines, log } = logTo(pretty);
    const evil = 'a\u0000b\n{"level":"fatal"}\r\n\u001b[31mred\u001b[0m \u009b2J\u2028x\u202egnp\ud800 \tend';
    log.child({ source: evil }).warn({ reason: evil, [evil]: [evil] }, evil);
    log.error({ err: new Error(evil, { cause: new Error(evil) }) }, 'it failed');
    log.error(new Error(evil));
    expect(lines).toHaveLength(3);
    const text = stripVTControlCharacters(lines.join(''));
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u2028|\u202e|\ud800/u);
    for (const line of lines) {
      const [first, ...more] = stripVTControlCharacters(line).trimEnd().split('\n');
      expect(first).toContain('red');
      if (!pretty) expect(more).toEqual([]);
      for (const frame of more.slice(1)) expect(frame).toMatch(/^ +at /);
    }
    if (!pretty) expect(text).not.toMatch(/\\u0000|\\u001b|\\n\{/);
  });

  it('names no e-mail address and no phone number, and is bounded', () => {
    const { lines, log } = logTo();
    log.warn(
      { reason: 'customer ada.l+x@mail.example.com (phone +48 600-700-800) exists' },
      'for ada@example.com',
    );
    log.warn({ err: new Error('no ada@example.com') }, 'x');
    log.warn({ reason: 'y'.repeat(100_000) }, 'long');
    expect(lines.join('')).not.toMatch(/ada|600/);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      reason: 'customer [e-mail] (phone [phone]) exists',
      msg: 'for [e-mail]',
    });
    expect(lines[2]!.length).toBeLessThan(2_500);
  });

  it('counts what repeats, for each source and reason apart, and writes how often', async () => {
    const clock = new ManualClock(1_000_000);
    const lines: string[] = [];
    const log = createLog({ level: 'debug', clock, write: (line) => lines.push(line) });
    const source = log.child({ source: 'crm', run: 1 });
    for (let n = 0; n < 1_000; n += 1) {
      source.child({ run: n }).warn({ reason: `HTTP 503 after ${n} s`, waiting: n }, 'waits');
      log.warn({ source: 'shop', reason: 'HTTP 429' }, 'waits');
      log.debug('called');
    }
    const said = () => lines.map((line) => JSON.parse(line)).filter(({ level }) => level !== 'debug');
    expect(said()).toMatchObject([
      { source: 'crm', waiting: 0 },
      { source: 'shop', reason: 'HTTP 429' },
    ]);
    expect(lines).toHaveLength(1_002);
    await clock.advance(60_000);
    expect(said().slice(2)).toMatchObject([
      { source: 'crm', waiting: 999, times: 999 },
      { source: 'shop', times: 999 },
    ]);
    await clock.advance(600_000);
    expect(said()).toHaveLength(4);
  });

  it('survives what holds itself', () => {
    const { lines, log } = logTo();
    const ring: { self?: unknown } = {};
    ring.self = ring;
    log.info({ ring, none: null, when: new Date(0) }, 'x');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      ring: { self: '[circular]' },
      none: null,
      when: '1970-01-01T00:00:00.000Z',
    });
  });

  it('writes a sentence a line for a person', () => {
    const { lines, log } = logTo(true);
    log.child({ source: 'hubspot', run: 12 }).warn({ pages: 3 }, 'slow\ndown');
    log.error({ err: new Error('boom') }, 'a step failed');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what is taken away
    const plain = lines.map((line) => line.replace(/\u001b\[\d+m/g, ''));
    expect(plain[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}hubspot run 12: slow down {2}\(pages 3\)\n$/);
    expect(plain[1]).toMatch(/ error a step failed: boom\nError: boom\n +at /);
  });
});
