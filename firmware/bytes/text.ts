// Text on the wire: UTF-8 both ways, and a form of it that is safe to print.

/** The UTF-8 octets of `text`. Lone surrogates become U+FFFD. */
export function utf8(text: string): Uint8Array {
  // Nearly every text is plain.
  const plain = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 0x80) return encoded(text);
    plain[i] = c;
  }
  return plain;
}

function encoded(text: string): Uint8Array {
  const out: number[] = [];
  for (const character of text) {
    let c = character.codePointAt(0) ?? 0xfffd;
    if (c >= 0xd800 && c <= 0xdfff) c = 0xfffd;
    if (c < 0x80) out.push(c);
    else if (c < 0x800) out.push(0xc0 | (c >> 6), 0x80 | (c & 63));
    else if (c < 0x10000) out.push(0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
    else out.push(0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63));
  }
  return Uint8Array.from(out);
}

/** The text of UTF-8 octets; each octet that is not part of a valid sequence becomes U+FFFD. */
export function fromUtf8(b: Uint8Array): string {
  let text = '';
  for (let i = 0; i < b.length; ) {
    const lead = b[i] as number;
    const more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : -1;
    let c = more === 0 ? lead : lead & (63 >> more);
    let used = 1;
    while (more > 0 && used <= more && i + used < b.length && ((b[i + used] as number) & 0xc0) === 0x80) {
      c = (c << 6) | ((b[i + used] as number) & 63);
      used++;
    }
    const least = more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000;
    const whole = more === 0 || (more > 0 && used === more + 1 && c >= least && c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff));
    text += whole ? String.fromCodePoint(c) : '\ufffd';
    i += whole ? used : 1;
  }
  return text;
}

/** `text` with control characters (NUL, ANSI escapes, C1) shown as \xNN, so that a peer's name cannot drive a terminal. */
export function printable(text: string): string {
  // Nearly every text is plain; every event of the log comes through here.
  if (/^[ -~]*$/.test(text)) return text;
  let out = '';
  for (const character of text) {
    const c = character.codePointAt(0) ?? 0;
    const control = c < 0x20 || (c >= 0x7f && c < 0xa0) || c === 0x2028 || c === 0x2029 || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    out += control ? `\\x${c.toString(16).padStart(2, '0')}` : character;
  }
  return out;
}

/** `text` in pieces of at most `width` characters, cut at blanks where there are any. One piece at least. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const blank = rest.lastIndexOf(' ', width);
    const cut = blank > 0 ? blank : width;
    lines.push(rest.slice(0, cut));
    rest = rest.slice(cut).replace(/^ /, '');
  }
  return [...lines, rest];
}
