// The data plane in memory under the suite for all data planes: what is proven on the simulator holds on the kernel.

import type { Ipv4 } from '../../firmware/bytes/ip.ts';
import { SimIpHost } from '../../board/sim/iphost.ts';
import { ip } from '../../board/sim/lans.ts';
import { SimPlane } from '../../board/sim/plane.ts';
import { CLEAN, Wire } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';
import { dataPlane, type Bench, type Datagram } from './dataplane.ts';

/** An IP stack whose ppp interfaces end in the test's hands. */
class BenchHost extends SimIpHost {
  readonly ways = new Map<string, { readonly output: (packet: Uint8Array) => boolean; left: Uint8Array[] }>();

  override addPpp(name: string, mtu: number, output: (packet: Uint8Array) => boolean): boolean {
    const added = super.addPpp(name, mtu, output);
    if (added) this.ways.set(name, { output, left: [] });
    return added;
  }

  override removePpp(name: string): void {
    this.ways.delete(name);
    super.removePpp(name);
  }

  override inject(name: string, packet: Uint8Array): void {
    this.ways.get(name)?.left.push(packet.slice());
  }
}

const LOCAL = [ip('10.77.0.1'), ip('10.77.0.2')] as const;
const PEERS = [ip('10.77.0.11'), ip('10.77.0.12')] as const;

async function open(): Promise<Bench> {
  const world = new World(1);
  const wire = new Wire(world, CLEAN);
  const router = new BenchHost(world);
  const peer = new SimIpHost(world);
  const put = (host: SimIpHost, addresses: readonly Ipv4[]): void => {
    host.plug('eth0', wire);
    for (const address of addresses) host.addAddress('eth0', address, 24);
  };
  put(router, LOCAL);
  put(peer, PEERS);
  const ports = new Set<string>();
  const received: Datagram[] = [];
  peer.onUdp = (header, fromPort, toPort, data) => {
    if (!ports.has(`${header.destination} ${toPort}`)) return false;
    received.push({ from: header.source, fromPort, to: header.destination, toPort, data: data.slice() });
    return true;
  };
  return {
    plane: new SimPlane(world, router),
    local: LOCAL,
    peers: PEERS,
    ipv6: true,
    listen: (address, port) => void ports.add(`${address} ${port}`),
    inject: ({ from, fromPort, to, toPort, data }) => peer.sendUdp(from, fromPort, to, toPort, data),
    received: () => received.splice(0),
    enter: (name, packet) => void router.ways.get(name)?.output(packet),
    left: (name) => router.ways.get(name)?.left.splice(0) ?? [],
    until: async (done, ms = 1000) => {
      for (let passed = 0; passed < ms && !done(); passed++) world.run(1);
      return done();
    },
    interfaces: () => [...router.ways.keys()],
    close: async () => {},
  };
}

dataPlane('sim', open);
