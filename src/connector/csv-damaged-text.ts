// Signs that text was damaged before it was written into a file: encoded twice, escaped for HTML, or with characters lost. Nothing is
// corrected: what it was before is not certain.

/** What the text of a cell shows. `sign`: the part that shows it, which names nobody. */
export interface TextDamage {
  code: 'csv_encoded_twice' | 'csv_html' | 'csv_lost_characters';
  what: string;
}

const entity =
  /&(?:amp|lt|gt|quot|apos|nbsp|szlig|[a-z](?:uml|acute|grave|circ|tilde|cedil|ring|slash|caron)|#\d{2,6}|#x[\da-f]{2,5});/i;
/** As a word like `RĂŞINARI` has it. */
const romanian = 'Ă[Şş]';
const lost = '\ufffd';

/** In these, programs read UTF-8 by mistake. */
const misreadAs = ['windows-1252', 'windows-1250', 'macintosh'].map(readIn);

export function textDamageOf(text: string): TextDamage | null {
  for (const { pattern, written } of misreadAs) {
    const [sign] = pattern.exec(text) ?? [];
    if (sign !== undefined)
      return {
        code: 'csv_encoded_twice',
        what: `holds text such as ${JSON.stringify(sign)}, which is probably ${JSON.stringify(written(sign))} encoded twice. It was read as it is: export the file again as UTF-8, without opening it in another program`,
      };
  }
  const [sign] = entity.exec(text) ?? [];
  if (sign !== undefined)
    return {
      code: 'csv_html',
      what: `holds text that is escaped for HTML, such as ${JSON.stringify(sign)}. It was read as it is: export the file again without escapes`,
    };
  if (!text.includes(lost)) return null;
  return {
    code: 'csv_lost_characters',
    what: `holds the sign "${lost}", which a program writes in place of a character that it could not read. The character is lost: export the file again from where it came from`,
  };
}

/** What UTF-8 looks like that was read in this encoding, and what was written. */
function readIn(encoding: string): { pattern: RegExp; written(sign: string): string } {
  const decoder = new TextDecoder(encoding);
  const signs = Array.from({ length: 128 }, (_, at) => decoder.decode(Uint8Array.of(at + 128)));
  const byteOf = new Map(signs.map((sign, at) => [sign, at + 128]));
  const of = (from: number, to = from) => `[${signs.slice(from - 128, to - 127).join('')}]`;
  const next = of(0x80, 0xbf);
  // Letters of Latin alphabets; signs of typography; emoji. Of other alphabets two in a row show it: one alone may be a letter before
  // a quotation mark or dash.
  const pattern = [
    `${of(0xc2)}${of(0xa1, 0xbf)}|(?!${romanian})${of(0xc3, 0xc5)}${next}`,
    `${of(0xe2)}${of(0x80)}${next}|${of(0xe2)}${of(0x82)}${of(0xac)}|${of(0xf0)}${of(0x9f)}${next}{2}`,
    `(?:${of(0xc6, 0xdf)}${next}){2}|(?:${of(0xe0, 0xef)}${next}{2}){2}`,
  ].join('|');
  return {
    pattern: new RegExp(pattern, 'u'),
    written: (sign) => Buffer.from(Array.from(sign, (one) => byteOf.get(one)!)).toString('utf8'),
  };
}
