// The probe over HTTP: what was found out of the destination, and a person's consent to find it out.

import { createRoute } from '@hono/zod-openapi';
import type { Tributary } from '../../app/app.ts';
import { probedShape, probeRequest, probeShape } from '../../contract/probe.ts';
import { carryProbe, type Probed, ProbeError } from '../../sync/probe/probe.ts';
import { destinationName, listPauses } from '../../tables/pauses.ts';
import { keepTraits, provenTraits } from '../../tables/traits.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf, secured } from '../openapi.ts';
import { Problem, problems } from '../problem.ts';

const tags = ['destination'];

const show = createRoute({
  method: 'get',
  path: '/api/probe',
  summary: 'What a probe found out of the destination',
  tags,
  security: secured,
  responses: { 200: { description: 'The answers.', content: jsonOf(probeShape) }, ...problems() },
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
      content: jsonOf(probeRequest),
    },
  },
  responses: {
    200: {
      description: 'What was found out.',
      content: jsonOf(probedShape),
    },
    ...problems(400, 409, 413, 415),
  },
});

export function probeApi({ tributary }: Deps) {
  let isGoing = false;
  return newApi()
    .openapi(show, async (c) => c.json(await found(tributary), 200))
    .openapi(carry, async (c) => {
      if (isGoing)
        throw new Problem(409, 'A probe is under way. Ask again when it is done.', { type: 'still-going' });
      isGoing = true;
      try {
        const { calls, notDeleted } = await carryOut(tributary);
        return c.json({ ...(await found(tributary)), calls, notDeleted }, 200);
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
    probedAt: traits?.probedAt ?? null,
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
      error.notDeleted.length > 0
        ? ` Take away by hand: ${error.notDeleted.join(', ')}.`
        : ' Nothing was left behind.';
    throw new Problem(409, `Nothing was found out. ${error.message}${left}`, { type: 'probe-refused' });
  }
}
