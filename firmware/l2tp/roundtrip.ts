// The round trip of control messages, estimated as Jacobson does for TCP (RFC 6298 2), and the time-out that follows from it.

import type { Millis } from '../bytes/time.ts';

export class RoundTrip {
  #smoothed: Millis | undefined;
  #variance: Millis = 0;

  /** Takes in the time between a message sent once and its acknowledgement (Karn: never of one sent again). */
  measure(sample: Millis): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = sample;
      this.#variance = sample / 2;
      return;
    }
    this.#variance += (Math.abs(sample - this.#smoothed) - this.#variance) / 4;
    this.#smoothed += (sample - this.#smoothed) / 8;
  }

  /** 0 before the first measurement. */
  get smoothed(): Millis {
    return this.#smoothed ?? 0;
  }

  /** Smoothed round trip and four deviations; 0 before the first measurement. */
  get timeout(): Millis {
    return this.smoothed + 4 * this.#variance;
  }
}
