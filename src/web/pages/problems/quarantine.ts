// Values that were left out because they failed their type or rule: by source and field, and one by one.
import { html } from 'hono/html';
import type { OpenOrAcknowledged } from '../../../contract/parts.ts';
import type { QuarantinedValue } from '../../../contract/record.ts';
import type { Status } from '../../../contract/status.ts';
import type { QuarantineGroup } from '../../../sync/views/quarantine.ts';
import { counted } from '../../../words.ts';
import { cause } from '../causes.ts';
import { value } from '../format.ts';
import { address, blank, customerPath, pager, table } from '../lists.ts';
import { action, type Html, moment } from '../parts.ts';
import type { PageContent } from '../shell.ts';
import { acknowledgement, acknowledging, stateTabs } from './acknowledging.ts';
import { problemTabs } from './tabs.ts';

interface Filter {
  state?: OpenOrAcknowledged | undefined;
  source?: string | undefined;
  field?: string | undefined;
  cursor?: string | undefined;
}

const plain =
  'What failed its type or rule is left out. The rest of each record is used, and the last valid value is kept.';
const next =
  'Correct it at the source, or change the mapping: it is then read again automatically. Acknowledge what may stay left out.';

export function quarantineCause({ quarantined }: Status): Html[] {
  if (quarantined === 0) return [];
  return [
    cause({
      key: 'quarantine',
      title: `${counted(quarantined, 'value')} left out`,
      href: '/problems?show=quarantine',
      tags: '',
      tone: 'wait',
      plain,
      quotes: [],
      next,
      actions: '',
    }),
  ];
}

function groupCause({ source, field, values, sample }: QuarantineGroup): Html {
  const named = counted(values, 'value');
  return cause({
    key: `quarantine ${source} ${field}`,
    title: html`${named} of <code>${field}</code>`,
    href: address('/problems', { show: 'quarantine', source, field }),
    tags: html`<small>${source}</small>`,
    tone: 'wait',
    plain,
    quotes: [sample],
    next,
    actions: acknowledging('/api/quarantine/acknowledge', 'Acknowledge all…', {
      body: { source, field },
      asOf: 'receivedUntil',
      about: `of ${field} of ${source}`,
      confirm: `Acknowledge ${named} of ${field}? A value is open again when it or its reason changes.`,
    }),
  });
}

export function quarantinePage({
  status,
  groups,
  values,
  next,
  filter,
  now,
}: {
  status: Status;
  groups: QuarantineGroup[];
  values: QuarantinedValue[];
  next: string | null;
  filter: Filter & { state: OpenOrAcknowledged };
  now: number;
}): PageContent {
  const { state, source, field, cursor } = filter;
  const isOpen = state === 'open';
  const at = (over: Filter) =>
    address('/problems', { show: 'quarantine', state: isOpen ? undefined : state, source, field, ...over });
  const rows = values.map((one) => row(one, at({ source: one.source, field: one.field }), now));
  const columns = ['Customer', 'Field', 'Found', 'Reason', 'Stands instead', 'Changed', ''];
  const list = table(
    'Values left out',
    columns.map((name) => ({ name })),
    rows,
  );
  const counts = { open: status.quarantined, acknowledged: status.acknowledgedValues };
  return {
    title: 'Left out',
    at: '/problems',
    body: html`${problemTabs(status, 'quarantine')}${stateTabs('Values left out by state', 'quarantine', state, counts)}${
      values.length === 0
        ? blankOf(isOpen, counts.acknowledged)
        : html`${groups.length === 0 ? '' : html`<div class="card flush" data-key="causes">${groups.map(groupCause)}</div><h2 data-key="h">One by one</h2>`}${list}`
    }${field === undefined && source === undefined ? '' : html`<p class="hint" data-key="clear"><a href="${address('/problems', { show: 'quarantine', state: isOpen ? undefined : state })}">All fields and sources</a></p>`}${pager(
      cursor === undefined ? null : at({}),
      next === null ? null : at({ cursor: next }),
    )}`,
  };
}

function blankOf(isOpen: boolean, acknowledged: number): Html {
  if (!isOpen) return blank('None', 'No value is acknowledged. One that is left out can be, with a reason.');
  return blank(
    'Nothing was left out',
    `Every mapped value was valid${acknowledged > 0 ? ', but those that were acknowledged' : ''}.`,
  );
}

function row(one: QuarantinedValue, ofField: string, now: number): Html {
  const { source, stream, recordId, sourceId, field, reason, acknowledged } = one;
  const body = { source, stream, recordIds: [recordId], field };
  const about = `${field} of record ${recordId} of ${source}`;
  const act = acknowledged
    ? action('Reopen', '/api/quarantine/reopen', {
        body,
        done: 'It needs a person again',
        kind: 'small',
        about,
      })
    : acknowledging('/api/quarantine/acknowledge', 'Acknowledge…', {
        body,
        asOf: 'receivedUntil',
        about,
        kind: 'small',
      });
  return html`<tr data-key="${source} ${stream} ${recordId} ${field}"><th scope="row">${sourceId === null ? recordId : html`<a href="${customerPath(sourceId)}">${sourceId}</a>`}<small>${source} · ${stream} · ${recordId}</small></th><td data-name="Field"><a href="${ofField}"><code>${field}</code></a></td><td data-name="Found">${value(one.value)}</td><td data-name="Reason" class="wide">${reason}${acknowledgement(acknowledged, now)}</td><td data-name="Stands">${value(one.stands ?? undefined)}</td><td data-name="Changed">${moment(one.changedAt, now)}</td><td class="acts">${act}</td></tr>`;
}
