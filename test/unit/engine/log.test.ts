// What a log line says, and what it never says.
import { describe, expect, it } from 'vitest';
import { TransientError } from '../../../src/connector.ts';
import { createLog } from '../../../src/engine/log.ts';

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
    log.error(
      { err: new TransientError('cut', { status: 502, cause: new Error('socket') }) },
      'a step failed',
    );
    expect(JSON.parse(lines[0] ?? '').err).toMatchObject({
      name: 'TransientError',
      message: 'cut',
      status: 502,
      stack: expect.stringContaining('log.test.ts'),
      cause: { message: 'socket' },
    });
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
