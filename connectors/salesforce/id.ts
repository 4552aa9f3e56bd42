// IDs of Salesforce: 15 characters whose letter case counts, or 18 characters, of which the last three make up for lost
// case.
// Source: developer.salesforce.com, SOAP API, "ID Field Type".

const suffixLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/** The ID with 18 characters; undefined where it is none, or its last three do not belong to it. */
export function idOf(written: unknown): string | undefined {
  if (typeof written !== 'string' || !/^[0-9A-Za-z]{15}([0-9A-Za-z]{3})?$/.test(written)) return undefined;
  const short = written.slice(0, 15);
  const suffix = [0, 5, 10].map((start) => {
    const capitals = [...short.slice(start, start + 5)].map((letter) => /[A-Z]/.test(letter));
    return suffixLetters.charAt(
      capitals.reduce((bits, isCapital, place) => bits + (isCapital ? 2 ** place : 0), 0),
    );
  });
  const long = short + suffix.join('');
  return written.length === 15 || written === long ? long : undefined;
}
