// When the destination is read back by itself, as the configuration says it.
import { describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/index.ts';
import { checkConfig } from '../../src/config.ts';

const configured = (verify?: unknown) =>
  checkConfig(
    'a test',
    {
      destination: { connector: 'voucherify', appId: 'app', appToken: 'token' },
      sources: { files: { connector: 'csv' } },
      ...(verify !== undefined && { verify }),
    },
    {},
    connectors,
  ).verify;

describe('verify in the configuration', () => {
  it('is off where it is not named', () => {
    expect(configured()).toBeNull();
  });

  it('reads all of the destination, and heals nothing, unless it says so', () => {
    expect(configured({ schedule: '0 3 * * *' })).toEqual({
      schedule: '0 3 * * *',
      timezone: 'UTC',
      sample: null,
      heal: false,
      sources: null,
    });
    expect(configured({ schedule: '0 3 * * *', timezone: 'Europe/Warsaw', sample: 500, heal: true })).toEqual(
      { schedule: '0 3 * * *', timezone: 'Europe/Warsaw', sample: 500, heal: true, sources: null },
    );
  });

  it('verifies sources that are configured, or all of them', () => {
    expect(configured({ schedule: '0 3 * * *', sources: 'all' })?.sources).toEqual(['files']);
    expect(configured({ schedule: '0 3 * * *', sources: ['files'] })?.sources).toEqual(['files']);
    expect(() => configured({ schedule: '0 3 * * *', sources: ['fiels'] })).toThrow(
      /verify\.sources\[0\].*fiels/s,
    );
  });

  it.each([
    [{}, 'verify.schedule'],
    [{ schedule: 'nightly' }, 'verify.schedule'],
    [{ schedule: '0 3 * * *', sample: 0 }, 'verify.sample'],
    [{ schedule: '0 3 * * *', sample: 5, full: true }, 'verify.sample'],
    [{ schedule: '0 3 * * *', timezone: 'Warsaw' }, 'verify.timezone'],
  ])('refuses %j', (verify, path) => {
    expect(() => configured(verify)).toThrow(path);
  });
});
