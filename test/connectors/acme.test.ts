// The connector of Acme against its simulator.
import { acme } from '../../connectors/acme.ts';
import { createAcmeSimulator } from '../../simulators/acme.ts';
import { directApi } from '../support/direct-api.ts';
import { describeConnector } from './conformance.ts';

const apiKey = 'acme_secret0123';

describeConnector('acme', {
  connector: acme,
  stream: 'people',
  secrets: [apiKey],
  wrongSettings: [{ settings: {}, says: /apiKey/ }],
  changeWhileReading: 'found',
  async open() {
    let now = Date.parse('2026-11-02T08:00:00Z');
    const simulator = createAcmeSimulator({ now: () => now, apiKey });
    for (let i = 0; i < 250; i += 1) simulator.create();
    const settings = acme.settings.parse({ apiKey });
    const api = directApi(simulator.app, acme.api!(settings), () => now);
    const noFiles = () => {
      throw new Error('no file is read');
    };
    const ruins = [401, 400, 429, 502].map((status) => () => Response.json({ error: 'no' }, { status }));
    return {
      settings,
      context: () => ({ settings, api, files: { stat: noFiles, open: noFiles }, now }),
      advance: (milliseconds: number) => {
        now += milliseconds;
      },
      ids: () => [...simulator.people.keys()],
      create: async () => simulator.create(),
      change: async (id: string, value: string) => void simulator.put(id, value),
      property: 'name',
      unknownId: 'p999999',
      ruin: async () => {
        const ruin = ruins.shift();
        simulator.state.faults = ruin;
        return ruin !== undefined;
      },
    };
  },
});
