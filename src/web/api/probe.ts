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
  operationId: 'getProbe',
  summary: 'What a probe found out about the destination',
  description:
    'What the last probe answered, and what follows from it for deliveries. Null if there was none.',
  tags,
  security: secured,
  responses: { 200: { description: 'The answers.', content: jsonOf(probeShape) }, ...problems() },
});

const carry = createRoute({
  method: 'post',
  path: '/api/probe',
  operationId: 'probe',
  summary: "Find out what the destination's documentation leaves open",
  description:
    'Writes a few throwaway customers (`tributary-probe-…`) to the destination, reads them and removes them again, even if it fails midway. Deliveries then follow the answers. The response is sent when the probe has ended: after some seconds, or later if budgets are used up.',
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
        throw new Problem(409, 'A probe is running. Retry when it has ended.', { type: 'still-going' });
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
  if (!probe || !destination.remove) throw new Problem(409, `${connector.name} has nothing to probe.`);
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
        ? ` Delete manually: ${error.notDeleted.join(', ')}.`
        : ' All throwaway customers were removed.';
    throw new Problem(409, `The probe failed. ${error.message}${left}`, { type: 'probe-refused' });
  }
}
