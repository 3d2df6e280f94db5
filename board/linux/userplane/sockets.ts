// The UDP sockets that serve L2TP (RFC 2661 8.1).

import { formatIpv4 } from '../../../firmware/bytes/ip.ts';
import type { Refusal, Underlay } from '../../../firmware/hal/dataplane.ts';
import { ERRNO, errnoText } from '../ffi/errno.ts';
import { C, errno } from '../ffi/libc.ts';
import { AF, boundTo, IP, IP_PMTUDISC, setBuffers, setOption, sockaddrIn, SOCK, SOL, UDP } from '../ffi/socket.ts';

/** A burst of a few hundred super-packets; the kernel doubles it. */
const BUFFER = 4 << 20;

/**
 * A bound, unconnected socket. IP_PKTINFO tells the address asked, so that answers leave from it; IP_RECVERR keeps ICMP errors.
 * IP_PMTUDISC_WANT: datagrams carry DF and the error queue tells the path's MTU; those longer than it are fragmented here.
 */
export function openUnderlay(at: Underlay): { readonly fd: number; readonly port: number } | Refusal {
  const fd = C.socket(AF.INET, SOCK.DGRAM | SOCK.NONBLOCK | SOCK.CLOEXEC, 0);
  if (fd < 0) return { refused: `No UDP socket: ${errnoText(errno())}` };
  setBuffers(fd, BUFFER);
  setOption(fd, SOL.IP, IP.PKTINFO, 1);
  setOption(fd, SOL.IP, IP.RECVERR, 1);
  setOption(fd, SOL.IP, IP.MTU_DISCOVER, IP_PMTUDISC.WANT);
  // Refused before Linux 5.0: then every datagram comes alone.
  setOption(fd, SOL.UDP, UDP.GRO, 1);
  if (C.bind(fd, sockaddrIn(at.address, at.port).at, 16) < 0) {
    const code = errno();
    C.close(fd);
    return { refused: whyNot(at, code) };
  }
  return { fd, port: boundTo(fd)?.port ?? at.port };
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
