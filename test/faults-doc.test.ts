// docs/faults.md against the tests: every test that it names exists, every case that came from outside is a test by its name,
// and the table beside the tests has a row for each.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namesTest, testFiles, titlesOf } from './support/test-titles.ts';

const root = resolve(import.meta.dirname, '..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');

/** Cases of pulls and files. */
const pull = [
  '01-onnull-ignore',
  '02-fewer-columns',
  '03-column-renamed',
  '04-mapping-names-no-column',
  '05-held-and-not-said',
  '06-email-as-record-id',
  '07-nul-in-the-header',
  '08-epoch-seconds',
  '09-shopify-export',
  '10-hubspot-export',
  '11-mailchimp-export',
  '12-excel-template',
  '13-short-rows',
  '14-trailing-delimiters',
  '15-sep-line',
  '16-ids-in-scientific-notation',
  '17-email-leftovers',
  '18-phone-with-decimals',
  '19-row-left-the-file',
  '20-stray-quotes',
  '21-locale-numbers-and-dates',
  '22-many-warnings',
];

const pushAndDeliver = [
  '01-redirect-for-ten-seconds',
  '02-nginx-400-page',
  '03-conflict-that-passes',
  '04-one-payload-refused-by-a-firewall',
  '05-unauthorized-for-three-seconds',
  '06-retry-after-is-a-moment',
  '07-retry-after-is-a-date',
  '10-gzip-body',
  '11-json-in-latin-1',
  '12-form-in-latin-1',
  '13-integers-beyond-two-to-the-53',
  '14-back-to-what-it-was',
  '15-a-clock-in-2099',
  '16-slash-at-the-end',
  '17-more-than-ten-thousand-items',
  '20-hosted-database-url',
  '21-password-with-a-slash',
  '22-behind-pgbouncer',
  '23-connections-that-only-read',
  '24-another-project',
  '25-a-source-is-renamed',
  '26-config-is-a-folder',
  '27-behind-a-proxy',
  '28-first-of-the-month-or-monday',
];

const fidelity = [
  'csv-shopify-apostrophes',
  'customerio-removed-attribute',
  'hubspot-search-429-names-no-policy',
  'intercom-lead-is-no-customer',
  'intercom-name-escaped',
  'intercom-seconds-become-1970',
  'klaviyo-rate-headers-are-of-the-burst',
  'passes-to-keep',
  'segment-extensible-batch-is-wrapped',
  'voucherify-export-has-labels',
  'webhook-numbers-beyond-2-53',
];

/** `faults 01` is written so, and `faults-1` in the first tests that had it. */
const faults = Array.from({ length: 16 }, (_, index) => index + 1);

const tests = testFiles.filter((name) => !name.endsWith('faults-doc.test.ts'));

const allTitles = tests.flatMap(titlesOf).join('\n');

/** A whole word of a title, so that no case is shown by the name of another. */
const holds = (where: string, name: string) =>
  new RegExp(`(^|[^\\w-])${name.replaceAll('.', '\\.')}(?![\\w-])`, 'm').test(where);
const holdsFault = (where: string, number: number) =>
  new RegExp(`\\bfaults[ -]0?${number}(?!\\d)`).test(where);

describe('docs/faults.md', () => {
  const rows = text('docs/faults.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (-|what happens)/.test(line));

  it('has a line for each thing that goes wrong, of three cells', () => {
    expect(rows.length).toBeGreaterThan(60);
    for (const row of rows)
      expect(row).toMatch(/^\| [^|]+ \| [^|]+ \| `test\/[\w/.-]+\.test\.ts`: [^|]+ \|$/);
  });

  it('names tests that exist', () => {
    expect(rows.filter((row) => !namesTest(row.split(' | ').at(-1)!.replace(/ \|$/, '')))).toEqual([]);
  });

  it('is linked from the README', () => {
    expect(text('README.md')).toContain('(docs/faults.md)');
  });
});

describe('The cases from outside', () => {
  const names = [...pull, ...pushAndDeliver, ...fidelity];

  it('are each a test by its name', () => {
    expect(names.filter((name) => !holds(allTitles, name))).toEqual([]);
    expect(faults.filter((number) => !holdsFault(allTitles, number))).toEqual([]);
  });

  it('have each a row in test/cases/README.md', () => {
    const table = text('test/cases/README.md')
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => line.split('|')[1]!)
      .join('\n');
    expect(names.filter((name) => !holds(table, name))).toEqual([]);
    expect(faults.filter((number) => !holdsFault(table, number))).toEqual([]);
  });
});
