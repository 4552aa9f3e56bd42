// Signed webhooks as a vendor sends them, many at once over connections that are kept. It knows no test.
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';

const secret = 'a-signing-secret';

/** What the receiving process is configured with: one source that takes them. */
export const intakeConfig = {
  destination: {
    connector: 'voucherify',
    appId: 'app-id',
    appToken: 'app-token-00000000',
    baseUrl: 'http://127.0.0.1:9',
  },
  sources: {
    events: {
      connector: 'webhook',
      authentication: {
        type: 'signature',
        algorithm: 'hmac-sha256',
        secret,
        message: ['body'],
        header: 'x-signature',
        encoding: 'hex',
      },
      eventId: 'event_id',
      record: { id: 'id', changedAt: 'changed_at' },
      mapping: { name: 'name', email: 'email' },
      webhook: { requestsPerSecond: 1_000_000 },
    },
  },
  metadataSchema: 'none',
};

export interface Signed {
  id: string;
  body: string;
  signature: string;
}

/** A body of about `bytes`, of a record and an event of its own. */
export function signedEvent(number: number, bytes = 1_500): Signed {
  const id = `person-${number}`;
  const known = {
    id,
    event_id: `event-${number}`,
    changed_at: '2026-11-25T12:00:00.000Z',
    name: `Person ${number}`,
    email: `person.${number}@example.com`,
  };
  const filling = 'x'.repeat(Math.max(bytes - JSON.stringify(known).length - 14, 0));
  const body = JSON.stringify({ ...known, filling });
  return { id, body, signature: createHmac('sha256', secret).update(body).digest('hex') };
}

export function newAgent(connections: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: connections });
}

/** The status, or null where no answer came. */
export function send(url: string, agent: Agent, { body, signature }: Signed): Promise<number | null> {
  return new Promise((resolve) => {
    const sending = request(
      `${url}/webhooks/events`,
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-signature': signature,
        },
      },
      (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode ?? null));
        answer.once('error', () => resolve(null));
      },
    );
    sending.once('error', () => resolve(null));
    sending.end(body);
  });
}
