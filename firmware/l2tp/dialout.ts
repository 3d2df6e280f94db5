// A call that an LNS has us make (RFC 2661 7.5.1, LAC outgoing): OCRP at once, OCCN when the line answers, CDN with its cause where it does not.

import type { Ipv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { Carrier } from './carrier.ts';
import { type Accm, BEARER, type ControlMessage, DISCONNECT, ERROR, FRAMING, type Result } from './catalog.ts';
import type { SessionEnd, SessionEntry, SessionUser } from './entry.ts';
import type { OutgoingAnswer, OutgoingRequest, OutgoingUser } from './link.ts';
import { sentence } from './reason.ts';

/** A Called Number that can be dialled, and so is no name: digits and what is written between them. */
const NUMBER = /^[\d+*#().\- /]*$/;

/** What an OCRQ asks for. Called Number is a call's name, a number, or `name:number` (a name has no colon). */
export function outgoingRequest(request: ControlMessage<'OCRQ'>, peer: Ipv4): OutgoingRequest {
  const { calledNumber, subAddress = '', minimumBps, maximumBps, bearerType } = request;
  const colon = calledNumber.indexOf(':');
  const named = colon >= 0 || !NUMBER.test(calledNumber);
  return {
    call: !named ? '' : colon < 0 ? calledNumber : calledNumber.slice(0, colon),
    number: !named ? calledNumber : colon < 0 ? '' : calledNumber.slice(colon + 1),
    subAddress,
    bearer: (bearerType & BEARER.digital) !== 0 ? 'digital' : (bearerType & BEARER.analog) !== 0 ? 'analog' : 'none',
    minimumBps, maximumBps, peer,
  };
}

/** A CDN that says why a line could not be had. */
export const dialFailure = (cause: number, reason: string): Result => ({ code: cause, error: ERROR.none, message: reason.slice(0, 100) });

export interface DialOutHost {
  readonly carrier: Carrier;
  /** What the dialler says comes at any time: runs it as one turn of the server. */
  enter(task: () => void): void;
  log(subtype: 'UP' | 'DOWN' | 'FAIL', text: string): void;
}

export class DialOut implements SessionUser, OutgoingAnswer {
  readonly #host: DialOutHost;
  readonly #entry: SessionEntry;
  #user: OutgoingUser | undefined;
  /** What the dialler said before it had returned. */
  #early: ((now: Millis) => void) | undefined;
  #answered = false;
  #failed = false;

  constructor(host: DialOutHost, entry: SessionEntry) {
    this.#host = host;
    this.#entry = entry;
  }

  /** The dialler took the call: OCRP. */
  begin(user: OutgoingUser, now: Millis): void {
    this.#user = user;
    this.#entry.session.accept({}, now);
    this.#early?.(now);
  }

  // -- OutgoingAnswer --

  connected(line: { readonly speed: number; readonly framing: 'sync' | 'async' }, now: Millis): void {
    this.#answer(now, (at) => {
      const txConnectSpeed = Math.max(0, Math.min(0xffffffff, Math.round(line.speed)));
      this.#entry.session.answered({ txConnectSpeed, framingType: line.framing === 'sync' ? FRAMING.sync : FRAMING.async }, at);
    });
  }

  failed(cause: number, reason: string, now: Millis): void {
    this.#answer(now, (at) => {
      this.#failed = true;
      this.#host.log('FAIL', `the call for ${this.#lns()} could not be made: ${reason}`);
      this.#entry.session.failed(dialFailure(cause, reason), at);
    });
  }

  // -- SessionUser --

  changed(): void {}

  up(entry: SessionEntry, now: Millis): void {
    const refused = this.#host.carrier.attach(entry);
    if (refused !== undefined || entry.link === undefined) {
      entry.end = { kind: 'plane', why: refused ?? 'it has no link' };
      return entry.session.close({ code: DISCONNECT.error, error: ERROR.resources, message: 'cannot carry the call' }, now);
    }
    this.#host.log('UP', `${this.#user?.name ?? 'the call'} for ${this.#lns()} is up`);
    this.#user?.linkUp(entry.link, now);
  }

  resized(): void {}

  ask(): boolean {
    return false;
  }

  lineInfo(_entry: SessionEntry, accm: Accm, now: Millis): void {
    this.#user?.accm?.(accm.send, now);
  }

  down(_entry: SessionEntry, reason: SessionEnd, now: Millis): void {
    this.#answered = true;
    // The dialler knows that it failed.
    if (this.#failed) return;
    const why = reason === 'moved' ? 'the tunnel is gone' : sentence(reason);
    this.#host.log('DOWN', `${this.#user?.name ?? 'the call'} for ${this.#lns()} is over: ${why}`);
    this.#user?.linkDown(why, now);
  }

  // -- private --

  #answer(now: Millis, act: (now: Millis) => void): void {
    if (this.#answered) return;
    this.#answered = true;
    if (this.#user === undefined) this.#early = act;
    else this.#host.enter(() => act(now));
  }

  #lns(): string {
    return this.#entry.tunnel.tunnel.peer?.hostName ?? 'an LNS';
  }
}
