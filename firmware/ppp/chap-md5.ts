// The MD5 response of CHAP (RFC 1994 4.1).

import type { Crypto } from '../hal/clock.ts';

/** MD5 over identifier, secret and challenge. */
export function chapResponse(crypto: Crypto, identifier: number, secret: Uint8Array, challenge: Uint8Array): Uint8Array {
  const text = new Uint8Array(1 + secret.length + challenge.length);
  text[0] = identifier;
  text.set(secret, 1);
  text.set(challenge, 1 + secret.length);
  return crypto.md5(text);
}
