// Webhooks that were refused at the door since this process started, by reason.
import { html } from 'hono/html';
import type { Status } from '../../../contract/status.ts';
import { counted } from '../../../words.ts';
import { cause } from '../causes.ts';
import { blank, sourcePath } from '../lists.ts';
import { chip, type Html, moment } from '../parts.ts';
import type { PageContent } from '../shell.ts';
import { problemTabs, refusedOf } from './tabs.ts';

export function refusedCauses(status: Status): Html[] {
  const { now, strayWebhooks } = status;
  const refused = refusedOf(status).map(({ source, reason, status: code, count, lastAt }) =>
    cause({
      key: `refused ${source} ${code} ${reason}`,
      title: `${counted(count, 'webhook')} of ${source} refused`,
      href: null,
      tags: html`${chip('quiet', String(code))} <small>last ${moment(lastAt, now)}</small>`,
      tone: 'wait',
      plain:
        'The request was not stored. The vendor may send it again; the next run reads the records that it named.',
      quotes: [reason],
      next:
        source === 'destination'
          ? 'Compare the secret at the vendor with the configuration.'
          : html`Compare the address and the secret at the vendor with <a href="${sourcePath(source)}">how they are set up here</a>.`,
      actions: '',
    }),
  );
  if (!strayWebhooks) return refused;
  const { count, lastAt, lastName } = strayWebhooks;
  return [
    ...refused,
    cause({
      key: 'strays',
      title: `${counted(count, 'webhook')} to an address of no source`,
      href: null,
      tags: html`<small>last ${moment(lastAt, now)}</small>`,
      tone: 'wait',
      plain: html`The last one was sent to “${lastName}”.`,
      quotes: [],
      next: html`Correct the address at the vendor. <code>tributary webhooks setup SOURCE</code> and the page of each source show it.`,
      actions: '',
    }),
  ];
}

export function refusedPage(status: Status): PageContent {
  const blocks = refusedCauses(status);
  return {
    title: 'Refused webhooks',
    at: '/problems',
    body: html`${problemTabs(status, 'refused')}${
      blocks.length === 0
        ? blank('No webhook was refused', 'Every request since the start of this process was authentic.')
        : html`<div class="card flush" data-key="causes">${blocks}</div>`
    }`,
  };
}
