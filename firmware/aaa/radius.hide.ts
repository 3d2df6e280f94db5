// Passwords inside RADIUS attributes: User-Password (RFC 2865 5.2) and Tunnel-Password with its salt (RFC 2868 3.5), both a chain of MD5.

import { u8 } from '../bytes/integers.ts';
import { join, type Trust } from './radius.packet.ts';

const BLOCK = 16;
/** Longest User-Password, octets. */
export const LONGEST_PASSWORD = 128;
const SALT_OCTETS = 2;
/** First octets above this are no tag (RFC 2868 3.1). */
export const LAST_TAG = 0x1f;

/** User-Password: 16 octets for each 16 or part of them; at most 128 octets of `password` count. */
export function hidePassword(password: Uint8Array, authenticator: Uint8Array, trust: Trust): Uint8Array {
  const clear = new Uint8Array(Math.max(BLOCK, Math.ceil(Math.min(password.length, LONGEST_PASSWORD) / BLOCK) * BLOCK));
  clear.set(password.subarray(0, LONGEST_PASSWORD));
  return chain(clear, authenticator, trust, 'hide');
}

/** What `hidePassword` hid, without its padding; undefined where the size is none it can have. */
export function unhidePassword(hidden: Uint8Array, authenticator: Uint8Array, trust: Trust): Uint8Array | undefined {
  if (hidden.length === 0 || hidden.length % BLOCK !== 0 || hidden.length > LONGEST_PASSWORD) return undefined;
  const clear = chain(hidden, authenticator, trust, 'unhide');
  let end = clear.length;
  while (end > 0 && clear[end - 1] === 0) end--;
  return clear.subarray(0, end);
}

/** The value of a Tunnel-Password: tag, salt (two octets, the first with its highest bit set), hidden length and password. */
export function hideTunnelPassword(password: Uint8Array, mask: { readonly tag: number; readonly salt: Uint8Array; readonly authenticator: Uint8Array }, trust: Trust): Uint8Array {
  const clear = new Uint8Array(Math.ceil((1 + password.length) / BLOCK) * BLOCK);
  clear[0] = password.length;
  clear.set(password, 1);
  return join(Uint8Array.of(mask.tag), mask.salt, chain(clear, join(mask.authenticator, mask.salt), trust, 'hide'));
}

/** Tag and password of a Tunnel-Password; undefined where its size is none it can have, or the hidden length is a lie (wrong secret). */
export function unhideTunnelPassword(value: Uint8Array, authenticator: Uint8Array, trust: Trust): { readonly tag: number; readonly password: Uint8Array } | undefined {
  const tagged = value.length > 0 && u8(value, 0) <= LAST_TAG ? 1 : 0;
  const body = value.subarray(tagged);
  const hidden = body.length - SALT_OCTETS;
  if (hidden < BLOCK || hidden % BLOCK !== 0) return undefined;
  const clear = chain(body.subarray(SALT_OCTETS), join(authenticator, body.subarray(0, SALT_OCTETS)), trust, 'unhide');
  const length = u8(clear, 0);
  if (1 + length > clear.length) return undefined;
  return { tag: tagged === 1 ? u8(value, 0) : 0, password: clear.slice(1, 1 + length) };
}

/** c1 = p1 xor MD5(secret + start), cN = pN xor MD5(secret + cN-1); backwards the same with the parts of the hidden text. */
function chain(input: Uint8Array, start: Uint8Array, { secret, crypto }: Trust, direction: 'hide' | 'unhide'): Uint8Array {
  const key = secret.octets();
  const out = new Uint8Array(input.length);
  let previous = start;
  for (let at = 0; at < input.length; at += BLOCK) {
    const mask = crypto.md5(join(key, previous));
    for (let i = 0; i < BLOCK; i++) out[at + i] = u8(input, at + i) ^ u8(mask, i);
    previous = (direction === 'hide' ? out : input).subarray(at, at + BLOCK);
  }
  return out;
}
