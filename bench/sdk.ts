// Voucherify's official SDK, as both scripts of the bench use it.
import type { VoucherifyServerSide as VoucherifyServerSideFactory } from '@voucherify/sdk';
import sdk from '@voucherify/sdk';

// A CommonJS bundle: its names arrive behind the default export.
const { VoucherifyServerSide } = sdk as unknown as {
  VoucherifyServerSide: typeof VoucherifyServerSideFactory;
};

/** A client with the keys of the environment. `apiUrl`: where the API is. */
export const voucherifyAt = (apiUrl: string) =>
  VoucherifyServerSide({
    apiUrl,
    applicationId: process.env['VOUCHERIFY_APP_ID'] ?? '',
    secretKey: process.env['VOUCHERIFY_TOKEN'] ?? '',
  });
