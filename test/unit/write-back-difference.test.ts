// What is written of one person, and how a preview shows it.
import { describe, expect, it } from 'vitest';
import { klaviyo } from '../../connectors/klaviyo.ts';
import { attributesToWrite } from '../../src/sync/write-back/difference.ts';
import { writeBackView } from '../../src/sync/write-back/views.ts';

describe('what is to be written', () => {
  const wanted = { points: 5, tier: null, code: null };

  it('is what differs from what was acknowledged, and no null of what was never written', () => {
    expect(attributesToWrite(wanted, null, null)).toEqual({ points: 5 });
    expect(attributesToWrite(wanted, { points: 5, tier: 'Gold' }, null)).toEqual({ tier: null });
  });

  it('is every value where an attempt is in doubt, and of the empty ones those that it may have filled', () => {
    expect(attributesToWrite(wanted, { points: 5 }, ['points', 'code'])).toEqual({ points: 5, code: null });
    expect(attributesToWrite(wanted, { points: 5, tier: 'Gold' }, [])).toEqual({ points: 5, tier: null });
  });
});

describe('a preview', () => {
  const view = (lane: 'webhook' | 'backfill', create: boolean) => {
    const settings = klaviyo.settings.parse({ apiKey: 'pk_0123456789' });
    const row = {
      sourceId: 'shop-1',
      wanted: { points: 5 },
      acknowledged: null,
      uncertain: false,
      inDoubt: [],
    };
    const rule = { writer: klaviyo.writer, settings, create };
    return writeBackView({ ...row, lane, alone: false, standing: 'p1' } as never, rule as never).payload;
  };

  it('shows the job that carries many, and the update of one where that is how it goes', () => {
    const update = { data: { type: 'profile', id: 'p1' } };
    expect(view('backfill', true)).toMatchObject({ data: { type: 'profile-bulk-import-job' } });
    expect(view('webhook', true)).toMatchObject(update);
    expect(view('backfill', false)).toMatchObject(update);
  });
});
