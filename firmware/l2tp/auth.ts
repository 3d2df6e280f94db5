// Tunnel authentication (RFC 2661 5.1.1) and the secret it rests on.

import { equalBytes } from '../bytes/integers.ts';
import { utf8 } from '../bytes/text.ts';
import type { Crypto } from '../hal/clock.ts';
import { MESSAGES } from './catalog.ts';

/** A shared secret. It has no text form: neither logs nor JSON can show it by accident. */
export class Secret {
  readonly #octets: Uint8Array;

  constructor(octets: Uint8Array) {
    this.#octets = octets.slice();
  }

  /** The secret of a password as an operator types it. */
  static of(password: string): Secret {
    return new Secret(utf8(password));
  }

  /** The octets, for a digest. */
  get octets(): Uint8Array {
    return this.#octets;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }
}

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
  return digest(crypto, Uint8Array.of(MESSAGES[message].type), secret.octets, challenge);
}

/** Whether `response`, received in `message`, answers the challenge we sent. Compares in constant time. */
export function responseIsRight(message: 'SCCRP' | 'SCCCN', response: Uint8Array, asked: { readonly secret: Secret; readonly challenge: Uint8Array; readonly crypto: Crypto }): boolean {
  return equalBytes(response, challengeResponse(message, asked.secret, asked.challenge, asked.crypto));
}
