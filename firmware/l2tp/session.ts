// One L2TP session (RFC 2661 7.4, 7.5): the four machines LAC/LNS x incoming/outgoing. Sends through its tunnel, carries no data itself.

import type { Millis } from '../bytes/time.ts';
import type { Avps, ControlMessage, Result } from './catalog.ts';
import type { PeerSessionId, SessionId } from './ids.ts';

/** Who we are in the call, and who asked for it. 'LAC incoming' and 'LNS outgoing' are asked for by us. */
export type SessionKind = 'LAC incoming' | 'LNS incoming' | 'LAC outgoing' | 'LNS outgoing';

/** RFC 2661 7.4 and 7.5. SHOW prints wait-tunnel as idle. */
export type SessionState = 'idle' | 'wait-tunnel' | 'wait-reply' | 'wait-connect' | 'wait-cs-answer' | 'established';

/** What moved a session. */
export type SessionEvent =
  | 'open' | 'tunnel-open' | 'close' | 'answer' | 'failure'
  | ControlMessage<'OCRQ' | 'OCRP' | 'OCCN' | 'ICRQ' | 'ICRP' | 'ICCN' | 'CDN' | 'WEN' | 'SLI'>['type']
  | 'ICRQ refused' | 'OCRQ refused' | 'ICRP refused' | 'OCRP refused' | 'ICCN refused' | 'invalid message' | 'timeout' | 'tunnel down';

/** Why a session ended. Closed: every one has a sentence in the call's log. */
export type SessionDown =
  /** We ended it, by `close`, `refuse` or `fail`. */
  | { readonly cause: 'closed'; readonly result: Result }
  /** The peer sent CDN. */
  | { readonly cause: 'peer'; readonly result: Result; readonly message: ControlMessage<'CDN'> | undefined }
  /** A message of the peer that could not be taken, or one out of place; `result` is what it was told. */
  | { readonly cause: 'protocol'; readonly what: string; readonly result: Result }
  /** The peer did not go on within the set-up time. */
  | { readonly cause: 'timeout'; readonly state: SessionState }
  /** The peer did not advertise the framing or bearer type that we would have to ask for (RFC 2661 4.4.3). */
  | { readonly cause: 'not offered'; readonly what: 'framing' | 'bearer' }
  /** The tunnel went away, or lost a tie: the call may be placed again on another. */
  | { readonly cause: 'tunnel' };

/** An incoming call as we, the LAC, announce it (ICRQ). */
export type IncomingCall = Pick<Avps, 'bearerType' | 'physicalChannelId' | 'callingNumber' | 'calledNumber' | 'subAddress'> & { readonly callSerialNumber: number };
/** How it connected (ICCN), with what PPP the LAC has spoken already. `framingType` is cut to what the peer advertised. */
export type IncomingConnect = Omit<ControlMessage<'ICCN'>, 'type'>;
/** An outgoing call as we, the LNS, ask for it (OCRQ). */
export type OutgoingCall = Omit<ControlMessage<'OCRQ'>, 'type' | 'assignedSessionId'>;
/** How we, the LAC, connected it (OCCN). */
export type OutgoingConnect = Omit<ControlMessage<'OCCN'>, 'type'>;

/** One session of a Tunnel; made by `tunnel.placeIncoming`, `tunnel.placeOutgoing` or by the peer's request. */
export declare class Session {
  readonly id: SessionId;
  readonly kind: SessionKind;
  /** Ours where we asked for the call, else the peer's. */
  readonly serialNumber: number;
  readonly peerId: PeerSessionId;
  readonly state: SessionState;
  /** When it became established; undefined before. */
  readonly since: Millis | undefined;
  /** The peer's ICRQ or OCRQ, where it asked for the call. */
  readonly request: ControlMessage<'ICRQ' | 'OCRQ'> | undefined;
  /** The peer's ICRP or OCRP. */
  readonly reply: ControlMessage<'ICRP' | 'OCRP'> | undefined;
  /** The ICCN or OCCN of this session, ours or the peer's: framing, speeds, proxy LCP and authentication. */
  readonly connected: Omit<ControlMessage<'ICCN' | 'OCCN'>, 'type'> | undefined;
  /** The LAC of this session insists on sequence numbers (RFC 2661 5.4). */
  readonly sequencingRequired: boolean;

  /** Answers the peer's ICRQ (ICRP) or OCRQ (OCRP); within the owner's `called` or later. No effect unless it waits for an answer. */
  accept(values: Pick<Avps, 'physicalChannelId'>, now: Millis): void;
  /** Refuses the peer's request (CDN). */
  refuse(result: Result, now: Millis): void;
  /** LAC outgoing: the bearer answered and framing was detected (OCCN). `framingType` is cut to what was asked for. */
  answered(values: OutgoingConnect, now: Millis): void;
  /** LAC outgoing: the bearer could not be opened (CDN). */
  failed(result: Result, now: Millis): void;
  /** Ends the session in any state (CDN where the peer knows of it). */
  close(result: Result, now: Millis): void;
  /** LNS: tells the LAC the negotiated ACCM (SLI). */
  setLinkInfo(send: number, receive: number, now: Millis): void;
}
