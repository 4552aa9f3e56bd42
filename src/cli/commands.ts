// The commands by name, each with its line in the help and the module that does it. A module is imported only when its
// command runs, so that the help needs none of them.
import type { CommandEntry } from './cli.ts';

/** A heading of the help, and what stands below it. */
export interface Section {
  heading: string;
  commands: readonly CommandEntry[];
}

export const groups: { readonly [name: string]: string } = {
  sources: 'List, pause, resume, rewind, connect and withdraw sources.',
  runs: 'List, show or cancel runs.',
  customers: 'Find, explain, correct, export and erase customers.',
  problems: 'List what needs a person, retry, discard or acknowledge it.',
  holds: 'List, release or refuse what the mass-change breaker holds.',
  drifts: 'List, acknowledge or reopen differences that verifications and webhooks found at the destination.',
  receipts: 'Check signed receipts of verifications and erasures, print the public keys.',
  webhooks: 'Set up and test webhooks, list the inbox, and replay requests.',
  token: 'Make, list and revoke named tokens.',
  sandbox: 'Serve simulated vendors, and hurt them.',
  config: 'Show the configuration in force, explain a setting, print the JSON schema.',
  connector: 'Develop a connector, in a checkout of the repository.',
};

export const sections: readonly Section[] = [
  {
    heading: 'Begin:',
    commands: [
      {
        path: 'init',
        summary: 'Write a configuration for your accounts, then check it, forecast, sync and verify.',
        load: async () => (await import('./init.ts')).defineInit,
      },
      {
        path: 'start',
        summary:
          'Serve the API and the pages, and keep customers in sync. Without a configuration: a sandbox.',
        load: async () => (await import('./start.ts')).defineStart,
      },
      {
        path: 'sandbox start',
        isDefault: true,
        summary: 'Serve a sandbox: simulated vendors on this machine, whatever is configured.',
        load: async () => (await import('./start.ts')).defineSandbox,
      },
      {
        path: 'sandbox break',
        summary:
          'Break the running sandbox (an outage, lost answers, blanked fields …) and watch it recover.',
        load: async () => (await import('./sandbox-break.ts')).defineSandboxBreak,
      },
      {
        path: 'check',
        summary:
          'Check the configuration, what the credentials allow, and the names in the mapping. Writes nothing.',
        load: async () => (await import('./check.ts')).defineCheck,
      },
      {
        path: 'doctor',
        summary:
          'Check everything that "check" does, and this machine: Node, data folder, database, clock, port, keys, webhooks. Says what to do.',
        load: async () => (await import('./doctor.ts')).defineDoctor,
      },
      {
        path: 'probe',
        summary:
          "Find out with throwaway customers how the destination behaves, or what a source's credentials may write.",
        load: async () => (await import('./probe.ts')).defineProbe,
      },
      {
        path: 'preview',
        summary: 'Show what a changed mapping or merge would do to the stored records. Writes nothing.',
        load: async () => (await import('./preview.ts')).definePreview,
      },
    ],
  },
  {
    heading: 'Every day:',
    commands: [
      {
        path: 'status',
        summary: 'Print runs, backlog, budgets and dead letters.',
        load: async () => (await import('./status.ts')).defineStatus,
      },
      {
        path: 'logs',
        summary: 'Print the newest log lines of the server, and follow them.',
        load: async () => (await import('./logs.ts')).defineLogs,
      },
      {
        path: 'plan',
        summary:
          'Forecast a sync and the pending write-backs: calls, shares of quotas, minutes. Changes nothing.',
        load: async () => (await import('./plan.ts')).definePlan,
      },
      {
        path: 'sync',
        summary: 'Read what changed and deliver it.',
        load: async () => (await import('./sync.ts')).defineSync,
      },
      {
        path: 'import',
        summary: 'Import a CSV file of customers and deliver them.',
        load: async () => (await import('./import.ts')).defineImport,
      },
      {
        path: 'verify',
        summary:
          'Read the destination back and compare every field with what it acknowledged and what the stored records give.',
        load: async () => (await import('./verify.ts')).defineVerify,
      },
      {
        path: 'write-backs',
        summary:
          'Show what flows back from Voucherify to the vendors of sources, with the exact bodies that would be sent.',
        load: async () => (await import('./write-backs.ts')).defineWriteBacks,
      },
      {
        path: 'project',
        summary: 'Decide what counts as delivered when the configuration names another Voucherify project.',
        load: async () => (await import('./project.ts')).defineProject,
      },
      {
        path: 'undo',
        summary: 'Bring customers back to what they were before a run, with a preview first.',
        load: async () => (await import('./undo.ts')).defineUndo,
      },
      {
        path: 'audit',
        summary: 'Show who changed what, newest first.',
        load: async () => (await import('./token.ts')).defineAudit,
      },
    ],
  },
  {
    heading: 'By subject:',
    commands: [
      {
        path: 'sources list',
        isDefault: true,
        summary: 'List the sources: schedule, records, last run, and why one is paused.',
        load: async () => (await import('./sources.ts')).defineSourcesList,
      },
      {
        path: 'sources pause',
        alias: 'pause',
        summary:
          'Pause a source, or the destination, until it is resumed. Webhooks are still accepted and kept.',
        load: async () => (await import('./pause.ts')).definePause,
      },
      {
        path: 'sources resume',
        alias: 'resume',
        summary: 'Resume a source, or the destination.',
        load: async () => (await import('./pause.ts')).defineResume,
      },
      {
        path: 'sources rewind',
        alias: 'rewind',
        summary: 'Rewind a source to a time and read everything that changed since.',
        load: async () => (await import('./rewind.ts')).defineRewind,
      },
      {
        path: 'sources connect',
        alias: 'connect',
        summary: 'Sign in at the vendor of a source, so that Tributary may read it.',
        load: async () => (await import('./connect.ts')).defineConnect,
      },
      {
        path: 'sources withdraw',
        alias: 'withdraw',
        summary: 'Withdraw the contributions of a source that is no longer in the configuration.',
        load: async () => (await import('./withdraw.ts')).defineWithdraw,
      },
      {
        path: 'runs list',
        isDefault: true,
        summary: 'List runs, newest first.',
        load: async () => (await import('./runs.ts')).defineRunsList,
      },
      {
        path: 'runs show',
        summary: 'Show one run.',
        load: async () => (await import('./runs.ts')).defineRunsShow,
      },
      {
        path: 'runs cancel',
        summary: 'Cancel a run: at once if no worker is processing it, else after its current page.',
        load: async () => (await import('./runs.ts')).defineRunsCancel,
      },
      {
        path: 'customers list',
        isDefault: true,
        summary:
          'List customers, or search them by ID, e-mail, telephone number, name or the value of a field.',
        load: async () => (await import('./customers.ts')).defineCustomersList,
      },
      {
        path: 'customers show',
        summary: 'Show one customer: its values, its records and its delivery.',
        load: async () => (await import('./customers.ts')).defineCustomersShow,
      },
      {
        path: 'customers explain',
        alias: 'explain',
        summary:
          'Show where each value of a customer comes from, why other values lost, and what flows back to vendors.',
        load: async () => (await import('./explain.ts')).defineExplain,
      },
      {
        path: 'customers history',
        alias: 'history',
        summary: 'Print the changes and write-backs of a customer, newest first.',
        load: async () => (await import('./history.ts')).defineHistory,
      },
      {
        path: 'customers pin',
        alias: 'pin',
        summary: 'Set a field of a customer by hand. It wins over every record until it is unpinned.',
        load: async () => (await import('./pin.ts')).definePin,
      },
      {
        path: 'customers unpin',
        alias: 'unpin',
        summary: 'Remove a value that was set by hand, so that the records decide the field again.',
        load: async () => (await import('./pin.ts')).defineUnpin,
      },
      {
        path: 'customers unmerge',
        alias: 'unmerge',
        summary: 'Separate a record from the record that the vendor merged it into.',
        load: async () => (await import('./unmerge.ts')).defineUnmerge,
      },
      {
        path: 'customers export',
        alias: 'export',
        summary: 'Write customers as CSV, in the order of their source IDs.',
        load: async () => (await import('./export.ts')).defineExport,
      },
      {
        path: 'customers erase',
        alias: 'erase',
        summary: 'Erase a customer here and at the destination, and print the receipt.',
        load: async () => (await import('./erase.ts')).defineErase,
      },
      {
        path: 'problems list',
        isDefault: true,
        summary: 'List everything that needs a person, each with the command that helps.',
        load: async () => (await import('./problems.ts')).defineProblemsList,
      },
      {
        path: 'problems dead-letters',
        alias: 'dead-letters',
        summary: 'List dead letters by cause, each with the next step.',
        load: async () => (await import('./dead-letters.ts')).defineDeadLetters,
      },
      {
        path: 'problems retry',
        alias: 'retry',
        summary: 'Retry dead letters: all, or those that match every given option.',
        load: async () => (await import('./retry.ts')).defineRetry,
      },
      {
        path: 'problems discard',
        alias: 'discard',
        summary: 'Discard dead letters that need no retry.',
        load: async () => (await import('./discard.ts')).defineDiscard,
      },
      {
        path: 'problems quarantine',
        alias: 'quarantine',
        summary: 'List quarantined values, each with the reason and the value that is used instead.',
        load: async () => (await import('./quarantine.ts')).defineQuarantine,
      },
      {
        path: 'problems acknowledge',
        summary: 'Acknowledge quarantined values that may stay left out, with a reason.',
        load: async () => (await import('./quarantine.ts')).defineAcknowledge,
      },
      {
        path: 'problems reopen',
        summary: 'Reopen acknowledged values.',
        load: async () => (await import('./quarantine.ts')).defineReopen,
      },
      {
        path: 'holds list',
        isDefault: true,
        summary: 'List what the mass-change breaker holds.',
        load: async () => (await import('./release.ts')).defineHoldsList,
      },
      {
        path: 'holds release',
        alias: 'release',
        summary: 'Release deliveries that are held because too many customers would lose the same value.',
        load: async () => (await import('./release.ts')).defineRelease,
      },
      {
        path: 'holds refuse',
        summary: 'Refuse a held change: values are pinned as they were, customers are kept.',
        load: async () => (await import('./release.ts')).defineRefuse,
      },
      {
        path: 'drifts list',
        isDefault: true,
        summary: 'List customers whose values at the destination differ from what was acknowledged.',
        load: async () => (await import('./drifts.ts')).defineDriftsList,
      },
      {
        path: 'drifts acknowledge',
        summary: 'Acknowledge differences that may stay, with a reason.',
        load: async () => (await import('./drifts.ts')).defineDriftsAcknowledge,
      },
      {
        path: 'drifts reopen',
        summary: 'Reopen acknowledged differences.',
        load: async () => (await import('./drifts.ts')).defineDriftsReopen,
      },
      {
        path: 'receipts check',
        summary: 'Check the signatures of receipts of verifications and erasures in a file.',
        load: async () => (await import('./receipts.ts')).defineReceiptsCheck,
      },
      {
        path: 'receipts keys',
        summary: 'Print the public keys by which receipts are checked.',
        load: async () => (await import('./receipts.ts')).defineReceiptsKeys,
      },
      {
        path: 'webhooks setup',
        alias: 'webhook',
        summary: 'Show how to set up the webhooks of a source at its vendor, or send a test request.',
        load: async () => (await import('./webhook.ts')).defineWebhook,
      },
      {
        path: 'webhooks inbox',
        alias: 'inbox',
        isDefault: true,
        summary: 'List stored webhook requests, newest first, or show one as it was received.',
        load: async () => (await import('./inbox.ts')).defineInbox,
      },
      {
        path: 'webhooks replay',
        alias: 'replay',
        summary: 'Open stored webhook requests again: by ID, or all that match every given option.',
        load: async () => (await import('./replay.ts')).defineReplay,
      },
      {
        path: 'token create',
        summary: 'Create a token. It is printed once; only its hash is stored.',
        load: async () => (await import('./token.ts')).defineTokenCreate,
      },
      {
        path: 'token list',
        isDefault: true,
        summary: 'List the named tokens.',
        load: async () => (await import('./token.ts')).defineTokenList,
      },
      {
        path: 'token revoke',
        summary: 'Revoke a token. Its sessions end too, at other workers within 5 seconds.',
        load: async () => (await import('./token.ts')).defineTokenRevoke,
      },
      {
        path: 'mcp',
        summary: 'Serve the Model Context Protocol, so that an agent can read, explain and propose.',
        load: async () => (await import('./mcp.ts')).defineMcp,
      },
      {
        path: 'config show',
        isDefault: true,
        summary: 'Print the configuration in force, with defaults and without secrets.',
        load: async () => (await import('./config.ts')).defineConfigShow,
      },
      {
        path: 'config explain',
        summary:
          'Explain a setting: its meaning, what is allowed, its default, its value and where it is set.',
        load: async () => (await import('./config.ts')).defineConfigExplain,
      },
      {
        path: 'config schema',
        summary: 'Print the JSON schema of the configuration.',
        load: async () => (await import('./config.ts')).defineConfigSchema,
      },
      {
        path: 'completion',
        summary: 'Print the completion script of a shell: bash, zsh or fish.',
        load: async () => (await import('./completion.ts')).defineCompletion,
      },
      {
        path: 'connector new',
        summary: 'Write a connector that works against a simulated vendor, with its test, page and example.',
        load: async () => (await import('./connector.ts')).defineConnectorNew,
      },
    ],
  },
];

export const commands: readonly CommandEntry[] = sections.flatMap((section) => section.commands);

const valued = new Set(['--config', '--url', '--token']);

/** The command that a command line names, and the name that it was called by; null where it names none. */
export function chosenCommand(args: readonly string[]): { entry: CommandEntry; calledBy: string } | null {
  const words: { word: string; at: number }[] = [];
  for (let at = 0; at < args.length && args[at] !== '--'; at += 1) {
    const word = args[at]!;
    if (valued.has(word)) at += 1;
    else if (!word.startsWith('-') && !(words.length === 0 && word === 'help')) words.push({ word, at });
  }
  const [first, second] = words;
  if (first === undefined) return null;
  const called = (calledBy: string, entry: CommandEntry | undefined) => (entry ? { entry, calledBy } : null);
  const single = commands.find(({ path, alias }) => [path, alias].includes(first.word));
  if (single) return called(first.word, single);
  const path = `${first.word} ${second?.word}`;
  const member = commands.find((entry) => entry.path === path);
  // A word right behind the group is a command of it, or misspelt; one behind an option is the option's value.
  if (member || second?.at === first.at + 1) return called(path, member);
  const byDefault = commands.find((entry) => entry.isDefault && entry.path.startsWith(`${first.word} `));
  return byDefault ? { entry: byDefault, calledBy: byDefault.path } : null;
}
