// Datagrams on their way to a UDP socket: gathered, equal-sized neighbours glued into one UDP_SEGMENT message, sent by sendmmsg.
// Each datagram brings its own headers, so Length and Ns are right in glued ones too.

import { MSG, SIZEOF_IOVEC, SIZEOF_MMSGHDR, type Arena } from '../ffi/arena.ts';
import { ERRNO } from '../ffi/errno.ts';
import { C, errno, pointer } from '../ffi/libc.ts';
import { AF, IP, MSG_FLAG, setOption, SIZEOF_SOCKADDR_IN, SO, SOL, UDP } from '../ffi/socket.ts';
import { SESSION, UNDERLAY } from './layout.ts';
import type { Session, Underlay } from './session.ts';

// Limits of UDP_SEGMENT: UDP_MAX_SEGMENTS of kernels before 6.9, and the longest UDP payload over IPv4.
const MAX_SEGMENTS = 64;
const MAX_MESSAGE = 65507;

const MESSAGES = 256;
const IOVECS = 4096;
// struct cmsghdr: a 64-bit length, level, type, then the data, padded to 8. First UDP_SEGMENT, then IP_PKTINFO; either may be left out.
const CMSG_DATA = 16;
const SEGMENT_CMSG = 24;
const PKTINFO_CMSG = 32;
const CONTROL_SIZE = 64;
/** Where ipi_spec_dst lies in a control buffer. */
const SPEC_DST = SEGMENT_CMSG + CMSG_DATA + 4;
/** After UDP_SEGMENT refused a session's datagrams, so long until it is tried again. */
const SEGMENT_RETRY_MS = 60_000;

/** Told of messages that did not leave; `code` is the errno. */
export type Unsent = (underlay: Underlay, peer: number, port: number, code: number) => void;

export class Outbox {
  readonly #a: Arena;
  readonly #unsent: Unsent;
  readonly #headers: number;
  readonly #iovecs: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #lone: number;
  readonly #loneIovec: number;
  // Per message: who sent it, its first iovec, datagrams, octets of L2TP header per datagram, octets in all.
  readonly #owners: (Session | undefined)[] = Array.from({ length: MESSAGES });
  readonly #firsts = new Int32Array(MESSAGES);
  readonly #counts = new Int32Array(MESSAGES);
  readonly #l2tps = new Int32Array(MESSAGES);
  readonly #octets = new Int32Array(MESSAGES);
  #messages = 0;
  #iovec = 0;

  // Where what is added goes.
  #underlay: Underlay | undefined = undefined;
  #owner: Session | undefined = undefined;
  #local = 0;
  #peer = 0;
  #port = 0;
  #l2tp = 0;
  #checksum = true;
  /** The socket. */
  #fd = -1;
  /** Datagrams longer than this are not glued. */
  #glueLimit = 0;
  #now = 0;

  // The run of datagrams being glued: first iovec, size of all but the last, number, octets, where the last ends.
  #runFirst = 0;
  #runSize = 0;
  #runCount = 0;
  #runOctets = 0;
  #runEnd = 0;

  constructor(a: Arena, unsent: Unsent) {
    this.#a = a;
    this.#unsent = unsent;
    this.#headers = a.take(MESSAGES * SIZEOF_MMSGHDR);
    this.#iovecs = a.take(IOVECS * SIZEOF_IOVEC);
    this.#names = a.take(MESSAGES * SIZEOF_SOCKADDR_IN);
    this.#controls = a.take(MESSAGES * CONTROL_SIZE);
    this.#lone = a.take(SIZEOF_MMSGHDR);
    this.#loneIovec = a.take(SIZEOF_IOVEC);
    for (let m = 0; m < MESSAGES; m++) {
      const header = this.#headers + m * SIZEOF_MMSGHDR;
      const control = (this.#controls + m * CONTROL_SIZE) >> 2;
      a.putPointer(header + MSG.NAME, this.#names + m * SIZEOF_SOCKADDR_IN);
      a.u32[(header + MSG.NAMELEN) >> 2] = SIZEOF_SOCKADDR_IN;
      a.u16[(this.#names + m * SIZEOF_SOCKADDR_IN) >> 1] = AF.INET;
      a.u32.set([CMSG_DATA + 2, 0, SOL.UDP, UDP.SEGMENT], control);
      a.u32.set([CMSG_DATA + 12, 0, SOL.IP, IP.PKTINFO], control + SEGMENT_CMSG / 4);
    }
  }

  /** True while a datagram can be added; `flush` when not. */
  get open(): boolean {
    return this.#iovec < IOVECS && this.#messages + 2 <= MESSAGES;
  }

  /** What is added from now on belongs to `session`, whose underlay it is; `now` in monotonic milliseconds. */
  toSession(session: Session, underlay: Underlay, now: number): void {
    const l2tp = session.front;
    if (session === this.#owner && l2tp === this.#l2tp) return;
    this.#aim(underlay, session.checksum, underlay.out);
    this.#owner = session;
    this.#local = session.local;
    this.#peer = session.peer;
    this.#port = session.peerPort;
    this.#l2tp = l2tp;
    this.#now = now;
    if (session.segmentLimit !== 0xffff && now >= session.segmentRetry) session.segmentLimit = 0xffff;
    this.#glueLimit = session.checksum ? session.segmentLimit : 0;
  }

  /** What is added from now on are whole datagrams to a peer, from `local` (0 = as routed). */
  toPeer(underlay: Underlay, local: number, peer: number, port: number): void {
    this.#aim(underlay, true, underlay.control < 0 ? underlay.out : underlay.control);
    this.#owner = undefined;
    this.#local = local;
    this.#peer = peer;
    this.#port = port;
    this.#l2tp = 0;
    this.#glueLimit = 0;
  }

  /** A datagram. Its octets stay in place until `flush`. */
  add(at: number, length: number): void {
    this.#join(length);
    const a = this.#a;
    if (this.#runCount > 1 && at === this.#runEnd) {
      // Right behind the one before: one piece of memory for the kernel.
      const last = (this.#iovecs + (this.#iovec - 1) * SIZEOF_IOVEC + 8) >> 2;
      a.u32[last] = (a.u32[last] as number) + length;
    } else a.putIovec(this.#iovecs + this.#iovec++ * SIZEOF_IOVEC, at, length);
    this.#runEnd = at + length;
    if (length < this.#runSize || length > this.#glueLimit) this.#close();
  }

  /** Sends all that was added. */
  flush(): void {
    this.#close();
    const u = this.#underlay;
    if (u !== undefined && this.#messages > 0) {
      if (this.#fd === u.out && u.unchecked === this.#checksum) {
        setOption(u.out, SOL.SOCKET, SO.NO_CHECK, this.#checksum ? 0 : 1);
        u.unchecked = !this.#checksum;
      }
      this.#send(u);
    }
    this.#messages = 0;
    this.#iovec = 0;
    this.#owner = undefined;
    this.#underlay = undefined;
  }

  #aim(underlay: Underlay, checksum: boolean, fd: number): void {
    this.#close();
    if (this.#messages > 0 && (fd !== this.#fd || checksum !== this.#checksum)) this.flush();
    this.#underlay = underlay;
    this.#fd = fd;
    this.#checksum = checksum;
  }

  /** Makes room in the run for a datagram of `length`, or begins a new run. */
  #join(length: number): void {
    if (this.#runCount > 0 && (length > this.#runSize || this.#runCount === MAX_SEGMENTS || this.#runOctets + length > MAX_MESSAGE)) this.#close();
    if (this.#runCount === 0) {
      this.#runFirst = this.#iovec;
      this.#runSize = length;
      this.#runOctets = 0;
    }
    this.#runCount++;
    this.#runOctets += length;
  }

  /** Makes a message of the run. */
  #close(): void {
    const count = this.#runCount;
    if (count === 0) return;
    this.#runCount = 0;
    const a = this.#a;
    const m = this.#messages++;
    const header = this.#headers + m * SIZEOF_MMSGHDR;
    const control = this.#controls + m * CONTROL_SIZE;
    const name = this.#names + m * SIZEOF_SOCKADDR_IN;
    a.view.setUint16(name + 2, this.#port);
    a.view.setUint32(name + 4, this.#peer);
    a.putPointer(header + MSG.IOV, this.#iovecs + this.#runFirst * SIZEOF_IOVEC);
    a.u32[(header + MSG.IOVLEN) >> 2] = this.#iovec - this.#runFirst;
    let controlLength = 0;
    if (count > 1) {
      a.u16[(control + CMSG_DATA) >> 1] = this.#runSize;
      controlLength = SEGMENT_CMSG;
    }
    if (this.#local !== 0) {
      a.view.setUint32(control + SPEC_DST, this.#local);
      controlLength += PKTINFO_CMSG;
    }
    a.putPointer(header + MSG.CONTROL, count > 1 ? control : control + SEGMENT_CMSG);
    a.u32[(header + MSG.CONTROLLEN) >> 2] = controlLength;
    this.#owners[m] = this.#owner;
    this.#firsts[m] = this.#runFirst;
    this.#counts[m] = count;
    this.#l2tps[m] = this.#l2tp;
    this.#octets[m] = this.#runOctets;
  }

  #send(u: Underlay): void {
    let retried = -1;
    for (let m = 0; m < this.#messages; ) {
      const sent = C.sendmmsg(this.#fd, pointer(this.#a.base + this.#headers + m * SIZEOF_MMSGHDR), this.#messages - m, MSG_FLAG.DONTWAIT);
      if (sent > 0) {
        for (let i = 0; i < sent; i++, m++) this.#account(m, this.#counts[m] as number, this.#octets[m] as number);
        continue;
      }
      const code = errno();
      const count = this.#counts[m] as number;
      if (code === ERRNO.EINTR) continue;
      if (code === ERRNO.EAGAIN || code === ERRNO.ENOBUFS) {
        // The queue is full: a router drops.
        for (; m < this.#messages; m++) this.#lost(m, this.#counts[m] as number);
      } else if (count > 1 && (code === ERRNO.EMSGSIZE || code === ERRNO.EINVAL || code === ERRNO.EIO || code === ERRNO.EOPNOTSUPP)) {
        this.#apart(m++, code);
      } else if (retried !== m && code !== ERRNO.EMSGSIZE && code !== ERRNO.EINVAL) {
        // An ICMP error of an earlier datagram is reported by the next call, whatever that one sends.
        retried = m;
      } else {
        this.#lost(m, count);
        const name = this.#names + m * SIZEOF_SOCKADDR_IN;
        this.#unsent(u, this.#a.view.getUint32(name + 4), this.#a.view.getUint16(name + 2), code);
        m++;
      }
    }
  }

  /** Sends the datagrams of message `m` one by one, since the kernel refused UDP_SEGMENT: too long for the path, or no such offload on it. */
  #apart(m: number, code: number): void {
    const a = this.#a;
    const header = this.#headers + m * SIZEOF_MMSGHDR;
    const control = this.#controls + m * CONTROL_SIZE;
    const owner = this.#owners[m];
    if (owner !== undefined) {
      owner.segmentLimit = code === ERRNO.EMSGSIZE ? (a.u16[(control + CMSG_DATA) >> 1] as number) - 1 : 0;
      owner.segmentRetry = this.#now + SEGMENT_RETRY_MS;
    }
    a.u8.copyWithin(this.#lone, header, header + SIZEOF_MMSGHDR);
    a.putPointer(this.#lone + MSG.CONTROL, control + SEGMENT_CMSG);
    a.u32[(this.#lone + MSG.CONTROLLEN) >> 2] = (a.u32[(header + MSG.CONTROLLEN) >> 2] as number) - SEGMENT_CMSG;
    a.u32[(this.#lone + MSG.IOVLEN) >> 2] = 1;
    a.putPointer(this.#lone + MSG.IOV, this.#loneIovec);
    const size = a.u16[(control + CMSG_DATA) >> 1] as number;
    const iovecs = a.u32[(header + MSG.IOVLEN) >> 2] as number;
    for (let i = 0; i < iovecs; i++) {
      const iovec = this.#iovecs + ((this.#firsts[m] as number) + i) * SIZEOF_IOVEC;
      const at = this.#target(iovec);
      const octets = a.u32[(iovec + 8) >> 2] as number;
      for (let d = 0; d < octets; d += size) this.#alone(m, at + d, Math.min(size, octets - d));
    }
  }

  /** Sends one datagram of message `m` with the header of `#lone`. */
  #alone(m: number, at: number, length: number): void {
    this.#a.putIovec(this.#loneIovec, at, length);
    if (C.sendmsg(this.#fd, pointer(this.#a.base + this.#lone), MSG_FLAG.DONTWAIT) < 0) this.#lost(m, 1);
    else this.#account(m, 1, length);
  }

  /** The arena offset that an iovec points to. */
  #target(iovec: number): number {
    const { u32 } = this.#a;
    return (u32[(iovec >> 2) + 1] as number) * 0x100000000 + (u32[iovec >> 2] as number) - this.#a.base;
  }

  /** Counts `count` datagrams of message `m`, `octets` long together, that left. */
  #account(m: number, count: number, octets: number): void {
    const owner = this.#owners[m];
    if (owner === undefined) return;
    const c = owner.counters;
    (c[SESSION.OUT_PACKETS] as number) += count;
    (c[SESSION.OUT_BYTES] as number) += octets - count * (this.#l2tps[m] as number);
    if (owner.underlay !== undefined) (owner.underlay.counters[UNDERLAY.OUT_DATA] as number) += count;
  }

  #lost(m: number, count: number): void {
    const owner = this.#owners[m];
    if (owner !== undefined) (owner.counters[SESSION.OUT_DISCARDED] as number) += count;
  }
}
