// Anything that pushes, described entirely in the configuration: how senders authenticate, how a body is read, and
// where the parts of a record are. webhook/templates.ts has presets for some senders.
import { type Change, defineConnector } from '#connector';
import type { Check, Webhook } from '#connector/webhook';
import { schemesOf } from './webhook/authentication.ts';
import { changesOf, idInBody, keyOf, stream } from './webhook/changes.ts';
import { acknowledgement, bothForms } from './webhook/salesforce.ts';
import { sampleOf } from './webhook/sample.ts';
import { type Settings, settings } from './webhook/settings.ts';
import { type Template, templateOf } from './webhook/templates.ts';

export const webhook = defineConnector<Settings>({
  name: 'webhook',
  settings,
  source: {
    streams: [
      {
        name: stream,
        // False says that what is sent always names everything.
        exhaustive: ({ record }) => (record.partial === false ? [''] : []),
      },
    ],
    mapping: { name: 'name', email: 'email', phone: 'phone' },
    mappingFor: (given) => templateOf(given).mapping,
    storedSettings: ['template', 'body', 'items', 'record', 'eventId', 'retryHours', 'reply'],
    // Bloomreach and CleverTap count seconds (reference: their profiles); of anything else nothing is known.
    timeUnit: ({ template }) =>
      template === 'bloomreach' || template === 'clevertap' ? 'seconds' : undefined,
    sourceId: 'id',
    sourceIdFor: (given) => idInBody(templateOf(given)),
    webhook: webhookOf,
  },
});

function webhookOf(given: Settings): Webhook<Change> {
  const template = templateOf(given);
  const { recipe, maxBodyBytes, refuseWith } = template;
  const handshake = handshakeOf(given);
  const sample = sampleOf(template);
  return {
    authentication: schemesOf(given.authentication),
    ...(given.authentication.length === 0 && {
      missing: 'Set "authentication" of the source: how a request is authenticated, or "open".',
    }),
    checks: checksOf(given),
    ...(handshake && { handshake }),
    decoding: { form: template.body, items: template.items, stringified: given.stringified },
    ...(template.reply === 'salesforce-ack' && { reply: acknowledgement, secretElements: ['SessionId'] }),
    retryHorizonSeconds: Math.ceil(template.retryHours * 3600),
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
    ...(refuseWith !== undefined && { refuseWith }),
    key: (item) => keyOf(item, template),
    changes: (item, received) => changesOf(item, received, given, template),
    ...(recipe && { recipe }),
    notes: notesOf(given, template),
    ...(sample !== undefined && { sample }),
  };
}

function checksOf({ checks, organizationId }: Settings): Check[] {
  if (organizationId === undefined) return checks;
  return [...checks, { field: 'notifications.OrganizationId', oneOf: bothForms(organizationId) }];
}

function handshakeOf({ handshake }: Settings): Webhook<Change>['handshake'] {
  if (!handshake) return undefined;
  const { reachabilityCheck, challenge, ping } = handshake;
  const token = challenge?.token && { query: challenge.token.query, values: challenge.token.value };
  return {
    ...(reachabilityCheck && { reachabilityCheck }),
    ...(challenge && { challenge: { query: challenge.query, ...(token && { token }) } }),
    ...(ping && {
      ping: { field: ping.field, equals: ping.equals, ...(ping.echo !== undefined && { echo: ping.echo }) },
    }),
  };
}

function notesOf({ authentication, template, organizationId }: Settings, { notes }: Template): string[] {
  return [
    ...notes,
    ...(authentication.some(({ type }) => type === 'open')
      ? ['Authentication is "open": anyone who knows the URL can write records.']
      : []),
    ...(template === 'salesforce' && organizationId === undefined
      ? ['organizationId is not set: messages of any organisation are accepted.']
      : []),
  ];
}
