// Every vendor we support, one line each.
import type { Connector } from '#connector';
import { csv } from './csv.ts';
import { hubspot } from './hubspot.ts';
import { voucherify } from './voucherify/index.ts';

export const connectors: readonly Connector[] = [csv, hubspot, voucherify];
