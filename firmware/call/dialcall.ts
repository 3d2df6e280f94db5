// A configured call as the dialler sees it, whatever kind it is; and when a call that failed is made again.

import type { Millis } from '../bytes/time.ts';
import type { Ring } from './ring.ts';

export interface DialCall {
  readonly kind: 'ISDN' | 'ACC';
  /** As the operator wrote it: 'rmt'. */
  readonly name: string;
  /** 'ISDN-rmt'. */
  readonly over: string;
  readonly ports: 'isdn' | 'async';
  /** The only port, and the one tried first, in lower case. */
  readonly required: string | undefined;
  readonly preferred: string | undefined;
  readonly enabled: boolean;
  readonly calls: boolean;
  readonly answers: boolean;
  /** Tried in this order. */
  readonly numbers: readonly string[];
  readonly subAddress: string;
  /** Callers get an interface of this PPP template; undefined = the call belongs to an interface of the operator's. */
  readonly template: number | undefined;
  /** Which call stays when both ends call at once. */
  readonly precedence: 'IN' | 'OUT';
  /** Bit/s, where the line does not say. */
  readonly speed: number;
  /** A call that nobody wants any more stays up until it is this old. */
  readonly holdUp: Millis;
  readonly keepUp: boolean;
  readonly retry: RetryTimes;
  /** How well a call that rings belongs to this one; 0 = not at all. */
  fits(ring: Ring): number;
  /** Why it is not answered all the same. */
  objection(ring: Ring): string | undefined;
}

/** RETRYN1 further attempts `t1` apart; then, RETRYN2 times, a pause of `t2` and so many again. */
export interface RetryTimes {
  readonly n1: number;
  readonly n2: number;
  readonly t1: Millis;
  readonly t2: Millis;
}

/** Own choice: between the loss of a call that PPP had opened over and the next. */
const AFTER_LOSS: Millis = 1000;

/** When an interface that wants its call gets the next attempt. */
export class Redial {
  #attempts = 0;
  #groups = 0;
  #beyond = 0;
  #opened = false;

  /** PPP opened over the call: when it is lost it is made again at once. */
  opened(): void {
    this.reset();
    this.#opened = true;
  }

  /** From the beginning: the operator or the interface asks anew. */
  reset(): void {
    this.#opened = false;
    this.#attempts = 0;
    this.#groups = 0;
    this.#beyond = 0;
  }

  /**
   * How long to wait after an attempt that failed. When the retries are used up, the wait doubles from `t1` to `t2` and stays there,
   * own choice: an interface that wants its call is not left down for ever. KEEPUP goes on every `t1`.
   */
  wait({ retry: { n1, n2, t1, t2 }, keepUp }: Pick<DialCall, 'retry' | 'keepUp'>): Millis {
    if (this.#opened) {
      this.#opened = false;
      return AFTER_LOSS;
    }
    if (keepUp) return t1;
    if (this.#attempts < n1) {
      this.#attempts++;
      return t1;
    }
    if (this.#groups < n2) {
      this.#groups++;
      this.#attempts = 0;
      return t2;
    }
    return Math.min(t2, t1 * 2 ** Math.min(this.#beyond++, 10));
  }
}
