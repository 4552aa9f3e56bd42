// When a vendor that fails is left alone, and how it is tried again.

import { describe, expect, it } from 'vitest';
import { Circuit } from '../../src/engine/http/circuit.ts';
import { fc } from '../support/properties.ts';

const start = Date.UTC(2026, 0, 1);
const opened = (failures = 5, now = start) => {
  const circuit = new Circuit();
  for (let count = 0; count < failures; count += 1) circuit.failed(now);
  return circuit;
};

describe('A circuit', () => {
  it('stays closed while fewer than five failures come in a row', () => {
    const circuit = opened(4);
    expect(circuit.admit(start)).toBe('all');
    circuit.succeeded();
    for (let count = 0; count < 4; count += 1) expect(circuit.failed(start)).toBeNull();
    expect(circuit.status(start)).toEqual({
      state: 'closed',
      failures: 4,
      openedAt: null,
      openUntil: null,
      reason: null,
    });
  });

  it('opens with the fifth, for five seconds, and admits nothing meanwhile', () => {
    const circuit = opened(4);
    expect(circuit.failed(start)).toBe(5_000);
    expect(circuit.isOpen(start + 4_999)).toBe(true);
    expect(circuit.admit(start + 4_999)).toBe('none');
    expect(circuit.waitMs(start + 1_000)).toBe(4_000);
    expect(circuit.status(start)).toMatchObject({ state: 'open', openedAt: start, openUntil: start + 5_000 });
  });

  it('then admits one, and nobody else before it has ended', () => {
    const circuit = opened();
    expect(circuit.admit(start + 5_000)).toBe('one');
    expect(circuit.status(start + 5_000).state).toBe('half-open');
    expect(circuit.admit(start + 5_001)).toBe('none');
    expect(circuit.succeeded()).toBe(true);
    expect(circuit.admit(start + 5_002)).toBe('all');
    expect(circuit.status(start + 5_002)).toEqual({
      state: 'closed',
      failures: 0,
      openedAt: null,
      openUntil: null,
      reason: null,
    });
  });

  it('opens for twice as long with each try that fails, up to five minutes', () => {
    const circuit = opened();
    const waits: (number | null)[] = [];
    for (let now = start + 5_000, count = 0; count < 8; count += 1) {
      expect(circuit.admit(now)).toBe('one');
      waits.push(circuit.failed(now));
      now += waits.at(-1)!;
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
  });

  it('admits another where the one made no call, or was not heard of for two minutes', () => {
    const circuit = opened();
    expect(circuit.admit(start + 5_000)).toBe('one');
    circuit.release();
    expect(circuit.admit(start + 5_001)).toBe('one');
    expect(circuit.admit(start + 125_000)).toBe('none');
    expect(circuit.admit(start + 125_001)).toBe('one');
  });

  it('counts the failures of one request that may itself be to blame only once', () => {
    const circuit = new Circuit();
    for (let time = 0; time < 20; time += 1) expect(circuit.failed(start + time, { about: 'a' })).toBeNull();
    for (const about of ['b', 'c', 'd']) expect(circuit.failed(start, { about })).toBeNull();
    expect(circuit.failed(start, { about: 'e', reason: 'a page' })).toBe(5_000);
    expect(circuit.status(start)).toMatchObject({ state: 'open', reason: 'a page' });
    circuit.succeeded();
    for (const about of ['a', 'b', 'c', 'd']) expect(circuit.failed(start, { about })).toBeNull();
    expect(circuit.admit(start)).toBe('all');
  });

  it('opens at once where one failure stands for many, and admits one as soon as somebody asks', () => {
    const circuit = new Circuit();
    expect(circuit.trip(start, 'a page')).toBe(5_000);
    expect(circuit.trip(start + 1)).toBeNull();
    expect(circuit.admit(start + 1)).toBe('none');
    circuit.tryNow();
    expect(circuit.admit(start + 1)).toBe('one');
    expect(circuit.admit(start + 2)).toBe('none');
  });

  it('does not open for longer because of calls that were on their way when it opened', () => {
    const circuit = opened(40);
    expect(circuit.waitMs(start)).toBe(5_000);
  });

  it('is never open for longer than its cap, whatever happens', () => {
    const events = fc.array(
      fc.tuple(fc.constantFrom('fail', 'fail', 'succeed', 'admit', 'release'), fc.nat(20_000)),
    );
    fc.assert(
      fc.property(events, (all) => {
        const circuit = new Circuit();
        let now = start;
        for (const [event, after] of all) {
          now += after;
          if (event === 'fail') circuit.failed(now);
          if (event === 'succeed') circuit.succeeded();
          if (event === 'admit') circuit.admit(now);
          if (event === 'release') circuit.release();
          expect(circuit.waitMs(now)).toBeLessThanOrEqual(300_000);
          if (event === 'succeed') expect(circuit.admit(now)).toBe('all');
        }
        expect(circuit.admit(now + 420_001)).not.toBe('none');
      }),
    );
  });
});
