// The Internet checksum (RFC 1071).

/** One's complement sum over the octets of `b` from `from` to `to`, added to `sum`; not folded. An odd last octet counts as a high octet. */
export function addChecksum(sum: number, b: Uint8Array, from: number, to: number): number {
  let total = sum;
  let i = from;
  for (; i + 1 < to; i += 2) total += ((b[i] as number) << 8) | (b[i + 1] as number);
  if (i < to) total += (b[i] as number) << 8;
  return total;
}

/** Folds a sum to 16 bits and complements it: the value that goes into a header. */
export function foldChecksum(sum: number): number {
  let total = sum;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return ~total & 0xffff;
}

/** The Internet checksum of a whole range (RFC 1071): 0 where the range holds a correct checksum already. */
export const checksum = (b: Uint8Array, from = 0, to = b.length): number => foldChecksum(addChecksum(0, b, from, to));
