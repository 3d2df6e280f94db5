// Two whole routers, an internet between them and a host behind each, in memory and on virtual time:
// host1 - A - internet - B - host2, addressed as in the LAN-to-LAN example of the AR740 command reference.

import { createAppliance, type Appliance } from '../../firmware/appliance.ts';
import { put16 } from '../../firmware/bytes/integers.ts';
import { parseIpv4, toIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import { SimBoard } from './board.ts';
import { SimIpHost } from './iphost.ts';
import { icmp } from './packet.ts';
import { CLEAN, Wire, type WireQuality } from './wire.ts';
import { World } from './world.ts';

export const ip = (text: string): Ipv4 => parseIpv4(text) ?? toIpv4(0);

export interface Node {
  board: SimBoard;
  app: Appliance;
}

export interface Lans {
  readonly world: World;
  readonly a: Node;
  b: Node;
  /** Another router in the place of B: B's power was cut. */
  startB(): Node;
  readonly host1: SimIpHost;
  readonly host2: SimIpHost;
  /** Between router A and the internet, between the internet and router B. */
  readonly wires: readonly [Wire, Wire];
}

export const PRELUDE = {
  a: `SET SYSTEM NAME=RouterA
ENABLE IP
ADD IP INT=eth0 IP=192.168.10.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=1.1.1.1 MASK=255.255.255.0
ADD IP ROUTE=2.2.2.0 MASK=255.255.255.0 INT=eth1 NEXT=1.1.1.254
`,
  b: `SET SYSTEM NAME=RouterB
ENABLE IP
ADD IP INT=eth0 IP=192.168.20.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=2.2.2.2 MASK=255.255.255.0
ADD IP ROUTE=1.1.1.0 MASK=255.255.255.0 INT=eth1 NEXT=2.2.2.254
`,
} as const;

/** A plain host with one port and a default route. */
function host(world: World, wire: Wire, address: string, gateway: string): SimIpHost {
  const node = new SimIpHost(world);
  node.plug('eth0', wire);
  node.addAddress('eth0', ip(address), 24);
  node.addRoute({ destination: ip('0.0.0.0'), length: 0, via: ip(gateway), name: 'eth0', metric: 0 });
  return node;
}

/** Builds the network; both routers run their script at once. */
export function lans(seed: number, quality: WireQuality, scripts: { readonly a: string; readonly b: string }): Lans {
  const world = new World(seed);
  const lan1 = new Wire(world);
  const lan2 = new Wire(world);
  const wires: [Wire, Wire] = [new Wire(world, quality), new Wire(world, CLEAN)];
  const internet = new SimIpHost(world);
  internet.plug('a', wires[0]);
  internet.plug('b', wires[1]);
  internet.addAddress('a', ip('1.1.1.254'), 24);
  internet.addAddress('b', ip('2.2.2.254'), 24);
  internet.setForwarding(true);
  const start = (seedOf: number, lan: Wire, wan: Wire, script: string): Node => {
    const board = new SimBoard(world, { seed: seedOf });
    board.ip.plug('eth0', lan);
    board.ip.plug('eth1', wan);
    const app = createAppliance(board, { factoryScript: '' });
    app.boot({ name: 'lab.cfg', text: script });
    return { board, app };
  };
  const startA = (): Node => start(seed * 2 + 1, lan1, wires[0], scripts.a);
  const startB = (): Node => start(seed * 2 + 2, lan2, wires[1], scripts.b);
  return {
    world,
    a: startA(),
    b: startB(),
    startB,
    host1: host(world, lan1, '192.168.10.2', '192.168.10.1'),
    host2: host(world, lan2, '192.168.20.2', '192.168.20.1'),
    wires,
  };
}

/** Pings every second until an answer comes or `span` virtual milliseconds are over; the virtual time it took, or undefined. */
export function pingUntil(net: Lans, from: SimIpHost, to: string, span: number): number | undefined {
  const { world } = net;
  const started = world.now;
  let answered = false;
  const socket = from.open((answer) => {
    if (answer.type === 0 && answer.from === ip(to)) answered = true;
  });
  if ('refused' in socket) return undefined;
  for (let sequence = 0; !answered && world.now - started < span; sequence++) {
    const rest = new Uint8Array(28);
    put16(rest, 2, sequence);
    socket.send(ip(to), icmp(8, 0, rest), { source: toIpv4(0), ttl: 64, tos: 0 });
    world.run(1000, () => answered);
  }
  socket.close();
  return answered ? world.now - started : undefined;
}

/** What a closed router still holds; all zero when it closed cleanly. */
export function residue(node: Node): Record<string, number> {
  return { ...node.board.plane.residue, ...node.board.ip.residue };
}
