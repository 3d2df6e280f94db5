// The TUN devices of PPP interfaces: made, set and taken away on the main thread.

import type { InterfaceId, InterfaceSpec, Refusal } from '../../../firmware/hal/dataplane.ts';
import { check, ERRNO, errnoText } from '../ffi/errno.ts';
import { C, cString } from '../ffi/libc.ts';
import { NetlinkClient } from '../netlink/client.ts';
import { RTM } from '../netlink/route.ts';
import { AF, SOCK } from '../ffi/socket.ts';
import { deviceExists, IFF, MAX_DEVICE_NAME, openTun, setMtu, setQueueLength, setUp, TUN_F } from '../ffi/tun.ts';
import { readSwitch, writeSwitch } from '../sysctl.ts';

/** What to ask the kernel to leave to us, the most first: all kernels have TSO, USO came with Linux 6.2. */
const TCP_OFFLOADS = TUN_F.CSUM | TUN_F.TSO4 | TUN_F.TSO6 | TUN_F.TSO_ECN;
const OFFLOADS = [TCP_OFFLOADS | TUN_F.USO4 | TUN_F.USO6, TCP_OFFLOADS];
/** Packets the kernel keeps for us while a batch is carried. */
const QUEUE_LENGTH = 1000;
/** From so many devices on it pays to delete them as one group: each close alone waits 20 ms in the kernel. */
const MANY = 3;
const IFLA_GROUP = 27;
/** Our devices' group while they are deleted: nobody else's, so the process is in it. */
const GROUP = 0x68000000 | (process.pid & 0xffffff);

interface Device {
  readonly name: string;
  readonly fd: number;
}

export class Devices {
  readonly #most: number;
  readonly #devices = new Map<InterfaceId, Device>();
  /** Any socket of this network namespace, for interface ioctls. */
  readonly #socket = check('socket', C.socket(AF.INET, SOCK.DGRAM | SOCK.CLOEXEC, 0));

  constructor(most: number) {
    this.#most = most;
  }

  has(id: InterfaceId): boolean {
    return this.#devices.has(id);
  }

  /** What the plane itself says by ICMP comes out of a shared device with one of our own addresses; callers may not use them (SessionPath.sources). */
  open(spec: InterfaceSpec): { readonly id: InterfaceId; readonly fd: number; readonly offload: number } | Refusal {
    const { name, mtu } = spec;
    const id = this.#freeId();
    if (id === undefined) return { refused: `No more than ${this.#most} interfaces can be made` };
    if (name.length === 0 || name.length > MAX_DEVICE_NAME) return { refused: `${name} is no name for an interface: 1 to ${MAX_DEVICE_NAME} characters` };
    if (deviceExists(name)) return { refused: `There is an interface ${name} already` };
    const opened = openTun(name, IFF.TUN | IFF.VNET_HDR, OFFLOADS);
    if ('errno' in opened) return { refused: whyNot(name, opened.errno) };
    this.#devices.set(id, { name, fd: opened.fd });
    setMtu(this.#socket, name, mtu);
    setQueueLength(this.#socket, name, QUEUE_LENGTH);
    trustSources(name);
    if (spec.kind === 'shared-tun') writeSwitch(`net/ipv4/conf/${name}/accept_local`, '1');
    return { id, ...opened };
  }

  /** False where there is no such interface. */
  set(id: InterfaceId, change: { readonly mtu?: number; readonly up?: boolean }): boolean {
    const device = this.#devices.get(id);
    if (device === undefined) return false;
    if (change.mtu !== undefined) setMtu(this.#socket, device.name, change.mtu);
    if (change.up !== undefined) setUp(this.#socket, device.name, change.up);
    return true;
  }

  close(id: InterfaceId): void {
    const device = this.#devices.get(id);
    if (device === undefined) return;
    this.#devices.delete(id);
    C.close(device.fd);
  }

  closeAll(): void {
    if (this.#devices.size >= MANY) deleteTogether([...this.#devices.values()].map(({ name }) => name));
    for (const { fd } of this.#devices.values()) C.close(fd);
    this.#devices.clear();
    C.close(this.#socket);
  }

  #freeId(): InterfaceId | undefined {
    for (let id = 0; id < this.#most; id++) if (!this.#devices.has(id as InterfaceId)) return id as InterfaceId;
    return undefined;
  }
}

/** Deletes devices with one wait for all. What it leaves, where the kernel refuses, goes when the descriptors are closed. */
function deleteTogether(names: readonly string[]): void {
  const netlink = new NetlinkClient();
  for (const name of names) {
    const index = C.if_nametoindex(cString(name).at);
    if (index !== 0) netlink.request(RTM.NEWLINK, 0, (w) => w.u32(0).u32(index).u32(0).u32(0).attributeU32(IFLA_GROUP, GROUP));
  }
  netlink.request(RTM.DELLINK, 0, (w) => w.u32(0).u32(0).u32(0).u32(0).attributeU32(IFLA_GROUP, GROUP));
  netlink.close();
}

function whyNot(name: string, code: number): string {
  switch (code) {
    case ERRNO.EBUSY:
      return `There is an interface ${name} already`;
    case ERRNO.ENOENT:
    case ERRNO.ENODEV:
      return `${name} cannot be made: this kernel has no TUN devices (/dev/net/tun)`;
    case ERRNO.EACCES:
      return `${name} cannot be made: this user may not open /dev/net/tun`;
    case ERRNO.EPERM:
      return `This user may not make ${name} (CAP_NET_ADMIN, and /dev/net/tun among the devices permitted, are needed)`;
    default:
      return `${name} cannot be made: ${errnoText(code)}`;
  }
}

/**
 * Takes the kernel's source validation off the interface: what may come in is the operator's filters' business. The kernel applies the
 * stricter of this switch and the one for all interfaces, so where that one is strict, "loose" is the most that can be had.
 */
function trustSources(name: string): void {
  const all = readSwitch('net/ipv4/conf/all/rp_filter');
  writeSwitch(`net/ipv4/conf/${name}/rp_filter`, all === undefined || all === '0' ? '0' : '2');
}
