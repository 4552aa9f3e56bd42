// What flows back to vendors over HTTP: by vendor, by customer, and each with the body that would be sent.

import { createRoute } from '@hono/zod-openapi';
import { sourceIdParam, sourceParam } from '../../contract/parts.ts';
import { pausedShape, pauseRequest } from '../../contract/pause.ts';
import {
  customerWriteBacks,
  writeBackPage,
  writeBackQuery,
  writeBacksShape,
  writeBackVerified,
  writeBackVerifyRequest,
  writePermissions,
} from '../../contract/write-back.ts';
import { customerView } from '../../sync/views/customer-view.ts';
import { readWalk } from '../../sync/write-back/fact-walk.ts';
import { writePermissions as writePermissionsOf } from '../../sync/write-back/permissions.ts';
import { verifyWriteBacks } from '../../sync/write-back/verifying.ts';
import { writeBackView } from '../../sync/write-back/views.ts';
import { countDeadLetters } from '../../tables/dead-letters.ts';
import { factsOfOne } from '../../tables/facts.ts';
import { listPauses, writeBackName } from '../../tables/pauses.ts';
import { listWalks } from '../../tables/walks.ts';
import { countWriteBacks, writeBacksAfter, writeBacksOfOne } from '../../tables/write-backs.ts';
import { type Deps, newApi, sourceNamed } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { bySourceId, pageOf } from '../paging.ts';
import { nobody, Problem, problems } from '../problem.ts';
import { writtenBack } from '../written-back.ts';
import { pauseByPerson, refusePaused, resumeByPerson } from './sources.ts';

const tags = ['write-back'];

const all = createRoute({
  method: 'get',
  path: '/api/write-backs',
  operationId: 'listWriteBackVendors',
  summary: 'What flows back, by vendor',
  description:
    'With the number of write-backs by state, and what the reading of the destination has covered.',
  tags,
  security: secured,
  responses: {
    200: { description: 'The vendors that are written back to.', content: jsonOf(writeBacksShape) },
    ...problems(),
  },
});

const ofSource = createRoute({
  method: 'get',
  path: '/api/write-backs/{source}',
  operationId: 'listWriteBacks',
  summary:
    'Write-backs to the vendor of a source, ordered by source ID, each with the exact body that would be sent',
  description: 'With the facts, what the vendor acknowledged, and why a write-back waits.',
  tags,
  security: secured,
  request: { params: sourceParam, query: writeBackQuery },
  responses: {
    200: { description: 'A page of them.', content: jsonOf(writeBackPage) },
    ...problems(400, 404),
  },
});

const verify = createRoute({
  method: 'post',
  path: '/api/write-backs/{source}/verify',
  operationId: 'verifyWriteBack',
  summary: 'Read some people back at the vendor and compare them with what it acknowledged',
  description: 'Costs calls at the vendor. With `heal`, people who differ are written again.',
  tags,
  security: secured,
  request: { params: sourceParam, body: { required: true, content: jsonOf(writeBackVerifyRequest) } },
  responses: {
    200: { description: 'What was found.', content: jsonOf(writeBackVerified) },
    ...problems(400, 404, 413, 415),
  },
});

const pauseRoute = createRoute({
  method: 'post',
  path: '/api/write-backs/{source}/pause',
  operationId: 'pauseWriteBack',
  summary: 'Pause writing to the vendor of a source until it is resumed',
  description: 'The source is read on, and what is to be written waits.',
  tags,
  security: secured,
  request: { params: sourceParam, body: { content: jsonOf(pauseRequest) } },
  responses: {
    200: { description: 'It is paused.', content: jsonOf(pausedShape) },
    ...problems(400, 404, 413, 415),
  },
});

const resumeRoute = createRoute({
  method: 'post',
  path: '/api/write-backs/{source}/resume',
  operationId: 'resumeWriteBack',
  summary: 'Write to the vendor of a source again, and at once what was put off',
  description: 'Refused while the source itself is paused. Resuming what is not paused changes nothing.',
  tags,
  security: secured,
  request: { params: sourceParam },
  responses: {
    200: { description: 'It is not paused.', content: jsonOf(pausedShape) },
    ...problems(404, 409),
  },
});

const check = createRoute({
  method: 'post',
  path: '/api/write-backs/{source}/check',
  operationId: 'checkWriteBack',
  summary: "What the source's credentials may write at its vendor, without changing anybody's data",
  description: 'Costs a few calls at the vendor.',
  tags,
  security: secured,
  request: { params: sourceParam },
  responses: {
    200: { description: 'What was found out.', content: jsonOf(writePermissions) },
    ...problems(404),
  },
});

const ofCustomer = createRoute({
  method: 'get',
  path: '/api/customers/{sourceId}/write-backs',
  operationId: 'getCustomerWriteBacks',
  summary: 'What is known of a customer at the destination, and what flows back to each vendor',
  description: 'The facts as the destination reported them, and a write-back for each vendor.',
  tags,
  security: secured,
  request: { params: sourceIdParam('Percent-encoded, so that it can contain slashes.') },
  responses: {
    200: { description: 'The facts and write-backs.', content: jsonOf(customerWriteBacks) },
    ...problems(404),
  },
});

export function writeBacksApi(deps: Deps) {
  const { tributary } = deps;
  const { database, clock } = tributary;
  const { rules } = tributary.writingBack;
  const requireRule = (source: string) => {
    const rule = rules.rule(source);
    if (rule) return rule;
    const names = rules.rules.map((one) => one.source);
    const allowed = names.length > 0 ? `Allowed: ${names.join(', ')}.` : 'writeBack names no source.';
    throw new Problem(404, `Nothing is written back to ${source}. ${allowed}`);
  };
  return newApi()
    .openapi(all, async (c) => {
      const [writeBacks, deadLetters, paused, walks] = [
        await countWriteBacks(database),
        await countDeadLetters(database),
        await listPauses(database),
        await listWalks(database),
      ];
      const vendors = writtenBack(tributary, { writeBacks, deadLetters }, paused);
      const walk = walks.find(({ name }) => name === readWalk);
      const reading = walk ? { beganAt: walk.beganAt, endedAt: walk.endedAt, rounds: walk.rounds } : null;
      return c.json({ vendors, reading }, 200);
    })
    .openapi(ofSource, async (c) => {
      const { source } = c.req.valid('param');
      const rule = requireRule(source);
      const { limit, cursor, state } = c.req.valid('query');
      const after = deps.cursors.open(cursor);
      const read = (most: number) => writeBacksAfter(database, source, { after, state, limit: most });
      const { page, next } = await pageOf(limit, read, bySourceId);
      const writeBacks = page.map((row) => writeBackView(row, rule, clock.now()));
      return c.json({ writeBacks, nextCursor: deps.cursors.seal(next) }, 200);
    })
    .openapi(verify, async (c) => {
      const { source } = c.req.valid('param');
      const rule = requireRule(source);
      const context = tributary.contextOf(source, c.req.raw.signal);
      const found = await verifyWriteBacks(tributary, rule, { context, ...c.req.valid('json') });
      if (found.healed > 0) tributary.wake();
      return c.json(found, 200);
    })
    .openapi(pauseRoute, async (c) => {
      const { source } = requireRule(c.req.valid('param').source);
      return c.json(await pauseByPerson(deps, writeBackName(source), c.req.valid('json').reason), 200);
    })
    .openapi(resumeRoute, async (c) => {
      const { source } = requireRule(c.req.valid('param').source);
      // What pauses the source pauses its writing too: that is for the source to end.
      await refusePaused(deps, source);
      const resumed = await resumeByPerson(deps, writeBackName(source));
      await tributary.writingBack.hurry(source);
      tributary.wake();
      return c.json(resumed, 200);
    })
    .openapi(check, async (c) => {
      const source = sourceNamed(deps, c.req.valid('param').source);
      const { name, connector } = source.config;
      if (!connector.writer) throw new Problem(404, `${connector.name} cannot be written to.`);
      const attributes = [...(rules.rule(name)?.attributes ?? [])];
      const context = tributary.contextOf(name, c.req.raw.signal);
      const permissions = await writePermissionsOf(connector.writer, context, attributes);
      return c.json({ source: name, connector: connector.name, attributes, permissions }, 200);
    })
    .openapi(ofCustomer, async (c) => {
      const { sourceId } = c.req.valid('param');
      const [facts, rows] = [await factsOfOne(database, sourceId), await writeBacksOfOne(database, sourceId)];
      if (facts === null && rows.length === 0 && (await customerView(database, sourceId)) === null)
        throw nobody(`No customer has the source ID ${sourceId}.`);
      const writeBacks = rows.map((row) => writeBackView(row, rules.rule(row.source), clock.now()));
      return c.json({ sourceId, facts: facts?.groups ?? null, writeBacks }, 200);
    });
}
