// What a configuration may say of how values are written, and every fault of it at once.
import { expect, it } from 'vitest';
import { connectors } from '../../connectors/index.ts';
import { checkConfig } from '../../src/config.ts';

const sourceOf = (source: object) =>
  checkConfig(
    'test',
    {
      destination: { connector: 'voucherify', appId: 'a', appToken: 'b' },
      sources: { one: source },
    },
    {},
    connectors,
  ).sources[0]!;

it('A source has the unit of time that its connector declares, unless its locale says otherwise.', () => {
  // Seconds, unless they may be the days of a spreadsheet.
  expect(sourceOf({ connector: 'csv' }).locale).toEqual({ unit: 'unknown', decimal: 'unknown' });
  expect(sourceOf({ connector: 'csv', locale: { unit: 'excel', decimal: ',' } }).locale).toEqual({
    unit: 'excel',
    decimal: ',',
  });
  const webhook = { connector: 'webhook', authentication: 'open' };
  expect(sourceOf(webhook).locale?.unit).toBeUndefined();
  expect(sourceOf({ ...webhook, template: 'bloomreach' }).locale?.unit).toBe('seconds');
  expect(sourceOf({ ...webhook, phones: 'possible' }).phones).toBe('possible');
});

it('Every fault of a locale is told with what would be right, in a source and in an entry.', () => {
  const faulty = {
    connector: 'csv',
    locale: { decimal: ';', dates: 'D.M', timezone: 'Warsaw', true: ['a'], unit: 'days', units: 'seconds' },
    mapping: { birthdate: { from: 'a', unit: 'sec' }, phone: { from: 'b', phones: 'all' } },
  };
  const told = () => sourceOf(faulty);
  expect(told).toThrow(/locale\.decimal/);
  expect(told).toThrow(/"D\.M" is not a date format/);
  expect(told).toThrow(/"Warsaw" is not a time zone: use a name such as "Europe\/Warsaw"/);
  expect(told).toThrow(/locale\.unit\n.*"days"/);
  expect(told).toThrow(/locale\.units/);
  expect(told).toThrow(/"unit" must be "seconds", "milliseconds", "microseconds" or "excel"/);
  expect(told).toThrow(/"phones" must be "valid" or "possible"/);
});
