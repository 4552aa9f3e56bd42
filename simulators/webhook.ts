// Senders that a person sets up by hand, each with the requests it makes byte by byte, signed by code of their own. Facts:
// reference/webhook-signatures.md, cep/bloomreach.md, cep/clevertap.md, crm/salesforce.md. They do not know who listens.
import { createHmac } from 'node:crypto';
import { Webhook as StandardWebhook } from 'standardwebhooks';

export interface Pushed {
  method: 'POST';
  url: string;
  headers: { [name: string]: string };
  body: Uint8Array;
}

export const address = 'https://sync.example.com/webhooks/source';

export function post(body: unknown, headers: { [name: string]: string } = {}, url = address): Pushed {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(text),
  };
}

// ── Those that sign ─────────────────────────────────────────────────────────────────────────────────────────────

/** By the library of the standard. `prefix` `svix`: the header names from before there was one. */
export function standard(
  body: unknown,
  { secret, id, at, prefix = 'webhook' }: { secret: string; id: string; at: number; prefix?: string },
): Pushed {
  const request = post(body);
  const signature = new StandardWebhook(secret).sign(id, new Date(at), Buffer.from(request.body).toString());
  const headers = {
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(Math.floor(at / 1000)),
    [`${prefix}-signature`]: signature,
  };
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** `secrets`: while one is rolled over, each signs. */
export function stripe(body: unknown, { secrets, at }: { secrets: string[]; at: number }): Pushed {
  const request = post(body);
  const time = String(Math.floor(at / 1000));
  const signatures = secrets.map((secret) =>
    createHmac('sha256', secret).update(`${time}.`).update(request.body).digest('hex'),
  );
  const header = [`t=${time}`, ...signatures.map((one) => `v1=${one}`), 'v0=00ff'].join(',');
  return { ...request, headers: { ...request.headers, 'stripe-signature': header } };
}

export function github(body: unknown, secret: string): Pushed {
  const request = post(body);
  const signature = `sha256=${createHmac('sha256', secret).update(request.body).digest('hex')}`;
  const headers = { ...request.headers, 'x-github-event': 'member', 'x-hub-signature-256': signature };
  return { ...request, headers };
}

export function shopify(body: unknown, secret: string): Pushed {
  const request = post(body);
  const signature = createHmac('sha256', secret).update(request.body).digest('base64');
  return { ...request, headers: { ...request.headers, 'x-shopify-hmac-sha256': signature } };
}

// ── Those that do not ───────────────────────────────────────────────────────────────────────────────────────────

export function basic(user: string, password: string): { [name: string]: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

/**
 * A scenario's webhook node, with Jinja filled in: what a customer does not have is an empty text. `eventAt`: of the event
 * that started it, seconds with a fraction; a scenario may have none.
 */
export function bloomreach(
  recipe: string,
  customer: { registered: string; properties: { [name: string]: unknown }; eventAt?: number },
  headers: { [name: string]: string },
): Pushed {
  const clocked = recipe.replace(
    "{{ (event.timestamp if event else '') | tojson }}",
    JSON.stringify(customer.eventAt ?? ''),
  );
  const body = clocked.replaceAll(/\{\{ ([\w.]+)( \| default\(''\))? \| tojson \}\}/g, (_, path: string) =>
    JSON.stringify(
      path === 'customer_ids.registered'
        ? customer.registered
        : (customer.properties[path.replace('customer.', '')] ?? ''),
    ),
  );
  return post(body, headers);
}

export interface CleverTapProfile {
  identity?: string | string[];
  objectId: string;
  email?: string;
  profileData: { [name: string]: unknown };
}

/**
 * A campaign of CleverTap. `broadcast`: many in a list; else one object. `capitals`: the names as the documentation lists
 * them, not as its samples have them.
 */
export function clevertap(
  profiles: readonly CleverTapProfile[],
  headers: { [name: string]: string },
  { broadcast = true, capitals = false }: { broadcast?: boolean; capitals?: boolean } = {},
): Pushed[] {
  const written = profiles.map((profile) => (capitals ? capitalised(profile) : profile));
  const bodies = broadcast ? [written] : written;
  return bodies.map((body) => post({ targetId: 1_453_788_012, key_values: {}, profiles: body }, headers));
}

function capitalised(profile: CleverTapProfile): { [name: string]: unknown } {
  return Object.fromEntries(
    Object.entries(profile).map(([key, value]) => [key[0]!.toUpperCase() + key.slice(1), value]),
  );
}

/** Salesforce leaves out fields that are empty. */
export interface OutboundNotification {
  id: string;
  fields: { [name: string]: string | null };
}

export function outboundMessage(
  notifications: readonly OutboundNotification[],
  { organizationId, token }: { organizationId: string; token: string },
): Pushed {
  const body = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>${organizationId}</OrganizationId>
   <ActionId>04k0Y00000000AbQAI</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://example.my.salesforce.com/services/Soap/c/67.0/${organizationId}</EnterpriseUrl>
${notifications.map(notification).join('\n')}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
  return post(body, { 'content-type': 'text/xml; charset=UTF-8', soapaction: '""' }, `${address}/${token}`);
}

function notification({ id, fields }: OutboundNotification): string {
  const elements = Object.entries(fields)
    .filter((field): field is [string, string] => field[1] !== null)
    .map(([name, value]) => `     <sf:${name}>${escaped(value)}</sf:${name}>`);
  return `   <Notification>
    <Id>${id}</Id>
    <sObject xsi:type="sf:Contact" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
${elements.join('\n')}
    </sObject>
   </Notification>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
