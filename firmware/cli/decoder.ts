// UTF-8 text that arrives in pieces of any size: a character split over two packets is held until it is whole (RFC 3629).

import { fromUtf8 } from '../bytes/text.ts';

/** How many octets a sequence has that begins with `lead`; 1 for what cannot begin one. */
const lengthAfter = (lead: number): number => (lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1);

/** Turns packets into text. Holds at most three octets. */
export class Utf8Decoder {
  #held: number[] = [];

  /** The text of all characters that are complete; U+FFFD for octets that are none. */
  decode(data: Uint8Array): string {
    const bytes = this.#held.length === 0 ? data : Uint8Array.from([...this.#held, ...data]);
    const end = bytes.length - unfinished(bytes);
    this.#held = [...bytes.subarray(end)];
    return fromUtf8(bytes.subarray(0, end));
  }
}

/** How many octets at the end begin a sequence that is not complete. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const octet = bytes[bytes.length - back] ?? 0;
    if ((octet & 0xc0) === 0x80) continue;
    return lengthAfter(octet) > back ? back : 0;
  }
  return 0;
}

/** Columns that text takes on a terminal: two for East Asian wide characters, none for combining ones (Unicode 15 East Asian Width, the common blocks). */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    const c = character.codePointAt(0) ?? 0;
    columns += c < 0x300 ? 1 : isCombining(c) ? 0 : isWide(c) ? 2 : 1;
  }
  return columns;
}

const isCombining = (c: number): boolean => (c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) || c === 0x3099 || c === 0x309a || (c >= 0xfe00 && c <= 0xfe0f);

const isWide = (c: number): boolean =>
  (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) || (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
