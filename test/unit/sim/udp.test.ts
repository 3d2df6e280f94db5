import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { SimBoard } from '../../../board/sim/board.ts';
import { SimIpHost } from '../../../board/sim/iphost.ts';
import { SimUdpSockets } from '../../../board/sim/udp.ts';
import { Wire } from '../../../board/sim/wire.ts';
import { World } from '../../../board/sim/world.ts';
import { formatIpv4, toIpv4, type Ipv4 } from '../../../firmware/bytes/ip.ts';

const A = toIpv4(0xc0000201);
const B = toIpv4(0xc0000202);

function two(): { world: World; board: SimBoard; server: SimUdpSockets } {
  const world = new World(1);
  const wire = new Wire(world);
  const board = new SimBoard(world, { seed: 2 });
  const host = new SimIpHost(world);
  for (const [one, address] of [[board.ip, A], [host, B]] as const) {
    one.plug('eth0', wire);
    one.addAddress('eth0', address, 24);
  }
  return { world, board, server: new SimUdpSockets(world, host) };
}

const failed = (why: string): void => assert.unreachable(why);

test('A UDP socket of a board talks to a server on the wire and hears its answer', () => {
  const { world, board, server } = two();
  const heard: string[] = [];
  const service = server.open({
    port: 1645,
    failed,
    received: (from: Ipv4, port, data) => {
      heard.push(`${formatIpv4(from)} ${data.join()}`);
      service.send(from, port, Uint8Array.of(9, ...data));
    },
  });
  const client = board.udp.open({ port: 0, failed, received: (from, port, data) => heard.push(`${formatIpv4(from)}:${port} ${data.join()}`) });
  client.send(B, 1645, Uint8Array.of(1, 2));
  world.run(10);
  assert.equal(heard, ['192.0.2.1 1,2', '192.0.2.2:1645 9,1,2']);
  client.close();
  client.send(B, 1645, Uint8Array.of(3));
  world.run(10);
  assert.is(heard.length, 2);
  assert.is(board.udp.residue, 0);
});

test('A UDP port that is taken is refused in words, and the one that has it goes on', () => {
  const { world, board, server } = two();
  let why = '';
  let heard = 0;
  board.udp.open({ port: 3799, failed, received: () => heard++ });
  const second = board.udp.open({ port: 3799, failed: (text) => (why = text), received: () => assert.unreachable() });
  world.run(1);
  assert.is(why, 'UDP port 3799 is in use by another program');
  second.close();
  server.open({ port: 0, failed, received: () => {} }).send(A, 3799, Uint8Array.of(1));
  world.run(10);
  assert.is(heard, 1);
});

test('UDP sockets without a port of their own get different ones', () => {
  const { world, board, server } = two();
  const ports = new Set<number>();
  server.open({ port: 53, failed, received: (_, port) => ports.add(port) });
  for (let i = 0; i < 40; i++) board.udp.open({ port: 0, failed, received: () => {} }).send(B, 53, Uint8Array.of(i));
  world.run(10);
  assert.is(ports.size, 40);
});

test.run();
