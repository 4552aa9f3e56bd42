// How a contact becomes a customer, for everyone who is compared with Tributary: scripts import it, and tools that take code
// as text are given this text. So it uses nothing from outside of itself.

/** The properties of HubSpot that it reads. */
export const properties = [
  ...['firstname', 'lastname', 'email', 'phone', 'city', 'zip', 'country'],
  ...['lifecyclestage', 'company', 'loyalty_points', 'newsletter_opt_in'],
];

/** An empty property is sent as null, so that a value removed in HubSpot goes away in Voucherify too. */
export function customerOf(id: string, contact: Record<string, string | null>) {
  const text = (name: string) => contact[name]?.trim() || null;
  const points = text('loyalty_points');
  const optIn = text('newsletter_opt_in');
  return {
    source_id: id,
    name: [text('firstname'), text('lastname')].filter(Boolean).join(' ') || null,
    email: text('email')?.toLowerCase() ?? null,
    phone: text('phone'),
    address: { city: text('city'), postal_code: text('zip'), country: text('country') },
    metadata: {
      lifecycle_stage: text('lifecyclestage'),
      company: text('company'),
      loyalty_points: points === null ? null : Number(points),
      newsletter: optIn === null ? null : optIn === 'true',
    },
  };
}
