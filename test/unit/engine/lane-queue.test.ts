// In which order those who wait go in: better lanes first, each with its least share, and no place is left unused.

import { describe, expect, it } from 'vitest';
import { LaneQueue } from '../../../src/engine/quota/lane-queue.ts';
import { type Lane, lanes, minShares } from '../../../src/engine/quota/lanes.ts';
import { fc } from '../../support/properties.ts';

/** A queue of numbered callers. */
function laneQueue() {
  const queue = new LaneQueue<{ lane: Lane; number: number }>();
  let number = 0;
  return {
    queue,
    add(lane: Lane) {
      const caller = { lane, number };
      number += 1;
      queue.add(lane, caller);
      return caller;
    },
    next: () => queue.take(),
  };
}

const anyLane = fc.constantFrom(...lanes);

describe('The order of a line', () => {
  it('gives every lane its share of any stretch in which all lanes wait', () => {
    const { add, next } = laneQueue();
    for (const lane of lanes) for (let count = 0; count < 2_000; count += 1) add(lane);
    const order = Array.from({ length: 1_000 }, () => next()!.lane);
    for (let from = 0; from < 900; from += 20) {
      for (const lane of lanes) {
        const places = order.slice(from, from + 100).filter((one) => one === lane).length;
        expect(places).toBeGreaterThanOrEqual(100 * minShares[lane] - 2);
      }
    }
    expect(order.filter((lane) => lane === 'webhook').length).toBeGreaterThan(600);
  });

  it('owes a waiting lane at most two places, whichever callers come and go', () => {
    fc.assert(
      fc.property(
        anyLane,
        fc.array(fc.array(anyLane, { maxLength: 4 }), { maxLength: 300, size: 'max' }),
        (waits, turns) => {
          const { add, next } = laneQueue();
          let places = 0;
          add(waits);
          for (const [turn, comers] of turns.entries()) {
            for (const lane of comers) add(lane);
            add(waits); // so that it always waits
            if (next()!.lane === waits) places += 1;
            expect(places).toBeGreaterThanOrEqual((turn + 1) * minShares[waits] - 2);
          }
        },
      ),
    );
  });

  it('lets the best lane go where none is owed a place, and of one lane who came first', () => {
    fc.assert(
      fc.property(fc.array(anyLane, { maxLength: 60 }), (comers) => {
        const { add, next, queue } = laneQueue();
        for (const lane of comers) add(lane);
        const last: { [lane in Lane]?: number } = {};
        for (let left = comers.length; left > 0; left -= 1) {
          expect(queue.size).toBe(left);
          const { lane, number } = next()!;
          expect(number).toBeGreaterThan(last[lane] ?? -1);
          last[lane] = number;
        }
        expect(queue.take()).toBeUndefined();
      }),
    );
  });

  it('gives the share of who does not wait to the others', () => {
    const { add, next } = laneQueue();
    for (let count = 0; count < 50; count += 1) add('backfill');
    expect(Array.from({ length: 50 }, () => next()!.lane)).toEqual(Array(50).fill('backfill'));
    add('backfill');
    add('webhook');
    expect([next()!.lane, next()!.lane]).toEqual(['webhook', 'backfill']);
  });

  it('lets a webhook go next but one in a flood of all the rest', () => {
    const { add, next } = laneQueue();
    for (const lane of lanes.slice(1)) for (let count = 0; count < 200; count += 1) add(lane);
    for (let trial = 0; trial < 50; trial += 1) {
      for (let warm = 0; warm < trial % 5; warm += 1) next();
      add('webhook');
      const order = [next(), next(), next()].map((one) => one?.lane);
      expect(order).toContain('webhook');
    }
  });

  it('keeps what a lane is owed while its callers give up and come back', () => {
    const { add, next, queue } = laneQueue();
    for (let count = 0; count < 100; count += 1) add('webhook');
    const order: (Lane | undefined)[] = [];
    for (let turn = 0; turn < 60; turn += 1) {
      const caller = add('backfill');
      order.push(next()?.lane);
      queue.remove('backfill', caller); // gives up, unless it went
    }
    expect(order.filter((lane) => lane === 'backfill')).toHaveLength(3);
  });
});
