// The Internet checksum (RFC 1071) at packet rate, over an arena: by vectors where the processor has them, else in TypeScript.

import type { Arena } from '../ffi/arena.ts';
import { simdSumming, type Summing } from './simd.ts';

export type { Summing } from './simd.ts';

/** Folds a sum of at most 2^53 to 16 bits (0..0xffff). */
export function fold(sum: number): number {
  let s = sum;
  if (s > 0xffffffff) s = (s % 0x10000) + Math.floor(s / 0x10000);
  if (s > 0xffffffff) s = (s % 0x10000) + Math.floor(s / 0x10000);
  s = (s & 0xffff) + (s >>> 16);
  return (s & 0xffff) + (s >>> 16);
}

/** The 16-bit checksum field that goes with a sum. */
export const complement = (total: number): number => ~fold(total) & 0xffff;

/** The best there is for this arena. */
export const summing = (a: Arena): Summing => simdSumming(a.memory) ?? plainSumming(a);

/** The same without vectors: see simd.ts for what the functions do. */
export const plainSumming = (a: Arena): Summing => ({
  sum: (at, length) => sum(a, at, length),
  copy: (to, at, length) => {
    const total = sum(a, at, length);
    a.u8.copyWithin(to, at, at + length);
    return total;
  },
});

const swap16 = (v: number): number => ((v & 0xff) << 8) | (v >>> 8);

/**
 * Since 2^16 = 1 (mod 0xffff), 32-bit words are added up as doubles, exact up to 2^53, and folded once at the end; a byte-swapped
 * sum is the sum of byte-swapped words, so little-endian words do and the result is swapped.
 */
function sum(a: Arena, at: number, length: number): number {
  if (length <= 0) return 0;
  // From an odd address the octets pair the other way round: sum them as if shifted by one, and swap.
  if ((at & 1) !== 0) return fold(swap16(sum(a, at + 1, length - 1)) + (a.u8[at] as number) * 256);
  const { u16, u32 } = a;
  let p = at;
  let end = at + length;
  let total = 0;
  if ((length & 1) !== 0) total = a.u8[--end] as number;
  if ((p & 2) !== 0 && p < end) {
    total += u16[p >> 1] as number;
    p += 2;
  }
  let i = p >> 2;
  const words = end >> 2;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (; i + 3 < words; i += 4) {
    s0 += u32[i] as number;
    s1 += u32[i + 1] as number;
    s2 += u32[i + 2] as number;
    s3 += u32[i + 3] as number;
  }
  for (; i < words; i++) s0 += u32[i] as number;
  total += s0 + s1 + s2 + s3;
  if ((end & 2) !== 0 && end > p) total += u16[(end - 2) >> 1] as number;
  return swap16(fold(total));
}
