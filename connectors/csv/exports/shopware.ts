// Shopware's export of customers with its default profile: names of fields and of the billing address.
// Source: the profile "Default customer" in shopware/shopware, src/Core/Migration/V6_4/Migration1626696809AddImportExportCustomerProfile.php.
import type { ExportFormat } from '../export-format.ts';

export const shopware: ExportFormat = {
  name: 'Shopware customer export',
  key: ['customer_number', 'id'],
  // Guests have a number too, one for each of their orders.
  keyIsSourceId: false,
  minSigns: 3,
  signature: [
    ...[
      'customer_number',
      'sales_channel',
      'customer_group',
      'payment_method',
      'billing_id',
      'billing_street',
    ],
    ...['billing_zipcode', 'billing_phone_number', 'shipping_id', 'shipping_zipcode'],
  ],
  fields: {
    'name.first': ['first_name', 'billing_first_name'],
    'name.last': ['last_name', 'billing_last_name'],
    phone: ['billing_phone_number'],
    'address.line_1': ['billing_street'],
    'address.postal_code': ['billing_zipcode'],
    'address.city': ['billing_city'],
    'address.country': ['billing_country'],
  },
  decimal: '.',
  internal: ['id', 'billing_id', 'shipping_id'],
};
