// Telephone numbers in E.164. It knows no fields; the numbering plans are libphonenumber's.
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';

export function isRegion(region: string): boolean {
  return isSupportedCountry(region);
}

/**
 * `+48600100200`, or undefined where the text holds no possible number. `region` (ISO 3166-1 alpha-2) is taken for
 * numbers without a country code. Possible by its length, not proven to be in use: plans grow faster than their copies.
 * An extension is left out, as E.164 has none.
 */
export function phoneOf(text: string, region: string | undefined): string | undefined {
  // `00` is the international prefix wherever no region says otherwise (ITU-T E.123).
  const dialled = region === undefined && text.startsWith('00') ? `+${text.slice(2)}` : text;
  const phone = parsePhoneNumberFromString(dialled, region as CountryCode | undefined);
  return phone?.isPossible() ? phone.number : undefined;
}
