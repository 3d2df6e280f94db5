// One call that a LAC passes on: tries the LNSs of the caller one after the other, tells the one that asked, and ends with the session
// (RFC 2661 5.2; AR740 command reference 2.6, ADD L2TP USER). A machine: its owner places calls and keeps the time.

import { formatIpv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { Candidate, Found } from './candidates.ts';
import { type Accm, DISCONNECT, ERROR } from './catalog.ts';
import type { SessionEnd, SessionEntry, SessionUser } from './entry.ts';
import type { Forward, ForwardUser } from './link.ts';
import { connect, tooLong } from './proxy.ts';
import { type CallReason, sentence } from './reason.ts';
import type { IncomingConnect } from './session.ts';

// Limits of this router: a PPP client gives up after about thirty seconds.
/** How long a silent LNS may take where there is another one. */
const SILENCE: Millis = 5000;
/** All of those together, as far as a second for each permits. */
const SILENCE_OF_ALL: Millis = 20_000;
const LEAST_SILENCE: Millis = 1000;
/** How long a tunnel that was up may be silent before a new one to the same LNS is tried: it may have restarted. */
const OLD_TUNNEL: Millis = 3000;
/** How long an LNS that is heard but does not take the call may, where there is another one. */
const HEARD: Millis = 15_000;

export interface ForwardingHost {
  enabled(): boolean;
  /** The LNSs of this caller; `done` is called once, at once or later. */
  find(done: Found, now: Millis): void;
  /** Places the call at an LNS: the session, or why not. */
  place(call: Forward, at: Candidate, now: Millis): SessionEntry | CallReason;
  /** Nothing more is placed in the session's tunnel until its peer is heard. */
  suspect(entry: SessionEntry, now: Millis): void;
  /** The LNS failed: it is tried last for a while. */
  failed(at: Candidate, now: Millis): void;
  /** Puts an established session on the data plane; a text says why that cannot be. */
  attach(entry: SessionEntry): string | undefined;
  /** Runs `tick` at `at` instead of what was set before; undefined = not at all. */
  wake(at: Millis | undefined): void;
  log(subtype: 'UP' | 'DOWN' | 'NEXT' | 'FAIL', text: string): void;
  /** It is over and may be forgotten. */
  over(): void;
}

interface Attempt {
  readonly candidate: Candidate;
  readonly entry: SessionEntry;
  readonly since: Millis;
  /** How long a silent LNS, and one that is heard, may take. */
  readonly silentUntil: Millis;
  readonly heardUntil: Millis;
  /** The tunnel was up before this call came. */
  readonly old: boolean;
}

export class Forwarding implements SessionUser {
  readonly #host: ForwardingHost;
  readonly #call: Forward;
  readonly #user: ForwardUser;
  /** Those still to be tried. */
  #left: Candidate[] = [];
  #silence = SILENCE;
  readonly #tried: string[] = [];
  #attempt: Attempt | undefined;
  #phase: 'trying' | 'up' | 'over' = 'trying';
  /** Within `start`: what is to be told waits until it has returned. */
  #starting = false;

  constructor(host: ForwardingHost, call: Forward, user: ForwardUser) {
    this.#host = host;
    this.#call = call;
    this.#user = user;
  }

  start(now: Millis): void {
    this.#starting = true;
    const objection = tooLong(this.#call);
    if (objection !== undefined) this.#fail(objection, now);
    else this.#host.find((answer, at) => this.#found(answer, at), now);
    this.#starting = false;
  }

  /** Nobody wants it any longer: nothing more is told. */
  cancel(reason: string, now: Millis): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#withdraw(reason, now);
    this.#finish();
  }

  /** What is due. */
  tick(now: Millis): void {
    if (this.#phase !== 'trying') return;
    const attempt = this.#attempt;
    if (attempt === undefined) return this.#fail(this.#summary(), now);
    const { candidate, entry, since, silentUntil, heardUntil, old } = attempt;
    if (now < silentUntil) return this.#host.wake(silentUntil);
    if ((entry.tunnel.tunnel.transport.lastHeard ?? Number.NEGATIVE_INFINITY) > since) {
      if (this.#left.length === 0) return;
      if (now < heardUntil) return this.#host.wake(heardUntil);
      this.#host.failed(candidate, now);
      this.#tried.push(`${formatIpv4(candidate.peer)} did not take the call within ${HEARD / 1000} s`);
      this.#withdraw('no answer in time', now);
      return this.#next(now);
    }
    if (old) {
      // It may have restarted and know nothing of this tunnel: a new one shows.
      this.#host.suspect(entry, now);
      this.#withdraw('no answer in time', now);
      this.#left.unshift(candidate);
      return this.#next(now);
    }
    if (this.#left.length === 0) return;
    this.#host.failed(candidate, now);
    this.#tried.push(`no answer from ${formatIpv4(candidate.peer)} within ${Math.ceil(this.#silence / 1000)} s`);
    this.#withdraw('no answer in time', now);
    this.#next(now);
  }

  // -- SessionUser --

  changed(): void {}

  connect(entry: SessionEntry): IncomingConnect | undefined {
    const { candidate } = this.#attempt ?? {};
    return candidate === undefined ? undefined : connect(this.#call, candidate, entry.tunnel.tunnel.peer?.framing ?? 0);
  }

  userName(): string | undefined {
    return this.#call.name;
  }

  up(entry: SessionEntry, now: Millis): void {
    if (entry !== this.#attempt?.entry) return;
    const refused = this.#host.attach(entry);
    if (refused !== undefined || entry.link === undefined) {
      entry.end = { kind: 'plane', why: refused ?? 'it has no link' };
      return entry.session.close({ code: DISCONNECT.error, error: ERROR.resources, message: 'cannot carry the call' }, now);
    }
    this.#phase = 'up';
    this.#left = [];
    this.#host.wake(undefined);
    this.#host.log('UP', `call ${entry.session.id}: passed on to ${entry.link.peerName} at ${formatIpv4(entry.link.peer)}`);
    this.#user.up(entry.link, now);
  }

  resized(): void {}

  /** PPP is between the caller and the LNS: nobody here can ask. */
  ask(): boolean {
    return false;
  }

  lineInfo(_entry: SessionEntry, accm: Accm, now: Millis): void {
    this.#user.accm?.(accm.send, now);
  }

  unreachable(entry: SessionEntry, reason: CallReason, now: Millis): void {
    // The last one gets all its tries: ICMP may be wrong, and the LNS may be about to start.
    if (entry !== this.#attempt?.entry || this.#phase !== 'trying' || this.#left.length === 0) return;
    this.#host.failed(this.#attempt.candidate, now);
    this.#tried.push(sentence(reason));
    this.#withdraw('unreachable', now);
    this.#next(now);
  }

  down(entry: SessionEntry, reason: SessionEnd, now: Millis): void {
    const attempt = this.#attempt;
    if (attempt === undefined || entry !== attempt.entry) return;
    this.#attempt = undefined;
    if (this.#phase === 'up') return this.#lost(attempt, reason, now);
    if (reason === 'moved') {
      this.#left.unshift(attempt.candidate);
      return this.#next(now);
    }
    if (isTunnelsFault(reason)) this.#host.failed(attempt.candidate, now);
    this.#tried.push(words(reason));
    if (isFinal(reason)) return this.#fail(this.#summary(), now);
    // The old tunnel is gone, which says nothing of the LNS.
    if (attempt.old && reason.kind === 'line lost') this.#left.unshift(attempt.candidate);
    this.#next(now);
  }

  // -- private --

  #found(answer: Parameters<Found>[0], now: Millis): void {
    if (this.#phase !== 'trying') return;
    if ('refused' in answer) return this.#fail(answer.refused, now);
    this.#left = [...answer];
    this.#silence = Math.max(LEAST_SILENCE, Math.min(SILENCE, SILENCE_OF_ALL / Math.max(1, answer.length - 1)));
    this.#next(now);
  }

  #next(now: Millis): void {
    for (;;) {
      if (!this.#host.enabled()) return this.#fail(sentence({ kind: 'module disabled' }), now);
      const candidate = this.#left.shift();
      if (candidate === undefined) return this.#fail(this.#summary(), now);
      if (this.#tried.length > 0) this.#host.log('NEXT', `${this.#tried.at(-1)}; trying ${formatIpv4(candidate.peer)}`);
      const entry = this.#host.place(this.#call, candidate, now);
      if ('kind' in entry) {
        this.#tried.push(words(entry));
        continue;
      }
      const old = entry.tunnel.tunnel.state === 'established';
      const silentUntil = now + (old ? OLD_TUNNEL : this.#silence);
      this.#attempt = { candidate, entry, since: now, silentUntil, heardUntil: now + HEARD, old };
      entry.user = this;
      return this.#host.wake(old || this.#left.length > 0 ? silentUntil : undefined);
    }
  }

  /** Ends the attempt; what comes of it is no longer of interest. */
  #withdraw(reason: string, now: Millis): void {
    const { entry } = this.#attempt ?? {};
    this.#attempt = undefined;
    this.#host.wake(undefined);
    entry?.session.close({ code: DISCONNECT.carrierLost, error: ERROR.none, message: reason.slice(0, 100) }, now);
  }

  #lost({ candidate }: Attempt, reason: SessionEnd, now: Millis): void {
    this.#phase = 'over';
    if (reason !== 'moved' && isTunnelsFault(reason)) this.#host.failed(candidate, now);
    const why = reason === 'moved' ? 'the tunnel is gone' : sentence(reason);
    this.#host.log('DOWN', `the call that was passed on to ${formatIpv4(candidate.peer)} is over: ${why}`);
    this.#finish();
    this.#user.down(why, now);
  }

  #summary(): string {
    const [only] = this.#tried;
    if (only === undefined) return 'no LNS is known for the caller';
    return this.#tried.length === 1 ? only : `no LNS took the call: ${this.#tried.join('; ')}`;
  }

  #fail(reason: string, now: Millis): void {
    if (this.#starting) {
      this.#tried.splice(0, this.#tried.length, reason);
      this.#left = [];
      return this.#host.wake(now);
    }
    this.#phase = 'over';
    this.#host.log('FAIL', `the call is passed on to nobody: ${reason}`);
    this.#finish();
    this.#user.failed(reason, now);
  }

  #finish(): void {
    this.#host.wake(undefined);
    this.#host.over();
  }
}

/** The LNS, or the way there, is at fault: other calls should try it last. */
function isTunnelsFault(reason: CallReason): boolean {
  switch (reason.kind) {
    case 'no answer':
    case 'unreachable':
    case 'stalled':
    case 'line lost':
    case 'tunnel refused':
    case 'tunnel closed':
    case 'not authorised':
    case 'password needed':
      return true;
    default:
      return false;
  }
}

/** Another LNS would say the same, or nobody wants another one. */
function isFinal(reason: CallReason): boolean {
  switch (reason.kind) {
    case 'call refused':
      return reason.result.code === DISCONNECT.administrative;
    case 'module disabled':
    case 'hung up':
    case 'plane':
    case 'too many':
      return true;
    default:
      return false;
  }
}

/** A sentence of a configured call, in the words of ADD L2TP USER. */
const words = (reason: CallReason): string =>
  reason.kind === 'password needed' ? `${formatIpv4(reason.peer)} asks for a password and the user entry has none (SET L2TP USER PASSWORD=)` : sentence(reason);
