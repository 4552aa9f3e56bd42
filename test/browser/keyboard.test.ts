// The main flows with the keyboard alone: no mouse, and only what the focus reaches.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiToken } from '../web/world.ts';
import { hasBrowser, openStaged, type Staged } from './staged.ts';

/** Further than this nobody presses Tab. */
const maxPresses = 120;

describe.skipIf(!hasBrowser)('with the keyboard alone', () => {
  let staged: Staged;
  let page: Page;

  beforeAll(async () => {
    staged = await openStaged();
    ({ page } = staged);
    page.removeAllListeners('dialog');
  });
  afterAll(() => staged?.close());

  /** What has the focus, as a screen reader names it. */
  const focused = (on = page): Promise<string> =>
    on.evaluate(`(() => {
      const { activeElement: at, body } = document;
      if (at === body) return '';
      return (at.labels?.[0]?.textContent ?? at.getAttribute('aria-label') ?? at.textContent).replace(/\\s+/g, ' ').trim();
    })()`);
  const tabTo = async (name: string, on = page) => {
    for (let presses = 0; !(await focused(on)).startsWith(name); presses += 1) {
      expect(presses, `"${name}" is not reached; the focus is on "${await focused(on)}"`).toBeLessThan(
        maxPresses,
      );
      await on.keyboard.press('Tab');
    }
  };
  const press = async (name: string) => {
    await tabTo(name);
    await page.keyboard.press('Enter');
  };
  const open = (path: string) => page.goto(staged.served.url + path);
  const said = (text: string) => page.locator('#said').filter({ hasText: text }).waitFor();

  it('a person reaches the content and every section, wide and narrow', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await open('/');
    await tabTo('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await open('/');
    await tabTo('Problems');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Problems', exact: true }).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await open('/');
    await tabTo('Menu');
    await page.keyboard.press('Enter');
    await tabTo('Runs');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
  });

  it('a person logs in', async () => {
    const context = await staged.browser.newContext();
    const entering = await context.newPage();
    await entering.goto(`${staged.served.url}/runs`);
    await tabTo('Token', entering);
    await entering.keyboard.type(apiToken);
    await entering.keyboard.press('Enter');
    await entering.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
    await tabTo('Log out', entering);
    await entering.keyboard.press('Enter');
    await entering.waitForURL(/\/login$/);
    await context.close();
  });

  it('a person starts a sync', async () => {
    await open('/sources/crm');
    await press('Sync now');
    await said('was requested');
  });

  it('a person previews a mapping', async () => {
    await open('/mapping?source=crm');
    await tabTo('Mapping of crm');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('{ "name": "name" }');
    await press('Preview');
    await page.getByText('What it would do').first().waitFor();
  });

  it('a person asks why a value is so', async () => {
    await open('/customers');
    await page.keyboard.press('/');
    await page.keyboard.type('shop/6');
    await page.keyboard.press('Enter');
    await page.waitForURL(/shop%2F6/);

    await press('metadata.plan');
    await page.getByRole('heading', { name: 'Why metadata.plan is so' }).waitFor();
  });

  it('a person releases what is held, after a question', async () => {
    await open('/problems?show=holds');
    page.once('dialog', (dialog) => dialog.accept());
    await press('Release');
    await said('Released');
    await page.getByText('Nothing is held').waitFor();
  });

  it('a person breaks the sandbox and sees it', async () => {
    await open('/sandbox');
    await press('Break for 30 s outage');
    await said('503');
    await page.getByText(/\d+ s left/).waitFor();
  });

  it('a person closes a form with Escape and is where it was opened, and erases a customer', async () => {
    await open('/customers/shop%2F9');
    await press('Erase…');
    await tabTo('Permanently');
    await page.keyboard.press('Escape');
    expect(await focused()).toMatch(/^Erase…/);
    await page.keyboard.press('Enter');
    await tabTo('I want this person erased');
    await page.keyboard.press('Space');
    await tabTo('Erase');
    await page.keyboard.press('Enter');
    await said('The erasure was requested');
  });
});
