// ICMP probes of PING and TRACE on a raw socket.

import { type Ipv4, formatIpv4, toIpv4 } from '../../firmware/bytes/ip.ts';
import { u32 } from '../../firmware/bytes/integers.ts';
import type { Millis } from '../../firmware/bytes/time.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { IcmpAnswer, RawIp, RawIpSocket } from '../../firmware/hal/io.ts';
import { ERRNO, errnoText, SystemError } from './ffi/errno.ts';
import { createSocket, Protocol, type Socket, SocketLevel, SocketOption } from './raw-socket.ts';

/** RFC 792: type, code, checksum and four octets more. */
const SHORTEST_ICMP = 8;
const IP_HEADER = 20;
/** linux/icmp.h: a mask of types that do not arrive at this socket. */
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const ECHO_REQUEST = 8;
/** A large echo reply arrives whole. */
const LARGEST_ANSWER = 65_535;

/** The ICMP message behind an IP header; undefined where the packet is cut or no ICMP. */
export function icmpOf(packet: Uint8Array): IcmpAnswer | undefined {
  const at = ((packet[0] ?? 0) & 15) * 4;
  if (at < IP_HEADER || packet[9] !== Protocol.ICMP || packet.length < at + SHORTEST_ICMP) return undefined;
  return { from: toIpv4(u32(packet, 12)), type: packet[at] ?? 0, code: packet[at + 1] ?? 0, rest: packet.slice(at + 4) };
}

const reason = (to: Ipv4, code: number): string => {
  if (code === ERRNO.ENETUNREACH || code === ERRNO.EHOSTUNREACH) return `No route to ${formatIpv4(to)}`;
  if (code === ERRNO.EINVAL) return 'The source address is not one of this router';
  return `The probe to ${formatIpv4(to)} was not sent: ${errnoText(code)}`;
};

/** `now` is the board's clock. */
export const linuxRawIp = (now: () => Millis): RawIp => ({
  open(onAnswer: (answer: IcmpAnswer, now: Millis) => void): RawIpSocket | Refusal {
    let socket: Socket;
    try {
      socket = createSocket({ protocol: Protocol.ICMP, bufferSize: LARGEST_ANSWER });
      // Requests to this box are the kernel's to answer.
      socket.setOption(SOL_RAW, ICMP_FILTER, 1 << ECHO_REQUEST);
    } catch (error) {
      const denied = error instanceof SystemError && (error.errno === ERRNO.EPERM || error.errno === ERRNO.EACCES);
      return { refused: denied ? 'Probes need the right to use raw sockets (CAP_NET_RAW)' : `The kernel gives no raw socket: ${error instanceof Error ? error.message : String(error)}` };
    }
    // A socket that breaks gives no more answers: the probes time out and say so.
    socket.on('error', () => {});
    socket.on('message', (packet) => {
      const answer = icmpOf(packet);
      if (answer !== undefined) onAnswer(answer, now());
    });
    return {
      send(to, message, options) {
        socket.setOption(SocketLevel.IPPROTO_IP, SocketOption.IP_TTL, options.ttl);
        socket.setOption(SocketLevel.IPPROTO_IP, SocketOption.IP_TOS, options.tos);
        const code = socket.sendNow(message, formatIpv4(to), options.source);
        return code === 0 ? undefined : { refused: reason(to, code) };
      },
      close: () => void socket.close(),
    };
  },
});
