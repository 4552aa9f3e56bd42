// URLs as people write them in settings, and what becomes of them.
import { describe, expect, test } from 'vitest';
import { baseUrl, siteUrl } from '#connector/settings';

describe('the URL of an API', () => {
  const setting = baseUrl('https://api.example.com/v1');

  test.each([
    ['https://api.example.com/v1', 'https://api.example.com/v1'],
    ['https://api.example.com/v1//', 'https://api.example.com/v1'],
    [undefined, 'https://api.example.com/v1'],
  ])('%s is taken as %s', (written, taken) => {
    expect(setting.parse(written)).toBe(taken);
  });

  test.each([
    'https://api.example.com/v1?key=secret',
    'https://api.example.com/v1#',
    'https://user:secret@api.example.com/v1',
  ])('%s is refused without being repeated', (written) => {
    const { error } = setting.safeParse(written);
    expect(error?.issues[0]?.message).toMatch(/without a user, a query and a fragment/);
    expect(error?.issues[0]?.message).not.toContain('secret');
  });
});

test('what is no URL is refused with an example', () => {
  expect(baseUrl('https://api.example.com/v1').safeParse('acme').error?.issues[0]?.message).toBe(
    'must be a URL such as https://api.example.com/v1',
  );
  expect(siteUrl('a site').safeParse('acme').error?.issues[0]?.message).toBe('must be a site');
});

describe('the URL of a site', () => {
  const setting = siteUrl('the URL of the site, such as https://acme.example.com');

  test.each(['https://acme.example.com', 'https://ACME.example.com//'])('%s is taken', (written) => {
    expect(setting.parse(written)).toBe('https://acme.example.com');
  });

  test.each(['https://acme.example.com/app', 'https://acme.example.com?x=1', 'https://me@acme.example.com'])(
    '%s is refused',
    (written) => {
      expect(setting.safeParse(written).error?.issues[0]?.message).toMatch(/without a path/);
    },
  );
});
