// The probe over HTTP: what was found out of the destination, and a person's consent to find it out.
import { createRoute, z } from '@hono/zod-openapi';
import type { Tributary } from '../../app/app.ts';
import { carryProbe, type Probed, ProbeError } from '../../sync/probe/probe.ts';
import { destinationName, listPauses } from '../../tables/pauses.ts';
import { keepTraits, provenTraits } from '../../tables/traits.ts';
import { Problem, problems } from '../problem.ts';
import { newApi, type Room } from '../room.ts';
import { iso, jsonOf, secured, timeOrNull } from './shapes.ts';

const tags = ['destination'];

const count = z.int().min(0);

const foundShape = z
  .strictObject({
    account: z.string().openapi({ description: 'Whose answers these are. No secret.' }),
    probedAt: timeOrNull.openapi({ description: 'Null where it was never probed.' }),
    answers: z.array(
      z.strictObject({
        question: z.string().openapi({ example: 'metadataWrites' }),
        answer: z.string().openapi({ example: 'merge' }),
        evidence: z.string().openapi({ description: 'What was seen.' }),
      }),
    ),
    effect: z.strictObject({ partialWrites: z.enum(['merge', 'replace']), bulk: z.boolean() }).openapi({
      description: 'What deliveries go by now: what is set, else what was proven, else the safe way.',
    }),
    contradictions: z
      .array(z.string())
      .openapi({ description: 'What is set otherwise than was proven; what is set is obeyed.' }),
  })
  .openapi('ProbeFound');

const show = createRoute({
  method: 'get',
  path: '/api/probe',
  summary: 'What a probe found out of the destination',
  tags,
  security: secured,
  responses: { 200: { description: 'The answers.', content: jsonOf(foundShape) }, ...problems() },
});

const carry = createRoute({
  method: 'post',
  path: '/api/probe',
  summary: "Find out what the destination's documents leave open",
  description:
    'Writes a few throwaway customers at the destination (`tributary-probe-…`), reads them and takes them away again, also where it fails midway. Deliveries go by the answers from then on. It is answered when it is over: some seconds, longer where budgets are spent.',
  tags,
  security: secured,
  request: {
    body: {
      required: true,
      content: jsonOf(
        z
          .strictObject({
            consent: z.literal(true, 'true: it writes to the destination').openapi({
              description: 'That customers may be written at the destination, and taken away again.',
            }),
          })
          .openapi('ProbeConsent'),
      ),
    },
  },
  responses: {
    200: {
      description: 'What was found out.',
      content: jsonOf(
        foundShape
          .extend({
            calls: count.openapi({ description: 'Requests that it took.' }),
            left: z.array(z.string()).openapi({
              description: 'Source IDs of throwaway customers that could not be taken away: do it by hand.',
            }),
          })
          .openapi('ProbeDone'),
      ),
    },
    ...problems(400, 409, 413, 415),
  },
});

export function probeApi({ tributary }: Room) {
  let isGoing = false;
  return newApi()
    .openapi(show, async (c) => c.json(await found(tributary), 200))
    .openapi(carry, async (c) => {
      if (isGoing)
        throw new Problem(409, 'A probe is under way. Ask again when it is done.', { type: 'still-going' });
      isGoing = true;
      try {
        const { calls, left } = await carryOut(tributary);
        return c.json({ ...(await found(tributary)), calls, left }, 200);
      } finally {
        isGoing = false;
      }
    });
}

async function found(tributary: Tributary) {
  const { destination, settings } = tributary.sending;
  const account = tributary.destinationAccount;
  const traits = await provenTraits(tributary.database, account);
  const answers = traits?.answers ?? {};
  const { partialWrites, bulk } = destination.traits(settings);
  return {
    account,
    probedAt: iso(traits?.probedAt ?? null),
    answers: Object.entries(answers).map(([question, { answer, evidence }]) => ({
      question,
      answer,
      evidence,
    })),
    effect: { partialWrites, bulk: bulk !== null },
    contradictions: destination.probe?.contradictions(tributary.config.destination.settings, answers) ?? [],
  };
}

async function carryOut(tributary: Tributary): Promise<Probed> {
  const { database, clock, log, config } = tributary;
  const { connector, settings } = config.destination;
  const destination = connector.destination!;
  const { probe } = destination;
  if (!probe || !destination.remove)
    throw new Problem(409, `There is nothing to find out of ${connector.name}: it says all that is needed.`);
  if ((await listPauses(database)).has(destinationName))
    throw new Problem(409, 'The destination is paused: a probe writes to it. Resume it first.');
  const endpoint = tributary.endpoints.get(destinationName)!;
  const api = (signal: AbortSignal) => endpoint.api('manual', { signal });
  try {
    const probed = await carryProbe({ clock, log, destination, settings, api }, probe);
    await keepTraits(database, tributary.destinationAccount, {
      answers: probed.answers,
      probedAt: clock.now(),
    });
    await tributary.learnTraits();
    tributary.wake();
    return probed;
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    const left =
      error.left.length > 0 ? ` Take away by hand: ${error.left.join(', ')}.` : ' Nothing was left behind.';
    throw new Problem(409, `Nothing was found out. ${error.message}${left}`, { type: 'probe-refused' });
  }
}
