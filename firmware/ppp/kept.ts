// The first packets into an on-demand interface, kept until its link is up.

import type { Millis } from '../bytes/time.ts';

/** Own limit: so many packets, and how long. */
const MOST = 4;
const KEEP_TIME: Millis = 30_000;

export class Kept {
  #packets: { readonly packet: Uint8Array; readonly at: Millis }[] = [];

  /** Keeps a copy; further packets than the first few are dropped. */
  add(packet: Uint8Array, now: Millis): void {
    if (this.#packets.length < MOST) this.#packets.push({ packet: packet.slice(), at: now });
  }

  /** Gives out what is not too old, in order, and keeps nothing. */
  take(now: Millis): Uint8Array[] {
    return this.#packets.splice(0).flatMap(({ packet, at }) => (now - at <= KEEP_TIME ? [packet] : []));
  }

  clear(): void {
    this.#packets = [];
  }
}
