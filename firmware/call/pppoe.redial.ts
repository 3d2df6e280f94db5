// When a PPPoE client that lost its session, or got none, tries again: after a capped, jittered interval, for ever.

import { type Millis, NEVER } from '../bytes/time.ts';

// Limits of this router.
/** The first interval; doubles with every failure in a row. */
const LEAST_INTERVAL = 1000;
const MOST_INTERVAL = 60_000;
/** Each interval is spread over this part of itself, so that routers that lost one peer do not all call it at once. */
const JITTER = 0.25;

export class Redial {
  #failures = 0;
  #at: Millis = NEVER;

  /** After a failure: the interval until the next attempt. `chance` = evenly spread in 0..1. */
  failed(chance: number, now: Millis): Millis {
    const interval = Math.min(MOST_INTERVAL, LEAST_INTERVAL * 2 ** this.#failures);
    if (interval < MOST_INTERVAL) this.#failures++;
    const spread = Math.round(interval * (1 - JITTER * chance));
    this.#at = now + spread;
    return spread;
  }

  /** An attempt has begun, or nobody wants one any longer. */
  stop(): void {
    this.#at = NEVER;
  }

  /** PPP opened over the session: the next failure is the first again. */
  worked(): void {
    this.#failures = 0;
  }

  /** When the next attempt is due; NEVER while one runs. */
  deadline(): Millis {
    return this.#at;
  }
}
