// Every vendor we support, one line each.
import type { Connector } from '#connector';
import { csv } from './csv.ts';
import { customerio } from './customerio.ts';
import { hubspot } from './hubspot.ts';
import { mailchimp } from './mailchimp.ts';
import { segment } from './segment.ts';
import { voucherify } from './voucherify/index.ts';

export const connectors: readonly Connector[] = [csv, customerio, hubspot, mailchimp, segment, voucherify];
