// One L2TP tunnel (RFC 2661 7.2.1): the control connection machine over Reliable, and the sessions inside it.
//
// The owner chooses ids, passwords, host name, tie breaker and whom to serve; the machine keeps to the RFC. The owner finds the
// tunnel of a message: by the header's tunnel id; where that is 0 by peer and `peerId` (an SCCRQ sent again, a StopCCN).

import { type Millis, NEVER, TimerQueue } from '../bytes/time.ts';
import { type ControlMessage, DISCONNECT, ERROR, MESSAGES, type Result, STOP, type SessionMessage, type TunnelMessage } from './catalog.ts';
import { type TunnelEvent, type TunnelState, connectionStep } from './connection.ts';
import type { PeerInfo, Tie, Transport, TunnelDown, TunnelOutput, TunnelPhase, TunnelRefusal, TunnelSettings } from './contract.ts';
import { type Invalid, SENSITIVE, decodeControl, encodeMessage } from './control.ts';
import type { GiveUp } from './giveup.ts';
import { answer, describePeer, objection, reply, request, settleTie, stopResult, unauthenticated } from './greeting.ts';
import { type Header, encodeControl } from './header.ts';
import { NO_TUNNEL, type PeerSessionId, type PeerTunnelId, type SessionId, type TunnelId, toPeerSessionId, toPeerTunnelId, toSessionId } from './ids.ts';
import { SPEC } from './limits.ts';
import { type ControlCounters, type Outgoing, type Receipt, Reliable } from './reliable.ts';
import { type IncomingCall, type OutgoingCall, Session, type SessionDown, type SessionKind, type SessionLink } from './session.ts';

export { ALL_BEARERS, ALL_FRAMING, settleTie } from './greeting.ts';
export type { TunnelEvent, TunnelState } from './connection.ts';
export type { PeerInfo, Tie, Transport, TunnelDown, TunnelOutput, TunnelPhase, TunnelRefusal, TunnelSettings } from './contract.ts';

/** RFC 2661 5.5: recommended silence before a HELLO. */
export const HELLO_INTERVAL: Millis = 60_000;
/** Ours: a peer that acknowledges but never goes on must not hold a half-open tunnel or call for ever. Lines that lose a third need the time. */
export const SETUP_TIMEOUT: Millis = 120_000;
/** Ours: octets sent per octet received before the peer has acknowledged anything. */
const UNPROVEN_GAIN = 3;
const NOTHING = new Uint8Array(0);
const FSM: Result = { code: STOP.fsm };
/** RFC 2661 4.4.2: the LAC passes the call on to another LNS. */
const FULL: Result = { code: DISCONNECT.error, error: ERROR.tryAnother };

export class Tunnel {
  readonly #settings: TunnelSettings;
  readonly #out: TunnelOutput;
  readonly #reliable: Reliable;
  readonly #timers = new TimerQueue();
  readonly #sessions = new Map<SessionId, Session>();
  readonly #byPeer = new Map<PeerSessionId, Session>();
  readonly #link: SessionLink;
  readonly #helloInterval: Millis;
  readonly #setupTimeout: Millis;
  /** Messages that were not taken, by reason. */
  readonly refusals: Record<TunnelRefusal, number> = {
    'no message type': 0, 'message type unknown': 0, 'avp length wrong': 0, 'avp unknown': 0, 'avp malformed': 0, 'avp hidden': 0, 'avp missing': 0,
    'no such session': 0, 'out of place': 0,
  };
  #peerId: PeerTunnelId = NO_TUNNEL;
  #state: TunnelState = 'idle';
  #phase: TunnelPhase = 'open';
  #peer: PeerInfo | undefined;
  #started: Millis | undefined;
  #now: Millis = 0;
  #helloAt: Millis = NEVER;
  /** Ns of the last HELLO. */
  #lastHello: number | undefined;
  #setupAt: Millis = NEVER;
  #forgetAt: Millis = NEVER;

  constructor(settings: TunnelSettings, out: TunnelOutput) {
    this.#settings = settings;
    this.#out = out;
    this.#helloInterval = settings.helloInterval ?? HELLO_INTERVAL;
    this.#setupTimeout = settings.setupTimeout ?? SETUP_TIMEOUT;
    const unprovenGain = settings.role === 'responder' ? UNPROVEN_GAIN : 0;
    this.#reliable = new Reliable(
      {
        transmit: (message, ns, nr) => this.#transmit(message, ns, nr),
        deliver: (sessionId, body, now) => this.#deliver(sessionId, body, now),
        failed: (record) => this.#unanswered(record),
        lastData: () => out.lastData(),
      },
      { unprovenGain, ...settings.limits },
    );
    this.#link = this.#sessionLink();
  }

  get id(): TunnelId {
    return this.#settings.id;
  }

  get role(): 'initiator' | 'responder' {
    return this.#settings.role;
  }

  get settings(): TunnelSettings {
    return this.#settings;
  }

  /** 0 until learned. */
  get peerId(): PeerTunnelId {
    return this.#peerId;
  }

  get state(): TunnelState {
    return this.#state;
  }

  get phase(): TunnelPhase {
    return this.#phase;
  }

  /** Undefined until SCCRQ or SCCRP came. */
  get peer(): PeerInfo | undefined {
    return this.#peer;
  }

  /** When SCCRQ was sent or received; undefined before. */
  get started(): Millis | undefined {
    return this.#started;
  }

  get sessions(): ReadonlyMap<SessionId, Session> {
    return this.#sessions;
  }

  get counters(): Readonly<ControlCounters> {
    return this.#reliable.counters;
  }

  /** Sequence numbers, window, round trip, time-out: what SHOW L2TP TUNNEL prints. */
  get transport(): Transport {
    return this.#reliable;
  }

  /** Initiator: Local Open request, SCCRQ. */
  open(now: Millis): void {
    this.#now = now;
    if (this.#state !== 'idle' || this.#phase !== 'open') return;
    this.#started = now;
    this.#step('open', now, undefined, request(this.#settings, this.#reliable.receiveWindow));
  }

  /** A control message of this tunnel: `h` decoded from `b`. Acknowledgements ride on what is sent, or go alone after 20 ms. */
  receive(h: Header, b: Uint8Array, now: Millis): Receipt | 'dropped' {
    this.#now = now;
    if (this.#phase === 'gone') return 'dropped';
    if (this.#started === undefined) {
      this.#started = now;
      this.#setupAt = now + this.#setupTimeout;
    }
    return this.#reliable.receive(h.ns, h.nr, h.sessionId, b.subarray(h.payload, h.end), now);
  }

  /** An SCCRQ of the peer arrived while ours waits for its answer: decides, and silently discards this tunnel where it loses (4.4.3). */
  collide(theirs: ControlMessage<'SCCRQ'>, now: Millis): Tie {
    if (this.#state !== 'wait-ctl-reply') return 'both stay';
    const tie = settleTie(this.#settings.tieBreaker, theirs.tieBreaker);
    if (tie === 'theirs stays' || tie === 'neither stays') this.#step('tie lost', now, { cause: 'tie' });
    return tie;
  }

  /** Admin Tunnel Close: sessions end, StopCCN, retention. Also before it is established. */
  close(result: Result, now: Millis): void {
    this.#now = now;
    if (this.#phase === 'open') this.#step('close', now, { cause: 'closed', result });
  }

  /** Forgets everything at once and without a word, to the peer or to the owner but `gone`: for one that never proved itself. */
  discard(now: Millis): void {
    if (this.#phase !== 'gone') this.#forget(now);
  }

  /** Sends HELLO now, where established and nothing waits for an acknowledgement (the peer is said to be unreachable). */
  probe(now: Millis): void {
    this.#now = now;
    if (this.#state === 'established' && this.#reliable.unacknowledged === 0) this.#queue({ type: 'HELLO' }, 0, now);
  }

  /** ICMP says that nobody serves the peer's port; where the tunnel is up the peer is asked. */
  closed(now: Millis): void {
    this.#now = now;
    if (this.#state !== 'established') return;
    this.probe(now);
    this.#reliable.closed(now);
  }

  /** Remembers what came instead of an answer, for the give-up record: "ICMP port unreachable". */
  instead(what: string): void {
    this.#reliable.instead(what);
  }

  /** LAC: asks the peer, the LNS, to take a call (ICRQ as soon as the tunnel is open). `id` is in use in no tunnel. */
  placeIncoming(id: SessionId, call: IncomingCall, now: Millis): Session {
    return this.#place(id, 'LAC incoming', call, now);
  }

  /** LNS: asks the peer, the LAC, to place a call (OCRQ as soon as the tunnel is open). `id` is in use in no tunnel. */
  placeOutgoing(id: SessionId, call: OutgoingCall, now: Millis): Session {
    return this.#place(id, 'LNS outgoing', call, now);
  }

  /** Idempotent; acts only on what is due. */
  tick(now: Millis): void {
    this.#now = now;
    if (this.#phase === 'gone') return;
    this.#reliable.tick(now);
    this.#timers.run(now);
    if (now >= this.#setupAt) this.#step('timeout', now, { cause: 'timeout', state: this.#state });
    if (now >= this.#helloAt) this.#hello(now);
    if (now >= this.#forgetAt && this.#reliable.unacknowledged === 0) this.#forget(now);
  }

  /** NEVER when nothing is to be done. */
  deadline(): Millis {
    if (this.#phase === 'gone') return NEVER;
    const forgetAt = this.#reliable.unacknowledged === 0 ? this.#forgetAt : NEVER;
    return Math.min(this.#reliable.deadline(), this.#timers.deadline(), this.#setupAt, this.#helloAt, forgetAt);
  }

  #transmit(message: Outgoing | undefined, ns: number, nr: number): number {
    const datagram = encodeControl({ tunnelId: this.#peerId, sessionId: message?.sessionId ?? 0, ns, nr }, message?.body ?? NOTHING);
    this.#out.send(datagram, this.#now, message?.about);
    if (message?.name === 'HELLO') this.#helloSent(ns);
    return datagram.length;
  }

  /** One that goes out again was not acknowledged. */
  #helloSent(ns: number): void {
    if (ns === this.#lastHello) this.#out.suspect(this.#now);
    this.#lastHello = ns;
  }

  /** Encodes and queues; false where a value does not fit or the queue is full. */
  #queue(message: ControlMessage, sessionId: number, now: Millis, about?: SessionId): boolean {
    const { secret, crypto, random } = this.#settings;
    const hiding = secret !== undefined && message.type === 'ICCN' && this.#reads() ? { secret, crypto, vector: random.bytes(16), names: SENSITIVE } : undefined;
    const body = encodeMessage(message, hiding);
    return body !== undefined && this.#reliable.send({ name: message.type, sessionId, about, body }, now);
  }

  /**
   * Whether the peer reads hidden AVPs (RFC 2661 4.3) for certain: only our own kind is known to. Most free LNSs do not, or read them wrongly;
   * such a call would end at the LNS with a wrong password and nothing to show why. What goes there in clear is what the seed's routers send.
   */
  #reads(): boolean {
    return this.#settings.vendorName !== undefined && this.#peer?.vendorName === this.#settings.vendorName;
  }

  #deliver(sessionId: number, body: Uint8Array, now: Millis): void {
    if (this.#phase !== 'open') return;
    const { crypto, secret, pre13 } = this.#settings;
    const decoded = decodeControl(body, 0, body.length, { crypto, secret, pre13 });
    if (decoded.kind === 'passed over') return;
    if (decoded.kind === 'invalid') return this.#invalid(decoded, sessionId, now);
    const { message } = decoded;
    this.#out.received(message, decoded.notes, now);
    if (isTunnelMessage(message)) this.#tunnelMessage(message, now);
    else this.#sessionMessage(message, sessionId, now);
  }

  #tunnelMessage(message: TunnelMessage, now: Millis): void {
    switch (message.type) {
      case 'SCCRQ':
        return this.#sccrq(message, now);
      case 'SCCRP':
        return this.#sccrp(message, now);
      case 'SCCCN':
        return this.#scccn(message, now);
      case 'StopCCN':
        if (this.#peerId === NO_TUNNEL) this.#peerId = toPeerTunnelId(message.assignedTunnelId);
        return this.#step('StopCCN', now, { cause: 'peer', result: message.resultCode });
      case 'HELLO':
        if (this.#state !== 'established') this.#outOfPlace('HELLO', now);
        return;
      default:
        return message satisfies never;
    }
  }

  #sccrq(message: ControlMessage<'SCCRQ'>, now: Millis): void {
    if (this.#state !== 'idle' || this.role !== 'responder') return this.#outOfPlace('SCCRQ', now);
    this.#learn(message);
    const reason = objection(this.#settings, message) ?? this.#declined(message, now);
    if (reason !== undefined) return this.#step('SCCRQ refused', now, reason);
    this.#step('SCCRQ', now, undefined, reply(this.#settings, this.#reliable.receiveWindow, message.challenge));
  }

  #sccrp(message: ControlMessage<'SCCRP'>, now: Millis): void {
    if (this.#state !== 'wait-ctl-reply') {
      if (this.#peerId === NO_TUNNEL) this.#learn(message);
      return this.#outOfPlace('SCCRP', now);
    }
    this.#learn(message);
    const reason = objection(this.#settings, message) ?? unauthenticated(this.#settings, message);
    if (reason !== undefined) return this.#step('SCCRP refused', now, reason);
    this.#step('SCCRP', now, undefined, { type: 'SCCCN', challengeResponse: answer(this.#settings, 'SCCCN', message.challenge) });
  }

  #scccn(message: ControlMessage<'SCCCN'>, now: Millis): void {
    if (this.#state !== 'wait-ctl-conn') return this.#outOfPlace('SCCCN', now);
    const reason = unauthenticated(this.#settings, message);
    this.#step(reason === undefined ? 'SCCCN' : 'SCCCN refused', now, reason);
  }

  #declined(message: ControlMessage<'SCCRQ'>, now: Millis): TunnelDown | undefined {
    const result = this.#out.request(message, now);
    return result === undefined ? undefined : { cause: 'closed', result };
  }

  #learn(message: ControlMessage<'SCCRQ' | 'SCCRP'>): void {
    this.#peerId = toPeerTunnelId(message.assignedTunnelId);
    const receiveWindow = message.receiveWindowSize ?? SPEC.peerWindow;
    this.#reliable.announced(receiveWindow);
    this.#peer = describePeer(message, receiveWindow);
  }

  #sessionMessage(message: SessionMessage, headerId: number, now: Millis): void {
    if (this.#state !== 'established') return this.#outOfPlace(message.type, now);
    const session = this.#find(headerId, message.assignedSessionId);
    if (session !== undefined) return session.receive(message, now);
    if (message.type === 'ICRQ' || message.type === 'OCRQ') return this.#called(message, now);
    this.#refuse('no such session', `${message.type} for session ${headerId}`, now);
    if ((message.type === 'ICRP' || message.type === 'OCRP') && headerId !== 0) {
      this.#disconnect(message.assignedSessionId, headerId, { code: DISCONNECT.error, error: ERROR.badSession }, now);
    }
  }

  /** A session by our id in the header, or by the peer's where it has not learned ours (RFC 2661 4.4.4). */
  #find(headerId: number, assigned: number | undefined): Session | undefined {
    if (headerId !== 0) return this.#sessions.get(toSessionId(headerId));
    return assigned === undefined ? undefined : this.#byPeer.get(toPeerSessionId(assigned));
  }

  #called(message: ControlMessage<'ICRQ' | 'OCRQ'>, now: Millis): void {
    const id = this.#out.newSession();
    if (id === undefined) {
      return this.#disconnect(message.assignedSessionId, message.assignedSessionId, FULL, now);
    }
    const session = new Session(id, message.type === 'ICRQ' ? 'LNS incoming' : 'LAC outgoing', this.#link);
    this.#sessions.set(id, session);
    session.requested(message, now);
  }

  /** A CDN outside any session of ours. */
  #disconnect(peerSession: number, ours: number, resultCode: Result, now: Millis): void {
    this.#queue({ type: 'CDN', resultCode, assignedSessionId: ours }, peerSession, now);
  }

  /** RFC 2661 4.1, 7.1: clears the session or the tunnel that the message is about. */
  #invalid(invalid: Invalid, headerId: number, now: Millis): void {
    const what = `${invalid.name ?? 'message'}: ${invalid.result.message ?? invalid.refusal}`;
    this.#refuse(invalid.refusal, what, now);
    if (invalid.name === 'StopCCN') return this.#step('StopCCN', now, { cause: 'peer', result: { code: 0 } });
    if (invalid.scope === 'tunnel') {
      if (this.#peerId === NO_TUNNEL && invalid.assignedTunnelId !== undefined) this.#peerId = toPeerTunnelId(invalid.assignedTunnelId);
      const asks = invalid.name === 'SCCRQ' && this.#state === 'idle' && this.role === 'responder';
      return this.#step(asks ? 'SCCRQ refused' : 'invalid message', now, { cause: 'protocol', what, result: invalid.result });
    }
    const session = this.#find(headerId, invalid.assignedSessionId);
    if (session === undefined) {
      if (invalid.assignedSessionId !== undefined && invalid.name !== 'CDN') {
        this.#disconnect(invalid.assignedSessionId, headerId === 0 ? invalid.assignedSessionId : headerId, invalid.result, now);
      }
    } else if (invalid.name === 'CDN') session.disconnected(now);
    else session.invalid(what, invalid.result, now);
  }

  #refuse(refusal: TunnelRefusal, what: string, now: Millis): void {
    this.refusals[refusal]++;
    this.#out.refused(refusal, what, now);
  }

  /** A message that the state has no use for (7.1, 7.2.1). */
  #outOfPlace(type: ControlMessage['type'], now: Millis): void {
    const what = `${type} in state ${this.#state}`;
    this.#refuse('out of place', what, now);
    const event: TunnelEvent = type === 'SCCRQ' || type === 'SCCRP' || type === 'SCCCN' ? type : 'invalid message';
    // The table takes an SCCRQ in idle as acceptable: here the initiator is idle and asked nobody.
    this.#step(event === 'SCCRQ' && this.#state === 'idle' ? 'SCCRQ refused' : event, now, { cause: 'protocol', what, result: FSM });
  }

  #place(id: SessionId, kind: SessionKind, call: IncomingCall | OutgoingCall, now: Millis): Session {
    this.#now = now;
    const session = new Session(id, kind, this.#link, call);
    this.#sessions.set(id, session);
    session.open(now);
    if (this.#phase !== 'open') session.tunnelDown(now);
    else this.#newCall(session, now);
    return session;
  }

  #newCall(session: Session, now: Millis): void {
    this.#out.changed('new call', this.#state, this.#state, now);
    if (this.#state === 'established') session.tunnelOpen(now);
  }

  #hello(now: Millis): void {
    const due = Math.max(this.#reliable.lastHeard ?? 0, this.#out.lastData()) + this.#helloInterval;
    if (now < due) {
      this.#helloAt = due;
      return;
    }
    this.#helloAt = now + this.#helloInterval;
    this.probe(now);
  }

  /** Takes the table's step: state first, then what is sent, then what is told. */
  #step(event: TunnelEvent, now: Millis, reason?: TunnelDown, message?: ControlMessage): void {
    if (this.#phase !== 'open') return;
    const old = this.#state;
    const step = connectionStep(old, event);
    if (step.cleanUp) return this.#cleanUp(event, step.send === 'StopCCN', reason ?? { cause: 'protocol', what: `${event} in state ${old}`, result: FSM }, now);
    this.#state = step.next;
    if (message !== undefined && !this.#queue(message, 0, now)) {
      return this.#cleanUp('close', false, { cause: 'protocol', what: `${message.type} could not be sent: a value is too long`, result: FSM }, now);
    }
    this.#setupAt = step.next === 'established' ? NEVER : now + this.#setupTimeout;
    if (step.next === 'established') this.#helloAt = now + this.#helloInterval;
    this.#out.changed(event, old, step.next, now);
    if (step.next !== 'established') return;
    this.#out.up(now);
    for (const session of this.#sessions.values()) session.tunnelOpen(now);
  }

  #cleanUp(event: TunnelEvent, tell: boolean, reason: TunnelDown, now: Millis): void {
    const old = this.#state;
    this.#state = 'idle';
    this.#setupAt = NEVER;
    this.#helloAt = NEVER;
    const silent = reason.cause === 'tie' || reason.cause === 'no answer' || this.#started === undefined;
    this.#phase = silent ? 'gone' : 'retained';
    this.#forgetAt = now + SPEC.retention;
    this.#reliable.dropUnsent();
    if (tell && !silent) this.#queue({ type: 'StopCCN', assignedTunnelId: this.id, resultCode: stopResult(reason) }, 0, now);
    for (const session of this.#sessions.values()) session.tunnelDown(now);
    this.#out.changed(event, old, 'idle', now);
    this.#out.down(reason, now);
    if (silent) this.#out.gone(now);
  }

  #unanswered(record: GiveUp): void {
    if (this.#phase === 'open') this.#step('no answer', record.gaveUp, { cause: 'no answer', gaveUp: record });
    else if (this.#phase === 'retained') this.#forget(record.gaveUp);
  }

  #forget(now: Millis): void {
    this.#phase = 'gone';
    this.#out.gone(now);
  }

  #sessionLink(): SessionLink {
    const { framing, bearer } = this.#settings;
    const peer = (): PeerInfo | undefined => this.#peer;
    return {
      own: { framing, bearer },
      get peer() {
        return peer();
      },
      setupTimeout: this.#setupTimeout,
      send: (session, message, now) => this.#queue(message, session.peerId, now, session.id),
      alarm: (at, task) => this.#timers.set(at, task),
      learned: (session) => void this.#byPeer.set(session.peerId, session),
      changed: (session, event, old, now) => this.#out.sessionChanged(session, event, old, session.state, now),
      called: (session, now) => this.#out.called(session, now),
      replied: (session, reply, now) => this.#out.replied(session, reply, now),
      up: (session, now) => this.#out.sessionUp(session, now),
      down: (session, reason, now) => this.#ended(session, reason, now),
      info: (session, message, now) => this.#out.sessionInfo(session, message, now),
    };
  }

  #ended(session: Session, reason: SessionDown, now: Millis): void {
    this.#sessions.delete(session.id);
    if (this.#byPeer.get(session.peerId) === session) this.#byPeer.delete(session.peerId);
    this.#out.sessionDown(session, reason, now);
  }
}

function isTunnelMessage(message: ControlMessage): message is TunnelMessage {
  return MESSAGES[message.type].scope === 'tunnel';
}
