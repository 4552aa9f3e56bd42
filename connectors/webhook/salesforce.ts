// What Salesforce requires of a receiver of outbound messages.
// Source: developer.salesforce.com, SOAP API, "Outbound Messaging" and "ID Field Type".

/** The answer without which it sends the same again for 24 hours. */
export const acknowledgement = {
  contentType: 'text/xml; charset=utf-8',
  body: '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>',
};

/** An ID in both its forms: of 15 characters, and with the three that make up for lost letter case. */
export function bothForms(id: string): string[] {
  const short = id.slice(0, 15);
  const suffix = [0, 5, 10].map((start) => {
    const capitals = [...short.slice(start, start + 5)].map((letter) => /[A-Z]/.test(letter));
    const bits = capitals.reduce((sum, isCapital, place) => sum + (isCapital ? 2 ** place : 0), 0);
    return 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'.charAt(bits);
  });
  return [short, short + suffix.join('')];
}
