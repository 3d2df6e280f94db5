// AC-Cookies (RFC 2516 appendix A): a peer shows that it can receive at the address it sends from before anything is kept for it.
// Nothing is remembered of cookies given out: they are recomputed.

import { equalBytes } from '../bytes/integers.ts';
import { utf8 } from '../bytes/text.ts';
import type { Millis } from '../bytes/time.ts';
import type { Crypto, Random } from '../hal/clock.ts';
import { COOKIE_SPAN } from './pppoe.limits.ts';

const SECRET = 32;
/** Block of SHA-256 (RFC 2104 2). */
const BLOCK = 64;
/** Octets of a cookie. */
const SIZE = 16;

/** HMAC-SHA-256 (RFC 2104) under a key of at most one block. */
export function hmac(crypto: Crypto, key: Uint8Array, data: Uint8Array): Uint8Array {
  const inner = new Uint8Array(BLOCK + data.length).fill(0x36, 0, BLOCK);
  const outer = new Uint8Array(BLOCK + 32).fill(0x5c, 0, BLOCK);
  for (const [i, octet] of key.entries()) {
    inner[i] = 0x36 ^ octet;
    outer[i] = 0x5c ^ octet;
  }
  inner.set(data, BLOCK);
  outer.set(crypto.sha256(inner), BLOCK);
  return crypto.sha256(outer);
}

export class Cookies {
  readonly #crypto: Crypto;
  readonly #random: Random;
  #present: Uint8Array;
  #former: Uint8Array;
  #until: Millis;

  constructor(crypto: Crypto, random: Random, now: Millis) {
    this.#crypto = crypto;
    this.#random = random;
    this.#present = random.bytes(SECRET);
    this.#former = random.bytes(SECRET);
    this.#until = now + COOKIE_SPAN;
  }

  /** The cookie of a peer on a port. It does not hold the service: a host may choose another of those offered (RFC 2516 5.3). */
  of(port: string, peer: Uint8Array, now: Millis): Uint8Array {
    this.#rotate(now);
    return this.#compute(this.#present, port, peer);
  }

  /** Whether a cookie was given to this peer on this port not long ago. */
  holds(cookie: Uint8Array | undefined, port: string, peer: Uint8Array, now: Millis): boolean {
    if (cookie === undefined || cookie.length !== SIZE) return false;
    this.#rotate(now);
    return equalBytes(cookie, this.#compute(this.#present, port, peer)) || equalBytes(cookie, this.#compute(this.#former, port, peer));
  }

  #compute(secret: Uint8Array, port: string, peer: Uint8Array): Uint8Array {
    const name = utf8(port);
    const data = new Uint8Array(peer.length + name.length);
    data.set(peer);
    data.set(name, peer.length);
    return hmac(this.#crypto, secret, data).subarray(0, SIZE);
  }

  #rotate(now: Millis): void {
    while (now >= this.#until) {
      // Nobody asked for so long that both are too old.
      if (now >= this.#until + COOKIE_SPAN) {
        this.#present = this.#random.bytes(SECRET);
        this.#until = now;
      }
      this.#former = this.#present;
      this.#present = this.#random.bytes(SECRET);
      this.#until += COOKIE_SPAN;
    }
  }
}
