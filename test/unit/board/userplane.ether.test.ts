// PPPoE and relays in the user plane without a kernel port: frames through socket pairs, whole and broken, by the hundred thousand.

import { heapStats } from 'bun:jsc';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { Arena } from '../../../board/linux/ffi/arena.ts';
import { C, pinned } from '../../../board/linux/ffi/libc.ts';
import { AF, setBuffers, SOCK } from '../../../board/linux/ffi/socket.ts';
import { Coalescer } from '../../../board/linux/userplane/coalesce.ts';
import { EtherBox } from '../../../board/linux/userplane/etherbox.ts';
import { enterEther, EtherReceiver, leaveEther } from '../../../board/linux/userplane/etherin.ts';
import { Inward } from '../../../board/linux/userplane/inward.ts';
import { ETHER, OPTION, SESSION } from '../../../board/linux/userplane/layout.ts';
import { Outbox } from '../../../board/linux/userplane/outbox.ts';
import { Outward } from '../../../board/linux/userplane/outward.ts';
import { Punter } from '../../../board/linux/userplane/punter.ts';
import { ringMemory, RingReader, RingWriter } from '../../../board/linux/userplane/ring.ts';
import { pair, Session, type Ether } from '../../../board/linux/userplane/session.ts';
import { summing } from '../../../board/linux/userplane/sum.ts';
import { SeededRandom } from '../../../board/sim/world.ts';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { put16 } from '../../../firmware/bytes/integers.ts';

const random = new SeededRandom(21);
const below = (limit: number): number => Math.floor(random.next() * limit);
const STATION = '02aabbccdd01';
const OWN = '02aabbccdd02';

const octets = (text: string): Uint8Array => {
  const b = fromHex(text);
  if (b === undefined) throw new Error(`${text} is no hex`);
  return b;
};
const word = (value: number): string => value.toString(16).padStart(4, '0');
const frame = (session: number, ppp: string): Uint8Array => octets(`${OWN}${STATION}88641100${word(session)}${word(ppp.length / 2)}${ppp}`);

/** A port whose two sides are the ends of socket pairs, with everything that works for it. */
class Rig {
  readonly a = new Arena(6 << 20);
  readonly ring = ringMemory(1 << 20);
  readonly reader = new RingReader(this.ring);
  readonly punter = new Punter(this.a, new RingWriter(this.ring), () => {});
  readonly inward: Inward;
  readonly receiver: EtherReceiver;
  readonly ether: Ether;
  readonly #wire: number;
  readonly #sent: number;
  readonly #buffer = pinned(20_000);
  #key = 1;

  constructor() {
    const [fd, wire] = socketPair();
    const [out, sent] = socketPair();
    this.#wire = wire;
    this.#sent = sent;
    this.ether = { index: 0, fd, discovery: -1, out, address: 0x02aabbcc, addressLast: 0xdd02, mtu: 1500, counters: new Float64Array(16), sessions: new Map(), lastNoSession: Number.NEGATIVE_INFINITY };
    const outward = new Outward(this.a, { outbox: new Outbox(this.a, () => {}), etherBox: new EtherBox(this.a), punter: this.punter });
    this.inward = new Inward(this.a, { punter: this.punter, coalescer: new Coalescer(this.a, summing(this.a)), outward });
    this.receiver = new EtherReceiver(this.a, this.punter, this.inward);
  }

  session(number: number, last = 0xdd01): Session {
    const session = new Session({ key: this.#key++, underlay: undefined, ether: this.ether, counters: new Float64Array(16), local: 0, peer: 0x02aabbcc, peerPort: last, localTunnel: 0, localSession: number, peerTunnel: 0, peerSession: number });
    session.set(OPTION.IPV4 | OPTION.IPV6, -1);
    enterEther(this.ether, session);
    return session;
  }

  arrive(...frames: Uint8Array[]): void {
    for (const one of frames) {
      this.#buffer.bytes.set(one);
      assert.is(C.send(this.#wire, this.#buffer.at, one.length, 0), one.length);
    }
    this.receiver.drain(this.ether, this.ether.fd, 1);
  }

  /** Frames that left, as hex. */
  left(): string[] {
    const all: string[] = [];
    for (let n = C.recv(this.#sent, this.#buffer.at, 20_000, 0); n >= 0; n = C.recv(this.#sent, this.#buffer.at, 20_000, 0)) all.push(hex(this.#buffer.bytes.subarray(0, n)));
    return all;
  }

  /** Takes all punts; how many. */
  punts(): number {
    let count = 0;
    for (let at = this.reader.next(); at >= 0; at = this.reader.next()) {
      count++;
      this.reader.release();
    }
    this.reader.publish();
    return count;
  }

  close(): void {
    for (const fd of [this.ether.fd, this.ether.out, this.#wire, this.#sent]) C.close(fd);
  }
}

function socketPair(): [number, number] {
  const ends = pinned(8);
  assert.is(C.socketpair(AF.UNIX, SOCK.DGRAM | SOCK.NONBLOCK, 0, ends.at), 0);
  const pairOf: [number, number] = [ends.view.getInt32(0, true), ends.view.getInt32(4, true)];
  for (const fd of pairOf) setBuffers(fd, 4 << 20);
  return pairOf;
}

test('a frame relayed between two PPPoE sessions leaves with the port\'s address, the other number and nothing else changed', () => {
  const rig = new Rig();
  const [one, other] = [rig.session(1), rig.session(2)];
  one.relay = other.key;
  other.relay = one.key;
  pair(one, other);
  rig.arrive(frame(1, 'c02101010004'), frame(2, '0021450000'), frame(1, '21'));
  assert.equal(rig.left(), [`${STATION}${OWN}8864110000020006c02101010004`, `${STATION}${OWN}88641100000100050021450000`, `${STATION}${OWN}886411000002000121`]);
  assert.equal([one.counters[SESSION.IN_PACKETS], one.counters[SESSION.OUT_PACKETS], other.counters[SESSION.OUT_BYTES]], [2, 1, 7]);
  rig.close();
});

test('sessions of many peers with one number are told apart, whichever leaves first', () => {
  const rig = new Rig();
  const sessions = Array.from({ length: 5 }, (_, n) => rig.session(9, n));
  const from = (n: number): Uint8Array => octets(`${OWN}02aabbcc${word(n)}886411000009000400fd0102`);
  const heard = (): number[] => sessions.map((one) => one.counters[SESSION.IN_PACKETS] ?? 0);
  for (let n = 0; n < 5; n++) rig.arrive(from(n));
  assert.equal(heard(), [1, 1, 1, 1, 1]);
  for (const n of [4, 0, 2]) leaveEther(rig.ether, sessions[n] as Session);
  for (let n = 0; n < 5; n++) rig.arrive(from(n));
  assert.equal(heard(), [1, 2, 1, 2, 1]);
  assert.is(rig.ether.counters[ETHER.NO_SESSION], 3);
  for (const n of [3, 1]) leaveEther(rig.ether, sessions[n] as Session);
  assert.is(rig.ether.sessions.size, 0);
  rig.close();
});

test('a hundred thousand broken PPPoE frames are accounted for, one by one, and leave no memory behind', () => {
  const rig = new Rig();
  const [plain, one, other] = [rig.session(1), rig.session(2), rig.session(3)];
  one.relay = other.key;
  other.relay = one.key;
  pair(one, other);
  const seeds = [frame(1, 'c02101010004'), frame(2, `0021${'45'.repeat(60)}`), frame(3, 'ff03c0230101000a0375736503707764'), frame(1, '57'), frame(2, '')];
  const BATCH = 64;
  let sent = 0;
  const round = (): void => {
    for (let i = 0; i < 20_000 / BATCH; i++) {
      rig.arrive(...Array.from({ length: BATCH }, () => mutated(seeds[below(seeds.length)] as Uint8Array)));
      sent += BATCH;
      rig.left();
      rig.punts();
    }
  };
  round();
  const before = heap();
  for (let i = 0; i < 4; i++) round();
  assert.ok(heap() - before < 1 << 20, 'nothing is kept');
  const c = rig.ether.counters;
  const [malformed = 0, unknown = 0] = [c[ETHER.MALFORMED], c[ETHER.NO_SESSION]];
  assert.is(c[ETHER.IN_FRAMES], sent);
  assert.ok(malformed > 1000 && unknown > 1000);
  const of = (index: number): number => [plain, one, other].reduce((sum, session) => sum + (session.counters[index] ?? 0), 0);
  assert.is(of(SESSION.IN_PACKETS), sent - malformed - unknown);
  const relayed = [one, other].reduce((sum, { counters }) => sum + (counters[SESSION.IN_PACKETS] ?? 0) - (counters[SESSION.IN_EMPTY] ?? 0) - (counters[SESSION.IN_DISCARDED] ?? 0), 0);
  assert.is(of(SESSION.OUT_PACKETS) + of(SESSION.OUT_DISCARDED), relayed, 'what a relay did not discard it passed on');
  rig.close();
});

/** The frame with some octets behind the Ethertype changed, cut off, or added. */
function mutated(seed: Uint8Array): Uint8Array {
  const b = seed.slice();
  for (let i = below(3); i > 0; i--) b[14 + below(b.length - 14)] = below(256);
  switch (below(5)) {
    case 0:
      return b.slice(0, below(b.length + 1));
    case 1: {
      const longer = new Uint8Array(b.length + below(9000));
      longer.set(b);
      return longer;
    }
    case 2:
      put16(b, 18, below(0x10000));
      return b;
    case 3:
      put16(b, 16, below(5));
      return b;
    default:
      return b;
  }
}

function heap(): number {
  Bun.gc(true);
  return heapStats().heapSize;
}

test.run();
