// What the failure of a request says of the vendor behind it.
import { expect, it } from 'vitest';
import { type Api, TransientError } from '../../../src/connector.ts';
import { Circuit } from '../../../src/engine/http/circuit.ts';
import { guardedApi } from '../../../src/engine/http/guarded-api.ts';
import { createLog } from '../../../src/engine/log/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

async function stateAfterTen(error: Error, request: Partial<Parameters<Api['request']>[0]>) {
  const circuit = new Circuit();
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const log = createLog({ level: 'silent' });
  const api = guardedApi({ request: () => Promise.reject(error) }, { circuit, clock, log, name: 'crm' });
  for (let n = 0; n < 10; n += 1)
    await expect(api.request({ path: `/people/${n}`, ...request })).rejects.toBe(error);
  return circuit.status(clock.now()).state;
}

it('Somebody else’s answers are an outage, but not where each may concern its request alone', async () => {
  const foreign = new TransientError('a web page', { status: 404, foreign: true });
  expect(await stateAfterTen(foreign, {})).toBe('open');
  expect(await stateAfterTen(foreign, { mayFailAlone: true })).toBe('closed');
});

it('A vendor that is down or cannot be reached is an outage, whatever is asked', async () => {
  for (const options of [{ status: 503, foreign: true }, { status: 500 }, {}])
    expect(await stateAfterTen(new TransientError('down', options), { mayFailAlone: true })).toBe('open');
});
