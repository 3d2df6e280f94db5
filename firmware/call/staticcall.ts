// The call under one static PPP interface (CREATE PPP OVER=ISDN-name or ACC-name): made while the interface wants it, again after a loss,
// answered when the far end calls; held for HOLDUP seconds when nobody wants it any more.

import type { Alarm, Millis } from '../bytes/time.ts';
import type { Clock } from '../hal/clock.ts';
import { type DialCall, Redial } from './dialcall.ts';
import type { Line, LineUse } from './line.ts';
import type { CallLink, CallOwner } from './link.ts';

export interface StaticParts {
  readonly clock: Clock;
  readonly owner: CallOwner;
  /** The settings as they are now; undefined = deleted. */
  call(): DialCall | undefined;
  /** Dials on a line that is free; a text says why on none. */
  dial(call: DialCall, number: string, use: LineUse, now: Millis): Line | string;
  log(severity: 3 | 4, text: string): void;
  up(call: DialCall, link: CallLink): void;
}

type State =
  | { readonly kind: 'down' }
  /** Waits for a line to be free, or for the alarm. */
  | { readonly kind: 'waiting'; readonly why: string; readonly alarm: Alarm | undefined }
  | { readonly kind: 'dialling'; readonly line: Line; readonly number: number }
  | { readonly kind: 'answering'; readonly line: Line }
  | { readonly kind: 'up'; readonly line: Line; readonly link: CallLink; readonly since: Millis; readonly speed: number }
  /** Up, but the interface has let it go. */
  | { readonly kind: 'held'; readonly line: Line; readonly link: CallLink; readonly since: Millis; readonly speed: number; readonly alarm: Alarm };

const DOWN: State = { kind: 'down' };

export class StaticCall {
  /** The layer, as it was first named. */
  readonly over: string;
  readonly #parts: StaticParts;
  readonly #redial = new Redial();
  #state: State = DOWN;
  #wanted = false;
  /** The operator ended it: it stays down until he wants it again. */
  #paused = false;

  constructor(over: string, parts: StaticParts) {
    this.over = over;
    this.#parts = parts;
  }

  /** Bit/s while it is up. */
  get speed(): number | undefined {
    return this.#state.kind === 'up' || this.#state.kind === 'held' ? this.#state.speed : undefined;
  }

  want(now: Millis): void {
    this.#wanted = true;
    const state = this.#state;
    if (state.kind === 'held') {
      state.alarm.cancel();
      this.#state = { kind: 'up', line: state.line, link: state.link, since: state.since, speed: state.speed };
      return this.#parts.owner.linkUp(this.over, state.link, now);
    }
    if (state.kind === 'down') this.#attempt(0, now);
  }

  unwant(reason: string, now: Millis): void {
    this.#wanted = false;
    this.#redial.reset();
    const state = this.#state;
    switch (state.kind) {
      case 'down':
      case 'held':
        return;
      case 'waiting':
        state.alarm?.cancel();
        this.#state = DOWN;
        return;
      case 'dialling':
      case 'answering':
        this.#state = DOWN;
        return state.line.hangUp(reason, now);
      case 'up': {
        const until = state.since + (this.#parts.call()?.holdUp ?? 0);
        if (until <= now) {
          this.#state = DOWN;
          state.line.hangUp(reason, now);
        } else this.#hold(state, until);
        return this.#parts.owner.linkDown(this.over, reason, now);
      }
    }
  }

  waiting(now: Millis): string | undefined {
    const call = this.#parts.call();
    const state = this.#state;
    switch (state.kind) {
      case 'up':
      case 'held':
        return undefined;
      case 'dialling':
        return `${this.over} is being called`;
      case 'answering':
        return `${this.over} is being answered`;
      case 'waiting':
        return state.alarm === undefined ? state.why : `${state.why}; next attempt in ${Math.max(0, Math.ceil((state.alarm.at - now) / 1000))} s`;
      case 'down':
        if (!this.#wanted || call === undefined) return undefined;
        if (this.#paused) return `the operator ended ${this.over} (ACTIVATE ${call.kind} CALL=${call.name})`;
        if (!call.enabled) return `${this.over} is disabled (ENABLE ISDN CALL=${call.name})`;
        return call.calls ? undefined : `${this.over} waits to be called`;
    }
  }

  /** Makes the call now, as the operator wishes; whether or not the interface wants it. */
  activate(now: Millis): void {
    this.#paused = false;
    this.#redial.reset();
    this.retry(now);
    if (this.#state.kind === 'down') this.#attempt(0, now);
  }

  /** The operator ends it: false where it was paused or idle already. The lines are hung up by the caller. */
  pause(now: Millis): boolean {
    const before = this.#paused || (!this.#wanted && this.#state.kind === 'down');
    this.#paused = true;
    if (this.#state.kind === 'waiting') {
      this.#state.alarm?.cancel();
      this.#state = DOWN;
    }
    if (this.#state.kind === 'held') this.#release(now);
    return !before;
  }

  /** What was in the way may be gone. */
  retry(now: Millis): void {
    const state = this.#state;
    if (state.kind === 'waiting') {
      state.alarm?.cancel();
      this.#state = DOWN;
    }
    if (this.#state.kind === 'down' && this.#wanted) this.#attempt(0, now);
  }

  /** A line became free. */
  lineReady(now: Millis): void {
    if (this.#state.kind === 'waiting' && this.#state.alarm === undefined) this.retry(now);
  }

  /** The far end calls: why its call is not taken. */
  take(line: Line, now: Millis): string | undefined {
    const user = this.#parts.owner.layerUser(this.over);
    if (user === undefined) return `no PPP interface is over it (CREATE PPP OVER=${this.over})`;
    if (!user.enabled) return `interface ${user.name} is disabled`;
    const call = this.#parts.call();
    if (call === undefined) return 'it is deleted';
    const state = this.#state;
    if (state.kind === 'up' || state.kind === 'held' || state.kind === 'answering') return `${user.name} has a call already`;
    if (state.kind === 'dialling' && call.precedence === 'OUT') return `${user.name} is calling, and PRECEDENCE is OUT`;
    this.#state = { kind: 'answering', line };
    if (state.kind === 'dialling') state.line.hangUp('the far end calls, and PRECEDENCE is IN', now);
    if (state.kind === 'waiting') state.alarm?.cancel();
    line.answer(this.#use(call, line), now);
    return undefined;
  }

  close(): void {
    const state = this.#state;
    if (state.kind === 'waiting' || state.kind === 'held') state.alarm?.cancel();
    this.#wanted = false;
    if (state.kind === 'waiting') this.#state = DOWN;
  }

  /** Dials the `index`th number, where the call may be made. */
  #attempt(index: number, now: Millis): void {
    const call = this.#parts.call();
    if (call === undefined || this.#paused || !call.enabled || !call.calls) return;
    const number = call.numbers[index] ?? '';
    let line: Line | undefined;
    const dialled = this.#parts.dial(call, number, this.#use(call, () => line), now);
    if (typeof dialled === 'string') {
      this.#state = { kind: 'waiting', why: `${this.over} cannot be called: ${dialled}`, alarm: undefined };
      this.#parts.log(4, `${this.over} is not called: ${dialled}`);
      return this.#parts.owner.linkDown(this.over, `${dialled}.`, now);
    }
    line = dialled;
    this.#state = { kind: 'dialling', line, number: index };
    this.#parts.log(3, `${this.over}: calling ${number} on ${line.port.name}`);
  }

  #use(call: DialCall, of: Line | (() => Line | undefined)): LineUse {
    const use: LineUse = {
      over: call.over,
      speed: call.speed,
      connected: (link, speed, now) => {
        const line = typeof of === 'function' ? of() : of;
        const { kind } = this.#state;
        if (line === undefined || (kind !== 'dialling' && kind !== 'answering') || this.#state.line !== line) return link.hangUp('nobody wants the call any more', now);
        this.#state = { kind: 'up', line, link, since: now, speed };
        this.#parts.log(3, `${this.over} is up at ${speed} bit/s on ${line.port.name}`);
        this.#parts.up(call, link);
        this.#parts.owner.linkUp(this.over, link, now);
      },
      negotiated: () => this.#redial.opened(),
      ended: (reason, _end, now) => {
        const line = typeof of === 'function' ? of() : of;
        const state = this.#state;
        // Another call has taken its place, or it was let go on purpose.
        if (state.kind === 'down' || state.kind === 'waiting' || state.line !== line) return;
        if (state.kind === 'held') state.alarm.cancel();
        this.#state = DOWN;
        this.#parts.log(state.kind === 'up' ? 3 : 4, `${this.over} ${state.kind === 'up' || state.kind === 'held' ? 'is over' : 'is not up'}: ${reason}`);
        if (state.kind === 'dialling' && (call.numbers[state.number + 1] ?? '') !== '' && this.#wanted) return this.#attempt(state.number + 1, now);
        this.#lost(call, reason, now);
        if (state.kind !== 'held') this.#parts.owner.linkDown(this.over, reason, now);
      },
    };
    return use;
  }

  /** It is down although it is wanted: the next attempt. */
  #lost(call: DialCall, why: string, now: Millis): void {
    if (!this.#wanted || this.#paused || !call.calls || !call.enabled) return;
    const at = now + this.#redial.wait(call);
    const alarm = this.#parts.clock.at(at, (then) => {
      this.#state = DOWN;
      if (this.#wanted) this.#attempt(0, then);
    });
    this.#state = { kind: 'waiting', why, alarm };
  }

  #hold(state: Extract<State, { kind: 'up' }>, until: Millis): void {
    const alarm = this.#parts.clock.at(until, (now) => this.#release(now));
    this.#state = { kind: 'held', line: state.line, link: state.link, since: state.since, speed: state.speed, alarm };
    this.#parts.log(3, `${this.over} is not wanted any more and held for HOLDUP`);
  }

  #release(now: Millis): void {
    const state = this.#state;
    if (state.kind !== 'held') return;
    state.alarm.cancel();
    this.#state = DOWN;
    state.line.hangUp('its HOLDUP time is over', now);
  }
}
