// Tunnel authentication (RFC 2661 5.1.1) by a shared secret.

import { equalBytes } from '../bytes/integers.ts';
import type { Secret } from '../bytes/secret.ts';
import type { Crypto } from '../hal/clock.ts';
import { MESSAGES } from './catalog.ts';

/** MD5 over the octets of `parts` one after the other. */
export function digest(crypto: Crypto, ...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return crypto.md5(all);
}

/** The Challenge Response that `message` carries: MD5 of its message type (one octet), the secret and the challenge. 16 octets. */
export function challengeResponse(message: 'SCCRP' | 'SCCCN', secret: Secret, challenge: Uint8Array, crypto: Crypto): Uint8Array {
  return digest(crypto, Uint8Array.of(MESSAGES[message].type), secret.octets(), challenge);
}

/** A challenge that we sent. */
export interface Asked {
  readonly secret: Secret;
  readonly challenge: Uint8Array;
  readonly crypto: Crypto;
}

/** Whether `response`, received in `message`, answers the challenge we sent. Compares in constant time. */
export function responseIsRight(message: 'SCCRP' | 'SCCCN', response: Uint8Array, asked: Asked): boolean {
  return equalBytes(response, challengeResponse(message, asked.secret, asked.challenge, asked.crypto));
}
