// From an Ethernet port into PPPoE sessions (RFC 2516 4, 5): recvmmsg from its packet sockets, each frame's header, its PPP frame.

import { MSG, SIZEOF_IOVEC, SIZEOF_MMSGHDR, type Arena } from '../ffi/arena.ts';
import { C, pointer } from '../ffi/libc.ts';
import { LINK, MSG_FLAG, SIZEOF_SOCKADDR_LL } from '../ffi/socket.ts';
import { ETHERNET_HEADER, PPPOE_HEADER, VERSION_TYPE } from './etherbox.ts';
import type { Inward } from './inward.ts';
import { ETHER } from './layout.ts';
import type { Punter } from './punter.ts';
import type { Ether, Session } from './session.ts';

/** Frames taken at a time. */
const BATCH = 64;
/** Room before a frame; the longest frame there is: jumbo frames. */
const HEADROOM = 64;
const LONGEST = 9216 + ETHERNET_HEADER + 2;
const SLOT_SIZE = Math.ceil((HEADROOM + LONGEST) / 64) * 64;
/** What a name takes, rounded up. */
const NAME_SIZE = 32;
const HEADERS = ETHERNET_HEADER + PPPOE_HEADER;
/** Least time between two 'no session' punts of one port. */
const NO_SESSION_INTERVAL_MS = 1000;

export class EtherReceiver {
  readonly #a: Arena;
  readonly #punter: Punter;
  readonly #inward: Inward;
  readonly #headers: number;
  readonly #slots: number;
  readonly #names: number;
  #now = 0;

  constructor(a: Arena, punter: Punter, inward: Inward) {
    this.#a = a;
    this.#punter = punter;
    this.#inward = inward;
    this.#headers = a.take(BATCH * SIZEOF_MMSGHDR);
    this.#slots = a.take(BATCH * SLOT_SIZE);
    this.#names = a.take(BATCH * NAME_SIZE);
    const iovecs = a.take(BATCH * SIZEOF_IOVEC);
    for (let i = 0; i < BATCH; i++) {
      const header = this.#headers + i * SIZEOF_MMSGHDR;
      a.putIovec(iovecs + i * SIZEOF_IOVEC, this.#slots + i * SLOT_SIZE + HEADROOM, LONGEST);
      a.putPointer(header + MSG.NAME, this.#names + i * NAME_SIZE);
      a.putPointer(header + MSG.IOV, iovecs + i * SIZEOF_IOVEC);
      a.u32[(header + MSG.IOVLEN) >> 2] = 1;
    }
  }

  /** Takes what waits at one of the port's two sockets, up to a batch. `now`: monotonic milliseconds. */
  drain(ether: Ether, fd: number, now: number): void {
    const { u32, u8 } = this.#a;
    for (let i = 0; i < BATCH; i++) u32[(this.#headers + i * SIZEOF_MMSGHDR + MSG.NAMELEN) >> 2] = SIZEOF_SOCKADDR_LL;
    const frames = C.recvmmsg(fd, pointer(this.#a.base + this.#headers), BATCH, MSG_FLAG.DONTWAIT, null);
    // The device went down: whoever watches the port says so, and with it up again frames come again.
    if (frames < 0) return;
    this.#now = now;
    this.#inward.now = now;
    for (let i = 0; i < frames; i++) {
      // The kernel shows us what goes to other stations too, where somebody watches the wire, and what has a VLAN tag.
      if ((u8[this.#names + i * NAME_SIZE + LINK.PKTTYPE] as number) > LINK.MULTICAST) continue;
      const header = (this.#headers + i * SIZEOF_MMSGHDR) >> 2;
      const length = u32[header + (MSG.LEN >> 2)] as number;
      const isCut = ((u32[header + (MSG.FLAGS >> 2)] as number) & MSG_FLAG.TRUNC) !== 0;
      const at = this.#slots + i * SLOT_SIZE + HEADROOM;
      if (fd === ether.fd) this.#session(ether, at, isCut ? 0 : length);
      else if (!isCut) this.#punter.discovery(ether, at, length);
    }
    this.#inward.flush();
  }

  #session(ether: Ether, at: number, length: number): void {
    const { view } = this.#a;
    const c = ether.counters;
    (c[ETHER.IN_FRAMES] as number)++;
    const pppoe = at + ETHERNET_HEADER;
    if (length < HEADERS || view.getUint16(pppoe) !== VERSION_TYPE << 8 || view.getUint16(pppoe + 4) > length - HEADERS) {
      (c[ETHER.MALFORMED] as number)++;
      return;
    }
    const session = this.#find(ether, at);
    // What follows the length is padding of a short frame.
    if (session !== undefined) this.#inward.arrived(session, at + HEADERS, view.getUint16(pppoe + 4), HEADROOM + HEADERS);
  }

  /** The session that the header names, if the frame comes from its peer. */
  #find(ether: Ether, at: number): Session | undefined {
    const { view } = this.#a;
    const number = view.getUint16(at + ETHERNET_HEADER + 2);
    const peer = view.getUint32(at + 6);
    const last = view.getUint16(at + 10);
    for (let session = ether.sessions.get(number); session !== undefined; session = session.sameNumber)
      if (session.peer === peer && session.peerPort === last) return session;
    (ether.counters[ETHER.NO_SESSION] as number)++;
    if (this.#now - ether.lastNoSession >= NO_SESSION_INTERVAL_MS) {
      ether.lastNoSession = this.#now;
      this.#punter.noSession(ether, peer, last, number);
    }
    return undefined;
  }
}

/** Enters a session into its port's table. */
export function enterEther(ether: Ether, session: Session): void {
  session.sameNumber = ether.sessions.get(session.localSession);
  ether.sessions.set(session.localSession, session);
}

/** Takes it out again. */
export function leaveEther(ether: Ether, session: Session): void {
  const number = session.localSession;
  const next = session.sameNumber;
  session.sameNumber = undefined;
  const first = ether.sessions.get(number);
  if (first === session) {
    if (next === undefined) ether.sessions.delete(number);
    else ether.sessions.set(number, next);
    return;
  }
  for (let one = first; one !== undefined; one = one.sameNumber) if (one.sameNumber === session) one.sameNumber = next;
}
