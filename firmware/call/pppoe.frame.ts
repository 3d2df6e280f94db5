// PPPoE discovery frames (RFC 2516 4, 5 and appendix A; RFC 4638 2), read and written whole, from the destination address on.
//
//   0..5 destination   6..11 source   12..13 Ethertype 0x8863   14 version 1, type 1   15 code   16..17 session   18..19 length of what follows
//   then tags: 0..1 type   2..3 length of the value   4.. value. Octets past the length are Ethernet's padding.

import { put16, u16, u8 } from '../bytes/integers.ts';
import { utf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';

export const ETHERTYPE = { discovery: 0x8863, session: 0x8864 } as const;
/** Code field (RFC 2516 appendix A). */
export const CODES = { PADI: 0x09, PADO: 0x07, PADR: 0x19, PADS: 0x65, PADT: 0xa7 } as const;
export const TAGS = {
  endOfList: 0x0000,
  serviceName: 0x0101,
  acName: 0x0102,
  hostUniq: 0x0103,
  acCookie: 0x0104,
  vendorSpecific: 0x0105,
  relaySessionId: 0x0110,
  pppMaxPayload: 0x0120,
  serviceNameError: 0x0201,
  acSystemError: 0x0202,
  genericError: 0x0203,
} as const;

export type Code = keyof typeof CODES;
export const BROADCAST: Uint8Array = new Uint8Array(6).fill(0xff);
/** What PPPoE leaves of an Ethernet frame for a PPP frame's information field (RFC 2516 7). */
export const MAX_PAYLOAD = 1492;
/** PPPoE header and PPP protocol field. */
export const OVERHEAD = 8;

const HEADER = 20;
const VERSION_TYPE = 0x11;
/** Tags of one frame: with its header no more than an Ethernet frame of 1500 octets holds. */
const MOST_TAGS = 1494;
const BY_CODE = new Map<number, Code>([
  [CODES.PADI, 'PADI'], [CODES.PADO, 'PADO'], [CODES.PADR, 'PADR'], [CODES.PADS, 'PADS'], [CODES.PADT, 'PADT'],
]);

export interface Tag {
  readonly type: number;
  /** A view into the frame it was read from. */
  readonly value: Uint8Array;
}

export interface Discovery {
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  readonly code: Code;
  readonly session: number;
  readonly tags: readonly Tag[];
}

/** Why a frame is no PPPoE discovery packet. Each is a counter of SHOW PPP PPPOE. */
export const REFUSALS = [
  /** Less than a header. */
  'short',
  /** Another Ethertype. */
  'ethertype',
  /** Not version 1, type 1. */
  'version',
  'code',
  /** More octets announced than came. */
  'length',
  /** Sent by nobody, or by a group. */
  'source',
  /** A session number where none may stand, or none where one must. */
  'session',
  /** A tag that goes past the end. */
  'tag',
  /** Not exactly one Service-Name in a PADI or PADR, none in a PADO. */
  'service name',
  /** Not exactly one AC-Name in a PADO. */
  'AC name',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** The packet of an Ethernet frame, or why it is none. */
export function readDiscovery(b: Uint8Array): Discovery | Refusal {
  if (b.length < HEADER) return 'short';
  if (u16(b, 12) !== ETHERTYPE.discovery) return 'ethertype';
  if (u8(b, 14) !== VERSION_TYPE) return 'version';
  const code = BY_CODE.get(u8(b, 15));
  if (code === undefined) return 'code';
  const end = HEADER + u16(b, 18);
  if (end > b.length) return 'length';
  const source = b.subarray(6, 12);
  if (isGroup(source) || source.every((octet) => octet === 0)) return 'source';
  const session = u16(b, 16);
  if (code === 'PADT' ? session === 0 : code !== 'PADS' && session !== 0) return 'session';
  const tags = readTags(b, HEADER, end);
  // A PADT needs no tags (RFC 2516 5.5): it ends the session whatever stands behind its header.
  if (tags === undefined && code !== 'PADT') return 'tag';
  const packet: Discovery = { destination: b.subarray(0, 6), source, code, session, tags: tags ?? [] };
  return wrongTags(packet) ?? packet;
}

function readTags(b: Uint8Array, from: number, end: number): Tag[] | undefined {
  const tags: Tag[] = [];
  let at = from;
  while (at < end) {
    if (end - at < 4) return undefined;
    const type = u16(b, at);
    if (type === TAGS.endOfList) break;
    const next = at + 4 + u16(b, at + 2);
    if (next > end) return undefined;
    tags.push({ type, value: b.subarray(at + 4, next) });
    at = next;
  }
  return tags;
}

function wrongTags({ code, tags }: Discovery): Refusal | undefined {
  const count = (type: number): number => tags.reduce((sum, tag) => sum + (tag.type === type ? 1 : 0), 0);
  switch (code) {
    case 'PADI':
    case 'PADR':
      return count(TAGS.serviceName) === 1 ? undefined : 'service name';
    case 'PADO':
      if (count(TAGS.serviceName) === 0) return 'service name';
      return count(TAGS.acName) === 1 ? undefined : 'AC name';
    default:
      return undefined;
  }
}

/** The frame of a packet; undefined where its tags do not fit in an Ethernet frame. */
export function writeDiscovery({ destination, source, code, session, tags }: Discovery): Uint8Array | undefined {
  const size = tags.reduce((sum, { value }) => sum + 4 + value.length, 0);
  if (size > MOST_TAGS) return undefined;
  const out = new Writer(HEADER + size).bytes(destination).bytes(source).u16(ETHERTYPE.discovery).u8(VERSION_TYPE).u8(CODES[code]).u16(session).u16(size);
  for (const { type, value } of tags) out.u16(type).u16(value.length).bytes(value);
  return out.finish();
}

/** The value of the first tag of a type. */
export const tagOf = (packet: Discovery, type: number): Uint8Array | undefined => packet.tags.find((tag) => tag.type === type)?.value;

export const textTag = (type: number, text: string): Tag => ({ type, value: utf8(text) });

export function numberTag(type: number, value: number): Tag {
  const octets = new Uint8Array(2);
  put16(octets, 0, value);
  return { type, value: octets };
}

/** PPP-Max-Payload (RFC 4638 2): undefined where there is none, or none that means anything. */
export function maxPayloadOf(packet: Discovery): number | undefined {
  const value = tagOf(packet, TAGS.pppMaxPayload);
  return value === undefined || value.length !== 2 ? undefined : u16(value, 0);
}

/** Broadcast or multicast. */
export const isGroup = (address: Uint8Array): boolean => ((address[0] ?? 0) & 1) === 1;

/** An Ethernet address as the manual writes it: 00-00-f4-90-19-9f. */
export const formatMac = (address: Uint8Array): string => [...address].map((octet) => octet.toString(16).padStart(2, '0')).join('-');
