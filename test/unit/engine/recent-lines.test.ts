import { describe, expect, it } from 'vitest';
import { createLog } from '../../../src/engine/log/log.ts';
import { RecentLines } from '../../../src/engine/log/recent-lines.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('the newest lines of a log', () => {
  it('are kept as they are written, clean, up to a number, each with an ID that grows', () => {
    const lines = new RecentLines(new ManualClock(1_000), 3);
    const log = createLog({ level: 'info', pretty: 'plain', write: () => {}, keep: lines.keep });
    log.debug('not written');
    for (const name of ['a', 'b', 'c', 'd']) log.child({ source: name }).info({ token: 'x' }, `line ${name}`);
    const kept = lines.list({ level: 'trace', limit: 200 });
    expect(kept.map(({ id, message }) => [id, message])).toEqual([
      [1_000_002, 'line b'],
      [1_000_003, 'line c'],
      [1_000_004, 'line d'],
    ]);
    expect(kept[0]).toMatchObject({ level: 'info', fields: { source: 'b', token: '[hidden]' } });
  });

  it('are listed after an ID, of a level or worse, and the newest of them', () => {
    const lines = new RecentLines(new ManualClock(1));
    for (const [index, level] of ['info', 'warn', 'info', 'error'].entries())
      lines.keep(JSON.stringify({ time: '2026-03-01T12:00:00.000Z', level, msg: `line ${index}` }));
    const messages = (query: object) =>
      lines.list({ level: 'trace', limit: 200, ...query }).map(({ message }) => message);
    expect(messages({ level: 'warn' })).toEqual(['line 1', 'line 3']);
    expect(messages({ after: 1_002 })).toEqual(['line 2', 'line 3']);
    expect(messages({ limit: 1 })).toEqual(['line 3']);
    expect(messages({ after: 1_004 })).toEqual([]);
  });
});
