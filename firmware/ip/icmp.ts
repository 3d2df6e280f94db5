// ICMP messages of PING and TRACE (RFC 792, RFC 1191): the echo request we send, the answers that concern one.
//
//  0        1        2        4            6            8
//  | type   | code   | checksum | identifier | sequence | data ...        echo, echo reply
//  | type   | code   | checksum | unused     | next-hop MTU | IPv4 header + 8 octets of the packet     unreachable, time exceeded

import { checksum } from '../bytes/checksum.ts';
import { put16, u16, u32, u8 } from '../bytes/integers.ts';
import { type Ipv4, toIpv4 } from '../bytes/ip.ts';

/** Message types (RFC 792). */
export const ICMP = { ECHO_REPLY: 0, UNREACHABLE: 3, ECHO: 8, TIME_EXCEEDED: 11, PARAMETER_PROBLEM: 12 } as const;
const HEADER = 8;
const IPV4_HEADER = 20;
const IPPROTO_ICMP = 1;
/** Octets of the quoted packet after its IP header (RFC 792: 64 bits). */
const QUOTED = 8;

/** Identifier and sequence number of an echo request, each 0..65535. */
export interface EchoId {
  readonly id: number;
  readonly sequence: number;
}

/** What an ICMP message says about an echo request of ours. */
export type IcmpAnswer =
  | ({ readonly kind: 'reply'; readonly data: Uint8Array } & EchoId)
  /** Unreachable or parameter problem: it will not arrive. `target` is where the request was going; `mtu` > 0: it was too big for that link. */
  | ({ readonly kind: 'unreachable'; readonly code: number; readonly target: Ipv4; readonly mtu: number } & EchoId)
  | ({ readonly kind: 'exceeded'; readonly target: Ipv4 } & EchoId);

/** Why a message is no answer to an echo request. */
export type IcmpRefusal = 'icmp-short' | 'icmp-type' | 'icmp-quote-short' | 'icmp-quote-version' | 'icmp-quote-header' | 'icmp-quote-fragment' | 'icmp-quote-protocol';

/** An echo request with checksum. The data is `pattern` repeated to `length` octets; an empty pattern counts 0, 1, 2 .. 255, 0 .. */
export function encodeEcho(echo: EchoId, length: number, pattern: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER + length);
  out[0] = ICMP.ECHO;
  put16(out, 4, echo.id);
  put16(out, 6, echo.sequence);
  fill(out, pattern);
  put16(out, 2, checksum(out));
  return out;
}

/** True where `data` is what encodeEcho put behind the header for this length and pattern. */
export function isEchoData(data: Uint8Array, length: number, pattern: Uint8Array): boolean {
  if (data.length !== length) return false;
  for (let i = 0; i < length; i++) if (u8(data, i) !== patternAt(pattern, i)) return false;
  return true;
}

/**
 * An ICMP message whose type and code are given, `rest` being what follows the checksum: the echo request it answers, or why it answers none.
 * Needs nothing beyond the first 8 octets of the quoted packet. `data` is a view into `rest`.
 */
export function decodeAnswer(type: number, code: number, rest: Uint8Array): IcmpAnswer | IcmpRefusal {
  if (rest.length < HEADER - 4) return 'icmp-short';
  if (type === ICMP.ECHO_REPLY) return { kind: 'reply', id: u16(rest, 0), sequence: u16(rest, 2), data: rest.subarray(4) };
  if (type !== ICMP.UNREACHABLE && type !== ICMP.TIME_EXCEEDED && type !== ICMP.PARAMETER_PROBLEM) return 'icmp-type';
  const at = HEADER - 4;
  if (rest.length < at + IPV4_HEADER) return 'icmp-quote-short';
  if (u8(rest, at) >> 4 !== 4) return 'icmp-quote-version';
  const header = (u8(rest, at) & 15) * 4;
  if (header < IPV4_HEADER) return 'icmp-quote-header';
  if (rest.length < at + header + QUOTED) return 'icmp-quote-short';
  if ((u16(rest, at + 6) & 0x1fff) !== 0) return 'icmp-quote-fragment';
  if (u8(rest, at + 9) !== IPPROTO_ICMP || u8(rest, at + header) !== ICMP.ECHO) return 'icmp-quote-protocol';
  const target = toIpv4(u32(rest, at + 16));
  const echo = { id: u16(rest, at + header + 4), sequence: u16(rest, at + header + 6) };
  if (type === ICMP.TIME_EXCEEDED) return { kind: 'exceeded', target, ...echo };
  const tooBig = type === ICMP.UNREACHABLE && code === UNREACHABLE_CODE.FRAGMENTATION_NEEDED;
  return { kind: 'unreachable', code: type === ICMP.UNREACHABLE ? code : -1, target, mtu: tooBig ? u16(rest, 2) : 0, ...echo };
}

/** Codes of destination unreachable (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1). */
export const UNREACHABLE_CODE = { NET: 0, HOST: 1, PROTOCOL: 2, PORT: 3, FRAGMENTATION_NEEDED: 4, NET_PROHIBITED: 9, HOST_PROHIBITED: 10, PROHIBITED: 13 } as const;
const UNREACHABLE_WORDS = new Map<number, string>([
  [-1, 'Parameter problem'],
  [UNREACHABLE_CODE.NET, 'Network unreachable'],
  [UNREACHABLE_CODE.HOST, 'Host unreachable'],
  [UNREACHABLE_CODE.PROTOCOL, 'Protocol unreachable'],
  [UNREACHABLE_CODE.PORT, 'Port unreachable'],
  [UNREACHABLE_CODE.FRAGMENTATION_NEEDED, 'Packet too big'],
  [UNREACHABLE_CODE.NET_PROHIBITED, 'Network prohibited'],
  [UNREACHABLE_CODE.HOST_PROHIBITED, 'Host prohibited'],
  [UNREACHABLE_CODE.PROHIBITED, 'Communication prohibited'],
]);

/** The answer `unreachable` in words, with the MTU where one was given. */
export function unreachableWords(code: number, mtu: number): string {
  const words = UNREACHABLE_WORDS.get(code) ?? `Destination unreachable (code ${code})`;
  return mtu > 0 ? `${words} for a link of MTU ${mtu}` : words;
}

const patternAt = (pattern: Uint8Array, i: number): number => (pattern.length === 0 ? i & 255 : u8(pattern, i % pattern.length));

function fill(out: Uint8Array, pattern: Uint8Array): void {
  for (let i = HEADER; i < out.length; i++) out[i] = patternAt(pattern, i - HEADER);
}
