// The conformance suite's part about legs beside L2TP and about sessions that go on into other sessions: relays, lines, PPPoE (RFC 2516).

import * as assert from 'uvu/assert';

import { SeededRandom } from '../../board/sim/world.ts';
import { hex } from '../../firmware/bytes/hex.ts';
import { put16, u16 } from '../../firmware/bytes/integers.ts';
import { networkOf, toIpv4 } from '../../firmware/bytes/ip.ts';
import type { EtherCounters, EtherId, Far, Leg, SessionCounters, SessionKey, SessionOptions } from '../../firmware/hal/dataplane.ts';
import { A, B, carrying, inside, join, KEY, message, octets, OPEN, synPacket, udpPacket, udpPacket6, word, type Bench, type Register, type Scene } from './dataplane.scene.ts';

const KEY2 = 78 as SessionKey;
const SECOND = { localTunnel: 2, localSession: 3, peerTunnel: 0x0a0a, peerSession: 0x0b0b } as const;
const LCP = 'c02101010004';
const PAP = 'c0230101000a0375736503707764';
const SHUT: SessionOptions = { ...OPEN, ipv4: false, ipv6: false };

const relayTo = (relay: SessionKey): Far => ({ relay });
const countersOf = (s: Scene, key: SessionKey): SessionCounters => {
  const counters = s.plane.counters(key);
  if (counters === undefined) throw new Error(`session ${key} has no counters`);
  return counters;
};

/** Attaches KEY over L2TP and KEY2 over `leg`, each the other's far end. */
function join2(s: Scene, leg: Leg, options: { readonly first?: Partial<SessionOptions>; readonly second?: Partial<SessionOptions> } = {}): void {
  assert.is(s.plane.attach({ key: KEY, leg: s.leg(), far: relayTo(KEY2), options: { ...SHUT, ...options.first } }), undefined);
  assert.is(s.plane.attach({ key: KEY2, leg, far: relayTo(KEY), options: { ...SHUT, ...options.second } }), undefined);
}

/** Two L2TP sessions that are each other's far end: the first peer's is KEY, the second's KEY2. */
const switched = (s: Scene, options: Parameters<typeof join2>[2] = {}): void => join2(s, s.leg({ ...SECOND, peer: s.bench.peers[1] }), options);
/** The second peer sends into its session. */
const fromSecond = (s: Scene, payload: string | Uint8Array): void =>
  s.inject(message(payload, { tunnel: SECOND.localTunnel, session: SECOND.localSession }), { from: s.bench.peers[1] });
/** Payloads of unnumbered messages with Length that came to a peer. */
async function payloads(s: Scene, count: number, ids: string): Promise<string[]> {
  return (await s.datagrams(count)).map(({ data }) => {
    assert.equal([hex(data.subarray(0, 2)), u16(data, 2), hex(data.subarray(4, 8))], ['4002', data.length, ids]);
    return hex(data.subarray(8));
  });
}
/** Says which frame of a long row is the first that is not as it should be. */
function sameBurst(got: readonly string[], wanted: readonly string[]): void {
  const at = wanted.findIndex((one, i) => one !== got[i]);
  assert.equal([at, got[at]?.slice(0, 80), got.length], [-1, undefined, wanted.length], `frame ${at} should begin ${wanted[at]?.slice(0, 80)}`);
}
const IDS1 = '55667788';
const IDS2 = '0a0a0b0b';

/** A session whose far end is another session: every frame crosses as it came (RFC 2661 3). */
export function relays(test: Register): void {
  test('a relay passes on every frame of every protocol octet for octet, LCP included, both ways', async (s) => {
    switched(s);
    const frames = [`ff03${LCP}`, `ff03${PAP}`, LCP, `ff030021${hex(udpPacket('plain'))}`, `0021${hex(udpPacket('bare'))}`, `21${hex(udpPacket('short'))}`, `ff0357${hex(udpPacket6('six'))}`, 'ff0380210101000a0306c0000201', 'ff03404500', '00fd01020304'];
    for (const frame of frames) s.inject(message(frame));
    assert.equal(await payloads(s, frames.length, IDS2), frames);
    for (const frame of frames) fromSecond(s, frame);
    assert.equal(await payloads(s, frames.length, IDS1), frames);
    assert.equal(s.punts, []);
  });

  test('a relay counts what comes in on one leg and leaves by the other', async (s) => {
    switched(s);
    s.inject(message(`ff03${LCP}`));
    s.inject(carrying(udpPacket('data')));
    await payloads(s, 2, IDS2);
    const octetsIn = 8 + 4 + udpPacket('data').length;
    const [first, second] = [countersOf(s, KEY), countersOf(s, KEY2)];
    assert.equal([first.inPackets, first.inBytes, first.outPackets, first.inDiscarded], [2, octetsIn, 0, 0]);
    assert.equal([second.outPackets, second.outBytes, second.inPackets], [2, octetsIn, 0]);
    assert.ok(first.lastCarried > 0 && second.lastCarried > 0);
    assert.equal([s.plane.underlayCounters(s.underlay)?.inData, s.plane.underlayCounters(s.underlay)?.outData], [2, 2]);
  });

  test('a relay leaves the framing alone whatever the options of the legs say', async (s) => {
    switched(s, { second: { acfc: true, pfc: true } });
    const frames = [`ff03${LCP}`, `ff030021${hex(udpPacket('x'))}`];
    for (const frame of frames) s.inject(message(frame));
    assert.equal(await payloads(s, 2, IDS2), frames);
  });

  test('each leg of a relay numbers its messages as its own options say', async (s) => {
    switched(s, { second: { sequence: 'on' } });
    for (let ns = 0; ns < 3; ns++) s.inject(message(`ff03${LCP}`, { ns: 40 + ns }));
    assert.equal((await s.sent(3)).map((one) => [one.slice(0, 4), one.slice(16, 20)]), [['4802', '0000'], ['4802', '0001'], ['4802', '0002']]);
    fromSecond(s, `ff03${LCP}`);
    assert.equal(await payloads(s, 1, IDS1), [`ff03${LCP}`]);
    assert.equal([countersOf(s, KEY).inOrder, countersOf(s, KEY).nextExpected, countersOf(s, KEY2).nextSent], [3, 43, 3]);
  });

  test('a message that comes late to a relay is dropped on the leg it came by', async (s) => {
    switched(s);
    for (const ns of [5, 6, 5]) s.inject(message(`ff03${LCP}`, { ns }));
    await payloads(s, 2, IDS2);
    await s.counts(() => countersOf(s, KEY).orderDiscarded, 1);
    assert.is(countersOf(s, KEY2).outPackets, 2);
  });

  test('a relay whose other session is not attached yet discards and counts, and carries once it is', async (s) => {
    assert.is(s.plane.attach({ key: KEY, leg: s.leg(), far: relayTo(KEY2), options: SHUT }), undefined);
    s.inject(message(`ff03${LCP}`));
    await s.counts(() => countersOf(s, KEY).inDiscarded, 1);
    assert.equal(s.punts, []);
    assert.is(s.plane.attach({ key: KEY2, leg: s.leg({ ...SECOND, peer: s.bench.peers[1] }), far: relayTo(KEY), options: SHUT }), undefined);
    s.inject(message(`ff03${LCP}`));
    assert.equal(await payloads(s, 1, IDS2), [`ff03${LCP}`]);
  });

  test('a relay goes nowhere while the other session does not name this one in turn', async (s) => {
    const other = 79 as SessionKey;
    s.attach(undefined);
    s.plane.update(KEY, { far: relayTo(KEY2) });
    assert.is(s.plane.attach({ key: KEY2, leg: s.leg({ ...SECOND, peer: s.bench.peers[1] }), far: relayTo(other), options: SHUT }), undefined);
    s.inject(message(`ff03${LCP}`));
    fromSecond(s, `ff03${LCP}`);
    await s.counts(() => countersOf(s, KEY).inDiscarded, 1);
    await s.counts(() => countersOf(s, KEY2).inDiscarded, 1);
    assert.equal(s.bench.received(), []);
  });

  test('a session that relays to itself sends nothing back', async (s) => {
    assert.is(s.plane.attach({ key: KEY, leg: s.leg(), far: relayTo(KEY), options: SHUT }), undefined);
    s.inject(message(`ff03${LCP}`));
    await s.counts(() => countersOf(s, KEY).inDiscarded, 1);
    assert.equal(s.bench.received(), []);
  });

  test('update turns a session whose frames were punted into a relay, and a relay into a session on an interface', async (s) => {
    const far = s.interface('ppp7');
    s.attach(undefined);
    s.inject(message(`ff03${LCP}`));
    assert.equal((await s.punted('ppp', 1)).map((p) => hex(p.data)), [LCP]);
    assert.is(s.plane.attach({ key: KEY2, leg: s.leg({ ...SECOND, peer: s.bench.peers[1] }), far: relayTo(KEY), options: SHUT }), undefined);
    s.plane.update(KEY, { far: relayTo(KEY2) });
    s.inject(message(`ff03${PAP}`));
    assert.equal(await payloads(s, 1, IDS2), [`ff03${PAP}`]);
    s.plane.update(KEY, { far });
    s.inject(carrying(udpPacket('home')));
    assert.equal(await s.carried('ppp7', 1), [inside(udpPacket('home'))]);
    fromSecond(s, `ff03${LCP}`);
    await s.counts(() => countersOf(s, KEY2).inDiscarded, 1);
  });

  test('update takes a session off its interface into a relay: nothing leaves the interface for it', async (s, bench) => {
    const far = s.interface('ppp7');
    s.attach(far);
    assert.is(s.plane.attach({ key: KEY2, leg: s.leg({ ...SECOND, peer: s.bench.peers[1] }), far: relayTo(KEY), options: SHUT }), undefined);
    s.plane.update(KEY, { far: relayTo(KEY2) });
    bench.enter('ppp7', udpPacket('lost'));
    await s.counts(() => s.plane.interfaceCounters?.(far)?.outNoSession, 1);
    assert.is(s.counters.outPackets, 0);
  });

  test('after detach of one side of a relay the other is discarded and counted, and goes on with the next of that key', async (s) => {
    switched(s);
    s.plane.detach(KEY2);
    s.inject(message(`ff03${LCP}`));
    await s.counts(() => countersOf(s, KEY).inDiscarded, 1);
    assert.is(s.plane.attach({ key: KEY2, leg: s.leg({ ...SECOND, peer: s.bench.peers[1] }), far: relayTo(KEY), options: SHUT }), undefined);
    s.inject(message(`ff03${LCP}`));
    assert.equal(await payloads(s, 1, IDS2), [`ff03${LCP}`]);
  });

  test('send into a session of a relay leaves by that session alone', async (s) => {
    switched(s);
    s.plane.send([{ to: 'session', session: KEY2, data: octets(LCP) }, { to: 'session', session: KEY, data: octets(PAP) }]);
    const got = (await s.datagrams(2)).map((d) => hex(d.data.subarray(4)));
    assert.equal(got.toSorted(), [`${IDS2}ff03${LCP}`, `${IDS1}ff03${PAP}`].toSorted());
  });

  test('a relay keeps the MSS of SYN segments unless a leg says otherwise', async (s) => {
    switched(s);
    s.inject(carrying(synPacket(1460)));
    assert.equal(await payloads(s, 1, IDS2), [`ff030021${hex(synPacket(1460))}`]);
    s.plane.update(KEY2, { mss: 1300 });
    s.inject(carrying(synPacket(1460)));
    const lowered = await payloads(s, 1, IDS2);
    assert.equal(lowered.map((one) => [one.slice(-4), one.slice(8, 48)]), [['0514', hex(synPacket(1460)).slice(0, 40)]]);
    fromSecond(s, join('ff030021', synPacket(1460)));
    assert.equal((await payloads(s, 1, IDS1)).map((one) => one.slice(-4)), ['0514']);
  });

  test('a frame without a whole protocol field is not relayed', async (s) => {
    switched(s);
    for (const payload of ['ff03', 'c0', 'ff0300']) s.inject(message(payload));
    await s.counts(() => countersOf(s, KEY).inDiscarded, 3);
    assert.is(countersOf(s, KEY2).outPackets, 0);
  });

  test('a relay keeps the order and the octets of a burst of frames of all sizes', async (s) => {
    switched(s);
    const random = new SeededRandom(4);
    const frames = Array.from({ length: 300 }, (_, n) => join('ff030021', word(n), random.bytes(n % 3 === 0 ? 1400 : Math.floor(random.next() * 1400))));
    for (const frame of frames) s.inject(message(frame));
    sameBurst(await payloads(s, frames.length, IDS2), frames.map((frame) => hex(frame)));
  });

  test('relayed, carried and punted frames of one burst do not harm each other', async (s) => {
    const [far, third] = [s.interface('ppp7'), 79 as SessionKey];
    switched(s);
    assert.is(s.plane.attach({ key: third, leg: s.leg({ localTunnel: 5, localSession: 5, peerTunnel: 5, peerSession: 5 }), far, options: OPEN }), undefined);
    const text = (n: number): string => String(n).padStart(900, 'abc');
    for (let n = 0; n < 120; n++) {
      s.inject(message(join('ff030021', udpPacket(text(n))), { tunnel: 5, session: 5 }));
      s.inject(message(join('ff030021', udpPacket(text(1000 + n)))));
      if (n % 10 === 0) s.inject(message(`ff03c021${word(n)}`, { tunnel: 5, session: 5 }));
    }
    const carried = await s.carried('ppp7', 120);
    sameBurst(carried, Array.from({ length: 120 }, (_, n) => inside(udpPacket(text(n)))));
    sameBurst(await payloads(s, 120, IDS2), Array.from({ length: 120 }, (_, n) => `ff030021${hex(udpPacket(text(1000 + n)))}`));
    assert.equal((await s.punted('ppp', 12)).map((p) => hex(p.data)), Array.from({ length: 12 }, (_, n) => `c021${word(n * 10)}`));
  });

  test('trace copies what a relay passes on, once for each leg that asks', async (s) => {
    switched(s, { second: { trace: true } });
    s.inject(message(`ff03${LCP}`));
    const [trace] = await s.punted('trace', 1);
    const [sent] = await s.sent(1);
    assert.equal([trace?.session, trace?.direction, hex(trace?.data ?? new Uint8Array())], [KEY2, 'tx', sent]);
  });
}

/** Sessions over a byte stream whose framing is the main thread's. */
export function lines(test: Register): void {
  const arrive = (s: Scene, ...frames: (string | Uint8Array)[]): void =>
    s.plane.send(frames.map((frame) => ({ to: 'arrived', session: KEY, data: typeof frame === 'string' ? octets(frame) : frame })));
  const attach = (s: Scene, far: Far | undefined, options: Partial<SessionOptions> = {}): void =>
    assert.is(s.plane.attach({ key: KEY, leg: { kind: 'line' }, far, options: { ...OPEN, ...options } }), undefined);

  test('a frame that arrived over a line is carried in every form of its framing', async (s) => {
    attach(s, s.interface('ppp7'));
    arrive(s, join('ff030021', udpPacket('1')), join('0021', udpPacket('2')), join('ff0321', udpPacket('3')), join('21', udpPacket('4')));
    assert.equal(await s.carried('ppp7', 4), ['1', '2', '3', '4'].map((text) => inside(udpPacket(text))));
    const size = udpPacket('1').length;
    assert.equal([s.counters.inPackets, s.counters.inBytes], [4, 4 * size + 10]);
    assert.ok(s.counters.lastIn > 0 && s.counters.lastCarried > 0);
  });

  test('a frame over a line that is not IP is punted, one without protocol discarded, an empty one counted', async (s) => {
    attach(s, undefined);
    arrive(s, `ff03${LCP}`, PAP, 'ff03', 'c0', '', 'fd0102');
    assert.equal((await s.punted('ppp', 3)).map((p) => hex(p.data)), [LCP, PAP, '00fd0102']);
    await s.counts(() => s.counters.inDiscarded, 2);
    assert.is(s.counters.inEmpty, 1);
  });

  test('what leaves the interface of a line comes as punts, the protocol always in two octets', async (s, bench) => {
    attach(s, s.interface('ppp7'), { acfc: true, pfc: true });
    bench.enter('ppp7', udpPacket('out'));
    bench.enter('ppp7', udpPacket6('six'));
    const punts = await s.punted('line', 2);
    assert.equal(punts.map((p) => [p.session, hex(p.data)]), [[KEY, hex(join('0021', udpPacket('out')))], [KEY, hex(join('0057', udpPacket6('six')))]]);
    const size = 4 + udpPacket('out').length + udpPacket6('six').length;
    assert.equal([s.counters.outPackets, s.counters.outBytes], [2, size]);
  });

  test('send into a session over a line comes back as a punt', async (s) => {
    attach(s, undefined, { acfc: true });
    s.plane.send([{ to: 'session', session: KEY, data: octets(LCP) }]);
    assert.equal(s.punts, [], 'not before send returns');
    assert.equal((await s.punted('line', 1)).map((p) => hex(p.data)), [LCP]);
  });

  test('arrived frames of a session over another leg, or of none, are ignored', async (s) => {
    const far = s.interface('ppp7');
    s.attach(far);
    s.plane.send([KEY, 99 as SessionKey].map((session) => ({ to: 'arrived', session, data: join('0021', udpPacket('x')) })));
    s.inject(carrying(udpPacket('after')));
    assert.equal(await s.carried('ppp7', 1), [inside(udpPacket('after'))]);
    assert.is(s.counters.inPackets, 1);
  });

  test('IP over a line waits for its gate and obeys its sources', async (s) => {
    attach(s, s.interface('ppp7'), { ipv4: false });
    arrive(s, join('0021', udpPacket('shut')));
    await s.counts(() => s.counters.inDiscarded, 1);
    s.plane.update(KEY, { ipv4: true, sources: [networkOf(A, 32)] });
    arrive(s, join('0021', udpPacket('forged', B, A)), join('0021', udpPacket('mine', A, B)));
    assert.equal(await s.carried('ppp7', 1), [inside(udpPacket('mine', A, B))]);
    assert.is(s.counters.inDiscarded, 2);
  });

  test('a line shares an interface with a tunnel: each takes what its routes hold', async (s, bench) => {
    const far = s.plane.open({ kind: 'shared-tun', name: 'dyn0', mtu: 1400, onDemand: false });
    if (typeof far === 'object') throw new Error(far.refused);
    s.plane.set(far, { up: true });
    const [mobile, other] = [toIpv4(0x0a0a0005), toIpv4(0x0a0a0006)];
    assert.is(s.plane.attach({ key: KEY, leg: { kind: 'line' }, far, options: OPEN, routes: [networkOf(mobile, 32)], sources: [networkOf(mobile, 32)] }), undefined);
    assert.is(s.plane.attach({ key: KEY2, leg: s.leg(SECOND), far, options: OPEN, routes: [networkOf(other, 32)] }), undefined);
    bench.enter('dyn0', udpPacket('line', A, mobile));
    bench.enter('dyn0', udpPacket('tunnel', A, other));
    assert.equal((await s.punted('line', 1)).map((p) => inside(p.data.subarray(2))), [inside(udpPacket('line', A, mobile))]);
    assert.equal(await payloads(s, 1, IDS2).then((all) => all.map((one) => one.slice(8 + 40))), [inside(udpPacket('tunnel', A, other))]);
    arrive(s, join('0021', udpPacket('in', mobile, A)));
    assert.equal(await s.carried('dyn0', 1), [inside(udpPacket('in', mobile, A))]);
  });

  test('a relay between a line and a tunnel keeps all protocols; what has no address and control gets them into the tunnel', async (s) => {
    join2(s, { kind: 'line' });
    s.plane.send([`ff03${LCP}`, LCP, PAP, `21${hex(udpPacket('x'))}`].map((frame) => ({ to: 'arrived', session: KEY2, data: octets(frame) })));
    assert.equal(await payloads(s, 4, IDS1), [`ff03${LCP}`, `ff03${LCP}`, `ff03${PAP}`, `ff0321${hex(udpPacket('x'))}`]);
    s.plane.update(KEY, { acfc: true });
    s.plane.send([LCP, PAP, `ff03${PAP}`].map((frame) => ({ to: 'arrived', session: KEY2, data: octets(frame) })));
    assert.equal(await payloads(s, 3, IDS1), [`ff03${LCP}`, PAP, `ff03${PAP}`]);
    for (const frame of [`ff03${LCP}`, `21${hex(udpPacket('y'))}`, PAP]) s.inject(message(frame));
    assert.equal((await s.punted('line', 3)).map((p) => [p.session, hex(p.data)]), [[KEY2, LCP], [KEY2, `0021${hex(udpPacket('y'))}`], [KEY2, PAP]]);
    assert.equal([countersOf(s, KEY2).outPackets, countersOf(s, KEY2).inPackets], [3, 7]);
  });

  test('a line relays into another line', async (s) => {
    attach(s, relayTo(KEY2));
    assert.is(s.plane.attach({ key: KEY2, leg: { kind: 'line' }, far: relayTo(KEY), options: SHUT }), undefined);
    arrive(s, `ff03${LCP}`);
    assert.equal((await s.punted('line', 1)).map((p) => [p.session, hex(p.data)]), [[KEY2, LCP]]);
  });

  test('detach of a session over a line frees its key, and nothing of it is heard any more', async (s) => {
    attach(s, undefined);
    assert.is(s.plane.attach({ key: KEY, leg: { kind: 'line' }, far: undefined, options: OPEN })?.refused, `Session key ${KEY} is attached already`);
    arrive(s, LCP);
    s.plane.detach(KEY);
    attach(s, undefined);
    arrive(s, PAP);
    assert.equal((await s.punted('ppp', 1)).map((p) => hex(p.data)).at(-1), PAP);
    assert.is(s.counters.inPackets, 1);
  });

  test('trace of a line copies the frames both ways', async (s) => {
    attach(s, undefined, { trace: true });
    arrive(s, `ff03${LCP}`);
    await s.punted('ppp', 1);
    s.plane.send([{ to: 'session', session: KEY, data: octets(PAP) }]);
    assert.equal((await s.punted('trace', 2)).map((p) => [p.direction, hex(p.data)]), [['rx', `ff03${LCP}`], ['tx', PAP]]);
  });
}

/** An Ethernet port served for PPPoE. */
export function ethernet(test: Register): void {
  const SESSION = 0x1234;
  const open = (s: Scene): EtherId => {
    const id = s.plane.openEther(s.bench.ethernet.device);
    if (typeof id === 'object') throw new Error(id.refused);
    return id;
  };
  const leg = (s: Scene, port: EtherId, change: { readonly session?: number; readonly peer?: Uint8Array } = {}): Leg => ({ kind: 'pppoe', port, peer: s.bench.ethernet.station, session: SESSION, ...change });
  const attach = (s: Scene, port: EtherId, far: Far | undefined, options: Partial<SessionOptions> = {}): void =>
    assert.is(s.plane.attach({ key: KEY, leg: leg(s, port), far, options: { ...OPEN, ...options } }), undefined);
  /** A session frame from the station; `head`: all six octets of the PPPoE header, `pad` what follows the frame. */
  const frame = (bench: Bench, payload: string | Uint8Array, change: { readonly head?: string; readonly session?: number; readonly from?: Uint8Array; readonly to?: Uint8Array; readonly pad?: string } = {}): Uint8Array => {
    const body = typeof payload === 'string' ? octets(payload) : payload;
    const head = change.head ?? `1100${word(change.session ?? SESSION)}${word(body.length)}`;
    return join(change.to ?? bench.ethernet.router, change.from ?? bench.ethernet.station, '8864', head, body, change.pad ?? '');
  };
  /** What the station hears of a session frame with this payload. */
  const heard = (payload: string, session = SESSION): string => `88641100${word(session)}${word(payload.length / 2)}${payload}`;
  const portCounters = (s: Scene, port: EtherId): EtherCounters => s.plane.etherCounters?.(port) ?? { inFrames: -1, outFrames: -1, malformed: -1, noSession: -1 };

  test('openEther refuses a port that there is not, and tells address and MTU of one that there is', async (s, bench) => {
    const refused = s.plane.openEther('eth99');
    assert.match(typeof refused === 'object' ? refused.refused : 'open', /eth99/);
    const port = open(s);
    const about = s.plane.ether(port);
    assert.equal([hex(about?.address ?? new Uint8Array()), about?.mtu], [hex(bench.ethernet.router), 1500]);
  });

  test('a port opened twice is served until it is closed twice; then its sessions are detached', async (s, bench) => {
    const port = open(s);
    assert.is(open(s), port);
    attach(s, port, undefined);
    s.plane.closeEther(port);
    bench.injectFrame(frame(bench, LCP));
    assert.is((await s.punted('ppp', 1)).length, 1);
    s.plane.closeEther(port);
    assert.is(s.plane.ether(port), undefined);
    assert.is(s.plane.counters(KEY), undefined);
    bench.injectFrame(frame(bench, LCP));
    assert.is(s.plane.attach({ key: KEY, leg: leg(s, port), far: undefined, options: OPEN })?.refused, 'The Ethernet port is not served');
    // What was under way has come by then.
    await bench.until(() => false, 50);
    const again = open(s);
    attach(s, again, undefined);
    bench.injectFrame(frame(bench, PAP));
    assert.equal((await s.punted('ppp', 2)).map((p) => hex(p.data)), [LCP, PAP]);
  });

  test('a discovery frame is punted whole, sent to this port or to all', async (s, bench) => {
    const port = open(s);
    const padi = join('ffffffffffff', bench.ethernet.station, '8863', '110900000004', '01010000');
    const padr = join(bench.ethernet.router, bench.ethernet.station, '8863', '111900000004', '01010000');
    for (const one of [padi, padr]) bench.injectFrame(one);
    assert.equal((await s.punted('discovery', 2)).map((p) => [p.port, hex(p.data)]), [[port, hex(padi)], [port, hex(padr)]]);
  });

  test('a frame sent to the port leaves with the port\'s own source address', async (s, bench) => {
    const port = open(s);
    const rest = '8863110700000008010100000103000177';
    s.plane.send([{ to: 'port', port, data: join(bench.ethernet.station, '000000000000', rest) }]);
    let got: Uint8Array[] = [];
    await bench.until(() => (got = [...got, ...bench.frames()]).length > 0);
    assert.equal(got.map((one) => hex(one)), [hex(join(bench.ethernet.station, bench.ethernet.router, rest))]);
  });

  test('a frame to the port that is too short or too long for it is not sent', async (s, bench) => {
    const port = open(s);
    const start = join(bench.ethernet.station, '000000000000', '8863');
    s.plane.send([octets('112233'), start, new Uint8Array(1515), join(start, '1107000000020000')].map((data) => ({ to: 'port', port, data })));
    assert.equal(await s.heard(2), ['8863', '88631107000000020000']);
  });

  test('PPPoE carries IP between an interface and its peer, framed without address and control', async (s, bench) => {
    const port = open(s);
    attach(s, port, s.interface('ppp7'));
    bench.injectFrame(frame(bench, join('0021', udpPacket('in'))));
    assert.equal(await s.carried('ppp7', 1), [inside(udpPacket('in'))]);
    bench.enter('ppp7', udpPacket('out'));
    bench.enter('ppp7', udpPacket6('six'));
    assert.equal(await s.heard(2), [heard(`0021${hex(udpPacket('out'))}`), heard(`0057${hex(udpPacket6('six'))}`)]);
    const c = s.counters;
    assert.equal([c.inPackets, c.inBytes, c.outPackets, c.outBytes], [1, 2 + udpPacket('in').length, 2, 4 + udpPacket('out').length + udpPacket6('six').length]);
    assert.equal(portCounters(s, port), { inFrames: 1, outFrames: 2, malformed: 0, noSession: 0 });
  });

  test('frames from the interface of a PPPoE session go to its peer from the port\'s own address', async (s, bench) => {
    attach(s, open(s), s.interface('ppp7'));
    bench.enter('ppp7', udpPacket('out'));
    let got: Uint8Array[] = [];
    await bench.until(() => (got = [...got, ...bench.frames()]).length > 0);
    assert.equal(got.map((one) => hex(one.subarray(0, 12))), [hex(join(bench.ethernet.station, bench.ethernet.router))]);
  });

  test('a PPP frame over PPPoE that is not IP is punted, and send answers it', async (s, bench) => {
    attach(s, open(s), undefined, { acfc: true });
    bench.injectFrame(frame(bench, LCP));
    bench.injectFrame(frame(bench, PAP));
    assert.equal((await s.punted('ppp', 2)).map((p) => hex(p.data)), [LCP, PAP]);
    s.plane.send([{ to: 'session', session: KEY, data: octets(LCP) }]);
    assert.equal(await s.heard(1), [heard(LCP)]);
  });

  test('what follows the length that a PPPoE header states is padding', async (s, bench) => {
    attach(s, open(s), undefined);
    bench.injectFrame(frame(bench, LCP, { pad: '00'.repeat(34) }));
    assert.equal((await s.punted('ppp', 1)).map((p) => hex(p.data)), [LCP]);
    assert.is(s.counters.inBytes, 6);
  });

  test('a session frame of a wrong version, type or code, or longer than it is, is counted and dropped', async (s, bench) => {
    const port = open(s);
    attach(s, port, undefined);
    const ids = word(SESSION);
    const bad = [`2100${ids}0006`, `1200${ids}0006`, `1101${ids}0006`, `11a7${ids}0006`, `1100${ids}0007`, `1100${ids}ffff`];
    for (const head of bad) bench.injectFrame(frame(bench, LCP, { head }));
    for (const head of ['', '11', `1100${ids}`, `1100${ids}00`]) bench.injectFrame(frame(bench, '', { head }));
    bench.injectFrame(frame(bench, PAP));
    assert.equal((await s.punted('ppp', 1)).map((p) => hex(p.data)), [PAP]);
    assert.equal([portCounters(s, port).malformed, s.counters.inPackets, s.punts.length], [bad.length + 4, 1, 1]);
  });

  test('an empty session frame is counted, one without a whole protocol field discarded', async (s, bench) => {
    attach(s, open(s), undefined);
    for (const payload of ['', 'c0', 'ff03']) bench.injectFrame(frame(bench, payload));
    await s.counts(() => s.counters.inDiscarded, 2);
    assert.equal([s.counters.inEmpty, s.counters.inPackets, s.punts], [1, 3, []]);
  });

  test('a frame of an unknown session is told with its peer and number, once a second', async (s, bench) => {
    const port = open(s);
    attach(s, port, undefined);
    for (const session of [7, 8, 9]) bench.injectFrame(frame(bench, LCP, { session }));
    bench.injectFrame(frame(bench, PAP));
    await s.punted('ppp', 1);
    assert.equal((await s.punted('no session', 1)).map((p) => [p.port, hex(p.peer), p.session]), [[port, hex(bench.ethernet.station), 7]]);
    assert.is(portCounters(s, port).noSession, 3);
    await bench.until(() => false, 1100);
    bench.injectFrame(frame(bench, LCP, { session: 9 }));
    assert.equal((await s.punted('no session', 2)).map((p) => p.session), [7, 9]);
  });

  test('a session is its peer\'s alone: the same number of another station is another session', async (s, bench) => {
    const port = open(s);
    const other = octets('02aabbccdd01');
    attach(s, port, undefined);
    bench.injectFrame(frame(bench, LCP, { from: other }));
    assert.equal((await s.punted('no session', 1)).map((p) => hex(p.peer)), [hex(other)]);
    assert.match(s.plane.attach({ key: KEY2, leg: leg(s, port), far: undefined, options: OPEN })?.refused ?? '', /4660.*attached already/);
    assert.is(s.plane.attach({ key: KEY2, leg: leg(s, port, { peer: other }), far: undefined, options: OPEN }), undefined);
    bench.injectFrame(frame(bench, LCP, { from: other }));
    bench.injectFrame(frame(bench, PAP));
    assert.equal((await s.punted('ppp', 2)).map((p) => [p.session, hex(p.data)]), [[KEY2, LCP], [KEY, PAP]]);
    s.plane.detach(KEY);
    bench.injectFrame(frame(bench, PAP, { from: other }));
    assert.is((await s.punted('ppp', 3)).at(-1)?.session, KEY2);
  });

  test('frames to another station are not taken in', async (s, bench) => {
    const port = open(s);
    attach(s, port, undefined);
    bench.injectFrame(frame(bench, LCP, { to: octets('02aabbccdd02') }));
    bench.injectFrame(join('02aabbccdd02', bench.ethernet.station, '8863', '111900000000'));
    bench.injectFrame(frame(bench, PAP));
    assert.equal((await s.punted('ppp', 1)).map((p) => hex(p.data)), [PAP]);
    assert.equal([s.punts.length, portCounters(s, port).inFrames], [1, 1]);
  });

  test('a frame that the port\'s MTU cannot hold is not sent and counted, the longest that it can is', async (s) => {
    attach(s, open(s), undefined);
    const payload = (length: number): Uint8Array => join('c021', new Uint8Array(length - 2).fill(length & 255));
    s.plane.send([1495, 1494, 1496].map((length) => ({ to: 'session', session: KEY, data: payload(length) })));
    assert.equal(await s.heard(1), [heard(hex(payload(1494)))]);
    await s.counts(() => s.counters.outDiscarded, 2);
    assert.is(s.counters.outPackets, 1);
  });

  test('a relay between PPPoE and a tunnel takes address and control off and puts them on', async (s, bench) => {
    join2(s, leg(s, open(s)));
    const frames = [LCP, PAP, `0021${hex(udpPacket('x'))}`, `21${hex(udpPacket('y'))}`, '80210101000a0306c0000201'];
    for (const one of frames) bench.injectFrame(frame(bench, one));
    assert.equal(await payloads(s, frames.length, IDS1), frames.map((one) => `ff03${one}`));
    for (const one of frames) s.inject(message(`ff03${one}`));
    for (const one of frames) s.inject(message(one));
    assert.equal(await s.heard(2 * frames.length), [...frames, ...frames].map((one) => heard(one)));
    s.plane.update(KEY, { acfc: true });
    for (const one of [LCP, PAP]) bench.injectFrame(frame(bench, one));
    assert.equal(await payloads(s, 2, IDS1), [`ff03${LCP}`, PAP]);
    assert.equal(s.punts, []);
    assert.equal([countersOf(s, KEY2).inPackets, countersOf(s, KEY2).outPackets, countersOf(s, KEY).inPackets, countersOf(s, KEY).outPackets], [7, 10, 10, 7]);
  });

  test('a relay keeps the order and the octets of a burst between PPPoE and a tunnel, both ways', async (s, bench) => {
    join2(s, leg(s, open(s)));
    const random = new SeededRandom(5);
    const frames = Array.from({ length: 300 }, (_, n) => join('0021', word(n), random.bytes(n % 3 === 0 ? 1440 : Math.floor(random.next() * 1400))));
    for (const one of frames) bench.injectFrame(frame(bench, one));
    sameBurst(await payloads(s, frames.length, IDS1), frames.map((one) => `ff03${hex(one)}`));
    for (const one of frames) s.inject(message(join('ff03', one)));
    sameBurst(await s.heard(frames.length), frames.map((one) => heard(hex(one))));
  });

  test('PPPoE sessions of one peer relay into each other', async (s, bench) => {
    const port = open(s);
    attach(s, port, relayTo(KEY2));
    assert.is(s.plane.attach({ key: KEY2, leg: leg(s, port, { session: 2 }), far: relayTo(KEY), options: SHUT }), undefined);
    for (const one of [LCP, PAP]) bench.injectFrame(frame(bench, one));
    assert.equal(await s.heard(2), [heard(LCP, 2), heard(PAP, 2)]);
  });

  test('PPPoE shares an interface: each session takes what its routes hold and may use its own source alone', async (s, bench) => {
    const port = open(s);
    const far = s.plane.open({ kind: 'shared-tun', name: 'dyn0', mtu: 1492, onDemand: false });
    if (typeof far === 'object') throw new Error(far.refused);
    s.plane.set(far, { up: true });
    const callers = [[KEY, 1, toIpv4(0x0a0a0005)], [KEY2, 2, toIpv4(0x0a0a0006)]] as const;
    for (const [key, session, address] of callers)
      assert.is(s.plane.attach({ key, leg: leg(s, port, { session }), far, options: OPEN, routes: [networkOf(address, 32)], sources: [networkOf(address, 32)] }), undefined);
    for (const [, , address] of callers) bench.enter('dyn0', udpPacket('to', A, address));
    assert.equal(await s.heard(2), callers.map(([, session, address]) => heard(`0021${hex(udpPacket('to', A, address))}`, session)));
    bench.injectFrame(frame(bench, join('0021', udpPacket('forged', callers[1][2], A)), { session: 1 }));
    bench.injectFrame(frame(bench, join('0021', udpPacket('mine', callers[1][2], A)), { session: 2 }));
    assert.equal(await s.carried('dyn0', 1), [inside(udpPacket('mine', callers[1][2], A))]);
    await s.counts(() => s.counters.inDiscarded, 1);
  });

  test('the MSS of SYN segments is lowered over PPPoE both ways', async (s, bench) => {
    attach(s, open(s), s.interface('ppp7'), { mss: 1300 });
    bench.injectFrame(frame(bench, join('0021', synPacket(1460))));
    assert.equal((await s.carried('ppp7', 1)).map((one) => one.slice(-4)), ['0514']);
    bench.enter('ppp7', synPacket(1460));
    assert.equal((await s.heard(1)).map((one) => one.slice(-4)), ['0514']);
  });

  test('trace of a PPPoE session copies its PPP frames both ways', async (s, bench) => {
    attach(s, open(s), undefined, { trace: true });
    bench.injectFrame(frame(bench, LCP));
    await s.punted('ppp', 1);
    s.plane.send([{ to: 'session', session: KEY, data: octets(PAP) }]);
    assert.equal((await s.punted('trace', 2)).map((p) => [p.direction, hex(p.data)]), [['rx', LCP], ['tx', PAP]]);
  });

  test('mutated PPPoE frames harm nobody: the session carries on and every frame is accounted for', async (s, bench) => {
    const port = open(s);
    const far = s.interface('ppp7');
    attach(s, port, far);
    const random = new SeededRandom(6);
    const seeds = [frame(bench, LCP), frame(bench, PAP), frame(bench, join('0021', udpPacket('seed'))), frame(bench, join('0057', udpPacket6('seed')))];
    const ROUNDS = 2000;
    for (let n = 1; n <= ROUNDS; n++) {
      bench.injectFrame(mutated(seeds[n % seeds.length] ?? new Uint8Array(), random));
      if (n % 50 === 0) await bench.until(() => portCounters(s, port).inFrames === n);
    }
    assert.is(portCounters(s, port).inFrames, ROUNDS);
    const { malformed, noSession } = portCounters(s, port);
    assert.ok(malformed > 0 && noSession > 0);
    assert.is(s.counters.inPackets, ROUNDS - malformed - noSession);
    bench.left('ppp7');
    bench.injectFrame(frame(bench, join('0021', udpPacket('alive'))));
    assert.equal((await s.carried('ppp7', 1)).at(-1), inside(udpPacket('alive')));
  });
}

/** The frame with some octets behind the Ethertype changed, cut off, or added. */
function mutated(seed: Uint8Array, random: SeededRandom): Uint8Array {
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const b = seed.slice();
  for (let i = below(3); i >= 0; i--) b[14 + below(b.length - 14)] = below(256);
  switch (below(4)) {
    case 0:
      return b.slice(0, 14 + below(b.length - 14));
    case 1:
      return join(b, random.bytes(below(200)));
    case 2:
      put16(b, 18, below(0x10000));
      return b;
    default:
      return b;
  }
}
