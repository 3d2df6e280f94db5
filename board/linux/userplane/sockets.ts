// The UDP sockets that serve L2TP (RFC 2661 8.1).

import { formatIpv4 } from '../../../firmware/bytes/ip.ts';
import type { Refusal, Underlay } from '../../../firmware/hal/dataplane.ts';
import { ERRNO, errnoText } from '../ffi/errno.ts';
import { C, errno } from '../ffi/libc.ts';
import { AF, boundTo, IP, IP_PMTUDISC, setBuffers, setOption, SIZEOF_SOCKADDR_IN, SO, sockaddrIn, SOCK, SOL, UDP } from '../ffi/socket.ts';

/** A burst of a few hundred super-packets; the kernel doubles it. */
const BUFFER = 4 << 20;

/** The two sockets of one local port. */
export interface Sockets {
  /** Takes what arrives. */
  readonly fd: number;
  /** Sends. Nobody waits on it, so the kernel has nobody to wake each time a datagram of ours has left: a tenth of the cost of sending. */
  readonly out: number;
  readonly port: number;
}

/**
 * Two unconnected sockets on one address and port; of equal ones the kernel gives what arrives to the one bound last.
 * IP_PKTINFO tells the address asked, so that answers leave from it; IP_RECVERR keeps ICMP errors. IP_PMTUDISC_WANT: datagrams
 * carry DF and the error queue tells the path's MTU; those longer than it are fragmented here.
 */
export function openUnderlay(at: Underlay): Sockets | Refusal {
  const out = socket();
  if (out < 0) return { refused: `No UDP socket: ${errnoText(errno())}` };
  if (C.bind(out, sockaddrIn(at.address, at.port).at, SIZEOF_SOCKADDR_IN) < 0) return refuse(at, out);
  const port = boundTo(out)?.port ?? at.port;
  const fd = socket();
  setOption(fd, SOL.IP, IP.PKTINFO, 1);
  setOption(fd, SOL.IP, IP.RECVERR, 1);
  // Refused before Linux 5.0: then every datagram comes alone.
  setOption(fd, SOL.UDP, UDP.GRO, 1);
  // Only these two may share the port, and only now.
  for (const one of [out, fd]) setOption(one, SOL.SOCKET, SO.REUSEADDR, 1);
  const bound = C.bind(fd, sockaddrIn(at.address, port).at, SIZEOF_SOCKADDR_IN);
  if (bound < 0) {
    const refusal = refuse(at, out);
    C.close(fd);
    return refusal;
  }
  for (const one of [out, fd]) setOption(one, SOL.SOCKET, SO.REUSEADDR, 0);
  return { fd, out, port };
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
