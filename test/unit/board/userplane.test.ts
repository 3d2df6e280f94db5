// The parts of the user data plane that need no kernel: ring, header, sums, MSS clamp, cutting and joining of super-packets.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { Arena } from '../../../board/linux/ffi/arena.ts';
import { C, pinned } from '../../../board/linux/ffi/libc.ts';
import { AF, setBuffers, SOCK } from '../../../board/linux/ffi/socket.ts';
import { Coalescer } from '../../../board/linux/userplane/coalesce.ts';
import { Header, setLength, writeL2tp, writePpp } from '../../../board/linux/userplane/header.ts';
import { OPTION, SESSION } from '../../../board/linux/userplane/layout.ts';
import { clampMss } from '../../../board/linux/userplane/mss.ts';
import { GSO, VNET, VNET_NEEDS_CSUM } from '../../../board/linux/userplane/packet.ts';
import { ringMemory, RingReader, RingWriter, RECORD_HEADER } from '../../../board/linux/userplane/ring.ts';
import { holds, Routes } from '../../../board/linux/userplane/routes.ts';
import { Segmenter } from '../../../board/linux/userplane/segment.ts';
import { Session, type Interface } from '../../../board/linux/userplane/session.ts';
import { simdSumming } from '../../../board/linux/userplane/simd.ts';
import { plainSumming, summing } from '../../../board/linux/userplane/sum.ts';
import { SeededRandom } from '../../../board/sim/world.ts';
import { addChecksum, checksum, foldChecksum } from '../../../firmware/bytes/checksum.ts';
import { fromHex } from '../../../firmware/bytes/hex.ts';
import { put16, put32, u16, u32 } from '../../../firmware/bytes/integers.ts';
import { maskOf } from '../../../firmware/bytes/ip.ts';

const random = new SeededRandom(20);
const below = (limit: number): number => Math.floor(random.next() * limit);

function session(options = OPTION.IPV4 | OPTION.IPV6 | OPTION.CHECKSUM): Session {
  const underlay = { index: 0, fd: -1, out: -1, control: -1, counters: new Float64Array(16), sessions: new Map(), tunnels: new Map(), unchecked: false, permitted: undefined, lastStray: 0 };
  const s = new Session({ key: 1, underlay, ether: undefined, counters: new Float64Array(16), local: 0, peer: 1, peerPort: 1701, localTunnel: 1, localSession: 2, peerTunnel: 3, peerSession: 4 });
  s.set(options, -1);
  return s;
}

test('the table of routes finds the longest prefix, as a search through all of them does', () => {
  const table = new Routes();
  const sessions = Array.from({ length: 40 }, () => session());
  const within = new Set<Session>();
  const lengths = [32, 32, 32, 24, 12, 0];
  for (let round = 0; round < 3000; round++) {
    const one = sessions[below(sessions.length)] as Session;
    if (within.delete(one)) table.remove(one);
    else {
      const pairs = Array.from({ length: below(4) }, () => {
        const mask = maskOf(lengths[below(lengths.length)] ?? 32);
        return [(0x0a000000 + below(64) * 0x20001) & mask, mask];
      });
      one.routes = Int32Array.from(pairs.flat());
      table.add(one);
      within.add(one);
    }
    const asked = (0x0a000000 + below(64) * 0x20001) | 0;
    const found = table.find(asked);
    let longest = -1;
    for (const { routes } of within) for (let i = 0; i < routes.length; i += 2) if (holds(routes.slice(i, i + 2), asked)) longest = Math.max(longest, (routes[i + 1] as number) >>> 0);
    if (found === undefined) assert.is(longest, -1);
    else {
      assert.ok(within.has(found));
      assert.ok(Array.from(found.routes).some((mask, i) => i % 2 === 1 && mask >>> 0 === longest && (asked & mask) === found.routes[i - 1]));
    }
    assert.is(table.find(asked), found, 'the same when asked again');
  }
});

test('the ring hands over every record in order, wraps, and says when it is full', () => {
  const memory = ringMemory(4096);
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  let written = 0;
  let read = 0;
  let full = 0;
  while (read < 5000) {
    const length = below(300);
    const at = written < 5000 ? writer.reserve(7, length) : -1;
    if (at >= 0) {
      writer.bytes.fill(written & 255, at, at + length);
      writer.word(3, written++);
      writer.commit();
      if (random.next() < 0.96) continue;
    } else if (written < 5000) full++;
    for (let next = reader.next(); next >= 0; next = reader.next()) {
      assert.equal([reader.kind(next), reader.word(next, 3)], [7, read]);
      assert.ok(reader.bytes.subarray(next, next + reader.length(next)).every((octet) => octet === (read & 255)));
      read++;
      reader.release();
    }
    reader.publish();
  }
  assert.ok(full > 0);
});

test('the ring refuses a record that could never fit and wakes a sleeping reader once', () => {
  const memory = ringMemory(1024);
  const writer = new RingWriter(memory);
  const reader = new RingReader(memory);
  assert.is(writer.reserve(1, 1024), -1);
  assert.is(reader.sleep(), true);
  assert.ok(writer.reserve(1, 4) >= RECORD_HEADER);
  writer.commit();
  assert.equal([writer.takeSleep(), writer.takeSleep()], [true, false]);
  assert.is(reader.sleep(), false, 'with something to read there is no sleep');
});

test('both checksums agree with the plain one at every alignment and length, and copy what they sum', () => {
  const a = new Arena(1 << 17);
  a.u8.set(random.bytes(70_000));
  const vectors = simdSumming(a.memory);
  for (const sums of [plainSumming(a), ...(vectors === undefined ? [] : [vectors])])
    for (let i = 0; i < 2000; i++) {
      const at = 300 + below(64);
      const length = i < 300 ? i : below(2000);
      const wanted = foldChecksum(addChecksum(0, a.u8, at, at + length));
      assert.is(~sums.sum(at, length) & 0xffff, wanted);
      const kept = a.u8.slice(at, at + length);
      const to = random.next() < 0.5 ? 80_000 + below(16) : at - below(100);
      assert.is(~sums.copy(to, at, length) & 0xffff, wanted);
      assert.equal(a.u8.slice(to, to + length), kept);
    }
});

test('the header reader survives any datagram and stays inside it', () => {
  const h = new Header();
  const seen = { data: 0, control: 0, malformed: 0 };
  for (let i = 0; i < 200_000; i++) {
    const datagram = random.bytes(below(24));
    if (datagram.length > 1 && i % 2 === 0) datagram[1] = 2;
    if (datagram.length > 3 && i % 4 === 0) put16(datagram, 2, below(datagram.length + 2));
    const kind = h.read(new DataView(datagram.buffer, datagram.byteOffset, datagram.length), 0, datagram.length);
    seen[kind]++;
    if (kind === 'data') assert.ok(h.payload >= 6 && h.payload <= h.end && h.end <= datagram.length);
  }
  assert.ok(Math.min(...Object.values(seen)) > 5000, JSON.stringify(seen));
});

test('the header reader reads what the writer wrote', () => {
  const view = new DataView(new ArrayBuffer(64));
  const h = new Header();
  for (const ns of [-1, 0, 40_000])
    for (const acfc of [false, true])
      for (const pfc of [false, true]) {
        const shape = { peerTunnel: 0x1234, peerSession: 0xfedc, acfc, pfc };
        const ppp = writeL2tp(view, 0, shape, ns);
        const end = writePpp(view, ppp, shape, 0x21);
        setLength(view, 0, end);
        assert.is(h.read(view, 0, 64), 'data');
        assert.equal([h.tunnel, h.session, h.ns, h.payload, h.end], [0x1234, 0xfedc, ns, ppp, end]);
        assert.is(end - ppp, (acfc ? 0 : 2) + (pfc ? 1 : 2));
      }
});

test('the order of numbers: an old one that begins a run of successors is heard after four of them', () => {
  const s = session();
  assert.is(s.order(500), 'next');
  assert.equal([7, 8, 9, 10, 11, 12].map((ns) => s.order(ns)), ['old', 'old', 'old', 'old', 'ahead', 'next']);
  assert.equal([11, 10, 11, 10, 11, 10, 11].map((ns) => s.order(ns)), ['old', 'old', 'old', 'old', 'old', 'old', 'old'], 'repeated ones never are');
  assert.is(s.order(13), 'next');
});

/** An IPv4 or IPv6 packet with TCP or UDP; checksums right. */
function packet(kind: { readonly version: 4 | 6; readonly protocol: 6 | 17; readonly data: Uint8Array; readonly options?: Uint8Array; readonly flags?: number }): Uint8Array {
  const network = kind.version === 4 ? 20 : 40;
  const options = kind.options ?? new Uint8Array(0);
  const transport = kind.protocol === 6 ? 20 + options.length : 8;
  const p = new Uint8Array(network + transport + kind.data.length);
  if (kind.version === 4) {
    p.set([0x45, 0, 0, 0, 0xff, 0xf8, 0x40, 0, 64, kind.protocol, 0, 0, 10, 1, 0, 2, 10, 2, 0, 2]);
    put16(p, 2, p.length);
    put16(p, 10, checksum(p, 0, 20));
  } else {
    p.set([0x60, 0, 0, 0, 0, 0, kind.protocol, 64]);
    put16(p, 4, p.length - 40);
    p.set(random.bytes(32), 8);
  }
  put16(p, network, 4000);
  put16(p, network + 2, 5000);
  if (kind.protocol === 6) {
    put32(p, network + 4, 0xffffff00);
    p[network + 12] = transport << 2;
    p[network + 13] = kind.flags ?? 0x10;
    p.set(options, network + 20);
  } else put16(p, network + 4, p.length - network);
  p.set(kind.data, network + transport);
  put16(p, network + (kind.protocol === 6 ? 16 : 6), upperChecksum(p, kind.protocol));
  return p;
}

/** What belongs into a zeroed transport checksum; 0 for a packet whose checksum is right. */
function upperChecksum(p: Uint8Array, protocol: number): number {
  const network = (p[0] ?? 0) >> 4 === 4 ? 20 : 40;
  return foldChecksum(addChecksum(addChecksum(protocol + p.length - network, p, network === 20 ? 12 : 8, network), p, network, p.length));
}

test('the MSS clamp finds the option behind others at odd offsets and keeps the checksum right', () => {
  for (const options of ['020405b4', '01020405b4000000', '0101080a000000000000000002040fff', '04020402020405b4']) {
    const bytes = fromHex(options) ?? new Uint8Array(0);
    const padded = new Uint8Array((bytes.length + 3) & ~3);
    padded.set(bytes);
    for (const version of [4, 6] as const) {
      const p = packet({ version, protocol: 6, data: new Uint8Array(0), options: padded, flags: 0x02 });
      clampMss(new DataView(p.buffer), 0, p.length, 1360);
      const want = version === 4 ? 1360 : 1340;
      const text = [...p].map((octet) => octet.toString(16).padStart(2, '0')).join('');
      assert.ok(text.includes(`0204${want.toString(16).padStart(4, '0')}`), `${options} in ${text}`);
      assert.is(upperChecksum(p, 6), 0);
    }
  }
});

test('the MSS clamp leaves other packets and broken options alone', () => {
  for (const [options, flags] of [['020405b4', 0x10], ['0200ffff', 2], ['0205ffffff010101', 2], ['02', 2], ['0204', 2], ['01010204', 2], ['020401f4', 2]] as const) {
    const bytes = fromHex(options) ?? new Uint8Array(0);
    const padded = new Uint8Array((bytes.length + 3) & ~3);
    padded.set(bytes);
    const p = packet({ version: 4, protocol: 6, data: Uint8Array.of(1, 2, 3), options: padded, flags });
    const before = p.slice();
    clampMss(new DataView(p.buffer), 0, p.length, 1360);
    assert.equal(p, before);
  }
});

/** A socket pair that stands for a TUN device: what is written comes out as datagrams. */
function pipe(): { readonly far: Interface; read(): Uint8Array | undefined; close(): void } {
  const ends = pinned(8);
  assert.is(C.socketpair(AF.UNIX, SOCK.DGRAM | SOCK.NONBLOCK, 0, ends.at), 0);
  const [inner, outer] = [ends.view.getInt32(0, true), ends.view.getInt32(4, true)];
  setBuffers(inner, 8 << 20);
  setBuffers(outer, 8 << 20);
  const buffer = pinned(70_000);
  return {
    far: { index: 0, fd: inner, udpSegments: true, onDemand: false, lastDemand: 0, sessions: new Set(), newest: undefined, routes: undefined, lost: new Float64Array(1) },
    read: () => {
      const n = C.recv(outer, buffer.at, 70_000, 0);
      return n < 0 ? undefined : buffer.bytes.slice(0, n);
    },
    close: () => {
      C.close(inner);
      C.close(outer);
    },
  };
}

for (const version of [4, 6] as const)
  for (const [name, protocol] of [['TCP', 6], ['UDP', 17]] as const)
    test(`an IPv${version} ${name} super-packet is cut into whole packets, and they come together again`, () => {
      const a = new Arena(4 << 20);
      const sums = summing(a);
      const cutter = new Segmenter(a, sums);
      const joiner = new Coalescer(a, sums);
      const { far, read, close } = pipe();
      const s = session();
      s.far = far;
      const place = a.take(70_000) + 64;
      const network = version === 4 ? 20 : 40;
      for (let round = 0; round < 40; round++) {
        const size = 100 + below(1300);
        const options = protocol === 6 && round % 2 === 0 ? (fromHex('0101080a0000000100000002') ?? new Uint8Array(0)) : new Uint8Array(0);
        const data = random.bytes(size * (2 + below(30)) + below(size));
        const whole = packet({ version, protocol, data, options, flags: 0x19 });
        const inner = whole.length - data.length;
        a.u8.set(whole, place);
        const vnet = place - VNET.SIZE;
        a.u8.set([VNET_NEEDS_CSUM, protocol === 17 ? GSO.UDP : version === 4 ? GSO.TCPV4 : GSO.TCPV6], vnet);
        a.view.setUint16(vnet + VNET.GSO_SIZE, size, true);
        a.view.setUint16(vnet + VNET.CSUM_START, network, true);
        const count = cutter.begin(s, place, whole.length);
        assert.is(count, Math.ceil(data.length / size));
        const cut: [number, number][] = [];
        for (let k = 0; k < count; k++) {
          assert.ok(cutter.open);
          cutter.cut(k);
          cut.push([cutter.at, cutter.length]);
          const piece = a.u8.slice(cutter.at + 12, cutter.at + cutter.length);
          assert.is(u16(a.u8, cutter.at + 2), cutter.length, 'the Length of L2TP');
          assert.is(upperChecksum(piece, protocol), 0);
          assert.equal(piece.subarray(inner), data.subarray(k * size, (k + 1) * size));
          if (version === 4) assert.equal([checksum(piece, 0, 20), u16(piece, 2), u16(piece, 4)], [0, piece.length, (0xfff8 + k) & 0xffff]);
          else assert.is(u16(piece, 4), piece.length - 40);
          if (protocol === 6) assert.equal([u32(piece, 44 - 40 + network), (piece[network + 13] ?? 0)], [(0xffffff00 + k * size) >>> 0, k === count - 1 ? 0x19 : 0x10]);
        }
        for (const [at, length] of cut) joiner.add(s, at + 12, length - 12, 12);
        joiner.flush();
        cutter.reset();
        const joined: number[] = [];
        for (let got = read(); got !== undefined; got = read()) {
          const view = new DataView(got.buffer);
          if (view.getUint8(VNET.GSO_TYPE) !== GSO.NONE) {
            assert.equal([view.getUint16(VNET.HDR_LEN, true), view.getUint16(VNET.GSO_SIZE, true), view.getUint16(VNET.CSUM_START, true)], [inner, size, network]);
            // The kernel completes the sum of the pseudo header: done so here, the whole must be right.
            const p = got.subarray(VNET.SIZE);
            put16(p, network + (protocol === 6 ? 16 : 6), foldChecksum(addChecksum(0, p, network, p.length)));
            assert.is(upperChecksum(p, protocol), 0);
          }
          if (version === 4) assert.is(checksum(got, VNET.SIZE, VNET.SIZE + 20), 0);
          joined.push(...got.subarray(VNET.SIZE + inner));
        }
        assert.equal(Uint8Array.from(joined), data);
      }
      close();
    });

test('packets of several flows that come mixed are joined by flow, each in its order', () => {
  const a = new Arena(4 << 20);
  const joiner = new Coalescer(a, summing(a));
  const { far, read, close } = pipe();
  const s = session();
  s.far = far;
  const flows = [0, 1, 2, 3].map((flow) => ({ flow, next: 1000 * flow, sent: [] as number[] }));
  let at = a.take(200_000);
  for (let i = 0; i < 80; i++) {
    const f = flows[below(4)];
    if (f === undefined) continue;
    const data = random.bytes(500);
    const p = packet({ version: 4, protocol: 6, data });
    put16(p, 20, 4000 + f.flow);
    put32(p, 24, f.next);
    put16(p, 36, 0);
    put16(p, 36, upperChecksum(p, 6));
    f.next += 500;
    f.sent.push(...data);
    a.u8.set(p, at + 12);
    joiner.add(s, at + 12, p.length, 12);
    at += 12 + p.length;
  }
  joiner.flush();
  let writes = 0;
  const came = new Map<number, number[]>();
  for (let got = read(); got !== undefined; got = read(), writes++) {
    const flow = u16(got, VNET.SIZE + 20) - 4000;
    came.set(flow, [...(came.get(flow) ?? []), ...got.subarray(VNET.SIZE + 40)]);
  }
  for (const f of flows) assert.equal(came.get(f.flow), f.sent);
  assert.is(writes, 4);
  close();
});

test('a packet with a wrong checksum is never joined to others', () => {
  const a = new Arena(4 << 20);
  const joiner = new Coalescer(a, summing(a));
  const { far, read, close } = pipe();
  const s = session();
  s.far = far;
  let at = a.take(20_000);
  for (let i = 0; i < 3; i++) {
    const p = packet({ version: 4, protocol: 6, data: new Uint8Array(100).fill(i) });
    put32(p, 24, i * 100);
    put16(p, 36, 0);
    put16(p, 36, upperChecksum(p, 6) ^ (i === 1 ? 0x0100 : 0));
    a.u8.set(p, at + 12);
    joiner.add(s, at + 12, p.length, 12);
    at += 12 + p.length;
  }
  joiner.flush();
  const lengths: number[] = [];
  for (let got = read(); got !== undefined; got = read()) lengths.push(got.length);
  assert.equal(lengths, [150, 150]);
  assert.is(s.counters[SESSION.IN_DISCARDED], 1);
  close();
});

test.run();
