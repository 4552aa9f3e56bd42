// What a command prints: nothing of it is obeyed by a terminal, whatever a vendor has put into a value.
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Progress, print, printableJson, printError, type Terminal } from '../../src/cli/terminal.ts';
import { naughtyList } from '../support/naughty.ts';

function terminal(): Terminal & { said(): string } {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const isTerminal = { outIsTerminal: true, errIsTerminal: true, colors: false, columns: 200 };
  return { out: stream, err: stream, ...isTerminal, said: () => written.join('') };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not arrive
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('a terminal', () => {
  it('is not told to do anything by results, errors and progress', () => {
    const screen = terminal();
    for (const text of naughtyList) {
      print(screen, text);
      printError(screen, text);
    }
    expect(screen.said()).not.toMatch(obeyed);
    expect(screen.said()).toContain('\ufffd]0;owned\ufffd\ufffd[2J\ufffd31m');
    expect(screen.said()).toContain('👩🏽‍🚀');
  });

  it('is drawn on by progress itself alone', () => {
    const screen = terminal();
    new Progress(screen).show('vendor said \u001b[2J\r', null, 0);
    expect(screen.said()).toBe('\r\u001b[Kvendor said \ufffd[2J\ufffd');
  });

  it('gets JSON of the same value in which nothing is obeyed', () => {
    const value = { texts: naughtyList };
    expect(printableJson(value, 2)).not.toMatch(obeyed);
    expect(JSON.parse(printableJson(value))).toEqual(value);
  });
});
