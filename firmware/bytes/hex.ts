// Hexadecimal text of byte buffers, for traces, vectors and log lines.

const DIGITS = '0123456789abcdef';

/** Lower-case hex digits, two per octet, no separators. */
export function hex(b: Uint8Array): string {
  let text = '';
  for (const octet of b) text += DIGITS.charAt(octet >> 4) + DIGITS.charAt(octet & 15);
  return text;
}

/** The octets of a hex text; blanks are skipped; undefined where it is not hex or has an odd number of digits. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) return undefined;
  const out = new Uint8Array(digits.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16);
  return out;
}
