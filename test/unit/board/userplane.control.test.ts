// Control traffic ahead of data in the user plane: control messages have a socket with a queue of its own, and the last word in the ring to
// the main thread. All on the loopback.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { Arena } from '../../../board/linux/ffi/arena.ts';
import { C, pinned } from '../../../board/linux/ffi/libc.ts';
import { AF, SIZEOF_SOCKADDR_IN, setOption, SO, sockaddrIn, SOCK, SOL } from '../../../board/linux/ffi/socket.ts';
import { OPTION, PUNT } from '../../../board/linux/userplane/layout.ts';
import { Punter } from '../../../board/linux/userplane/punter.ts';
import { ringMemory, RingReader, RingWriter } from '../../../board/linux/userplane/ring.ts';
import { Session, type Ether, type Underlay } from '../../../board/linux/userplane/session.ts';
import { openUnderlay, type Sockets } from '../../../board/linux/userplane/sockets.ts';
import { UserPlane } from '../../../board/linux/userplane/plane.ts';
import { ANY_IPV4, toIpv4 } from '../../../firmware/bytes/ip.ts';
import { toSessionKey, type Punt } from '../../../firmware/hal/dataplane.ts';

const LOOPBACK = toIpv4(0x7f000001);
const DATA = 0;
const CONTROL = 0xc8;

class Peer {
  readonly fd = C.socket(AF.INET, SOCK.DGRAM | SOCK.NONBLOCK | SOCK.CLOEXEC, 0);
  readonly #buffer = pinned(2000);

  /** From now on it has an address of its own; its port. */
  bind(): number {
    const name = pinned(SIZEOF_SOCKADDR_IN);
    const length = pinned(4);
    length.view.setInt32(0, SIZEOF_SOCKADDR_IN, true);
    assert.is(C.bind(this.fd, sockaddrIn(LOOPBACK, 0).at, SIZEOF_SOCKADDR_IN), 0);
    assert.is(C.getsockname(this.fd, name.at, length.at), 0);
    return name.view.getUint16(2);
  }

  send(port: number, first: number, length: number): void {
    const to = sockaddrIn(LOOPBACK, port);
    this.#buffer.view.setUint16(0, (first << 8) | 2);
    this.#buffer.view.setUint16(2, 1);
    this.#buffer.view.setUint16(4, 1);
    this.#buffer.view.setUint32(6, 0xff03c021);
    C.sendto(this.fd, this.#buffer.at, length, 0, to.at, SIZEOF_SOCKADDR_IN);
  }

  close(): void {
    C.close(this.fd);
  }
}

const buffer = pinned(70_000);

/** How many datagrams wait at a socket, and how many of them are control messages. */
function waiting(fd: number): { all: number; control: number } {
  const found = { all: 0, control: 0 };
  for (let n = C.recv(fd, buffer.at, 70_000, 0); n >= 0; n = C.recv(fd, buffer.at, 70_000, 0)) {
    found.all++;
    if ((buffer.bytes[0] ?? 0) & 0x80) found.control++;
  }
  return found;
}

function open(port = 0): Sockets {
  const opened = openUnderlay({ address: ANY_IPV4, port });
  if ('refused' in opened) throw new Error(opened.refused);
  return opened;
}

const close = ({ fd, out, control }: Sockets): void => {
  for (const one of [fd, out, control]) if (one >= 0) C.close(one);
};

test('control messages that arrive behind more data than the queue holds are all there', () => {
  const served = open();
  const peer = new Peer();
  assert.ok(served.control >= 0, 'this kernel takes the program that tells control from data');
  setOption(served.fd, SOL.SOCKET, SO.RCVBUF, 100_000);
  for (let n = 0; n < 2000; n++) {
    peer.send(served.port, DATA, 1000);
    if (n % 20 === 0) peer.send(served.port, CONTROL, 20);
  }
  assert.equal(waiting(served.control), { all: 100, control: 100 });
  const { all, control } = waiting(served.fd);
  assert.is(control, 0);
  assert.ok(all < 2000, 'the data was more than its queue holds');
  peer.close();
  close(served);
});

test('a served port is refused to whoever asks for it, and one that shares it by force gets nothing', () => {
  const served = open();
  assert.equal(openUnderlay({ address: ANY_IPV4, port: served.port }), { refused: `UDP port ${served.port} is in use by another program` });
  const thieves = [SO.REUSEADDR, SO.REUSEPORT].map((option) => {
    const thief = new Peer();
    setOption(thief.fd, SOL.SOCKET, option, 1);
    C.bind(thief.fd, sockaddrIn(ANY_IPV4, served.port).at, SIZEOF_SOCKADDR_IN);
    return thief;
  });
  const peer = new Peer();
  for (let n = 0; n < 50; n++) for (const first of [DATA, CONTROL]) peer.send(served.port, first, 20);
  assert.equal(thieves.map((thief) => waiting(thief.fd).all), [0, 0]);
  assert.equal([waiting(served.fd), waiting(served.control)], [{ all: 50, control: 0 }, { all: 50, control: 50 }]);
  for (const one of [...thieves, peer]) one.close();
  close(served);
  close(open(served.port));
});

test('a ring that the packet trace has filled takes frames, and one that frames have filled takes control messages', () => {
  const arena = new Arena(1 << 17);
  const at = arena.take(1000);
  const memory = ringMemory(1 << 16);
  const reader = new RingReader(memory);
  const punter = new Punter(arena, new RingWriter(memory), () => {});
  const underlay: Underlay = { index: 0, fd: -1, out: -1, control: -1, counters: new Float64Array(16), sessions: new Map(), tunnels: new Map(), unchecked: false, permitted: undefined, lastStray: 0 };
  const session = new Session({ key: 1, underlay, ether: undefined, counters: new Float64Array(16), local: 0, peer: 1, peerPort: 1701, localTunnel: 1, localSession: 2, peerTunnel: 3, peerSession: 4 });
  session.set(OPTION.TRACE, -1);
  const ether: Ether = { index: 0, fd: -1, discovery: -1, out: -1, address: 0, addressLast: 0, mtu: 1500, counters: new Float64Array(16), sessions: new Map(), lastNoSession: 0 };
  const MANY = 200;
  for (let n = 0; n < MANY; n++) punter.trace(session, 'rx', at, 1000);
  for (let n = 0; n < MANY; n++) punter.line(session, 0x21, at, 1000);
  for (let n = 0; n < MANY; n++) punter.ppp(session, 0xc021, at, 1000);
  for (let n = 0; n < MANY; n++) punter.discovery(ether, at, 1000);
  const from = { local: 0, peer: 1, peerPort: 1701 };
  for (let n = 0; n < 5; n++) punter.control(underlay, from, at, 1000);
  const kinds = new Map<number, number>();
  for (let next = reader.next(); next >= 0; next = reader.next()) {
    kinds.set(reader.kind(next), (kinds.get(reader.kind(next)) ?? 0) + 1);
    reader.release();
  }
  for (const kind of [PUNT.TRACE, PUNT.LINE, PUNT.PPP, PUNT.DISCOVERY]) {
    const count = kinds.get(kind) ?? 0;
    assert.ok(count > 0 && count < MANY, `kind ${kind}: ${count}`);
  }
  assert.is(kinds.get(PUNT.CONTROL), 5);
});

test('control messages reach the main thread while data floods the port, none is lost', async () => {
  const plane = new UserPlane();
  const underlay = plane.listen({ address: ANY_IPV4, port: 0 });
  if (typeof underlay === 'object') throw new Error(underlay.refused);
  const peer = new Peer();
  const control = new Peer();
  let got = 0;
  plane.onPunt = (batch: readonly Punt[]) => (got += batch.filter((punt) => punt.kind === 'control').length);
  const port = plane.boundPort(underlay);
  const leg = { kind: 'l2tpv2', underlay, local: ANY_IPV4, peer: LOOPBACK, peerPort: peer.bind(), localTunnel: 1, localSession: 1, peerTunnel: 1, peerSession: 1 } as const;
  const key = toSessionKey(1);
  assert.is(plane.attach({ key, leg, far: undefined, options: { ipv4: false, ipv6: false, sequence: 'off', checksum: true, acfc: false, pfc: false, mss: 0, mtu: 0, address: ANY_IPV4, trace: true } }), undefined);
  let sent = 0;
  for (let round = 0; round < 40; round++) {
    for (let n = 0; n < 1000; n++) peer.send(port, DATA, 1000);
    control.send(port, CONTROL, 20);
    sent++;
    // The main thread does nothing else meanwhile: traces and frames pile up before it.
    if (round % 10 === 9) await Bun.sleep(5);
  }
  for (let waited = 0; waited < 200 && got < sent; waited++) await Bun.sleep(5);
  assert.is(got, sent);
  assert.ok((plane.counters(key)?.inPackets ?? 0) > 0, 'data came through as well');
  plane.shutdown();
  peer.close();
  control.close();
});

test.run();
