// Texts that break programs which do not expect them, one for each way to be broken. Our own list.

const longest = 1_000;

/** By what they try. */
export const naughtyTexts: { readonly [what: string]: string } = {
  nothing: '',
  blanks: ' \t\n\u00a0\u3000',
  'a NUL': 'be\0fore',
  'a lone high surrogate': 'high\ud83d',
  'a lone low surrogate': '\udc00low',
  'surrogates in the wrong order': '\udc00\ud83d',
  'a joined emoji': '👩🏽‍🚀',
  'letters beyond the plane': '𝕬𝖓𝖓𝖆 𠜎',
  'stacked marks': `Z${'\u0363\u0489'.repeat(40)}`,
  'text from right to left': '\u202egnp.exe\u202c \u0627\u0644\u0639',
  'invisible characters': 'an\u200bna\ufeff@\u2060x',
  'a letter that grows in lower case': 'İI\u0307ß',
  'an escape of terminals': '\u001b]0;owned\u0007\u001b[2J\u009b31m',
  'line ends': 'one\r\nX-Injected: yes\n\u2028two',
  'a slash': 'a/b',
  'dots that climb': '../../etc/passwd',
  'one dot': '.',
  'two dots': '..',
  'a per cent sign': '100% %2e%2e%2f %',
  'a query': 'a?b=c&d',
  'a fragment': 'a#b',
  'a backslash': 'C:\\new\\"quoted"',
  quotes: `' or '1'='1'; drop table customers; --`,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what is tried
  'a placeholder': '$1 ${env:HOME} {{7*7}} %s %n',
  markup: '<script>alert(1)</script><img src=x onerror=alert(1)>',
  'an attribute': '" autofocus onfocus="alert(1)',
  'a formula': '=HYPERLINK("http://evil.example","x")',
  'a prototype': '__proto__',
  'a constructor': 'constructor',
  'a method': 'hasOwnProperty',
  'a word of JSON': 'null',
  'another word of JSON': 'undefined',
  'no number': 'NaN',
  'all numbers': '-Infinity',
  'a number beyond 2^53': '9007199254740993',
  'a number beyond all': '1e400',
  'a negative zero': '-0',
  'another kind of digits': '١٢٣',
  'a first day': '0001-01-01',
  'a last day': '9999-12-31T23:59:59.999Z',
  'a day that is none': '2026-02-30',
  'a day after all': '+275760-09-13T00:00:00.001Z',
  'a thousand characters': 'é'.repeat(longest),
  'a private address': 'http://169.254.169.254/latest/meta-data/',
};

export const naughtyList: readonly string[] = Object.values(naughtyTexts);
