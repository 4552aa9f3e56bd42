// The export formats that are recognised by their columns.

import { labelKey } from '#connector/label';
import type { ExportFormat } from './export-format.ts';
import { braze } from './exports/braze.ts';
import { brevo } from './exports/brevo.ts';
import { dynamics } from './exports/dynamics.ts';
import { hubspot } from './exports/hubspot.ts';
import { klaviyo } from './exports/klaviyo.ts';
import { mailchimp } from './exports/mailchimp.ts';
import { pipedrive } from './exports/pipedrive.ts';
import { salesforce } from './exports/salesforce.ts';
import { shopify } from './exports/shopify.ts';
import { shopware } from './exports/shopware.ts';
import { stripe } from './exports/stripe.ts';
import { woocommerce } from './exports/woocommerce.ts';
import { zoho } from './exports/zoho.ts';

const exportFormats: readonly ExportFormat[] = [
  ...[hubspot, klaviyo, mailchimp, zoho, salesforce, shopify, pipedrive, dynamics, woocommerce, brevo],
  ...[shopware, braze, stripe],
];

/** The export that these columns are of, or null: the one with the most signs where several could be meant, else the first. */
export function recognise(columns: readonly string[]): ExportFormat | null {
  const keys = new Set(columns.map(labelWithoutZone));
  const has = (label: string) => keys.has(labelKey(label));
  let best: { format: ExportFormat; signs: number } | null = null;
  for (const format of exportFormats) {
    if (format.needsKey && !format.key.some(has)) continue;
    const signs = format.signature.filter(has).length;
    if (signs >= format.minSigns && signs > (best?.signs ?? 0)) best = { format, signs };
  }
  return best?.format ?? null;
}

/** HubSpot names the account's time zone in the label of a time: `Create Date (CET)`. */
function labelWithoutZone(column: string): string {
  return labelKey(column.replace(/\s*\([A-Z]{2,5}([+-]\d{1,2}(:\d{2})?)?\)\s*$/, ''));
}
