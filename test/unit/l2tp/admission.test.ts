// Floods and strangers: half-open tunnels are bounded, unproven sources gain nothing, packets for nobody are counted and dropped.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ADMISSION, Gate } from '../../../firmware/l2tp/admission.ts';
import { type Ipv4, toIpv4 } from '../../../firmware/bytes/ip.ts';
import { decodeControl, encodeMessage } from '../../../firmware/l2tp/control.ts';
import { decodeHeader, encodeControl, newHeader } from '../../../firmware/l2tp/header.ts';
import { type Node, configure, ip, pair, withRaw } from './world.ts';

const test = suite('Admission');

const sccrq = (id: number, hostName = 'flood'): Uint8Array => {
  const body = encodeMessage({ type: 'SCCRQ', protocolVersion: 0x0100, framingCapabilities: 3, hostName, assignedTunnelId: id });
  if (body === undefined) throw new Error('cannot encode');
  return encodeControl({ tunnelId: 0, sessionId: 0, ns: 0, nr: 0 }, body);
};

/** Hands a datagram to the server as if it had come from `peer`. */
function inject(node: Node, peer: Ipv4, port: number, data: Uint8Array): void {
  node.server.punt([{ kind: 'control', underlay: underlay(node), local: node.address, peer, peerPort: port, data }], node.now);
}

function underlay(node: Node): Parameters<Node['board']['plane']['permit']>[0] {
  for (let id = 1; id < 50; id++) {
    const one = id as Parameters<Node['board']['plane']['permit']>[0];
    if (node.board.plane.boundPort(one) === 1701) return one;
  }
  throw new Error('no underlay');
}

test('A flood of SCCRQs from forged addresses leaves a bounded number of half-open tunnels', () => {
  const { a } = withRaw();
  for (let i = 0; i < 5000; i++) inject(a, toIpv4(0x0b000000 + i * 256), 1701, sccrq(1 + (i % 60000)));
  assert.is(a.server.tunnels().length, ADMISSION.halfOpen);
});

test('A flood of SCCRQs from one address leaves sixteen half-open tunnels', () => {
  const { a } = withRaw();
  for (let i = 0; i < 1000; i++) inject(a, ip('11.0.0.1'), 1701 + (i % 100), sccrq(1 + i));
  assert.is(a.server.tunnels().length, ADMISSION.halfOpenPerSource);
});

test('Half-open tunnels of a flood are forgotten after a while, and leave no timer', () => {
  const { a, world } = withRaw();
  for (let i = 0; i < 100; i++) inject(a, toIpv4(0x0b000000 + i * 256), 1701, sccrq(1 + i));
  world.run(200_000);
  assert.is(a.server.tunnels().length, 0);
  assert.is(world.pending, 0);
});

test('Established calls lose nothing to a flood', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  for (let i = 0; i < 5000; i++) inject(a, toIpv4(0x0b000000 + i * 256), 1701, sccrq(1 + (i % 60000)));
  world.run(300_000);
  assert.equal(a.events, ['up remote lns']);
});

test('An unproven source gets at most 200 octets for an SCCRQ, and at most three times what it sent', () => {
  const { world, a, peer } = withRaw(1, { name: 'n'.repeat(64) });
  a.server.passwords.set('secret');
  peer.acknowledges = false;
  const request = sccrq(9, 'a');
  peer.sendRaw(request);
  world.run(100);
  assert.ok((peer.sizes[0] ?? 999) <= 200);
  world.run(120_000);
  const sent = peer.sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(sent <= 3 * request.length + 200, `${sent} octets for ${request.length}`);
  assert.ok(sent > 0);
});

test('Refusals to sources without tunnel are bounded in rate and shorter than a minimal SCCRQ and its text', () => {
  const { world, a, peer } = withRaw();
  a.server.disableServer('BOTH');
  for (let i = 1; i <= 500; i++) peer.sendRaw(sccrq(i));
  world.run(100);
  assert.ok(peer.sizes.length >= 1 && peer.sizes.length <= ADMISSION.refusalsPerSecond + 2, `${peer.sizes.length} refusals`);
  assert.ok(Math.max(...peer.sizes) <= sccrq(1).length + 20);
});

test('A tunnel that its peer proved no longer counts as half open', () => {
  const { world, a, peer } = withRaw(1, { limits: { ...ADMISSION, halfOpenPerSource: 1 } });
  assert.ok(peer.open(world, 77));
  inject(a, peer.address, 1702, sccrq(78));
  assert.is(a.server.tunnels().length, 2);
  inject(a, peer.address, 1703, sccrq(79));
  assert.is(a.server.tunnels().length, 2);
});

test('Calls beyond the limit of a tunnel are refused by CDN 2, error 7: the LAC is to try another LNS', () => {
  const { world, a, peer } = withRaw(1, { limits: { ...ADMISSION, sessionsPerTunnel: 0 } });
  a.add({ name: 'remote', ip: '2.2.2.2' });
  peer.open(world);
  peer.send({ type: 'ICRQ', assignedSessionId: 9, callSerialNumber: 1 });
  world.run(100);
  const answer = peer.received.at(-1);
  assert.is(answer?.type, 'CDN');
  assert.equal(answer?.resultCode, { code: 2, error: 7 });
});

test('The same SCCRQ again is acknowledged and makes no second tunnel', () => {
  const { world, a, peer } = withRaw();
  peer.sendRaw(sccrq(9));
  peer.sendRaw(sccrq(9));
  world.run(500);
  assert.is(a.server.tunnels().length, 1);
  assert.is(a.server.tunnels()[0]?.counters.orderDiscarded, 1);
});

test('Another SCCRQ with the same id from the same peer is a peer that restarted: a new tunnel, and the old one is probed', () => {
  const { world, a, peer } = withRaw();
  assert.ok(peer.open(world, 77));
  peer.sendRaw(sccrq(77, 'restarted'));
  world.run(100);
  assert.is(a.server.tunnels().length, 2);
  assert.ok(peer.received.some((m) => m.type === 'HELLO'));
});

test('The same SCCRQ long after is a peer that restarted too', () => {
  const { world, a, peer } = withRaw();
  assert.ok(peer.open(world, 77));
  world.run(40_000);
  peer.ns = 0;
  peer.send({ type: 'SCCRQ', protocolVersion: 0x0100, framingCapabilities: 3, bearerCapabilities: 3, hostName: 'raw', assignedTunnelId: 77 }, { tunnel: 0, nr: 0 });
  world.run(100);
  assert.is(a.server.tunnels().length, 2);
});

test('Messages for a tunnel id that is not ours, or from another address or port than its peer, are counted and dropped', () => {
  const { world, a, peer } = withRaw();
  peer.open(world);
  const hello = encodeMessage({ type: 'HELLO' }) ?? new Uint8Array(0);
  const id = a.server.tunnels()[0]?.id ?? 0;
  const before = a.server.module().discards.noSuchTunnel;
  const message = (tunnelId: number): Uint8Array => encodeControl({ tunnelId, sessionId: 0, ns: 2, nr: 1 }, hello);
  inject(a, peer.address, 1701, message(id === 5 ? 6 : 5));
  inject(a, ip('11.0.0.1'), 1701, message(id));
  inject(a, peer.address, 4000, message(id));
  inject(a, peer.address, 1701, message(0));
  assert.is(a.server.module().discards.noSuchTunnel, before + 4);
  assert.is(a.server.tunnels()[0]?.counters.inWithData, 2);
});

test('A StopCCN with tunnel id 0 closes the tunnel by the id that the peer assigned', () => {
  const { world, a, peer } = withRaw();
  peer.open(world, 77);
  peer.send({ type: 'StopCCN', assignedTunnelId: 77, resultCode: { code: 1 } }, { tunnel: 0 });
  world.run(100);
  assert.is(a.server.tunnels().length, 0);
});

test('Datagrams that are no L2TPv2 control message are counted as malformed', () => {
  const { a } = withRaw();
  const peer = ip('11.0.0.1');
  for (const text of [[0x80], [0xc8, 0x01, 0, 6, 0, 0], [0xc8, 0x03, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0], [0x80, 0x02, 0, 0, 0, 0], [0xc8, 0x02, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0]]) {
    inject(a, peer, 1701, Uint8Array.from(text));
  }
  assert.is(a.server.module().discards.malformed, 5);
  assert.is(a.server.tunnels().length, 0);
});

test('Messages that arrive while the module is disabled are counted as such', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  b.server.disable(b.now);
  world.run(20_000);
  assert.ok(b.server.module().discards.disabled > 0);
});

test('Every prefix and every flipped bit of an SCCRQ is survived, and no flood of them keeps more than the bounds', () => {
  const { a, world } = withRaw();
  const request = sccrq(9);
  for (let end = 0; end < request.length; end++) inject(a, ip('11.0.0.1'), 1701, request.slice(0, end));
  for (let bit = 0; bit < request.length * 8; bit++) {
    const flipped = request.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    inject(a, toIpv4(0x0b000000 + bit * 256), 1701, flipped);
  }
  world.run(200_000);
  assert.is(a.server.tunnels().length, 0);
  assert.is(world.pending, 0);
});

test('A router that starts again has room for as many half-open tunnels as before', () => {
  const { a } = withRaw(1, { limits: { ...ADMISSION, halfOpen: 10 } });
  for (const round of [0, 1, 2]) {
    for (let i = 0; i < 10; i++) inject(a, toIpv4(0x0b000000 + (round * 10 + i) * 256), 1701, sccrq(1 + i));
    assert.is(a.server.tunnels().length, 10);
    a.server.close();
    a.server.enable(a.now);
  }
});

test('Forged SCCRQs that fill the table keep no router out: the one that had most time to prove itself makes room', () => {
  const { world, a, peer } = withRaw(1, { limits: { ...ADMISSION, halfOpen: 100 } });
  let forged = 0;
  const flood = (): void => {
    // Fifty a second against room for a hundred: each stays two seconds.
    for (let i = 0; i < 5; i++) inject(a, toIpv4(0x0b000000 + forged++ * 256), 1701, sccrq(1 + (forged % 60000)));
    if (forged < 1500) world.at(world.now + 100, flood);
  };
  flood();
  world.run(5000);
  for (let id = 1; id <= 10; id++) {
    peer.ns = peer.nr = 0;
    peer.received.length = 0;
    assert.ok(peer.open(world, id), `tunnel ${id}`);
    assert.ok(a.server.tunnels().length <= 100 + id);
  }
  assert.is(a.server.tunnels().filter((t) => t.state === 'established').length, 10);
  world.run(200_000);
  assert.is(a.server.tunnels().filter((t) => t.state !== 'established').length, 0);
});

test('Forged SCCRQs of another protocol version are bounded like others', () => {
  const { a, world } = withRaw(1, { limits: { ...ADMISSION, halfOpen: 100 } });
  const body = encodeMessage({ type: 'SCCRQ', protocolVersion: 0x0200, framingCapabilities: 3, hostName: 'flood', assignedTunnelId: 9 });
  const request = encodeControl({ tunnelId: 0, sessionId: 0, ns: 0, nr: 0 }, body ?? new Uint8Array(0));
  let sent = 0;
  const { plane } = a.board;
  plane.send = (frames) => {
    for (const frame of frames) sent += frame.data.length;
  };
  for (let i = 0; i < 1000; i++) inject(a, toIpv4(0x0b000000 + i * 256), 1701, request);
  assert.ok(sent <= 120 * 200, `${sent} octets`);
  world.run(200_000);
  assert.ok(sent <= 3 * 1000 * request.length);
  assert.is(world.pending, 0);
});

test('Five thousand routers that call within one second all have their tunnel, none after more than one retransmission', () => {
  const { world, a } = withRaw();
  const { plane } = a.board;
  const up = new Set<Ipv4>();
  let refused = 0;
  const waits = [1000, 2000, 4000, 8000, 8000];
  const call = (peer: Ipv4, attempt: number): void => {
    if (up.has(peer) || attempt > waits.length) return;
    inject(a, peer, 1701, sccrq(7));
    world.at(world.now + (waits[attempt] ?? 1000), () => call(peer, attempt + 1));
  };
  plane.send = (frames) => {
    for (const frame of frames) {
      if (frame.to !== 'peer') continue;
      const { data, peer, peerPort } = frame;
      const h = newHeader();
      if (decodeHeader(data, 0, data.length, h) !== undefined || h.payload === h.end) continue;
      const decoded = decodeControl(data, h.payload, h.end, { crypto: a.board.crypto, secret: undefined, pre13: false });
      if (decoded.kind !== 'message') continue;
      const { message } = decoded;
      if (message.type === 'StopCCN') refused++;
      if (message.type !== 'SCCRP') continue;
      const scccn = encodeMessage({ type: 'SCCCN' });
      world.at(world.now + 20, () => {
        up.add(peer);
        inject(a, peer, peerPort, encodeControl({ tunnelId: message.assignedTunnelId, sessionId: 0, ns: 1, nr: 1 }, scccn ?? new Uint8Array(0)));
      });
    }
  };
  for (let i = 0; i < 5000; i++) world.at(world.now + i / 5, () => call(toIpv4(0x0b000000 + i * 256 + (i & 127)), 0));
  world.run(2100);
  assert.equal([up.size, refused], [5000, 0]);
  assert.is(a.server.tunnels().filter((t) => t.state === 'established').length, 5000);
});

test('The gate lets a network ask at its rate and forgets those not heard for long', () => {
  const gate = new Gate({ ...ADMISSION, burst: 2, perSecond: 1, networks: 2 });
  const at = (last: number): Ipv4 => toIpv4(0x0a000000 + last);
  assert.equal([0, 1, 2].map((n) => gate.ask(at(n), 0, 0)), ['admit', 'admit', 'drop']);
  assert.is(gate.ask(at(3), 0, 1000), 'admit');
  assert.is(gate.ask(at(256), 0, 1000), 'admit');
  assert.is(gate.ask(at(512), 0, 1000), 'admit');
  // Its bucket was dropped for the other two networks.
  assert.is(gate.ask(at(4), 0, 1000), 'admit');
});

test.run();
