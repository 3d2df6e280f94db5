// IPv4 addresses, ranges and prefixes as values. An address is a number, so it compares and keys a Map without text.

declare const ipv4: unique symbol;
/** An IPv4 address, 0..0xffffffff, most significant octet first. */
export type Ipv4 = number & { readonly [ipv4]: true };

/** All addresses from `low` to `high`, both included. */
export interface Ipv4Range {
  readonly low: Ipv4;
  readonly high: Ipv4;
}

/** A network: `address` has no bits set below `length` (0..32). */
export interface Ipv4Prefix {
  readonly address: Ipv4;
  readonly length: number;
}

export const toIpv4 = (value: number): Ipv4 => (value >>> 0) as Ipv4;
export const ANY_IPV4 = toIpv4(0);
export const WHOLE_IPV4: Ipv4Range = { low: ANY_IPV4, high: toIpv4(0xffffffff) };

/** Dotted quad, each part 0..255 in decimal without leading zeros beyond "0"; undefined for anything else. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (parts === null) return undefined;
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const part = Number(parts[i]);
    if (part > 255) return undefined;
    value = value * 256 + part;
  }
  return toIpv4(value);
}

export const formatIpv4 = (a: Ipv4): string => `${a >>> 24}.${(a >>> 16) & 255}.${(a >>> 8) & 255}.${a & 255}`;

/** It may be that of a host: not in 0.0.0.0/8, loopback, multicast, or reserved (RFC 6890). */
export const isHost = (a: Ipv4): boolean => a >>> 24 !== 0 && a >>> 24 !== 127 && a < 0xe0000000;

export const inRange = (a: Ipv4, range: Ipv4Range): boolean => a >= range.low && a <= range.high;

/** The netmask of a prefix length 0..32. */
export const maskOf = (length: number): Ipv4 => toIpv4(length === 0 ? 0 : 0xffffffff << (32 - length));

/** The prefix length of a contiguous netmask; undefined where the mask has holes. */
export function lengthOf(mask: Ipv4): number | undefined {
  for (let length = 0; length <= 32; length++) if (maskOf(length) === mask) return length;
  return undefined;
}

export const networkOf = (a: Ipv4, length: number): Ipv4Prefix => ({ address: toIpv4(a & maskOf(length)), length });

export const inPrefix = (a: Ipv4, prefix: Ipv4Prefix): boolean => toIpv4(a & maskOf(prefix.length)) === prefix.address;

/** The mask that an address's class implies: A 8, B 16, C and above 24 bits (RFC 791 3.2). */
export const classLength = (a: Ipv4): number => (a < 0x80000000 ? 8 : a < 0xc0000000 ? 16 : 24);
