// How the password of a user is kept: in clear where PPP needs it (CHAP, RFC 1994), else as a salted digest that the
// configuration writer prints with a mark, so that a script tells it from a clear password.

import { equalBytes, put32 } from '../bytes/integers.ts';
import { fromHex, hex } from '../bytes/hex.ts';
import { Secret } from '../bytes/secret.ts';
import { utf8 } from '../bytes/text.ts';
import type { Crypto, Random } from '../hal/clock.ts';

/** What stands before salt and digest in a script. Salt and digest are hex digits, so a password of 1..32 characters is never taken for one. */
const MARK = '$at$';
const SALT_OCTETS = 8;
const DIGEST_OCTETS = 16;
const DIGEST = /^\$at\$[0-9a-f]{48}$/;

/** Rounds of PBKDF2 (RFC 8018 5.2): a check takes a few milliseconds on a small board, a guesser's each try as long. */
const ROUNDS = 1000;

/** A password by its digest alone. */
export interface Digest {
  readonly kind: 'digest';
  readonly salt: Uint8Array;
  readonly digest: Uint8Array;
}

/** A password that can be read back. */
export interface Clear {
  readonly kind: 'clear';
  readonly secret: Secret;
}

export type StoredPassword = Digest | Clear;

/** True for the text form of a digest, as the configuration writer prints it. */
export const isDigest = (text: string): boolean => DIGEST.test(text);

/** The digest in its text form; undefined for any other text. */
export function parseDigest(text: string): Digest | undefined {
  if (!isDigest(text)) return undefined;
  const octets = fromHex(text.slice(MARK.length));
  if (octets === undefined) return undefined;
  return { kind: 'digest', salt: octets.slice(0, SALT_OCTETS), digest: octets.slice(SALT_OCTETS) };
}

/** What stands after PASSWORD= in a script. */
export const printPassword = (p: StoredPassword): string => (p.kind === 'clear' ? p.secret.reveal() : MARK + hex(p.salt) + hex(p.digest));

/** Digests a clear password under a fresh salt. */
export function digestOf(password: string, parts: { readonly crypto: Crypto; readonly random: Random }): Digest {
  const salt = parts.random.bytes(SALT_OCTETS);
  return { kind: 'digest', salt, digest: derive(utf8(password), salt, parts.crypto) };
}

/** True where `password` is the stored one; the time taken does not depend on where they differ. */
export function verifyPassword(stored: StoredPassword, password: string, crypto: Crypto): boolean {
  if (stored.kind === 'clear') return stored.secret.matches(password);
  return equalBytes(stored.digest, derive(utf8(password), stored.salt, crypto));
}

const BLOCK = 64;

/** PBKDF2 with HMAC-SHA-256 (RFC 8018 5.2, RFC 2104), the first DIGEST_OCTETS octets of its first block. */
function derive(password: Uint8Array, salt: Uint8Array, crypto: Crypto): Uint8Array {
  const key = new Uint8Array(BLOCK);
  key.set(password.length > BLOCK ? crypto.sha256(password) : password);
  const inner = new Uint8Array(BLOCK + 32);
  const outer = new Uint8Array(BLOCK + 32);
  for (let i = 0; i < BLOCK; i++) {
    inner[i] = (key[i] ?? 0) ^ 0x36;
    outer[i] = (key[i] ?? 0) ^ 0x5c;
  }
  const first = new Uint8Array(BLOCK + salt.length + 4);
  first.set(inner.subarray(0, BLOCK));
  first.set(salt, BLOCK);
  put32(first, BLOCK + salt.length, 1);
  outer.set(crypto.sha256(first), BLOCK);
  let u = crypto.sha256(outer);
  const out = u.slice();
  for (let round = 1; round < ROUNDS; round++) {
    inner.set(u, BLOCK);
    outer.set(crypto.sha256(inner), BLOCK);
    u = crypto.sha256(outer);
    for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) ^ (u[i] ?? 0);
  }
  return out.slice(0, DIGEST_OCTETS);
}
