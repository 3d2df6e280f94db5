// A tunnel with a recording owner, a hand-driven peer for it, and two tunnels on one wire with virtual time.

import { Secret } from '../../../firmware/bytes/secret.ts';
import type { ControlMessage, Result } from '../../../firmware/l2tp/catalog.ts';
import { decodeControl, encodeMessage } from '../../../firmware/l2tp/control.ts';
import { decodeHeader, encodeControl, newHeader } from '../../../firmware/l2tp/header.ts';
import { type SessionId, toSessionId, toTunnelId } from '../../../firmware/l2tp/ids.ts';
import type { IncomingConnect, Session, SessionDown } from '../../../firmware/l2tp/session.ts';
import { ALL_BEARERS, ALL_FRAMING, Tunnel, type TunnelDown, type TunnelOutput, type TunnelSettings } from '../../../firmware/l2tp/tunnel.ts';
import { libraryCrypto } from '../../../board/linux/crypto.ts';

export const crypto = libraryCrypto;
/** Not random at all: the same octets each time. */
export const random = { bytes: (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (i * 37 + 11) & 255) };
export const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
export const CHALLENGE = Uint8Array.from({ length: 16 }, (_, i) => 0x10 + i);
export const CONNECT: IncomingConnect = { txConnectSpeed: 64000, framingType: 1 };

export const settings = (change: Partial<TunnelSettings> = {}): TunnelSettings => ({
  id: toTunnelId(100), role: 'initiator', secret: undefined, challenge: undefined, tieBreaker: undefined, hostName: 'here', framing: ALL_FRAMING,
  bearer: ALL_BEARERS, pre13: false, crypto, random, ...change,
});
export const secretOf = (text: string): Secret => new Secret(text);

/** One message as it left: its name ('ZLB' without body), numbers and ids. */
export interface Sent {
  readonly name: string;
  readonly message: ControlMessage | undefined;
  readonly tunnelId: number;
  readonly sessionId: number;
  readonly ns: number;
  readonly nr: number;
  readonly size: number;
  readonly at: number;
}

/** Reads a control datagram; 'invalid' or 'passed over' as name where it is no message. */
export function readSent(datagram: Uint8Array, at = 0, secret?: Secret): Sent {
  const h = newHeader();
  const refused = decodeHeader(datagram, 0, datagram.length, h);
  if (refused !== undefined) throw new Error(refused);
  const ids = { tunnelId: h.tunnelId, sessionId: h.sessionId, ns: h.ns, nr: h.nr, size: datagram.length, at };
  if (h.payload === h.end) return { name: 'ZLB', message: undefined, ...ids };
  const decoded = decodeControl(datagram, h.payload, h.end, { crypto, secret, pre13: true });
  return decoded.kind === 'message' ? { name: decoded.message.type, message: decoded.message, ...ids } : { name: decoded.kind, message: undefined, ...ids };
}

/** An owner that accepts what its switches say and writes everything down. */
export class Owner implements TunnelOutput {
  readonly sent: Sent[] = [];
  readonly wire: Uint8Array[] = [];
  readonly states: string[] = [];
  readonly sessionStates: string[] = [];
  readonly notes: string[] = [];
  readonly refusals: string[] = [];
  readonly calls: Session[] = [];
  readonly ended: { readonly session: Session; readonly reason: SessionDown }[] = [];
  readonly upSessions: Session[] = [];
  readonly info: string[] = [];
  ups = 0;
  reason: TunnelDown | undefined;
  isGone = false;
  data = Number.NEGATIVE_INFINITY;
  refuse: Result | undefined;
  connect: IncomingConnect | { readonly refuse: Result } = CONNECT;
  answer: (session: Session, now: number) => void = (session, now) => session.accept({}, now);
  nextSession: number | undefined = 500;
  onSend: (datagram: Uint8Array, now: number) => void = () => undefined;
  onUp: (now: number) => void = () => undefined;
  secret: Secret | undefined;

  send(datagram: Uint8Array, now: number): void {
    this.sent.push(readSent(datagram, now, this.secret));
    this.wire.push(datagram);
    this.onSend(datagram, now);
  }
  received(_message: ControlMessage, notes: readonly { readonly type: number; readonly what: string }[]): void {
    for (const note of notes) this.notes.push(`${note.what} ${note.type}`);
  }
  refused(refusal: string, what: string): void {
    this.refusals.push(`${refusal}: ${what}`);
  }
  changed(event: string, old: string, next: string): void {
    this.states.push(`${event}: ${old} - ${next}`);
  }
  request(): Result | undefined {
    return this.refuse;
  }
  up(now: number): void {
    this.ups++;
    this.onUp(now);
  }
  down(reason: TunnelDown): void {
    this.reason = reason;
  }
  gone(): void {
    this.isGone = true;
  }
  lastData(): number {
    return this.data;
  }
  suspect(): void {}
  newSession(): SessionId | undefined {
    return this.nextSession === undefined ? undefined : toSessionId(this.nextSession++);
  }
  called(session: Session, now: number): void {
    this.calls.push(session);
    this.answer(session, now);
  }
  replied(): IncomingConnect | { readonly refuse: Result } {
    return this.connect;
  }
  sessionChanged(_session: Session, event: string, old: string, next: string): void {
    this.sessionStates.push(`${event}: ${old} - ${next}`);
  }
  sessionUp(session: Session): void {
    this.upSessions.push(session);
  }
  sessionDown(session: Session, reason: SessionDown): void {
    this.ended.push({ session, reason });
  }
  sessionInfo(_session: Session, message: ControlMessage<'WEN' | 'SLI'>): void {
    this.info.push(message.type);
  }

  /** Names of messages sent, without acknowledgements. */
  names(): string[] {
    return this.sent.filter((sent) => sent.name !== 'ZLB').map((sent) => sent.name);
  }
}

/** A tunnel and a peer whose messages the test writes by hand: numbers are right unless the test says otherwise. */
export class Bench {
  readonly owner = new Owner();
  readonly tunnel: Tunnel;
  ns = 0;
  now = 1000;

  constructor(change: Partial<TunnelSettings> = {}) {
    this.owner.secret = change.secret;
    this.tunnel = new Tunnel(settings(change), this.owner);
  }

  /** Number that acknowledges all that the tunnel sent so far. */
  get nr(): number {
    return this.tunnel.transport.nextSent;
  }

  raw(body: Uint8Array, header: { readonly ns?: number; readonly nr?: number; readonly sessionId?: number; readonly tunnelId?: number } = {}): string {
    const ns = header.ns ?? this.ns;
    if (header.ns === undefined && body.length > 0) this.ns = (this.ns + 1) & 0xffff;
    const datagram = encodeControl({ tunnelId: header.tunnelId ?? this.tunnel.id, sessionId: header.sessionId ?? 0, ns, nr: header.nr ?? this.nr }, body);
    const h = newHeader();
    decodeHeader(datagram, 0, datagram.length, h);
    return this.tunnel.receive(h, datagram, this.now);
  }

  feed(message: ControlMessage, header: { readonly ns?: number; readonly nr?: number; readonly sessionId?: number } = {}): string {
    const body = encodeMessage(message);
    if (body === undefined) throw new Error('not encodable');
    return this.raw(body, header);
  }

  zlb(): string {
    return this.raw(new Uint8Array(0));
  }

  /** Lets time pass, acting on each deadline. */
  run(span: number): void {
    const end = this.now + span;
    for (let due = this.tunnel.deadline(); due <= end; due = this.tunnel.deadline()) {
      this.now = Math.max(this.now, due);
      this.tunnel.tick(this.now);
    }
    this.now = end;
  }

  last(): Sent | undefined {
    return this.owner.sent.at(-1);
  }

  /** Brings an initiator or a responder to established. */
  establish(): this {
    if (this.tunnel.role === 'initiator') {
      this.tunnel.open(this.now);
      this.feed(sccrp());
      this.zlb();
    } else {
      this.feed(sccrq());
      this.feed({ type: 'SCCCN' });
    }
    return this;
  }
}

export const PEER_TUNNEL = 3400;
export const sccrq = (change: Partial<ControlMessage<'SCCRQ'>> = {}): ControlMessage<'SCCRQ'> => ({
  type: 'SCCRQ', protocolVersion: 0x0100, hostName: 'there', framingCapabilities: 3, bearerCapabilities: 3, assignedTunnelId: PEER_TUNNEL, ...change,
});
export const sccrp = (change: Partial<ControlMessage<'SCCRP'>> = {}): ControlMessage<'SCCRP'> => ({ ...sccrq(), ...change, type: 'SCCRP' });
export const icrq = (change: Partial<ControlMessage<'ICRQ'>> = {}): ControlMessage<'ICRQ'> => ({ type: 'ICRQ', assignedSessionId: 51299, callSerialNumber: 7, ...change });
export const ocrq = (change: Partial<ControlMessage<'OCRQ'>> = {}): ControlMessage<'OCRQ'> => ({
  type: 'OCRQ', assignedSessionId: 51299, callSerialNumber: 7, minimumBps: 300, maximumBps: 64000, bearerType: 0, framingType: 3, calledNumber: 'hq', ...change,
});

/** What a wire does to a datagram: the delays after which copies arrive; none = lost. */
export type Fate = (datagram: Uint8Array, from: 'a' | 'b') => readonly number[];

/** Two tunnels, a wire between, one clock. */
export class Pair {
  readonly a = new Owner();
  readonly b = new Owner();
  readonly left: Tunnel;
  readonly right: Tunnel;
  now = 0;
  #order = 0;
  readonly #flying: { at: number; order: number; to: 'a' | 'b'; datagram: Uint8Array }[] = [];

  constructor(left: Partial<TunnelSettings> = {}, right: Partial<TunnelSettings> = {}, fate: Fate = () => [10]) {
    this.a.secret = left.secret;
    this.b.secret = right.secret;
    this.left = new Tunnel(settings({ id: toTunnelId(100), hostName: 'left', ...left }), this.a);
    this.right = new Tunnel(settings({ id: toTunnelId(200), hostName: 'right', role: 'responder', ...right }), this.b);
    this.a.onSend = (datagram, now) => this.#fly(datagram, now, 'b', fate(datagram, 'a'));
    this.b.onSend = (datagram, now) => this.#fly(datagram, now, 'a', fate(datagram, 'b'));
  }

  #fly(datagram: Uint8Array, now: number, to: 'a' | 'b', delays: readonly number[]): void {
    for (const delay of delays) this.#flying.push({ at: now + delay, order: this.#order++, to, datagram });
  }

  run(span: number): void {
    const end = this.now + span;
    for (;;) {
      this.#flying.sort((x, y) => x.at - y.at || x.order - y.order);
      const next = this.#flying[0];
      const due = Math.min(next?.at ?? Number.POSITIVE_INFINITY, this.left.deadline(), this.right.deadline());
      if (due > end) break;
      this.now = Math.max(this.now, due);
      if (next !== undefined && next.at <= this.now) {
        this.#flying.shift();
        const h = newHeader();
        decodeHeader(next.datagram, 0, next.datagram.length, h);
        (next.to === 'a' ? this.left : this.right).receive(h, next.datagram, this.now);
      } else {
        this.left.tick(this.now);
        this.right.tick(this.now);
      }
    }
    this.now = end;
  }
}
