// TUN and TAP devices through /dev/net/tun, and the interface ioctls they need (linux/if_tun.h, linux/if.h, linux/virtio_net.h).

import { C, cString, errno, O_CLOEXEC, O_NONBLOCK, O_RDWR, pinned, pointer } from './libc.ts';
import { AF, SOCK } from './socket.ts';

export const IFF = { TUN: 1, TAP: 2, MULTI_QUEUE: 0x100, NO_PI: 0x1000, TUN_EXCL: 0x8000, VNET_HDR: 0x4000 } as const;
export const TUN_F = { CSUM: 1, TSO4: 2, TSO6: 4, TSO_ECN: 8, USO4: 0x20, USO6: 0x40 } as const;
/** Longest device name: IFNAMSIZ without the zero. */
export const MAX_DEVICE_NAME = 15;

const TUNSETIFF = 0x400454ca;
const TUNSETOFFLOAD = 0x400454d0;
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCGIFMTU = 0x8921;
const SIOCSIFMTU = 0x8922;
const SIOCGIFHWADDR = 0x8927;
const SIOCSIFTXQLEN = 0x8943;
const IFF_UP = 1;
const ARPHRD_ETHER = 1;
const SIZEOF_IFREQ = 40;

const devicePath = cString('/dev/net/tun');
const request = pinned(SIZEOF_IFREQ);

function name(text: string): void {
  request.bytes.fill(0);
  const encoded = new TextEncoder().encode(text);
  request.bytes.set(encoded.subarray(0, MAX_DEVICE_NAME));
}

/** An errno where something failed. */
export interface Failed {
  readonly call: string;
  readonly errno: number;
}

/**
 * Creates a device of its own: EBUSY where one of that name exists, persistent ones included.
 * `flags` of IFF besides NO_PI; `offload` of TUN_F, dropped one by one from the costliest to ask for until the kernel agrees.
 */
export function openTun(device: string, flags: number, offload: readonly number[] = []): { readonly fd: number; readonly offload: number } | Failed {
  const fd = C.open(devicePath.at, O_RDWR | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0) return { call: 'open /dev/net/tun', errno: errno() };
  name(device);
  request.view.setUint16(16, flags | IFF.NO_PI | IFF.TUN_EXCL, true);
  if (C.ioctl(fd, TUNSETIFF, request.at) < 0) {
    const failed = { call: 'TUNSETIFF', errno: errno() };
    C.close(fd);
    return failed;
  }
  for (const wanted of offload) if (C.ioctl(fd, TUNSETOFFLOAD, pointer(wanted)) === 0) return { fd, offload: wanted };
  return { fd, offload: 0 };
}

/** Interface ioctls by name; `socket` is any IPv4 socket of the network namespace meant. 0, or -1 with errno. */
export function setMtu(socket: number, device: string, mtu: number): number {
  name(device);
  request.view.setInt32(16, mtu, true);
  return C.ioctl(socket, SIOCSIFMTU, request.at);
}

export function setQueueLength(socket: number, device: string, packets: number): number {
  name(device);
  request.view.setInt32(16, packets, true);
  return C.ioctl(socket, SIOCSIFTXQLEN, request.at);
}

export function setUp(socket: number, device: string, up: boolean): number {
  name(device);
  if (C.ioctl(socket, SIOCGIFFLAGS, request.at) < 0) return -1;
  const flags = request.view.getInt16(16, true);
  request.view.setInt16(16, up ? flags | IFF_UP : flags & ~IFF_UP, true);
  return C.ioctl(socket, SIOCSIFFLAGS, request.at);
}

/** Address and MTU of an Ethernet device in the caller's network namespace; undefined where there is none of that name. */
export function readEthernet(device: string): { readonly address: Uint8Array; readonly mtu: number } | undefined {
  const socket = C.socket(AF.INET, SOCK.DGRAM | SOCK.CLOEXEC, 0);
  name(device);
  const isEthernet = C.ioctl(socket, SIOCGIFHWADDR, request.at) === 0 && request.view.getUint16(16, true) === ARPHRD_ETHER;
  const address = request.bytes.slice(18, 24);
  name(device);
  const known = C.ioctl(socket, SIOCGIFMTU, request.at) === 0;
  C.close(socket);
  return isEthernet && known ? { address, mtu: request.view.getInt32(16, true) } : undefined;
}

/** Whether a device of that name exists in the caller's network namespace. */
export const deviceExists = (device: string): boolean => C.if_nametoindex(cString(device).at) !== 0;
