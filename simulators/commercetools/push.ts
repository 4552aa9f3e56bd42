// What Subscriptions of the simulated project write, and how the queues of Google, Amazon and Microsoft wrap it. It sends nothing.
import { randomUUID } from 'node:crypto';
import type { Customer } from './customer.ts';

export type PushedRequest = { method: string; headers: Record<string, string>; body: string };

const json = { 'content-type': 'application/json' };

/** Thin. `oldVersion` may lie more than one back. */
export function changeOf(
  notificationType: 'ResourceCreated' | 'ResourceUpdated' | 'ResourceDeleted',
  customer: Customer,
  about: { projectKey: string; modifiedAt: string; dataErasure?: boolean },
) {
  const { id, version, key, externalId, customerNumber } = customer;
  return {
    notificationType,
    resource: { typeId: 'customer', id },
    resourceUserProvidedIdentifiers: { key, externalId, customerNumber },
    version,
    ...(notificationType === 'ResourceUpdated' && { oldVersion: Math.max(version - 3, 1) }),
    ...about,
  };
}

/** Fat, of version 1 whatever the customer's. A payload that is too large is left out. */
export function messageOf(
  type: string,
  customer: Customer,
  about: { projectKey: string; createdAt: string; payload?: object },
) {
  const { payload, ...more } = about;
  return {
    notificationType: 'Message',
    id: randomUUID(),
    version: 1,
    sequenceNumber: customer.version,
    resource: { typeId: 'customer', id: customer.id },
    resourceVersion: customer.version,
    type,
    ...(payload ?? { payloadNotIncluded: { reason: 'too large', payloadType: type } }),
    lastModifiedAt: about.createdAt,
    ...more,
  };
}

export function byPubSub(notification: object): PushedRequest {
  const message = {
    data: Buffer.from(JSON.stringify(notification)).toString('base64'),
    messageId: randomUUID(),
    publishTime: new Date(0).toISOString(),
    attributes: {},
  };
  const body = JSON.stringify({ message, subscription: 'projects/acme/subscriptions/tributary' });
  return { method: 'POST', headers: json, body };
}

/** A text in a text. */
export function bySns(notification: object, Type = 'Notification'): PushedRequest {
  const body = JSON.stringify({
    Type,
    MessageId: randomUUID(),
    TopicArn: 'arn:aws:sns:eu-central-1:1:customers',
    Message: Type === 'Notification' ? JSON.stringify(notification) : 'You have chosen to subscribe …',
    ...(Type !== 'Notification' && {
      SubscribeURL: 'https://sns.eu-central-1.amazonaws.com/?Action=Confirm',
    }),
    SignatureVersion: '1',
  });
  return { method: 'POST', headers: { 'content-type': 'text/plain; charset=UTF-8' }, body };
}

export function byEventGrid(...notifications: object[]): PushedRequest {
  const events = notifications.map((data) => ({
    specversion: '1.0',
    id: randomUUID(),
    type: 'com.commercetools.customer.change.ResourceUpdated',
    source: '/acme/customers',
    data,
  }));
  return {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events),
  };
}
