// A thousand callers on one device of the user plane, on the real kernel: each hears and is heard by its own address alone.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { C, errno, pinned } from '../../board/linux/ffi/libc.ts';
import { AF, setOption, SOCK, sockaddrIn, SOL, UDP } from '../../board/linux/ffi/socket.ts';
import { ANY_IPV4, networkOf, toIpv4, type Ipv4, type Ipv4Prefix } from '../../firmware/bytes/ip.ts';
import { hex } from '../../firmware/bytes/hex.ts';
import { put16, u16, u32 } from '../../firmware/bytes/integers.ts';
import { toSessionKey, type InterfaceId, type SessionKey, type SessionOptions, type UnderlayId } from '../../firmware/hal/dataplane.ts';
import { udpPacket } from '../conformance/dataplane.scene.ts';
import { missing, when } from '../needs.ts';
import { PlaneBench, Wire } from './plane.bench.ts';

const NEEDS = ['root', 'tun', 'netns', 'ethtool'] as const;
const tests = suite('user plane, shared device');
const CALLERS = 1000;
const TUNNEL = 7;
const PORT = 1701;
const OPEN: SessionOptions = { ipv4: true, ipv6: false, sequence: 'off', checksum: true, acfc: false, pfc: false, mss: 0, mtu: 0, address: ANY_IPV4, trace: false };
/** The router's own address inside, and those of the callers, 1 to CALLERS. */
const HOME = toIpv4(0x0a640001);
const address = (caller: number): Ipv4 => toIpv4(0x0a650000 + caller);
const only = (caller: number): Ipv4Prefix[] => [networkOf(address(caller), 32)];

const wire = new Wire();
if (missing(...NEEDS) === undefined) await wire.up();
tests.after(() => wire.down());

class Scene {
  readonly bench = new PlaneBench(wire);
  readonly plane = this.bench.plane;
  readonly far: InterfaceId;
  readonly #underlay: UnderlayId;

  constructor() {
    const { plane, bench } = this;
    this.#underlay = granted(plane.listen({ address: ANY_IPV4, port: PORT }));
    bench.listen(bench.peers[0], PORT);
    this.far = granted(plane.open({ kind: 'shared-tun', name: 'dyn0', mtu: 1400, onDemand: false }));
    plane.set(this.far, { up: true });
    for (let caller = 1; caller <= CALLERS; caller++) this.attach(caller);
  }

  attach(caller: number): void {
    const leg = {
      kind: 'l2tpv2', underlay: this.#underlay, local: ANY_IPV4, peer: this.bench.peers[0], peerPort: PORT,
      localTunnel: TUNNEL, localSession: caller, peerTunnel: TUNNEL, peerSession: 0x8000 + caller,
    } as const;
    assert.is(this.plane.attach({ key: key(caller), far: this.far, leg, options: OPEN, routes: only(caller), sources: only(caller) }), undefined);
  }

  /** A caller's packet to us. */
  call(caller: number, source: Ipv4): void {
    const packet = udpPacket(`from ${caller}`, source, HOME);
    const data = new Uint8Array(10 + packet.length);
    data.set([0, 2, 0, TUNNEL, 0, 0, 0xff, 0x03, 0x00, 0x21]);
    put16(data, 4, caller);
    data.set(packet, 10);
    this.bench.inject({ from: this.bench.peers[0], fromPort: PORT, to: this.bench.local[0], toPort: PORT, data });
  }

  /** What has left: the caller that each message is for, and its inner destination. */
  async sent(count: number): Promise<{ readonly caller: number; readonly to: number; readonly inner: Uint8Array }[]> {
    const all: Uint8Array[] = [];
    await this.bench.until(() => all.push(...this.bench.received().map(({ data }) => data)) >= count);
    return all.map((data) => ({ caller: u16(data, 6) - 0x8000, to: u32(data, 12 + 16), inner: data.subarray(12) }));
  }

  sum(which: 'inDiscarded' | 'outPackets'): number {
    let sum = 0;
    for (let caller = 1; caller <= CALLERS; caller++) sum += this.plane.counters(key(caller))?.[which] ?? 0;
    return sum;
  }
}

const key = (caller: number): SessionKey => toSessionKey(caller);

function granted<T extends number>(id: T | { readonly refused: string }): T {
  if (typeof id === 'object') throw new Error(id.refused);
  return id;
}

/** In portions that no queue on the way is too short for. */
async function each(body: (caller: number) => void, done: (count: number) => Promise<void>): Promise<void> {
  const PORTION = 100;
  for (let first = 1; first <= CALLERS; first += PORTION) {
    for (let caller = first; caller < first + PORTION; caller++) body(caller);
    await done(PORTION);
  }
}

async function withScene(body: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = new Scene();
  try {
    await body(scene);
  } finally {
    await scene.bench.close();
  }
}

when(NEEDS, tests, 'a thousand sessions on one device each get the packets to their own address', () => withScene(async (s) => {
  const { bench } = s;
  const seen = new Set<number>();
  await each((caller) => bench.enter('dyn0', udpPacket(`to ${caller}`, HOME, address(caller))), async (count) => {
    for (const { caller, to } of await s.sent(count)) {
      assert.is(to, address(caller));
      seen.add(caller);
    }
  });
  assert.is(seen.size, CALLERS);
  assert.is(s.sum('outPackets'), CALLERS);
  bench.enter('dyn0', udpPacket('nobody', HOME, address(CALLERS + 1)));
  assert.ok(await bench.until(() => s.plane.interfaceCounters(s.far)?.outNoSession === 1));
  assert.equal(bench.received(), []);
}));

when(NEEDS, tests, 'a thousand sessions on one device are heard with their own address and with no other', () => withScene(async (s) => {
  const { bench } = s;
  const seen = new Set<string>();
  let heard = 0;
  await each((caller) => {
    s.call(caller, address(caller));
    s.call(caller, address((caller % CALLERS) + 1));
  }, async (count) => {
    const want = heard + count;
    assert.ok(await bench.until(() => {
      for (const packet of bench.left('dyn0')) {
        heard++;
        seen.add(hex(packet.subarray(12, 16)) + hex(packet.subarray(28)));
      }
      return heard >= want && s.sum('inDiscarded') >= want;
    }));
  });
  assert.equal([heard, s.sum('inDiscarded'), seen.size], [CALLERS, CALLERS, CALLERS]);
  for (let caller = 1; caller <= CALLERS; caller++) assert.is(s.plane.counters(key(caller))?.inPackets, 2);
}));

when(NEEDS, tests, 'a burst that the kernel hands over in one piece reaches the one session it is for, packet by packet', () => withScene(async (s) => {
  const { network } = wire;
  await network.ip('r', 'addr', 'add', '10.100.0.1/32', 'dev', 'dyn0');
  await network.ip('r', 'route', 'add', '10.101.0.0/16', 'dev', 'dyn0');
  const fd = C.socket(AF.INET, SOCK.DGRAM | SOCK.CLOEXEC, 0);
  setOption(fd, SOL.UDP, UDP.SEGMENT, 1000);
  const data = pinned(9500);
  for (const caller of [3, 997, 3]) {
    data.bytes.fill(caller & 255);
    const sent = C.sendto(fd, data.at, data.bytes.length, 0, sockaddrIn(address(caller), 5000).at, 16);
    assert.is(sent, data.bytes.length, `errno ${errno()}`);
    const got = await s.sent(10);
    assert.equal(got.map((one) => [one.caller, one.to, one.inner.length]), Array.from({ length: 10 }, (_, i) => [caller, address(caller), i < 9 ? 1028 : 528]));
    assert.ok(got.every(({ inner }) => inner.subarray(28).every((octet) => octet === (caller & 255))));
  }
  C.close(fd);
}));

when(NEEDS, tests, 'sessions that move their addresses under traffic lose no packet', () => withScene(async (s) => {
  const { bench, plane } = s;
  const ROUNDS = 50;
  for (let round = 0; round < ROUNDS; round++) {
    // The network around all callers goes from one session to the next; the callers' own addresses stay theirs.
    const [before, after] = [1 + (round % 2), 2 - (round % 2)];
    plane.update(key(after), { routes: [...only(after), networkOf(address(0), 16)] });
    bench.enter('dyn0', udpPacket('stays', HOME, address(500)));
    bench.enter('dyn0', udpPacket('moves', HOME, address(5000)));
    plane.update(key(before), { routes: only(before) });
    bench.enter('dyn0', udpPacket('moves', HOME, address(5000)));
  }
  const got = await s.sent(3 * ROUNDS);
  assert.is(got.length, 3 * ROUNDS);
  assert.ok(got.every(({ caller, to }) => (to === address(500) ? caller === 500 : caller === 1 || caller === 2)));
  assert.is(plane.interfaceCounters(s.far)?.outNoSession, 0);
}));

when(NEEDS, tests, 'sessions leave a shared device one by one, and others take their addresses', () => withScene(async (s) => {
  const { bench } = s;
  for (let caller = 1; caller <= CALLERS; caller += 2) s.plane.detach(key(caller));
  await each((caller) => bench.enter('dyn0', udpPacket('half', HOME, address(caller))), async (count) => {
    for (const { caller, to } of await s.sent(count / 2)) assert.equal([caller % 2, to], [0, address(caller)]);
  });
  assert.ok(await bench.until(() => s.plane.interfaceCounters(s.far)?.outNoSession === CALLERS / 2));
  for (let caller = 1; caller <= CALLERS; caller += 2) s.attach(caller);
  bench.enter('dyn0', udpPacket('again', HOME, address(1)));
  assert.equal((await s.sent(1)).map(({ caller }) => caller), [1]);
}));

tests.run();
