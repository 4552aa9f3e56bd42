// Webhooks: the execution context of one operation, which is not signed and has values in other forms than the Web API. The
// contact is read. https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
import { type Change, type Json, type JsonObject, RejectedError } from '#connector';
import { momentOf, namedValues, objectOf, wholeSecond, wordOf } from '#connector/reading';
import { credential, ownHeader } from '#connector/schemes';
import { type Naming, thinWebhook } from '#connector/thin-webhook';
import type { Received, Webhook } from '#connector/webhook';
import { guidOf } from './contact.ts';
import type { Settings } from './settings.ts';

const noOperation = '00000000-0000-0000-0000-000000000000';

export function webhook({ webhookKey, webhookHeader, organizationId }: Settings): Webhook<Change> {
  return thinWebhook({
    stream: 'contacts',
    noun: 'contact',
    authentication: [...credential({ query: 'code' }, webhookKey), ...ownHeader(webhookHeader)],
    missing: 'Set webhookKey or webhookHeader to what the webhook is registered with: nothing is signed.',
    ...(organizationId !== undefined && {
      checks: [{ field: 'OrganizationId', oneOf: [organizationId, organizationId.toUpperCase()] }],
    }),
    // One retry.
    retryHorizonSeconds: 3_600,
    key({ OperationId, MessageName, PrimaryEntityId }) {
      const operation = guidOf(OperationId) ?? noOperation;
      return operation === noOperation ? null : `${operation} ${MessageName} ${guidOf(PrimaryEntityId)}`;
    },
    naming: named,
    notes: [
      'Plug-in Registration Tool, Register New Web Hook: enter the address above with WebhookKey or HttpHeader, then register asynchronous steps for Create, Update, Delete and Merge of contact.',
      'Set organizationId as well: webhooks of other environments are then refused.',
      'Keep a schedule: a delivery that fails is repeated once, and only after a 502, 503 or 504.',
    ],
    sample: {
      MessageName: 'Update',
      PrimaryEntityName: 'contact',
      PrimaryEntityId: noOperation,
      InputParameters: [],
      ...(organizationId !== undefined && { OrganizationId: organizationId }),
    },
  });
}

function named(body: JsonObject, { receivedAt }: Received): Naming | string {
  const message = wordOf(body['MessageName']);
  const entity = wordOf(body['PrimaryEntityName']);
  if (message === undefined || entity === undefined)
    throw new RejectedError('This is not an execution context of Dynamics 365: it has no message or table.', {
      code: 'no_message',
    });
  if (entity.toLowerCase() !== 'contact') return 'It is not about a contact.';
  const recordId = guidOf(body['PrimaryEntityId']);
  if (recordId === noOperation) return 'It is about no contact: a test.';
  const parameters = valuesOf(body['InputParameters']);
  const target = valuesOf(objectOf(parameters['Target'])['Attributes']);
  const subordinate = message === 'Merge' ? guidOf(parameters['SubordinateId']) : undefined;
  return {
    ids: subordinate === undefined ? recordId : [recordId, subordinate],
    changedAt: wholeSecond(dotNetTime(target['modifiedon']) ?? receivedAt),
    gone: message === 'Delete' && 'deleted',
  };
}

const valuesOf = (list: Json | undefined) => namedValues(list, 'key', 'value');

/** `/Date(1772359200000-0700)/`: the offset says nothing of the moment. */
function dotNetTime(value: Json | undefined): number | undefined {
  return momentOf(/^\/Date\((\d{1,16})(?:[+-]\d{4})?\)\/$/.exec(String(value))?.[1]);
}
