// RADIUS attributes by number (RFC 2865 5, 2866 5, 2868 3, 2869 5, 5176 3.5; Microsoft's RFC 2548), written and read one by one.

import { put32, u32, u8 } from '../bytes/integers.ts';
import { toIpv4, type Ipv4 } from '../bytes/ip.ts';
import { fromUtf8, utf8 } from '../bytes/text.ts';

export const ATTRIBUTE = {
  'User-Name': 1,
  'User-Password': 2,
  'CHAP-Password': 3,
  'NAS-IP-Address': 4,
  'NAS-Port': 5,
  'Service-Type': 6,
  'Framed-Protocol': 7,
  'Framed-IP-Address': 8,
  'Framed-IP-Netmask': 9,
  'Filter-Id': 11,
  'Reply-Message': 18,
  'Framed-Route': 22,
  State: 24,
  Class: 25,
  'Vendor-Specific': 26,
  'Session-Timeout': 27,
  'Idle-Timeout': 28,
  'Called-Station-Id': 30,
  'Calling-Station-Id': 31,
  'NAS-Identifier': 32,
  'Proxy-State': 33,
  'Acct-Status-Type': 40,
  'Acct-Delay-Time': 41,
  'Acct-Input-Octets': 42,
  'Acct-Output-Octets': 43,
  'Acct-Session-Id': 44,
  'Acct-Authentic': 45,
  'Acct-Session-Time': 46,
  'Acct-Input-Packets': 47,
  'Acct-Output-Packets': 48,
  'Acct-Terminate-Cause': 49,
  'Acct-Input-Gigawords': 52,
  'Acct-Output-Gigawords': 53,
  'Event-Timestamp': 55,
  'CHAP-Challenge': 60,
  'NAS-Port-Type': 61,
  'Tunnel-Type': 64,
  'Tunnel-Medium-Type': 65,
  'Tunnel-Client-Endpoint': 66,
  'Tunnel-Server-Endpoint': 67,
  'Acct-Tunnel-Connection': 68,
  'Tunnel-Password': 69,
  'Message-Authenticator': 80,
  'Tunnel-Private-Group-ID': 81,
  'Tunnel-Assignment-ID': 82,
  'Tunnel-Preference': 83,
  'Acct-Interim-Interval': 85,
  'NAS-Port-Id': 87,
  'Framed-Pool': 88,
  'Tunnel-Client-Auth-ID': 90,
  'Tunnel-Server-Auth-ID': 91,
  'Error-Cause': 101,
} as const;

/** RFC 2548 2: attributes inside Vendor-Specific of Microsoft. */
export const MICROSOFT = 311;
export const MS = {
  'MS-CHAP-Error': 2,
  'MS-CHAP-Challenge': 11,
  'MS-CHAP2-Response': 25,
  'MS-CHAP2-Success': 26,
  'MS-Primary-DNS-Server': 28,
  'MS-Secondary-DNS-Server': 29,
} as const;

export const SERVICE_TYPE = { Framed: 2, Outbound: 5, 'Authorize-Only': 17 } as const;
export const FRAMED_PROTOCOL = { PPP: 1 } as const;
export const NAS_PORT_TYPE = { async: 0, isdn: 2, virtual: 5, ethernet: 15 } as const;
export const TUNNEL_TYPE = { L2TP: 3 } as const;
export const TUNNEL_MEDIUM = { IPv4: 1 } as const;

/** Octets of a value at most: an attribute's length is one octet and counts two octets of its own. */
export const LONGEST_VALUE = 253;

export interface Attribute {
  readonly type: number;
  readonly value: Uint8Array;
}

export const octets = (type: keyof typeof ATTRIBUTE, value: Uint8Array): Attribute => ({ type: ATTRIBUTE[type], value: value.length > LONGEST_VALUE ? value.subarray(0, LONGEST_VALUE) : value });
export const text = (type: keyof typeof ATTRIBUTE, value: string): Attribute => octets(type, utf8(value));

/** A value of 32 bits: a count, seconds, an address. Larger counts lose their high part. */
export function number(type: keyof typeof ATTRIBUTE, value: number): Attribute {
  const four = new Uint8Array(4);
  put32(four, 0, value % 0x1_0000_0000);
  return { type: ATTRIBUTE[type], value: four };
}

/** An attribute of Microsoft inside Vendor-Specific (RFC 2865 5.26). */
export function microsoft(type: keyof typeof MS, value: Uint8Array): Attribute {
  const inner = value.subarray(0, LONGEST_VALUE - 6);
  const whole = new Uint8Array(6 + inner.length);
  put32(whole, 0, MICROSOFT);
  whole[4] = MS[type];
  whole[5] = 2 + inner.length;
  whole.set(inner, 6);
  return { type: ATTRIBUTE['Vendor-Specific'], value: whole };
}

/** An attribute with a tag 1..31, or 0 for none (RFC 2868 3.1): numbers keep three octets beside it. */
export const taggedNumber = (type: 'Tunnel-Type' | 'Tunnel-Medium-Type' | 'Tunnel-Preference', value: number, tag = 0): Attribute => ({
  type: ATTRIBUTE[type],
  value: Uint8Array.of(tag, value >> 16, value >> 8, value),
});

/** A text with a tag before it; without a tag the text alone (RFC 2868 3.3). */
export function taggedText(type: 'Tunnel-Client-Endpoint' | 'Tunnel-Server-Endpoint' | 'Tunnel-Client-Auth-ID' | 'Tunnel-Server-Auth-ID' | 'Tunnel-Assignment-ID', value: string, tag = 0): Attribute {
  const bare = utf8(value).subarray(0, LONGEST_VALUE - 1);
  return { type: ATTRIBUTE[type], value: tag === 0 ? bare : Uint8Array.of(tag, ...bare) };
}

/** The values of every attribute of a type, in order. */
export const all = (list: readonly Attribute[], type: keyof typeof ATTRIBUTE): Uint8Array[] => list.filter((one) => one.type === ATTRIBUTE[type]).map(({ value }) => value);

export const first = (list: readonly Attribute[], type: keyof typeof ATTRIBUTE): Uint8Array | undefined => list.find((one) => one.type === ATTRIBUTE[type])?.value;

/** The first attribute of a type as a number; undefined where there is none or it has not four octets. */
export function firstNumber(list: readonly Attribute[], type: keyof typeof ATTRIBUTE): number | undefined {
  const value = first(list, type);
  return value === undefined || value.length !== 4 ? undefined : u32(value, 0);
}

export function firstAddress(list: readonly Attribute[], type: keyof typeof ATTRIBUTE): Ipv4 | undefined {
  const value = firstNumber(list, type);
  return value === undefined ? undefined : toIpv4(value);
}

export function firstText(list: readonly Attribute[], type: keyof typeof ATTRIBUTE): string | undefined {
  const value = first(list, type);
  return value === undefined ? undefined : fromUtf8(value);
}

/** What Microsoft's attribute of a type carries; a sub-attribute whose length is a lie ends its container. */
export function firstMicrosoft(list: readonly Attribute[], type: keyof typeof MS): Uint8Array | undefined {
  for (const value of all(list, 'Vendor-Specific')) {
    if (value.length < 6 || u32(value, 0) !== MICROSOFT) continue;
    for (let at = 4; at + 2 <= value.length; ) {
      const length = u8(value, at + 1);
      if (length < 2 || at + length > value.length) break;
      if (u8(value, at) === MS[type]) return value.subarray(at + 2, at + length);
      at += length;
    }
  }
  return undefined;
}

export function firstMicrosoftAddress(list: readonly Attribute[], type: keyof typeof MS): Ipv4 | undefined {
  const value = firstMicrosoft(list, type);
  return value === undefined || value.length !== 4 ? undefined : toIpv4(u32(value, 0));
}
