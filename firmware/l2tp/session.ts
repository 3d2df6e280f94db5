// One L2TP session (RFC 2661 7.4, 7.5): the four machines LAC/LNS x incoming/outgoing. Sends through its tunnel, carries no data itself.

import type { Alarm, Millis } from '../bytes/time.ts';
import { type Avps, type ControlMessage, DISCONNECT, ERROR, type Result, type SessionMessage } from './catalog.ts';
import { NO_SESSION, type PeerSessionId, type SessionId, toPeerSessionId } from './ids.ts';
import { lacIncoming, lacOutgoing } from './lac.ts';
import { lnsIncoming, lnsOutgoing } from './lns.ts';
import type { SessionEvent, SessionState, Step } from './step.ts';

export type { SessionEvent, SessionState } from './step.ts';

/** Who we are in the call, and who asked for it. 'LAC incoming' and 'LNS outgoing' are asked for by us. */
export type SessionKind = 'LAC incoming' | 'LNS incoming' | 'LAC outgoing' | 'LNS outgoing';

/** Why a session ended. Closed: every one has a sentence in the call's log. */
export type SessionDown =
  /** We ended it, by `close`, `refuse`, `failed` or the result that `replied` gave. */
  | { readonly cause: 'closed'; readonly result: Result }
  /** The peer sent CDN; `message` is undefined where it was malformed. */
  | { readonly cause: 'peer'; readonly result: Result; readonly message: ControlMessage<'CDN'> | undefined }
  /** A message of the peer that could not be taken, or one out of place; `result` is what the peer was told. */
  | { readonly cause: 'protocol'; readonly what: string; readonly result: Result }
  /** The peer did not go on within the set-up time. */
  | { readonly cause: 'timeout'; readonly state: SessionState }
  /** The peer did not advertise the framing or bearer type that we would have to ask for (RFC 2661 4.4.3). */
  | { readonly cause: 'not offered'; readonly what: 'framing' | 'bearer' }
  /** The tunnel went away, or lost a tie: the call may be placed again on another. */
  | { readonly cause: 'tunnel' };

/** An incoming call as we, the LAC, announce it (ICRQ). */
export type IncomingCall = Pick<Avps, 'bearerType' | 'physicalChannelId' | 'callingNumber' | 'calledNumber' | 'subAddress'> & {
  readonly callSerialNumber: number;
};
/** How it connected (ICCN), with what PPP the LAC has spoken already. `framingType` is cut to what the peer advertised. */
export type IncomingConnect = Omit<ControlMessage<'ICCN'>, 'type'>;
/** An outgoing call as we, the LNS, ask for it (OCRQ). */
export type OutgoingCall = Omit<ControlMessage<'OCRQ'>, 'type' | 'assignedSessionId'>;
/** How we, the LAC, connected it (OCCN). */
export type OutgoingConnect = Omit<ControlMessage<'OCCN'>, 'type'>;

/** Framing and bearer bits of one side; bearer undefined = not said. */
export interface Abilities {
  readonly framing: number;
  readonly bearer: number | undefined;
}

/** The tunnel, as its sessions see it. */
export interface SessionLink {
  readonly own: Abilities;
  /** Undefined until the tunnel is established. */
  readonly peer: Abilities | undefined;
  /** How long the peer may take for each step. */
  readonly setupTimeout: Millis;
  /** Queues a message for the peer; false where its values do not fit. */
  send(session: Session, message: SessionMessage, now: Millis): boolean;
  /** Runs `task` at `at`. */
  alarm(at: Millis, task: (now: Millis) => void): Alarm;
  learned(session: Session): void;
  changed(session: Session, event: SessionEvent, old: SessionState, now: Millis): void;
  called(session: Session, now: Millis): void;
  replied(session: Session, reply: ControlMessage<'ICRP'>, now: Millis): IncomingConnect | { readonly refuse: Result };
  up(session: Session, now: Millis): void;
  down(session: Session, reason: SessionDown, now: Millis): void;
  info(session: Session, message: ControlMessage<'WEN' | 'SLI'>, now: Millis): void;
}

const TABLES: Record<SessionKind, (state: SessionState, event: SessionEvent) => Step> = {
  'LAC incoming': lacIncoming, 'LNS incoming': lnsIncoming, 'LAC outgoing': lacOutgoing, 'LNS outgoing': lnsOutgoing,
};
/** Bits of framing and bearer that mean something. */
const KNOWN_BITS = 3;
const OUT_OF_PLACE: Result = { code: DISCONNECT.error, error: ERROR.none, message: 'message out of place' };
const OUT_OF_RANGE: Result = { code: DISCONNECT.error, error: ERROR.range };
/** A LAC that dials takes its time: added to the set-up time between OCRP and OCCN. */
const DIALLING: Millis = 60_000;

/** One session of a Tunnel; made by `tunnel.placeIncoming`, `tunnel.placeOutgoing` or by the peer's request. */
export class Session {
  readonly id: SessionId;
  readonly kind: SessionKind;
  readonly #link: SessionLink;
  /** What we ask for, where we ask. */
  readonly #call: IncomingCall | OutgoingCall | undefined;
  #peerId: PeerSessionId = NO_SESSION;
  #state: SessionState = 'idle';
  #over = false;
  #alarm: Alarm | undefined;
  #since: Millis | undefined;
  #request: ControlMessage<'ICRQ' | 'OCRQ'> | undefined;
  #reply: ControlMessage<'ICRP' | 'OCRP'> | undefined;
  #connected: IncomingConnect | OutgoingConnect | undefined;

  constructor(id: SessionId, kind: SessionKind, link: SessionLink, call?: IncomingCall | OutgoingCall) {
    this.id = id;
    this.kind = kind;
    this.#link = link;
    this.#call = call;
  }

  /** The id of the peer, 0 until learned. */
  get peerId(): PeerSessionId {
    return this.#peerId;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** When it became established; undefined before. */
  get since(): Millis | undefined {
    return this.#since;
  }

  /** True once it ended; it does nothing any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Call Serial Number: ours where we asked for the call, else the peer's. */
  get serialNumber(): number {
    return this.#call?.callSerialNumber ?? this.#request?.callSerialNumber ?? 0;
  }

  /** What we asked for (ICRQ, OCRQ), where we asked. */
  get call(): IncomingCall | OutgoingCall | undefined {
    return this.#call;
  }

  /** The peer's ICRQ or OCRQ, where it asked. */
  get request(): ControlMessage<'ICRQ' | 'OCRQ'> | undefined {
    return this.#request;
  }

  /** The peer's ICRP or OCRP. */
  get reply(): ControlMessage<'ICRP' | 'OCRP'> | undefined {
    return this.#reply;
  }

  /** The ICCN or OCCN, ours or the peer's: framing, speeds, proxy LCP and authentication. */
  get connected(): IncomingConnect | OutgoingConnect | undefined {
    return this.#connected;
  }

  /** The LAC insists on sequence numbers in all data messages (RFC 2661 5.4). */
  get sequencingRequired(): boolean {
    return this.#connected?.sequencingRequired === true;
  }

  /** For the tunnel: the call is asked for by us. */
  open(now: Millis): void {
    this.#step('open', now);
  }

  /** For the tunnel: it is established, or was already. */
  tunnelOpen(now: Millis): void {
    if (this.#state !== 'wait-tunnel') return;
    const message = this.#requestMessage();
    const lacks = this.#lacks();
    if (lacks !== undefined) return this.#step('close', now, { cause: 'not offered', what: lacks });
    this.#step('tunnel-open', now, undefined, message);
  }

  /** For the tunnel: it went away; nothing is sent. */
  tunnelDown(now: Millis): void {
    this.#step('tunnel down', now, { cause: 'tunnel' });
  }

  /** For the tunnel: the peer asks for this call. */
  requested(request: ControlMessage<'ICRQ' | 'OCRQ'>, now: Millis): void {
    this.#request = request;
    this.#learn(request.assignedSessionId);
    this.#arm(now + this.#link.setupTimeout);
    if (request.type === 'OCRQ' && this.#beyond(request.framingType, request.bearerType)) return this.refuse(OUT_OF_RANGE, now);
    this.#link.called(this, now);
  }

  /** For the tunnel: a message of the peer for this session. */
  receive(message: SessionMessage, now: Millis): void {
    if (this.#over) return;
    switch (message.type) {
      case 'ICRP':
        return this.#icrp(message, now);
      case 'OCRP':
        if (this.kind === 'LNS outgoing' && this.#state === 'wait-reply') {
          this.#reply = message;
          this.#learn(message.assignedSessionId);
        }
        return this.#step('OCRP', now);
      case 'ICCN':
        return this.#connect('LNS incoming', message, now);
      case 'OCCN':
        return this.#connect('LNS outgoing', message, now);
      case 'CDN':
        return this.#step('CDN', now, { cause: 'peer', result: message.resultCode, message });
      case 'WEN':
      case 'SLI':
        if (this.#state === 'established') this.#link.info(this, message, now);
        return;
      case 'ICRQ':
      case 'OCRQ':
        return this.#step(message.type, now);
      default:
        return message satisfies never;
    }
  }

  /** For the tunnel: a message of the peer that cannot be taken. */
  invalid(what: string, result: Result, now: Millis): void {
    this.#step('invalid message', now, { cause: 'protocol', what, result });
  }

  /** For the tunnel: a CDN of the peer that cannot be read. It means the same. */
  disconnected(now: Millis): void {
    this.#step('CDN', now, { cause: 'peer', result: { code: 0 }, message: undefined });
  }

  /** Answers the peer's ICRQ (ICRP) or OCRQ (OCRP); within `called` or later. No effect unless it waits for an answer. */
  accept(values: Pick<Avps, 'physicalChannelId'>, now: Millis): void {
    if (!this.#undecided()) return;
    const type = this.kind === 'LNS incoming' ? 'ICRP' : 'OCRP';
    const channel = type === 'OCRP' ? values.physicalChannelId : undefined;
    this.#step(type === 'ICRP' ? 'ICRQ' : 'OCRQ', now, undefined, { type, assignedSessionId: this.id, physicalChannelId: channel });
  }

  /** Refuses the peer's request (CDN). No effect unless it waits for an answer. */
  refuse(result: Result, now: Millis): void {
    if (!this.#undecided()) return;
    this.#step(this.kind === 'LNS incoming' ? 'ICRQ refused' : 'OCRQ refused', now, { cause: 'closed', result });
  }

  /** LAC outgoing: the bearer answered and framing was detected (OCCN). `framingType` is cut to what was asked for. */
  answered(values: OutgoingConnect, now: Millis): void {
    if (this.#over || this.kind !== 'LAC outgoing' || this.#state !== 'wait-cs-answer') return;
    const asked = this.#request?.type === 'OCRQ' ? this.#request.framingType : KNOWN_BITS;
    const connected = { ...values, framingType: cut(values.framingType, asked) };
    this.#connected = connected;
    this.#step('answer', now, undefined, { ...connected, type: 'OCCN' });
  }

  /** LAC outgoing: the bearer could not be opened (CDN). */
  failed(result: Result, now: Millis): void {
    if (this.kind !== 'LAC outgoing' || this.#state !== 'wait-cs-answer') return;
    this.#step('failure', now, { cause: 'closed', result });
  }

  /** Ends the session in any state (CDN where the peer knows of it). */
  close(result: Result, now: Millis): void {
    if (this.#undecided()) return this.refuse(result, now);
    this.#step('close', now, { cause: 'closed', result });
  }

  /** LNS: tells the LAC the negotiated ACCM (SLI). */
  setLinkInfo(send: number, receive: number, now: Millis): void {
    if (this.#over || this.#state !== 'established' || this.kind.startsWith('LAC')) return;
    this.#link.send(this, { type: 'SLI', accm: { send, receive } }, now);
  }

  #undecided(): boolean {
    return !this.#over && this.#state === 'idle' && this.#request !== undefined;
  }

  #learn(peerId: number): void {
    this.#peerId = toPeerSessionId(peerId);
    this.#link.learned(this);
  }

  #icrp(message: ControlMessage<'ICRP'>, now: Millis): void {
    if (this.kind !== 'LAC incoming' || this.#state !== 'wait-reply') return this.#step('ICRP', now);
    this.#reply = message;
    this.#learn(message.assignedSessionId);
    const values = this.#link.replied(this, message, now);
    if (this.#over) return;
    if ('refuse' in values) return this.#step('ICRP refused', now, { cause: 'closed', result: values.refuse });
    const framingType = values.framingType & (this.#link.peer?.framing ?? 0);
    if (framingType === 0) return this.#step('ICRP refused', now, { cause: 'not offered', what: 'framing' });
    this.#connected = { ...values, framingType };
    this.#step('ICRP', now, undefined, { ...values, framingType, type: 'ICCN' });
  }

  /** ICCN or OCCN of the LAC. */
  #connect(kind: SessionKind, message: ControlMessage<'ICCN' | 'OCCN'>, now: Millis): void {
    const due = this.kind === kind && this.#state === 'wait-connect';
    if (due && (message.framingType & KNOWN_BITS & ~this.#link.own.framing) !== 0) {
      return this.#step(`${message.type} refused`, now, { cause: 'protocol', what: `${message.type} with a framing type not offered`, result: OUT_OF_RANGE });
    }
    if (due) this.#connected = message;
    this.#step(message.type, now);
  }

  /** Whether an OCRQ asks for what we did not advertise (RFC 2661 4.4.3). */
  #beyond(framing: number, bearer: number): boolean {
    const { own } = this.#link;
    return (framing & KNOWN_BITS & ~own.framing) !== 0 || (bearer & KNOWN_BITS & ~(own.bearer ?? 0)) !== 0;
  }

  /** What of our OCRQ the peer did not advertise. */
  #lacks(): 'framing' | 'bearer' | undefined {
    const { peer } = this.#link;
    if (peer === undefined || this.kind !== 'LNS outgoing' || this.#call === undefined || !('framingType' in this.#call)) return undefined;
    if ((this.#call.framingType & peer.framing) === 0) return 'framing';
    return (this.#call.bearerType & ~(peer.bearer ?? 0)) !== 0 ? 'bearer' : undefined;
  }

  #requestMessage(): SessionMessage | undefined {
    if (this.#call === undefined) return undefined;
    if (!('framingType' in this.#call)) return { ...this.#call, type: 'ICRQ', assignedSessionId: this.id };
    return { ...this.#call, type: 'OCRQ', assignedSessionId: this.id, framingType: cut(this.#call.framingType, this.#link.peer?.framing ?? 0) };
  }

  /** Takes the table's step: state first, then what is sent, then what is told. */
  #step(event: SessionEvent, now: Millis, reason?: SessionDown, message?: SessionMessage): void {
    if (this.#over) return;
    const old = this.#state;
    const step = TABLES[this.kind](old, event);
    if (step.next === 'idle') return this.#end(step, event, reason ?? outOfPlace(event, old), now);
    if (message !== undefined && !this.#link.send(this, message, now)) {
      const what = `${message.type} could not be sent: a value is too long, or too much waits already`;
      return this.#end({ send: old === 'wait-tunnel' ? undefined : 'CDN', next: 'idle' }, event, { cause: 'protocol', what, result: OUT_OF_RANGE }, now);
    }
    this.#state = step.next;
    this.#arm(this.#patience(now));
    if (step.next === 'established' && old !== 'established') this.#since = now;
    this.#link.changed(this, event, old, now);
    if (step.next === 'established' && old !== 'established' && !this.#over) this.#link.up(this, now);
  }

  #end(step: Step, event: SessionEvent, reason: SessionDown, now: Millis): void {
    const old = this.#state;
    this.#over = true;
    this.#state = 'idle';
    this.#alarm?.cancel();
    if (step.send === 'CDN') this.#link.send(this, { type: 'CDN', resultCode: resultOf(reason), assignedSessionId: this.id }, now);
    this.#link.changed(this, event, old, now);
    this.#link.down(this, reason, now);
  }

  #patience(now: Millis): Millis | undefined {
    const { setupTimeout } = this.#link;
    if (this.#state === 'wait-reply') return now + setupTimeout;
    if (this.#state !== 'wait-connect') return undefined;
    return now + setupTimeout + (this.kind === 'LNS outgoing' ? DIALLING : 0);
  }

  #arm(at: Millis | undefined): void {
    this.#alarm?.cancel();
    this.#alarm = at === undefined ? undefined : this.#link.alarm(at, (now) => this.#step('timeout', now, { cause: 'timeout', state: this.#state }));
  }
}

/** What of `wanted` is in `offered`; `wanted` itself where nothing is, so that the peer says no. */
const cut = (wanted: number, offered: number): number => ((wanted & offered) === 0 ? wanted : wanted & offered);

const outOfPlace = (event: SessionEvent, state: SessionState): SessionDown => ({ cause: 'protocol', what: `${event} in state ${state}`, result: OUT_OF_PLACE });

/** What a CDN tells the peer. */
function resultOf(reason: SessionDown): Result {
  switch (reason.cause) {
    case 'closed':
    case 'protocol':
    case 'peer':
      return reason.result;
    case 'timeout':
      return { code: DISCONNECT.timeout };
    case 'not offered':
      return { code: DISCONNECT.permanent };
    case 'tunnel':
      return { code: DISCONNECT.administrative };
    default:
      return reason satisfies never;
  }
}
