// What may be declared to flow back, and what is said of the rest: where it is, and what to do.
import { describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/index.ts';
import { checkConfig } from '../../src/config.ts';

const base = {
  destination: { connector: 'voucherify', appId: 'app', appToken: 'token' },
  sources: {
    klaviyo: { connector: 'klaviyo', apiKey: 'pk_0123456789' },
    files: { connector: 'csv' },
  },
};

function saidOf(writeBack: unknown, sources: object = {}): string {
  try {
    checkConfig('test', { ...base, sources: { ...base.sources, ...sources }, writeBack }, {}, connectors);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('writeBack', () => {
  it('takes attributes of a vendor that can be written, with any path', () => {
    const fields = {
      points: 'loyalty.points',
      summer: 'loyalty.campaigns.Summer 2026 (EU).points',
      segments: 'segments',
    };
    expect(saidOf({ klaviyo: { fields } })).toBe('');
    expect(saidOf({ klaviyo: { fields, create: true, dryRun: true } })).toBe('');
  });

  it('refuses a source that there is not, and names the one that was meant', () => {
    const said = saidOf({ klavyio: { fields: { points: 'loyalty.points' } } });
    expect(said).toContain('writeBack.klavyio');
    expect(said).toContain('did you mean "klaviyo"?');
  });

  it('refuses a source whose vendor cannot be written', () => {
    expect(saidOf({ files: { fields: { points: 'loyalty.points' } } })).toContain(
      'csv, which Tributary only reads',
    );
  });

  it('refuses a path that there is not', () => {
    const said = saidOf({ klaviyo: { fields: { points: 'loyalty.pionts' } } });
    expect(said).toContain('writeBack.klaviyo.fields.points');
    expect(said).toContain('did you mean "loyalty.points"?');
  });

  it('refuses an attribute that the source reads: it would go round in a circle', () => {
    for (const mapping of [
      { 'metadata.points': 'properties.points' },
      { 'metadata.points': { from: 'properties.points', as: 'number' } },
      { 'metadata.all': 'properties' },
    ]) {
      const klaviyo = { connector: 'klaviyo', apiKey: 'pk_0123456789', mapping };
      const said = saidOf({ klaviyo: { fields: { points: 'loyalty.points' } } }, { klaviyo });
      expect(said).toContain('writeBack.klaviyo.fields.points');
      expect(said).toContain('must not come in again');
    }
  });

  it('refuses to create people by another ID than the vendor has for it', () => {
    const klaviyo = { connector: 'klaviyo', apiKey: 'pk_0123456789', sourceId: 'email' };
    const said = saidOf({ klaviyo: { fields: { points: 'loyalty.points' }, create: true } }, { klaviyo });
    expect(said).toContain('writeBack.klaviyo.create');
    expect(said).toContain('external_id');
  });

  it('refuses names that the vendor keeps for itself, and an empty list', () => {
    expect(saidOf({ klaviyo: { fields: { $points: 'loyalty.points' } } })).toContain('belong to Klaviyo');
    expect(saidOf({ klaviyo: { fields: {} } })).toContain('at least one attribute');
  });
});
