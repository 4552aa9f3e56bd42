// Voucherify, the destination: its identity and the access to its API.
import { type Connector, defineConnector } from '#connector';
import { errorFor } from './answer-error.ts';
import { check } from './check.ts';
import { destination } from './destination.ts';
import { isOwn } from './own-words.ts';
import { quotasOf, readQuotas } from './quotas.ts';
import { type Settings, settings } from './settings.ts';

export const voucherify: Connector = defineConnector<Settings>({
  name: 'voucherify',
  settings,
  // Voucherify announces no end of a version.
  apiVersion: ({ apiVersion }) => ({ name: apiVersion, endsOn: null }),

  api(settings) {
    const quotas = quotasOf(settings);
    return {
      baseUrl: settings.baseUrl.replace(/\/+$/, ''),
      headers: {
        'X-App-Id': settings.appId,
        'X-App-Token': settings.appToken,
        'X-Voucherify-API-Version': settings.apiVersion,
        // Shown as the channel of a request in the audit log.
        'X-Voucherify-Channel': 'Tributary',
      },
      account: `voucherify:${new URL(settings.baseUrl).host}:${settings.appId}`,
      quotas,
      readQuotas: (response, request, now) => readQuotas(quotas, response, request, now),
      isOwn,
      errorFor: (response, request, now) => errorFor(quotas, response, request, now),
    };
  },

  destination,
  check,
});
