// Faults of what delivers: claims, settlements, acknowledgements, differences, judgements of the destination.
import { type Mutant, mutantsOf } from './mutant.ts';

const deliveries = mutantsOf(
  'src/tables/deliveries.ts',
  ['sync/deliveries.test.ts', 'sync/sending.test.ts'],
  [
    {
      name: 'settles a delivery whoever carries it: the fence is dropped',
      find: "where ${holds} and held.state = 'waiting')",
      replace: "where held.state = 'waiting')",
    },
    {
      name: 'settles a held delivery',
      find: "where ${holds} and held.state = 'waiting')",
      replace: 'where ${holds})',
      survives: 'What is held has been taken from its carrier, so that the fence alone keeps it out.',
    },
    {
      name: 'settles without the revision: a newer one is taken for delivered',
      find: "state = case when deliveries.revision > row.revision or row.\"end\" = 'again' then 'waiting'",
      replace: "state = case when row.\"end\" = 'again' then 'waiting'",
    },
    {
      name: 'keeps a newer revision waiting without a time at which it is due',
      find: 'when deliveries.revision > row.revision then ${toTimestamp(now)} end,\n      waiting_since',
      replace:
        'when deliveries.revision > row.revision then ${toTimestamp(now + 86_400_000)} end,\n      waiting_since',
    },
    {
      name: 'acknowledges the revision that is wanted instead of the one that was sent',
      find: 'acknowledged = case when row."end" = \'delivered\' then row.revision else acknowledged end,',
      replace:
        'acknowledged = case when row."end" = \'delivered\' then deliveries.revision else acknowledged end,',
    },
    {
      name: 'counts every failure as an attempt',
      find: 'when row.counted then attempts + 1 else attempts end,',
      replace: 'else attempts + 1 end,',
    },
    {
      name: 'counts no failure as an attempt',
      find: 'when row.counted then attempts + 1 else attempts end,',
      replace: 'else attempts end,',
    },
    {
      name: 'forgets after a settlement that an attempt was in doubt',
      find: 'uncertain = coalesce(row.uncertain, false),',
      replace: 'uncertain = false,',
    },
    {
      name: 'claims what another worker has in its hands',
      find: 'and due_at <= ${toTimestamp(request.now)} and due_at >= ${toTimestamp(from)}',
      replace: 'and due_at >= ${toTimestamp(from)}',
    },
    {
      name: 'waits for rows that another worker is claiming',
      find: 'order by due_at limit ${most} for update skip locked)\n      update deliveries set lease',
      replace: 'order by due_at limit ${most} for update)\n      update deliveries set lease',
    },
    {
      name: 'does not doubt what was claimed',
      find: 'due_at = ${toTimestamp(request.now + request.leaseMs)}, uncertain = true',
      replace: 'due_at = ${toTimestamp(request.now + request.leaseMs)}',
      tests: ['sync/deliveries.test.ts', 'sync/path.test.ts'],
    },
    {
      name: 'claims what is in a bulk action',
      find: "where state = 'waiting' and batch_id is null and lane = ${lane}\n          and due_at",
      replace: "where state = 'waiting' and lane = ${lane}\n          and due_at",
    },
    {
      name: "holds a lease further that is another worker's",
      find: "where held.lease = ${held.lease}::uuid and held.state = 'waiting')\n    update deliveries set due_at",
      replace: "where held.state = 'waiting')\n    update deliveries set due_at",
    },
    {
      name: 'hands over to a bulk action what it holds no more',
      find: "where held.lease = ${lease}::uuid and held.state = 'waiting')",
      replace: "where held.state = 'waiting')",
    },
    {
      name: 'goes back to an older revision',
      find: 'revision = greatest(deliveries.revision, excluded.revision),',
      replace: 'revision = excluded.revision,',
    },
    {
      name: 'lets a backfill take a waiting customer out of a better lane',
      find: "lane = case when deliveries.state in ('waiting', 'held') then least(deliveries.lane, excluded.lane) else excluded.lane end,",
      replace: 'lane = excluded.lane,',
    },
    {
      name: 'sends what is held as soon as it changes',
      find: "state = case when deliveries.state = 'held' then 'held' else 'waiting' end)",
      replace: "state = 'waiting')",
      tests: ['sync/deliveries.test.ts', 'sync/breaker.test.ts'],
    },
    {
      name: 'keeps the attempts of a dead delivery when its customer changes',
      find: "attempts = case when deliveries.state = 'dead' then 0 else deliveries.attempts end,",
      replace: 'attempts = deliveries.attempts,',
    },
    {
      name: 'lets a held customer go while another hold of it is open',
      find: '\n      and not exists (select 1 from holds where holds.source_id = deliveries.source_id and decided_at is null)',
      replace: '',
      tests: ['sync/breaker.test.ts', 'sync/deliveries.test.ts'],
    },
    {
      name: 'frees what other workers hold when one has died',
      find: "where state = 'waiting' and batch_id is null and ${leasedBy(sql`lease`, worker)} returning source_id",
      replace: "where state = 'waiting' and batch_id is null returning source_id",
    },
    {
      name: 'sends a customer again only in part when the destination has lost it',
      find: 'update deliveries set uncertain = true,\n      lane',
      replace: 'update deliveries set\n      lane',
      tests: ['sync/verify.test.ts', 'sync/deliveries.test.ts'],
    },
    {
      name: 'retries what a person has put aside',
      find: ': sql`and error_code is distinct from ${asideCode}`;',
      replace: ': sql``;',
      tests: ['sync/deliveries.test.ts', 'web/dead-letters.test.ts'],
    },
    {
      name: 'pulls forward what a worker is sending',
      find: "where state = 'waiting' and batch_id is null and lease is null and due_at > ${toTimestamp(now)}",
      replace: "where state = 'waiting' and batch_id is null and due_at > ${toTimestamp(now)}",
    },
  ],
);

const acknowledgements = mutantsOf(
  'src/tables/acknowledgements.ts',
  ['sync/deliveries.test.ts', 'sync/sending.test.ts', 'sync/lost-answers.test.ts'],
  [
    {
      name: 'lets an older revision replace what was acknowledged last',
      find: '\n    where acknowledgements.revision <= excluded.revision`;',
      replace: '`;',
      survives:
        'Whoever no longer carries a delivery settles nothing, so no older revision comes this far: a second line.',
    },
  ],
);

const settling = mutantsOf(
  'src/sync/deliver/settling.ts',
  ['sync/sending.test.ts', 'sync/path.test.ts', 'sync/deliveries.test.ts'],
  [
    {
      name: 'leaves the dead letter open when its customer was delivered',
      find: "      settleDeadLetters(tx, { kind: 'delivery', source: destinationName, refs: idsOf(accepted) }, now),\n",
      replace: '',
    },
    {
      name: 'leaves a drift standing that was written over',
      find: 'endDrifts(tx, idsOf(accepted.filter((item) => item.uncertain))),',
      replace: 'endDrifts(tx, []),',
      tests: ['sync/verify.test.ts', 'sync/sending.test.ts'],
    },
    {
      name: 'keeps as acknowledged what was rejected',
      find: "const accepted = ours.filter((item) => outcomes.get(item.sourceId)?.result === 'accepted');",
      replace: 'const accepted = ours;',
    },
    {
      name: 'keeps no dead letter of a customer that is given up',
      find: "(settlement) => settlement.end === 'dead' && settled.has(settlement.sourceId),",
      replace: '() => false,',
    },
    {
      name: 'is sure of an attempt whose answer never came',
      find: 'const isDoubtful = !isUndone(error);',
      replace: 'const isDoubtful = false;',
    },
  ],
);

const difference = mutantsOf(
  'src/customer/diff.ts',
  ['properties/customer/diff.test.ts', 'unit/customer/diff.test.ts'],
  [
    {
      name: 'sends only what differs after an uncertain attempt',
      find: 'if (options.uncertain || !sameJson(value, known[field] ?? null)) write[field] = value;',
      replace: 'if (!sameJson(value, known[field] ?? null)) write[field] = value;',
    },
    {
      name: 'leaves out what a destination that replaces would lose',
      find: "if (options.partialWrites === 'replace') completeGroups(write, customer, known, options);",
      replace: '',
    },
    {
      name: 'never clears what no source gives any more',
      find: "if (options.withdrawn === 'clear') clearWithdrawn(write, customer, known, options.uncertain);",
      replace: '',
    },
    {
      name: 'clears what no source gives any more where it is to be kept',
      find: "if (options.withdrawn === 'clear') clearWithdrawn",
      replace: "if (options.withdrawn !== 'clear') clearWithdrawn",
    },
    {
      name: 'never creates a customer without fields',
      find: 'if (names.length === 0) return acknowledged === null ? {} : null;',
      replace: 'if (names.length === 0) return null;',
    },
    {
      name: 'takes what an uncertain attempt may have left for known',
      find: 'if (!uncertain) return { ...acknowledged, ...sent };',
      replace: 'return { ...acknowledged, ...sent };',
    },
    {
      name: 'forgets that an attempt may have carried a field that was never acknowledged',
      find: 'for (const field of customer.dropped) if (!Object.hasOwn(customer.fields, field)) write[field] = null;',
      replace: '',
    },
  ],
);

const health = mutantsOf(
  'src/sync/deliver/health.ts',
  ['cases/destination.test.ts', 'sync/sending.test.ts'],
  [
    {
      name: 'blames one customer for a refusal of all credentials',
      find: "if (read !== 'answered') {",
      replace: 'if (false) {',
    },
    {
      name: 'pauses the destination at the first write that is refused',
      find: 'const paused = this.#refusedWrites >= refusedWritesMost;',
      replace: 'const paused = true;',
    },
    {
      name: 'counts against each customer what fails for everybody',
      find: 'return { ...nothing, counted: othersGotThrough && uncertain };',
      replace: 'return { ...nothing, counted: true };',
    },
    {
      name: 'never blames a customer whose payload something in between refuses',
      find: 'if (!this.#suspects.isToBlame(sourceId, clock.now())) return { blamed: false };',
      replace: 'return { blamed: false };',
    },
  ],
);

const sending = mutantsOf(
  'src/sync/deliver/sending.ts',
  ['sync/sending.test.ts'],
  [
    {
      name: 'forgets a single write that may still arrive',
      find: "      if (writing.action === 'write' && !isUndone(error)) {",
      replace: '      if (false) {',
    },
  ],
);

const deliver = mutantsOf(
  'src/sync/deliver/deliver.ts',
  ['simulation/simulation.test.ts'],
  [
    {
      name: 'forgets that a write of a dead worker may still arrive',
      find: '    await expectLate(db, writes, now);\n',
      replace: '',
    },
  ],
);

const circuit = mutantsOf(
  'src/engine/http/circuit.ts',
  ['unit/circuit.test.ts'],
  [
    {
      name: 'opens for as long each time',
      find: 'this.#baseMs * 2 ** Math.min(this.#openings, 30)',
      replace: 'this.#baseMs',
    },
    {
      name: 'lets everybody try at once when it may try again',
      find: 'if (now < this.#openUntil || now < this.#probedUntil) return',
      replace: 'if (now < this.#openUntil) return',
    },
    {
      name: 'opens at the first failure',
      find: 'if (this.#openedAt === null && this.#failures < this.#failuresMax) return null;',
      replace: '',
    },
    {
      name: 'counts the same request again and again',
      find: 'if (this.#about.has(about)) return null;',
      replace: '',
    },
    {
      name: 'stays open after an answer',
      find: '    this.#openings = 0;\n    this.#openedAt = null;\n    this.#openUntil = 0;\n    this.#probedUntil = 0;\n    return !wasClosed;',
      replace: '    return !wasClosed;',
    },
  ],
);

const lostActions = mutantsOf(
  'src/sync/deliver/lost-action.ts',
  ['properties/lost-action.test.ts', 'sync/lost-answers.test.ts'],
  [
    {
      name: 'believes an action of another number of records',
      find: 'return records === sourceIds.length && named.every((sourceId) => ours.has(sourceId));',
      replace: 'return named.every((sourceId) => ours.has(sourceId));',
    },
    {
      name: 'believes an action whose errors name a customer of others',
      find: 'return records === sourceIds.length && named.every((sourceId) => ours.has(sourceId));',
      replace: 'return records === sourceIds.length;',
    },
    {
      name: 'sends again while the action may still be going on',
      find: "    return { step: 'wait' };\n",
      replace: "    return { step: 'none' };\n",
    },
    {
      name: 'believes an action without reading a customer back',
      find: "if (samples.length === 0 && unread > 0) return { step: 'read' };",
      replace: '',
    },
  ],
);

const erasure = mutantsOf(
  'src/sync/erase/erase.ts',
  ['sync/erasure.test.ts'],
  [
    {
      name: 'forgets nobody for good: an erased person comes back with the next page',
      find: '  await suppressions.keep(tx, hashes, now);\n',
      replace: '',
    },
    {
      name: 'erases less than was asked for when it is asked for twice',
      find: 'permanent: open.permanent || permanent, answers',
      replace: 'permanent, answers',
    },
  ],
);

const verification = mutantsOf(
  'src/sync/verify/comparing.ts',
  ['sync/verify.test.ts'],
  [
    {
      name: 'takes for different what is on its way',
      find: 'const inFlight = known?.inFlight || again.get(sourceId)?.inFlight;',
      replace: 'const inFlight = false;',
    },
    {
      name: 'heals where nobody asked for it',
      find: '  if (!comparing.heal) return;\n  const onlyDrifted',
      replace: '  const onlyDrifted',
    },
    {
      name: 'lets a drift end that it could not see',
      find: 'else if (known.drift !== null && drift.hidden.length + drift.unsure.length === 0) well.push(sourceId);',
      replace: 'else if (known.drift !== null) well.push(sourceId);',
    },
    {
      name: 'says a customer is missing that is on its way',
      find: '    if (one.inFlight) report.inFlight += 1;\n    else {\n      countMissing',
      replace: '    {\n      countMissing',
    },
    {
      name: 'finds nothing different',
      find: 'if (Object.keys(drift.fields).length > 0)\n        drifted.push',
      replace: 'if (Object.keys(drift.fields).length < 0)\n        drifted.push',
    },
  ],
);

const writeBack = mutantsOf(
  'src/sync/write-back/settling.ts',
  ['sync/write-back.test.ts', 'sync/write-back-hostile.test.ts'],
  [
    {
      name: 'takes a person whom the answer does not name for written',
      find: "return { sourceId, result: 'unknown', message: 'the answer does not name this person' };",
      replace: "return { sourceId, result: 'accepted' };",
    },
    {
      name: 'is sure of a write-back whose answer never came',
      find: 'const doubt = !isUndone(error);',
      replace: 'const doubt = false;',
    },
    {
      name: 'counts a 429 as an attempt',
      find: "let [counted, delayMs] = [effect === 'count',",
      replace: 'let [counted, delayMs] = [true,',
      tests: [
        'sync/write-back-hostile.test.ts',
        'sync/write-back.test.ts',
        'sync/write-back-vendors.test.ts',
      ],
    },
    {
      name: 'asks for a person again and again who is not at the vendor',
      find: "if (outcome.result === 'missing') return { ...ours, end: 'unlinked', message };",
      replace:
        "if (outcome.result === 'missing') return { ...ours, end: 'again', dueAt, counted: false, message, uncertain, alone: false };",
    },
  ],
);

const echo = mutantsOf(
  'src/sync/intake/echo.ts',
  ['sync/write-back.test.ts'],
  [
    {
      name: "takes its own write-back for a change of the vendor's",
      find: 'return isDeepStrictEqual(without(before, own), without(after, own));',
      replace: 'return isDeepStrictEqual(before, after);',
    },
    {
      name: 'takes every change for its own',
      find: 'return isDeepStrictEqual(without(before, own), without(after, own));',
      replace: 'return true;',
    },
  ],
);

export const deliveryMutants: readonly Mutant[] = [
  ...deliveries,
  ...acknowledgements,
  ...settling,
  ...difference,
  ...health,
  ...sending,
  ...deliver,
  ...circuit,
  ...lostActions,
  ...erasure,
  ...verification,
  ...writeBack,
  ...echo,
];
