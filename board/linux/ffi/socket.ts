// Sockets: address structures, options and their numbers (asm-generic/socket.h, linux/in.h, linux/udp.h; equal on x86-64 and arm64).

import { toIpv4, type Ipv4 } from '../../../firmware/bytes/ip.ts';
import { C, pinned, type Pinned } from './libc.ts';

export const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16, PACKET: 17 } as const;
export const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3, NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;
export const SOL = { IP: 0, SOCKET: 1, UDP: 17, ICMPV6: 58, NETLINK: 270 } as const;
export const SO = { REUSEADDR: 2, ERROR: 4, BROADCAST: 6, SNDBUF: 7, RCVBUF: 8, NO_CHECK: 11, PRIORITY: 12, REUSEPORT: 15, BINDTODEVICE: 25, SNDBUFFORCE: 32, RCVBUFFORCE: 33, MARK: 36, ATTACH_REUSEPORT_CBPF: 51, RCVMARK: 75 } as const;
export const IP = { TOS: 1, TTL: 2, HDRINCL: 3, RECVERR: 11, PKTINFO: 8, MTU_DISCOVER: 10, RECVTTL: 12, MTU: 14, FREEBIND: 15 } as const;
export const IP_PMTUDISC = { DONT: 0, WANT: 1, DO: 2, PROBE: 3 } as const;
export const UDP = { SEGMENT: 103, GRO: 104 } as const;
export const MSG_FLAG = { DONTWAIT: 0x40, ERRQUEUE: 0x2000, TRUNC: 0x20 } as const;

export const SIZEOF_SOCKADDR_IN = 16;
export const SIZEOF_SOCKADDR_LL = 20;
/** struct sockaddr_ll: where its fields lie, and the packet types of frames for this host; higher ones are not (linux/if_packet.h). */
export const LINK = { PROTOCOL: 2, IFINDEX: 4, PKTTYPE: 10, MULTICAST: 2 } as const;

const word = pinned(4);
const lengthWord = pinned(4);

/** Sets an integer option; 0, or -1 with errno. */
export function setOption(fd: number, level: number, option: number, value: number): number {
  word.view.setInt32(0, value, true);
  return C.setsockopt(fd, level, option, word.at, 4);
}

/** An integer option; undefined where the kernel refuses. */
export function getOption(fd: number, level: number, option: number): number | undefined {
  lengthWord.view.setInt32(0, 4, true);
  return C.getsockopt(fd, level, option, word.at, lengthWord.at) < 0 ? undefined : word.view.getInt32(0, true);
}

/** Buffers of `octets` each way, above the system's limit where privileges allow it. */
export function setBuffers(fd: number, octets: number): void {
  if (setOption(fd, SOL.SOCKET, SO.RCVBUFFORCE, octets) < 0) setOption(fd, SOL.SOCKET, SO.RCVBUF, octets);
  if (setOption(fd, SOL.SOCKET, SO.SNDBUFFORCE, octets) < 0) setOption(fd, SOL.SOCKET, SO.SNDBUF, octets);
}

/** A struct sockaddr_in, fresh or into `into` (16 octets). */
export function sockaddrIn(address: Ipv4, port: number, into: Pinned = pinned(SIZEOF_SOCKADDR_IN)): Pinned {
  into.view.setUint16(0, AF.INET, true);
  into.view.setUint16(2, port);
  into.view.setUint32(4, address);
  into.view.setUint32(8, 0);
  into.view.setUint32(12, 0);
  return into;
}

/** The address and port of a struct sockaddr_in. */
export const readSockaddrIn = (from: Pinned): { readonly address: Ipv4; readonly port: number } => ({
  address: toIpv4(from.view.getUint32(4)),
  port: from.view.getUint16(2),
});

const nameBuffer = pinned(SIZEOF_SOCKADDR_IN);

/** Where a bound IPv4 socket is bound; undefined where the descriptor is none. */
export function boundTo(fd: number): { readonly address: Ipv4; readonly port: number } | undefined {
  lengthWord.view.setInt32(0, SIZEOF_SOCKADDR_IN, true);
  return C.getsockname(fd, nameBuffer.at, lengthWord.at) < 0 ? undefined : readSockaddrIn(nameBuffer);
}

/** Binds a packet socket to a device and an Ethertype (0 = takes in nothing); 0, or -1 with errno. */
export function bindLink(fd: number, index: number, ethertype: number): number {
  const to = pinned(SIZEOF_SOCKADDR_LL);
  to.view.setUint16(0, AF.PACKET, true);
  to.view.setUint16(LINK.PROTOCOL, ethertype);
  to.view.setInt32(LINK.IFINDEX, index, true);
  return C.bind(fd, to.at, SIZEOF_SOCKADDR_LL);
}
