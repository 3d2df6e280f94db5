// From a UDP socket into sessions: recvmmsg with UDP_GRO, each datagram's L2TP header, its number, its PPP frame.

import { MSG, SIZEOF_IOVEC, SIZEOF_MMSGHDR, type Arena } from '../ffi/arena.ts';
import { C, pointer } from '../ffi/libc.ts';
import { IP, MSG_FLAG, SIZEOF_SOCKADDR_IN, SOL, UDP } from '../ffi/socket.ts';
import { Header } from './header.ts';
import type { Inward } from './inward.ts';
import { SESSION, UNDERLAY } from './layout.ts';
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

export class Receiver {
  readonly #a: Arena;
  readonly #punter: Punter;
  readonly #inward: Inward;
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

  constructor(a: Arena, punter: Punter, inward: Inward) {
    this.#a = a;
    this.#punter = punter;
    this.#inward = inward;
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

  /** Takes what waits at `fd`, one of the underlay's sockets, up to a batch. How many messages; -1 where recvmmsg failed. `now`: monotonic milliseconds. */
  drain(u: Underlay, fd: number, now: number): number {
    const { u32, view } = this.#a;
    for (let i = 0; i < BATCH; i++) {
      const header = (this.#headers + i * SIZEOF_MMSGHDR) >> 2;
      u32[header + (MSG.NAMELEN >> 2)] = SIZEOF_SOCKADDR_IN;
      u32[header + (MSG.CONTROLLEN >> 2)] = CONTROL_SIZE;
    }
    const messages = C.recvmmsg(fd, pointer(this.#a.base + this.#headers), BATCH, MSG_FLAG.DONTWAIT, null);
    if (messages < 0) return messages;
    this.#now = now;
    this.#inward.now = now;
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
    this.#inward.flush();
    this.trickle = messages <= TRICKLE_MESSAGES && octets >= TRICKLE_OCTETS;
    return messages;
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
    this.#inward.frame(session, h.payload, h.end, at);
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
}
