// PPP frames and the packets of the control protocols inside them (RFC 1661 2, 5; RFC 1662 3.1).
//
//   [FF 03] protocol(1|2) information            a frame; address and control, and the protocol's leading zero, may be left out
//   code(1) identifier(1) length(2) data         the information of LCP, NCPs, PAP and CHAP; octets past `length` are padding

import { put16, u16, u8 } from '../bytes/integers.ts';

/** Protocol field values (RFC 1661 2, "Assigned PPP protocol numbers"). */
export const PROTOCOL = {
  IPv4: 0x0021,
  IPv6: 0x0057,
  IPCP: 0x8021,
  IPV6CP: 0x8057,
  LCP: 0xc021,
  PAP: 0xc023,
  LQR: 0xc025,
  CHAP: 0xc223,
} as const;

const NAMES = new Map<number, string>([
  ...Object.entries(PROTOCOL).map(([name, number]) => [number, name] as const),
  [0x8029, 'ATCP'],
  [0x802b, 'IPXCP'],
  [0x8053, 'ECP'],
  [0x80fd, 'CCP'],
  [0xc02b, 'BACP'],
  [0xc227, 'EAP'],
]);

/** The name of a protocol number for people; hexadecimal where it has none. */
export const protocolName = (protocol: number): string => NAMES.get(protocol) ?? `protocol 0x${protocol.toString(16).padStart(4, '0')}`;

/** Codes of control packets. 1..7 in every control protocol, the rest in LCP only (RFC 1661 5, RFC 1570 2). */
export const CODE = {
  ConfigureRequest: 1,
  ConfigureAck: 2,
  ConfigureNak: 3,
  ConfigureReject: 4,
  TerminateRequest: 5,
  TerminateAck: 6,
  CodeReject: 7,
  ProtocolReject: 8,
  EchoRequest: 9,
  EchoReply: 10,
  DiscardRequest: 11,
  Identification: 12,
  TimeRemaining: 13,
} as const;

export interface PppFrame {
  readonly protocol: number;
  /** A copy: stays as it is when the receive buffer is used again. */
  readonly body: Uint8Array;
}

export type FrameRefusal = 'frame too short' | 'frame protocol malformed';

/** A frame in any of its forms. A protocol's last octet is odd and its first even (RFC 1661 2): anything else is refused. */
export function parseFrame(b: Uint8Array): PppFrame | FrameRefusal {
  const from = b.length >= 2 && u8(b, 0) === 0xff && u8(b, 1) === 0x03 ? 2 : 0;
  if (b.length <= from) return 'frame too short';
  const first = u8(b, from);
  if ((first & 1) === 1) return { protocol: first, body: b.slice(from + 1) };
  if (b.length < from + 2) return 'frame too short';
  const protocol = u16(b, from);
  if ((protocol & 1) === 0) return 'frame protocol malformed';
  return { protocol, body: b.slice(from + 2) };
}

/** A frame in full form without address and control: what a PppLower takes. */
export function encodeFrame(protocol: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length + 2);
  put16(out, 0, protocol);
  out.set(body, 2);
  return out;
}

export interface ControlPacket {
  readonly code: number;
  readonly identifier: number;
  readonly data: Uint8Array;
}

export type PacketRefusal = 'packet too short' | 'packet length wrong';

/** A control packet; octets past its length field are padding and left out. */
export function parsePacket(body: Uint8Array): ControlPacket | PacketRefusal {
  if (body.length < 4) return 'packet too short';
  const length = u16(body, 2);
  if (length < 4 || length > body.length) return 'packet length wrong';
  return { code: u8(body, 0), identifier: u8(body, 1), data: body.subarray(4, length) };
}

/** The octets of a control packet. Data beyond 65531 octets cannot be said in the length field and is cut. */
export function encodePacket(code: number, identifier: number, data: Uint8Array): Uint8Array {
  const kept = data.length > 65531 ? data.subarray(0, 65531) : data;
  const out = new Uint8Array(4 + kept.length);
  out[0] = code;
  out[1] = identifier;
  put16(out, 2, out.length);
  out.set(kept, 4);
  return out;
}
