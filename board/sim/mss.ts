// The TCP maximum segment size option of SYN packets, lowered to what fits through a tunnel (RFC 9293 3.7.1).

import { addChecksum, foldChecksum } from '../../firmware/bytes/checksum.ts';
import { put16, u16 } from '../../firmware/bytes/integers.ts';

const SYN = 2;

/** Lowers the MSS in the IPv4 TCP SYN that begins at `at`, in place, checksum included; anything else is left as it is. 0 = off. */
export function clampMss(b: Uint8Array, at: number, mss: number): void {
  if (mss === 0 || b.length < at + 40 || (b[at] ?? 0) >> 4 !== 4 || b[at + 9] !== 6) return;
  if ((u16(b, at + 6) & 0x1fff) !== 0) return;
  const tcp = at + ((b[at] ?? 0) & 15) * 4;
  if (tcp + 20 > b.length || ((b[tcp + 13] ?? 0) & SYN) === 0) return;
  const end = Math.min(tcp + ((b[tcp + 12] ?? 0) >> 4) * 4, b.length);
  for (let o = tcp + 20; o + 1 < end; ) {
    const kind = b[o] ?? 0;
    const length = kind === 1 ? 1 : (b[o + 1] ?? 0);
    if (kind === 0 || length < 1 || o + length > end || (kind !== 1 && length < 2)) return;
    if (kind === 2 && length === 4 && u16(b, o + 2) > mss) {
      put16(b, o + 2, mss);
      put16(b, tcp + 16, 0);
      const size = at + u16(b, at + 2) - tcp;
      const sum = addChecksum(addChecksum(6 + size, b, at + 12, at + 20), b, tcp, tcp + size);
      put16(b, tcp + 16, foldChecksum(sum));
    }
    o += length;
  }
}
