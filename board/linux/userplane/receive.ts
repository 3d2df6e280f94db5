// From a UDP socket into sessions: recvmmsg with UDP_GRO, each datagram's L2TP header, its number, its PPP frame.

import { MSG, SIZEOF_IOVEC, SIZEOF_MMSGHDR, type Arena } from '../ffi/arena.ts';
import { C, pointer } from '../ffi/libc.ts';
import { IP, MSG_FLAG, SIZEOF_SOCKADDR_IN, SOL, UDP } from '../ffi/socket.ts';
import type { Coalescer } from './coalesce.ts';
import { Header } from './header.ts';
import { SESSION, UNDERLAY } from './layout.ts';
import { clampMss } from './mss.ts';
import { PPP_IPV4, PPP_IPV6 } from './packet.ts';
import type { Punter } from './punter.ts';
import { holds } from './routes.ts';
import { idsOf, type Session, type Underlay } from './session.ts';

/** Messages taken at a time; each may be a train of equal-sized datagrams as long as a UDP packet can be. */
const BATCH = 16;
/** Least time between two 'stray' punts of one underlay. */
const STRAY_INTERVAL_MS = 1000;
/** A batch is a trickle of bulk data where so few messages hold so many octets. */
const TRICKLE_MESSAGES = 4;
const TRICKLE_OCTETS = 32 << 10;
/** Room before a message for the virtio header of a packet at its very beginning. */
const HEADROOM = 64;
const SLOT_SIZE = HEADROOM + 65536;
const CONTROL_SIZE = 64;
const CMSG_HEADER = 16;
const IPV4_SOURCE = 12;

export class Receiver {
  readonly #a: Arena;
  readonly #punter: Punter;
  readonly #coalescer: Coalescer;
  readonly #header = new Header();
  readonly #headers: number;
  readonly #slots: number;
  readonly #names: number;
  readonly #controls: number;

  /** Where the message being read came from (see Arrival in punter.ts). */
  local = 0;
  peer = 0;
  peerPort = 0;
  /** The last batch was bulk data that comes train by train: a moment later there is more to be carried in one go. */
  trickle = false;
  #train = 0;
  #now = 0;
  /** The session found last, and its ids. */
  #last: Session | undefined = undefined;

  constructor(a: Arena, punter: Punter, coalescer: Coalescer) {
    this.#a = a;
    this.#punter = punter;
    this.#coalescer = coalescer;
    this.#headers = a.take(BATCH * SIZEOF_MMSGHDR);
    this.#slots = a.take(BATCH * SLOT_SIZE);
    this.#names = a.take(BATCH * SIZEOF_SOCKADDR_IN);
    this.#controls = a.take(BATCH * CONTROL_SIZE);
    const iovecs = a.take(BATCH * SIZEOF_IOVEC);
    for (let i = 0; i < BATCH; i++) {
      const header = this.#headers + i * SIZEOF_MMSGHDR;
      a.putIovec(iovecs + i * SIZEOF_IOVEC, this.#slots + i * SLOT_SIZE + HEADROOM, SLOT_SIZE - HEADROOM);
      a.putPointer(header + MSG.NAME, this.#names + i * SIZEOF_SOCKADDR_IN);
      a.putPointer(header + MSG.IOV, iovecs + i * SIZEOF_IOVEC);
      a.u32[(header + MSG.IOVLEN) >> 2] = 1;
      a.putPointer(header + MSG.CONTROL, this.#controls + i * CONTROL_SIZE);
    }
  }

  /** Takes what waits at the socket, up to a batch. False where recvmmsg failed, errno tells why. `now`: monotonic milliseconds. */
  drain(u: Underlay, now: number): boolean {
    const { u32, view } = this.#a;
    for (let i = 0; i < BATCH; i++) {
      const header = (this.#headers + i * SIZEOF_MMSGHDR) >> 2;
      u32[header + (MSG.NAMELEN >> 2)] = SIZEOF_SOCKADDR_IN;
      u32[header + (MSG.CONTROLLEN >> 2)] = CONTROL_SIZE;
    }
    const messages = C.recvmmsg(u.fd, pointer(this.#a.base + this.#headers), BATCH, MSG_FLAG.DONTWAIT, null);
    if (messages < 0) return false;
    this.#now = now;
    this.#last = undefined;
    let octets = 0;
    for (let i = 0; i < messages; i++) {
      const length = u32[(this.#headers + i * SIZEOF_MMSGHDR + MSG.LEN) >> 2] as number;
      octets += length;
      const name = this.#names + i * SIZEOF_SOCKADDR_IN;
      this.peerPort = view.getUint16(name + 2);
      this.peer = view.getUint32(name + 4);
      this.#readControl(i, length);
      this.#message(u, this.#slots + i * SLOT_SIZE + HEADROOM, length);
    }
    this.#coalescer.flush();
    this.trickle = messages <= TRICKLE_MESSAGES && octets >= TRICKLE_OCTETS;
    return true;
  }

  /** The local address asked, and the size of the train's datagrams. */
  #readControl(i: number, length: number): void {
    const { u32, view } = this.#a;
    let p = this.#controls + i * CONTROL_SIZE;
    const end = p + (u32[(this.#headers + i * SIZEOF_MMSGHDR + MSG.CONTROLLEN) >> 2] as number);
    this.local = 0;
    this.#train = length;
    while (p + CMSG_HEADER < end) {
      const size = u32[p >> 2] as number;
      const level = u32[(p >> 2) + 2];
      const type = u32[(p >> 2) + 3];
      if (level === SOL.IP && type === IP.PKTINFO) this.local = view.getUint32(p + CMSG_HEADER + 4);
      else if (level === SOL.UDP && type === UDP.GRO) this.#train = u32[(p + CMSG_HEADER) >> 2] as number;
      p += (size + 7) & ~7;
    }
  }

  #message(u: Underlay, at: number, length: number): void {
    if (u.permitted !== undefined && !holds(u.permitted, this.peer)) {
      (u.counters[UNDERLAY.FILTERED] as number) += length === 0 ? 1 : Math.ceil(length / this.#train);
      return;
    }
    if (length === 0) (u.counters[UNDERLAY.MALFORMED] as number)++;
    for (let d = 0; d < length; d += this.#train) this.#datagram(u, at + d, Math.min(this.#train, length - d));
  }

  #datagram(u: Underlay, at: number, length: number): void {
    const h = this.#header;
    const kind = h.read(this.#a.view, at, length);
    if (kind === 'control') {
      this.#punter.control(u, this, at, length);
      return;
    }
    if (kind === 'malformed') {
      (u.counters[UNDERLAY.MALFORMED] as number)++;
      return;
    }
    const uc = u.counters;
    (uc[UNDERLAY.IN_DATA] as number)++;
    if (h.payload === h.end) (uc[UNDERLAY.IN_DATA_EMPTY] as number)++;
    const session = this.#find(u);
    if (session === undefined) return;
    const c = session.counters;
    (c[SESSION.IN_PACKETS] as number)++;
    (c[SESSION.IN_BYTES] as number) += h.end - h.payload;
    c[SESSION.LAST_IN] = this.#now;
    if (session.trace) this.#punter.trace(session, 'rx', at, h.end - at);
    if (h.payload === h.end) {
      (c[SESSION.IN_EMPTY] as number)++;
      (uc[UNDERLAY.PROCESSED] as number)++;
      return;
    }
    if (!this.#ordered(session, uc)) return;
    (uc[UNDERLAY.PROCESSED] as number)++;
    this.#frame(session, at);
  }

  /** Data for a tunnel without sessions: the main thread hears of it now and then. */
  #stray(u: Underlay): void {
    (u.counters[UNDERLAY.NO_SUCH_TUNNEL] as number)++;
    if (this.#now - u.lastStray < STRAY_INTERVAL_MS) return;
    u.lastStray = this.#now;
    this.#punter.stray(u, this);
  }

  /** The session that the header names, if the message comes from its peer. */
  #find(u: Underlay): Session | undefined {
    const h = this.#header;
    const last = this.#last;
    if (last !== undefined && last.localSession === h.session && last.localTunnel === h.tunnel && last.peer === this.peer && last.peerPort === this.peerPort) return last;
    const session = u.sessions.get(idsOf(h.tunnel, h.session));
    if (session === undefined || session.peer !== this.peer || session.peerPort !== this.peerPort) {
      if (u.tunnels.has(h.tunnel)) (u.counters[UNDERLAY.NO_SUCH_CALL] as number)++;
      else this.#stray(u);
      return undefined;
    }
    this.#last = session;
    return session;
  }

  /** Takes the message's number into account; false where it is to be dropped. */
  #ordered(session: Session, uc: Float64Array): boolean {
    switch (session.order(this.#header.ns)) {
      case 'unnumbered':
        return true;
      case 'next':
        (uc[UNDERLAY.IN_ORDER] as number)++;
        return true;
      case 'ahead':
        (uc[UNDERLAY.OUT_OF_ORDER] as number)++;
        return true;
      case 'old':
        (uc[UNDERLAY.ORDER_DISCARDED] as number)++;
        return false;
    }
  }

  /** The PPP frame of the message: IP packets of an opened session go to its interface, all else to the main thread. */
  #frame(session: Session, at: number): void {
    const { view } = this.#a;
    const end = this.#header.end;
    let p = this.#header.payload;
    if (p + 2 <= end && view.getUint16(p) === 0xff03) p += 2;
    if (p === end) return this.#discard(session);
    let protocol = view.getUint8(p++);
    // A protocol's first octet is even, its second odd (RFC 1661 2): an odd first octet is a compressed protocol.
    if ((protocol & 1) === 0) {
      if (p === end) return this.#discard(session);
      protocol = (protocol << 8) | view.getUint8(p++);
    }
    if (protocol === PPP_IPV4) {
      const length = session.ipv4 && session.far !== undefined ? ipv4Length(view, p, end - p) : 0;
      if (length === 0) return this.#discard(session);
      if (session.sources !== undefined && !holds(session.sources, view.getInt32(p + IPV4_SOURCE))) return this.#discard(session);
      this.#carry(session, p, length, p - at);
    } else if (protocol === PPP_IPV6) {
      // A list of IPv4 sources permits no IPv6.
      const length = session.ipv6 && session.far !== undefined && session.sources === undefined ? ipv6Length(view, p, end - p) : 0;
      if (length === 0) return this.#discard(session);
      this.#carry(session, p, length, p - at);
    } else this.#punter.ppp(session, protocol, p, end - p);
  }

  #carry(session: Session, at: number, length: number, room: number): void {
    session.counters[SESSION.LAST_CARRIED] = this.#now;
    if (session.mss !== 0) clampMss(this.#a.view, at, length, session.mss);
    this.#coalescer.add(session, at, length, room);
  }

  #discard(session: Session): void {
    (session.counters[SESSION.IN_DISCARDED] as number)++;
  }
}

/** The length an IPv4 packet states (what follows it is padding), 0 where header and length do not fit into `available` octets. */
function ipv4Length(view: DataView, at: number, available: number): number {
  if (available < 20) return 0;
  const first = view.getUint8(at);
  const header = (first & 15) * 4;
  const total = view.getUint16(at + 2);
  return first >> 4 === 4 && header >= 20 && total >= header && total <= available ? total : 0;
}

function ipv6Length(view: DataView, at: number, available: number): number {
  if (available < 40 || view.getUint8(at) >> 4 !== 6) return 0;
  const total = 40 + view.getUint16(at + 4);
  return total <= available ? total : 0;
}
