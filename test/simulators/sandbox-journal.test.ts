import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAccounts } from '../../simulators/sandbox/accounts.ts';
import { Courier } from '../../simulators/sandbox/courier.ts';
import { Journal } from '../../simulators/sandbox/journal.ts';
import { Life } from '../../simulators/sandbox/life.ts';

let folder: string;
let courier: Courier;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-journal-'));
  courier = new Courier();
});
afterEach(() => {
  courier.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = () =>
  openAccounts({
    directory: folder,
    people: 20,
    courier,
    address: 'http://127.0.0.1:9',
    voucherifyFault: () => undefined,
  });

describe('a journal of the sandbox', () => {
  const journal = () =>
    new Journal<{ id: string; at: number }>(join(folder, 'a.jsonl'), ({ id }) => id, { spare: 10 });
  const lines = () => readFileSync(join(folder, 'a.jsonl'), 'utf8').split('\n').length - 1;

  it('grows with what there is and not with what happens to it', () => {
    const kept = journal();
    let longest = 0;
    for (let at = 0; at < 500; at += 1) {
      kept.add({ id: String(at % 3), at });
      longest = Math.max(longest, lines());
    }
    expect(longest).toBeLessThanOrEqual(2 * 3 + 10);
    expect(journal().read()).toEqual([
      { id: '2', at: 497 },
      { id: '0', at: 498 },
      { id: '1', at: 499 },
    ]);
    expect(lines()).toBe(3);
  });

  it('loses only the line that a kill tore, and none that follows', () => {
    journal().add({ id: 'a', at: 1 });
    appendFileSync(join(folder, 'a.jsonl'), '{"id":"b","a');
    const reopened = journal();
    expect(reopened.read()).toEqual([{ id: 'a', at: 1 }]);
    reopened.add({ id: 'c', at: 3 });
    expect(journal().read()).toEqual([
      { id: 'a', at: 1 },
      { id: 'c', at: 3 },
    ]);
  });
});

describe('the world of the sandbox', () => {
  it('is the same after a restart, even where somebody took over the address that another one gave up', () => {
    const { hubspot, klaviyo, voucherify, give } = open();
    const [first, second, third] = [...hubspot.contacts()];
    const { email } = first!.properties;
    hubspot.update(first!.id, { email: 'moved@example.org' });
    hubspot.create({ email: email!, firstname: 'Heir' });
    hubspot.update(first!.id, { city: 'Porto' });
    hubspot.update(second!.id, { email: null });
    hubspot.archive(third!.id);
    klaviyo.update(klaviyo.ids()[0]!, { locale: 'pl-PL' });
    voucherify.upsert({ source_id: 'a' });
    voucherify.upsert({ source_id: 'b', name: 'B' });
    give('b', { points: 5 }, null);
    give('b', { tiers: ['Gold'] }, null);
    const again = open();
    expect([...again.hubspot.contacts()]).toEqual([...hubspot.contacts()]);
    expect(again.klaviyo.get(klaviyo.ids()[0]!)).toEqual(klaviyo.get(klaviyo.ids()[0]!));
    expect([...again.voucherify.customers()]).toEqual([...voucherify.customers()]);
    expect(again.facts.get('b')).toEqual({ points: 5, tiers: ['Gold'] });
    // No ID is given twice.
    again.voucherify.upsert({ source_id: 'c' });
    expect(new Set(Array.from(again.voucherify.customers(), ({ id }) => id)).size).toBe(3);
  });

  it('does not grow for ever', () => {
    const accounts = open();
    const life = new Life(accounts, courier, { maxContacts: 30 });
    for (let turn = 0; turn < 400; turn += 1) life.go();
    expect(accounts.hubspot.size).toBe(30);
    expect(accounts.klaviyo.ids().length).toBeLessThanOrEqual(30);
  });
});
