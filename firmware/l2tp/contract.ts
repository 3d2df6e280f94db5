// What a Tunnel and its owner say to each other: settings, events, reasons (RFC 2661 5, 7).

import type { Secret } from '../bytes/secret.ts';
import type { Millis } from '../bytes/time.ts';
import type { Crypto, Random } from '../hal/clock.ts';
import type { ControlMessage, Result } from './catalog.ts';
import type { TunnelEvent, TunnelState } from './connection.ts';
import type { ControlRefusal, Note } from './control.ts';
import type { GiveUp } from './giveup.ts';
import type { SessionId, TunnelId } from './ids.ts';
import type { Limits } from './limits.ts';
import type { IncomingConnect, Session, SessionDown, SessionEvent, SessionState } from './session.ts';

/** Where the connection is in its life; `state` is idle in all but the first. */
export type TunnelPhase =
  | 'open'
  /** Down; our StopCCN waits for its acknowledgement, or the peer's StopCCN may come again. Answered until the retention is over. */
  | 'retained'
  /** Nothing is left: the owner may forget it and its id. */
  | 'gone';

/** Why a tunnel went down. Closed: every one has a sentence in the log. */
export type TunnelDown =
  /** `close` was called, or `request` refused the peer. */
  | { readonly cause: 'closed'; readonly result: Result }
  /** The peer sent StopCCN. */
  | { readonly cause: 'peer'; readonly result: Result }
  | { readonly cause: 'no answer'; readonly gaveUp: GiveUp }
  /** The peer acknowledges but does not go on with the set-up. */
  | { readonly cause: 'timeout'; readonly state: TunnelState }
  | { readonly cause: 'authentication'; readonly what: 'no response' | 'wrong response' | 'no password to answer with' }
  /** A Protocol Version that is not 1. */
  | { readonly cause: 'version'; readonly peer: number }
  /** A message that could not be taken (`what` names refusal and AVP) or came out of place. */
  | { readonly cause: 'protocol'; readonly what: string; readonly result: Result }
  /** Both ends opened a tunnel at once and the other one stays (or neither). Nothing was sent. */
  | { readonly cause: 'tie' };

export interface TunnelSettings {
  readonly id: TunnelId;
  /** 'initiator': `open` sends SCCRQ. 'responder': the first message received is the peer's SCCRQ. */
  readonly role: 'initiator' | 'responder';
  /** Answers the peer's challenge, checks its response, hides AVPs. */
  readonly secret: Secret | undefined;
  /** The challenge we send, in SCCRP or SCCRQ; only together with `secret`. 16 random octets. Undefined: we do not ask. */
  readonly challenge: Uint8Array | undefined;
  /** 8 random octets for SCCRQ; undefined: two tunnels where both ends open one at once. */
  readonly tieBreaker: Uint8Array | undefined;
  readonly hostName: string;
  readonly vendorName?: string | undefined;
  readonly firmwareRevision?: number | undefined;
  /** Bits of FRAMING and BEARER that we accept. */
  readonly framing: number;
  readonly bearer: number;
  readonly pre13: boolean;
  readonly limits?: Partial<Limits> | undefined;
  /** Silence after which HELLO is sent; default 60000 (RFC 2661 5.5). */
  readonly helloInterval?: Millis | undefined;
  /** How long a set-up may take, of the tunnel and of each session; default 120000. */
  readonly setupTimeout?: Millis | undefined;
  readonly crypto: Crypto;
  readonly random: Random;
}

/** What the peer said of itself in SCCRQ or SCCRP. */
export interface PeerInfo {
  readonly hostName: string;
  readonly vendorName: string | undefined;
  /** High octet major, low octet minor. */
  readonly firmwareRevision: number | undefined;
  readonly framing: number;
  /** Undefined: it did not say, and places no outgoing calls. */
  readonly bearer: number | undefined;
  readonly receiveWindow: number;
}

/** What SHOW L2TP TUNNEL prints of the control connection's transport. Times in milliseconds. */
export interface Transport {
  /** The window we announce. */
  readonly receiveWindow: number;
  readonly longestTimeout: Millis;
  /** 0 before the first measurement. */
  readonly roundTrip: Millis;
  readonly adaptiveTimeout: Millis;
  /** The last number of the peer's that we have acknowledged; 0 before any. */
  readonly lastAcked: number;
  readonly nextSent: number;
  readonly nextReceived: number;
  /** Messages of ours sent or waiting, not acknowledged. */
  readonly unacknowledged: number;
  /** Messages that may be on their way at once. */
  readonly window: number;
  /** When a valid control message last came; undefined = never. */
  readonly lastHeard: Millis | undefined;
  /** Whether the peer proved that it receives what we send. */
  readonly proven: boolean;
}

/** The owner. Calls come when the machine's state is consistent; it may call back into tunnel and sessions. */
export interface TunnelOutput {
  /** A whole control message, header first, for the peer; `about` = our id of the session that it is about. */
  send(datagram: Uint8Array, now: Millis, about?: number): void;
  /** A decoded message of the peer, before the machine acts on it (tracing); `notes` name AVPs passed over. */
  received(message: ControlMessage, notes: readonly Note[], now: Millis): void;
  /** A message of the peer that was not taken: why, and of what it consisted. */
  refused(refusal: TunnelRefusal, what: string, now: Millis): void;
  /** Each transition, also to the same state where the event is one of the tables' (DEBUG=STATE). */
  changed(event: TunnelEvent, old: TunnelState, next: TunnelState, now: Millis): void;
  /** Responder: may this peer have a tunnel? A result refuses it with StopCCN. Version and authentication are checked by the machine. */
  request(message: ControlMessage<'SCCRQ'>, now: Millis): Result | undefined;
  /** Established. Sessions that waited send their requests right after. */
  up(now: Millis): void;
  /** Once; all sessions were reported down before. Retransmissions are still answered until `gone`. */
  down(reason: TunnelDown, now: Millis): void;
  /** The last call: nothing is retained any more. */
  gone(now: Millis): void;
  /** When data last came from the peer through this tunnel; -Infinity = never. Asked when HELLO is due. */
  lastData(): Millis;
  /** A HELLO was not acknowledged in time: what PPP knows of the peer is worth asking for. An answer is data (`lastData`). */
  suspect(now: Millis): void;
  /** An id for the call that the peer asks for; undefined: there are too many, it is refused with CDN 2, error 7 (try another). */
  newSession(): SessionId | undefined;
  /** The peer asks for a call: `session.request`. Answer by session.accept or session.refuse, now or later. */
  called(session: Session, now: Millis): void;
  /** LAC incoming: the peer accepted; what to connect with (ICCN), or a result to end it with CDN. */
  replied(session: Session, reply: ControlMessage<'ICRP'>, now: Millis): IncomingConnect | { readonly refuse: Result };
  sessionChanged(session: Session, event: SessionEvent, old: SessionState, next: SessionState, now: Millis): void;
  sessionUp(session: Session, now: Millis): void;
  /** Once; the session is no longer in the tunnel. Also for a call of the peer that was never answered. */
  sessionDown(session: Session, reason: SessionDown, now: Millis): void;
  /** WEN or SLI of an established session. */
  sessionInfo(session: Session, message: ControlMessage<'WEN' | 'SLI'>, now: Millis): void;
}

/** Messages that were not taken, by reason. */
export type TunnelRefusal = ControlRefusal | 'no such session' | 'out of place';

/** What `collide` decided (RFC 2661 4.4.3). */
export type Tie = 'ours stays' | 'theirs stays' | 'neither stays' | 'both stay';
