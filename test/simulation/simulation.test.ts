// Whole systems by seed: workers that die, vendors that fail, on simulated time in one process. After the queues have drained
// everything must hold that test/simulation/checks.ts asks. `npm run simulate` carries out more and longer ones.
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { Agenda } from './agenda.ts';
import { closeDatabase } from './database.ts';
import { type History, historyOf } from './history.ts';
import { shrunk } from './shrink.ts';
import { simulate } from './simulation.ts';
import { Trace } from './trace.ts';

afterAll(closeDatabase);

const seeds = Array.from({ length: 100 }, (_, index) => index + 1);
const folder = new URL('histories/', import.meta.url);
const kept = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe('a simulation', () => {
  it('goes the same way for the same seed, whatever was simulated before', async () => {
    const history = historyOf(3, 0.25);
    const { hash } = await simulate(history);
    expect((await simulate(historyOf(4, 0.25))).hash).not.toBe(hash);
    expect((await simulate(history)).hash).toBe(hash);
  });

  it('leaves the number of this process out of its trace, so that another process goes the same way', () => {
    const said = (pid: number) => {
      const trace = new Trace(new Agenda(0));
      trace.note(`The worker ${pid} on ${hostname()} works with another configuration.`);
      return trace.hash;
    };
    expect(said(process.pid)).not.toBe(said(process.pid + 1));
    const trace = new Trace(new Agenda(0));
    trace.note('The worker works with another configuration.');
    expect(said(process.pid)).toBe(trace.hash);
  });

  it.each(seeds)('holds what the product promises (seed %i)', async (seed) => {
    const { faults, lines } = await simulate(historyOf(seed, 0.25));
    expect(faults, lines.slice(-50).join('\n')).toEqual([]);
  });

  it.each(kept)('holds what it once did not (%s)', async (name) => {
    const history = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as History;
    const { faults, lines } = await simulate(history);
    expect(faults, lines.slice(-50).join('\n')).toEqual([]);
  });
});

describe('a failing history', () => {
  it('is left with the events that make it fail', async () => {
    const history = historyOf(5, 24);
    const culprits = [history.events[3]!, history.events.at(-2)!];
    const fails = async ({ events }: History) => culprits.every((event) => events.includes(event));
    expect((await shrunk(history, fails)).events).toEqual(culprits);
  });
});
