// Values that were left out because they failed their type or rule.
import { html } from 'hono/html';
import type { QuarantinedValue } from '../../../contract/record.ts';
import type { Status } from '../../../contract/status.ts';
import { counted } from '../../../words.ts';
import { cause } from '../causes.ts';
import { value } from '../format.ts';
import { address, blank, customerPath, pager, table } from '../lists.ts';
import { type Html, moment } from '../parts.ts';
import type { PageContent } from '../shell.ts';
import { problemTabs } from './tabs.ts';

interface Filter {
  source?: string | undefined;
  field?: string | undefined;
  cursor?: string | undefined;
}

export function quarantineCause({ quarantined }: Status): Html[] {
  if (quarantined === 0) return [];
  return [
    cause({
      key: 'quarantine',
      title: `${counted(quarantined, 'value')} left out`,
      href: '/problems?show=quarantine',
      tags: '',
      tone: 'wait',
      plain:
        'They failed their type or rule. The rest of each record is used, and the last valid value is kept.',
      quotes: [],
      next: 'Correct them at the source, or change the mapping. They are then read again automatically.',
      actions: '',
    }),
  ];
}

export function quarantinePage({
  status,
  values,
  next,
  filter,
  now,
}: {
  status: Status;
  values: QuarantinedValue[];
  next: string | null;
  filter: Filter;
  now: number;
}): PageContent {
  const { source, field, cursor } = filter;
  const at = (over: Filter) => address('/problems', { show: 'quarantine', source, field, ...over });
  const rows = values.map(
    (one) =>
      html`<tr data-key="${one.source} ${one.stream} ${one.recordId} ${one.field}"><th scope="row">${one.sourceId === null ? one.recordId : html`<a href="${customerPath(one.sourceId)}">${one.sourceId}</a>`}<small>${one.source} · ${one.stream} · ${one.recordId}</small></th><td data-name="Field"><a href="${at({ source: one.source, field: one.field })}"><code>${one.field}</code></a></td><td data-name="Found">${value(one.value)}</td><td data-name="Reason" class="wide">${one.reason}</td><td data-name="Stands">${value(one.stands ?? undefined)}</td><td data-name="Changed">${moment(one.changedAt, now)}</td></tr>`,
  );
  return {
    title: 'Left out',
    at: '/problems',
    body: html`${problemTabs(status, 'quarantine')}${
      values.length === 0
        ? blank('Nothing was left out', 'Every mapped value was valid.')
        : table(
            'Values left out',
            [
              { name: 'Customer' },
              { name: 'Field' },
              { name: 'Found' },
              { name: 'Reason' },
              { name: 'Stands instead' },
              { name: 'Changed' },
            ],
            rows,
          )
    }${field === undefined && source === undefined ? '' : html`<p class="hint" data-key="clear"><a href="/problems?show=quarantine">All fields and sources</a></p>`}${pager(
      cursor === undefined ? null : at({}),
      next === null ? null : at({ cursor: next }),
    )}`,
  };
}
