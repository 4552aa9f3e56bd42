// The calendar: what is a schedule, and which moments it names. Timers and the clock are vitest's, moved by hand.
import cron from 'node-cron';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/engine/clock.ts';
import { Calendar, Schedule, scheduleFault, timezoneFault } from '../../../src/engine/work/schedule.ts';

const iso = (moment: number) => new Date(moment).toISOString();
const minutes = (count: number) => count * 60_000;

describe('A schedule', () => {
  const running: Schedule[] = [];

  beforeEach(() => void vi.useFakeTimers());
  const stopAll = () => {
    for (const schedule of running.splice(0)) schedule.stop();
  };
  afterEach(() => {
    stopAll();
    vi.useRealTimers();
  });

  /** What a process that is started now fires: the slot it names and when it does. */
  function start(expression: string, timezone = 'UTC'): { slot: string; firedAt: string }[] {
    const fired: { slot: string; firedAt: string }[] = [];
    const schedule = new Schedule();
    running.push(schedule);
    schedule.every(expression, timezone, (slot) => fired.push({ slot: iso(slot), firedAt: iso(Date.now()) }));
    return fired;
  }
  const slots = (fired: readonly { slot: string }[]) => fired.map(({ slot }) => slot);
  const setTime = (moment: string) => void vi.setSystemTime(new Date(moment));
  const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

  it('fires at its moments, named in whole seconds', async () => {
    setTime('2026-06-01T12:01:17.123Z');
    const fired = start('*/5 * * * *');
    await pass(minutes(14));
    expect(slots(fired)).toEqual([
      '2026-06-01T12:05:00.000Z',
      '2026-06-01T12:10:00.000Z',
      '2026-06-01T12:15:00.000Z',
    ]);
  });

  it('may have seconds', async () => {
    setTime('2026-06-01T12:00:00.500Z');
    const fired = start('*/20 * * * * *');
    await pass(minutes(1));
    expect(slots(fired)).toEqual([
      '2026-06-01T12:00:20.000Z',
      '2026-06-01T12:00:40.000Z',
      '2026-06-01T12:01:00.000Z',
    ]);
  });

  /** Whether it fires at this moment; only the minute before it is let pass. */
  async function firesAt(expression: string, moment: string): Promise<boolean> {
    setTime(new Date(Date.parse(moment) - 1_500).toISOString());
    const fired = start(expression);
    await pass(3_000);
    stopAll();
    return slots(fired).includes(new Date(moment).toISOString());
  }

  it('28-first-of-the-month-or-monday: takes either day where both are given, as cron does', async () => {
    const first = '2026-12-01T09:00:00Z'; // a Tuesday
    const monday = '2026-11-30T09:00:00Z';
    const wednesday = '2026-12-02T09:00:00Z';
    expect(await firesAt('0 9 1 * 1', first)).toBe(true);
    expect(await firesAt('0 9 1 * 1', monday)).toBe(true);
    expect(await firesAt('0 9 1 * 1', wednesday)).toBe(false);
    expect(await firesAt('0 0 9 29 * 1', '2026-11-29T09:00:00Z')).toBe(true);
    expect(await firesAt('0 9 1 * *', monday)).toBe(false);
    expect(await firesAt('0 9 * * 1', first)).toBe(false);
  });

  it('fires once where both days fall together', async () => {
    setTime('2027-02-01T08:59:58.500Z');
    const fired = start('0 9 1 * 1');
    await pass(3_000);
    expect(slots(fired)).toEqual(['2027-02-01T09:00:00.000Z']);
  });

  it('takes both days together where one of them begins with an asterisk', async () => {
    expect(await firesAt('0 9 */2 * 1', '2026-06-01T09:00:00Z')).toBe(true);
    expect(await firesAt('0 9 */2 * 1', '2026-06-08T09:00:00Z')).toBe(false);
  });

  it('is of its time zone, in summer and in winter', async () => {
    for (const [day, utc] of [
      ['2026-01-15', '08:00'],
      ['2026-07-15', '07:00'],
    ]) {
      setTime(`${day}T00:00:00Z`);
      const fired = start('0 9 * * *', 'Europe/Warsaw');
      await pass(minutes(24 * 60));
      expect(slots(fired)).toEqual([`${day}T${utc}:00.000Z`]);
      stopAll();
    }
  });

  // In Warsaw the clock goes from 02:00 to 03:00 at 01:00 UTC, and back from 03:00 to 02:00 at 01:00 UTC.
  it.each([
    ['spring', '2026-03-28T22:00:00Z'],
    ['autumn', '2026-10-24T22:00:00Z'],
  ])(
    'fires every half hour of the night on which the clocks change in %s, each moment once',
    async (_season, evening) => {
      setTime(evening);
      const fired = start('*/30 * * * *', 'Europe/Warsaw');
      await pass(minutes(6 * 60));
      const first = Date.parse(evening);
      expect(slots(fired)).toEqual(
        Array.from({ length: 12 }, (_, index) => iso(first + minutes(30 * (index + 1)))),
      );
    },
  );

  it.each([
    ['spring', '2026-03-28T22:00:00Z', '2026-03-29T00:10:41.300Z'],
    ['autumn', '2026-10-24T22:00:00Z', '2026-10-25T00:10:41.300Z'],
  ])(
    'names every slot alike in two processes, one started the evening before, across the change in %s',
    async (_season, evening, night) => {
      for (const expression of [
        '*/10 * * * *',
        '30 2 * * *',
        '0 3 * * *',
        '15 */2 * * *',
        '7 2,3 * * 0',
        '5 30 2 * * *',
      ]) {
        setTime(evening);
        const early = start(expression, 'Europe/Warsaw');
        await pass(Date.parse(night) - Date.parse(evening));
        const before = early.length;
        const late = start(expression, 'Europe/Warsaw');
        await pass(minutes(3 * 60));
        expect(slots(late)).toEqual(slots(early.slice(before)));
        expect(late.length).toBeGreaterThan(0);
        expect(new Set(slots(early)).size).toBe(early.length);
        // The name of a slot is the moment at which it is.
        for (const { slot, firedAt } of early) expect(slot).toBe(`${firedAt.slice(0, 19)}.000Z`);
        stopAll();
      }
    },
  );

  it('fires a time that the clocks leap over at the leap, and one that they show twice both times', async () => {
    setTime('2026-03-28T12:00:00Z');
    const spring = start('30 2 * * *', 'Europe/Warsaw');
    await pass(minutes(36 * 60));
    expect(slots(spring)).toEqual(['2026-03-29T01:00:00.000Z']);
    stopAll();
    setTime('2026-10-24T12:00:00Z');
    const autumn = start('30 2 * * *', 'Europe/Warsaw');
    await pass(minutes(24 * 60));
    expect(slots(autumn)).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z']);
  });

  it('fires late, once, what a busy process slept through, and names it as it was', async () => {
    setTime('2026-06-01T12:04:50Z');
    const fired = start('*/5 * * * *');
    // The process does nothing for 40 seconds: its timers come too late.
    setTime('2026-06-01T12:05:30Z');
    await pass(minutes(5));
    expect(slots(fired)).toEqual(['2026-06-01T12:05:00.000Z', '2026-06-01T12:10:00.000Z']);
  });

  it('fires late only the last of the moments that a suspended machine slept through', async () => {
    setTime('2026-06-01T12:04:50Z');
    const fired = start('*/5 * * * *');
    setTime('2026-06-01T13:07:30Z');
    await pass(minutes(4));
    expect(slots(fired)).toEqual(['2026-06-01T13:05:00.000Z', '2026-06-01T13:10:00.000Z']);
  });

  it('loses no slot of a clock that is stepped an hour ahead and back, and fires none twice at its real time', async () => {
    setTime('2026-06-01T12:01:00Z');
    const setBack: string[] = [];
    const schedule = new Schedule(systemClock, (moment) => setBack.push(iso(moment)));
    running.push(schedule);
    const fired: string[] = [];
    schedule.every('*/10 * * * *', 'UTC', (slot) => fired.push(iso(slot)));
    await pass(minutes(10));
    setTime('2026-06-01T13:11:00Z');
    await pass(minutes(10));
    expect(fired.splice(0)).toEqual([
      '2026-06-01T12:10:00.000Z',
      '2026-06-01T13:10:00.000Z',
      '2026-06-01T13:20:00.000Z',
    ]);
    setTime('2026-06-01T12:21:00Z');
    await pass(minutes(60));
    expect(setBack).toHaveLength(1);
    expect(setBack[0]).toMatch(/^2026-06-01T12:21:/);
    expect(fired).toEqual(
      ['12:30', '12:40', '12:50', '13:00', '13:10', '13:20'].map((time) => `2026-06-01T${time}:00.000Z`),
    );
  });

  it('fires a slot once where the clock is corrected by some seconds', async () => {
    setTime('2026-06-01T12:04:58Z');
    const fired = start('*/5 * * * *');
    await pass(4_000);
    setTime('2026-06-01T12:04:57Z');
    await pass(minutes(5));
    expect(slots(fired)).toEqual(['2026-06-01T12:05:00.000Z']);
  });

  it('fires no more once it is stopped', async () => {
    setTime('2026-06-01T12:00:30Z');
    const fired = start('* * * * *');
    await pass(minutes(1));
    running[0]?.stop();
    await pass(minutes(10));
    expect(slots(fired)).toEqual(['2026-06-01T12:01:00.000Z']);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('A calendar', () => {
  const june = Date.UTC(2026, 5, 1, 8); // a Monday
  const nextOf = (expression: string, from = june) =>
    new Date(new Calendar(expression, 'UTC').nextDue(from, 60 * 24 * 366)!).toISOString();

  it('knows the nicknames of cron', () => {
    expect(nextOf('@hourly')).toBe('2026-06-01T09:00:00.000Z');
    expect(nextOf('@daily')).toBe('2026-06-02T00:00:00.000Z');
    expect(nextOf('@weekly')).toBe('2026-06-07T00:00:00.000Z');
    expect(nextOf('@monthly')).toBe('2026-07-01T00:00:00.000Z');
  });

  it('keeps the days of the week where the day of the month never comes', () => {
    expect(nextOf('0 0 30 2 mon', Date.UTC(2026, 1, 1))).toBe('2026-02-02T00:00:00.000Z');
  });

  it('leaves nothing behind in node-cron, however many there are', () => {
    const kept = cron.getTasks().size;
    for (let count = 0; count < 10; count += 1)
      expect(new Calendar('*/5 * * * *', 'UTC').nextDue(0, 10)).toBe(minutes(5));
    expect(cron.getTasks().size).toBe(kept);
  });
});

describe('What is wrong with a schedule', () => {
  it.each([
    '* * * * *',
    '*/5 * * * *',
    '0 9-17 * * mon-fri',
    '0 0 1 jan *',
    '*/10 * * * * *',
    ' 0  9 * * * ',
    '@daily',
    ' @Hourly ',
    '0 0 30 2 mon',
  ])('is nothing: %j', (expression) => {
    expect(scheduleFault(expression)).toBeNull();
  });

  it.each([
    ['', '1 field'],
    ['*', '1 field;'],
    ['* * * *', '4 fields'],
    ['* * * * * * *', '7 fields'],
    ['60 * * * *', 'minute'],
    ['* 24 * * *', 'hour'],
    ['* * 32 * *', 'day'],
    ['* * * 13 *', 'month'],
    ['* * * * 8', 'week'],
    ['a b c d e', 'minute'],
    ['61 * * * * *', 'second'],
    ['61 0 1 1 1', 'minute'],
    ['0 0 32 1 1', 'day'],
    ['0 0 30 2 *', 'day'],
    ['@reboot', 'no such nickname; these are known: @yearly'],
    ['@daily 5', 'no such nickname'],
  ])('is said for %j', (expression, said) => {
    expect(scheduleFault(expression)?.toLowerCase()).toContain(said);
  });

  it('is said of time zones', () => {
    for (const known of ['UTC', 'Europe/Warsaw', 'America/Argentina/Buenos_Aires'])
      expect(timezoneFault(known)).toBeNull();
    for (const unknown of ['', 'Warsaw', 'Mars/Olympus']) expect(timezoneFault(unknown)).toMatch(/IANA/);
  });
});
