// Keeps one configured call up while somebody wants it: calls, calls again after a capped, jittered interval, for ever.
// A machine without clock: `tick` acts on what is due, `deadline` says when to ask again.

import { type Millis, NEVER } from '../bytes/time.ts';
import type { CallReason } from './reason.ts';

// Limits of this router; the manual names none.
/** First redial interval; doubles with every failure in a row. */
const LEAST_INTERVAL = 1000;
const MOST_INTERVAL = 60_000;
/** Each interval is spread over this part of itself, so that routers that lost one peer do not all call it at once. */
const JITTER = 0.25;
/** How often a missing route is looked up again where no event tells of it. */
const ROUTE_INTERVAL = 2000;

export type SupervisorPhase =
  /** Nobody wants the call, or a peer may bring it. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'held' }
  | { readonly kind: 'waiting'; readonly until: Millis }
  | { readonly kind: 'calling' }
  | { readonly kind: 'up' };

export interface SupervisorOutput {
  /** Starts a call: undefined where it is on its way (`up` or `down` follows), else why not. */
  dial(now: Millis): CallReason | undefined;
  /** Evenly spread in 0..1. */
  chance(): number;
  /** The reason changed to something an operator should know. */
  failed(reason: CallReason, again: Millis | undefined): void;
}

export class Supervisor {
  readonly #out: SupervisorOutput;
  #phase: SupervisorPhase = { kind: 'idle' };
  #wanted = false;
  #failures = 0;
  #reason: CallReason | undefined;

  constructor(out: SupervisorOutput) {
    this.#out = out;
  }

  get phase(): SupervisorPhase {
    return this.#phase;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  /** Why the call is not up; undefined where it is up, or where nobody wants it and nothing went wrong. */
  get reason(): CallReason | undefined {
    return this.#phase.kind === 'up' ? undefined : this.#reason;
  }

  /** What the next step waits for, more exactly known now. */
  note(reason: CallReason): void {
    if (this.#phase.kind === 'calling') this.#reason = reason;
  }

  /** An interface or the operator wants the call up. Ends a DEACTIVATE. */
  want(now: Millis): void {
    this.#wanted = true;
    if (this.#phase.kind === 'idle' || this.#phase.kind === 'held') this.#dial(now);
  }

  /** Nobody wants it any longer; the owner ends what is there. */
  unwant(): void {
    this.#wanted = false;
    this.#phase = { kind: 'idle' };
    this.#reason = undefined;
    this.#failures = 0;
  }

  /** DEACTIVATE L2TP CALL: stays down until wanted anew. */
  hold(reason: CallReason): void {
    this.#phase = { kind: 'held' };
    this.#reason = reason;
    this.#failures = 0;
  }

  /** A peer's call is being taken: nothing is dialled meanwhile. */
  answering(reason: CallReason): void {
    this.#phase = { kind: 'calling' };
    this.#reason = reason;
  }

  /** A session of this call is established, whoever made it. */
  up(): void {
    this.#phase = { kind: 'up' };
    this.#reason = undefined;
  }

  /** The ground went away (DISABLE L2TP); `retry` goes on when it is back. */
  stop(reason: CallReason): void {
    if (this.#phase.kind === 'held') return;
    this.#phase = { kind: 'idle' };
    this.#reason = this.#wanted ? reason : undefined;
    this.#failures = 0;
  }

  /** PPP opened over the session: the line works. */
  worked(): void {
    this.#failures = 0;
  }

  /** The attempt failed or the session ended. */
  down(reason: CallReason, now: Millis): void {
    if (this.#phase.kind === 'held') return;
    this.#reason = reason;
    if (!this.#wanted) {
      this.#phase = { kind: 'idle' };
      this.#out.failed(reason, undefined);
      return;
    }
    this.#wait(reason, now);
  }

  /** Something changed that the call may have waited for: a route, a port, the configuration. */
  retry(now: Millis): void {
    if (this.#phase.kind === 'waiting' || (this.#phase.kind === 'idle' && this.#wanted)) this.#dial(now);
  }

  /** Starts over with the least interval: the operator gave the call other values. */
  reset(): void {
    this.#failures = 0;
  }

  tick(now: Millis): void {
    if (this.#phase.kind === 'waiting' && this.#phase.until <= now) this.#dial(now);
  }

  deadline(): Millis {
    return this.#phase.kind === 'waiting' ? this.#phase.until : NEVER;
  }

  #dial(now: Millis): void {
    const last = this.#reason;
    this.#phase = { kind: 'calling' };
    const refusal = this.#out.dial(now);
    if (refusal === undefined) return;
    this.#reason = refusal;
    switch (refusal.kind) {
      case 'passive':
      case 'module disabled':
        // Only an event changes these; asking again by the clock would not.
        this.#phase = { kind: 'idle' };
        if (last?.kind !== refusal.kind) this.#out.failed(refusal, undefined);
        return;
      case 'no route':
      case 'route through itself':
        this.#phase = { kind: 'waiting', until: now + ROUTE_INTERVAL };
        if (last?.kind !== refusal.kind) this.#out.failed(refusal, undefined);
        return;
      default:
        this.#wait(refusal, now);
    }
  }

  #wait(reason: CallReason, now: Millis): void {
    // A call that swallowed its own tunnel would do so again: only another route helps, and that is an event.
    const failures = reason.kind === 'route through itself' ? Number.POSITIVE_INFINITY : this.#failures;
    const interval = Math.min(MOST_INTERVAL, LEAST_INTERVAL * 2 ** failures);
    const spread = Math.round(interval * (1 - JITTER * this.#out.chance()));
    if (interval < MOST_INTERVAL) this.#failures++;
    this.#phase = { kind: 'waiting', until: now + spread };
    this.#out.failed(reason, spread);
  }
}
