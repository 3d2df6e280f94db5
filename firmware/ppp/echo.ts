// LCP echo as keep-alive (RFC 1661 5.8): asks in regular intervals and gives up after several questions in a row without answer.

import { NEVER, type Millis } from '../bytes/time.ts';

/** Own limit: so many questions in a row without an answer mean that the peer is gone. */
export const MAX_UNANSWERED = 5;

export interface EchoOutput {
  request(now: Millis): void;
  dead(reason: string, now: Millis): void;
}

export class Echo {
  readonly #period: Millis;
  readonly #out: EchoOutput;
  #due: Millis = NEVER;
  #unanswered = 0;

  /** `period` in ms, above 0. */
  constructor(period: Millis, out: EchoOutput) {
    this.#period = period;
    this.#out = out;
  }

  start(now: Millis): void {
    this.#unanswered = 0;
    this.#due = now + this.#period;
  }

  stop(): void {
    this.#due = NEVER;
  }

  /** The peer answered. */
  answered(): void {
    this.#unanswered = 0;
  }

  deadline(): Millis {
    return this.#due;
  }

  tick(now: Millis): void {
    if (now < this.#due) return;
    if (this.#unanswered >= MAX_UNANSWERED) {
      this.#due = NEVER;
      return this.#out.dead(`The peer left ${this.#unanswered} LCP echo requests unanswered.`, now);
    }
    this.#unanswered++;
    this.#due = now + this.#period;
    this.#out.request(now);
  }
}
