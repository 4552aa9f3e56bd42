// What is known of the time where a machine's clock is wrong.
import { describe, expect, it } from 'vitest';
import { WatchedClock } from '../../../src/engine/watched-clock.ts';

const noon = Date.parse('2026-06-01T12:00:00Z');
const hour = 3_600_000;

function machine() {
  let showsMs = noon;
  const own = { now: () => showsMs, sleep: () => Promise.resolve() };
  const clock = new WatchedClock(own);
  return {
    clock,
    turn: (ms: number) => {
      showsMs += ms;
    },
  };
}

describe('The latest time that is known', () => {
  it('is what the machine shows, before it is compared and where the clocks agree', async () => {
    const { clock, turn } = machine();
    expect(clock.latest()).toBe(noon);
    expect(await clock.compare(async () => noon)).toBe(0);
    turn(1_000);
    expect([clock.now(), clock.latest()]).toEqual([noon + 1_000, noon + 1_000]);
  });

  it('is what the database shows, where the machine is behind; the time of the machine stays its own', async () => {
    const { clock, turn } = machine();
    expect(await clock.compare(async () => noon + hour)).toBe(hour);
    turn(1_000);
    expect([clock.now(), clock.latest()]).toEqual([noon + 1_000, noon + hour + 1_000]);
    expect(await clock.compare(async () => noon + 1_000)).toBe(0);
    expect(clock.latest()).toBe(noon + 1_000);
  });

  it('is what the machine shows, where the database is behind', async () => {
    const { clock } = machine();
    expect(await clock.compare(async () => noon - hour)).toBe(-hour);
    expect(clock.latest()).toBe(noon);
  });

  it('does not go back with a clock that is set back, until it is compared again', async () => {
    const { clock, turn } = machine();
    clock.now();
    turn(-hour);
    expect([clock.now(), clock.latest()]).toEqual([noon - hour, noon]);
    await clock.compare(async () => noon - hour);
    expect(clock.latest()).toBe(noon - hour);
  });

  it('is not the worse for an answer that took long', async () => {
    const { clock, turn } = machine();
    const ahead = await clock.compare(async () => {
      turn(90_000);
      return noon + 45_000;
    });
    expect([ahead, clock.latest()]).toEqual([0, noon + 90_000]);
  });
});
