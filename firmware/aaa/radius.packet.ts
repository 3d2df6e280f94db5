// RADIUS packets (RFC 2865 3) and what makes them believable: Request and Response Authenticator (RFC 2865 3, RFC 2866 3, RFC 5176 2.3)
// and Message-Authenticator (RFC 2869 5.14), which has to come first and be there, since MD5 alone can be forged (CVE-2024-3596).
//   0 Code  1 Identifier  2 Length  4 Authenticator (16)  20 Attributes: Type, Length (with these two), Value

import { equalBytes, u16, u8 } from '../bytes/integers.ts';
import type { Secret } from '../bytes/secret.ts';
import { Writer } from '../bytes/writer.ts';
import type { Crypto } from '../hal/clock.ts';
import { ATTRIBUTE, type Attribute } from './radius.attribute.ts';

export const CODE = {
  'Access-Request': 1,
  'Access-Accept': 2,
  'Access-Reject': 3,
  'Accounting-Request': 4,
  'Accounting-Response': 5,
  'Access-Challenge': 11,
  'Disconnect-Request': 40,
  'Disconnect-ACK': 41,
  'Disconnect-NAK': 42,
  'CoA-Request': 43,
  'CoA-ACK': 44,
  'CoA-NAK': 45,
} as const;

export const HEADER_OCTETS = 20;
const LONGEST_PACKET = 4096;
const AUTHENTICATOR = { at: 4, length: 16 } as const;

export interface Packet {
  readonly code: number;
  readonly id: number;
  /** 16 octets. */
  readonly authenticator: Uint8Array;
  readonly attributes: readonly Attribute[];
  /** The packet as it came, without what follows its Length. */
  readonly octets: Uint8Array;
}

/** Why octets are no RADIUS packet. */
export type Malformed = 'shorter than a header' | 'length field does not fit' | 'attribute length does not fit';

/** Reads a packet; the result shares `data`. What follows Length is padding (RFC 2865 3). */
export function parsePacket(data: Uint8Array): Packet | Malformed {
  if (data.length < HEADER_OCTETS) return 'shorter than a header';
  const length = u16(data, 2);
  if (length < HEADER_OCTETS || length > LONGEST_PACKET || length > data.length) return 'length field does not fit';
  const attributes: Attribute[] = [];
  for (let at = HEADER_OCTETS; at < length; ) {
    const size = at + 2 > length ? 0 : u8(data, at + 1);
    if (size < 2 || at + size > length) return 'attribute length does not fit';
    attributes.push({ type: u8(data, at), value: data.subarray(at + 2, at + size) });
    at += size;
  }
  return { code: u8(data, 0), id: u8(data, 1), authenticator: data.subarray(AUTHENTICATOR.at, HEADER_OCTETS), attributes, octets: data.subarray(0, length) };
}

/** What proves packets between two ends. */
export interface Trust {
  readonly secret: Secret;
  readonly crypto: Crypto;
}

export interface Draft {
  readonly code: number;
  readonly id: number;
  readonly attributes: readonly Attribute[];
}

/** An Access-Request with Message-Authenticator as its first attribute. `authenticator`: 16 unpredictable octets. */
export const encodeAccessRequest = (draft: Draft, authenticator: Uint8Array, trust: Trust): Uint8Array =>
  signed(layout(draft, authenticator, 'with Message-Authenticator'), authenticator, trust);

/** A request whose authenticator is a digest of itself: Accounting-Request (RFC 2866 3), Disconnect- and CoA-Request (RFC 5176 2.3). */
export function encodeDigestRequest(draft: Draft, trust: Trust): Uint8Array {
  const packet = layout(draft, new Uint8Array(AUTHENTICATOR.length), 'plain');
  packet.set(digest(trust, packet), AUTHENTICATOR.at);
  return packet;
}

/** An answer to a request with this authenticator. */
export function encodeReply(draft: Draft, request: Uint8Array, trust: Trust, form: 'with Message-Authenticator' | 'plain'): Uint8Array {
  const packet = layout(draft, request, form);
  if (form !== 'plain') signed(packet, request, trust);
  packet.set(digest(trust, packet), AUTHENTICATOR.at);
  return packet;
}

/** Whether a reply answers the request with `authenticator` and comes from who knows the secret (RFC 2865 3). */
export function replyIsTrue(reply: Packet, authenticator: Uint8Array, trust: Trust): boolean {
  const packet = reply.octets.slice();
  packet.set(authenticator, AUTHENTICATOR.at);
  return equalBytes(digest(trust, packet), reply.authenticator);
}

/** Whether the authenticator of an Accounting-, Disconnect- or CoA-Request is the digest it has to be. */
export const requestIsTrue = (request: Packet, trust: Trust): boolean => replyIsTrue(request, new Uint8Array(AUTHENTICATOR.length), trust);

/**
 * Looks at the Message-Authenticator of a packet. `authenticator` is the one of the request (for an answer), 16 zeros for a
 * Disconnect- or CoA-Request.
 */
export function checkMessageAuthenticator(packet: Packet, authenticator: Uint8Array, trust: Trust): 'right' | 'wrong' | 'missing' {
  const copy = packet.octets.slice();
  copy.set(authenticator, AUTHENTICATOR.at);
  let found: Uint8Array | undefined;
  let at = HEADER_OCTETS;
  for (const { type, value } of packet.attributes) {
    if (type === ATTRIBUTE['Message-Authenticator']) {
      // Two of them leave open which one counts.
      if (found !== undefined || value.length !== AUTHENTICATOR.length) return 'wrong';
      found = value;
      copy.fill(0, at + 2, at + 2 + AUTHENTICATOR.length);
    }
    at += 2 + value.length;
  }
  if (found === undefined) return 'missing';
  return equalBytes(hmac(trust, copy), found) ? 'right' : 'wrong';
}

function layout({ code, id, attributes }: Draft, authenticator: Uint8Array, form: 'with Message-Authenticator' | 'plain'): Uint8Array {
  const out = new Writer(256).u8(code).u8(id).u16(0).bytes(authenticator);
  if (form !== 'plain') out.u8(ATTRIBUTE['Message-Authenticator']).u8(2 + AUTHENTICATOR.length).zeros(AUTHENTICATOR.length);
  for (const { type, value } of attributes) out.u8(type).u8(2 + value.length).bytes(value);
  return out.patch16(2, out.length).finish();
}

/** Fills in the Message-Authenticator, the first attribute, as it is reckoned with `authenticator` in the header. */
function signed(packet: Uint8Array, authenticator: Uint8Array, trust: Trust): Uint8Array {
  packet.set(authenticator, AUTHENTICATOR.at);
  packet.set(hmac(trust, packet), HEADER_OCTETS + 2);
  return packet;
}

function digest({ secret, crypto }: Trust, packet: Uint8Array): Uint8Array {
  return crypto.md5(join(packet, secret.octets()));
}

const BLOCK = 64;

/** HMAC-MD5 (RFC 2104). */
export function hmac({ secret, crypto }: Trust, message: Uint8Array): Uint8Array {
  const given = secret.octets();
  const key = given.length > BLOCK ? crypto.md5(given) : given;
  return crypto.md5(join(pad(key, 0x5c), crypto.md5(join(pad(key, 0x36), message))));
}

function pad(key: Uint8Array, filler: number): Uint8Array {
  const block = new Uint8Array(BLOCK).fill(filler);
  for (let i = 0; i < key.length; i++) block[i] = u8(key, i) ^ filler;
  return block;
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
