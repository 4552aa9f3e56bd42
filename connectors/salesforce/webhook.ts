// Webhooks: outbound messages, and change events that a relay of the org's admin forwards. Neither is signed, and neither surely
// has a whole record, so the record is read.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm
import { type Change, type Json, RejectedError } from '#connector';
import { listOf, momentOf, objectOf, wholeSecond, wordOf } from '#connector/reading';
import { credential } from '#connector/schemes';
import { ignored, touches } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import { idOf } from './id.ts';
import { kinds } from './people.ts';
import type { Settings } from './settings.ts';

/** Without it the message is sent again for 24 hours, at most two hours apart. */
const acknowledgement = {
  contentType: 'text/xml; charset=utf-8',
  body: '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>',
};
const retryHorizonSeconds = 26 * 3600;

export function webhook({ webhookToken, ...settings }: Settings): Webhook<Change> {
  const { organizationId, objects, webhookBody } = settings;
  const common = {
    authentication: credential('path', webhookToken),
    missing: 'Set webhookToken to a secret, which becomes the end of the address: Salesforce signs nothing.',
    retryHorizonSeconds,
    maxBodyBytes: 8 * 1024 * 1024,
  };
  if (webhookBody === 'change-events')
    return {
      ...common,
      // As EventBridge wraps them, as CometD does, and without a wrapper.
      decoding: { form: 'json', items: ['detail.payload', 'data.payload', 'payload', ''] },
      changes: (item, { receivedAt }) => eventChanges(item, objects, receivedAt),
      notes: [
        'Let your own relay (Event Relay to EventBridge, or a bridge that subscribes to the change events of Contact) post each event as JSON to the address.',
        'Retries of the relay are recognised by their content.',
      ],
      sample:
        '{"ChangeEventHeader": {"entityName": "Contact", "changeType": "GAP_OVERFLOW", "recordIds": ["000000000000000AAA"]}}',
    };
  return {
    ...common,
    ...(organizationId !== undefined && {
      checks: [
        {
          field: 'notifications.OrganizationId',
          oneOf: [organizationId.slice(0, 15), idOf(organizationId.slice(0, 15)) ?? organizationId],
        },
      ],
    }),
    decoding: { form: 'soap', items: ['notifications.Notification'] },
    reply: acknowledgement,
    secretElements: ['SessionId'],
    key: (item) => wordOf(objectOf(item)['Id']) ?? null,
    changes: (item, { receivedAt }) => messageChanges(item, objects, receivedAt),
    notes: [
      'Setup, Outbound Messages: create one for the object Contact with the address above and the fields Id and SystemModstamp. Do not send the session ID, which nothing here needs. Then let a flow send it when a contact is created or updated.',
      ...(organizationId === undefined
        ? ['organizationId is not set: messages of all orgs are accepted.']
        : []),
      'Deletions send no outbound message. The schedule finds them.',
    ],
  };
}

/** If the record was deleted before the message was sent, its data is missing. */
function messageChanges(item: Json, objects: Settings['objects'], receivedAt: number): Change[] {
  const { Id: notification, sObject } = objectOf(item);
  if (wordOf(notification) === undefined)
    throw new RejectedError('This is not a notification of an outbound message: it has no ID.', {
      code: 'no_id',
    });
  const { Id, SystemModstamp } = objectOf(sObject);
  if (Id === undefined || Id === null) return ignored('It was deleted before the message was sent.');
  return touched(Id, objects, momentOf(SystemModstamp) ?? receivedAt);
}

/** An event has the IDs of all records to which the same change was made. */
function eventChanges(item: Json, objects: Settings['objects'], receivedAt: number): Change[] {
  const { recordIds, changeType, commitTimestamp } = objectOf(objectOf(item)['ChangeEventHeader']);
  const [ids, type] = [listOf(recordIds), wordOf(changeType)];
  if (type === undefined || ids.length === 0)
    throw new RejectedError('This is not a change event: it has no header with a type and record IDs.', {
      code: 'no_header',
    });
  if (type === 'GAP_OVERFLOW') return ignored('It names no record: the next run finds the changes.');
  const changedAt = momentOf(commitTimestamp) ?? receivedAt;
  return ids.flatMap((id) => touched(id, objects, changedAt, type === 'DELETE' ? 'deleted' : undefined));
}

function touched(id: Json, objects: Settings['objects'], changedAt: number, gone?: 'deleted'): Change[] {
  const recordId = idOf(id);
  if (recordId === undefined) return ignored('Its record ID is invalid, or stands for several records.');
  const stream = objects.find((name) => recordId.startsWith(kinds[name].prefix));
  if (stream === undefined) return ignored('It is about an object that is not in objects.');
  // The API returns whole seconds for the same state.
  return touches(stream, recordId, { noun: 'record', changedAt: wholeSecond(changedAt), gone });
}
