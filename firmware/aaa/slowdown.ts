// How long a source that failed to authenticate has to wait for its next verdict: the longer, the more often it failed in short time.

import type { Millis } from '../bytes/time.ts';

/** Own limits: an honest typing error costs nothing, a guesser gets fewer than four tries a minute. */
const LIMITS = {
  /** Failures that cost nothing. */
  free: 2,
  first: 1000,
  longest: 16_000,
  /** Without a failure for so long a source starts afresh. */
  window: 300_000,
  /** Sources remembered; the one that failed longest ago is forgotten first. */
  sources: 4096,
} as const;

interface Failures {
  count: number;
  last: Millis;
}

/** Failed authentications by source: a peer's address, a calling number, a call port. */
export class Slowdown {
  /** Oldest failure first. */
  readonly #sources = new Map<string, Failures>();

  /** Sources that are remembered. */
  get size(): number {
    return this.#sources.size;
  }

  /** How long the next verdict for `source` is to be held back: 0, or 1 s doubling to 16 s from the third failure on. */
  delay(source: string, now: Millis): Millis {
    const failures = this.#recent(source, now);
    if (failures === undefined || failures.count <= LIMITS.free) return 0;
    // Past the longest the exponent would grow without end.
    return Math.min(LIMITS.longest, LIMITS.first * 2 ** Math.min(10, failures.count - LIMITS.free - 1));
  }

  failed(source: string, now: Millis): void {
    const count = (this.#recent(source, now)?.count ?? 0) + 1;
    this.#sources.delete(source);
    this.#sources.set(source, { count, last: now });
    if (this.#sources.size <= LIMITS.sources) return;
    const oldest = this.#sources.keys().next();
    if (oldest.done !== true) this.#sources.delete(oldest.value);
  }

  succeeded(source: string, _now: Millis): void {
    this.#sources.delete(source);
  }

  #recent(source: string, now: Millis): Failures | undefined {
    const failures = this.#sources.get(source);
    return failures !== undefined && now - failures.last < LIMITS.window ? failures : undefined;
  }
}
