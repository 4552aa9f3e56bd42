// All causes of problems in one list.
import { html } from 'hono/html';
import type { LetterGroup } from '../../../contract/dead-letter.ts';
import type { HoldGroup } from '../../../contract/hold.ts';
import type { Status } from '../../../contract/status.ts';
import { causeBlock } from '../causes.ts';
import { blank } from '../lists.ts';
import type { PageContent } from '../shell.ts';
import { driftCauses } from './drift.ts';
import { holdCause } from './holds.ts';
import { quarantineCause } from './quarantine.ts';
import { refusedCauses } from './refused.ts';
import { problemTabs } from './tabs.ts';

export function problemsPage({
  status,
  groups,
  holds,
}: {
  status: Status;
  groups: LetterGroup[];
  holds: HoldGroup[];
}): PageContent {
  const blocks = [
    ...holds.map((group) => holdCause(group, status)),
    ...groups.map((group) => causeBlock(group, status.now)),
    ...driftCauses(status),
    ...quarantineCause(status),
    ...refusedCauses(status),
  ];
  return {
    title: 'Problems',
    at: '/problems',
    body: html`${problemTabs(status, null)}${
      blocks.length === 0
        ? blank(
            'No problems',
            'Every record became part of a customer or was filtered, and the destination rejected no customer.',
          )
        : html`<div class="card flush" data-key="causes">${blocks}</div>`
    }`,
  };
}
