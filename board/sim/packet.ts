// IPv4, UDP and ICMP packets of the simulated network (RFC 791, 768, 792): only what routers and hosts there exchange.

import { checksum } from '../../firmware/bytes/checksum.ts';
import { put16, put32, u16, u32 } from '../../firmware/bytes/integers.ts';
import { toIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';

export const PROTOCOL = { icmp: 1, udp: 17 } as const;

export interface IpHeader {
  readonly source: Ipv4;
  readonly destination: Ipv4;
  readonly protocol: number;
  readonly ttl: number;
}

/** A whole IPv4 packet without options. */
export function ipPacket(header: IpHeader, payload: Uint8Array): Uint8Array {
  const p = new Uint8Array(20 + payload.length);
  p[0] = 0x45;
  put16(p, 2, p.length);
  p[8] = header.ttl;
  p[9] = header.protocol;
  put32(p, 12, header.source);
  put32(p, 16, header.destination);
  put16(p, 10, checksum(p, 0, 20));
  p.set(payload, 20);
  return p;
}

/** The header of a packet, and its payload; undefined where it is no whole IPv4 packet with a correct checksum. */
export function readIp(p: Uint8Array): { header: IpHeader; payload: Uint8Array } | undefined {
  if (p.length < 20 || (p[0] ?? 0) >> 4 !== 4) return undefined;
  const ihl = ((p[0] ?? 0) & 15) * 4;
  const total = u16(p, 2);
  if (ihl < 20 || total < ihl || total > p.length || checksum(p, 0, ihl) !== 0) return undefined;
  return {
    header: { source: toIpv4(u32(p, 12)), destination: toIpv4(u32(p, 16)), protocol: p[9] ?? 0, ttl: p[8] ?? 0 },
    payload: p.subarray(ihl, total),
  };
}

/** The same packet one hop further: TTL one less, checksum fresh. */
export function hop(p: Uint8Array): Uint8Array {
  const out = p.slice();
  out[8] = (out[8] ?? 1) - 1;
  put16(out, 10, 0);
  put16(out, 10, checksum(out, 0, ((out[0] ?? 0) & 15) * 4));
  return out;
}

/** A UDP datagram without checksum (0 = none, RFC 768). */
export function udp(sourcePort: number, destinationPort: number, data: Uint8Array): Uint8Array {
  const d = new Uint8Array(8 + data.length);
  put16(d, 0, sourcePort);
  put16(d, 2, destinationPort);
  put16(d, 4, d.length);
  d.set(data, 8);
  return d;
}

/** A whole ICMP message with checksum; `rest` follows the first four octets. */
export function icmp(type: number, code: number, rest: Uint8Array): Uint8Array {
  const m = new Uint8Array(4 + rest.length);
  m[0] = type;
  m[1] = code;
  m.set(rest, 4);
  put16(m, 2, checksum(m));
  return m;
}
