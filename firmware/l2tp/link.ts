// Where L2TP meets the rest of the router. The appliance gives an L2tpOwner and is given an L2tpLink for every call that is up;
// PPP runs over the link without knowing L2TP, L2TP carries frames without knowing PPP.

import type { Ipv4, Ipv4Prefix } from '../bytes/ip.ts';
import type { Secret } from '../bytes/secret.ts';
import type { Millis } from '../bytes/time.ts';
import type { Far, SessionCounters, SessionKey, SessionOptions } from '../hal/dataplane.ts';
import type { Lookup } from '../hal/iphost.ts';
import type { TemplateEntry } from './templates.ts';

/** The interface over a call, as far as L2TP asks. */
export interface CallUser {
  /** As messages name it: 'ppp1'. */
  readonly name: string;
  /** False while the operator disabled it: calls for it are refused. */
  readonly enabled: boolean;
}

/** What the LAC learned before it passed the call on (RFC 2661 4.4.5). Options without the LCP header; texts as octets. */
export interface ProxyInfo {
  readonly initialReceived: Uint8Array | undefined;
  readonly lastSent: Uint8Array | undefined;
  readonly lastReceived: Uint8Array | undefined;
  /** Proxy Authen Type: 1 text, 2 CHAP, 3 PAP, 4 none, 5 MS-CHAPv1. */
  readonly authenType: number | undefined;
  readonly authenName: Uint8Array | undefined;
  readonly authenChallenge: Uint8Array | undefined;
  readonly authenId: number | undefined;
  readonly authenResponse: Uint8Array | undefined;
}

/** A call of the peer that no configured call takes: ADD L2TP IP names the PPP template that would answer it. */
export interface TemplateCall {
  readonly entry: TemplateEntry;
  readonly peer: Ipv4;
  readonly callingNumber: string;
  readonly calledNumber: string;
  /** Call Serial Number. */
  readonly serial: number;
}

/** A call that a LAC forwards to an LNS: what the line said, and what LCP and authentication with the caller brought. */
export interface Forward {
  /** The name that the caller gave, unjudged; undefined where nothing had to be proved (USER=NONE). */
  readonly name: string | undefined;
  readonly proxy: ProxyInfo;
  readonly callingNumber: string;
  readonly calledNumber: string;
  readonly subAddress: string;
  /** Bit/s to and from the caller (Tx and Rx Connect Speed). */
  readonly txSpeed: number;
  readonly rxSpeed: number;
  /** Bearer Type: an ISDN line, a modem, or no physical line (PPPoE). */
  readonly bearer: 'digital' | 'analog' | 'none';
  readonly framing: 'sync' | 'async';
}

/**
 * How the one that forwards a call is told. Exactly one of `up` and `failed` comes first, never from within `forward`; after `up` exactly one
 * `down`, also where `link.hangUp` ended it (then from within). After `cancel` nothing more comes.
 */
export interface ForwardUser {
  /** The LNS took the call: its session stands on the data plane with no far end yet. */
  up(link: L2tpLink, now: Millis): void;
  /** No LNS took it; one sentence that names what was tried. */
  failed(reason: string, now: Millis): void;
  down(reason: string, now: Millis): void;
  /** The control characters that the LNS and the caller agreed to escape (SLI): those in frames to the caller, on an asynchronous line (RFC 1662 7.1). */
  accm?(map: number, now: Millis): void;
}

/** One LNS that a RADIUS server names for a user (RFC 2868). At most 16 are tried. */
export interface TunnelOffer {
  /** Lower values are tried first; among equals by chance. */
  readonly preference: number;
  readonly server: Ipv4;
  /** The tunnel's secret (Tunnel-Password); undefined = PASSWORD of the ADD L2TP USER entry, where it has one. */
  readonly password: Secret | undefined;
  /** Calls with the same assignment id and server share a tunnel; undefined = with all of that server. */
  readonly assignment: string | undefined;
  /** Our Host Name in this tunnel (Tunnel-Client-Auth-ID); undefined = ours. */
  readonly hostName: string | undefined;
  /** Told to the LNS with the call (Tunnel-Private-Group-ID). */
  readonly privateGroup?: string | undefined;
}

/** A call that an LNS asks us to make: an OCRQ for an ISDN or asynchronous line, or one that names no call of ADD L2TP CALL. */
export interface OutgoingRequest {
  /** The named call on a call port; empty where the Called Number can be dialled. A call may have such a name too: `number` alone may be one. */
  readonly call: string;
  /** What to dial; empty = what the call says. */
  readonly number: string;
  readonly subAddress: string;
  readonly bearer: 'digital' | 'analog' | 'none';
  readonly minimumBps: number;
  readonly maximumBps: number;
  readonly peer: Ipv4;
}

/** The call being made for an LNS. */
export interface OutgoingUser {
  /** As messages name it: 'ISDN-toiisdn'. */
  readonly name: string;
  /** The LNS was told (OCCN) and its session stands on the data plane: relay begins. */
  linkUp(link: L2tpLink, now: Millis): void;
  /** The LNS hung up, or the tunnel went: the call ends. Once, also before `linkUp`, and from within `link.hangUp`. */
  linkDown(reason: string, now: Millis): void;
  /** As `ForwardUser.accm`. */
  accm?(map: number, now: Millis): void;
}

/** What the dialler answers: once, `connected` or `failed`. */
export interface OutgoingAnswer {
  connected(line: { readonly speed: number; readonly framing: 'sync' | 'async' }, now: Millis): void;
  /**
   * `cause`: CDN result code (RFC 2661 4.4.2): 4 no port free, 6 bad destination, 7 no carrier, 8 busy, 9 no dial tone, 10 timeout, 11 no framing.
   * No `linkDown` comes after it.
   */
  failed(cause: number, reason: string, now: Millis): void;
}

/** A call that is up: frames in, frames out, both by the session key on the data plane. */
export interface L2tpLink {
  readonly session: SessionKey;
  /** Largest IP packet that fits the path to the peer without fragments, octets. It may change: `linkMtu` tells. */
  readonly mtu: number;
  /** Where it comes from: the largest packet of the path, and the octets around one of the link. */
  readonly path: { readonly mtu: number; readonly overhead: number };
  readonly role: 'lac' | 'lns';
  /** The peer: its address and, for messages, its Host Name. */
  readonly peer: Ipv4;
  readonly peerName: string;
  /** What a LAC passed on, where it did. */
  readonly proxy: ProxyInfo | undefined;
  /** What the session carried; once it is gone, what it had carried. */
  counters(): SessionCounters | undefined;
  /** Changes how the data plane treats the session, or where its packets go. */
  update(change: Partial<SessionOptions> & { readonly far?: Far; readonly routes?: readonly Ipv4Prefix[]; readonly sources?: readonly Ipv4Prefix[] }): void;
  /** LNS: tells the LAC which control characters LCP agreed to escape in frames to the caller and from him (SLI); without it all are. */
  accm?(send: number, receive: number, now: Millis): void;
  /** PPP has opened: NUMBER=STARTUP stops numbering, the redial interval starts again from its least. */
  negotiated(now: Millis): void;
  /** Ends the call; `reason` is one sentence for the log and the peer. */
  hangUp(reason: string, now: Millis): void;
}

/** What L2TP needs of the router around it. */
export interface L2tpOwner {
  /** The kernel's route to a peer; undefined = none. */
  lookup(destination: Ipv4): Lookup | undefined;
  /** The sources that IP filter `id` permits; undefined = there is no such filter. */
  filter(id: number): readonly Ipv4Prefix[] | undefined;
  /** SET SYSTEM NAME, or the product's name: our Host Name. */
  hostName(): string;
  /** The interface over TNL-`call`, whatever its state; undefined = none. */
  callUser(call: string): CallUser | undefined;
  /** A configured call came up. Called once per session; `linkDown` follows before the next. */
  linkUp(call: string, link: L2tpLink, now: Millis): void;
  /** The session of `call` is gone, or an attempt failed; `reason` is one sentence. */
  linkDown(call: string, reason: string, now: Millis): void;
  /** The path to the peer of `call` has another MTU now. */
  linkMtu(call: string, mtu: number, now: Millis): void;
  /** The peer of `call` is silent in its tunnel: asks it by PPP (LCP echo) whether it is there. False where PPP is not up. */
  linkAsk(call: string, now: Millis): boolean;
  /** The peer of `call` still sends on a session of before our start: the interface should open the call as traffic would. */
  callMissed(call: string, now: Millis): void;
  /** A call for a template: why it cannot be taken, as one sentence, or the way its link is told. */
  templateCall(call: TemplateCall, now: Millis): { readonly refused: string } | TemplateUser;
  /** Names to addresses, all of them, and for how long they are good (ms); `done` is called once, at once or later. */
  resolve(name: string, done: (answer: { readonly addresses: readonly Ipv4[]; readonly life: Millis } | { readonly refused: string }, now: Millis) => void): void;
  /** The LNSs that RADIUS names for a domain or user (ACTION=RADIUS). */
  tunnels(name: string, done: (answer: readonly TunnelOffer[] | { readonly refused: string }, now: Millis) => void): void;
  /** Makes a call for an LNS: why it cannot be made, or the way it is told of its session; `answer` comes once, at once or later. */
  outgoingCall(request: OutgoingRequest, answer: OutgoingAnswer, now: Millis): { readonly refused: string; readonly cause: number } | OutgoingUser;
}

/** The dynamic interface that takes a call by template. */
export interface TemplateUser {
  /** For messages: 'ppp3'. */
  readonly name: string;
  /** The name that the caller proved; undefined until then. */
  userName?(): string | undefined;
  linkUp(link: L2tpLink, now: Millis): void;
  linkMtu(mtu: number, now: Millis): void;
  linkAsk(now: Millis): boolean;
  linkDown(reason: string, now: Millis): void;
}

/** What identifies this router to peers (RFC 2661 4.4.3). */
export interface Identity {
  /** Vendor Name. */
  readonly vendor: string;
  /** Firmware Revision: major in the high octet, minor in the low one. */
  readonly firmware: number;
}

/** Octets that carrying a PPP frame in plain L2TPv2 costs: IP 20, UDP 8, L2TP with Length 8, PPP 4. */
export const OVERHEAD = 40;
/** Ns and Nr (RFC 2661 3.1). */
export const SEQUENCE_OVERHEAD = 4;
