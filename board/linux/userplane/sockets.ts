// The UDP sockets that serve L2TP (RFC 2661 8.1).

import { formatIpv4 } from '../../../firmware/bytes/ip.ts';
import type { Refusal, Underlay } from '../../../firmware/hal/dataplane.ts';
import { ERRNO, errnoText } from '../ffi/errno.ts';
import { C, errno, pinned } from '../ffi/libc.ts';
import { AF, boundTo, IP, IP_PMTUDISC, setBuffers, setOption, SIZEOF_SOCKADDR_IN, SO, sockaddrIn, SOCK, SOL, UDP } from '../ffi/socket.ts';

/** A burst of a few hundred super-packets; the kernel doubles it. */
const BUFFER = 4 << 20;
const SIZEOF_SOCK_FILTER = 8;
const SIZEOF_SOCK_FPROG = 16;

/** Traffic class of the control socket: before bulk data in the queue of a device (socket(7), tc-prio(8) TC_PRIO_INTERACTIVE). */
const PRIORITY = 6;
/** Which socket of the group takes a datagram, by the T bit of its first octet (RFC 2661 3.1): 1 = the second, control. In classic BPF. */
const BY_T_BIT = [
  [0x30, 0], // load the octet at 0; where there is none, the program answers 0
  [0x54, 0x80], // and
  [0x74, 7], // shift right
  [0x16, 0], // return it
] as const;

/** The sockets of one local port. */
export interface Sockets {
  /** Takes what arrives. */
  readonly fd: number;
  /** Sends. Nobody waits on it, so the kernel has nobody to wake each time a datagram of ours has left: a tenth of the cost of sending. */
  readonly out: number;
  /** Takes control messages with a queue of its own, so that no flood of data crowds them out, and sends them; -1 where the kernel refuses. */
  readonly control: number;
  readonly port: number;
}

/**
 * Unconnected sockets on one address and port; of equal ones the kernel gives what arrives to the one bound last, or to its group, whose
 * program then chooses.
 * IP_PKTINFO tells the address asked, so that answers leave from it; IP_RECVERR keeps ICMP errors. IP_PMTUDISC_WANT: datagrams
 * carry DF and the error queue tells the path's MTU; those longer than it are fragmented here.
 */
export function openUnderlay(at: Underlay): Sockets | Refusal {
  const out = socket();
  if (out < 0) return { refused: `No UDP socket: ${errnoText(errno())}` };
  if (C.bind(out, sockaddrIn(at.address, at.port).at, SIZEOF_SOCKADDR_IN) < 0) return refuse(at, out);
  const port = boundTo(out)?.port ?? at.port;
  const fd = socket();
  const control = socket();
  const all = [out, fd, control];
  // Only these may share the port, and only now: the first of them is in no group, which keeps others of the same user out as well.
  for (const one of all) setOption(one, SOL.SOCKET, SO.REUSEADDR, 1);
  for (const one of [fd, control]) {
    setOption(one, SOL.IP, IP.PKTINFO, 1);
    setOption(one, SOL.IP, IP.RECVERR, 1);
    // Refused before Linux 5.0: then every datagram comes alone.
    setOption(one, SOL.UDP, UDP.GRO, 1);
    setOption(one, SOL.SOCKET, SO.REUSEPORT, 1);
    if (C.bind(one, sockaddrIn(at.address, port).at, SIZEOF_SOCKADDR_IN) >= 0) continue;
    const refusal = refuse(at, out);
    for (const other of [fd, control]) C.close(other);
    return refusal;
  }
  for (const one of all) setOption(one, SOL.SOCKET, SO.REUSEADDR, 0);
  setOption(control, SOL.SOCKET, SO.PRIORITY, PRIORITY);
  if (chooseByTBit(fd)) return { fd, out, control, port };
  C.close(control);
  return { fd, out, control: -1, port };
}

/** Gives the group of a socket its program. */
function chooseByTBit(fd: number): boolean {
  const filter = pinned(BY_T_BIT.length * SIZEOF_SOCK_FILTER);
  for (const [i, [code, k]] of BY_T_BIT.entries()) {
    filter.view.setUint16(i * SIZEOF_SOCK_FILTER, code, true);
    filter.view.setUint32(i * SIZEOF_SOCK_FILTER + 4, k, true);
  }
  const program = pinned(SIZEOF_SOCK_FPROG);
  program.view.setUint16(0, BY_T_BIT.length, true);
  program.view.setBigUint64(8, BigInt(filter.at), true);
  return C.setsockopt(fd, SOL.SOCKET, SO.ATTACH_REUSEPORT_CBPF, program.at, SIZEOF_SOCK_FPROG) === 0;
}

function socket(): number {
  const fd = C.socket(AF.INET, SOCK.DGRAM | SOCK.NONBLOCK | SOCK.CLOEXEC, 0);
  setBuffers(fd, BUFFER);
  setOption(fd, SOL.IP, IP.MTU_DISCOVER, IP_PMTUDISC.WANT);
  return fd;
}

/** Closes the socket whose bind has just failed; why it did. */
function refuse(at: Underlay, fd: number): Refusal {
  const code = errno();
  C.close(fd);
  return { refused: whyNot(at, code) };
}

function whyNot(at: Underlay, code: number): string {
  switch (code) {
    case ERRNO.EADDRINUSE:
      return `UDP port ${at.port} is in use by another program`;
    case ERRNO.EADDRNOTAVAIL:
      return `${formatIpv4(at.address)} is no address of this router`;
    case ERRNO.EACCES:
      return `This user may not serve UDP port ${at.port} (CAP_NET_BIND_SERVICE is needed)`;
    default:
      return `UDP port ${at.port} cannot be served: ${errnoText(code)}`;
  }
}
