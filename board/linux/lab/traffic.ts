// The content of the lab's traffic: the same seed gives the same octets at both ends, so that what arrives can be checked.

/** `length` octets that repeat nowhere nearby (xorshift32). */
export function pattern(seed: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let x = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x >>> 24;
  }
  return out;
}

/** Where two ranges of octets first differ; -1 where they are equal. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return i;
  return a.length === b.length ? -1 : shorter;
}

/** What a host of the lab is asked to do, one line of JSON each. `to`: the other host's address; `seconds`: the time there is. */
export interface Errand {
  readonly id: number;
  readonly kind: 'ping' | 'silence' | 'tcp' | 'udp' | 'seen';
  readonly to: string;
  readonly seconds: number;
  /** 'seen': the address that the other host has to see. */
  readonly as?: string;
}
/** How it went: undefined where it worked, else why not. */
export interface ErrandResult {
  readonly id: number;
  readonly failure?: string;
}
/** Where every host echoes TCP and UDP. */
export const ECHO_PORT = 7;
/** Where every host tells who connects by what address it sees. */
export const SEEN_PORT = 113;
