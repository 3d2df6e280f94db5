// PPPoE session frames on their way out of an Ethernet port (RFC 2516 4): gathered and sent by sendmmsg. Each has its headers in memory of
// their own, so the PPP frame stays where it was read.

import { MSG, SIZEOF_IOVEC, SIZEOF_MMSGHDR, type Arena } from '../ffi/arena.ts';
import { ERRNO } from '../ffi/errno.ts';
import { C, errno, pointer } from '../ffi/libc.ts';
import { MSG_FLAG } from '../ffi/socket.ts';
import { ETHER, SESSION } from './layout.ts';
import type { Ether, Session } from './session.ts';

export const ETHERNET_HEADER = 14;
export const PPPOE_HEADER = 6;
export const ETHERTYPE_SESSION = 0x8864;
/** Version 1, type 1, code 0 (RFC 2516 4). */
export const VERSION_TYPE = 0x11;
const HEADERS = ETHERNET_HEADER + PPPOE_HEADER;
const MESSAGES = 256;
/** A message's headers, at a multiple of 16. */
const HEAD_SIZE = 32;

export class EtherBox {
  readonly #a: Arena;
  readonly #headers: number;
  readonly #iovecs: number;
  readonly #heads: number;
  readonly #owners: (Session | undefined)[] = Array.from({ length: MESSAGES });
  readonly #octets = new Int32Array(MESSAGES);
  #messages = 0;
  #ether: Ether | undefined = undefined;

  constructor(a: Arena) {
    this.#a = a;
    this.#headers = a.take(MESSAGES * SIZEOF_MMSGHDR);
    this.#iovecs = a.take(MESSAGES * 2 * SIZEOF_IOVEC);
    this.#heads = a.take(MESSAGES * HEAD_SIZE);
    for (let m = 0; m < MESSAGES; m++) {
      const header = this.#headers + m * SIZEOF_MMSGHDR;
      const iovecs = this.#iovecs + m * 2 * SIZEOF_IOVEC;
      a.putPointer(header + MSG.IOV, iovecs);
      a.u32[(header + MSG.IOVLEN) >> 2] = 2;
      a.putIovec(iovecs, this.#heads + m * HEAD_SIZE, HEADERS);
    }
  }

  /** A PPP frame, protocol field first, to the session's peer. Its octets stay in place until `flush`. Dropped where the port's MTU is less. */
  add(session: Session, ether: Ether, at: number, length: number): void {
    if (length + PPPOE_HEADER > ether.mtu) {
      (session.counters[SESSION.OUT_DISCARDED] as number)++;
      return;
    }
    if (this.#messages === MESSAGES || (this.#messages > 0 && this.#ether !== ether)) this.flush();
    this.#ether = ether;
    const a = this.#a;
    const { view } = a;
    const m = this.#messages++;
    const head = this.#heads + m * HEAD_SIZE;
    view.setUint32(head, session.peer);
    view.setUint16(head + 4, session.peerPort);
    view.setUint32(head + 6, ether.address);
    view.setUint16(head + 10, ether.addressLast);
    view.setUint16(head + 12, ETHERTYPE_SESSION);
    view.setUint16(head + 14, VERSION_TYPE << 8);
    view.setUint16(head + 16, session.peerSession);
    view.setUint16(head + 18, length);
    a.putIovec(this.#iovecs + (m * 2 + 1) * SIZEOF_IOVEC, at, length);
    this.#owners[m] = session;
    this.#octets[m] = length;
  }

  /** Sends all that was added. */
  flush(): void {
    const ether = this.#ether;
    if (ether === undefined || this.#messages === 0) return;
    for (let m = 0; m < this.#messages; ) {
      const sent = C.sendmmsg(ether.out, pointer(this.#a.base + this.#headers + m * SIZEOF_MMSGHDR), this.#messages - m, MSG_FLAG.DONTWAIT);
      if (sent > 0) {
        (ether.counters[ETHER.OUT_FRAMES] as number) += sent;
        for (let i = 0; i < sent; i++) this.#left(m++);
        continue;
      }
      const code = errno();
      if (code === ERRNO.EINTR) continue;
      // The queue is full: a router drops. Any other reason is this frame's alone.
      const until = code === ERRNO.EAGAIN || code === ERRNO.ENOBUFS ? this.#messages : m + 1;
      while (m < until) this.#lost(m++);
    }
    this.#messages = 0;
  }

  #left(m: number): void {
    const c = this.#owners[m]?.counters;
    if (c === undefined) return;
    (c[SESSION.OUT_PACKETS] as number)++;
    (c[SESSION.OUT_BYTES] as number) += this.#octets[m] as number;
  }

  #lost(m: number): void {
    const c = this.#owners[m]?.counters;
    if (c !== undefined) (c[SESSION.OUT_DISCARDED] as number)++;
  }
}
