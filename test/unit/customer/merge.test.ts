// Which contribution wins a field, and why.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../../src/connector.ts';
import {
  type Contribution,
  compileMerge,
  explainMerge,
  type MergeConfig,
  merge,
} from '../../../src/customer/merge.ts';

const sources = ['hubspot', 'klaviyo', 'csv'];
const policyOf = (config: MergeConfig = {}) => compileMerge(config, sources);

function speaks(
  source: string,
  changedAt: number,
  fields: Fields,
  recordId = '1',
  stream = 'contacts',
): Contribution {
  return { source, stream, recordId, changedAt, fields };
}

describe('newest', () => {
  it('takes what changed last, also where that is null', () => {
    const contributions = [
      speaks('hubspot', 1, { name: 'Old', phone: '1' }),
      speaks('klaviyo', 2, { name: 'New', phone: null }),
    ];
    expect(merge(contributions, policyOf())).toEqual({ name: 'New', phone: null });
  });

  it('breaks a tie by the order of sources, then by stream, then by record ID', () => {
    const tied = [
      speaks('klaviyo', 1, { name: 'klaviyo' }),
      speaks('hubspot', 1, { name: 'deals' }, '1', 'deals'),
      speaks('hubspot', 1, { name: 'contact 2' }, '2'),
      speaks('hubspot', 1, { name: 'contact 1' }, '1'),
    ];
    const policy = policyOf();
    expect(merge(tied, policy)).toEqual({ name: 'contact 1' });
    expect(merge(tied.slice(0, 3), policy)).toEqual({ name: 'contact 2' });
    expect(merge(tied.slice(0, 2), policy)).toEqual({ name: 'deals' });
    expect(merge(tied, policyOf({ sources: ['klaviyo'] }))).toEqual({ name: 'klaviyo' });
  });
});

describe('precedence', () => {
  const policy = policyOf({ fields: { email: ['klaviyo', 'hubspot'] } });

  it('takes the first source in the order that speaks of the field, even with null and however old', () => {
    const contributions = [speaks('hubspot', 9, { email: 'h' }), speaks('klaviyo', 1, { email: null })];
    expect(merge(contributions, policy)).toEqual({ email: null });
  });

  it('goes on to the next source where the first does not speak of the field', () => {
    expect(merge([speaks('hubspot', 9, { email: 'h' }), speaks('klaviyo', 1, {})], policy)).toEqual({
      email: 'h',
    });
  });

  it('puts sources that are not listed after, in the order of the configuration, and unknown ones last', () => {
    const rest = [speaks('zapier', 9, { email: 'z' }), speaks('csv', 1, { email: 'c' })];
    expect(merge(rest, policy)).toEqual({ email: 'c' });
    expect(merge(rest, policyOf({ default: 'precedence', sources: ['hubspot'] }))).toEqual({ email: 'c' });
  });

  it('takes the newest within one source', () => {
    const contributions = [
      speaks('klaviyo', 1, { email: 'a' }, '1'),
      speaks('klaviyo', 2, { email: 'b' }, '2'),
    ];
    expect(merge(contributions, policy)).toEqual({ email: 'b' });
  });
});

describe('first', () => {
  const policy = policyOf({ default: 'first' });

  it('fills if empty: the first value in the order that is not null', () => {
    const contributions = [
      speaks('hubspot', 9, { name: null }),
      speaks('klaviyo', 1, { name: 'k' }),
      speaks('csv', 5, { name: 'c' }),
    ];
    expect(merge(contributions, policy)).toEqual({ name: 'k' });
  });

  it('is null where every source says null', () => {
    expect(merge([speaks('hubspot', 1, { name: null }), speaks('csv', 2, { name: null })], policy)).toEqual({
      name: null,
    });
  });
});

it('A policy is found by the exact field, else by the longest pattern that fits, else it is the default.', () => {
  const policy = policyOf({
    default: 'first',
    fields: {
      '*': 'newest',
      'metadata.*': ['csv'],
      'metadata.crm_*': { policy: 'precedence', sources: ['klaviyo'] },
      'metadata.crm_id': 'first',
    },
  });
  const names = ['name', 'metadata.x', 'metadata.crm_x', 'metadata.crm_id'];
  expect(names.map((field) => [policy.rule(field).policy, policy.rule(field).order[0]])).toEqual([
    ['newest', 'hubspot'],
    ['precedence', 'csv'],
    ['precedence', 'klaviyo'],
    ['first', 'hubspot'],
  ]);
  expect(policyOf({ default: 'first' }).rule('name').policy).toBe('first');
  expect(policyOf().rule('name').policy).toBe('newest');
});

it('The newest state of a record replaces an older one whole, also in the fields that it no longer speaks of.', () => {
  const states = [speaks('hubspot', 1, { name: 'Old', phone: '1' }), speaks('hubspot', 2, { name: 'New' })];
  expect(merge(states, policyOf())).toEqual({ name: 'New' });
  expect(merge(states.toReversed(), policyOf({ default: 'first' }))).toEqual({ name: 'New' });
});

it('What a person pinned wins over all, with null and for fields that nobody else gives too.', () => {
  const fields = merge([speaks('hubspot', 9, { name: 'h', email: 'e' })], policyOf(), {
    name: null,
    'metadata.vip': true,
  });
  expect(fields).toEqual({ name: null, email: 'e', 'metadata.vip': true });
});

it('The fields come out sorted by name, whoever gave them first.', () => {
  const fields = merge(
    [speaks('hubspot', 1, { phone: '1', name: 'n' }), speaks('csv', 1, { email: 'e' })],
    policyOf(),
    {
      birthdate: null,
    },
  );
  expect(Object.keys(fields)).toEqual(['birthdate', 'email', 'name', 'phone']);
});

describe('an explanation', () => {
  it('names the winner, the rule, and why each other lost, the best of them first', () => {
    const contributions = [
      speaks('hubspot', 9, { email: 'h' }),
      speaks('klaviyo', 1, { email: 'k1' }, '1'),
      speaks('klaviyo', 2, { email: 'k2' }, '2'),
    ];
    expect(explainMerge(contributions, policyOf({ fields: { email: ['klaviyo'] } }))).toEqual({
      email: {
        value: 'k2',
        winner: { source: 'klaviyo', stream: 'contacts', recordId: '2', changedAt: 2 },
        rule: 'precedence klaviyo > hubspot > csv',
        losers: [
          {
            source: 'klaviyo',
            stream: 'contacts',
            recordId: '1',
            changedAt: 1,
            value: 'k1',
            reason: 'It changed earlier than another record of klaviyo.',
          },
          {
            source: 'hubspot',
            stream: 'contacts',
            recordId: '1',
            changedAt: 9,
            value: 'h',
            reason: 'Source hubspot comes after klaviyo.',
          },
        ],
      },
    });
  });

  const reasons = (config: MergeConfig, contributions: Contribution[], pins?: Fields) => {
    const { name } = explainMerge(contributions, policyOf(config), pins);
    return [name!.rule, ...name!.losers.map((loser) => loser.reason)];
  };

  it('says so where time, a tie, emptiness or a pin decided', () => {
    const [old, young, tied, empty] = [
      speaks('klaviyo', 1, { name: 'old' }),
      speaks('hubspot', 2, { name: 'young' }),
      speaks('csv', 2, { name: 'tied' }),
      speaks('hubspot', 3, { name: null }),
    ];
    expect(reasons({}, [old, young, tied])).toEqual([
      'newest',
      'It changed at the same time, and csv comes after hubspot.',
      'It changed earlier.',
    ]);
    expect(reasons({ default: 'first' }, [old, empty])).toEqual([
      'first hubspot > klaviyo > csv',
      'It is empty, and another is not.',
    ]);
    expect(reasons({}, [young, { ...young, recordId: '2' }])).toEqual([
      'newest',
      'Another record of hubspot changed at the same time, and its name sorts before.',
    ]);
    expect(reasons({}, [old], { name: 'mine' })).toEqual(['pin', 'A person pinned this field.']);
    expect(explainMerge([old], policyOf(), { name: 'mine' })['name']!.winner).toBe('pin');
  });
});
