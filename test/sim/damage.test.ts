// One damaged packet anywhere in the set-up of a call: an octet changed, or the end cut off. UDP checksums would catch nearly all
// of it; here none does, and the call comes up all the same.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { put16 } from '../../firmware/bytes/integers.ts';
import { pingUntil } from '../../board/sim/lans.ts';
import { SeededRandom } from '../../board/sim/world.ts';
import { log, network, sessions, status, tap } from './calls.rig.ts';

const MINUTE = 60_000;
/** IP and UDP headers: damage there is another host's packet, or none. */
const HEADERS = 28;

type Damage = (packet: Uint8Array) => Uint8Array;

/** Brings a call up while packet `index` on the way between the routers is damaged; the sizes of all packets until traffic flowed. */
function bringUp(index: number, damage: Damage, ends: Parameters<typeof network>): { readonly sizes: number[]; readonly net: ReturnType<typeof network>; readonly took: number | undefined } {
  const net = network(...ends);
  const sizes: number[] = [];
  let done = false;
  for (const wire of [net.wires[0]]) {
    const send = wire.send.bind(wire);
    wire.send = (packet, next) => {
      const number = sizes.length;
      if (done || packet[9] !== 17) return send(packet, next);
      sizes.push(packet.length);
      return send(number === index ? damage(packet.slice()) : packet, next);
    };
  }
  const took = pingUntil(net, net.host1, '192.168.20.2', 5 * MINUTE);
  done = true;
  return { sizes, net, took };
}

/** The header of a packet that was cut. */
function shorten(packet: Uint8Array, length: number): Uint8Array {
  const cut = packet.slice(0, length);
  put16(cut, 2, length);
  put16(cut, 24, length - 20);
  put16(cut, 10, 0);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += ((cut[i] ?? 0) << 8) | (cut[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  put16(cut, 10, ~sum & 0xffff);
  return cut;
}

const USER = 'ADD USER=siteA PASSWORD=aSecret11 LOGIN=NO\nADD USER=siteB PASSWORD=bSecret99 LOGIN=NO';
const PLAIN: Parameters<typeof network> = [{ ppp: 'LQR=OFF ECHO=ON' }, { ppp: 'LQR=OFF ECHO=ON' }];
const CHAP: Parameters<typeof network> = [
  { ppp: 'AUTHENTICATION=CHAP USERNAME=siteA PASSWORD=aSecret11 ECHO=ON', before: USER },
  { ppp: 'AUTHENTICATION=MSCHAPV2 USERNAME=siteB PASSWORD=bSecret99 ECHO=ON', before: USER, ip: '0.0.0.0' },
];

for (const [name, ends] of [['that calls both ways', PLAIN], ['with passwords', CHAP]] as const) {
  test(`a call ${name} comes up although any octet of any message of its set-up arrives changed`, () => {
    const random = new SeededRandom(9);
    const { sizes } = bringUp(-1, (packet) => packet, ends);
    assert.ok(sizes.length > 8);
    let runs = 0;
    for (const [index, size] of sizes.entries()) {
      for (let at = HEADERS; at < size; at += 1 + Math.floor(random.next() * 6), runs++) {
        const bit = 1 << Math.floor(random.next() * 8);
        const { took, net } = bringUp(index, (packet) => packet.with(at, (packet[at] ?? 0) ^ bit), ends);
        assert.ok(took !== undefined, `message ${index}, octet ${at - HEADERS}, bit ${bit}:\n${log(net.a)}\n${log(net.b)}\n${status(net.a)}\n${status(net.b)}`);
        assert.is(sessions(net.a), 1);
      }
    }
    assert.ok(runs > 100, `${runs} runs`);
  });

  test(`a call ${name} comes up although any message of its set-up arrives cut off`, () => {
    const random = new SeededRandom(10);
    const { sizes } = bringUp(-1, (packet) => packet, ends);
    for (const [index, size] of sizes.entries()) {
      for (let length = HEADERS; length < size; length += 1 + Math.floor(random.next() * 12)) {
        const { took, net } = bringUp(index, (packet) => shorten(packet, length), ends);
        assert.ok(took !== undefined, `message ${index} cut to ${length - HEADERS}:\n${log(net.a)}\n${log(net.b)}\n${status(net.a)}\n${status(net.b)}`);
      }
    }
  });
}

test('a message that crosses a wire in pieces of garbage only costs time', () => {
  const net = network(...PLAIN);
  const random = new SeededRandom(11);
  tap(net.wires[0], () => true);
  const send = net.wires[0].send.bind(net.wires[0]);
  net.wires[0].send = (packet, next) => send(random.next() < 0.2 && packet[9] === 17 ? packet.with(HEADERS + Math.floor(random.next() * (packet.length - HEADERS)), Math.floor(random.next() * 256)) : packet, next);
  net.world.run(10 * MINUTE);
  net.wires[0].send = send;
  assert.ok(pingUntil(net, net.host1, '192.168.20.2', 5 * MINUTE) !== undefined, `${log(net.a)}\n${status(net.a)}`);
});

test.run();
