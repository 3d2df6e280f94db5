// The error queue of a UDP socket (ip(7) IP_RECVERR): ICMP errors that datagrams of ours provoked, with the MTU where they were too long.

import { MSG, SIZEOF_IOVEC, SIZEOF_MMSGHDR, type Arena } from '../ffi/arena.ts';
import { ERRNO } from '../ffi/errno.ts';
import { C, pointer } from '../ffi/libc.ts';
import { getOption, IP, MSG_FLAG, SIZEOF_SOCKADDR_IN, SO, SOL } from '../ffi/socket.ts';
import type { Punter } from './punter.ts';
import type { Underlay } from './session.ts';

const CONTROL_SIZE = 512;
const CMSG_HEADER = 16;
/** struct sock_extended_err: errno, then origin, type, code, a pad octet, info, data. */
const ERR_ORIGIN = 4;
const ERR_TYPE = 5;
const ERR_CODE = 6;
const ERR_INFO = 8;
const ORIGIN_LOCAL = 1;
const ORIGIN_ICMP = 2;
const DESTINATION_UNREACHABLE = 3;
/** Codes of ICMP type 3 (RFC 792, RFC 1122 3.2.2.1); OTHER: ICMP of another type. */
const CODE = { NET: 0, HOST: 1, TOO_BIG: 4, OTHER: -1 } as const;
/** Errors read before the next descriptor has its turn. */
const BATCH = 64;
/** The same news about the same peer is told this often at most. */
const REPEAT_MS = 100;
const REMEMBERED = 16;
const FIELDS = 5;

/** One piece of news about a peer. */
interface News {
  readonly peer: number;
  readonly port: number;
  readonly mtu: number;
  readonly code: number;
}

export class ErrorQueue {
  readonly #a: Arena;
  readonly #punter: Punter;
  readonly #header: number;
  readonly #name: number;
  readonly #control: number;
  // What was told lately: peer, port, MTU, code, when.
  readonly #told = new Float64Array(REMEMBERED * FIELDS);
  #next = 0;

  constructor(a: Arena, punter: Punter) {
    this.#a = a;
    this.#punter = punter;
    this.#header = a.take(SIZEOF_MMSGHDR);
    this.#name = a.take(SIZEOF_SOCKADDR_IN);
    this.#control = a.take(CONTROL_SIZE);
    const iovec = a.take(SIZEOF_IOVEC);
    a.putIovec(iovec, a.take(64), 64);
    a.putPointer(this.#header + MSG.NAME, this.#name);
    a.putPointer(this.#header + MSG.IOV, iovec);
    a.u32[(this.#header + MSG.IOVLEN) >> 2] = 1;
    a.putPointer(this.#header + MSG.CONTROL, this.#control);
  }

  /** Reads what waits at `fd`, one of the underlay's sockets, and clears its pending error. */
  drain(u: Underlay, fd: number, now: number): void {
    const { u32, view } = this.#a;
    for (let i = 0; i < BATCH; i++) {
      u32[(this.#header + MSG.NAMELEN) >> 2] = SIZEOF_SOCKADDR_IN;
      u32[(this.#header + MSG.CONTROLLEN) >> 2] = CONTROL_SIZE;
      if (C.recvmsg(fd, pointer(this.#a.base + this.#header), MSG_FLAG.ERRQUEUE | MSG_FLAG.DONTWAIT) < 0) break;
      this.#read(u, view.getUint32(this.#name + 4), view.getUint16(this.#name + 2), now);
    }
    getOption(fd, SOL.SOCKET, SO.ERROR);
  }

  /** A datagram to `peer` could not even leave: no route. */
  unsent(u: Underlay, peer: number, port: number, code: number, now: number): void {
    if (code === ERRNO.EHOSTUNREACH) this.#tell(u, { peer, port, mtu: 0, code: CODE.HOST }, now);
    else if (code === ERRNO.ENETUNREACH || code === ERRNO.ENETDOWN) this.#tell(u, { peer, port, mtu: 0, code: CODE.NET }, now);
  }

  #read(u: Underlay, peer: number, port: number, now: number): void {
    const { u32, u8 } = this.#a;
    const end = this.#control + (u32[(this.#header + MSG.CONTROLLEN) >> 2] as number);
    for (let p = this.#control; p + CMSG_HEADER + 16 <= end; p += ((u32[p >> 2] as number) + 7) & ~7) {
      if (u32[(p >> 2) + 2] !== SOL.IP || u32[(p >> 2) + 3] !== IP.RECVERR) continue;
      const error = p + CMSG_HEADER;
      const origin = u8[error + ERR_ORIGIN];
      const tooLong = u32[error >> 2] === ERRNO.EMSGSIZE;
      if (origin === ORIGIN_LOCAL && tooLong) this.#tell(u, { peer, port, mtu: u32[(error + ERR_INFO) >> 2] as number, code: CODE.TOO_BIG }, now);
      else if (origin === ORIGIN_ICMP) {
        const code = u8[error + ERR_TYPE] === DESTINATION_UNREACHABLE ? (u8[error + ERR_CODE] as number) : CODE.OTHER;
        this.#tell(u, { peer, port, mtu: tooLong ? (u32[(error + ERR_INFO) >> 2] as number) : 0, code }, now);
      }
    }
  }

  #tell(u: Underlay, { peer, port, mtu, code }: News, now: number): void {
    const t = this.#told;
    for (let i = 0; i < t.length; i += FIELDS)
      if (t[i] === peer && t[i + 1] === port && t[i + 2] === mtu && t[i + 3] === code && now - (t[i + 4] as number) < REPEAT_MS) return;
    t.set([peer, port, mtu, code, now], this.#next);
    this.#next = (this.#next + FIELDS) % t.length;
    this.#punter.unreachable(u, { peer, port }, mtu, code);
  }
}
