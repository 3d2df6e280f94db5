// What carries packets. The control plane opens interfaces and attaches sessions; from then on plain IP packets cross
// without it. Implementations: board/sim (memory), board/linux/userplane (a worker thread). One conformance suite for all.

import type { Ipv4, Ipv4Prefix } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';

declare const underlayId: unique symbol;
declare const etherId: unique symbol;
declare const interfaceId: unique symbol;
declare const sessionKey: unique symbol;
export type UnderlayId = number & { readonly [underlayId]: true };
/** An Ethernet port served for PPPoE. */
export type EtherId = number & { readonly [etherId]: true };
export type InterfaceId = number & { readonly [interfaceId]: true };
/** Names one attached session; chosen by the caller, unique among attached sessions, 1..2^31-1. */
export type SessionKey = number & { readonly [sessionKey]: true };
/** The key of a number 1..2^31-1. */
export const toSessionKey = (value: number): SessionKey => value as SessionKey;

/** Why the board could not do it, as one sentence for the operator. */
export interface Refusal {
  readonly refused: string;
}

/** A local UDP port served for L2TP. `address` 0.0.0.0 serves all addresses of the box; answers leave from the one asked. */
export interface Underlay {
  readonly address: Ipv4;
  /** 0 = any free port. */
  readonly port: number;
}

/**
 * 'tun': one PPP interface named `name` (Linux: a TUN device). 'shared-tun': one device for all dynamic interfaces of a template; a
 * packet that comes out of it goes to the session whose `routes` hold its destination, the longest prefix first.
 */
export interface InterfaceSpec {
  readonly kind: 'tun' | 'shared-tun';
  readonly name: string;
  readonly mtu: number;
  /** Punt the first packet sent into the interface while no session is attached, at most one a second. */
  readonly onDemand: boolean;
}

/** The two ends of an L2TPv2 session as data headers name them (RFC 2661 3.1). */
export interface L2tpLeg {
  readonly kind: 'l2tpv2';
  readonly underlay: UnderlayId;
  /** The address to send from; 0.0.0.0 = as routed. */
  readonly local: Ipv4;
  readonly peer: Ipv4;
  readonly peerPort: number;
  /** Ids we assigned: in packets that arrive. */
  readonly localTunnel: number;
  readonly localSession: number;
  /** Ids the peer assigned: in packets that leave. */
  readonly peerTunnel: number;
  readonly peerSession: number;
}

/** A PPPoE session on an Ethernet port (RFC 2516): Ethertype 0x8864, the same number both ways, one peer. */
export interface PppoeLeg {
  readonly kind: 'pppoe';
  readonly port: EtherId;
  /** The peer's Ethernet address, 6 octets. */
  readonly peer: Uint8Array;
  /** 1..65535; unique together with the port and the peer. */
  readonly session: number;
}

/**
 * A byte stream whose framing runs on the main thread (a serial line, a call socket): frames that came over it enter by `send` to
 * 'arrived', frames that are to leave over it come as 'line' punts.
 */
export interface LineLeg {
  readonly kind: 'line';
}

export type Leg = L2tpLeg | PppoeLeg | LineLeg;

/**
 * Where carried packets of a session go: an interface (plain IP crosses, every other frame is punted), or another session, to which every
 * frame of every PPP protocol goes as it came, LCP included (a LAC; RFC 2661 3). Both sessions of a relay name each other. A frame for a
 * session that is not attached, or does not name this one in turn, is dropped and counted inDiscarded.
 * Of a relayed frame the protocol field and all behind it stay as they are (to a 'line' leg: the protocol field has two octets). Address and
 * control (FF03) stay as they came between L2TP legs and are left out on PPPoE (RFC 2516 7); where a frame came over PPPoE or a line without
 * them they are put before it into L2TP, unless `acfc` of the leg it leaves by says otherwise and it is no LCP frame (RFC 1661 6.6).
 * `ipv4`, `ipv6`, `mtu`, `routes` and `sources` mean nothing to a relay; `mss` > 0 of either side does.
 */
export type Far = InterfaceId | { readonly relay: SessionKey };

export interface SessionOptions {
  /** Carry IPv4 (PPP 0x0021) between session and interface; while false such packets are dropped and counted. Set when IPCP opens. */
  ipv4: boolean;
  /** The same for IPv6 (PPP 0x0057). */
  ipv6: boolean;
  /** Number the data messages we send (RFC 2661 5.4): 'follow' = exactly while those received carry numbers. */
  sequence: 'on' | 'off' | 'follow';
  /** UDP checksum on data messages that leave (SET L2TP CHECKSUM). */
  checksum: boolean;
  /** Leave out FF03 / compress the protocol field in frames that leave, as LCP negotiated (RFC 1661 6.5, 6.6). Both forms are always accepted. */
  acfc: boolean;
  pfc: boolean;
  /** TCP MSS is lowered to this in both directions (SYN packets); 0 = off. */
  mss: number;
  /**
   * The longest IPv4 packet that leaves the interface into this session, 68..65535 octets; 0 = no limit beside the interface's MTU. A longer one
   * leaves in fragments; one that may not be cut (DF) is dropped, counted outDiscarded, and its sender told by ICMP (RFC 1191) out of the
   * interface, a hundred times a second at the most.
   */
  mtu: number;
  /** Our own address in this session, which tells senders so; 0.0.0.0 = there is none, nobody is told. */
  address: Ipv4;
  /** Copy every packet of this session, both ways, as a 'trace' punt (ENABLE L2TP DEBUG=PKT). */
  trace: boolean;
}

export interface SessionPath {
  readonly key: SessionKey;
  readonly leg: Leg;
  /** Undefined = nowhere yet: every frame is punted or dropped. */
  readonly far: Far | undefined;
  readonly options: SessionOptions;
  /** Inner destinations of this session on a shared interface; on one of its own everything is. */
  readonly routes?: readonly Ipv4Prefix[];
  /** Inner sources the session may use, others are dropped and counted `inDiscarded`; undefined = any. */
  readonly sources?: readonly Ipv4Prefix[];
}

/** What the plane hands to the control plane. `data` is valid only until the handler returns. */
export type Punt =
  /** A control message (T bit), or a datagram whose header is no valid L2TPv2 at all (`malformed` says why), to a served underlay. */
  | { readonly kind: 'control'; readonly underlay: UnderlayId; readonly local: Ipv4; readonly peer: Ipv4; readonly peerPort: number; readonly data: Uint8Array }
  /** A PPP frame of an attached session that the plane does not carry itself: protocol field first (address and control removed, protocol always two octets). */
  | { readonly kind: 'ppp'; readonly session: SessionKey; readonly data: Uint8Array }
  /** A frame that is to leave over a 'line' leg: protocol field first, always two octets. */
  | { readonly kind: 'line'; readonly session: SessionKey; readonly data: Uint8Array }
  /** A PPPoE discovery frame (Ethertype 0x8863) on a served port, from its destination address on. */
  | { readonly kind: 'discovery'; readonly port: EtherId; readonly data: Uint8Array }
  /** A PPPoE session frame for which there is no session: the peer has not noticed its end. At most one a second for each port. */
  | { readonly kind: 'no session'; readonly port: EtherId; readonly peer: Uint8Array; readonly session: number }
  /** The first IP packet into an onDemand interface without session. Give it back by `send` to the session, with protocol field. */
  | { readonly kind: 'demand'; readonly interface: InterfaceId; readonly data: Uint8Array }
  /**
   * ICMP, or our own kernel in its stead, said that datagrams to this peer do not arrive; `mtu` > 0: they were too big for a path of that MTU.
   * `code` = that of ICMP type 3 (RFC 792: 0 network, 1 host, 3 port, 4 too big), -1 where the message was of another type.
   */
  | { readonly kind: 'unreachable'; readonly underlay: UnderlayId; readonly peer: Ipv4; readonly peerPort: number; readonly mtu: number; readonly code: number }
  /** A data message of a tunnel that has no session here, as a peer sends them that has not noticed our restart. At most one a second for each underlay. */
  | { readonly kind: 'stray'; readonly underlay: UnderlayId; readonly local: Ipv4; readonly peer: Ipv4; readonly peerPort: number }
  /** A copy for DEBUG=PKT: the whole L2TP message from its header on; of any other leg the PPP frame as it came or leaves. */
  | { readonly kind: 'trace'; readonly session: SessionKey; readonly direction: 'rx' | 'tx'; readonly data: Uint8Array }
  /** Something asked for earlier failed later, as one sentence. */
  | { readonly kind: 'failed'; readonly session: SessionKey; readonly reason: string };

/** What goes out by `send`. Data is copied before the call returns. */
export type Frame =
  /** A PPP frame (two-octet protocol field first) into a session; the plane adds address, control and L2TP header. */
  | { readonly to: 'session'; readonly session: SessionKey; readonly data: Uint8Array }
  /** A PPP frame that came over the line of a session with a 'line' leg, in any form (RFC 1661 6.5, 6.6): treated as one from the wire. */
  | { readonly to: 'arrived'; readonly session: SessionKey; readonly data: Uint8Array }
  /** A whole Ethernet frame (PPPoE discovery) on a served port, from its destination address on; the plane puts its own source address in. */
  | { readonly to: 'port'; readonly port: EtherId; readonly data: Uint8Array }
  /** A whole datagram (a control message) from an underlay. `local` 0.0.0.0 = as routed. */
  | { readonly to: 'peer'; readonly underlay: UnderlayId; readonly local: Ipv4; readonly peer: Ipv4; readonly peerPort: number; readonly data: Uint8Array };

/** Counters of one session since attach. Data messages only. */
export interface SessionCounters {
  inPackets: number;
  /** Octets of L2TP payload (PPP frames). */
  inBytes: number;
  /** Data messages without payload (PRE13 acknowledgements). */
  inEmpty: number;
  /** Messages with a sequence number that were the next expected. */
  inOrder: number;
  /** Messages with a sequence number ahead of the next expected: delivered, a gap was seen. */
  outOfOrder: number;
  /** Old or duplicate by sequence number: dropped. */
  orderDiscarded: number;
  /** Dropped for any other reason (protocol not open, PPP malformed). */
  inDiscarded: number;
  outPackets: number;
  outBytes: number;
  /** Packets from the interface or from `send` that did not leave: protocol not open, no route, queue full. */
  outDiscarded?: number;
  /** Sequence number of the next message sent (Ns) and the next expected; 0 where not numbered. */
  nextSent: number;
  nextExpected: number;
  /** Millis of the last message in, of the last carried IP packet either way; 0 = none yet. */
  lastIn: Millis;
  lastCarried: Millis;
}

/** Counters of one interface since open. */
export interface InterfaceCounters {
  /** Packets (or super-packets of a TCP or UDP burst) sent into it that were dropped as no session took them: none there, or on a shared one none with a route. */
  outNoSession: number;
}

/** Counters of one underlay since listen; datagrams that reached no session. */
export interface UnderlayCounters {
  /** Data messages in all / out all, also of sessions detached meanwhile. */
  inData: number;
  outData: number;
  inDataEmpty: number;
  inOrder: number;
  outOfOrder: number;
  orderDiscarded: number;
  noSuchTunnel: number;
  noSuchCall: number;
  malformed: number;
  filtered: number;
  /** Data messages that belonged to a session and were delivered to it. */
  processed: number;
}

/** Counters of one Ethernet port since it was opened; PPPoE frames only. */
export interface EtherCounters {
  /** Session frames (Ethertype 0x8864) that came to the port. */
  inFrames: number;
  outFrames: number;
  /** Those of them whose version, type, code or length is wrong. */
  malformed: number;
  /** Those of a session that nobody has. */
  noSession: number;
}

export interface DataPlane {
  /** Human name of the implementation for SHOW SYSTEM: 'sim', 'user'. */
  readonly name: string;
  /** Serves a local port; `boundPort` tells which one it became. Refused: the sentence why (port in use: names the port). */
  listen(at: Underlay): UnderlayId | Refusal;
  boundPort(id: UnderlayId): number;
  unlisten(id: UnderlayId): void;
  /**
   * Serves PPPoE on an Ethernet device of the operator's (`eth1`). Refused: the sentence why (no such device, no right). Counted: as often as
   * it was opened it is closed; with the last close its sessions are detached. Only frames to the port's own address or to a group come in.
   */
  openEther(device: string): EtherId | Refusal;
  closeEther(id: EtherId): void;
  /** Its own address, 6 octets, and its MTU. */
  ether(id: EtherId): { readonly address: Uint8Array; readonly mtu: number } | undefined;
  /** Only datagrams from these sources are taken in, others counted `filtered`; undefined = all. An empty list lets nothing in. */
  permit(id: UnderlayId, sources: readonly Ipv4Prefix[] | undefined): void;
  open(spec: InterfaceSpec): InterfaceId | Refusal;
  set(id: InterfaceId, change: { readonly mtu?: number; readonly up?: boolean; readonly onDemand?: boolean }): void;
  close(id: InterfaceId): void;
  attach(path: SessionPath): Refusal | undefined;
  /** Changes options or the far end; loses no packet. Unknown keys are ignored. */
  update(key: SessionKey, change: Partial<SessionOptions> & { readonly far?: Far; readonly routes?: readonly Ipv4Prefix[]; readonly sources?: readonly Ipv4Prefix[] }): void;
  detach(key: SessionKey): void;
  send(frames: readonly Frame[]): void;
  /** Set once by the appliance before the first listen. One call per receive batch; acknowledgements may be gathered until it returns. */
  onPunt: (batch: readonly Punt[], now: Millis) => void;
  /** Fresh counters; undefined for a key that is not attached. */
  counters(key: SessionKey): SessionCounters | undefined;
  underlayCounters(id: UnderlayId): UnderlayCounters | undefined;
  /** Undefined for a port that is not open. */
  etherCounters?(id: EtherId): EtherCounters | undefined;
  /** Undefined for an interface that is not open. */
  interfaceCounters?(id: InterfaceId): InterfaceCounters | undefined;
}
