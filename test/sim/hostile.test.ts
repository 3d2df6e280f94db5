// What a whole router makes of peers that lie, flood, or come at the same time: nothing wrong reaches an interface, a screen or the memory.

import { heapStats } from 'bun:jsc';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createAppliance } from '../../firmware/appliance.ts';
import { put16 } from '../../firmware/bytes/integers.ts';
import type { SessionKey, UnderlayId } from '../../firmware/hal/dataplane.ts';
import { encodeMessage } from '../../firmware/l2tp/control.ts';
import { encodeControl, encodeDataHeader } from '../../firmware/l2tp/header.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { ip, type Node } from '../../board/sim/lans.ts';
import { CLEAN, Wire } from '../../board/sim/wire.ts';
import { SeededRandom, World } from '../../board/sim/world.ts';
import { mutator } from '../fuzz/mutate.ts';
import { SAMPLES } from '../unit/l2tp/samples.ts';
import { RawPeer } from '../unit/l2tp/world.ts';
import { inject, log, network, numbers, pings, pingStream, sessions, show, status, tap, tunnels, value } from './calls.rig.ts';
import { hostRoutes } from './remote.rig.ts';

const MINUTE = 60_000;
const SCRIPT = `ENABLE IP
ADD IP INT=eth0 IP=1.1.1.1 MASK=255.255.255.0
ENABLE L2TP
ENABLE L2TP SERVER=BOTH
ADD L2TP CALL=c1 TYPE=VIRTUAL IP=1.1.1.2
CREATE PPP=1 OVER=TNL-c1 IDLE=99999
ADD IP INT=ppp1 IP=0.0.0.0
`;

/** A router at 1.1.1.1 and peers that say only what the test makes them say. */
function withPeers(script = SCRIPT, ...addresses: readonly string[]): { world: World; wire: Wire; router: Node; peers: RawPeer[] } {
  const world = new World(5);
  const wire = new Wire(world);
  const board = new SimBoard(world, { seed: 11 });
  board.ip.plug('eth0', wire);
  const app = createAppliance(board, { factoryScript: '' });
  app.boot({ name: 'test.cfg', text: script });
  return { world, wire, router: { board, app }, peers: addresses.map((address) => new RawPeer(world, wire, address, '1.1.1.1')) };
}

function peerOf(list: readonly RawPeer[], index = 0): RawPeer {
  const peer = list[index];
  if (peer === undefined) throw new Error('no such peer');
  return peer;
}

/** Opens a tunnel and an incoming call in it. */
function call(world: World, peer: RawPeer, ids: { readonly tunnel: number; readonly session: number }): void {
  assert.ok(peer.open(world, ids.tunnel), 'the tunnel opens');
  peer.send({ type: 'ICRQ', assignedSessionId: ids.session, callSerialNumber: 1 });
  assert.ok(world.run(2000, () => peer.received.some(({ type }) => type === 'ICRP')), 'the call is taken');
}

function connect(world: World, peer: RawPeer): void {
  peer.send({ type: 'ICCN', txConnectSpeed: 64000, framingType: 1 }, { session: peer.session });
  world.run(100);
}

/** A PPP frame in a data message to the router. */
function data(peer: RawPeer, frame: readonly number[], form: { readonly tunnel?: number; readonly session?: number; readonly ns?: number; readonly nr?: number } = {}): void {
  const out = new Uint8Array(64);
  const head = { tunnelId: form.tunnel ?? peer.tunnel, sessionId: form.session ?? peer.session, ...(form.ns === undefined ? {} : { ns: form.ns, nr: form.nr ?? 0 }) };
  const at = encodeDataHeader({ ...head, withLength: true }, frame.length, out, 0);
  out.set(frame, at);
  peer.sendRaw(out.slice(0, at + frame.length));
}

const CONFIGURE_REQUEST = [0xff, 0x03, 0xc0, 0x21, 1, 1, 0, 4];
const lcpIn = (router: Node): number => Number(/inConfigureRequest +(\d+)/.exec(show(router, 'SHOW PPP=1 COUNTER=LCP'))?.[1] ?? 0);

test('data to the call of another tunnel and from another address reaches no interface; what comes before its call is established waits for it, two frames at most', () => {
  const { world, router, peers } = withPeers(SCRIPT, '1.1.1.2', '1.1.1.3');
  const [peer, stranger] = [peerOf(peers), peerOf(peers, 1)];
  call(world, peer, { tunnel: 77, session: 5 });
  for (let i = 0; i < 50; i++) data(peer, CONFIGURE_REQUEST);
  data(stranger, CONFIGURE_REQUEST, { tunnel: peer.tunnel, session: peer.session });
  world.run(100);
  assert.is(lcpIn(router), 0, 'before ICCN');
  connect(world, peer);
  assert.is(sessions(router), 1);
  assert.ok(stranger.open(world, 78), 'a second tunnel');
  const early = lcpIn(router);
  assert.is(early, 2, 'what came before it');
  data(peer, CONFIGURE_REQUEST, { tunnel: stranger.tunnel });
  data(stranger, CONFIGURE_REQUEST, { tunnel: stranger.tunnel, session: peer.session });
  data(stranger, CONFIGURE_REQUEST, { tunnel: peer.tunnel, session: peer.session });
  data(peer, CONFIGURE_REQUEST, { session: 0 });
  world.run(100);
  assert.is(lcpIn(router), early, 'not of this call');
  data(peer, CONFIGURE_REQUEST);
  world.run(100);
  assert.is(lcpIn(router), early + 1, 'its own');
});

test('a control message for a session of another tunnel changes nothing there', () => {
  const { world, router, peers } = withPeers(SCRIPT, '1.1.1.2', '1.1.1.3');
  const [peer, stranger] = [peerOf(peers), peerOf(peers, 1)];
  call(world, peer, { tunnel: 77, session: 5 });
  connect(world, peer);
  assert.ok(stranger.open(world, 78));
  stranger.send({ type: 'CDN', resultCode: { code: 3 }, assignedSessionId: 5 }, { session: peer.session });
  world.run(1000);
  stranger.send({ type: 'StopCCN', assignedTunnelId: 77, resultCode: { code: 1 } }, { tunnel: peer.tunnel });
  world.run(1000);
  assert.is(sessions(router), 1, log(router));
});

test('the Nr of a numbered data message means nothing', () => {
  const { world, router, peers } = withPeers(SCRIPT, '1.1.1.2');
  const peer = peerOf(peers);
  call(world, peer, { tunnel: 77, session: 5 });
  connect(world, peer);
  for (const [ns, nr] of [[0, 0], [1, 60_000], [2, 3], [3, 1]] as const) data(peer, CONFIGURE_REQUEST, { ns, nr });
  world.run(100);
  assert.is(lcpIn(router), 4);
});

test('a storm of bare acknowledgements is answered by nothing', () => {
  const { world, wire, router, peers } = withPeers(SCRIPT, '1.1.1.2');
  const peer = peerOf(peers);
  call(world, peer, { tunnel: 77, session: 5 });
  connect(world, peer);
  world.run(5000);
  let out = 0;
  tap(wire, (_, seen) => {
    if (seen?.from === ip('1.1.1.1')) out++;
    return true;
  });
  for (let i = 0; i < 5000; i++) peer.sendRaw(encodeControl({ tunnelId: peer.tunnel, sessionId: 0, ns: i & 0xffff, nr: peer.nr }, new Uint8Array(0)));
  world.run(500);
  assert.ok(out <= 2, `${out} datagrams`);
  assert.is(sessions(router), 1);
});

const EVIL = 'evil\u001b[2J\r\nError (1): \u0000\u009b31m\u202e';

test('what peers call themselves and say reaches SHOW, the log and the debug trace without control characters', () => {
  const { world, router, peers } = withPeers(SCRIPT, '1.1.1.2');
  const peer = peerOf(peers);
  let traced = '';
  router.app.runCommand('ENABLE L2TP DEBUG=ALL TUNNEL', (text) => (traced += text), () => {});
  peer.send({ type: 'SCCRQ', protocolVersion: 0x0100, framingCapabilities: 3, bearerCapabilities: 3, hostName: EVIL, vendorName: EVIL, assignedTunnelId: 9 }, { tunnel: 0 });
  world.run(500, () => peer.tunnel !== 0);
  peer.send({ type: 'SCCCN' });
  world.run(100);
  peer.send({ type: 'ICRQ', assignedSessionId: 3, callSerialNumber: 1, callingNumber: EVIL, calledNumber: EVIL, subAddress: EVIL });
  world.run(100);
  connect(world, peer);
  data(peer, [0xff, 0x03, 0xc0, 0x21, 5, 9, 0, 8, 27, 91, 50, 74]);
  world.run(100);
  const id = value(show(router, 'SHOW L2TP TUNNEL CALL'), 'Call ID');
  const shown = ['SHOW L2TP TUNNEL', 'SHOW L2TP TUNNEL COUNTER', `SHOW L2TP TUNNEL CALL=${id}`, 'SHOW PPP=1', 'SHOW LOG', 'SHOW DEBUG'].map((line) => show(router, line)).join('\n') + traced;
  assert.match(shown, /evil/);
  peer.send({ type: 'CDN', resultCode: { code: 2, error: 6, message: EVIL }, assignedSessionId: 3 }, { session: peer.session });
  peer.send({ type: 'StopCCN', assignedTunnelId: 9, resultCode: { code: 2, error: 6, message: EVIL } });
  world.run(100);
  for (const char of shown + show(router, 'SHOW LOG') + show(router, 'SHOW L2TP CALL') + show(router, 'SHOW PPP=1')) {
    const code = char.codePointAt(0) ?? 0;
    assert.ok(code === 10 || (code >= 32 && code < 127) || code > 159, `control character ${code}`);
    assert.is.not(code, 0x202e, 'no character that turns the line round');
  }
});

test('a peer that refuses with hostile words is quoted without control characters where the call says what it waits for', () => {
  const { world, router, peers } = withPeers(SCRIPT.replace(' IDLE=99999', ''), '1.1.1.2');
  const peer = peerOf(peers);
  peer.onMessage = (message) => {
    if (message.type === 'SCCRQ') peer.send({ type: 'StopCCN', assignedTunnelId: 44, resultCode: { code: 2, error: 6, message: EVIL } });
  };
  world.run(1300);
  assert.match(status(router), /1\.1\.1\.2 refused the tunnel: error, vendor-specific error, "evil/);
  assert.not.match(status(router) + log(router).replaceAll('\n', ' '), /[\u0000-\u001f\u007f-\u009f\u202e]/);
});

/** Two routers, one address translator, and a server outside: the translator gives router n the port 4000n. */
function behindTranslator(scripts: { readonly client: (n: number) => string; readonly server: string }): { readonly world: World; readonly server: Node; readonly clients: readonly Node[] } {
  const world = new World(3);
  const [wan, far] = [new Wire(world), new Wire(world)];
  const start = (seed: number, wire: Wire, text: string): Node => {
    const board = new SimBoard(world, { seed });
    board.ip.plug('eth0', wire);
    const app = createAppliance(board, { factoryScript: '' });
    app.boot({ name: 'nat.cfg', text });
    return { board, app };
  };
  // The translator: 10.0.0.n:1701 is 9.9.9.9:4000n outside, the server 10.0.0.9 inside is 9.9.9.1 outside.
  const cross = (to: Wire, packet: Uint8Array, change: (p: Uint8Array) => string | undefined): void => {
    const copy = packet.slice();
    const next = change(copy);
    if (next !== undefined) to.send(copy, ip(next));
  };
  const address = (p: Uint8Array, at: number, text: string): void => p.set(text.split('.').map(Number), at);
  wan.attach({
    owns: (a) => a === ip('10.0.0.9'),
    carrierChanged: () => {},
    receive: (packet) =>
      cross(far, packet, (p) => {
        put16(p, 20, 40_000 + (p[15] ?? 0));
        address(p, 12, '9.9.9.9');
        address(p, 16, '9.9.9.1');
        checksumAnew(p);
        return '9.9.9.1';
      }),
  });
  far.attach({
    owns: (a) => a === ip('9.9.9.9'),
    carrierChanged: () => {},
    receive: (packet) =>
      cross(wan, packet, (p) => {
        const n = (((p[22] ?? 0) << 8) | (p[23] ?? 0)) - 40_000;
        if (n !== 1 && n !== 2) return undefined;
        put16(p, 22, 1701);
        address(p, 12, '10.0.0.9');
        address(p, 16, `10.0.0.${n}`);
        checksumAnew(p);
        return `10.0.0.${n}`;
      }),
  });
  const server = start(30, far, `ENABLE IP\nADD IP INT=eth0 IP=9.9.9.1 MASK=255.255.255.0\nENABLE L2TP\nENABLE L2TP SERVER=BOTH\n${scripts.server}`);
  const client = (n: number): Node => start(30 + n, wan, `SET SYSTEM NAME=Lac${n}\nENABLE IP\nADD IP INT=eth0 IP=10.0.0.${n} MASK=255.255.255.0\nENABLE L2TP\n${scripts.client(n)}`);
  return { world, server, clients: [client(1), client(2)] };
}

test('two routers behind one address translator are two peers with a call each, and do not mix', () => {
  const { world, server, clients } = behindTranslator({
    client: (n) => `ADD L2TP CALL=c${n} REMOTE=c${n} TYPE=VIRTUAL IP=10.0.0.9\nCREATE PPP=1 OVER=TNL-c${n}\nADD IP INT=ppp1 IP=192.168.${n}.1 MASK=255.255.255.252`,
    server: [1, 2].map((n) => `ADD L2TP CALL=c${n} TYPE=VIRTUAL IP=0.0.0.0\nCREATE PPP=${n} OVER=TNL-c${n}\nADD IP INT=ppp${n} IP=192.168.${n}.2 MASK=255.255.255.252`).join('\n'),
  });
  world.run(5000);
  for (let round = 0; round < 20; round++) {
    for (const [i, one] of clients.entries()) {
      assert.is(sessions(one), 1, log(one));
      const own = pingStream({ world }, { from: one.board.ip, to: `192.168.${i + 1}.2`, interval: 10 });
      const other = pingStream({ world }, { from: server.board.ip, to: `192.168.${2 - i}.1`, interval: 10 });
      world.run(100);
      for (const stream of [own, other]) {
        const { sent, answered } = stream.stop(50);
        assert.is(answered, sent);
      }
    }
    if (round === 10) {
      show(clients[1] ?? server, 'RESET PPP=1');
      world.run(10_000);
    }
  }
  assert.equal(numbers(show(server, 'SHOW L2TP TUNNEL'), 'Remote UDP Port').sort(), [40_001, 40_002]);
});

test('callers behind one address translator have a tunnel, an address and traffic each, and one that hangs up does not touch the other', () => {
  const { world, server, clients } = behindTranslator({
    client: (n) => `ENABLE IP REMOTEASSIGN\nADD L2TP CALL=c TYPE=VIRTUAL IP=10.0.0.9\nCREATE PPP=1 OVER=TNL-c LQR=OFF IPREQUEST=ON USERNAME=user${n} PASSWORD=secret${n}\nADD IP INT=ppp1 IP=0.0.0.0\nADD IP ROUTE=192.168.9.0 MASK=255.255.255.0 INT=ppp1 NEXT=0.0.0.0`,
    server: `${[1, 2].map((n) => `ADD USER=user${n} PASSWORD=secret${n} LOGIN=NO IPADDRESS=192.168.30.${n}`).join('\n')}
ADD IP INT=eth0-1 IP=192.168.9.1 MASK=255.255.255.0
CREATE PPP TEMPLATE=0 LQR=OFF AUTHENTICATION=EITHER
ADD L2TP IP=9.9.9.9 PPPTEMPLATE=0`,
  });
  world.run(8000);
  assert.equal(hostRoutes(server).map((line) => line.split(' ')[0]).sort(), ['192.168.30.1', '192.168.30.2']);
  assert.equal(numbers(show(server, 'SHOW L2TP TUNNEL'), 'Remote UDP Port').sort(), [40_001, 40_002]);
  for (const one of clients) assert.is(pings({ world }, { from: one.board.ip, to: '192.168.9.1' }), 10);
  for (const n of [1, 2]) assert.is(pings({ world }, { from: server.board.ip, to: `192.168.30.${n}` }), 10);
  const [first = server, second = server] = clients;
  const stream = pingStream({ world }, { from: second.board.ip, to: '192.168.9.1', interval: 10 });
  for (const line of ['RESET PPP=1', 'DISABLE L2TP', 'ENABLE L2TP']) {
    show(first, line);
    world.run(10_000);
  }
  const { sent, answered } = stream.stop(100);
  assert.is(answered, sent);
  assert.is(pings({ world }, { from: first.board.ip, to: '192.168.9.1' }), 10);
});

function checksumAnew(p: Uint8Array): void {
  put16(p, 10, 0);
  put16(p, 26, 0);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += ((p[i] ?? 0) << 8) | (p[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  put16(p, 10, ~sum & 0xffff);
}

test('a router with two addresses answers from the one it was asked at', () => {
  const net = network({ ip: '2.2.2.77' }, { ip: '0.0.0.0', before: 'ADD IP INT=eth1-1 IP=2.2.2.77 MASK=255.255.255.0' });
  const sources = new Set<number>();
  tap(net.wires[1], (_, seen) => {
    if (seen?.to === ip('1.1.1.1')) sources.add(seen.from);
    return true;
  });
  net.world.run(5000);
  assert.equal([...sources], [ip('2.2.2.77')]);
  assert.is(pings(net), 10);
});

test('unnumbered calls to one peer, which has one address for all, outlive each other', () => {
  const more = (peer: string, password: string): string =>
    [2, 3].map((n) => `ADD L2TP CALL=c${n} REMOTE=c${n} TYPE=VIRTUAL IP=${peer} PASSWORD=${password}\nCREATE PPP=${n} OVER=TNL-c${n}\nADD IP INT=ppp${n} IP=0.0.0.0`).join('\n');
  const net = network({ after: more('2.2.2.2', 'l2tpB') }, { after: more('1.1.1.1', 'l2tpA') });
  net.world.run(10_000);
  assert.is(sessions(net.a), 3);
  assert.is(pings(net, { from: net.a.board.ip, to: '192.168.20.1' }), 10);
  for (const n of [3, 2]) {
    show(net.a, `DISABLE PPP=${n}`);
    net.world.run(5000);
    assert.is(pings(net, { from: net.a.board.ip, to: '192.168.20.1' }), 10, `after ppp${n} has gone`);
  }
});

test('a flood of SCCRQs fills neither the log nor the syslog server', () => {
  const { world, wire, router } = withPeers(`${SCRIPT}ADD IP ROUTE=0.0.0.0 INT=eth0 NEXT=1.1.1.254\nCREATE LOG OUTPUT=1 DESTINATION=SYSLOG SERVER=1.1.1.9`);
  const body = encodeMessage({ type: 'SCCRQ', protocolVersion: 0x0100, framingCapabilities: 3, hostName: 'flood', assignedTunnelId: 7 }) ?? new Uint8Array();
  const before = router.board.datagramsSent.length;
  for (let i = 0; i < 20_000; i++) {
    inject(wire, { from: ip(`11.${(i >> 8) & 255}.${i & 255}.1`), to: ip('1.1.1.1') }, encodeControl({ tunnelId: 0, sessionId: 0, ns: 0, nr: 0 }, body));
    world.run(1);
  }
  const lines = router.board.datagramsSent.length - before;
  assert.ok(lines < 1000, `${lines} lines in 20 s`);
});

test('traffic comes back after each of 300 kills of any layer', () => {
  const net = network({ ppp: 'LQR=OFF ECHO=ON' }, { ppp: 'LQR=OFF ECHO=ON' });
  const random = new SeededRandom(4);
  const kills: readonly ((node: Node) => void)[] = [
    (node) => show(node, 'RESET PPP=1'),
    (node) => show(node, 'DISABLE PPP=1') + show(node, 'ENABLE PPP=1'),
    (node) => show(node, 'DEACTIVATE L2TP CALL=remote') + show(node, 'ACTIVATE L2TP CALL=remote'),
    (node) => show(node, 'DISABLE L2TP') + show(node, 'ENABLE L2TP'),
    (node) => show(node, 'DISABLE IP') + show(node, 'ENABLE IP'),
    (node) => show(node, `DEACTIVATE L2TP CALL=${value(show(node, 'SHOW L2TP TUNNEL CALL'), 'Call ID')}`) + show(node, 'ACTIVATE L2TP CALL=remote'),
    (node) => show(node, 'DISABLE IP INTERFACE=eth1') + show(node, 'ENABLE IP INTERFACE=eth1'),
    () => {
      net.wires[0].up = false;
      net.world.run(random.next() * 40_000);
      net.wires[0].up = true;
    },
    () => {
      net.wires[0].quality = { ...CLEAN, loss: 1 };
      net.world.run(random.next() * 90_000);
      net.wires[0].quality = CLEAN;
    },
  ];
  net.world.run(5000);
  for (let i = 0; i < 300; i++) {
    const which = Math.floor(random.next() * kills.length);
    kills[which]?.(random.next() < 0.5 ? net.a : net.b);
    net.world.run(random.next() * 3000);
    let back = false;
    for (let t = 0; t < 150 && !back; t++) back = pings(net, { count: 1 }) === 1;
    assert.ok(back, `kill ${i} of kind ${which}\n${log(net.a).slice(-2000)}\n${status(net.a)}\n${status(net.b)}`);
  }
  assert.ok(tunnels(net.a) <= 2 && sessions(net.a) === 1 && sessions(net.b) === 1);
});

function memory(): { readonly heap: number; readonly resident: number } {
  Bun.gc(true);
  return { heap: heapStats().heapSize, resident: process.memoryUsage.rss() };
}

const SOAK = Number(process.env['SOAK'] ?? 1_000_000);

test(`${SOAK} mutated messages into a live router leave its memory flat and its call up`, () => {
  const net = network();
  net.world.run(5000);
  const { plane } = net.b.board;
  const bodies = SAMPLES.map((sample) => encodeMessage(sample) ?? new Uint8Array());
  const tunnel = value(show(net.b, 'SHOW L2TP TUNNEL'), 'Tunnel ID');
  const seeds = bodies.flatMap((body, i) => [encodeControl({ tunnelId: 0, sessionId: 0, ns: 0, nr: 0 }, body), encodeControl({ tunnelId: i % 2 === 0 ? tunnel : 500 + i, sessionId: i, ns: i, nr: i }, body)]);
  const frames = [[0xc0, 0x21, 1, 1, 0, 10, 1, 4, 5, 220, 5, 6], [0x80, 0x21, 1, 1, 0, 10, 3, 6, 1, 2, 3, 4], [0xc2, 0x23, 1, 1, 0, 5, 0], [0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0]].map((f) => Uint8Array.from(f));
  const [nextControl, nextFrame] = [mutator(1, seeds), mutator(2, frames)];
  const feed = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const from = ip(`10.${i & 127}.${(i >> 7) & 255}.1`);
      if (i % 3 === 2) plane.onPunt([{ kind: 'ppp', session: (1 + (i % 4)) as SessionKey, data: nextFrame() }], net.world.now);
      else plane.onPunt([{ kind: 'control', underlay: 1 as UnderlayId, local: ip('2.2.2.2'), peer: from, peerPort: 1024 + (i % 5000), data: nextControl() }], net.world.now);
      if (i % 50 === 0) net.world.run(20);
    }
    net.world.run(2 * MINUTE);
  };
  // The first half also warms up what the engine compiles.
  const chunks = Array.from({ length: 10 }, () => {
    feed(SOAK / 10);
    return memory();
  });
  // The least of several readings: the engine gives memory back when it likes, and keeps up to 30 MB more or less.
  const least = (from: number, key: 'heap' | 'resident'): number => Math.min(...chunks.slice(from, from + 3).map((chunk) => chunk[key]));
  const [before, after] = [2, 7].map((from) => ({ heap: least(from, 'heap'), resident: least(from, 'resident') }));
  if (before === undefined || after === undefined) throw new Error('no chunks');
  const [heap, resident] = [(after.heap - before.heap) / 1e6, (after.resident - before.resident) / 1e6];
  assert.ok(heap < 2, `the heap grew by ${heap.toFixed(1)} MB`);
  assert.ok(resident < 64, `resident memory grew by ${resident.toFixed(1)} MB`);
  net.world.run(5 * MINUTE);
  assert.is(tunnels(net.b), 1, show(net.b, 'SHOW L2TP TUNNEL'));
  assert.is(pings(net), 10);
  console.log(`INFO ${SOAK} messages, second half: heap ${heap.toFixed(1)} MB, resident memory ${resident.toFixed(1)} MB more`);
});

test.run();
