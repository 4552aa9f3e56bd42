// Faults of what takes in: records and their clocks, merges by field, pages and cursors, runs, sweeps, webhooks, the breaker.
import { type Mutant, mutantsOf } from './mutant.ts';

const records = mutantsOf(
  'src/tables/records.ts',
  ['sync/ingest.test.ts', 'sync/order.test.ts'],
  [
    {
      name: 'lets an older state of a record replace the newer one',
      find: 'body = case when ${counts} then excluded.body else records.body end,',
      replace: 'body = excluded.body,',
    },
    {
      name: 'moves the clock of a record back',
      find: 'changed_at = case when ${replaces} then excluded.changed_at else greatest(records.changed_at, excluded.changed_at) end,',
      replace: 'changed_at = excluded.changed_at,',
    },
    {
      name: 'forgets a deletion when something older comes late',
      find: 'deleted_at = case when ${replaces} then excluded.deleted_at else greatest(records.deleted_at, excluded.deleted_at) end,',
      replace: 'deleted_at = excluded.deleted_at,',
      survives:
        'A row that is known was judged under its lock, and what is written of it has its deletion or a later one: a second line.',
    },
    {
      name: 'gives a record another source ID when its property changes',
      find: 'then excluded.source_id else coalesce(records.source_id, excluded.source_id) end`',
      replace: 'then excluded.source_id else excluded.source_id end`',
      tests: ['sync/path.test.ts', 'sync/ingest.test.ts', 'sync/order.test.ts'],
    },
    {
      name: 'overwrites a record that another worker has made meanwhile',
      find: '\n    where excluded.run_id < 0\n    returning',
      replace: '\n    returning',
    },
    {
      name: 'lets the word of a record count that another has taken over',
      find: 'return !record.deleted && record.mergedInto === null;',
      replace: 'return !record.deleted;',
    },
    {
      name: 'lets the word of a deleted record count',
      find: 'return !record.deleted && record.mergedInto === null;',
      replace: 'return record.mergedInto === null;',
    },
    {
      name: 'takes a record over again that a person has parted',
      find: 'where records.merged_into is distinct from excluded.merged_into and records.unmerged_from is distinct from excluded.merged_into',
      replace: 'where records.merged_into is distinct from excluded.merged_into',
      tests: ['sync/explain.test.ts', 'sync/ingest.test.ts'],
    },
    {
      name: 'counts filtered records in the merge',
      find: 'where source_id = any(${texts(sourceIds)}) and filtered is null and not ${isFresh}`);',
      replace: 'where source_id = any(${texts(sourceIds)}) and not ${isFresh}`);',
      tests: ['sync/path.test.ts', 'sync/ingest.test.ts', 'sync/order.test.ts'],
    },
  ],
);

const judging = mutantsOf(
  'src/sync/intake/judging.ts',
  ['sync/ingest.test.ts', 'sync/order.test.ts'],
  [
    {
      name: 'takes a record that stands again for unchanged, since its body is the same',
      find: 'if (stands(stored) && !stored.hasClocks) return',
      replace: 'if (!stored.hasClocks) return',
    },
    {
      name: 'passes over a last valid value that comes late',
      find: '!source.hasSilentFields && !hasFaults;',
      replace: '!source.hasSilentFields;',
    },
    {
      name: 'brings back a value that was cleared before a bad one came',
      find: '(clock === null ? undefined : null), clock ?? 0);',
      replace: 'undefined, clock ?? 0);',
    },
    {
      name: 'takes a deletion for the end of everything that came after it',
      find: 'return deletedAt === null || deletedAt < changedAt;',
      replace: 'return deletedAt === null;',
    },
    {
      name: 'ingests a record whose values are to be rejected',
      find: "if (faults.length > 0 && source.badValues(whole.body) === 'reject') {",
      replace: 'if (false) {',
    },
  ],
);

const ingest = mutantsOf(
  'src/sync/intake/ingest.ts',
  ['sync/ingest.test.ts', 'sync/order.test.ts', 'sync/erasure.test.ts'],
  [
    {
      name: 'takes the first of two versions in a page',
      find: 'newest === undefined || record.changedAt >= newest.changedAt ? record : newest',
      replace: 'newest ?? record',
    },
    {
      name: 'lets an erased person come back',
      find: "return isErased ? { kind: 'erased' } : verdict;",
      replace: 'return verdict;',
      tests: ['sync/erasure.test.ts'],
    },
    {
      name: 'keeps a rejected row of an erased person',
      find: 'rejected: rejected.filter((row) => !erased.row(row)),',
      replace: 'rejected,',
      tests: ['sync/erasure.test.ts'],
    },
  ],
);

const erasedRecords = mutantsOf(
  'src/sync/intake/erased-records.ts',
  ['sync/erasure.test.ts'],
  [
    {
      name: 'lets an erased person come back by a merge',
      find: 'const followers = followersOf(page.merges, recognised);',
      replace: 'const followers: string[] = [];',
    },
    {
      name: 'learns no other name of an erased person',
      find: 'return known(traits[0]!) ? [] : ',
      replace: 'return known(traits[0]!) || true ? [] : ',
    },
  ],
);

const merge = mutantsOf(
  'src/customer/merge.ts',
  ['properties/customer/merge.test.ts', 'unit/customer/merge.test.ts'],
  [
    {
      name: 'lets the oldest value win',
      find: 'const time = b.changedAt - a.changedAt;',
      replace: 'const time = a.changedAt - b.changedAt;',
    },
    {
      name: 'lets an empty value stand where one is to be filled',
      find: "rule.policy === 'first' ? Number(a.fields[field] === null) - Number(b.fields[field] === null) : 0;",
      replace: '0;',
    },
    {
      name: 'lets the order of arrival decide a tie',
      find: "if (rule.policy === 'newest') return time || bySource(rule, a, b) || record();",
      replace: "if (rule.policy === 'newest') return time;",
    },
    {
      name: 'lets an older state of a record speak beside its newest',
      find: 'else if (replaces(contribution, sameId[at]!)) sameId[at] = contribution;',
      replace: 'else sameId.push(contribution);',
    },
    {
      name: 'lets the last of two states of the same moment win',
      find: 'return canonicalJson(a.fields) > canonicalJson(b.fields);',
      replace: 'return true;',
    },
    {
      name: 'ignores a pin that sets nothing',
      find: 'fields[field] = Object.hasOwn(pins, field) ? pins[field]! : chosen.get(field)!.fields[field]!;',
      replace: 'fields[field] = pins[field] ?? chosen.get(field)?.fields[field] ?? null;',
    },
    {
      name: 'explains a winner that the merge did not choose',
      find: 'const winner = isPinned ? undefined : chosen.get(field);',
      replace:
        'const winner = isPinned ? undefined : states.find((state) => Object.hasOwn(state.fields, field));',
    },
  ],
);

const runs = mutantsOf(
  'src/tables/runs.ts',
  ['sync/runs.test.ts'],
  [
    {
      name: 'counts a page of a run that another worker holds by now',
      find: "where id = ${run.id}::bigint and lease = ${run.lease}::uuid and state = 'requested'\n    returning cancel_requested_at",
      replace: "where id = ${run.id}::bigint and state = 'requested'\n    returning cancel_requested_at",
    },
    {
      name: 'goes on with a run that was cancelled',
      find: '  if (row.cancelled) throw new CancelledError(`run ${run.id} was cancelled`);\n',
      replace: '',
    },
    {
      name: 'goes on with a run of a source that was paused',
      find: '  if (row.paused) throw new PausedError(`the source of run ${run.id} was paused`);\n',
      replace: '',
      tests: ['sync/runs.test.ts', 'cases/sources.test.ts', 'web/api.test.ts'],
    },
    {
      name: 'finishes a run whose counts do not balance',
      find: "const balanced = end.state !== 'finished' || balances(row);",
      replace: 'const balanced = true;',
    },
    {
      name: 'takes two runs of one source',
      find: "and other.state = 'requested' and other.leased_until >= ${toTimestamp(claim.now)})",
      replace: "and other.state = 'none')",
    },
    {
      name: 'takes runs of a paused source',
      find: "and (mode = 'undo' or not exists (select 1 from pauses where name = due.source and (trial_at is null or trial_at > ${toTimestamp(claim.now)})))",
      replace: '',
    },
    {
      name: 'takes a run that another worker holds',
      find: ' and (leased_until is null or leased_until < ${toTimestamp(claim.now)})',
      replace: '',
    },
    {
      name: 'imports a file on a machine that does not have it',
      find: "and coalesce(due.request ->> 'host', ${host}) = ${host}",
      replace: '',
    },
    {
      name: 'runs the worst lane first',
      find: 'order by lane, id limit 1)\n    returning ${columns}`);\n  return row ? toRun(row) : null;\n}\n\nexport class LostLeaseError',
      replace:
        'order by lane desc, id limit 1)\n    returning ${columns}`);\n  return row ? toRun(row) : null;\n}\n\nexport class LostLeaseError',
    },
    {
      name: 'counts every postponement as an attempt',
      find: 'attempts = attempts + ${later.counted ? 1 : 0}',
      replace: 'attempts = attempts + 1',
    },
  ],
);

const sweep = mutantsOf(
  'src/sync/pull/sweep.ts',
  ['sync/deletes.test.ts', 'cases/sources.test.ts', 'cases/files.test.ts'],
  [
    {
      name: 'deletes everybody when a reading is empty',
      find: "if (count === 0) return 'it is empty, which more often means that access was withdrawn';",
      replace: '',
    },
    {
      name: 'believes a reading that gave fewer records than the vendor spoke of',
      find: 'if (total !== null && count < total) return',
      replace: 'if (false) return',
    },
    {
      name: 'believes a reading that another run had begun',
      find: '  if (!(await hasBegun(database, run.id, stream.name)))\n    return',
      replace: '  if (false)\n    return',
    },
    {
      name: 'believes a reading of which rows were rejected',
      find: 'if (rejected > 0) return `',
      replace: 'if (false) return `',
    },
    {
      name: 'takes for gone what the vendor does not answer for',
      find: 'const missing = new Set(answer.missing);\n  const gone',
      replace:
        'const missing = new Set(recordIds.filter((id) => !answer.records.some(({ recordId }) => recordId === id)));\n  const gone',
    },
  ],
);

const pull = mutantsOf(
  'src/sync/pull/pull.ts',
  ['sync/path.test.ts', 'sync/runs.test.ts', 'sync/deletes.test.ts'],
  [
    {
      name: 'moves the cursor before all parts of a page are ingested',
      find: '        isLast && moveCheckpoint(',
      replace: '        moveCheckpoint(',
      survives:
        'A page of more than one part is moved past only when a worker dies between two parts; the crash tests kill too seldom just there.',
    },
    {
      name: 'commits the cursor before the page',
      find: '    const counts = await deps.database.transaction(async (tx) => {\n      changed.length = 0;',
      replace:
        '    await moveCheckpoint(deps.database, key, { cursor: page.cursor, done: page.done, now });\n    const counts = await deps.database.transaction(async (tx) => {\n      changed.length = 0;',
      tests: ['sync/runs.test.ts', 'chaos/crash.test.ts'],
    },
    {
      name: 'never moves the cursor',
      find: '        isLast && moveCheckpoint(tx, key, { cursor: page.cursor, done: page.done, now }),',
      replace: '',
    },
    {
      name: 'notes nothing of what a full reading met',
      find: 'noteMet(tx, { runId: run.id, stream: stream.name, first: isFirst }, idsOf(part)),',
      replace: 'null,',
    },
    {
      name: "promotes a reading that is another worker's",
      find: '    if (!(await holdRun(tx, { id: run.id, lease }, now + leaseMs))) throw new LostLeaseError(run.id);\n    const full',
      replace: '    const full',
      survives: 'Another worker that goes on with the run promotes the same cursor.',
    },
  ],
);

const breaker = mutantsOf(
  'src/tables/breaker.ts',
  ['sync/breaker.test.ts'],
  [
    {
      name: 'holds nobody however many are deleted',
      find: 'return over > 0 ? group.slice(-Math.min(over, group.length)) : [];',
      replace: 'return [];',
    },
    {
      name: 'holds all when one is too many',
      find: 'return over > 0 ? group.slice(-Math.min(over, group.length)) : [];',
      replace: 'return over > 0 ? group : [];',
    },
    {
      name: 'counts by run only: many small runs empty everything',
      find: 'hourOf(now)];',
      replace: '];',
    },
    {
      name: 'counts customers that were never sent',
      find: 'candidates.filter((loss) => known.has(loss.sourceId)),',
      replace: 'candidates,',
    },
    {
      name: 'counts a changed value as a blanked one',
      find: 'from !== null && to === null ? [{',
      replace: 'from !== null ? [{',
    },
  ],
);

const touches = mutantsOf(
  'src/tables/touches.ts',
  ['sync/webhooks.test.ts', 'cases/webhooks.test.ts', 'sync/hubspot-webhooks.test.ts'],
  [
    {
      name: 'forgets a webhook that came while the record was being read',
      find: 'and lease = ${held.lease}::uuid and touches.version = row.version',
      replace: 'and lease = ${held.lease}::uuid',
    },
    {
      name: 'lets a later word undo an erasure',
      find: "gone = case when touches.gone = 'erased' then 'erased'\n                  when",
      replace: 'gone = case when',
    },
  ],
);

const itemKeys = mutantsOf(
  'src/tables/item-keys.ts',
  ['sync/webhooks.test.ts', 'web/inbox.test.ts'],
  [
    {
      name: 'opens an item as often as it is sent',
      find: '\n    where item_keys.inbox_id = excluded.inbox_id or item_keys.expires_at <= ${toTimestamp(now)}\n    returning key',
      replace: '\n    returning key',
    },
    {
      name: 'never opens a request again that a person replays',
      find: 'where item_keys.inbox_id = excluded.inbox_id or item_keys.expires_at',
      replace: 'where item_keys.expires_at',
      tests: ['web/inbox.test.ts', 'sync/webhooks.test.ts', 'cli/inbox.test.ts'],
    },
  ],
);

const pauses = mutantsOf(
  'src/tables/pauses.ts',
  ['sync/runs.test.ts', 'cases/destination.test.ts'],
  [
    {
      name: 'resumes after a trial what a person has paused',
      find: 'sql`delete from pauses where name = ${name} and cause = any(${texts(triedCauses)}) returning name`,\n  );\n  return rows.length > 0;\n}\n\n/**\n * Takes the trial',
      replace:
        'sql`delete from pauses where name = ${name} returning name`,\n  );\n  return rows.length > 0;\n}\n\n/**\n * Takes the trial',
      survives: 'A pause by a person has no trial, so that none is answered.',
    },
    {
      name: "lets a refusal take the place of a person's pause",
      find: 'cause = case when ${keepsPerson} then pauses.cause else excluded.cause end,',
      replace: 'cause = excluded.cause,',
    },
    {
      name: 'makes a trial with every worker at once',
      find: 'and trials = ${paused.trials} and trial_at <= ${toTimestamp(now)}',
      replace: '',
    },
    {
      name: 'tries a final pause again and again',
      find: 'const trialAt = why.final ? null : trialTime(why.cause, 0, now);',
      replace: 'const trialAt = trialTime(why.cause, 0, now);',
    },
  ],
);

export const intakeMutants: readonly Mutant[] = [
  ...records,
  ...judging,
  ...ingest,
  ...erasedRecords,
  ...merge,
  ...runs,
  ...sweep,
  ...pull,
  ...breaker,
  ...touches,
  ...itemKeys,
  ...pauses,
];
