// The server's records of what runs: a tunnel with its peer, a session with what it is for.

import type { Ipv4 } from '../bytes/ip.ts';
import type { Alarm, Millis } from '../bytes/time.ts';
import type { WallTime } from '../hal/clock.ts';
import type { SessionKey, UnderlayId } from '../hal/dataplane.ts';
import type { Numbering } from './calls.ts';
import type { Accm } from './catalog.ts';
import type { Carried } from './carrier.ts';
import type { SessionId } from './ids.ts';
import type { TemplateUser } from './link.ts';
import type { CallReason } from './reason.ts';
import type { IncomingConnect, Session } from './session.ts';
import type { ControlCounters } from './snapshot.ts';
import type { Tunnel } from './tunnel.ts';

/** What a peer is known by: never its address alone. */
export interface PeerAddress {
  readonly underlay: UnderlayId;
  readonly local: Ipv4;
  readonly peer: Ipv4;
  readonly port: number;
}

export const samePeer = (a: PeerAddress, b: PeerAddress): boolean =>
  a.peer === b.peer && a.port === b.port && a.local === b.local && a.underlay === b.underlay;

/** What keeps calls to one peer apart beside the password. */
export interface TunnelPurpose {
  /** The port that we called; the peer may have answered from another. */
  readonly port: number;
  /** Our Host Name in this tunnel alone (RFC 2868 3.10); undefined = that of the router. */
  readonly hostName: string | undefined;
  /** RFC 2868 3.6. */
  readonly assignment: string | undefined;
  /** Longest retransmission interval, ms; undefined = as usual. It parts no calls: the first one decides. */
  readonly longestTimeout: Millis | undefined;
  /** For calls of callers, who may be many. It parts no calls either. */
  readonly forwards: boolean;
}

export interface TunnelEntry {
  readonly tunnel: Tunnel;
  /** The port may change once, by the answer to our SCCRQ (RFC 2661 8.1). */
  at: PeerAddress;
  /** We sent the SCCRQ. */
  readonly ours: boolean;
  /** What we answer the peer's challenge with (ours), or what we asked for (theirs). */
  readonly password: string | undefined;
  readonly pre13: boolean;
  /** Our Host Name as this peer knows it. */
  readonly hostName: string;
  /** What it was opened for, where we opened it: only calls for the same share it. */
  readonly purpose: TunnelPurpose | undefined;
  /** A call got no answer in it: nothing is placed here until the peer is heard again. */
  suspect: boolean;
  readonly started: WallTime;
  readonly calls: Map<SessionId, SessionEntry>;
  /** Octets of the peer's SCCRQ: the very same message again is a duplicate, another one a peer that restarted. */
  readonly request: Uint8Array | undefined;
  /** It was established at some time. */
  wasUp: boolean;
  /** The peer's SCCRQ beat ours: our calls move here even before it is established. */
  readonly wonTie: boolean;
  /** Calls that went down with the tunnel, until it is known why. */
  readonly fallen: SessionEntry[];
  /** Without calls since then; NEVER while it has some. */
  idleSince: Millis;
  alarm: Alarm | undefined;
  /** What RESET L2TP COUNTER subtracts. */
  baseline: ControlCounters;
}

/** What a session does for its user, and how it is to be carried. */
export interface Carriage {
  readonly number: Numbering;
  readonly pre13: boolean;
  /** Bits per second, as we tell the peer where we are the LAC. */
  readonly speed: number;
}

/** Who is told of a session: the line of a configured call, or the dynamic interface of a template. */
export interface SessionUser {
  changed(entry: SessionEntry, now: Millis): void;
  up(entry: SessionEntry, now: Millis): void;
  /** Its link takes packets of another size from now on (`entry.link.mtu`). */
  resized(entry: SessionEntry, now: Millis): void;
  /** Asks the peer, over the session, whether it is there. False where that cannot be asked (PPP is not up). */
  ask(entry: SessionEntry, now: Millis): boolean;
  /** The session is gone from its tunnel. */
  down(entry: SessionEntry, reason: SessionEnd, now: Millis): void;
  /** The peer takes our incoming call: what it is connected with (ICCN). Absent: a VIRTUAL call. */
  connect?(entry: SessionEntry): IncomingConnect | undefined;
  /** The LNS says how the line is to be spoken to (SLI, RFC 2661 6.14). */
  lineInfo?(entry: SessionEntry, accm: Accm, now: Millis): void;
  /** ICMP says that the peer is not there. */
  unreachable?(entry: SessionEntry, reason: CallReason, now: Millis): void;
  /** Whose call it is, where that is known otherwise than by the session; for SHOW. */
  userName?(): string | undefined;
}

/** 'moved': the tunnel lost a tie, the call goes on in the other one. */
export type SessionEnd = CallReason | 'moved';

export interface SessionEntry {
  readonly session: Session;
  readonly tunnel: TunnelEntry;
  readonly started: WallTime;
  /** Undefined until it is decided who takes the peer's request. */
  user: SessionUser | undefined;
  carriage: Carriage;
  /** Set while the data plane carries it. */
  key: SessionKey | undefined;
  link: Carried | undefined;
  template: TemplateUser | undefined;
  /** Why we ended it, where a plain "closed" would say too little. */
  end: CallReason | undefined;
  /** Control messages with this session's id in the header. */
  inControl: number;
  outControl: number;
}
