// The dialler: ISDN and ACC calls on the board's call ports. Answers calls that ring, makes those that static PPP interfaces want,
// that ACTIVATE asks for and that an LNS asks for; everything that is up is a CallLink (link.ts).

import type { Millis } from '../bytes/time.ts';
import type { Message } from '../cli/messages.ts';
import { messages } from '../cli/messages.ts';
import type { Clock } from '../hal/clock.ts';
import type { SessionKey } from '../hal/dataplane.ts';
import type { CallPort, CallPorts } from '../hal/io.ts';
import type { Log } from '../log/log.ts';
import { accBook, accCall, type AccSettings } from './acc.ts';
import { isDialable } from './words.ts';
import type { Book } from './book.ts';
import type { DialCall } from './dialcall.ts';
import { isdnBook, isdnCall, type IsdnSettings } from './isdn.ts';
import type { Line, LinePlane, LineUse } from './line.ts';
import type { Arrival, CallLayers, CallOwner, CallUser } from './link.ts';
import { BARE_ACC, BARE_ISDN, CAUSE, type DialAnswer, type DialHandle, type DialRequest, outgoingUse } from './outgoing.ts';
import { LinePool, nameOf } from './pool.ts';
import type { Ring } from './ring.ts';
import { StaticCall } from './staticcall.ts';

export interface DialParts {
  readonly ports: CallPorts;
  readonly plane: LinePlane;
  readonly clock: Clock;
  readonly log: Log;
  readonly owner: CallOwner;
  /** A line for everyone who is logged in (AlliedWare tells of ACC calls so); absent = nobody is told. */
  announce?(message: Message): void;
}

/** Where the call of a configured one stands, for SHOW. */
export interface CallStatus {
  readonly call: DialCall;
  /** Lines that have it, as messages name them. */
  readonly lines: readonly Line[];
  /** The interface over it, or those of its callers. */
  readonly users: readonly string[];
  readonly waiting: string | undefined;
}

export class DialCalls implements CallLayers {
  readonly isdn: Book<IsdnSettings> = isdnBook();
  readonly acc: Book<AccSettings> = accBook();
  readonly #parts: DialParts;
  readonly #pool: LinePool;
  /** Calls that static interfaces want or have, by layer in lower case. */
  readonly #statics = new Map<string, StaticCall>();
  /** Who has the lines of callers: interface names by use. */
  readonly #callers = new Map<LineUse, CallUser>();

  constructor(parts: DialParts) {
    this.#parts = parts;
    this.#pool = new LinePool(parts, {
      ready: (_line, now) => this.#ready(now),
      ring: (line, ring, now) => this.#ring(line, ring, now),
      note: (port, text) => this.#log(kindOf(port), 4, port.name, text),
    });
  }

  // -- layers --

  layerExists(over: string): true | Message | undefined {
    const [kind, name] = parseLayer(over);
    if (kind === undefined) return undefined;
    return this.#find(over) !== undefined || (kind === 'ISDN' ? messages.isdn : messages.acc).callNotFound(name);
  }

  want(over: string, now: Millis): void {
    if (this.#find(over) !== undefined) this.#static(over).want(now);
  }

  unwant(over: string, reason: string, now: Millis): void {
    this.#statics.get(over.toLowerCase())?.unwant(reason, now);
  }

  waiting(over: string, now: Millis): string | undefined {
    return this.#statics.get(over.toLowerCase())?.waiting(now);
  }

  bandwidth(over: string): number {
    const call = this.#find(over);
    return this.#statics.get(over.toLowerCase())?.speed ?? call?.speed ?? 0;
  }

  /** A frame that is to leave by a 'line' leg: true where the session is one of this room's. */
  line(session: SessionKey, frame: Uint8Array): boolean {
    const line = this.#pool.of(session);
    line?.send(frame);
    return line !== undefined;
  }

  // -- operator --

  ports(): readonly CallPort[] {
    return this.#pool.ports();
  }

  lines(): readonly Line[] {
    return this.#pool.lines();
  }

  status(kind: DialCall['kind'], now: Millis): CallStatus[] {
    return this.#calls().filter((call) => call.kind === kind).map((call) => ({
      call, lines: this.#pool.over(call.over), users: this.users(call.over), waiting: this.waiting(call.over, now),
    }));
  }

  /** Interfaces that use the call: DELETE refuses then. */
  users(over: string): string[] {
    const fixed = this.#parts.owner.layerUser(over);
    const callers = this.#pool.over(over).flatMap(({ use }) => (use === undefined ? [] : (this.#callers.get(use)?.name ?? [])));
    return [...(fixed === undefined ? [] : [fixed.name]), ...callers];
  }

  /** ACTIVATE: makes the call now. Why it cannot be made, one sentence without full stop; `active` = it is there already. */
  mayActivate(over: string): 'active' | { readonly refused: string } | undefined {
    const call = this.#find(over);
    if (call === undefined) return { refused: 'it does not exist' };
    if (!call.calls) return { refused: call.kind === 'ISDN' ? 'its DIRECTION is IN' : 'its DIRECTION is ANSWER' };
    if (!call.enabled) return { refused: 'it is disabled' };
    if (call.template === undefined && this.#parts.owner.layerUser(over) === undefined) {
      return { refused: `no PPP interface is over it (CREATE PPP OVER=${call.over}) and no PPP template answers for it` };
    }
    if (this.#pool.over(over).length > 0) return 'active';
    const lines = this.#pool.free(call);
    return typeof lines === 'string' ? { refused: lines } : undefined;
  }

  activate(over: string, now: Millis): void {
    const call = this.#find(over);
    if (call === undefined) return;
    if (call.template === undefined) return this.#static(over).activate(now);
    const { numbers, subAddress } = call;
    const line = this.#pool.dial(call, { number: numbers[0] ?? '', subAddress }, this.#callee(call), now);
    if (typeof line === 'string') this.#log(call.kind, 4, call.over, `${call.over} was not called: ${line}`);
  }

  /** DEACTIVATE: false where nothing is up. A call of a static interface stays down until it is activated. */
  deactivate(over: string, now: Millis): boolean {
    const lines = this.#pool.over(over);
    const paused = this.#statics.get(over.toLowerCase())?.pause(now) ?? false;
    for (const line of lines) line.hangUp('the operator ended the call (DEACTIVATE)', now);
    return paused || lines.length > 0;
  }

  /** Settings have changed (ADD, SET, ENABLE): what waits for a call tries again. */
  changed(over: string, now: Millis): void {
    this.#statics.get(over.toLowerCase())?.retry(now);
  }

  /** The call was deleted. */
  removed(over: string): void {
    this.#statics.get(over.toLowerCase())?.close();
    this.#statics.delete(over.toLowerCase());
  }

  // -- for an LNS --

  dial(request: DialRequest, answer: DialAnswer, now: Millis): { readonly refused: string; readonly cause: number } | DialHandle {
    const call = this.#requested(request);
    if (typeof call === 'string') return { refused: call, cause: CAUSE.badDestination };
    const number = request.number === '' ? (call.numbers[0] ?? '') : request.number;
    const subAddress = request.subAddress === '' ? call.subAddress : request.subAddress;
    if (!isDialable(number, subAddress)) return { refused: `"${number}" is no number that can be dialled`, cause: CAUSE.badDestination };
    if (!call.enabled) return { refused: `${call.over} is disabled`, cause: CAUSE.noPort };
    if (!call.calls) return { refused: `${call.over} only answers calls`, cause: CAUSE.badDestination };
    const use = outgoingUse(call, answer);
    const line = this.#pool.dial(call, { number, subAddress }, use, now);
    if (typeof line === 'string') return { refused: line, cause: CAUSE.noPort };
    return {
      name: call.over,
      hangUp: (reason, at) => {
        if (line.use !== use) return;
        line.handTo({ ...use, ended: () => {} });
        line.hangUp(reason, at);
      },
    };
  }

  /** Ends everything: the router restarts or stops. */
  close(now: Millis): void {
    for (const one of this.#statics.values()) one.close();
    this.#pool.close(now);
  }

  // -- lines --

  /** A line can be used: what waited for one tries. */
  #ready(now: Millis): void {
    for (const one of this.#statics.values()) {
      const call = this.#find(one.over);
      if (call !== undefined && typeof this.#pool.free(call) !== 'string') one.lineReady(now);
    }
  }

  /** A call rings: the one it belongs to best answers. */
  #ring(line: Line, ring: Ring, now: Millis): void {
    const kind = kindOf(line.port);
    const who = `a call from ${ring.callingNumber === '' ? 'an unknown number' : ring.callingNumber}${ring.calledNumber === '' ? '' : ` to ${ring.calledNumber}`} on ${nameOf(line)}`;
    const mine = this.#calls()
      .filter((call) => call.kind === kind && call.enabled && call.answers && (call.required === undefined || call.required === line.port.name))
      .map((call) => ({ call, fit: call.fits(ring) }))
      .filter(({ fit }) => fit > 0)
      .sort((a, b) => b.fit - a.fit || Number(b.call.preferred === line.port.name) - Number(a.call.preferred === line.port.name));
    let why = kind === 'ISDN' ? 'no ISDN CALL takes it (INANY, INCLI, INSUB, INTREQ)' : 'no ACC CALL with DIRECTION=ANSWER is for this port';
    for (const { call } of mine) {
      const refused = call.objection(ring) ?? this.#take(call, line, ring, now);
      if (refused === undefined) {
        this.#log(kind, 3, call.over, `${call.over}: ${who} is answered`);
        return;
      }
      why = `${call.over}: ${refused}`;
    }
    this.#log(kind, 4, line.port.name, `${who} is not answered: ${why}`);
  }

  /** Why the call is not taken. */
  #take(call: DialCall, line: Line, ring: Ring, now: Millis): string | undefined {
    if (call.template === undefined) return this.#static(call.over).take(line, now);
    const use = this.#caller(call, call.template, { ring, from: ring.callingNumber === '' ? nameOf(line) : ring.callingNumber }, now);
    if (typeof use === 'string') return use;
    line.answer(use, now);
    return undefined;
  }

  /** Who takes a caller: the appliance makes him an interface, or forwards him. A text says why not. */
  #caller(call: DialCall, template: number, how: { readonly ring: Ring; readonly from: string }, now: Millis): LineUse | string {
    const arrival = new Caller(call, template, how.ring, how.from);
    const user = this.#parts.owner.arrive(arrival, now);
    if ('refused' in user) return user.refused;
    const use: LineUse = {
      over: call.over,
      speed: call.speed,
      connected: (link, speed, at) => {
        arrival.speed = speed;
        this.#log(call.kind, 3, call.over, `${call.over}: the call from ${arrival.from} is up at ${speed} bit/s for ${user.name}`);
        this.#tellUp(call, link.session);
        user.linkUp(link, at);
      },
      negotiated: () => {},
      ended: (reason, _end, at) => {
        this.#callers.delete(use);
        this.#log(call.kind, 3, call.over, `${call.over}: the call from ${arrival.from} is over: ${reason}`);
        user.linkDown(reason, at);
      },
    };
    this.#callers.set(use, user);
    return use;
  }

  /** A call made by ACTIVATE whose far end gets an interface of the template. */
  #callee(call: DialCall): LineUse {
    return {
      over: call.over,
      speed: call.speed,
      connected: (link, speed, at) => {
        const number = call.numbers[0] ?? '';
        const inner = this.#caller(call, call.template ?? 0, { ring: { callingNumber: number, calledNumber: '', subAddress: '' }, from: number }, at);
        if (typeof inner === 'string') return link.hangUp(inner, at);
        this.#pool.of(link.session)?.handTo(inner);
        inner.connected(link, speed, at);
      },
      negotiated: () => {},
      ended: (reason) => this.#log(call.kind, 4, call.over, `${call.over} is not up: ${reason}`),
    };
  }

  /** AlliedWare's two lines about an ACC call that is up. */
  #tellUp(call: DialCall, session: SessionKey): void {
    const { announce } = this.#parts;
    if (call.kind !== 'ACC' || announce === undefined) return;
    announce(messages.acc.completed());
    announce(messages.acc.connected((this.#pool.of(session)?.port.name ?? '').replace(/^asyn/, '')));
  }

  // -- calls --

  #calls(): DialCall[] {
    return [...this.isdn.list().map((one) => isdnCall(one, this.isdn.isEnabled(one.call))), ...this.acc.list().map(accCall)];
  }

  #find(over: string): DialCall | undefined {
    const [kind, name] = parseLayer(over);
    if (kind === 'ISDN') {
      const one = this.isdn.get(name);
      return one === undefined ? undefined : isdnCall(one, this.isdn.isEnabled(name));
    }
    const one = kind === 'ACC' ? this.acc.get(name) : undefined;
    return one === undefined ? undefined : accCall(one);
  }

  /** The configured call that a request means, or one for a bare number; a text says why there is none. */
  #requested({ call: name, bearer, number }: DialRequest): DialCall | string {
    const kinds = bearer === 'analog' ? (['ACC', 'ISDN'] as const) : (['ISDN', 'ACC'] as const);
    if (name === '') {
      if (number === '') return 'neither a call nor a number was named';
      return { ...(kinds[0] === 'ISDN' ? BARE_ISDN : BARE_ACC), numbers: [number] };
    }
    for (const kind of kinds) {
      const call = this.#find(`${kind}-${name}`);
      if (call !== undefined) return call;
    }
    return `there is no ISDN or ACC call ${name}`;
  }

  #static(over: string): StaticCall {
    const key = over.toLowerCase();
    const known = this.#statics.get(key);
    if (known !== undefined) return known;
    const made = new StaticCall(over, {
      clock: this.#parts.clock,
      owner: this.#parts.owner,
      call: () => this.#find(over),
      dial: (call, number, use, now) => this.#pool.dial(call, { number, subAddress: call.subAddress }, use, now),
      log: (severity, text) => this.#log(parseLayer(over)[0] ?? 'ISDN', severity, over, text),
      up: (call, link) => this.#tellUp(call, link.session),
    });
    this.#statics.set(key, made);
    return made;
  }

  #log(kind: DialCall['kind'], severity: 3 | 4, source: string, text: string): void {
    this.#parts.log.add({ module: kind, severity, type: 'CALL', subtype: severity === 3 ? 'INFO' : 'FAIL', source, text });
  }
}

/** A caller as the appliance sees him; the speed is that of the call's settings until the line has told it. */
class Caller implements Arrival {
  readonly kind: DialCall['kind'];
  readonly call: string;
  readonly over: string;
  readonly template: number;
  readonly from: string;
  readonly callingNumber: string;
  readonly calledNumber: string;
  readonly subAddress: string;
  speed: number;
  readonly bearer: 'digital' | 'analog';
  readonly framing = 'async';

  constructor(call: DialCall, template: number, ring: Ring, from: string) {
    this.kind = call.kind;
    this.call = call.name;
    this.over = call.over;
    this.template = template;
    this.from = from;
    this.callingNumber = ring.callingNumber;
    this.calledNumber = ring.calledNumber;
    this.subAddress = ring.subAddress;
    this.speed = call.speed;
    this.bearer = call.kind === 'ISDN' ? 'digital' : 'analog';
  }
}

/** 'ISDN-rmt' -> kind and name; undefined kind for what is not one of ours. */
function parseLayer(over: string): readonly ['ISDN' | 'ACC' | undefined, string] {
  const parts = /^(isdn|acc)-(.+)$/i.exec(over);
  if (parts === null) return [undefined, ''];
  return [(parts[1] ?? '').toUpperCase() === 'ISDN' ? 'ISDN' : 'ACC', parts[2] ?? ''];
}

const kindOf = (port: CallPort): DialCall['kind'] => (port.kind === 'isdn' ? 'ISDN' : 'ACC');
