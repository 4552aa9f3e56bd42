// All supported vendors, one per line.
import type { Connector } from '#connector';
import { activecampaign } from './activecampaign.ts';
import { airship } from './airship.ts';
import { attio } from './attio.ts';
import { batch } from './batch.ts';
import { bigcommerce } from './bigcommerce.ts';
import { bloomreach } from './bloomreach.ts';
import { braze } from './braze.ts';
import { brevo } from './brevo.ts';
import { clevertap } from './clevertap.ts';
import { close } from './close.ts';
import { commercetools } from './commercetools.ts';
import { copper } from './copper.ts';
import { csv } from './csv.ts';
import { customerio } from './customerio.ts';
import { dynamics } from './dynamics.ts';
import { emarsys } from './emarsys.ts';
import { freshsales } from './freshsales.ts';
import { http } from './http.ts';
import { hubspot } from './hubspot.ts';
import { infobip } from './infobip.ts';
import { insider } from './insider.ts';
import { intercom } from './intercom.ts';
import { iterable } from './iterable.ts';
import { klaviyo } from './klaviyo.ts';
import { mailchimp } from './mailchimp.ts';
import { moengage } from './moengage.ts';
import { mparticle } from './mparticle.ts';
import { ortto } from './ortto.ts';
import { pipedrive } from './pipedrive.ts';
import { postgresql } from './postgresql.ts';
import { salesforce } from './salesforce.ts';
import { segment } from './segment.ts';
import { sfmc } from './sfmc.ts';
import { shopify } from './shopify.ts';
import { voucherify } from './voucherify/index.ts';
import { webhook } from './webhook.ts';
import { zoho } from './zoho.ts';

export const connectors: readonly Connector[] = [
  activecampaign,
  airship,
  attio,
  batch,
  bigcommerce,
  bloomreach,
  braze,
  brevo,
  clevertap,
  close,
  commercetools,
  copper,
  csv,
  customerio,
  dynamics,
  emarsys,
  freshsales,
  http,
  hubspot,
  infobip,
  insider,
  intercom,
  iterable,
  klaviyo,
  mailchimp,
  moengage,
  mparticle,
  ortto,
  pipedrive,
  postgresql,
  salesforce,
  segment,
  sfmc,
  shopify,
  voucherify,
  webhook,
  zoho,
];
