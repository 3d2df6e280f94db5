// How many answers an Ethernet address may have in a second, in memory that no flood of addresses makes grow.

import type { Millis } from '../bytes/time.ts';

const WINDOW = 1000;

/** Addresses share buckets, by a salt that nobody outside knows: whoever sends much slows down himself, and a few others by chance. */
export class Throttle {
  readonly #buckets: Uint32Array;
  readonly #salt: Uint8Array;
  readonly #most: number;
  #until: Millis = 0;

  /** `salt` = unpredictable octets, at least as many as a key has. */
  constructor({ buckets, most, salt }: { readonly buckets: number; readonly most: number; readonly salt: Uint8Array }) {
    this.#buckets = new Uint32Array(buckets);
    this.#most = most;
    this.#salt = salt;
  }

  /** Counts one more of `key`; false where it has had its share of this second. */
  take(key: Uint8Array, now: Millis): boolean {
    if (now >= this.#until) {
      this.#buckets.fill(0);
      this.#until = now + WINDOW;
    }
    const at = this.#slot(key);
    const count = (this.#buckets[at] ?? 0) + 1;
    this.#buckets[at] = count;
    return count <= this.#most;
  }

  #slot(key: Uint8Array): number {
    let hash = 0x811c9dc5;
    for (const [i, octet] of key.entries()) hash = Math.imul(hash ^ octet ^ ((this.#salt[i] ?? 0) << 8), 0x01000193);
    hash ^= hash >>> 15;
    return (Math.imul(hash, 0x2c1b3c6d) >>> 0) % this.#buckets.length;
  }
}
