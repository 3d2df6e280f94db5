// What the user database allows one link: how long it may last and how long it may carry nothing (RFC 2865 5.27, 5.28).

import { NEVER, type Millis } from '../bytes/time.ts';
import type { Verdict } from './auth.ts';

export class Allowance {
  #until: Millis = NEVER;
  #seconds = 0;
  #idle = 0;

  /** When the link has to end; NEVER = the database does not say. */
  get until(): Millis {
    return this.#until;
  }

  /** How long it may last in all, seconds; 0 = the database does not say. */
  get seconds(): number {
    return this.#seconds;
  }

  /** Why it ends then, one sentence. */
  get reason(): string {
    return `The ${this.#seconds} seconds that the user database allows are over.`;
  }

  /** A verdict: its time runs from now on. A second one (LCP was negotiated anew) never gives more time than the first. */
  grant(verdict: Verdict | undefined, now: Millis): void {
    if (verdict?.accepted !== true) return;
    const { sessionTimeout: seconds = 0, idleTimeout: idle = 0 } = verdict;
    this.#idle = idle;
    const until = seconds > 0 ? now + seconds * 1000 : NEVER;
    if (until >= this.#until) return;
    this.#until = until;
    this.#seconds = seconds;
  }

  /** Other limits for the running link, in place of the former (RFC 5176 CoA); seconds, 0 = without end, absent = as it is. `since`: its start. */
  limit(limits: { readonly sessionTimeout?: number; readonly idleTimeout?: number }, since: Millis): void {
    const { sessionTimeout, idleTimeout } = limits;
    if (idleTimeout !== undefined) this.#idle = idleTimeout;
    if (sessionTimeout === undefined) return;
    this.#seconds = sessionTimeout;
    this.#until = sessionTimeout > 0 ? since + sessionTimeout * 1000 : NEVER;
  }

  /** The lesser of `own` and what the database allows, seconds without traffic; 0 = without end. */
  idle(own: number): number {
    return own === 0 || this.#idle === 0 ? Math.max(own, this.#idle) : Math.min(own, this.#idle);
  }

  /** The time is over and the link was told: not a second time. */
  spent(): void {
    this.#until = NEVER;
  }
}
