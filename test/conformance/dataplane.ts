// What every data plane must do (firmware/hal/dataplane.ts), written against a bench that each implementation brings along.

import { suite, type Test } from 'uvu';
import * as assert from 'uvu/assert';

import { checksum } from '../../firmware/bytes/checksum.ts';
import { hex } from '../../firmware/bytes/hex.ts';
import { put16, u16, u32 } from '../../firmware/bytes/integers.ts';
import { ANY_IPV4, networkOf, toIpv4, type Ipv4, type Ipv4Prefix } from '../../firmware/bytes/ip.ts';
import { toSessionKey, type Frame, type InterfaceId, type SessionKey, type SessionOptions, type UnderlayId } from '../../firmware/hal/dataplane.ts';
import { ethernet, lines, relays } from './dataplane.legs.ts';
import { A, carrying, IDS, inside, join, KEY, message, octets, OPEN, PORT, Scene, synPacket, udpPacket, udpPacket6, word, type Bench, type Datagram, type Register } from './dataplane.scene.ts';

/** What a bench needs besides: `add` may skip tests (test/needs.ts), `end` runs after the last. */
export interface Registration {
  readonly add?: (tests: Test, title: string, body: () => Promise<void>) => void;
  readonly end?: () => Promise<void>;
}

/** Registers and runs the suite for one implementation; `open` makes a fresh bench for each test. */
export function dataPlane(name: string, open: () => Promise<Bench>, { add, end }: Registration = {}): void {
  const tests = suite(`data plane ${name}`);
  const test = (title: string, body: (scene: Scene, bench: Bench) => Promise<void>): void => {
    const run = async (): Promise<void> => {
      const bench = await open();
      try {
        await body(new Scene(bench), bench);
      } finally {
        await bench.close();
      }
    };
    if (add === undefined) tests(title, run);
    else add(tests, title, run);
  };
  underlays(test);
  headers(test);
  frames(test);
  outwards(test);
  numbers(test);
  interfaces(test);
  shared(test);
  relays(test);
  lines(test);
  ethernet(test);
  if (end !== undefined) tests.after(end);
  tests.run();
}

function underlays(test: Register): void {
  test('listen on port 0 takes a free port and boundPort names it', async ({ plane }) => {
    const id = plane.listen({ address: ANY_IPV4, port: 0 });
    assert.type(id, 'number');
    assert.ok(plane.boundPort(id as UnderlayId) > 1023);
  });

  test('listen on a taken port is refused with a sentence that names the port, and works after unlisten', async ({ plane, underlay }) => {
    const second = plane.listen({ address: ANY_IPV4, port: PORT });
    assert.type(second, 'object');
    assert.match((second as { refused: string }).refused, /1701/);
    plane.unlisten(underlay);
    assert.type(plane.listen({ address: ANY_IPV4, port: PORT }), 'number');
  });

  test('a control message is punted whole with where it came from and where it was sent to', async (s, bench) => {
    const control = octets('c80200140000000000000000800800000000000180ff');
    s.inject(control, { to: bench.local[1] });
    const [punt] = await s.punted('control', 1);
    assert.is(hex(punt?.data ?? new Uint8Array()), hex(control));
    assert.equal([punt?.underlay, punt?.local, punt?.peer, punt?.peerPort], [s.underlay, bench.local[1], bench.peers[0], PORT]);
    assert.is(s.plane.underlayCounters(s.underlay)?.inData, 0);
  });

  test('a datagram with the T bit is punted whatever its version says', async (s) => {
    s.inject(octets('80'));
    s.inject(octets('c803000c0000000000000000'));
    assert.equal((await s.punted('control', 2)).map((p) => hex(p.data)), ['80', 'c803000c0000000000000000']);
  });

  test('send to a peer leaves from the address and port asked for', async (s, bench) => {
    const data = octets('c802000c0001000000000001');
    s.plane.send([
      { to: 'peer', underlay: s.underlay, local: bench.local[1], peer: bench.peers[0], peerPort: PORT, data },
      { to: 'peer', underlay: s.underlay, local: bench.local[0], peer: bench.peers[1], peerPort: PORT, data },
    ]);
    const got = await s.datagrams(2);
    const summary = got.map((d) => `${d.from} ${d.fromPort} ${d.to} ${hex(d.data)}`).sort();
    assert.equal(summary, [`${bench.local[0]} ${PORT} ${bench.peers[1]} ${hex(data)}`, `${bench.local[1]} ${PORT} ${bench.peers[0]} ${hex(data)}`].sort());
  });

  test('send copies its data, and keeps the order of a batch', async (s, bench) => {
    const data = new Uint8Array(64);
    const frames: Frame[] = [];
    for (let i = 0; i < 300; i++) {
      const own = data.slice();
      put16(own, 0, i);
      frames.push({ to: 'peer', underlay: s.underlay, local: ANY_IPV4, peer: bench.peers[0], peerPort: PORT, data: own });
    }
    s.plane.send(frames);
    for (const frame of frames) frame.data.fill(0xee);
    const got = await s.datagrams(300);
    assert.equal(got.map((d) => u16(d.data, 0)), Array.from({ length: 300 }, (_, i) => i));
  });

  test('permit lets in only its sources and counts the others', async (s, bench) => {
    const control = octets('c802000c0000000000000000');
    s.plane.permit(s.underlay, [networkOf(bench.peers[1], 32)]);
    s.inject(control);
    await s.counts(() => s.plane.underlayCounters(s.underlay)?.filtered, 1);
    s.inject(control, { from: bench.peers[1] });
    await s.punted('control', 1);
    s.plane.permit(s.underlay, []);
    s.inject(control, { from: bench.peers[1] });
    await s.counts(() => s.plane.underlayCounters(s.underlay)?.filtered, 2);
    s.plane.permit(s.underlay, undefined);
    s.inject(control);
    assert.equal((await s.punted('control', 2)).map((p) => p.peer), [bench.peers[1], bench.peers[0]]);
  });

  test('an ICMP error is punted as unreachable with the peer it is about', async (s, bench) => {
    const frame: Frame = { to: 'peer', underlay: s.underlay, local: ANY_IPV4, peer: bench.peers[0], peerPort: 1799, data: octets('c802000c0000000000000000') };
    s.plane.send([frame]);
    const [punt] = await s.punted('unreachable', 1);
    assert.equal([punt?.underlay, punt?.peer, punt?.peerPort, punt?.mtu, punt?.code], [s.underlay, bench.peers[0], 1799, 0, 3]);
    s.plane.send([{ ...frame, peerPort: PORT }]);
    assert.is((await s.sent(1)).length, 1, 'the next datagram leaves all the same');
  });
}

function headers(test: Register): void {
  const packet = udpPacket('headers');
  const body = hex(packet);
  const length = (flags: string, rest: string): string => `${flags}02${word(4 + rest.length / 2)}${rest}`;
  const ids = word(IDS.localTunnel) + word(IDS.localSession);
  const FORMS: Record<string, string> = {
    'no flags': `0002${ids}ff030021${body}`,
    L: length('40', `${ids}ff030021${body}`),
    S: `0802${ids}00000000ff030021${body}`,
    'L and S': length('48', `${ids}00000000ff030021${body}`),
    'O of 0': `0202${ids}0000ff030021${body}`,
    'O of 3': `0202${ids}0003aabbccff030021${body}`,
    'L, S, O and P': length('4b', `${ids}000000000002aabbff030021${body}`),
    P: `0102${ids}ff030021${body}`,
    'reserved bits': `34f2${ids}ff030021${body}`,
    'an Nr': `0802${ids}0000abcdff030021${body}`,
    'a Length below the datagram, the rest padding': `${length('40', `${ids}ff030021${body}`)}eeeeee`,
  };
  for (const [form, data] of Object.entries(FORMS)) {
    test(`a data message whose header has ${form} is carried`, async (s) => {
      s.attach(s.interface('ppp7'));
      s.inject(octets(data));
      assert.equal(await s.carried('ppp7', 1), [inside(packet)]);
      assert.equal([s.counters.inPackets, s.counters.inBytes, s.counters.inDiscarded], [1, 4 + packet.length, 0]);
      assert.is(s.plane.underlayCounters(s.underlay)?.processed, 1);
    });
  }

  const BAD: Record<string, string> = {
    'version 0': `0000${ids}ff030021${body}`,
    'version 1 (L2F)': `0001${ids}ff030021${body}`,
    'version 3': `0003${ids}ff030021${body}`,
    'version 15': `000f${ids}ff030021${body}`,
    'one octet': '00',
    'five octets': '0002112233',
    'a Length beyond the datagram': `4002${word(packet.length + 13)}${ids}ff030021${body}`,
    'a Length below its header': `40020006${ids}ff030021${body}`,
    'L and no room for ids': '40020006',
    'S and no room for Ns': `0802${ids}00`,
    'a Length that ends inside Ns': `4802000a${ids}00000000ff030021${body}`,
    'O and no room for the size': `0202${ids}`,
    'an offset beyond the end': `0202${ids}0200ff030021${body}`,
    'an offset of 65535': `0202${ids}ffffff030021${body}`,
  };
  for (const [form, data] of Object.entries(BAD)) {
    test(`a data message with ${form} is malformed: counted, not carried`, async (s) => {
      s.attach(s.interface('ppp7'));
      s.inject(octets(data));
      await s.counts(() => s.plane.underlayCounters(s.underlay)?.malformed, 1);
      s.inject(carrying(packet));
      assert.equal(await s.carried('ppp7', 1), [inside(packet)]);
      assert.equal([s.counters.inPackets, s.plane.underlayCounters(s.underlay)?.inData, s.punts.length], [1, 1, 0]);
    });
  }

  test('data for an unknown tunnel and for an unknown call of a known tunnel is counted as such', async (s) => {
    s.attach(s.interface('ppp7'));
    s.inject(message(join('ff030021', packet), { tunnel: 0x4242 }));
    await s.counts(() => s.plane.underlayCounters(s.underlay)?.noSuchTunnel, 1);
    s.inject(message(join('ff030021', packet), { session: 0x4242 }));
    await s.counts(() => s.plane.underlayCounters(s.underlay)?.noSuchCall, 1);
    assert.is(s.counters.inPackets, 0);
  });

  test('data for a tunnel without sessions is told as stray, once a second, with whom it came from', async (s, bench) => {
    s.attach(s.interface('ppp7'));
    s.inject(message(join('ff030021', packet), { session: 0x4242 }));
    for (let i = 0; i < 5; i++) s.inject(message(join('ff030021', packet), { tunnel: 0x4242 }), { to: bench.local[1] });
    await s.counts(() => s.plane.underlayCounters(s.underlay)?.noSuchTunnel, 5);
    const punts = await s.punted('stray', 1);
    assert.equal(punts.map((p) => [p.underlay, p.local, p.peer, p.peerPort]), [[s.underlay, bench.local[1], bench.peers[0], PORT]]);
    await bench.until(() => false, 1100);
    s.inject(message(join('ff030021', packet), { tunnel: 0x4242 }));
    assert.is((await s.punted('stray', 2)).length, 2);
  });

  test('data from another address than the peer of the session is not carried', async (s, bench) => {
    s.attach(s.interface('ppp7'));
    s.inject(carrying(packet), { from: bench.peers[1] });
    await s.counts(() => (s.plane.underlayCounters(s.underlay)?.noSuchCall ?? 0) + (s.plane.underlayCounters(s.underlay)?.noSuchTunnel ?? 0), 1);
    assert.is(s.counters.inPackets, 0);
  });

  test('an empty data message is counted and goes nowhere', async (s) => {
    s.attach(s.interface('ppp7'));
    s.inject(message(''));
    await s.counts(() => s.counters.inEmpty, 1);
    assert.equal([s.counters.inDiscarded, s.punts.length, s.plane.underlayCounters(s.underlay)?.inDataEmpty], [0, 0, 1]);
  });
}

function frames(test: Register): void {
  const packet = udpPacket('frames');
  for (const [form, front] of Object.entries({ 'FF03 and two octets of protocol': 'ff030021', 'FF03 and one': 'ff0321', 'two octets alone': '0021', 'one alone': '21' })) {
    test(`a PPP frame with ${form} is carried, whatever was negotiated`, async (s) => {
      s.attach(s.interface('ppp7'));
      s.inject(message(join(front, packet)));
      assert.equal(await s.carried('ppp7', 1), [inside(packet)]);
    });
  }

  test('a PPP frame that is not IP is punted with its protocol in two octets, address and control removed', async (s) => {
    s.attach(undefined);
    for (const frame of ['ff03c021010100040501', '8021010100', 'ff03fd', 'c223', 'ff030020aa']) s.inject(message(frame));
    const punts = await s.punted('ppp', 5);
    assert.equal(punts.map((p) => hex(p.data)), ['c021010100040501', '8021010100', '00fd', 'c223', '0020aa']);
    assert.ok(punts.every((p) => p.session === KEY));
  });

  test('a PPP frame without a whole protocol field is discarded and counted', async (s) => {
    s.attach(s.interface('ppp7'));
    for (const frame of ['ff03', '00', 'ff0300']) s.inject(message(frame));
    await s.counts(() => s.counters.inDiscarded, 3);
    await s.counts(() => s.counters.inPackets, 3);
  });

  test('IPv4 is discarded and counted until the session opens it, and carried from then on', async (s) => {
    s.attach(s.interface('ppp7'), { ipv4: false });
    s.inject(carrying(udpPacket('closed')));
    await s.counts(() => s.counters.inDiscarded, 1);
    s.plane.update(KEY, { ipv4: true });
    s.inject(carrying(packet));
    assert.equal(await s.carried('ppp7', 1), [inside(packet)]);
    assert.ok(s.counters.lastCarried > 0 && s.counters.lastIn >= s.counters.lastCarried);
  });

  test('IPv6 has a gate of its own, both ways', async (s, bench) => {
    s.attach(s.interface('ppp7'), { ipv6: false });
    s.inject(message(join('ff030057', udpPacket6('closed'))));
    await s.counts(() => s.counters.inDiscarded, 1);
    s.inject(carrying(packet));
    assert.equal(await s.carried('ppp7', 1), [inside(packet)]);
    bench.enter('ppp7', udpPacket6('closed'));
    await bench.until(() => s.counters.outDiscarded === 1, 100);
    s.plane.update(KEY, { ipv4: false, ipv6: true });
    s.inject(message(join('57', udpPacket6('open'))));
    assert.equal(await s.carried('ppp7', 1), [inside(udpPacket6('open'))]);
    bench.enter('ppp7', udpPacket6('open'));
    const [sent = ''] = await s.sent(1);
    assert.is(sent.slice(16, 24), 'ff030057');
    assert.is(inside(octets(sent).subarray(12)), inside(udpPacket6('open')));
  });

  test('IP in a session that has no interface is discarded, and carried once update gives it one', async (s) => {
    s.attach(undefined);
    s.inject(carrying(udpPacket('nowhere')));
    await s.counts(() => s.counters.inDiscarded, 1);
    s.plane.update(KEY, { far: s.interface('ppp7') });
    s.inject(carrying(packet));
    assert.equal(await s.carried('ppp7', 1), [inside(packet)]);
  });

  test('update loses no packet', async (s) => {
    s.attach(s.interface('ppp7'));
    for (let i = 0; i < 200; i++) {
      s.inject(carrying(udpPacket(`packet ${i}`, toIpv4(A + i))));
      s.plane.update(KEY, { trace: false, mss: 1300 + (i & 1) });
    }
    assert.is((await s.carried('ppp7', 200)).length, 200);
    assert.is(s.counters.inDiscarded, 0);
  });

  test('trace copies every message of the session both ways, and only while it is on', async (s) => {
    s.attach(s.interface('ppp7'), { trace: true });
    s.inject(carrying(packet));
    await s.punted('trace', 1);
    s.bench.enter('ppp7', packet);
    const [rx, tx] = await s.punted('trace', 2);
    assert.equal([rx?.direction, hex(rx?.data ?? new Uint8Array())], ['rx', hex(carrying(packet))]);
    assert.equal([tx?.direction, hex(tx?.data ?? new Uint8Array())], ['tx', (await s.sent(1))[0]]);
    s.plane.update(KEY, { trace: false });
    s.inject(carrying(packet));
    await s.counts(() => s.counters.inPackets, 2);
    assert.is(s.punts.length, 2);
  });
}

function outwards(test: Register): void {
  const packet = udpPacket('outwards');
  const front = (length: number): string => `4002${word(8 + length)}${word(IDS.peerTunnel)}${word(IDS.peerSession)}`;
  const FORMS: readonly (readonly [string, Partial<SessionOptions>, string])[] = [
    ['address, control and two octets of protocol', {}, 'ff030021'],
    ['no address and control under ACFC', { acfc: true }, '0021'],
    ['one octet of protocol under PFC', { pfc: true }, 'ff0321'],
    ['one octet in all under both', { acfc: true, pfc: true }, '21'],
  ];
  for (const [form, options, ppp] of FORMS) {
    test(`a packet from the interface leaves with Length, the peer's ids and ${form}`, async (s, bench) => {
      s.attach(s.interface('ppp7'), options);
      bench.enter('ppp7', packet);
      const [got] = await s.datagrams(1);
      const l2tp = front(ppp.length / 2 + packet.length);
      assert.is(hex(got?.data ?? new Uint8Array()).slice(0, l2tp.length + ppp.length), l2tp + ppp);
      assert.is(inside((got?.data ?? new Uint8Array()).subarray(8 + ppp.length / 2)), inside(packet));
      assert.equal([got?.from, got?.fromPort, got?.to, got?.toPort], [bench.local[0], PORT, bench.peers[0], PORT]);
      await s.counts(() => s.counters.outPackets, 1);
      await s.counts(() => s.counters.outBytes, ppp.length / 2 + packet.length);
      await s.counts(() => s.plane.underlayCounters(s.underlay)?.outData, 1);
    });
  }

  test('a session leaves from the local address of its leg', async (s, bench) => {
    assert.is(s.plane.attach({ key: KEY, far: s.interface('ppp7'), leg: s.leg({ local: bench.local[1] }), options: OPEN }), undefined);
    bench.enter('ppp7', packet);
    assert.is((await s.datagrams(1))[0]?.from, bench.local[1]);
  });

  test('send to a session adds header, address and control; LCP keeps them even under ACFC', async (s) => {
    s.attach(undefined, { acfc: true, pfc: true });
    s.plane.send([
      { to: 'session', session: KEY, data: octets('c0210101000405') },
      { to: 'session', session: KEY, data: octets('80210101000403') },
      { to: 'session', session: 4711 as SessionKey, data: octets('c021') },
    ]);
    assert.equal(await s.sent(2), [`${front(9)}ff03c0210101000405`, `${front(7)}80210101000403`]);
    await s.counts(() => s.counters.outPackets, 2);
    await s.counts(() => s.counters.outBytes, 16);
  });

  test('nothing leaves the interface of a session whose protocol is closed', async (s, bench) => {
    s.attach(s.interface('ppp7'), { ipv4: false });
    bench.enter('ppp7', packet);
    await bench.until(() => s.counters.outDiscarded === 1, 100);
    s.plane.send([{ to: 'session', session: KEY, data: octets('c0210101000405') }]);
    assert.is((await s.sent(1)).length, 1);
    s.plane.update(KEY, { ipv4: true });
    bench.enter('ppp7', packet);
    assert.is((await s.sent(1)).length, 1);
    await s.counts(() => s.counters.outPackets, 2);
  });

  test('the MSS of SYN segments is lowered both ways with a right checksum, and never raised', async (s, bench) => {
    s.attach(s.interface('ppp7'), { mss: 1360 });
    s.inject(carrying(synPacket(1460)));
    s.inject(carrying(synPacket(536)));
    const came = await s.carried('ppp7', 2);
    assert.equal(came, [inside(synPacket(1360)), inside(synPacket(536))]);
    bench.enter('ppp7', synPacket(1460));
    const [left] = await s.datagrams(1);
    assert.is(inside((left?.data ?? new Uint8Array()).subarray(12)), inside(synPacket(1360)));
  });
}

function numbers(test: Register): void {
  const packet = (i: number): Uint8Array => udpPacket(`number ${i}`, toIpv4(A + i));
  const shape = (message: string): string => message.slice(0, 4) + message.slice(16, 24);

  test('sequence on numbers what leaves from 0, whether sent or carried', async (s, bench) => {
    s.attach(s.interface('ppp7'), { sequence: 'on' });
    s.plane.send([{ to: 'session', session: KEY, data: octets('c0210101000405') }]);
    const got = await s.sent(1);
    bench.enter('ppp7', packet(1));
    got.push(...(await s.sent(1)));
    assert.equal(got.map(shape), ['480200000000', '480200010000']);
    await s.counts(() => s.counters.nextSent, 2);
    s.plane.update(KEY, { sequence: 'off' });
    s.plane.send([{ to: 'session', session: KEY, data: octets('c0210101000405') }]);
    assert.is((await s.sent(1))[0]?.slice(0, 4), '4002');
    s.plane.update(KEY, { sequence: 'on' });
    s.plane.send([{ to: 'session', session: KEY, data: octets('c0210101000405') }]);
    assert.is(shape((await s.sent(1))[0] ?? ''), '480200020000', 'numbering resumes where it stopped');
  });

  test('sequence follow numbers exactly while the peer does', async (s) => {
    s.attach(undefined, { sequence: 'follow' });
    const reply = async (): Promise<string> => {
      s.plane.send([{ to: 'session', session: KEY, data: octets('c0210101000405') }]);
      return ((await s.sent(1))[0] ?? '').slice(0, 4);
    };
    assert.is(await reply(), '4002');
    s.inject(message('ff03c02101', { ns: 0 }));
    await s.punted('ppp', 1);
    assert.is(await reply(), '4802');
    s.inject(message('ff03c02101'));
    await s.punted('ppp', 2);
    assert.is(await reply(), '4002');
  });

  test('numbered messages in order are delivered, a gap is counted and stalls nothing, old ones and duplicates are dropped', async (s) => {
    s.attach(s.interface('ppp7'));
    for (const ns of [0, 1, 2, 5, 3, 5, 6]) s.inject(carrying(packet(ns), ns));
    assert.equal((await s.carried('ppp7', 5)).sort(), [0, 1, 2, 5, 6].map((ns) => inside(packet(ns))).sort());
    await s.counts(() => s.counters.inPackets, 7);
    assert.equal([s.counters.inOrder, s.counters.outOfOrder, s.counters.orderDiscarded, s.counters.nextExpected], [4, 1, 2, 7]);
    const u = s.plane.underlayCounters(s.underlay);
    assert.equal([u?.inOrder, u?.outOfOrder, u?.orderDiscarded, u?.processed], [4, 1, 2, 5]);
  });

  test('sequence numbers wrap from 65535 to 0', async (s) => {
    s.attach(s.interface('ppp7'));
    for (const ns of [65534, 65535, 0, 1]) s.inject(carrying(packet(ns & 15), ns));
    assert.is((await s.carried('ppp7', 4)).length, 4);
    assert.equal([s.counters.inOrder, s.counters.nextExpected], [4, 2]);
  });

  test('a peer that begins its numbers anew is heard again', async (s) => {
    s.attach(s.interface('ppp7'));
    s.inject(carrying(packet(1), 1000));
    for (let ns = 0; ns < 40; ns++) s.inject(carrying(packet(2), ns));
    await s.counts(() => s.counters.inPackets, 41);
    assert.ok(s.counters.orderDiscarded < 20, `${s.counters.orderDiscarded} dropped`);
    assert.is(s.counters.nextExpected, 40);
  });

  test('messages without a number pass beside numbered ones', async (s) => {
    s.attach(s.interface('ppp7'));
    s.inject(carrying(packet(1), 0));
    s.inject(carrying(packet(2)));
    s.inject(carrying(packet(3), 1));
    assert.is((await s.carried('ppp7', 3)).length, 3);
    assert.is(s.counters.inOrder, 2);
  });
}

function interfaces(test: Register): void {
  const packet = udpPacket('interfaces');

  test('an interface has its name and is gone after close; the name is free again', async (s, bench) => {
    const id = s.interface('ppp7');
    assert.equal(bench.interfaces(), ['ppp7']);
    s.plane.close(id);
    assert.equal(bench.interfaces(), []);
    s.interface('ppp7');
  });

  test('open refuses a name that exists with a sentence that names it', async (s) => {
    s.interface('ppp7');
    const second = s.plane.open({ kind: 'tun', name: 'ppp7', mtu: 1400, onDemand: false });
    assert.type(second, 'object');
    assert.match((second as { refused: string }).refused, /ppp7/);
  });

  test('attach refuses a key or a pair of ids in use, and an underlay that is not served', async (s) => {
    s.attach(undefined);
    const again = s.plane.attach({ key: KEY, far: undefined, leg: s.leg({ localSession: 9 }), options: OPEN });
    const same = s.plane.attach({ key: 78 as SessionKey, far: undefined, leg: s.leg(), options: OPEN });
    const nowhere = s.plane.attach({ key: 79 as SessionKey, far: undefined, leg: s.leg({ underlay: 999 as UnderlayId, localSession: 9 }), options: OPEN });
    for (const refusal of [again, same, nowhere]) assert.type(refusal?.refused, 'string');
    s.plane.detach(KEY);
    s.attach(undefined);
  });

  test('after detach the session has no counters, its data is unknown, and the underlay keeps what it counted', async (s, bench) => {
    s.attach(s.interface('ppp7'));
    s.inject(carrying(packet));
    await s.carried('ppp7', 1);
    bench.enter('ppp7', packet);
    await s.sent(1);
    s.plane.detach(KEY);
    assert.is(s.plane.counters(KEY), undefined);
    s.inject(carrying(packet));
    await s.counts(() => s.plane.underlayCounters(s.underlay)?.noSuchTunnel, 1);
    const u = s.plane.underlayCounters(s.underlay);
    assert.equal([u?.inData, u?.outData, u?.processed], [2, 1, 1]);
    s.attach(undefined);
    assert.equal([s.counters.inPackets, s.counters.outPackets, s.counters.lastIn], [0, 0, 0], 'a new session counts from 0');
  });

  test('the first packet into an on-demand interface without session is punted, one a second, and leaves by send', async (s, bench) => {
    const far = s.interface('ppp7', 'on demand');
    for (let i = 0; i < 5; i++) bench.enter('ppp7', packet);
    const [punt] = await s.punted('demand', 1);
    assert.is(punt?.interface, far);
    const kept = join('0021', punt?.data ?? '');
    s.attach(far);
    s.plane.send([{ to: 'session', session: KEY, data: kept }]);
    const [message = ''] = await s.sent(1);
    assert.is(inside(octets(message).subarray(12)), inside(packet));
    assert.is((await s.punted('demand', 1)).length, 1);
    s.plane.detach(KEY);
    await bench.until(() => false, 1100);
    bench.enter('ppp7', packet);
    assert.is((await s.punted('demand', 2)).length, 2);
  });

  test('an interface that is not on demand swallows what has no session', async (s, bench) => {
    const id = s.interface('ppp7');
    bench.enter('ppp7', packet);
    await bench.until(() => s.punts.length > 0, 50);
    assert.equal(s.punts, []);
    s.plane.set(id, { onDemand: true });
    bench.enter('ppp7', packet);
    assert.is((await s.punted('demand', 1)).length, 1);
  });

  test('two sessions on two interfaces do not mix', async (s, bench) => {
    s.attach(s.interface('ppp7'));
    const leg = s.leg({ peer: bench.peers[1], localTunnel: 2, localSession: 2, peerTunnel: 0x0a0a, peerSession: 0x0b0b });
    assert.is(s.plane.attach({ key: 78 as SessionKey, far: s.interface('ppp8'), leg, options: OPEN }), undefined);
    s.inject(message(join('ff030021', udpPacket('eight')), { tunnel: 2, session: 2 }), { from: bench.peers[1] });
    s.inject(carrying(udpPacket('seven')));
    assert.equal(await s.carried('ppp7', 1), [inside(udpPacket('seven'))]);
    assert.equal(await s.carried('ppp8', 1), [inside(udpPacket('eight'))]);
    bench.enter('ppp8', packet);
    const [got] = await s.datagrams(1);
    assert.equal([got?.to, hex(got?.data.subarray(4, 8) ?? new Uint8Array())], [bench.peers[1], '0a0a0b0b']);
  });
}

/** Many sessions on one interface: the dynamic interfaces of a template. */
function shared(test: Register): void {
  const KEY2 = 78 as SessionKey;
  const MOBILE = toIpv4(0x0a0a0005);
  const OTHER = toIpv4(0x0a0a0006);
  const one = (address: Ipv4): Ipv4Prefix[] => [networkOf(address, 32)];
  const second = { localTunnel: 2, localSession: 2, peerTunnel: 0x0a0a, peerSession: 0x0b0b } as const;

  const open = (s: Scene): InterfaceId => {
    const id = s.plane.open({ kind: 'shared-tun', name: 'dyn0', mtu: 1400, onDemand: false });
    if (typeof id === 'object') throw new Error(id.refused);
    s.plane.set(id, { up: true });
    return id;
  };
  /** Two callers on one device: KEY has MOBILE, KEY2 has OTHER. */
  const two = (s: Scene): InterfaceId => {
    const far = open(s);
    const [a, b] = [one(MOBILE), one(OTHER)];
    assert.is(s.plane.attach({ key: KEY, far, leg: s.leg(), options: OPEN, routes: a, sources: a }), undefined);
    assert.is(s.plane.attach({ key: KEY2, far, leg: s.leg(second), options: OPEN, routes: b, sources: b }), undefined);
    return far;
  };
  const ids = (d: Datagram | undefined): string => hex(d?.data.subarray(4, 8) ?? new Uint8Array());
  const FIRST = '55667788';
  const SECOND = '0a0a0b0b';

  test('a packet from a shared interface goes to the session whose route holds its destination', async (s, bench) => {
    two(s);
    bench.enter('dyn0', udpPacket('one', A, MOBILE));
    bench.enter('dyn0', udpPacket('two', A, OTHER));
    bench.enter('dyn0', udpPacket('one again', A, MOBILE));
    assert.equal((await s.datagrams(3)).map(ids).sort(), [SECOND, FIRST, FIRST]);
    await s.counts(() => s.counters.outPackets, 2);
    await s.counts(() => s.plane.counters(KEY2)?.outPackets, 1);
  });

  test('the longest prefix decides between two sessions of a shared interface', async (s, bench) => {
    two(s);
    s.plane.update(KEY2, { routes: [networkOf(MOBILE, 24)] });
    bench.enter('dyn0', udpPacket('one', A, MOBILE));
    bench.enter('dyn0', udpPacket('two', A, toIpv4(0x0a0a0063)));
    assert.equal((await s.datagrams(2)).map(ids).sort(), [SECOND, FIRST]);
  });

  test('a packet into a shared interface that no session has a route for is swallowed and counted', async (s, bench) => {
    const far = two(s);
    bench.enter('dyn0', udpPacket('nobody', A, toIpv4(0x0a0a0063)));
    bench.enter('dyn0', udpPacket('one', A, MOBILE));
    assert.equal((await s.datagrams(1)).map(ids), [FIRST]);
    assert.equal(s.punts, []);
    assert.is(s.plane.interfaceCounters?.(far)?.outNoSession, 1);
  });

  test('an address that two sessions of a shared interface have is the first one\'s, and the second\'s after it has gone', async (s, bench) => {
    const far = two(s);
    s.plane.update(KEY2, { routes: [...one(OTHER), ...one(MOBILE)] });
    bench.enter('dyn0', udpPacket('one', A, MOBILE));
    assert.equal((await s.datagrams(1)).map(ids), [FIRST]);
    s.plane.detach(KEY);
    bench.enter('dyn0', udpPacket('two', A, MOBILE));
    assert.equal((await s.datagrams(1)).map(ids), [SECOND]);
    s.plane.detach(KEY2);
    bench.enter('dyn0', udpPacket('nobody', A, MOBILE));
    await s.counts(() => s.plane.interfaceCounters?.(far)?.outNoSession, 1);
  });

  test('a session is heard with a source that it was given, and discarded and counted with any other', async (s) => {
    two(s);
    s.inject(carrying(udpPacket('forged', OTHER, A)));
    s.inject(carrying(udpPacket('mine', MOBILE, A)));
    assert.equal(await s.carried('dyn0', 1), [inside(udpPacket('mine', MOBILE, A))]);
    await s.counts(() => s.counters.inDiscarded, 1);
    await s.counts(() => s.counters.inPackets, 2);
  });

  test('the sources of a session hold on an interface of its own too', async (s) => {
    const far = s.interface('ppp7');
    assert.is(s.plane.attach({ key: KEY, far, leg: s.leg(), options: OPEN, sources: one(MOBILE) }), undefined);
    s.inject(carrying(udpPacket('forged', OTHER, A)));
    s.inject(carrying(udpPacket('mine', MOBILE, A)));
    assert.equal(await s.carried('ppp7', 1), [inside(udpPacket('mine', MOBILE, A))]);
    await s.counts(() => s.counters.inDiscarded, 1);
  });

  test('update gives a session on a shared interface another address, far end, routes and sources at once', async (s, bench) => {
    const far = open(s);
    s.attach(undefined);
    s.plane.update(KEY, { far, routes: one(MOBILE), sources: one(MOBILE) });
    bench.enter('dyn0', udpPacket('one', A, MOBILE));
    assert.equal((await s.datagrams(1)).map(ids), [FIRST]);
    s.plane.update(KEY, { routes: one(OTHER), sources: one(OTHER) });
    s.inject(carrying(udpPacket('old', MOBILE, A)));
    s.inject(carrying(udpPacket('new', OTHER, A)));
    assert.equal(await s.carried('dyn0', 1), [inside(udpPacket('new', OTHER, A))]);
    bench.enter('dyn0', udpPacket('old', A, MOBILE));
    bench.enter('dyn0', udpPacket('new', A, OTHER));
    const [got] = await s.datagrams(1);
    assert.is(inside((got?.data ?? new Uint8Array()).subarray(12)), inside(udpPacket('new', A, OTHER)));
  });

  test('a session without routes takes nothing from a shared interface', async (s, bench) => {
    const far = two(s);
    s.plane.update(KEY, { far, routes: [], sources: [] });
    bench.enter('dyn0', udpPacket('gone', A, MOBILE));
    bench.enter('dyn0', udpPacket('two', A, OTHER));
    assert.equal((await s.datagrams(1)).map(ids), [SECOND]);
    s.inject(carrying(udpPacket('gone', MOBILE, A)));
    await s.counts(() => s.counters.inDiscarded, 1);
  });

  test('detach of one session of a shared interface leaves the others, and its address to the next', async (s, bench) => {
    const far = two(s);
    s.plane.detach(KEY);
    bench.enter('dyn0', udpPacket('gone', A, MOBILE));
    bench.enter('dyn0', udpPacket('two', A, OTHER));
    assert.equal((await s.datagrams(1)).map(ids), [SECOND]);
    const leg = s.leg({ localSession: 9, peerSession: 9 });
    assert.is(s.plane.attach({ key: KEY, far, leg, options: OPEN, routes: one(MOBILE), sources: one(MOBILE) }), undefined);
    bench.enter('dyn0', udpPacket('next', A, MOBILE));
    assert.equal((await s.datagrams(1)).map(ids), ['55660009']);
  });

  test('close of a shared interface detaches no session: what comes in is discarded', async (s, bench) => {
    const far = two(s);
    s.plane.close(far);
    assert.equal(bench.interfaces(), []);
    s.inject(carrying(udpPacket('one', MOBILE, A)));
    await s.counts(() => s.counters.inDiscarded, 1);
  });

  test('ten thousand sessions on a shared interface are each found by their address, and leave as they came', async (s, bench) => {
    const MANY = 10_000;
    const far = open(s);
    const address = (n: number): Ipv4 => toIpv4(0x0a0b0000 + n);
    const key = (n: number): SessionKey => toSessionKey(1000 + n);
    for (let n = 1; n <= MANY; n++) {
      const leg = s.leg({ localTunnel: 1 + (n & 3), localSession: n, peerTunnel: 1, peerSession: n });
      assert.is(s.plane.attach({ key: key(n), far, leg, options: OPEN, routes: one(address(n)), sources: one(address(n)) }), undefined);
    }
    // Packets have their turn between commands where so many wait.
    await bench.until(() => false, 500);
    const asked = [1, 5000, MANY];
    for (const n of asked) bench.enter('dyn0', udpPacket(`to ${n}`, A, address(n)));
    assert.equal((await s.datagrams(asked.length)).map(ids), asked.map((n) => `0001${word(n)}`));
    s.inject(message(join('ff030021', udpPacket('mine', address(MANY), A)), { tunnel: 1 + (MANY & 3), session: MANY }));
    assert.equal(await s.carried('dyn0', 1), [inside(udpPacket('mine', address(MANY), A))]);
    for (let n = 1; n <= MANY; n++) s.plane.detach(key(n));
    // Packets have their turn between commands where so many wait: one finds nobody when the last command is carried out.
    const unclaimed = (): number => s.plane.interfaceCounters?.(far)?.outNoSession ?? 0;
    for (let turn = 0; turn < 50 && unclaimed() === 0; turn++) {
      bench.enter('dyn0', udpPacket('gone', A, address(MANY)));
      await bench.until(() => unclaimed() > 0, 200);
    }
    assert.ok(unclaimed() > 0);
  });

  const ROUTER = toIpv4(0x0a0a0001);
  /** A packet for MOBILE of `length` octets, DF or not. */
  const sized = (length: number, flags: 'DF' | 'may be cut', from: Ipv4 = A): Uint8Array => {
    const p = udpPacket(Array.from({ length: length - 28 }, (_, i) => String.fromCharCode(33 + ((i * 7) % 90))).join(''), from, MOBILE);
    put16(p, 6, flags === 'DF' ? 0x4000 : 0);
    put16(p, 10, 0);
    put16(p, 10, checksum(p, 0, 20));
    return p;
  };
  /** The packet that fragments make. */
  const whole = (parts: readonly Uint8Array[]): string => {
    const sorted = [...parts].sort((a, b) => (u16(a, 6) & 0x1fff) - (u16(b, 6) & 0x1fff));
    const data = join(...sorted.map((part) => part.subarray(20)));
    sorted.reduce((at, part, i) => {
      assert.is((u16(part, 6) & 0x1fff) * 8, at, 'each begins where the one before ends');
      assert.is((u16(part, 6) & 0x2000) !== 0, i < sorted.length - 1, 'all but the last say that more come');
      assert.is(checksum(part, 0, 20), 0);
      assert.is(u16(part, 2), part.length);
      return at + part.length - 20;
    }, 0);
    return hex(data);
  };
  const packets = async (s: Scene, count: number): Promise<Uint8Array[]> => (await s.datagrams(count)).map((d) => d.data.subarray(12));

  test('a packet longer than its session takes leaves in fragments that each fit, and every other as it came', async (s, bench) => {
    two(s);
    s.plane.update(KEY, { mtu: 600, address: ROUTER });
    for (const length of [600, 601, 1199, 1300, 1400]) {
      const packet = sized(length, 'may be cut');
      bench.enter('dyn0', packet);
      const parts = await packets(s, Math.ceil((length - 20) / 576));
      assert.ok(parts.every((part) => part.length <= 600), `${length}`);
      assert.is(whole(parts), inside(packet), `${length}`);
    }
    bench.enter('dyn0', udpPacket('x'.repeat(1300), A, OTHER));
    assert.is((await packets(s, 1))[0]?.length, 1328, 'the other session has no limit');
    assert.is(s.counters.outDiscarded, 0);
  });

  test('a fragment is cut further, and options go where they belong', async (s, bench) => {
    two(s);
    s.plane.update(KEY, { mtu: 68, address: ROUTER });
    const plain = sized(100, 'may be cut');
    // Record Route (7) is for the first fragment alone, the router alert (148) for all.
    const packet = join(plain.subarray(0, 20), '07070400000000', '94040000', '00', plain.subarray(20));
    packet[0] = 0x48;
    put16(packet, 2, packet.length);
    put16(packet, 6, 0x2000 | 5);
    put16(packet, 10, 0);
    put16(packet, 10, checksum(packet, 0, 32));
    bench.enter('dyn0', packet);
    const parts = await packets(s, 3);
    const order = parts.sort((a, b) => (u16(a, 6) & 0x1fff) - (u16(b, 6) & 0x1fff));
    assert.equal(order.map((part) => [(part[0] ?? 0) & 15, u16(part, 6) & 0x1fff, (u16(part, 6) & 0x2000) !== 0]), [[8, 5, true], [6, 9, true], [6, 13, true]]);
    assert.equal(order.slice(1).map((part) => hex(part.subarray(20, 24))), ['94040000', '94040000']);
    assert.is(order.map((part) => hex(part.subarray(((part[0] ?? 0) & 15) * 4))).join(''), hex(packet.subarray(32)));
    assert.ok(order.every((part) => checksum(part, 0, ((part[0] ?? 0) & 15) * 4) === 0));
  });

  test('a packet longer than its session takes that may not be cut is dropped, counted, and its sender told the session\'s MTU', async (s, bench) => {
    two(s);
    s.plane.update(KEY, { mtu: 1000, address: ROUTER });
    bench.enter('dyn0', sized(1000, 'DF'));
    assert.is((await packets(s, 1))[0]?.length, 1000);
    const packet = sized(1001, 'DF');
    bench.enter('dyn0', packet);
    let told: Uint8Array[] = [];
    await bench.until(() => (told = [...told, ...bench.left('dyn0')]).length > 0);
    const message = told[0] ?? new Uint8Array(0);
    assert.equal([u32(message, 12), u32(message, 16), message[9], hex(message.subarray(20, 22)), u16(message, 26)], [ROUTER, A, 1, '0304', 1000]);
    assert.equal([checksum(message, 0, 20), checksum(message, 20)], [0, 0]);
    assert.is(hex(message.subarray(28)), hex(packet.subarray(0, 548)), 'as much of the packet as 576 octets hold');
    await s.counts(() => s.counters.outDiscarded, 1);
    await s.counts(() => s.counters.outPackets, 1);
  });

  test('senders of too long packets are told ten times in a tenth of a second, and nobody of an ICMP error or without an address of ours', async (s, bench) => {
    two(s);
    s.plane.update(KEY, { mtu: 1000, address: ROUTER });
    const error = sized(1200, 'DF');
    error[9] = 1;
    error[20] = 3;
    put16(error, 10, 0);
    put16(error, 10, checksum(error, 0, 20));
    bench.enter('dyn0', error);
    for (let i = 0; i < 100; i++) bench.enter('dyn0', sized(1200, 'DF', toIpv4(A + i)));
    await s.counts(() => s.counters.outDiscarded, 101);
    let told = 0;
    await bench.until(() => (told += bench.left('dyn0').length) > 100, 50);
    assert.ok(told >= 10 && told <= 40, `${told}`);
    s.plane.update(KEY, { address: ANY_IPV4 });
    await bench.until(() => false, 110);
    bench.enter('dyn0', sized(1200, 'DF'));
    await s.counts(() => s.counters.outDiscarded, 102);
    await bench.until(() => false, 20);
    assert.equal(bench.left('dyn0'), []);
  });

  test('update lifts the limit of a session again', async (s, bench) => {
    two(s);
    s.plane.update(KEY, { mtu: 600, address: ROUTER });
    s.plane.update(KEY, { mtu: 0 });
    bench.enter('dyn0', sized(1400, 'DF'));
    assert.is((await packets(s, 1))[0]?.length, 1400);
  });

  test('nothing leaves a shared interface for a session whose protocol is closed', async (s, bench) => {
    two(s);
    s.plane.update(KEY, { ipv4: false });
    bench.enter('dyn0', udpPacket('closed', A, MOBILE));
    bench.enter('dyn0', udpPacket('open', A, OTHER));
    assert.equal((await s.datagrams(1)).map(ids), [SECOND]);
  });
}
