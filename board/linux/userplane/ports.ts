// The packet sockets that serve PPPoE on Ethernet devices (packet(7)): opened and closed on the main thread.

import type { Refusal } from '../../../firmware/hal/dataplane.ts';
import { ERRNO, errnoText } from '../ffi/errno.ts';
import { C, cString, errno } from '../ffi/libc.ts';
import { AF, bindLink, setBuffers, SOCK } from '../ffi/socket.ts';
import { readEthernet } from '../ffi/tun.ts';

const ETHERTYPE = { DISCOVERY: 0x8863, SESSION: 0x8864 } as const;
/** Of a socket that only sends. */
const NO_PROTOCOL = 0;
/** Bursts of some thousand frames; the kernel doubles it. */
const BUFFER = 4 << 20;

/** What serves one port: sockets that take session and discovery frames, one that sends both. */
export interface PortSockets {
  readonly session: number;
  readonly discovery: number;
  readonly out: number;
  readonly address: Uint8Array;
  readonly mtu: number;
}

/** Opens the sockets on a device. Needs CAP_NET_RAW. `name`: what the operator calls it. */
export function openPort(device: string, name: string): PortSockets | Refusal {
  const about = readEthernet(device);
  const index = C.if_nametoindex(cString(device).at);
  if (about === undefined || index === 0) return { refused: `There is no Ethernet port ${name}` };
  const sockets: number[] = [];
  for (const protocol of [ETHERTYPE.SESSION, ETHERTYPE.DISCOVERY, NO_PROTOCOL]) {
    // Without a protocol until it is bound: else it would take in frames of every device meanwhile.
    const fd = C.socket(AF.PACKET, SOCK.RAW | SOCK.NONBLOCK | SOCK.CLOEXEC, NO_PROTOCOL);
    if (fd >= 0) sockets.push(fd);
    if (fd < 0 || bindLink(fd, index, protocol) < 0) {
      const refused = whyNot(name, errno());
      for (const one of sockets) C.close(one);
      return { refused };
    }
    setBuffers(fd, BUFFER);
  }
  const [session = -1, discovery = -1, out = -1] = sockets;
  return { session, discovery, out, ...about };
}

export function closePort({ session, discovery, out }: PortSockets): void {
  for (const fd of [session, discovery, out]) C.close(fd);
}

function whyNot(name: string, code: number): string {
  return code === ERRNO.EPERM || code === ERRNO.EACCES ? `This user may not serve PPPoE on ${name} (CAP_NET_RAW is needed)` : `PPPoE on ${name} cannot be served: ${errnoText(code)}`;
}
