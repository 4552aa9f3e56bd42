// WooCommerce's customers, as WordPress keeps them: names of user fields and of the billing address. There are plugins for it,
// which agree on these names. Source: headers in public importers (2016–2026).
import type { ExportFormat } from '../export-format.ts';

export const woocommerce: ExportFormat = {
  name: 'WooCommerce customer export',
  key: ['customer_id', 'user_id', 'ID'],
  // A guest has no number, or the number 0.
  keyIsSourceId: false,
  minSigns: 3,
  signature: [
    ...['user_login', 'user_email', 'user_registered', 'billing_first_name', 'billing_last_name'],
    ...['billing_email', 'billing_phone', 'billing_address_1', 'billing_postcode', 'shipping_address_1'],
  ],
  fields: {
    'name.first': ['first_name', 'billing_first_name'],
    'name.last': ['last_name', 'billing_last_name'],
    email: ['user_email', 'email', 'billing_email'],
    phone: ['billing_phone', 'phone'],
    'address.line_1': ['billing_address_1'],
    'address.line_2': ['billing_address_2'],
    'address.postal_code': ['billing_postcode'],
    'address.city': ['billing_city'],
    'address.state': ['billing_state'],
    'address.country': ['billing_country'],
  },
  asMetadata: ['display_name', 'name', 'nickname', 'description'],
  decimal: '.',
  internal: ['user_pass', 'user_nicename', 'user_activation_key', 'user_status', 'session_tokens'],
};
