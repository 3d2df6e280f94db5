// Hidden AVP values (RFC 2661 4.3): length, value and padding under a chain of MD5 over secret and random vector.

import { put16, u16 } from '../bytes/integers.ts';
import type { Secret } from '../bytes/secret.ts';
import type { Crypto } from '../hal/clock.ts';
import { digest } from './auth.ts';

/** What hides the AVPs of one message. */
export interface Hiding {
  readonly secret: Secret;
  /** The value of the Random Vector AVP that precedes; at least one octet, 16 recommended. */
  readonly vector: Uint8Array;
  readonly crypto: Crypto;
}

const BLOCK = 16;

/** The hidden form of the value of AVP `type`: 2 + value + padding octets. `padding` masks the length; its content should be random. */
export function hide(type: number, value: Uint8Array, hiding: Hiding, padding: Uint8Array = new Uint8Array(0)): Uint8Array {
  const out = new Uint8Array(2 + value.length + padding.length);
  put16(out, 0, value.length);
  out.set(value, 2);
  out.set(padding, 2 + value.length);
  let mask = firstMask(type, hiding);
  for (let at = 0; at < out.length; at += BLOCK) {
    const end = Math.min(at + BLOCK, out.length);
    for (let i = at; i < end; i++) out[i] = (out[i] ?? 0) ^ (mask[i - at] ?? 0);
    if (end < out.length) mask = digest(hiding.crypto, hiding.secret.octets(), out.subarray(at, end));
  }
  return out;
}

/** The value that `cipher` hides; undefined where its inner length does not fit into it (wrong secret, or a lie). */
export function unhide(type: number, cipher: Uint8Array, hiding: Hiding): Uint8Array | undefined {
  if (cipher.length < 2) return undefined;
  const plain = new Uint8Array(cipher.length);
  let mask = firstMask(type, hiding);
  for (let at = 0; at < cipher.length; at += BLOCK) {
    const end = Math.min(at + BLOCK, cipher.length);
    for (let i = at; i < end; i++) plain[i] = (cipher[i] ?? 0) ^ (mask[i - at] ?? 0);
    if (end < cipher.length) mask = digest(hiding.crypto, hiding.secret.octets(), cipher.subarray(at, end));
  }
  const length = u16(plain, 0);
  return length > cipher.length - 2 ? undefined : plain.slice(2, 2 + length);
}

function firstMask(type: number, hiding: Hiding): Uint8Array {
  return digest(hiding.crypto, Uint8Array.of(type >> 8, type & 0xff), hiding.secret.octets(), hiding.vector);
}
