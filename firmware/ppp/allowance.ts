// What the user database allows one link: how long it may last and how long it may carry nothing (RFC 2865 5.27, 5.28; changed meanwhile by
// RFC 5176).

import { NEVER, type Millis } from '../bytes/time.ts';
import type { Verdict } from './auth.ts';

/** Seconds; 0 = without end, undefined = as it is. */
export interface SessionLimits {
  readonly sessionTimeout?: number;
  readonly idleTimeout?: number;
}

export class Allowance {
  #since: Millis | undefined;
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

  /** The network phase begins: the time runs from now on. A second verdict (LCP was negotiated anew) never gives more time than the first. */
  grant(verdict: Verdict | undefined, now: Millis): void {
    this.#since ??= now;
    if (verdict?.accepted !== true) return;
    const { sessionTimeout: seconds = 0, idleTimeout: idle = 0 } = verdict;
    this.#idle = idle;
    if (seconds > 0 && now + seconds * 1000 < this.#until) this.#set(seconds, now);
  }

  /** The database changes its mind: less or more time, counted from the start of the session. */
  change({ sessionTimeout, idleTimeout }: SessionLimits, now: Millis): void {
    this.#idle = idleTimeout ?? this.#idle;
    if (sessionTimeout !== undefined) this.#set(sessionTimeout, this.#since ?? now);
  }

  /** The lesser of `own` and what the database allows, seconds without traffic; 0 = without end. */
  idle(own: number): number {
    return own === 0 || this.#idle === 0 ? Math.max(own, this.#idle) : Math.min(own, this.#idle);
  }

  /** The time is over and the link was told: not a second time. */
  spent(): void {
    this.#until = NEVER;
  }

  #set(seconds: number, from: Millis): void {
    this.#seconds = seconds;
    this.#until = seconds === 0 ? NEVER : from + seconds * 1000;
  }
}
