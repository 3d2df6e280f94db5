// What the worker knows of underlays, interfaces and sessions.

import { l2tpLength, type HeaderShape } from './header.ts';
import { OPTION, SESSION } from './layout.ts';
import type { Routes } from './routes.ts';

/** A served socket. */
export interface Underlay {
  readonly index: number;
  /** The socket that takes in, the one that sends, and the one that control messages come and go by (see sockets.ts); -1 = `fd` takes them too. */
  readonly fd: number;
  readonly out: number;
  readonly control: number;
  readonly counters: Float64Array;
  /** Sessions by their local ids, see `idsOf`. */
  readonly sessions: Map<number, Session>;
  /** How many sessions each local tunnel id has. */
  readonly tunnels: Map<number, number>;
  /** Whether SO_NO_CHECK is set on the sending socket now. */
  unchecked: boolean;
  /** Pairs of address and mask; undefined = everything may come in. */
  permitted: Int32Array | undefined;
  /** Monotonic milliseconds of the last 'stray' punt. */
  lastStray: number;
}

/** An Ethernet port served for PPPoE. */
export interface Ether {
  readonly index: number;
  /** Sockets that take session and discovery frames, and one that sends both. */
  readonly fd: number;
  readonly discovery: number;
  readonly out: number;
  /** Its own address: the first four octets, the last two. */
  readonly address: number;
  readonly addressLast: number;
  readonly mtu: number;
  readonly counters: Float64Array;
  /** Sessions by their number; those of other peers with the same number hang on `sameNumber`. */
  readonly sessions: Map<number, Session>;
  /** Monotonic milliseconds of the last 'no session' punt. */
  lastNoSession: number;
}

/** A TUN device. */
export interface Interface {
  readonly index: number;
  readonly fd: number;
  /** The kernel splits UDP super-packets written into it (Linux 6.2, known by TUN_F_USO4). */
  readonly udpSegments: boolean;
  onDemand: boolean;
  /** Monotonic milliseconds of the last 'demand' punt. */
  lastDemand: number;
  /** Sessions whose far end it is. */
  readonly sessions: Set<Session>;
  /** The one that joined last: it carries what is sent into the interface where it is not shared. */
  newest: Session | undefined;
  /** Of a shared device: which session carries what. */
  readonly routes: Routes | undefined;
  /** One double in shared memory: packets that no session took. */
  readonly lost: Float64Array;
}

/** Local tunnel and session id as one key: a signed 32-bit number, which a Map finds quickest. */
export const idsOf = (tunnel: number, session: number): number => (tunnel << 16) | session;

/**
 * After so many messages numbered below the expected one, each the successor of the one before, the peer has begun anew.
 * Repeated or delayed messages do not count up one by one like this.
 */
const RESYNC_AFTER = 4;

/** What a message's number says: none, the next expected, a gap before it, delivered or overtaken already. */
export type Order = 'unnumbered' | 'next' | 'ahead' | 'old';

const NOTHING = new Int32Array(0);

/** Numbers as in ATTACH (layout.ts); a session with neither underlay nor port is one over a line. */
export interface SessionSpec {
  readonly key: number;
  readonly underlay: Underlay | undefined;
  readonly ether: Ether | undefined;
  readonly counters: Float64Array;
  readonly local: number;
  readonly peer: number;
  readonly peerPort: number;
  readonly localTunnel: number;
  readonly localSession: number;
  readonly peerTunnel: number;
  readonly peerSession: number;
}

export class Session implements HeaderShape {
  readonly key: number;
  readonly underlay: Underlay | undefined;
  readonly ether: Ether | undefined;
  readonly counters: Float64Array;
  /** 0 = as routed. */
  readonly local: number;
  /** Address and port; PPPoE: the first four and the last two octets of the Ethernet address. */
  readonly peer: number;
  readonly peerPort: number;
  readonly localTunnel: number;
  readonly localSession: number;
  readonly peerTunnel: number;
  readonly peerSession: number;
  far: Interface | undefined = undefined;
  /** Key of the session that frames go to as they come, 0 = none; and that session, while it names this one in turn. */
  relay = 0;
  other: Session | undefined = undefined;
  /** The next PPPoE session of its port with the same number. */
  sameNumber: Session | undefined = undefined;
  /** Pairs of address and mask: what it carries of a shared device. Changed only while it is in no table of routes. */
  routes: Int32Array = NOTHING;
  /** The same of inner sources that may come in; undefined = any. */
  sources: Int32Array | undefined = undefined;

  ipv4 = false;
  ipv6 = false;
  acfc = false;
  pfc = false;
  checksum = true;
  trace = false;
  /** 0 = off. */
  mss = 0;
  /** The longest IPv4 packet that leaves the interface for it, 0 = any; our own address in it, 0 = none. */
  mtu = 0;
  address = 0;
  /** Which tenth of a second senders were last told of it, and how many messages it took. */
  toldIn = -1;
  told = 0;
  /** Messages that leave now are numbered. */
  numbering = false;
  #follow = false;
  #options = 0;

  #ns = 0;
  /** -1 until the first numbered message, whose number is taken as it is. */
  #expected = -1;
  #afterOld = -1;
  #oldRun = 0;

  /** Longest datagram that UDP_SEGMENT may be asked for: lowered when the path's MTU refuses one. */
  segmentLimit = 0xffff;
  /** Monotonic milliseconds when `segmentLimit` is forgotten. */
  segmentRetry = 0;

  constructor(spec: SessionSpec) {
    this.key = spec.key;
    this.underlay = spec.underlay;
    this.ether = spec.ether;
    this.counters = spec.counters;
    this.local = spec.local;
    this.peer = spec.peer;
    this.peerPort = spec.peerPort;
    this.localTunnel = spec.localTunnel;
    this.localSession = spec.localSession;
    this.peerTunnel = spec.peerTunnel;
    this.peerSession = spec.peerSession;
  }

  /** Changes the options whose bits are in `mask`. */
  set(bits: number, mask: number): void {
    const options = (this.#options & ~mask) | (bits & mask);
    this.ipv4 = (options & OPTION.IPV4) !== 0;
    this.ipv6 = (options & OPTION.IPV6) !== 0;
    // PPPoE has no address and control (RFC 2516 7); to a line they go without, and with the whole protocol field: its framing knows what to do.
    this.acfc = this.underlay === undefined || (options & OPTION.ACFC) !== 0;
    this.pfc = (this.underlay !== undefined || this.ether !== undefined) && (options & OPTION.PFC) !== 0;
    this.checksum = (options & OPTION.CHECKSUM) !== 0;
    this.trace = (options & OPTION.TRACE) !== 0;
    const follow = (options & OPTION.SEQUENCE_FOLLOW) !== 0;
    if ((options & OPTION.SEQUENCE_ON) !== 0) this.numbering = true;
    else if (!follow || !this.#follow) this.numbering = false;
    this.#follow = follow;
    this.#options = options;
  }

  /** Octets that a message which leaves now has before its PPP frame, in the memory that it is written to. */
  get front(): number {
    return this.underlay === undefined ? 0 : l2tpLength(this.numbering ? 0 : -1);
  }

  /** The Ns of the next message sent, counted up; -1 where messages go unnumbered. Numbering resumes where it stopped (RFC 2661 5.4). */
  nextNs(): number {
    if (!this.numbering) return -1;
    const ns = this.#ns;
    this.#ns = (ns + 1) & 0xffff;
    this.counters[SESSION.NEXT_SENT] = this.#ns;
    return ns;
  }

  /** Takes note of a message's number, -1 for none (RFC 2661 5.4). 'old' ones, duplicates too, are to be dropped. */
  order(ns: number): Order {
    if (this.#follow) this.numbering = ns >= 0;
    if (ns < 0) return 'unnumbered';
    const ahead = this.#expected < 0 ? 0 : (ns - this.#expected) & 0xffff;
    const c = this.counters;
    if (ahead >= 0x8000) {
      this.#oldRun = ns === this.#afterOld ? this.#oldRun + 1 : 1;
      this.#afterOld = (ns + 1) & 0xffff;
      if (this.#oldRun <= RESYNC_AFTER) {
        (c[SESSION.ORDER_DISCARDED] as number)++;
        return 'old';
      }
    }
    this.#oldRun = 0;
    this.#expected = (ns + 1) & 0xffff;
    c[SESSION.NEXT_EXPECTED] = this.#expected;
    if (ahead === 0) {
      (c[SESSION.IN_ORDER] as number)++;
      return 'next';
    }
    (c[SESSION.OUT_OF_ORDER] as number)++;
    return 'ahead';
  }
}

/** Lets two sessions relay to each other if each names the other. */
export function pair(session: Session, other: Session | undefined): void {
  if (other === undefined || other === session || session.relay !== other.key || other.relay !== session.key) return;
  session.other = other;
  other.other = session;
}

/** Takes the session off its interface, or out of its relay. */
export function leave(session: Session): void {
  const { far, other } = session;
  session.relay = 0;
  if (other !== undefined) {
    other.other = undefined;
    session.other = undefined;
  }
  if (far === undefined) return;
  far.sessions.delete(session);
  far.routes?.remove(session);
  session.far = undefined;
  // Of a shared device, where thousands come and go, nobody asks for the newest.
  if (far.newest !== session || far.routes !== undefined) return;
  far.newest = undefined;
  for (const one of far.sessions) far.newest = one;
}
