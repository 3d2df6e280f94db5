// IPv4 packets that are longer than a link takes: cut into fragments (RFC 791 2.3, 3.2), or the ICMP message that says so (RFC 792,
// RFC 1191 4, RFC 1812 4.3.2). Packets lie in a larger buffer; nothing is allocated. Callers have seen that the header is whole.

import { checksum } from './checksum.ts';
import { put16, put32, u16, u32, u8 } from './integers.ts';
import type { Ipv4 } from './ip.ts';

/** The least MTU of a link (RFC 791 3.2): below it nothing is cut. */
export const LEAST_IPV4_MTU = 68;
/** The longest message of `writeTooBig` (RFC 1812 4.3.2.3). */
export const MOST_TOO_BIG = 576;

const FLAGS = 6;
const DF = 0x4000;
const MF = 0x2000;
const OFFSET = 0x1fff;
const ICMP = 1;
/** ICMP messages about which no other may be sent. */
const ICMP_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
const OPTION_COPIED = 0x80;
const OPTION_END = 0;
const OPTION_PAD = 1;
const HEADER = 20;
const ICMP_HEADER = 8;
const TTL = 64;

const headerLength = (b: Uint8Array, at: number): number => (u8(b, at) & 15) * 4;

/** Whether the header of the IPv4 packet at `at` is whole and the packet no longer than `length` octets. */
export function isWholeIpv4(b: Uint8Array, at: number, length: number): boolean {
  if (length < HEADER || u8(b, at) >> 4 !== 4) return false;
  const header = headerLength(b, at);
  return header >= HEADER && header <= length;
}

/** Whether the packet may not be cut. */
export const isUncuttable = (b: Uint8Array, at: number): boolean => (u16(b, at + FLAGS) & DF) !== 0;

/** How many octets each fragment but the last carries. */
const share = (b: Uint8Array, at: number, mtu: number): number => (Math.max(mtu, LEAST_IPV4_MTU) - headerLength(b, at)) & ~7;

/** How many fragments a packet of `length` octets becomes that has to fit `mtu`. */
export const fragments = (b: Uint8Array, at: number, length: number, mtu: number): number => Math.ceil((length - headerLength(b, at)) / share(b, at, mtu));

/** Where a fragment is made of: the packet, and the MTU that it is to fit. */
export interface Cut {
  at: number;
  length: number;
  mtu: number;
}

/** Writes fragment `k` of the packet to `to` at `toAt`, `mtu` octets at most; returns its length. */
export function writeFragment(b: Uint8Array, { at, length, mtu }: Readonly<Cut>, k: number, to: { readonly bytes: Uint8Array; readonly at: number }): number {
  const { bytes: t, at: p } = to;
  const whole = headerLength(b, at);
  const step = share(b, at, mtu);
  const from = at + whole + k * step;
  const data = Math.min(step, at + length - from);
  const isLast = from + data === at + length;
  for (let i = 0; i < HEADER; i++) t[p + i] = u8(b, at + i);
  const header = k === 0 ? copyOptions(b, at, t, p) : keepCopied(b, at, t, p);
  for (let i = 0; i < data; i++) t[p + header + i] = u8(b, from + i);
  const flags = u16(b, at + FLAGS);
  t[p] = 0x40 | (header >> 2);
  put16(t, p + 2, header + data);
  put16(t, p + FLAGS, (flags & ~OFFSET) | (isLast ? 0 : MF) | (((flags & OFFSET) + ((k * step) >> 3)) & OFFSET));
  put16(t, p + 10, 0);
  put16(t, p + 10, checksum(t, p, p + header));
  return header + data;
}

/** The first fragment has all options. */
function copyOptions(b: Uint8Array, at: number, t: Uint8Array, p: number): number {
  const header = headerLength(b, at);
  for (let i = HEADER; i < header; i++) t[p + i] = u8(b, at + i);
  return header;
}

/** The others have those that ask for it. */
function keepCopied(b: Uint8Array, at: number, t: Uint8Array, p: number): number {
  const end = headerLength(b, at);
  let used = HEADER;
  for (let o = HEADER; o < end; ) {
    const kind = u8(b, at + o);
    if (kind === OPTION_END) break;
    const length = kind === OPTION_PAD ? 1 : o + 1 < end ? u8(b, at + o + 1) : 0;
    if (length < 1 || (kind !== OPTION_PAD && length < 2) || o + length > end) break;
    if ((kind & OPTION_COPIED) !== 0) for (let i = 0; i < length; i++) t[p + used++] = u8(b, at + o + i);
    o += length;
  }
  while ((used & 3) !== 0) t[p + used++] = OPTION_END;
  return used;
}

/** Whether the sender of the packet may be told by ICMP that it was dropped (RFC 1812 4.3.2.7). */
export function mayTell(b: Uint8Array, at: number, length: number): boolean {
  const source = u8(b, at + 12);
  if (source === 0 || source === 127 || source >= 224 || u8(b, at + 16) >= 224) return false;
  if ((u16(b, at + FLAGS) & OFFSET) !== 0) return false;
  const header = headerLength(b, at);
  return u8(b, at + 9) !== ICMP || (length > header && !ICMP_ERRORS.has(u8(b, at + header)));
}

/** Writes the message that the packet does not fit `mtu`, from `source` to its sender, to `to` at `toAt`; returns its length, at most MOST_TOO_BIG. */
export function writeTooBig(b: Uint8Array, { at, length, mtu }: Readonly<Cut>, source: Ipv4, to: { readonly bytes: Uint8Array; readonly at: number }): number {
  const { bytes: t, at: p } = to;
  const quoted = Math.min(length, MOST_TOO_BIG - HEADER - ICMP_HEADER);
  const total = HEADER + ICMP_HEADER + quoted;
  const icmp = p + HEADER;
  t.fill(0, p, icmp + ICMP_HEADER);
  t[p] = 0x45;
  put16(t, p + 2, total);
  t[p + 8] = TTL;
  t[p + 9] = ICMP;
  put32(t, p + 12, source);
  put32(t, p + 16, u32(b, at + 12));
  put16(t, p + 10, checksum(t, p, icmp));
  t[icmp] = 3;
  t[icmp + 1] = 4;
  put16(t, icmp + 6, mtu);
  for (let i = 0; i < quoted; i++) t[icmp + ICMP_HEADER + i] = u8(b, at + i);
  put16(t, icmp + 2, checksum(t, icmp, p + total));
  return total;
}
