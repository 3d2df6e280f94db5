// What PPP interfaces need from the router around them. The appliance implements PppOwner; whoever carries links implements PppLower.

import type { Ipv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { Message } from '../cli/messages.ts';
import type { Clock, Crypto, Random, WallClock } from '../hal/clock.ts';
import type { InterfaceId, Refusal } from '../hal/dataplane.ts';
import type { Log } from '../log/log.ts';
import type { Attempt, Verdict } from './auth.ts';
import type { Ipv6cpAgreement } from './ipv6cp.ts';
import type { ProxyCall } from './proxy.ts';

/** What carries the frames of one link: an L2TP session, a PPPoE session, a test pipe. */
export interface PppLower {
  /** Sends a frame, its two-octet protocol field first. The octets are copied before this returns. */
  send(frame: Uint8Array): void;
  /** The largest IP packet that fits the outer path now, octets; `resized` of the interface tells of a change. */
  readonly mtu: number;
  /** Where `mtu` comes from: the largest packet of the outer path, and the octets around an IP packet of the link. */
  readonly path?: { readonly mtu: number; readonly overhead: number } | undefined;
  /** The control characters that the peer is asked to escape, one bit each (RFC 1662 7.1): for asynchronous lines; undefined = not asked, so all. */
  readonly asyncMap?: number | undefined;
  /** LCP is open: the control characters to escape in what is sent to the peer, and those that the peer escapes. */
  accm?(send: number, receive: number, now: Millis): void;
  /** What a LAC agreed with the caller and took from him, where it passed that on. */
  readonly proxy?: ProxyCall | undefined;
  /** What the carrier of plain IP packets must know; only what changes is given. `mss` 0 = no clamping. */
  configure(change: { readonly ipv4?: boolean; readonly ipv6?: boolean; readonly acfc?: boolean; readonly pfc?: boolean; readonly mss?: number }): void;
  /** The link carries IP from now on. */
  negotiated(): void;
  /** The link has ended; one sentence. The session may be closed; `lowerDown` of the interface may be called from within. */
  hangUp(reason: string): void;
}

/** What was carried on the present session of an interface, frames and IP packets, since it came up. */
export interface PppTraffic {
  readonly inPackets: number;
  readonly inOctets: number;
  readonly inDiscards: number;
  readonly outPackets: number;
  readonly outOctets: number;
  /** When an IP packet was last carried, either way; 0 = never. */
  readonly lastCarried: Millis;
}

/** What IPCP agreed for an interface. */
export interface PppAddresses {
  /** Our address on the link; 0.0.0.0 = unnumbered. */
  readonly local: Ipv4;
  /** The peer's; 0.0.0.0 = it named none. */
  readonly remote: Ipv4;
  /** Name servers that the peer told us, at most two. */
  readonly dns: readonly Ipv4[];
  /** `local` was given by the peer (IPREQUEST=ON) and is to be set on the interface. */
  readonly assigned: boolean;
  /** Largest IP packet that the link takes. */
  readonly mtu: number;
}

/** The router around the PPP interfaces. Interfaces are named as the operator names them: 'ppp1'. */
export interface PppOwner {
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly log: Log;
  /** How the router calls itself in CHAP challenges when the interface has no USERNAME. */
  systemName(): string;
  /** Whether a physical layer (`TNL-remote`) exists and may carry PPP; else the error for the operator. */
  layerExists(over: string): true | Message;
  /** Nominal speed of a layer, bits per second; for SHOW PPP UTILISATION. */
  bandwidth(over: string): number;
  /** What the layer waits for while it has no link, one sentence; undefined = nothing to say. */
  layerSays?(over: string): string | undefined;
  /** From now on the interface wants a link over this layer: calls out where it can, again after every loss, until `unwantLink`. */
  wantLink(name: string, over: string, now: Millis): void;
  unwantLink(name: string, over: string, reason: string, now: Millis): void;
  /** Makes the network device. `onDemand`: the first packet into it while no link is up comes back by `demand`. */
  openDevice(name: string, mtu: number, onDemand: boolean): InterfaceId | Refusal;
  setDevice(device: InterfaceId, change: { readonly mtu?: number; readonly onDemand?: boolean }): void;
  closeDevice(device: InterfaceId): void;
  /** Whether an IP interface was added on it: DESTROY refuses then. */
  ipAttached(name: string): boolean;
  /** The address that IPCP announces: the interface's own, else that of the first IP interface configured; 0.0.0.0 = none. */
  localAddress(name: string): Ipv4;
  /** Whether the peer may set the address (ENABLE IP REMOTEASSIGN and an IP interface of 0.0.0.0). */
  mayTakeAddress(name: string): boolean;
  /**
   * The address that the peer must take and the name servers it is told; refused: why there is none, as one sentence. Absent where peers
   * have addresses of their own. `peer` is the name that was proved, `address` what the database says belongs to it.
   */
  assign?(name: string, peer: string, address: Ipv4 | undefined): { readonly address: Ipv4; readonly dns: readonly Ipv4[] } | Refusal;
  ipUp(name: string, addresses: PppAddresses, now: Millis): void;
  ipDown(name: string, now: Millis): void;
  /** IP is up and the link takes packets of another size from now on, octets. */
  resized?(name: string, mtu: number): void;
  /** IPV6CP opened: link-local addresses are fe80:: and these identifiers. */
  ipv6Up(name: string, identifiers: Ipv6cpAgreement, now: Millis): void;
  ipv6Down(name: string, now: Millis): void;
  /** Judges a peer against the user database; `answer` is called once, at once or later. Helper: verifyAttempt of auth.ts. */
  authenticate(name: string, attempt: Attempt, answer: (verdict: Verdict, now: Millis) => void, now: Millis): void;
  /** Asked before the network phase of a peer that had to prove nothing (AUTHENTICATION=NONE); absent = it may enter. At once or later. */
  mayEnter?(name: string, go: (verdict: Verdict, now: Millis) => void, now: Millis): void;
  /** Traffic of the session now under the interface; undefined where there is none. */
  traffic(name: string): PppTraffic | undefined;
}
