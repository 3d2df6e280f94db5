// The bench of test/conformance/dataplane.ts for the user plane: a router and a peer in two namespaces joined by a wire.

import { ERRNO } from '../../board/linux/ffi/errno.ts';
import { C, cString, errno, O_CLOEXEC, O_RDONLY, pinned, type Pinned } from '../../board/linux/ffi/libc.ts';
import { AF, readSockaddrIn, setBuffers, sockaddrIn, SOCK } from '../../board/linux/ffi/socket.ts';
import { UserPlane } from '../../board/linux/userplane/plane.ts';
import { parseIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { Bench, Datagram } from '../conformance/dataplane.scene.ts';
import { Network } from '../network.ts';

const CLONE_NEWNET = 0x40000000;
const ETH_P_ALL = 3;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const ETH_P_PPP_DISC = 0x8863;
const ETH_P_PPP_SES = 0x8864;
const PACKET_OUTGOING = 4;
const SIZEOF_SOCKADDR_LL = 20;
/** Where sll_pkttype and sll_protocol lie in struct sockaddr_ll. */
const LL = { PROTOCOL: 2, IFINDEX: 4, PKTTYPE: 10 } as const;

export function ip(text: string): Ipv4 {
  const value = parseIpv4(text);
  if (value === undefined) throw new Error(`${text} is no address`);
  return value;
}

/** A network namespace that this thread can step into. */
export class Space {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = C.open(cString(path).at, O_RDONLY | O_CLOEXEC, 0);
    if (this.#fd < 0) throw new Error(`${path}: errno ${errno()}`);
  }

  enter(): void {
    if (C.setns(this.#fd, CLONE_NEWNET) < 0) throw new Error(`setns: errno ${errno()}`);
  }

  close(): void {
    C.close(this.#fd);
  }
}

/** Router "r" with 10.77.0.1 and .2, peer "p" with .11 and .12, no IPv6 (its own chatter would be in the way). */
export class Wire {
  readonly network = new Network('plane');

  async up(): Promise<void> {
    const { network } = this;
    await network.space('r', 'p');
    for (const space of ['r', 'p']) await network.exec(space, ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1']);
    await network.wire('r/w0', 'p/w1');
    for (const [space, device, addresses] of [['r', 'w0', ['10.77.0.1', '10.77.0.2']], ['p', 'w1', ['10.77.0.11', '10.77.0.12']]] as const)
      for (const address of addresses) await network.ip(space, 'addr', 'add', `${address}/24`, 'dev', device);
  }

  space(name: string): Space {
    return new Space(`/run/netns/${this.network.name(name)}`);
  }

  async down(): Promise<void> {
    await this.network.remove();
  }
}

interface Port {
  readonly fd: number;
  readonly address: Ipv4;
  readonly port: number;
}

/** While a bench is open its thread stands in the router's namespace. */
export class PlaneBench implements Bench {
  readonly plane: UserPlane;
  readonly ethernet: Bench['ethernet'];
  readonly local = [ip('10.77.0.1'), ip('10.77.0.2')] as const;
  readonly peers = [ip('10.77.0.11'), ip('10.77.0.12')] as const;
  readonly #home = new Space('/proc/thread-self/ns/net');
  readonly #router: Space;
  readonly #peer: Space;
  readonly #packets: number;
  readonly #station: number;
  readonly #seen = new Map<number, Uint8Array[]>();
  readonly #ports: Port[] = [];
  readonly #buffer = pinned(70_000);
  readonly #name = pinned(32);
  readonly #length = pinned(4);

  constructor(wire: Wire) {
    this.#router = wire.space('r');
    this.#peer = wire.space('p');
    this.#router.enter();
    this.plane = new UserPlane();
    this.#packets = C.socket(AF.PACKET, SOCK.DGRAM | SOCK.NONBLOCK | SOCK.CLOEXEC, ETH_P_ALL << 8);
    setBuffers(this.#packets, 4 << 20);
    const router = stationOf('w0');
    this.#peer.enter();
    this.#station = C.socket(AF.PACKET, SOCK.RAW | SOCK.NONBLOCK | SOCK.CLOEXEC, ETH_P_ALL << 8);
    setBuffers(this.#station, 4 << 20);
    const bound = C.bind(this.#station, linkAddress('w1', ETH_P_ALL).at, SIZEOF_SOCKADDR_LL);
    this.ethernet = { device: 'w0', router, station: stationOf('w1') };
    this.#router.enter();
    if (bound < 0) throw new Error(`bind: errno ${errno()}`);
  }

  listen(peer: Ipv4, port: number): void {
    this.#peer.enter();
    const fd = C.socket(AF.INET, SOCK.DGRAM | SOCK.NONBLOCK | SOCK.CLOEXEC, 0);
    setBuffers(fd, 4 << 20);
    const bound = C.bind(fd, sockaddrIn(peer, port).at, 16);
    this.#router.enter();
    if (bound < 0) throw new Error(`bind: errno ${errno()}`);
    this.#ports.push({ fd, address: peer, port });
  }

  inject(d: Datagram): void {
    const port = this.#ports.find((p) => p.address === d.from && p.port === d.fromPort);
    if (port === undefined) throw new Error('no such port is open');
    this.#buffer.bytes.set(d.data);
    if (C.sendto(port.fd, this.#buffer.at, d.data.length, 0, sockaddrIn(d.to, d.toPort).at, 16) < 0) throw new Error(`sendto: errno ${errno()}`);
  }

  received(): Datagram[] {
    const all: Datagram[] = [];
    for (const { fd, address, port } of this.#ports)
      for (let n = this.#take(fd, 16); n >= 0; n = this.#take(fd, 16)) {
        const from = readSockaddrIn(this.#name);
        all.push({ from: from.address, fromPort: from.port, to: address, toPort: port, data: this.#buffer.bytes.slice(0, n) });
      }
    return all;
  }

  enter(name: string, packet: Uint8Array): void {
    const to = linkAddress(name, (packet[0] ?? 0) >> 4 === 6 ? ETH_P_IPV6 : ETH_P_IP);
    this.#buffer.bytes.set(packet);
    if (C.sendto(this.#packets, this.#buffer.at, packet.length, 0, to.at, SIZEOF_SOCKADDR_LL) < 0) throw new Error(`into ${name}: errno ${errno()}`);
  }

  left(name: string): Uint8Array[] {
    for (let n = this.#take(this.#packets, SIZEOF_SOCKADDR_LL); n >= 0; n = this.#take(this.#packets, SIZEOF_SOCKADDR_LL)) {
      if (this.#name.view.getUint8(LL.PKTTYPE) === PACKET_OUTGOING) continue;
      const index = this.#name.view.getInt32(LL.IFINDEX, true);
      const seen = this.#seen.get(index) ?? [];
      seen.push(this.#buffer.bytes.slice(0, n));
      this.#seen.set(index, seen);
    }
    const index = C.if_nametoindex(cString(name).at);
    const packets = this.#seen.get(index) ?? [];
    this.#seen.delete(index);
    return packets;
  }

  injectFrame(frame: Uint8Array): void {
    this.#buffer.bytes.set(frame);
    if (C.send(this.#station, this.#buffer.at, frame.length, 0) < 0) throw new Error(`frame: errno ${errno()}`);
  }

  frames(): Uint8Array[] {
    const all: Uint8Array[] = [];
    for (let n = this.#take(this.#station, SIZEOF_SOCKADDR_LL); n >= 0; n = this.#take(this.#station, SIZEOF_SOCKADDR_LL)) {
      const type = this.#name.view.getUint16(LL.PROTOCOL);
      if (this.#name.view.getUint8(LL.PKTTYPE) !== PACKET_OUTGOING && (type === ETH_P_PPP_DISC || type === ETH_P_PPP_SES)) all.push(this.#buffer.bytes.slice(0, n));
    }
    return all;
  }

  async until(done: () => boolean, ms = 2000): Promise<boolean> {
    const end = performance.now() + ms;
    while (!done()) {
      if (performance.now() > end) return false;
      await Bun.sleep(1);
    }
    return true;
  }

  interfaces(): string[] {
    const listed = Bun.spawnSync(['ip', '-o', 'link']).stdout.toString();
    return [...listed.matchAll(/^\d+: ((?:ppp|dyn)\d+):/gm)].map((found) => found[1] ?? '');
  }

  async close(): Promise<void> {
    this.plane.shutdown();
    for (const { fd } of this.#ports) C.close(fd);
    C.close(this.#packets);
    C.close(this.#station);
    this.#home.enter();
    for (const space of [this.#home, this.#router, this.#peer]) space.close();
  }

  /** One datagram into the buffer, where it came from into the name; its length, -1 where none waits. */
  #take(fd: number, nameLength: number): number {
    this.#length.view.setInt32(0, nameLength, true);
    const n = C.recvfrom(fd, this.#buffer.at, this.#buffer.bytes.length, 0, this.#name.at, this.#length.at);
    if (n < 0 && errno() !== ERRNO.EAGAIN) throw new Error(`recvfrom: errno ${errno()}`);
    return n;
  }
}

/** A struct sockaddr_ll of a device in the namespace this thread stands in. */
function linkAddress(device: string, protocol: number): Pinned {
  const to = pinned(SIZEOF_SOCKADDR_LL);
  to.view.setUint16(0, AF.PACKET, true);
  to.view.setUint16(LL.PROTOCOL, protocol);
  to.view.setInt32(LL.IFINDEX, C.if_nametoindex(cString(device).at), true);
  return to;
}

/** A device's Ethernet address. */
function stationOf(device: string): Uint8Array {
  const listed = Bun.spawnSync(['ip', '-o', 'link', 'show', 'dev', device]).stdout.toString();
  const found = /link\/ether ([0-9a-f:]+)/.exec(listed)?.[1] ?? '';
  return Uint8Array.from(found.split(':'), (octet) => Number.parseInt(octet, 16));
}
